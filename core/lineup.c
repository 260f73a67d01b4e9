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

static char *slot_origin(const struct manifest *m, const struct secret_slot *slot, const cJSON *config)
{
	for (size_t o = 0; o < m->operations_n; o++)
		if (m->operations[o].secret == slot)
			return operation_origin(m, &m->operations[o], config);
	return NULL;
}

const char *secret_origin(const struct instance *i, const char *name, char **ret, char **ret_label, char **ret_obtain)
{
	const char *dot = strchr(name, '.');
	DEFER(text_free) char *connection = dot ? str_dup((struct str){ name, (size_t)(dot - name) }) : NULL;
	const struct conf_model *conf = connection ? conf_model(i->conf, connection) : NULL;
	const struct secret_slot *slot = NULL;
	DEFER(json_drop) cJSON *config = NULL;
	struct manifest *m = NULL;
	const char *why = NULL;

	if (!conf) {
		snprintf(complaint, sizeof complaint, "%s: no model of that name is in assistant.conf; a secret is named "
			 "MODEL.SLOT, such as anthropic.key", name);
		return complaint;
	}
	why = read_contract(i, conf->adapter, &m);
	if (why)
		return why;
	slot = manifest_secret(m, dot + 1);
	if (!slot)
		snprintf(complaint, sizeof complaint, "%s needs no secret \"%s\": its manifest has %s%s", conf->adapter, dot + 1,
			 m->secrets_n ? "" : "none", m->secrets_n ? m->secrets[0].name : "");
	else if ((why = config_check(m, conf->config, &config)) != NULL)
		snprintf(complaint, sizeof complaint, "%s: %s", conf->name, why);
	else if ((*ret = slot_origin(m, slot, config)) != NULL) {
		*ret_label = text_dup(slot->label);
		*ret_obtain = text_dup(slot->obtain);
		manifest_free(m);
		return NULL;
	} else
		snprintf(complaint, sizeof complaint, "%s is used by no operation", name);
	manifest_free(m);
	return complaint;
}

void lineup_secrets(const struct instance *i, struct secrets *s)
{
	for (size_t k = 0; k < i->conf->secrets_n; k++) {
		const struct conf_secret *c = &i->conf->secrets[k];

		secret_from(s, c->name, c->env, c->file);
	}
}

/* NULL when every key that the model needs can be had; else why not, owned. */
static char *key_missing(const struct instance *i, const struct conf_model *conf, struct secrets *s)
{
	DEFER(json_drop) cJSON *config = NULL;
	struct manifest *m;
	const char *why = read_contract(i, conf->adapter, &m);
	char *missing = NULL;

	if (why)
		return text_dup(why);
	why = config_check(m, conf->config, &config);
	if (why)
		missing = text_fmt("assistant.conf:%d: %s: %s", conf->line, conf->name, why);
	for (size_t k = 0; k < m->secrets_n && !missing; k++) {
		DEFER(text_free) char *name = text_fmt("%s.%s", conf->name, m->secrets[k].name);
		DEFER(text_free) char *origin = slot_origin(m, &m->secrets[k], config);
		const struct secret *secret;

		if (m->secrets[k].optional || !origin)
			continue;
		why = secret_find(s, name, origin, &secret);
		if (why)
			missing = text_dup(why);
	}
	manifest_free(m);
	return missing;
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
