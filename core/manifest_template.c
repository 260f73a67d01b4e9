/* manifest_template.c - placeholders: each names an argument, and each argument is named.
 *
 * "{arg}" alone keeps the argument's type, and its member is left out with it. So an
 * optional argument stands alone, as the whole value of a query's pair, or within a
 * member "name?arg", which is only written when the argument is given. */
#include "limits.h"
#include "manifest_draft.h"
#include "spelling.h"
#include "url.h"
#include <string.h>

static const char base_mark[] = "{config.base}";

struct scope {
	struct draft *d;
	const struct operation *op;
	bool used[ARGUMENTS_MAX], secret;	/* which of them were named */
};
struct guard {			/* the member "name?arg" that we are in, and those around it */
	const char *name;
	const struct guard *outer;
};
enum spot { SPOT_PATH, SPOT_QUERY, SPOT_HEADER, SPOT_BODY };

static const struct argument *find_argument(const struct argument *table, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, table[i].name))
			return &table[i];
	return NULL;
}

static bool unknown_name(struct scope *s, const cJSON *about, struct str name, const char *what,
			 const struct argument *table, size_t n)
{
	const char *known[ARGUMENTS_MAX];
	DEFER(text_free) char *word = str_dup(name);
	DEFER(text_free) char *hint = NULL;

	for (size_t i = 0; i < n; i++)
		known[i] = table[i].name;
	hint = spelling_hint(word, known, n);
	return strict_fail(&s->d->s, about, "unknown %s \"%s\" in %s: %s", what, word,
			   strict_place(&s->d->s, about), hint);
}

/* *ret is NULL for what is always there. */
static bool resolve(struct scope *s, const cJSON *about, struct str name, const struct argument **ret)
{
	const struct manifest *m = s->d->m;

	*ret = NULL;
	if (str_is(name, "core.key"))
		return m->kind != KIND_MODEL ||
		       strict_fail(&s->d->s, about,
				   "{core.key} in %s: a model's request has no key; leave it out",
				   strict_place(&s->d->s, about));
	if (str_is(name, "config.base"))
		return strict_fail(&s->d->s, about,
				   "{config.base} in %s: it can only begin an operation's \"url\"",
				   strict_place(&s->d->s, about));
	if (str_starts(name, "config.")) {
		name = (struct str){ name.at + strlen("config."), name.len - strlen("config.") };
		*ret = find_argument(m->config, m->config_n, name);
		return *ret || unknown_name(s, about, name, "setting", m->config, m->config_n);
	}
	if (s->d->socket && s->op->secret && str_is(name, "secret")) {
		s->secret = true;
		return true;
	}
	*ret = find_argument(s->op->args, s->op->args_n, name);
	if (*ret)
		s->used[*ret - s->op->args] = true;
	return *ret || unknown_name(s, about, name, "argument", s->op->args, s->op->args_n);
}

static bool guarded(const struct guard *g, struct str name)
{
	for (; g; g = g->outer)
		if (str_is(name, g->name))
			return true;
	return false;
}

static bool check_spot(struct scope *s, const cJSON *about, const struct argument *a, enum spot spot,
		       bool alone)
{
	const char *at = strict_place(&s->d->s, about);

	if (a->type == TYPE_JSON && (spot != SPOT_BODY || !alone || s->op->form))
		return strict_fail(&s->d->s, about,
				   "{%s} in %s is json: it can only be a whole value in a JSON body", a->name,
				   at);
	return true;
}

static bool check_optional(struct scope *s, const cJSON *about, const struct argument *a, enum spot spot,
			   bool alone)
{
	const char *at = strict_place(&s->d->s, about);

	if (!a->optional)
		return true;
	if (spot == SPOT_PATH)
		return strict_fail(
			&s->d->s, about,
			"{%s} in the path of %s is optional: a path needs it; leave out \"optional\"",
			a->name, at);
	return alone ||
	       strict_fail(&s->d->s, about,
			   "{%s} in %s is optional: let it stand alone, or write the member as \"NAME?%s\"",
			   a->name, at, a->name);
}

