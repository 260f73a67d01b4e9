/* conf_statement.c - the statements of assistant.conf, each one line. */
#include "conf_draft.h"
#include "limits.h"
#include "spelling.h"
#include "strict.h"
#include "type.h"
#include "url.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What is wrong, and how such a line is written. */
static bool misread(struct reader *r, const char *what)
{
	return conf_fail(r, "%s: write %s", what, r->form);
}

/* Room for one more, zeroed, at the end of an array. */
static void *grow(void *array, size_t n, size_t size)
{
	char *grown = realloc(array, (n + 1) * size);

	if (!grown)
		abort();
	memset(grown + n * size, 0, size);
	return grown;
}

/* ---- words --------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct str trim(struct str s)
{
	while (s.len && is_blank(s.at[0]))
		s = (struct str){ s.at + 1, s.len - 1 };
	while (s.len && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* The next word; empty at the end of the line. A "=" is a word of its own before `equals`. */
static struct str take(struct reader *r, bool equals)
{
	struct str s = trim(r->rest);
	size_t n = 0;

	while (n < s.len && !is_blank(s.at[n]) && !(equals && s.at[n] == '='))
		n++;
	if (equals && n == 0 && s.len)
		n = 1;
	r->rest = (struct str){ s.at + n, s.len - n };
	return (struct str){ s.at, n };
}

static struct str word(struct reader *r)
{
	return take(r, false);
}

static struct str take_rest(struct reader *r)
{
	struct str s = trim(r->rest);

	r->rest.len = 0;
	return s;
}

static bool line_ends(struct reader *r)
{
	struct str more = trim(r->rest);
	DEFER(text_free) char *what = NULL;

	if (!more.len)
		return true;
	what = text_fmt("\"%.*s\" is too much", (int)more.len, more.at);
	return misread(r, what);
}

static const char digits[] = "0123456789";

static bool only(struct str s, const char *chars)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr(chars, s.at[i]))
			return false;
	return s.len > 0;
}

