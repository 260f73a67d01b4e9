/* fit.c - see fit.h */
#include "gate/fit.h"
#include "gate/value.h"
#include "limits.h"
#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- addresses ----------------------------------------------------------- */

static size_t variable_length(const char *at)
{
	if (at[0] != '$' || !(islower((unsigned char)at[1]) || at[1] == '_'))
		return 0;
	return 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
}

/* "%20" is a space; what is no UTF-8 then stays as it was. */
static char *decoded(struct str s)
{
	char *text = mem_new(s.len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char hex[3] = { 0 }, *end = hex;

		if (s.at[i] == '%' && i + 2 < s.len) {
			memcpy(hex, s.at + i + 1, 2);
			text[n] = (char)strtoul(hex, &end, 16);
		}
		if (end == hex + 2 && text[n])
			i += 2;
		else
			text[n] = s.at[i];
		n++;
	}
	text[n] = '\0';
	if (!utf8_valid(str_of(text))) {
		free(text);
		return str_dup(s);
	}
	return text;
}

static bool variable_fits(struct str name, struct str came, cJSON *vars)
{
	DEFER(text_free) char *text = decoded(came);
	DEFER(text_free) char *variable = str_dup(name);
	DEFER(json_drop) cJSON *expected = cJSON_CreateString(variable);
	DEFER(json_drop) cJSON *value = cJSON_CreateString(text);
	DEFER(text_free) char *why = value_differs(expected, value, false, vars);

	return !why;
}

/* A piece of an address: a variable goes up to the next slash, or to what follows it. */
static bool piece_fits(const char *expected, struct str came, cJSON *vars)
{
	size_t at = 0;

	while (*expected) {
		size_t n = variable_length(expected), from = at;

		if (!n) {
			if (at == came.len || came.at[at++] != *expected++)
				return false;
			continue;
		}
		while (at < came.len && came.at[at] != '/' && (!expected[n] || came.at[at] != expected[n]))
			at++;
		if (at == from || !variable_fits((struct str){ expected, n }, (struct str){ came.at + from, at - from }, vars))
			return false;
		expected += n;
	}
	return at == came.len;
}

static struct str query_field(struct str *rest)
{
	const char *end = memchr(rest->at, '&', rest->len);
	struct str field = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
	size_t step = field.len + (end != NULL);

	*rest = (struct str){ rest->at + step, rest->len - step };
	return field;
}

static bool query_fits(struct str expected, struct str came, cJSON *vars)
{
	while (expected.len) {
		DEFER(text_free) char *field = str_dup(query_field(&expected));
		struct str rest = came;
		bool found = false;

		while (rest.len && !found)
			found = piece_fits(field, query_field(&rest), vars);
		if (!found)
			return false;
	}
	return true;
}

char *step_address(const struct step *s, const struct manifest *m)
{
	const cJSON *base = NULL;

	for (size_t i = 0; i < m->config_n; i++)
		if (strcmp(m->config[i].name, "base") == 0)
			base = m->config[i].fallback;
	return text_fmt("%s%s", s->url[0] != '/' ? "" : m->base ? m->base : cJSON_IsString(base) ? base->valuestring : "",
			s->url);
}

/* Path and query apart: path in *cut. */
static struct str after_path(const char *target, struct str *ret_path)
{
	size_t n = strcspn(target, "?");

	*ret_path = (struct str){ target, n };
	return str_of(target[n] ? target + n + 1 : "");
}

static bool address_fits(const struct step *s, const struct came *c, const struct manifest *m, cJSON *vars)
{
	DEFER(text_free) char *whole = step_address(s, m);
	const char *scheme = strstr(whole, "://"), *host = scheme ? scheme + 3 : whole, *target = host + strcspn(host, "/?");
	struct str path, came_path, query = after_path(target, &path), came_query = after_path(c->target, &came_path);
	DEFER(text_free) char *expected = str_dup(path.len ? path : STR("/"));
	DEFER(text_free) char *server = str_dup((struct str){ host, strcspn(host, ":/?") });

	if (!c->local && scheme && strcmp(server, c->host) != 0)
		return false;
	return piece_fits(expected, came_path, vars) && query_fits(query, came_query, vars);
}

/* ---- bodies -------------------------------------------------------------- */

static char *field_text(struct str s)
{
	DEFER(text_free) char *text = str_dup(s);

	for (char *p = text; *p; p++)
		if (*p == '+')
			*p = ' ';
	return decoded(str_of(text));
}

static cJSON *form_value(struct str body)
{
	cJSON *form = cJSON_CreateObject();

	while (body.len) {
		struct str field = query_field(&body), name = field, value = STR("");
		const char *equals = memchr(field.at, '=', field.len);

		if (equals) {
			name.len = (size_t)(equals - field.at);
			value = (struct str){ equals + 1, field.len - name.len - 1 };
		}
		DEFER(text_free) char *key = field_text(name);
		DEFER(text_free) char *text = field_text(value);

		if (!cJSON_GetObjectItemCaseSensitive(form, key))
			cJSON_AddStringToObject(form, key, text);
	}
	return form;
}

