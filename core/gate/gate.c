/* gate.c - main() of chela-gate, which `chela check` runs.
 *
 *	chela-gate [-C ROOT] [--instance DIR] check NAME [--json|--junit|--tap]
 *	chela-gate [-C ROOT] language FILE...		the examples in manuals of contracts
 *
 * Exit status: 0 passed, 1 refused, 2 usage. */
#include "gate/check.h"
#include "gate/manual.h"
#include "gate/report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VERDICT_PASSED, VERDICT_REFUSED, VERDICT_USAGE };

static int usage(void)
{
	fputs("usage: chela-gate [-C ROOT] [--instance DIR] check NAME [--json|--junit|--tap]\n"
	      "       chela-gate [-C ROOT] language FILE...\n", stderr);
	return VERDICT_USAGE;
}

static bool report_kind(const char *word, enum report *ret)
{
	static const char *const words[] = { [REPORT_JSON] = "--json", [REPORT_JUNIT] = "--junit", [REPORT_TAP] = "--tap" };

	for (size_t i = REPORT_JSON; i < COUNT(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum report)i;
			return true;
		}
	}
	return false;
}

static int check_one(const struct instance *i, int argc, char **argv)
{
	DEFER(buf_free) struct buf out = buf_new((size_t)1 << 20);
	enum report kind = REPORT_TEXT;
	struct check *c;
	bool passed;

	if (argc < 1 || argc > 2 || argv[0][0] == '-' || strchr(argv[0], '/') || (argc == 2 && !report_kind(argv[1], &kind)))
		return usage();
	c = check_new(i, argv[0], isatty(STDERR_FILENO));
	passed = check_run(c);
	progress(c, "", 0, 0);
	report(kind, c, passed, &out);
	check_free(c);
	fputs(buf_text(&out), stdout);
	return passed ? VERDICT_PASSED : VERDICT_REFUSED;
}

static int run(const struct instance *i, int argc, char **argv)
{
	if (argc >= 1 && strcmp(argv[0], "check") == 0)
		return check_one(i, argc - 1, argv + 1);
	if (argc >= 2 && strcmp(argv[0], "language") == 0)
		return manual_run(i, argc - 1, argv + 1, stdout) ? VERDICT_PASSED : VERDICT_REFUSED;
	return usage();
}

int main(int argc, char **argv)
{
	const char *root = NULL, *dir = NULL, *why;
	struct instance *i;
	int at = 1, status;

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
		return VERDICT_USAGE;
	}
	status = run(i, argc - at, argv + at);
	instance_free(i);
	return status;
}
