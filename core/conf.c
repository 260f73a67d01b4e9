/* conf.c - see conf.h
 *
 * conf_statement.c reads line by line; what refers to another line (set, use, secret,
 * price, owner, guest) is held against it at the end, for the lines have no order. */
#include "conf.h"
#include "conf_draft.h"
#include "limits.h"
#include "spelling.h"
#include "strict.h"
#include <stdlib.h>
#include <string.h>

enum { CONF_COMPLAINT_MAX = 256 * 1024 };	/* a long line, and all names of models and channels */

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->models_n; i++) {
		free(c->models[i].name);
		free(c->models[i].adapter);
		cJSON_Delete(c->models[i].config);
	}
	for (size_t i = 0; i < c->channels_n; i++) {
		free(c->channels[i].name);
		free(c->channels[i].adapter);
		free(c->channels[i].played_at);
		cJSON_Delete(c->channels[i].config);
	}
	for (size_t i = 0; i < c->people_n; i++) {
		free(c->people[i].id);
		free(c->people[i].channel);
	}
	for (size_t i = 0; i < c->secrets_n; i++) {
		free(c->secrets[i].name);
		free(c->secrets[i].env);
		free(c->secrets[i].file);
	}
	for (size_t i = 0; i < c->prices_n; i++) {
		free(c->prices[i].model_name);
		free(c->prices[i].model);
	}
	for (size_t i = 0; i < c->rules_n; i++) {
		free(c->rules[i].target);
		free(c->rules[i].text);
	}
	for (size_t i = 0; i < c->use_n; i++)
		free(c->use[i]);
	free(c->models);
	free(c->channels);
	free(c->people);
	free(c->secrets);
	free(c->prices);
	free(c->rules);
	free(c->use);
	free(c->name);
	free(c->persona);
	free(c);
}

const struct conf_model *conf_model(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->models_n; i++)
		if (strcmp(c->models[i].name, name) == 0)
			return &c->models[i];
	return NULL;
}

const struct conf_channel *conf_channel(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->channels_n; i++)
		if (strcmp(c->channels[i].name, name) == 0)
			return &c->channels[i];
	return NULL;
}

enum standing conf_standing(const struct conf *c, const char *channel, const char *id)
{
	enum standing standing = STRANGER;

	for (size_t i = 0; i < c->people_n; i++) {
		const struct conf_person *p = &c->people[i];

		if (strcmp(p->channel, channel) == 0 && (strcmp(p->id, id) == 0 || strcmp(p->id, "*") == 0) &&
		    p->standing > standing)
			standing = p->standing;
	}
	return standing;
}

bool conf_fail(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	buf_addf(&r->why, "%s:%d: ", r->file, r->line);
	va_start(ap, fmt);
	buf_addv(&r->why, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- lines ---------------------------------------------------------------- */

/* Without its end and its comment. A "#" within a word is no comment. */
static struct str strip(struct str line)
{
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] == '#' && (i == 0 || strchr(" \t", line.at[i - 1])))
			line.len = i;
	return line;
}

static bool check_bytes(struct reader *r, struct str line)
{
	DEFER(text_free) char *text = str_dup(line);

	if (r->line == 1 && str_starts(line, "\xEF\xBB\xBF"))
		return conf_fail(r, "the file begins with a byte order mark: save it as UTF-8 without one");
	if (line.len > CONF_LINE_MAX)
		return conf_fail(r, "the line is too long: %d bytes are the most", CONF_LINE_MAX);
	if (!utf8_valid(line))
		return conf_fail(r, "the line is not UTF-8: save the file as UTF-8");
	for (size_t i = 0; i < line.len; i++)
		if (!line.at[i] || (line.at[i] != '\t' && !(line.at[i] == '\r' && i + 1 == line.len) &&
				    strict_hidden(text + i)))
			return conf_fail(r, "the line has a control character: write it anew");
	return true;
}

/* ---- lines that refer to others ------------------------------------------ */

enum name_kind { NAME_MODEL = 1, NAME_CHANNEL = 2, NAME_ANY = 3 };
static const char *const name_words[] = { [NAME_MODEL] = "model", [NAME_CHANNEL] = "channel", [NAME_ANY] = "model or channel" };