cJSON *text_value(struct str text)
{
	DEFER(text_free) char *plain = utf8_valid(text) ? str_dup(text) : text_dup("(bytes)");
	cJSON *json;

	return json_decode(text, &json) ? cJSON_CreateString(plain) : json;
}

cJSON *body_value(const cJSON *headers, struct str body, bool *ret_form)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(headers, "content-type");

	*ret_form = cJSON_IsString(type) && strncasecmp(type->valuestring, "application/x-www-form-urlencoded", 33) == 0;
	if (*ret_form && utf8_valid(body))
		return form_value(body);
	return body.len ? text_value(body) : NULL;
}

/* ---- secrets ------------------------------------------------------------- */

static char *base64(const char *text)
{
	size_t n = strlen(text), room = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);

	return sodium_bin2base64(mem_new(room, 1), room, (const unsigned char *)text, n, sodium_base64_VARIANT_ORIGINAL);
}

static bool header_is(const struct came *c, const char *name, const char *value)
{
	DEFER(text_free) char *small = text_dup(name);
	const cJSON *h;

	for (char *p = small; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	h = cJSON_GetObjectItemCaseSensitive(c->headers, small);
	return cJSON_IsString(h) && strcmp(h->valuestring, value) == 0;
}

static bool slot_came(const struct came *c, const struct secret_slot *slot)
{
	DEFER(text_free) char *played = text_fmt("played-%s", slot->name);
	DEFER(text_free) char *coded = base64(played);
	DEFER(text_free) char *bearer = text_fmt("Bearer %s", played);
	DEFER(text_free) char *basic = text_fmt("Basic %s", coded);
	DEFER(text_free) char *field = text_fmt("%s=%s", slot->field ? slot->field : "", played);
	struct str path;

	switch (slot->kind) {
	case SECRET_BEARER:
		return header_is(c, "authorization", bearer);
	case SECRET_BASIC:
		return header_is(c, "authorization", basic);
	case SECRET_HEADER:
		return header_is(c, slot->field, played);
	case SECRET_QUERY:
		return query_fits(str_of(field), after_path(c->target, &path), NULL);
	}
	return false;
}

const char *secret_of(const struct came *c, const struct manifest *m)
{
	for (size_t i = 0; c->target && i < m->secrets_n; i++)
		if (slot_came(c, &m->secrets[i]))
			return m->secrets[i].name;
	return NULL;
}

/* "<token>" within a frame is what a played connection puts there. */
static void put_secret(cJSON *value, const char *name)
{
	DEFER(text_free) char *mark = text_fmt("<%s>", name);
	const char *at = cJSON_IsString(value) ? strstr(value->valuestring, mark) : NULL;

	if (at) {
		char *with = text_fmt("%.*splayed-%s%s", (int)(at - value->valuestring), value->valuestring, name, at + strlen(mark));

		free(value->valuestring);
		value->valuestring = with;
	}
	for (cJSON *child = value->child; child; child = child->next)
		put_secret(child, name);
}

/* ---- whole steps --------------------------------------------------------- */

static char *headers_differ(const struct step *s, const struct came *c)
{
	const cJSON *h;

	cJSON_ArrayForEach(h, s->headers)
		if (!header_is(c, h->string, h->valuestring))
			return text_fmt("the header %s: %s is not there", h->string, h->valuestring);
	return NULL;
}

static char *value_fits(const struct step *s, const struct came *c, cJSON *vars)
{
	DEFER(json_drop) cJSON *expected = s->value ? cJSON_Duplicate(s->value, true) : NULL;
	DEFER(json_drop) cJSON *none = cJSON_CreateObject();

	if (!expected)
		return NULL;
	if (s->secret)
		put_secret(expected, s->secret);
	return value_differs(expected, c->value ? c->value : none, s->like, vars);
}

static char *request_fits(const struct step *s, const struct came *c, const struct manifest *m)
{
	const struct secret_slot *slot = s->secret && s->word == DO_HTTP ? manifest_secret(m, s->secret) : NULL;

	if (slot && !slot_came(c, slot))
		return text_fmt("it does not carry \"played-%s\" for %s", slot->name, slot->name);
	if (s->option && strcmp(s->option, "form") == 0 && !c->form)
		return text_dup("its body is no form");
	return headers_differ(s, c);
}

static char *fits(const struct step *s, const struct came *c, const struct manifest *m, cJSON *vars, bool *ret_near)
{
	char *why = NULL;

	*ret_near = s->word == c->word && (s->word != DO_HTTP || strcmp(s->name, c->method) == 0) &&
		    (!s->url || address_fits(s, c, m, vars)) && (s->word != DO_WS_CLOSE || s->status == c->code);
	if (!*ret_near)
		return text_dup("it is something else");
	if (s->word == DO_HTTP)
		why = request_fits(s, c, m);
	return why ? why : value_fits(s, c, vars);
}

char *step_fits(const struct step *s, const struct came *c, const struct manifest *m, cJSON *vars, bool *ret_near)
{
	DEFER(json_drop) cJSON *grown = cJSON_Duplicate(vars, true);
	char *why = fits(s, c, m, grown, ret_near);

	if (!why) {
		cJSON *old = vars->child;

		vars->child = grown->child;
		grown->child = old;
	}
	return why;
}

/* ---- what a request says to people --------------------------------------- */

/* "/rooms/{room}/messages" as "/rooms/$room/messages"; owned. */
static char *template_address(const char *url)
{
	struct buf b = buf_new(URL_MAX);

	for (; *url; url++) {
		if (*url == '{')
			buf_addc(&b, '$');
		else if (*url != '}')
			buf_addc(&b, *url);
	}
	return buf_take(&b);
}

/* An address that is one argument leads where its `match` says. */
static bool leads_to(const struct operation *o, const struct came *c)
{
	for (size_t i = 0; i < o->args_n; i++) {
		DEFER(text_free) char *whole = text_fmt("{%s}", o->args[i].name);
		const char *host = o->args[i].match ? strstr(o->args[i].match, "://") : NULL;

		if (host && strcmp(o->url, whole) == 0)
			return strcmp(host + 3, c->host) == 0;
	}
	return false;
}

static bool is_request_of(const struct operation *o, const struct came *c, const struct manifest *m)
{
	DEFER(text_free) char *url = o->url ? template_address(o->url) : NULL;
	DEFER(json_drop) cJSON *vars = cJSON_CreateObject();
	const struct step s = { .word = DO_HTTP, .name = o->method, .url = url };

	if (!url || strcmp(o->method, c->method) != 0)
		return false;
	return url[0] == '$' ? leads_to(o, c) : address_fits(&s, c, m, vars);
}

/* What stands in `value` where the template has "{name}". */
static const char *filled_in(const cJSON *template, const char *name, const cJSON *value)
{
	const char *found = NULL;

	if (cJSON_IsString(template))
		return strcmp(template->valuestring, name) == 0 && cJSON_IsString(value) ? value->valuestring : NULL;
	for (const cJSON *t = template->child; t && !found; t = t->next) {
		DEFER(text_free) char *key = t->string ? str_dup((struct str){ t->string, strcspn(t->string, "?") }) : NULL;
		const cJSON *v = key ? cJSON_GetObjectItemCaseSensitive(value, key) : NULL;

		found = v ? filled_in(t, name, v) : NULL;
	}
	return found;
}

const char *message_in(const struct came *c, const struct manifest *m, const char **ret_act)
{
	static const char *const acts[] = { "send", "edit", "reply" };

	for (size_t i = 0; c->word == DO_HTTP && i < m->operations_n; i++) {
		const struct operation *o = &m->operations[i];

		for (size_t k = 0; o->body && k < o->args_n * COUNT(acts); k++) {
			const struct argument *a = &o->args[k / COUNT(acts)];
			DEFER(text_free) char *is = text_fmt("%s.text", acts[k % COUNT(acts)]);
			DEFER(text_free) char *name = text_fmt("{%s}", a->name);

			if (!a->is || strcmp(a->is, is) != 0 || !is_request_of(o, c, m))
				continue;
			*ret_act = acts[k % COUNT(acts)];
			return filled_in(o->body, name, c->value);
		}
	}
	return NULL;
}

/* ---- what is sent -------------------------------------------------------- */

static void invent(const char *name, size_t n, cJSON *vars, int *count)
{
	DEFER(text_free) char *key = text_fmt("%.*s", (int)n, name);
	DEFER(text_free) char *text = text_fmt("%s-%d", key + 1, *count + 1);

	if (cJSON_GetObjectItemCaseSensitive(vars, key))
		return;
	++*count;
	json_add(vars, key, cJSON_CreateString(text));
}

static bool is_address(const char *text)
{
	return strncmp(text, "wss://", 6) == 0 || strncmp(text, "https://", 8) == 0;
}

static void add_plain(struct buf *b, const cJSON *value)
{
	if (cJSON_IsString(value))
		buf_adds(b, value->valuestring);
	else
		json_encode(b, value);
}

static void fill_address(cJSON *value, cJSON *vars, int *count)
{
	struct buf b = buf_new(URL_MAX);

	for (const char *at = value->valuestring; *at;) {
		size_t n = variable_length(at);
		DEFER(text_free) char *key = text_fmt("%.*s", (int)n, at);

		if (n) {
			invent(at, n, vars, count);
			add_plain(&b, cJSON_GetObjectItemCaseSensitive(vars, key));
		} else {
			buf_addc(&b, *at);
		}
		at += n ? n : 1;
	}
	free(value->valuestring);
	value->valuestring = buf_take(&b);
}

static void prepare(cJSON *value, cJSON *vars, int *count)
{
	if (is_variable(value))
		invent(value->valuestring, strlen(value->valuestring), vars, count);
	else if (cJSON_IsString(value) && is_address(value->valuestring))
		fill_address(value, vars, count);
	for (cJSON *c = value->child; c; c = c->next)
		prepare(c, vars, count);
}

cJSON *value_invent(const cJSON *value, cJSON *vars, int *count)
{
	DEFER(json_drop) cJSON *copy = cJSON_Duplicate(value, true);

	prepare(copy, vars, count);
	return value_fill(copy, vars);
}
