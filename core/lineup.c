/* lineup.c - see lineup.h */
#include "lineup.h"
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char complaint[PATH_MAX + 300];

static const char *read_contract(const struct instance *i, const char *adapter, struct manifest **ret)
{
	DEFER(text_free) char *file = root_path(i, "specs/%s/manifest.json", adapter);

	return manifest_read(file, ret);
}

/* The origin that an operation's requests go to; owned. */
static char *operation_origin(const struct manifest *m, const struct operation *op, const cJSON *config)
{
	DEFER(text_free) char *url = NULL;

	if (strncmp(op->url, "{config.base}", 13) == 0)
		url = text_dup(json_text(config, "/base"));
	else if (op->url[0] == '/')
		url = text_fmt("%s%s", m->base, op->url);
	else
		url = text_dup(op->url);
	return url ? url_origin(url) : NULL;
}

/* Where the secret of a socket's frames is for, as route.h has it: the one origin that the
 * manifest, or the owner's file, puts before all else. */
static char *frames_origin(const struct manifest *m, const cJSON *config)
{
	const char *base = json_text(config, "/base");

	return url_origin(base ? base : m->base);
}

static char *slot_origin(const struct manifest *m, const struct secret_slot *slot, const cJSON *config)
{
	for (size_t o = 0; o < m->operations_n; o++)
		if (m->operations[o].secret == slot)
			return operation_origin(m, &m->operations[o], config);
	for (size_t k = 0; k < m->sockets_n; k++) {
		const struct socket_row *socket = &m->sockets[k];

		for (size_t f = 0; f < socket->frames_n; f++)
			if (socket->frames[f].secret == slot)
				return frames_origin(m, config);
	}
	return NULL;
}

/* ---- one secret ---------------------------------------------------------- */

static struct integration_conf conf_of_model(const struct conf_model *m)
{
	return (struct integration_conf){ .kind = KIND_MODEL, .name = m->name, .adapter = m->adapter,
					  .config = m->config, .line = m->line };
}

static struct integration_conf conf_of_channel(const struct conf_channel *ch)
{
	return (struct integration_conf){ .kind = KIND_CHANNEL, .name = ch->name, .adapter = ch->adapter,
					  .played_at = ch->played_at, .config = ch->config, .line = ch->line };
}

static bool conf_of(const struct conf *c, const char *name, struct integration_conf *ret)
{
	const struct conf_model *m = conf_model(c, name);
	const struct conf_channel *ch = conf_channel(c, name);

	if (m || ch)
		*ret = m ? conf_of_model(m) : conf_of_channel(ch);
	return m || ch;
}

static void name_slots(const struct manifest *m, struct buf *out)
{
	for (size_t k = 0; k < m->secrets_n; k++)
		buf_addf(out, "%s%s", !k ? "" : k + 1 < m->secrets_n ? ", " : " and ", m->secrets[k].name);
}

static const char *find_origin(const struct manifest *m, const struct integration_conf *conf, const char *slot_name,
			       char **ret, char **ret_label, char **ret_obtain)
{
	const struct secret_slot *slot = manifest_secret(m, slot_name);
	DEFER(json_drop) cJSON *config = NULL;
	DEFER(buf_free) struct buf known = buf_new(1024);
	const char *why;

	name_slots(m, &known);
	if (!slot) {
		snprintf(complaint, sizeof complaint, "%s needs no secret \"%s\": its manifest has %s", conf->adapter, slot_name,
			 known.len ? buf_text(&known) : "none");
		return complaint;
	}
	if (conf->played_at) {
		snprintf(complaint, sizeof complaint, "%s is played at %s, with made-up secrets: take \"played at\" out of line %d "
			 "of assistant.conf to use real ones", conf->name, conf->played_at, conf->line);
		return complaint;
	}
	why = config_check(m, conf->config, &config);
	if (why)
		snprintf(complaint, sizeof complaint, "assistant.conf:%d: %s: %s", conf->line, conf->name, why);
	else if ((*ret = slot_origin(m, slot, config)) == NULL)
		snprintf(complaint, sizeof complaint, "%s is for no one place: %s's manifest uses it in no operation, and has no "
			 "\"base\" that would say where a socket is at home", slot_name, conf->adapter);
	else {
		*ret_label = text_dup(slot->label);
		*ret_obtain = text_dup(slot->obtain);
		return NULL;
	}
	return complaint;
}