static bool unknown_name(struct reader *r, const char *name, enum name_kind kind)
{
	static const char *const forms[] = { [NAME_MODEL] = "model NAME = ADAPTER", [NAME_CHANNEL] = "channel NAME = ADAPTER",
					     [NAME_ANY] = "model NAME = ADAPTER or channel NAME = ADAPTER" };
	struct conf *c = r->conf;
	const char **known = mem_new(c->models_n + c->channels_n + 1, sizeof *known);
	DEFER(text_free) char *hint = NULL;
	size_t n = 0;

	for (size_t i = 0; kind & NAME_MODEL && i < c->models_n; i++)
		known[n++] = c->models[i].name;
	for (size_t i = 0; kind & NAME_CHANNEL && i < c->channels_n; i++)
		known[n++] = c->channels[i].name;
	hint = n ? spelling_hint(name, known, n) : text_fmt("write %s", forms[kind]);
	free(known);
	return conf_fail(r, "no line defines a %s \"%s\": %s", name_words[kind], name, hint);
}

/* `name` up to its dot is such a one. */
static bool names(struct reader *r, const char *name, enum name_kind kind, int line)
{
	DEFER(text_free) char *whose = str_dup((struct str){ name, strcspn(name, ".") });

	r->line = line;
	return (kind & NAME_MODEL && conf_model(r->conf, whose)) ||
	       (kind & NAME_CHANNEL && conf_channel(r->conf, whose)) || unknown_name(r, whose, kind);
}

static bool join_sets(struct reader *r)
{
	for (size_t i = 0; i < r->sets_n; i++) {
		struct set *set = &r->sets[i];
		const struct conf_model *m = conf_model(r->conf, set->name);
		const struct conf_channel *ch = conf_channel(r->conf, set->name);
		cJSON *value = set->value;

		if (!names(r, set->name, NAME_ANY, set->line))
			return false;
		set->value = NULL;
		if (!conf_set(r, set->name, m ? m->config : ch->config, set->key, value))
			return false;
	}
	return true;
}

static bool join_use(struct reader *r)
{
	struct conf *c = r->conf;

	for (size_t i = 0; i < c->use_n; i++) {
		if (!names(r, c->use[i], NAME_MODEL, r->use_line))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->use[i], c->use[k]) == 0)
				return conf_fail(r, "\"%s\" stands in \"use\" twice: leave one out",
						 c->use[i]);
	}
	return true;
}

/* All who write there are an owner only where somebody plays the service on this machine. */
static bool check_owner(struct reader *r, const struct conf_person *p)
{
	if (p->standing != OWNER || strcmp(p->id, "*") != 0 || conf_channel(r->conf, p->channel)->played_at)
		return true;
	return conf_fail(r, "everybody would be an owner, who may do everything: name one, or write guest * on %s", p->channel);
}

static bool join(struct reader *r)
{
	struct conf *c = r->conf;

	if (!join_sets(r) || !join_use(r))
		return false;
	for (size_t i = 0; i < c->secrets_n; i++)
		if (!names(r, c->secrets[i].name, NAME_ANY, c->secrets[i].line))
			return false;
	for (size_t i = 0; i < c->prices_n; i++)
		if (!names(r, c->prices[i].model_name, NAME_MODEL, c->prices[i].line))
			return false;
	for (size_t i = 0; i < c->people_n; i++)
		if (!names(r, c->people[i].channel, NAME_CHANNEL, c->people[i].line) || !check_owner(r, &c->people[i]))
			return false;
	return true;
}

/* ---- the whole ----------------------------------------------------------- */

static bool read_lines(struct reader *r, struct str text)
{
	while (text.len) {
		const char *end = memchr(text.at, '\n', text.len);
		struct str line = { text.at, end ? (size_t)(end - text.at) : text.len };

		r->line++;
		if (!check_bytes(r, line))
			return false;
		r->whole = strip(line);
		if (!conf_statement(r))
			return false;
		text = (struct str){ text.at + line.len + !!end, text.len - line.len - !!end };
	}
	return join(r);
}

static void sets_free(struct reader *r)
{
	for (size_t i = 0; i < r->sets_n; i++) {
		free(r->sets[i].name);
		free(r->sets[i].key);
		cJSON_Delete(r->sets[i].value);
	}
	free(r->sets);
}

const char *conf_parse(struct str text, const char *file, struct conf **ret)
{
	static struct buf complaint = { .max = CONF_COMPLAINT_MAX };
	struct conf *c = mem_new(1, sizeof *c);
	struct reader r = { .file = file, .conf = c, .why = buf_new(CONF_COMPLAINT_MAX) };
	bool good = read_lines(&r, text);

	buf_cut(&complaint, 0);
	buf_adds(&complaint, buf_text(&r.why));
	buf_free(&r.why);
	sets_free(&r);
	if (!good) {
		conf_free(c);
		return buf_text(&complaint);
	}
	conf_defaults(c);
	*ret = c;
	return NULL;
}
