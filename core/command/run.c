/* run.c - chela run: the assistant, with a conversation in this terminal where there is one. */
#include "command/command.h"
#include "resident.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int run_alone(struct instance *i, const char *yes_to)
{
	const char *why;
	int fd, status = make_ready(i, yes_to, &fd);

	if (status)
		return status;
	if (fd >= 0) {
		close(fd);
		return refuse("it runs already; to talk to it: build/chela chat");
	}
	fprintf(stderr, "%s runs; to talk to it: build/chela chat. To stop it: SIGTERM.\n", i->conf->name);
	why = resident_run(i, -1);
	return why ? refuse("%s", why) : 0;
}

int command_run(struct instance *i, int argc, char **argv)
{
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return command_chat(i, argc, argv);
	if (argc == 0)
		return run_alone(i, NULL);
	if (argc == 2 && strcmp(argv[0], "--yes-to") == 0)
		return run_alone(i, argv[1]);
	fputs("usage: chela run [--yes-to NAME,...]\n", stderr);
	return 2;
}