static bool check_text(struct scope *s, const cJSON *about, struct str text, enum spot spot,
		       const struct guard *g)
{
	for (size_t i = 0; i < text.len; i++) {
		const char *close = text.at[i] == '{' ? memchr(text.at + i, '}', text.len - i) : NULL;
		struct str name = { text.at + i + 1, close ? (size_t)(close - text.at) - i - 1 : 0 };
		const struct argument *a;
		bool alone = i == 0 && name.len + 2 == text.len;

		if (text.at[i] == '}' || (text.at[i] == '{' && !close))
			return strict_fail(&s->d->s, about,
					   "a brace stands alone in %s: braces are for {ARGUMENT}",
					   strict_place(&s->d->s, about));
		if (!close)
			continue;
		if (!resolve(s, about, name, &a))
			return false;
		if (a && (!check_spot(s, about, a, spot, alone) ||
			  (!guarded(g, name) && !check_optional(s, about, a, spot, alone))))
			return false;
		i += name.len + 1;
	}
	return true;
}

/* ---- URLs ---------------------------------------------------------------- */

static bool check_query(struct scope *s, const cJSON *url, struct str query)
{
	while (query.len) {
		const char *end = memchr(query.at, '&', query.len);
		size_t n = end ? (size_t)(end - query.at) : query.len;
		const char *equals = memchr(query.at, '=', n);
		size_t name = equals ? (size_t)(equals - query.at) : n;

		if (name == 0 || memchr(query.at, '{', name))
			return strict_fail(
				&s->d->s, url,
				"the query of %s has a pair without a fixed name: write NAME={ARGUMENT}",
				strict_place(&s->d->s, url));
		if (equals && !check_text(s, url, (struct str){ equals + 1, n - name - 1 }, SPOT_QUERY, NULL))
			return false;
		query = (struct str){ query.at + n + !!end, query.len - n - !!end };
	}
	return true;
}

static bool bad_url(struct scope *s, const cJSON *url, const char *why)
{
	return strict_fail(&s->d->s, url, "the URL in %s %s", strict_place(&s->d->s, url), why);
}

/* "{url}": an argument that is a whole address, to which a query can be added. */
static bool check_address(struct scope *s, const cJSON *url, size_t *ret_len)
{
	const char *text = url->valuestring, *close = strchr(text, '}');
	const struct argument *a;

	if (!close)
		return bad_url(s, url, "has a brace that stands alone: braces are for {ARGUMENT}");
	*ret_len = (size_t)(close + 1 - text);
	if (!resolve(s, url, (struct str){ text + 1, *ret_len - 2 }, &a))
		return false;
	if (!a || a->type != TYPE_URL || a->optional)
		return bad_url(s, url, "begins with what is no address: let its argument be of the type url, and not optional");
	if (!s->d->socket && !a->is)
		return bad_url(s, url, "begins with an address that an adapter would choose: let the core fill it in, \"is\": \"reply.handle\"");
	if (!s->d->socket && s->op->secret)
		return bad_url(s, url, "begins with an address that was told: no secret goes there; leave it out");
	return !close[1] || close[1] == '?' || bad_url(s, url, "goes on after its argument: only a query can follow, ?NAME=...");
}

/* wss://HOST, or an argument. */
static bool check_socket_server(struct scope *s, const cJSON *url, size_t *ret_len)
{
	const char *text = url->valuestring, *why;
	DEFER(text_free) char *plain = NULL;

	*ret_len = 0;
	if (text[0] == '{')
		return check_address(s, url, ret_len);
	if (strncmp(text, "wss://", 6) != 0)
		return bad_url(s, url, "is no socket's: write wss://HOST/PATH, or {ARGUMENT} of the type url");
	plain = text_fmt("https://%s", text + 6);
	why = url_server(str_of(plain), URL_PUBLIC, ret_len);
	if (!why)
		*ret_len -= strlen("https://") - strlen("wss://");
	return !why || bad_url(s, url, why);
}

/* How many bytes of it are scheme and host, or stand for them. */
static bool check_server(struct scope *s, const cJSON *url, size_t *ret_len)
{
	const struct manifest *m = s->d->m;
	const char *text = url->valuestring, *why;

	*ret_len = 0;
	if (text[0] == '/')
		return m->base ||
		       bad_url(s, url,
			       "begins with \"/\": write \"base\": \"https://HOST\" in the file, or the whole URL here");
	if (strncmp(text, base_mark, strlen(base_mark)) == 0) {
		*ret_len = strlen(base_mark);
		return find_argument(m->config, m->config_n, STR("base")) ||
		       bad_url(s, url,
			       "begins with {config.base}: write \"base\" of the type url into \"config\"");
	}
	if (text[0] == '{')
		return check_address(s, url, ret_len);
	why = url_server(str_of(text), URL_PUBLIC, ret_len);
	return !why || bad_url(s, url, why);
}