/* A name that we choose: of a model, an adapter, a setting. */
static bool is_name(struct str s)
{
	return only(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") && s.len <= STRICT_NAME_MAX &&
	       s.at[0] >= 'a' && s.at[0] <= 'z';
}

static bool check_name(struct reader *r, struct str s, const char *what)
{
	if (!s.len)
		return conf_fail(r, "%s is missing: write %s", what, r->form);
	return is_name(s) ||
	       conf_fail(
		       r,
		       "\"%.*s\" is no name of %s: begin with a letter, then a-z, 0-9, _ and -, at most %d in all",
		       (int)s.len, s.at, what, STRICT_NAME_MAX);
}

/* "anthropic.key" */
static bool take_pair(struct reader *r, const char *what, bool equals, struct str *ret_left,
		      struct str *ret_right)
{
	struct str s = take(r, equals);
	const char *dot = s.len ? memchr(s.at, '.', s.len) : NULL;

	if (!dot)
		return misread(r, s.len ? "a dot is missing" : "a name is missing");
	*ret_left = (struct str){ s.at, (size_t)(dot - s.at) };
	*ret_right = (struct str){ dot + 1, s.len - ret_left->len - 1 };
	return check_name(r, *ret_left, "a model or channel") && check_name(r, *ret_right, what);
}

/* ---- name, persona ------------------------------------------------------- */

static bool read_line(struct reader *r, char **to, const char *what)
{
	struct str s = take_rest(r);

	if (!s.len)
		return conf_fail(r, "%s is missing: write %s", what, r->form);
	if (*to)
		return conf_fail(r, "%s stands here a second time: leave one of the lines out", what);
	*to = str_dup(s);
	return true;
}

static bool read_name(struct reader *r)
{
	return read_line(r, &r->conf->name, "the assistant's name");
}

static bool read_persona(struct reader *r)
{
	return read_line(r, &r->conf->persona, "the persona's file");
}

/* ---- model, channel, set, use -------------------------------------------- */

/* NAME = ADAPTER. Names of models and channels are one kind: settings, secrets, rules and all
 * that is stored go by them; "core" and "terminal" are there without a line. */
static bool read_definition(struct reader *r, const char *what, char **ret_name, char **ret_adapter)
{
	struct str name = take(r, true), equals, adapter;
	DEFER(text_free) char *text = str_dup(name);
	const struct conf_model *m = conf_model(r->conf, text);
	const struct conf_channel *ch = conf_channel(r->conf, text);

	if (!check_name(r, name, what))
		return false;
	if (str_is(name, "core") || str_is(name, "terminal"))
		return conf_fail(r, "the name \"%s\" is the program's own: give this one another name", text);
	if (m || ch)
		return conf_fail(r, "the %s \"%s\" stands in line %d already: give this one another name",
				 m ? "model" : "channel", text, m ? m->line : ch->line);
	equals = take(r, true);
	if (!str_is(equals, "="))
		return misread(r, "\"=\" is missing");
	adapter = word(r);
	if (!check_name(r, adapter, "an adapter"))
		return false;
	*ret_name = str_dup(name);
	*ret_adapter = str_dup(adapter);
	return true;
}

bool conf_set(struct reader *r, const char *name, cJSON *config, const char *key, cJSON *value)
{
	const char *why = NULL;
	bool base = strcmp(key, "base") == 0, twice = member_in(config, key) != NULL;

	if (!twice && base)
		why = cJSON_IsString(value) ? url_prefix(str_of(value->valuestring), URL_LOCAL) :
					      "is none: write http://HOST/PATH or https://HOST/PATH";
	if (!twice && !why) {
		cJSON_AddItemToObject(config, key, value);
		return true;
	}
	cJSON_Delete(value);
	return why ? conf_fail(r, "the URL %s", why) :
		     conf_fail(r, "%s has its \"%s\" already: leave one of the two out", name, key);
}

static bool read_at(struct reader *r, struct conf_model *m)
{
	struct str url = word(r);
	DEFER(text_free) char *text = NULL;

	/* Others are put behind it, with a slash of theirs. */
	while (url.len && url.at[url.len - 1] == '/')
		url.len--;
	text = str_dup(url);
	return url.len ? conf_set(r, m->name, m->config, "base", cJSON_CreateString(text)) :
			 misread(r, "a URL is missing after \"at\"");
}

static bool read_using(struct reader *r, struct conf_model *m)
{
	struct str id = word(r);
	DEFER(text_free) char *text = str_dup(id);

	return id.len ? conf_set(r, m->name, m->config, "model", cJSON_CreateString(text)) :
			misread(r, "a model is missing after \"using\"");
}

static bool read_clauses(struct reader *r, struct conf_model *m)
{
	for (;;) {
		struct str clause = word(r);

		if (!clause.len)
			return true;
		if (!str_is(clause, "at") && !str_is(clause, "using"))
			return conf_fail(r, "unknown word \"%.*s\": write %s", (int)clause.len, clause.at,
					 r->form);
		if (!(str_is(clause, "at") ? read_at(r, m) : read_using(r, m)))
			return false;
	}
}

static bool read_model(struct reader *r)
{
	struct conf *c = r->conf;
	struct conf_model *m;
	char *name, *adapter;

	if (!read_definition(r, "a model", &name, &adapter))
		return false;
	c->models = grow(c->models, c->models_n, sizeof *c->models);
	m = &c->models[c->models_n++];
	*m = (struct conf_model){ name, adapter, cJSON_CreateObject(), r->line };
	return read_clauses(r, m);
}

/* A loopback address as it is connected to, owned; NULL: it is none. */
static char *loopback(struct str host)
{
	DEFER(text_free) char *text = str_dup(host);
	struct in_addr four;

	if (str_is(host, "localhost"))
		return text_dup("127.0.0.1");
	if (str_is(host, "[::1]") || (inet_pton(AF_INET, text, &four) == 1 && ntohl(four.s_addr) >> 24 == 127))
		return text_dup(text);
	return NULL;
}

/* HOST:PORT */
static bool read_played(struct reader *r, struct conf_channel *ch)
{
	struct str at = word(r), place = word(r);
	const char *colon = place.len ? memrchr(place.at, ':', place.len) : NULL;
	struct str host = { place.at, colon ? (size_t)(colon - place.at) : 0 };
	struct str port = { colon ? colon + 1 : NULL, colon ? place.len - host.len - 1 : 0 };
	DEFER(text_free) char *address = loopback(host);
	DEFER(text_free) char *digits_of = str_dup(port);
	long n = only(port, digits) && port.len <= 5 && port.at[0] != '0' ? strtol(digits_of, NULL, 10) : 0;

	if (!str_is(at, "at") || !place.len)
		return misread(r, str_is(at, "at") ? "an address is missing after \"at\"" : "\"at\" is missing after \"played\"");
	if (n < 1 || n > 65535)
		return misread(r, "the port is missing, or is not one of 1 to 65535");
	if (!address)
		return conf_fail(r, "a channel is played on this machine only: write played at 127.0.0.1:%ld", n);
	ch->played_at = text_fmt("%s:%ld", address, n);
	return line_ends(r);
}

static bool read_channel(struct reader *r)
{
	struct conf *c = r->conf;
	struct conf_channel *ch;
	struct str clause;
	char *name, *adapter;

	if (c->channels_n == CHANNELS_MAX)
		return conf_fail(r, "there are too many channels: %d are the most", CHANNELS_MAX);
	if (!read_definition(r, "a channel", &name, &adapter))
		return false;
	c->channels = grow(c->channels, c->channels_n, sizeof *c->channels);
	ch = &c->channels[c->channels_n++];
	*ch = (struct conf_channel){ .name = name, .adapter = adapter, .config = cJSON_CreateObject(), .line = r->line };
	clause = word(r);
	if (!clause.len)
		return true;
	return str_is(clause, "played") ? read_played(r, ch) :
		conf_fail(r, "unknown word \"%.*s\": write %s", (int)clause.len, clause.at, r->form);
}

/* true and false, whole numbers, else text. */
static cJSON *value_of(struct str s)
{
	DEFER(text_free) char *text = str_dup(s);
	struct str number = s.len && s.at[0] == '-' ? (struct str){ s.at + 1, s.len - 1 } : s;

	if (str_is(s, "true") || str_is(s, "false"))
		return cJSON_CreateBool(str_is(s, "true"));
	if (only(number, digits) && number.len <= 15)
		return cJSON_CreateNumber((double)strtoll(text, NULL, 10));
	return cJSON_CreateString(text);
}

static bool read_set(struct reader *r)
{
	struct str name, key, equals, value;
	struct set *set;

	if (!take_pair(r, "a setting", true, &name, &key))
		return false;
	equals = take(r, true);
	value = take_rest(r);
	if (!str_is(equals, "=") || !value.len)
		return misread(r, str_is(equals, "=") ? "a value is missing" : "\"=\" is missing");
	r->sets = grow(r->sets, r->sets_n, sizeof *r->sets);
	set = &r->sets[r->sets_n++];
	*set = (struct set){ str_dup(name), str_dup(key), value_of(value), r->line };
	return true;
}

static bool read_use(struct reader *r)
{
	struct conf *c = r->conf;
	struct str name = word(r), otherwise;

	if (r->use_line)
		return conf_fail(
			r,
			"\"use\" stands in line %d already: write one line, with \"else\" between the models",
			r->use_line);
	r->use_line = r->line;
	for (;; name = word(r)) {
		if (!check_name(r, name, "a model"))
			return false;
		c->use = grow(c->use, c->use_n, sizeof *c->use);
		c->use[c->use_n++] = str_dup(name);
		otherwise = word(r);
		if (!otherwise.len)
			return true;
		if (!str_is(otherwise, "else"))
			return conf_fail(r, "\"%.*s\" stands where \"else\" must: write %s",
					 (int)otherwise.len, otherwise.at, r->form);
	}
}

/* ---- owner, guest -------------------------------------------------------- */

/* As services give them: the commas of a list, for one, are refused. */
static bool check_id(struct reader *r, struct str id)
{
	DEFER(text_free) char *text = str_dup(id);
	DEFER(json_drop) cJSON *given = cJSON_CreateString(text), *normal = NULL;
	const char *why = str_is(id, "*") ? NULL :
			  type_check(&(struct argument){ .name = "id", .type = TYPE_ID, .max = INT64_MAX }, given, &normal);

	return !why || conf_fail(r, "the id \"%s\" %s: `chela status` names those who wrote", text, why);
}

static bool check_person(struct reader *r, struct str id, struct str channel)
{
	const struct conf *c = r->conf;

	if (c->people_n == PEOPLE_MAX)
		return conf_fail(r, "there are too many owners and guests: %d are the most", PEOPLE_MAX);
	for (size_t i = 0; i < c->people_n; i++)
		if (str_is(id, c->people[i].id) && str_is(channel, c->people[i].channel))
			return conf_fail(r, "%s on %s stands in line %d already: leave one of the lines out", c->people[i].id,
					 c->people[i].channel, c->people[i].line);
	return true;
}

static bool read_person(struct reader *r, enum standing standing)
{
	struct conf *c = r->conf;
	struct str id = word(r), on = word(r), channel = word(r);

	if (!id.len)
		return misread(r, "an id is missing");
	if (!str_is(on, "on"))
		return misread(r, "\"on\" and the channel are missing");
	if (!check_id(r, id) || !check_name(r, channel, "a channel") || !check_person(r, id, channel))
		return false;
	c->people = grow(c->people, c->people_n, sizeof *c->people);
	c->people[c->people_n++] = (struct conf_person){ standing, str_dup(id), str_dup(channel), r->line };
	return line_ends(r);
}

static bool read_owner(struct reader *r)
{
	return read_person(r, OWNER);
}

static bool read_guest(struct reader *r)
{
	return read_person(r, GUEST);
}

/* ---- secret -------------------------------------------------------------- */

static bool read_env(struct reader *r, struct conf_secret *s)
{
	struct str name = word(r);

	if (!only(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ||
	    strchr(digits, name.at[0]))
		return misread(r, name.len ? "a variable is written with letters, digits and _" :
					     "a variable is missing after \"env\"");
	s->env = str_dup(name);
	return line_ends(r);
}

static bool read_file(struct reader *r, struct conf_secret *s)
{
	struct str path = take_rest(r);

	if (!path.len)
		return misread(r, "a path is missing after \"file\"");
	s->file = str_dup(path);
	return true;
}

static bool read_secret(struct reader *r)
{
	struct conf *c = r->conf;
	struct str model, slot, from, where;
	struct conf_secret *s;
	char *name;

	if (!take_pair(r, "a secret", false, &model, &slot))
		return false;
	name = text_fmt("%.*s.%.*s", (int)model.len, model.at, (int)slot.len, slot.at);
	c->secrets = grow(c->secrets, c->secrets_n, sizeof *c->secrets);
	s = &c->secrets[c->secrets_n++];
	*s = (struct conf_secret){ .name = name, .line = r->line };
	for (size_t i = 0; i + 1 < c->secrets_n; i++)
		if (strcmp(c->secrets[i].name, name) == 0)
			return conf_fail(
				r, "the secret \"%s\" stands in line %d already: leave one of the lines out",
				name, c->secrets[i].line);
	from = word(r);
	where = word(r);
	if (!str_is(from, "from") || !(str_is(where, "env") || str_is(where, "file")))
		return misread(r, "a secret's value does not stand here");
	return str_is(where, "env") ? read_env(r, s) : read_file(r, s);
}

/* ---- price --------------------------------------------------------------- */

/* "6.25" in millionths */
static bool read_amount(struct reader *r, int64_t *ret)
{
	struct str s = word(r);
	const char *dot = s.len ? memchr(s.at, '.', s.len) : NULL;
	size_t before = dot ? (size_t)(dot - s.at) : s.len, after = dot ? s.len - before - 1 : 0;
	int64_t n = 0;

	if (before > 9 || after > 6 || !only((struct str){ s.at, before }, digits) ||
	    (dot && !only((struct str){ dot + 1, after }, digits)))
		return misread(r, "a price is missing, or is no number such as 6.25");
	for (size_t i = 0; i < before; i++)
		n = n * 10 + (s.at[i] - '0');
	for (size_t i = 0; i < 6; i++)
		n = n * 10 + (i < after ? dot[1 + i] - '0' : 0);
	*ret = n;
	return true;
}

static int64_t *price_named(struct conf_price *p, struct str name)
{
	if (str_is(name, "in"))
		return &p->in;
	if (str_is(name, "out"))
		return &p->out;
	if (str_is(name, "cache-read"))
		return &p->cache_read;
	return str_is(name, "cache-write") ? &p->cache_write : NULL;
}

static bool read_amounts(struct reader *r, struct conf_price *p)
{
	struct str name;
	int64_t *amount;

	for (name = word(r); (amount = price_named(p, name)) != NULL; name = word(r)) {
		if (*amount >= 0)
			return conf_fail(r, "\"%.*s\" stands here twice: leave one out", (int)name.len,
					 name.at);
		if (!read_amount(r, amount))
			return false;
	}
	if (p->in < 0 || p->out < 0)
		return misread(r, p->in < 0 ? "\"in\" and its price are missing" :
					      "\"out\" and its price are missing");
	if (name.len != 3 || !only(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		return misread(r, "a currency of three capital letters is missing at the end");
	memcpy(p->currency, name.at, 3);
	return line_ends(r);
}

static bool read_price(struct reader *r)
{
	struct conf *c = r->conf;
	struct str name = word(r), model = word(r);
	struct conf_price *p;

	if (!check_name(r, name, "a model"))
		return false;
	if (!model.len)
		return misread(r, "the id of the model is missing");
	c->prices = grow(c->prices, c->prices_n, sizeof *c->prices);
	p = &c->prices[c->prices_n++];
	*p = (struct conf_price){ .model_name = str_dup(name), .model = str_dup(model), .in = -1, .out = -1,
				  .cache_read = -1, .cache_write = -1, .line = r->line };
	for (size_t i = 0; i + 1 < c->prices_n; i++)
		if (strcmp(c->prices[i].model_name, p->model_name) == 0 &&
		    strcmp(c->prices[i].model, p->model) == 0)
			return conf_fail(r,
					 "%s %s has its price in line %d already: leave one of the lines out",
					 p->model_name, p->model, c->prices[i].line);
	return read_amounts(r, p);
}

/* ---- limit --------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t at;
	int64_t least, most, otherwise;
} limits[] = {
	{ "steps", offsetof(struct conf, steps), 1, STEPS_MOST, STEPS_MAX },
	{ "tokens", offsetof(struct conf, tokens), TOKENS_LEAST, TOKENS_MOST, TOKENS_DEFAULT },
	{ "context", offsetof(struct conf, context), TOKENS_LEAST, CONTEXT_MOST, CONTEXT_DEFAULT },
};

static int64_t *limit_of(struct conf *c, size_t i)
{
	return (int64_t *)((char *)c + limits[i].at);
}

static bool unknown_limit(struct reader *r, struct str name)
{
	const char *known[COUNT(limits)];
	DEFER(text_free) char *text = str_dup(name);
	DEFER(text_free) char *hint = NULL;

	for (size_t i = 0; i < COUNT(limits); i++)
		known[i] = limits[i].name;
	hint = spelling_hint(text, known, COUNT(limits));
	return conf_fail(r, "unknown limit \"%s\": %s", text, hint);
}

static bool read_limit(struct reader *r)
{
	struct str name = word(r), number = word(r);
	DEFER(text_free) char *text = str_dup(number);
	size_t i = 0;
	int64_t n;

	while (i < COUNT(limits) && !str_is(name, limits[i].name))
		i++;
	if (i == COUNT(limits))
		return name.len ? unknown_limit(r, name) : misread(r, "a limit is missing");
	if (r->limits_seen & 1u << i)
		return conf_fail(r, "\"limit %s\" stands here a second time: leave one of the lines out",
				 limits[i].name);
	r->limits_seen |= 1u << i;
	/* Too many digits give the greatest number. */
	n = only(number, digits) ? strtoll(text, NULL, 10) : -1;
	if (n < limits[i].least || n > limits[i].most)
		return conf_fail(r, "the limit \"%s\" is out of bounds: it can be %" PRId64 " to %" PRId64,
				 text, limits[i].least, limits[i].most);
	*limit_of(r->conf, i) = n;
	return line_ends(r);
}

/* ---- allow, never -------------------------------------------------------- */

static bool unknown_effect(struct reader *r, struct str name)
{
	const char *known[EFFECTS];
	DEFER(text_free) char *text = str_dup(name);
	DEFER(text_free) char *hint = NULL;

	for (int bit = 0; bit < EFFECTS; bit++)
		known[bit] = effect_name(bit);
	hint = spelling_hint(text, known, EFFECTS);
	return conf_fail(r, "unknown effect \"%s\": %s", text, hint);
}

/* "read,write" */
static bool read_effects(struct reader *r, struct str list, unsigned *ret)
{
	for (;;) {
		const char *comma = list.len ? memchr(list.at, ',', list.len) : NULL;
		struct str name = trim((struct str){ list.at, comma ? (size_t)(comma - list.at) : list.len });
		unsigned effect = effect_find(name);

		if (!name.len)
			return misread(r, "an effect is missing");
		if (!effect)
			return unknown_effect(r, name);
		*ret |= effect;
		if (!comma)
			return true;
		list = (struct str){ comma + 1, list.len - (size_t)(comma + 1 - list.at) };
	}
}

/* "core", "core.remember" or "*" */
static bool is_target(struct str s)
{
	const char *dot = s.len ? memchr(s.at, '.', s.len) : NULL;
	size_t n = dot ? (size_t)(dot - s.at) : s.len;

	if (str_is(s, "*"))
		return true;
	return is_name((struct str){ s.at, n }) && (!dot || is_name((struct str){ dot + 1, s.len - n - 1 }));
}

static bool read_rule(struct reader *r, enum verdict verdict)
{
	struct str list = trim(r->rest), on = { 0 }, target;
	struct conf_rule *rule;

	while (r->rest.len && !str_is(on, "on")) {
		on = word(r);
		if (str_is(on, "on"))
			list.len = (size_t)(on.at - list.at);
	}
	target = word(r);
	if (!str_is(on, "on") || !target.len)
		return misread(r, str_is(on, "on") ? "what it is about is missing after \"on\"" :
						     "\"on\" is missing");
	if (!is_target(target))
		return conf_fail(
			r, "\"%.*s\" is nothing that a rule can be about: write core, core.remember or *",
			(int)target.len, target.at);
	r->conf->rules = grow(r->conf->rules, r->conf->rules_n, sizeof *r->conf->rules);
	rule = &r->conf->rules[r->conf->rules_n++];
	*rule = (struct conf_rule){ .verdict = verdict,
				    .target = str_dup(target),
				    .text = str_dup(trim(r->whole)),
				    .line = r->line };
	return read_effects(r, list, &rule->effects) && line_ends(r);
}

static bool read_allow(struct reader *r)
{
	return read_rule(r, VERDICT_ALLOW);
}

static bool read_never(struct reader *r)
{
	return read_rule(r, VERDICT_NEVER);
}

/* ---- all of them --------------------------------------------------------------- */

static const struct {
	const char *word, *form;
	bool (*read)(struct reader *r);
} statements[] = {
	{ "name", "name NAME", read_name },
	{ "persona", "persona FILE", read_persona },
	{ "model", "model NAME = ADAPTER [at URL] [using MODEL]", read_model },
	{ "channel", "channel NAME = ADAPTER [played at HOST:PORT]", read_channel },
	{ "owner", "owner ID on CHANNEL", read_owner },
	{ "guest", "guest ID on CHANNEL, or guest * on CHANNEL: everybody there", read_guest },
	{ "set", "set NAME.KEY = VALUE", read_set },
	{ "use", "use NAME [else NAME]...", read_use },
	{ "secret", "secret NAME.SLOT from env VARIABLE, or from file PATH", read_secret },
	{ "price", "price NAME MODEL in N out N [cache-read N] [cache-write N] CURRENCY", read_price },
	{ "limit", "limit steps|tokens|context N", read_limit },
	{ "allow", "allow EFFECTS on NAME|NAME.OPERATION|*, such as: allow read,write on core", read_allow },
	{ "never", "never EFFECTS on NAME|NAME.OPERATION|*, such as: never delete on core", read_never },
};

static bool unknown_word(struct reader *r, struct str first)
{
	const char *known[COUNT(statements)];
	DEFER(text_free) char *text = str_dup(first);
	DEFER(text_free) char *hint = NULL;

	for (size_t i = 0; i < COUNT(statements); i++)
		known[i] = statements[i].word;
	hint = spelling_hint(text, known, COUNT(statements));
	return conf_fail(r, "unknown word \"%s\": %s", text, hint);
}

bool conf_statement(struct reader *r)
{
	struct str first;

	r->rest = r->whole;
	first = word(r);
	if (!first.len)
		return true;
	if (++r->statements > CONF_LINES_MAX)
		return conf_fail(r, "the file has too many lines: %d statements are the most",
				 CONF_LINES_MAX);
	for (size_t i = 0; i < COUNT(statements); i++)
		if (str_is(first, statements[i].word)) {
			r->form = statements[i].form;
			return statements[i].read(r);
		}
	return unknown_word(r, first);
}

void conf_defaults(struct conf *c)
{
	if (!c->name)
		c->name = text_dup("chela");
	if (!c->persona)
		c->persona = text_dup("persona.md");
	for (size_t i = 0; i < COUNT(limits); i++)
		if (!*limit_of(c, i))
			*limit_of(c, i) = limits[i].otherwise;
}
