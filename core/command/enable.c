/* enable.c - chela enable, chela disable: a person's consent to an adapter that passed. */
#include "command/command.h"
#include "drift.h"
#include "seal.h"
#include <stdio.h>
#include <unistd.h>

static int usage(const char *command)
{
	fprintf(stderr, "usage: chela %s NAME (a folder of specs/)\n", command);
	return 2;
}

/* Who says yes should know whether the contract is the one that others know. */
static void tell_drift(const struct instance *i, const char *name)
{
	DEFER(text_free) char *words = NULL;
	enum drift drift = contract_drift(i, name, &words);

	if (drift != DRIFT_NONE)
		fprintf(stderr, "%s%s.\n", drift == DRIFT_SOME ? "WARNING: " : "", words);
	if (drift == DRIFT_SOME)
		fprintf(stderr, "See what changed: git diff HEAD -- specs/%s\n", name);
}

int command_enable(struct instance *i, int argc, char **argv)
{
	DEFER(json_drop) cJSON *request = NULL;
	DEFER(text_free) char *seal = NULL;
	const char *why;
	bool alone;

	if (argc != 1 || !name_fits(argv[0]))
		return usage("enable");
	if (seal_verify(i, argv[0], NULL, &seal) == SEAL_BROKEN)
		return refuse("%s", seal);
	if (seal)
		fprintf(stderr, "%s\n", seal);
	why = show_manifest(i, argv[0], STDOUT_FILENO);
	if (why)
		return refuse("%s", why);
	tell_drift(i, argv[0]);
	if (!consent("May it be used?", "Type this command at one."))
		return refuse("%s stays as it was", argv[0]);
	request = json_build("{do:'enable',name:%s}", argv[0]);
	why = core_or_alone(i, request, &alone);
	if (!why && alone)
		why = seal_enable(i, argv[0]);
	if (why)
		return refuse("%s", why);
	printf("%s is enabled.\n", argv[0]);
	return 0;
}

int command_disable(struct instance *i, int argc, char **argv)
{
	DEFER(json_drop) cJSON *request = NULL;
	const char *why;
	bool alone;

	if (argc != 1 || !name_fits(argv[0]))
		return usage("disable");
	if (!seal_enabled(i, argv[0], NULL))
		return refuse("%s was not enabled", argv[0]);
	request = json_build("{do:'disable',name:%s}", argv[0]);
	why = core_or_alone(i, request, &alone);
	if (!why && alone)
		why = seal_disable(i, argv[0]);
	if (why)
		return refuse("%s", why);
	printf("%s is not used any more. To use it again: build/chela enable %s\n", argv[0], argv[0]);
	return 0;
}