static bool check_url(struct scope *s, const cJSON *url)
{
	size_t server, path;
	const char *tail, *why;

	if (!(s->d->socket ? check_socket_server(s, url, &server) : check_server(s, url, &server)))
		return false;
	tail = url->valuestring + server;
	path = strcspn(tail, "?");
	why = url_tail(str_of(tail), true);
	if (why)
		return bad_url(s, url, why);
	return check_text(s, url, (struct str){ tail, path }, SPOT_PATH, NULL) &&
	       (!tail[path] || check_query(s, url, str_of(tail + path + 1)));
}

/* ---- headers and bodies -------------------------------------------------- */

static bool check_value(struct scope *s, const cJSON *value, const struct guard *g);

static bool check_member(struct scope *s, const cJSON *member, const struct guard *g)
{
	const char *mark = strchr(member->string, '?');
	struct guard inner = { mark ? mark + 1 : NULL, g };
	const struct argument *a;

	if (member->string[0] == '$' || strpbrk(member->string, "{}") || mark == member->string ||
	    !member->string[0])
		return strict_fail(
			&s->d->s, member,
			"the name \"%s\" in %s: a member's name is fixed, without braces and without \"$\" before it",
			member->string, strict_place(&s->d->s, member));
	if (!mark)
		return check_value(s, member, g);
	if (!resolve(s, member, str_of(mark + 1), &a))
		return false;
	if (!a || !a->optional)
		return strict_fail(&s->d->s, member,
				   "\"%s\" in %s is always there: leave out what begins with \"?\"", mark + 1,
				   strict_place(&s->d->s, member));
	return check_value(s, member, &inner);
}

static bool check_value(struct scope *s, const cJSON *value, const struct guard *g)
{
	if (cJSON_IsString(value))
		return check_text(s, value, str_of(value->valuestring), SPOT_BODY, g);
	for (const cJSON *c = json_first(value); c; c = c->next)
		if (!(c->string ? check_member(s, c, g) : check_value(s, c, g)))
			return false;
	return true;
}

/* A form is flat. */
static bool check_form(struct scope *s, const cJSON *body)
{
	if (!strict_is(&s->d->s, body, STRICT_OBJECT))
		return false;
	for (const cJSON *c = json_first(body); c; c = c->next)
		if (cJSON_IsObject(c) || cJSON_IsArray(c) || cJSON_IsNull(c))
			return strict_fail(
				&s->d->s, c,
				"%s cannot stand in a form: its values are text, numbers, true or false",
				strict_place(&s->d->s, c));
	return true;
}

static bool check_headers(struct scope *s, const cJSON *headers)
{
	for (const cJSON *h = json_first(headers); h; h = h->next)
		if (!check_text(s, h, str_of(h->valuestring), SPOT_HEADER, NULL))
			return false;
	return true;
}

bool templates_check(struct draft *d, const struct operation *op, const cJSON *json)
{
	struct scope s = { .d = d, .op = op };

	if ((op->url && !check_url(&s, member_in(json, "url"))) || !check_headers(&s, op->headers) ||
	    (op->form && !check_form(&s, op->body)) || (op->body && !check_value(&s, op->body, NULL)))
		return false;
	if (d->socket && op->secret && !s.secret)
		return strict_fail(&d->s, member_in(json, "secret"), "the secret in %s is used nowhere: write {secret} into its body, or leave it out",
				   strict_place(&d->s, json));
	for (size_t i = 0; i < op->args_n; i++)
		if (!s.used[i])
			return strict_fail(
				&d->s, member_in(member_in(json, "args"), op->args[i].name),
				"the argument \"%s\" in %s is used nowhere: write {%s} into url, headers or body, or leave it out",
				op->args[i].name, strict_place(&d->s, json), op->args[i].name);
	return true;
}
