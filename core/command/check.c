/* check.c - chela check: hands its words on to the gate, a program of its own. */
#include "command/command.h"
#include "prepare.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool words_fit(int n, char **words)
{
	for (int k = 0; k < n; k++)
		if (!name_fits(words[k]) && strncmp(words[k], "--", 2) != 0)
			return false;
	return n > 0;
}

int command_check(struct instance *i, int argc, char **argv)
{
	DEFER(buf_free) struct buf said = buf_new(65536);
	const char *why;

	if (!words_fit(argc, argv)) {
		fputs("usage: chela check NAME...|--all [--json|--junit|--tap] (NAME: a folder of specs/)\n", stderr);
		return 2;
	}
	why = prepare_instance(i, &said);
	if (why)
		return refuse("%s", why);
	fputs(buf_text(&said), stderr);
	return gate_run(i, STDOUT_FILENO, argc, argv);
}
