/* integration.c - see integration.h */
#include "integration.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char complaint[1024];		/* of integration_open(), until its next call */

/* NULL, or what is wrong; owned. */
static char *read_contract(const struct instance *i, const struct integration_conf *conf, struct integration *in)
{
	DEFER(text_free) char *file = root_path(i, "specs/%s/manifest.json", conf->adapter);
	const char *why = manifest_read(file, &in->manifest);

	if (why)
		return text_dup(why);
	if (in->manifest->kind != conf->kind)
		return text_fmt("the adapter \"%s\" is a %s, not a %s: name another in line %d of assistant.conf",
				conf->adapter, kind_name(in->manifest->kind), kind_name(conf->kind), conf->line);
	why = config_check(in->manifest, conf->config, &in->config);
	return why ? text_fmt("line %d of assistant.conf: %s", conf->line, why) : NULL;
}

/* NULL and the program, with a note where its seal is stale; or why it may not run. All owned. */
static char *take_program(const struct instance *i, const struct integration_conf *conf, int *ret, char **ret_note)
{
	char *why = NULL;
	enum seal_state state = seal_verify(i, conf->adapter, ret, &why);

	if (state == SEAL_BROKEN)
		return why;
	if (state == SEAL_STALE)
		*ret_note = why;
	why = NULL;
	return seal_enabled(i, conf->adapter, &why) ? NULL : why;
}

const char *integration_open(const struct instance *i, const struct integration_conf *conf,
			     struct integration **ret, char **ret_note)
{
	struct integration *in = mem_new(1, sizeof *in);
	DEFER(text_free) char *note = NULL;
	DEFER(text_free) char *why = NULL;

	in->program = -1;
	why = read_contract(i, conf, in);
	if (!why)
		why = take_program(i, conf, &in->program, &note);
	if (why) {
		snprintf(complaint, sizeof complaint, "the %s \"%s\": %s", kind_name(conf->kind), conf->name, why);
		integration_free(in);
		return complaint;
	}
	in->name = text_dup(conf->name);
	in->line = conf->line;
	in->base_origin = url_origin(json_text(conf->config, "/base"));
	in->played_at = text_dup(conf->played_at);
	in->party = (struct party){ in->manifest, in->name, in->base_origin, in->played_at };
	*ret = in;
	*ret_note = note;
	note = NULL;
	return NULL;
}

void integration_free(struct integration *in)
{
	if (!in)
		return;
	if (in->program >= 0)
		close(in->program);
	text_free(&in->name);
	text_free(&in->base_origin);
	text_free(&in->played_at);
	json_drop(&in->config);
	manifest_free(in->manifest);
	free(in);
}
