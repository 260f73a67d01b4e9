/* main.c - chela: finds the instance and runs the command that was typed. */
#include "command/command.h"
#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *args, *about;
	int (*run)(struct instance *i, int argc, char **argv);
} commands[] = {
	{ "run", "[--yes-to NAME,...]", "start the assistant; talk to it here, if this is a terminal", command_run },
	{ "chat", "[--yes-to NAME,...]", "talk to it; lines may also be piped in", command_chat },
	{ "check", "NAME...|--all [--json|--junit|--tap]", "hold an adapter against its contract", command_check },
	{ "rehearse", "NAME [--yes-to NAME]", "talk to it through a channel that is played here, without an account", command_rehearse },
	{ "play", "NAME [--port N] [--section TITLE]... [--json]", "be that service on this machine, for tests", command_play },
	{ "enable", "NAME", "see what an adapter will be able to do, and say yes", command_enable },
	{ "disable", "NAME", "stop using an adapter", command_disable },
	{ "secret", "[set NAME.SLOT | forget NAME.SLOT]", "keys: typed here, kept sealed", command_secret },
	{ "status", "[--json]", "how things stand", command_status },
	{ "why", "NAME.OPERATION [ARG=VALUE ...]", "which rule allows or denies this", command_why },
};

static int help(FILE *to)
{
	fputs("chela, a personal assistant. What a person types:\n\n", to);
	for (size_t k = 0; k < COUNT(commands); k++)
		fprintf(to, "  chela %-8s %-45s %s\n", commands[k].name, commands[k].args, commands[k].about);
	fputs("\nBefore the command: -C DIR (the project's folder), --instance DIR (whose assistant).\n"
	      "All settings stand in instance/assistant.conf; the README tells the rest.\n", to);
	return to == stdout ? 0 : 2;
}

static int run(const char *root, const char *dir, const char *name, int argc, char **argv)
{
	struct instance *i;
	const char *why;
	int status;

	for (size_t k = 0; k < COUNT(commands); k++) {
		if (strcmp(commands[k].name, name) != 0)
			continue;
		why = instance_find(root, dir, &i);
		if (why)
			return refuse("%s", why);
		status = commands[k].run(i, argc, argv);
		instance_free(i);
		return status;
	}
	fprintf(stderr, "chela: no such command: %s\n\n", name);
	return help(stderr);
}

int main(int argc, char **argv)
{
	const char *root = NULL, *dir = NULL;
	int k = 1, status;

	setlocale(LC_CTYPE, "C.UTF-8");
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	if (sodium_init() < 0)
		return refuse("libsodium cannot start");
	for (; k + 1 < argc && argv[k][0] == '-' && argv[k][1]; k += 2) {
		if (strcmp(argv[k], "-C") == 0)
			root = argv[k + 1];
		else if (strcmp(argv[k], "--instance") == 0)
			dir = argv[k + 1];
		else
			break;
	}
	if (k < argc && (strcmp(argv[k], "-C") == 0 || strcmp(argv[k], "--instance") == 0))
		return refuse("%s needs a folder and then a command", argv[k]);
	if (k >= argc)
		return help(argc == 1 ? stdout : stderr);
	if (strcmp(argv[k], "help") == 0 || strcmp(argv[k], "--help") == 0 || strcmp(argv[k], "-h") == 0)
		return help(stdout);
	status = run(root, dir, argv[k], argc - k - 1, argv + k + 1);
	if (fflush(stdout) != 0 || ferror(stdout))
		return refuse("what was to be shown could not be written");
	return status;
}
