/* status.c - chela status: how things stand, from the core that runs or from the files. */
#include "command/command.h"
#include "status.h"
#include <stdio.h>
#include <string.h>

/* None runs; what each lacks is worth knowing before it does. */
static cJSON *idle_channels(const struct instance *i, struct secrets *secrets)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t k = 0; k < i->conf->channels_n; k++) {
		const struct conf_channel *ch = &i->conf->channels[k];
		DEFER(text_free) char *why = channel_keys_missing(i, ch, secrets);

		cJSON_AddItemToArray(list, json_build("{name:%s,adapter:%s,state:'not running',why:%s}", ch->name, ch->adapter,
						      why));
	}
	return list;
}

static const char *look_alone(struct instance *i, cJSON **ret)
{
	DEFER(text_free) char *database = instance_path(i, "chela.db");
	DEFER(json_drop) cJSON *channels = NULL;
	struct secrets *secrets;
	struct lineup *lineup;
	struct store *store;
	const char *why = store_open(database, &store);

	if (why)
		return why;
	secrets = secrets_open(i->dir);
	lineup_secrets(i, secrets);
	lineup = lineup_open(i, secrets);
	channels = idle_channels(i, secrets);
	*ret = status_build(i, lineup, store, channels, false);
	lineup_free(lineup);
	secrets_free(secrets);
	store_close(store);
	return NULL;
}

int command_status(struct instance *i, int argc, char **argv)
{
	DEFER(json_drop) cJSON *request = json_build("{do:'status'}");
	DEFER(json_drop) cJSON *answer = NULL;
	DEFER(json_drop) cJSON *alone = NULL;
	DEFER(buf_free) struct buf words = buf_new(65536);
	const cJSON *status;
	bool json = argc == 1 && strcmp(argv[0], "--json") == 0;
	const char *why = instance_configure(i);

	if (argc > 1 || (argc == 1 && !json)) {
		fputs("usage: chela status [--json]\n", stderr);
		return 2;
	}
	if (why)
		return refuse("%s", why);
	why = core_ask(i, request, &answer);
	if (why && !why[0])
		why = instance_lock(i) == OK ? look_alone(i, &alone) : "another chela works on this instance: try again";
	if (why)
		return refuse("%s", why);
	status = alone ? alone : json_at(answer, "/status");
	if (json) {
		DEFER(text_free) char *text = json_print(status);

		puts(text);
		return 0;
	}
	status_print(status, &words);
	fputs(buf_text(&words), stdout);
	return 0;
}