const char *secret_origin(const struct instance *i, const char *name, char **ret, char **ret_label, char **ret_obtain)
{
	const char *dot = strchr(name, '.'), *why;
	DEFER(text_free) char *connection = dot ? str_dup((struct str){ name, (size_t)(dot - name) }) : NULL;
	struct integration_conf conf;
	struct manifest *m;

	if (!connection || !conf_of(i->conf, connection, &conf)) {
		snprintf(complaint, sizeof complaint, "%s: no model or channel of that name is in assistant.conf; a secret is named "
			 "NAME.SLOT, such as anthropic.key or work.bot_token", name);
		return complaint;
	}
	why = read_contract(i, conf.adapter, &m);
	if (why)
		return why;
	why = find_origin(m, &conf, dot + 1, ret, ret_label, ret_obtain);
	manifest_free(m);
	return why;
}

void lineup_secrets(const struct instance *i, struct secrets *s)
{
	for (size_t k = 0; k < i->conf->secrets_n; k++) {
		const struct conf_secret *c = &i->conf->secrets[k];

		secret_from(s, c->name, c->env, c->file);
	}
}

/* ---- all that one needs -------------------------------------------------- */

/* NULL when every key that it needs can be had; else why not, of each; owned. */
static char *keys_missing(const struct instance *i, const struct integration_conf *conf, struct secrets *s)
{
	DEFER(json_drop) cJSON *config = NULL;
	DEFER(buf_free) struct buf missing = buf_new(64 * 1024);
	struct manifest *m;
	const char *why = read_contract(i, conf->adapter, &m);

	if (why)
		return text_dup(why);
	why = config_check(m, conf->config, &config);
	if (why)
		buf_addf(&missing, "assistant.conf:%d: %s: %s", conf->line, conf->name, why);
	for (size_t k = 0; k < m->secrets_n && !why; k++) {
		DEFER(text_free) char *name = text_fmt("%s.%s", conf->name, m->secrets[k].name);
		DEFER(text_free) char *origin = slot_origin(m, &m->secrets[k], config);
		const struct secret *secret;
		const char *lacks;

		if (m->secrets[k].optional || !origin)
			continue;
		lacks = secret_find(s, name, origin, &secret);
		if (lacks)
			buf_addf(&missing, "%s%s", missing.len ? "; " : "", lacks);
	}
	manifest_free(m);
	return missing.len ? buf_take(&missing) : NULL;
}

static char *key_missing(const struct instance *i, const struct conf_model *model, struct secrets *s)
{
	const struct integration_conf conf = conf_of_model(model);

	return keys_missing(i, &conf, s);
}

char *channel_keys_missing(const struct instance *i, const struct conf_channel *channel, struct secrets *s)
{
	const struct integration_conf conf = conf_of_channel(channel);

	return conf.played_at ? NULL : keys_missing(i, &conf, s);
}

const struct conf_model *lineup_choice(const struct instance *i, struct secrets *s)
{
	for (size_t k = 0; k < i->conf->use_n; k++) {
		const struct conf_model *conf = conf_model(i->conf, i->conf->use[k]);
		DEFER(text_free) char *missing = key_missing(i, conf, s);

		if (!missing)
			return conf;
	}
	return NULL;
}

static void sit(const struct instance *i, struct secrets *s, struct seat *seat)
{
	const char *why;

	seat->why = key_missing(i, seat->conf, s);
	seat->keyed = !seat->why;
	if (!seat->keyed)
		return;
	why = integration_open(i, &(struct integration_conf){ .kind = KIND_MODEL, .name = seat->conf->name,
			       .adapter = seat->conf->adapter, .config = seat->conf->config, .line = seat->conf->line },
			       &seat->model, &seat->why);
	if (why)
		seat->why = text_dup(why);
}

struct lineup *lineup_open(const struct instance *i, struct secrets *s)
{
	struct lineup *l = mem_new(1, sizeof *l);

	l->n = i->conf->use_n;
	l->seats = mem_new(l->n + 1, sizeof *l->seats);
	l->ready = mem_new(l->n + 1, sizeof *l->ready);
	for (size_t k = 0; k < l->n; k++) {
		l->seats[k].conf = conf_model(i->conf, i->conf->use[k]);
		sit(i, s, &l->seats[k]);
		if (l->seats[k].model)
			l->ready[l->ready_n++] = l->seats[k].model;
	}
	return l;
}

void lineup_free(struct lineup *l)
{
	if (!l)
		return;
	for (size_t k = 0; k < l->n; k++) {
		integration_free(l->seats[k].model);
		free(l->seats[k].why);
	}
	free(l->seats);
	free(l->ready);
	free(l);
}
