/* gate.c - main() of chela-gate, which `chela check` and `chela play` run.
 *
 *	chela-gate [-C ROOT] [--instance DIR] check NAME...|--all [--json|--junit|--tap]
 *	chela-gate [-C ROOT] language FILE...		the examples in manuals of contracts
 *	chela-gate [-C ROOT] play NAME [--port N] [--section TITLE]... [--json]
 *
 * Exit status: 0 passed, 1 refused, 2 usage. */
#include "gate/checks.h"
#include "gate/manual.h"
#include "gate/play.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int usage(void)
{
	fputs("usage: chela-gate [-C ROOT] [--instance DIR] check NAME...|--all [--json|--junit|--tap]\n"
	      "       chela-gate [-C ROOT] language FILE...\n"
	      "       chela-gate [-C ROOT] play NAME [--port N] [--section TITLE]... [--json]\n", stderr);
	return CHECKED_USAGE;
}

static int run(const struct instance *i, int argc, char **argv)
{
	if (argc >= 1 && strcmp(argv[0], "check") == 0) {
		enum checked verdict = checks_run(i, argc - 1, argv + 1, stdout);

		return verdict == CHECKED_USAGE ? usage() : (int)verdict;
	}
	if (argc >= 2 && strcmp(argv[0], "language") == 0)
		return manual_run(i, argc - 1, argv + 1, stdout) ? CHECKED_PASSED : CHECKED_REFUSED;
	if (argc >= 1 && strcmp(argv[0], "play") == 0)
		return play_run(argc - 1, argv + 1);
	return usage();
}

int main(int argc, char **argv)
{
	const char *root = NULL, *dir = NULL, *why;
	struct instance *i;
	int at = 1, status;

	setenv("LC_ALL", "C", 1);	/* what compilers say is read */
	for (; at + 1 < argc; at += 2) {
		if (strcmp(argv[at], "-C") == 0)
			root = argv[at + 1];
		else if (strcmp(argv[at], "--instance") == 0)
			dir = argv[at + 1];
		else
			break;
	}
	why = instance_find(root, dir, &i);
	if (!why && chdir(i->root) != 0)
		why = "the project's folder cannot be entered";
	if (why) {
		fprintf(stderr, "chela-gate: %s\n", why);
		return CHECKED_USAGE;
	}
	status = run(i, argc - at, argv + at);
	instance_free(i);
	return status;
}
