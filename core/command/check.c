/* check.c - chela check: runs the gate, a program of its own, over one contract or all. */
#include "command/command.h"
#include "prepare.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_contract(const struct dirent *entry)
{
	return name_fits(entry->d_name) && strcmp(entry->d_name, "core") != 0;
}

/* Every folder of specs/ that has a manifest; the worst exit status. */
static int check_all(const struct instance *i, int argc, char **argv)
{
	DEFER(text_free) char *specs = root_path(i, "specs");
	struct dirent **entries;
	int n = scandir(specs, &entries, is_contract, alphasort), worst = 0;

	for (int k = 0; k < n; k++) {
		DEFER(text_free) char *manifest = text_fmt("%s/%s/manifest.json", specs, entries[k]->d_name);

		if (access(manifest, F_OK) == 0) {
			argv[0] = entries[k]->d_name;
			int status = gate_run(i, STDOUT_FILENO, argc, argv);

			worst = status > worst ? status : worst;
		}
		free(entries[k]);
	}
	if (n >= 0)
		free(entries);
	return worst;
}

int command_check(struct instance *i, int argc, char **argv)
{
	DEFER(buf_free) struct buf said = buf_new(65536);
	const char *why;

	if (argc < 1 || (strcmp(argv[0], "--all") != 0 && !name_fits(argv[0]))) {
		fputs("usage: chela check NAME|--all [--json|--junit|--tap] (NAME: a folder of specs/)\n", stderr);
		return 2;
	}
	why = prepare_instance(i, &said);
	if (why)
		return refuse("%s", why);
	fputs(buf_text(&said), stderr);
	if (strcmp(argv[0], "--all") == 0)
		return check_all(i, argc, argv);
	return gate_run(i, STDOUT_FILENO, argc, argv);
}
