/* render.c - see render.h.
 *
 * specs are read strictly (manifest_template.c): every placeholder names something that
 * may stand there, and the URL's server is written out. What is left to judge here are
 * values. */
#include "render.h"
#include "limits.h"
#include "url.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char complaint[400];

struct scope {			/* what placeholders name */
	const cJSON *args, *config, *core;
};

static const char *complain(const char *fmt, ...) PRINTF(1, 2);
static const char *complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(complaint, sizeof complaint, fmt, ap);
	va_end(ap);
	return complaint;
}

/* ---- placeholders -------------------------------------------------------- */

static const cJSON *find(const struct scope *s, struct str name)
{
	DEFER(text_free) char *text = str_dup(name);
	const cJSON *secret = str_is(name, "secret") ? cJSON_GetObjectItemCaseSensitive(s->core, "secret") : NULL;

	if (secret)
		return secret;
	if (str_starts(name, "core."))
		return cJSON_GetObjectItemCaseSensitive(s->core, text);
	if (str_starts(name, "config."))
		return cJSON_GetObjectItemCaseSensitive(s->config, text + strlen("config."));
	return cJSON_GetObjectItemCaseSensitive(s->args, text);
}

/* The name in "{name}", when that is all. */
static bool is_placeholder(struct str text, struct str *ret_name)
{
	if (text.len < 2 || text.at[0] != '{' || memchr(text.at, '}', text.len) != text.at + text.len - 1)
		return false;
	*ret_name = (struct str){ text.at + 1, text.len - 2 };
	return true;
}

/* Writes a template that stands within text. False and its name when a value is absent. */
static bool put(struct buf *b, const struct scope *s, struct str template, bool encode, struct str *ret_absent)
{
	for (size_t i = 0; i < template.len; i++) {
		const char *close = template.at[i] == '{' ? memchr(template.at + i, '}', template.len - i) : NULL;
		struct str name = { template.at + i + 1, close ? (size_t)(close - template.at) - i - 1 : 0 };
		DEFER(text_free) char *text = NULL;
		const cJSON *value;

		if (!close) {
			buf_addc(b, template.at[i]);
			continue;
		}
		value = find(s, name);
		if (!value) {
			*ret_absent = name;
			return false;
		}
		text = type_text(value);
		if (encode)
			type_encode(b, text);
		else
			buf_adds(b, text);
		i += name.len + 1;
	}
	return true;
}

/* ---- arguments ----------------------------------------------------------- */

/* Those that we fill in ourselves. */
static const char *fill_in(const struct operation *op, const cJSON *core, cJSON *args)
{
	for (size_t i = 0; i < op->args_n; i++) {
		const struct argument *a = &op->args[i];
		const cJSON *value = a->is ? cJSON_GetObjectItemCaseSensitive(core, a->is) : NULL;
		cJSON *normal = NULL;
		const char *why;

		if (!a->is || (!value && (a->optional || a->fallback)))
			continue;
		why = value ? type_check(a, value, &normal) : "is missing: the core has no value for it";
		if (why)
			return complain("\"%s\" (%s) %s", a->name, a->is, why);
		cJSON_DeleteItemFromObjectCaseSensitive(args, a->name);
		json_add(args, a->name, normal);
	}
	return NULL;
}

/* ---- URL ----------------------------------------------------------------- */

static struct str until(struct str s, const char *stops)
{
	size_t n = 0;

	while (n < s.len && !(s.at[n] && strchr(stops, s.at[n])))
		n++;
	return (struct str){ s.at, n };
}

static struct str after(struct str s, size_t n)
{
	return n < s.len ? (struct str){ s.at + n, s.len - n } : (struct str){ s.at + s.len, 0 };
}

/* An argument that is a whole address: a query may follow it. */
static struct str put_address(struct buf *b, const struct scope *s, struct str url)
{
	size_t n = until(url, "}").len;
	const char *address = cJSON_GetStringValue(find(s, (struct str){ url.at + 1, n - 1 })), *host;

	buf_adds(b, address);
	host = address ? strstr(address, "://") : NULL;
	if (host && !strpbrk(host + 3, "/?"))
		buf_addc(b, '/');
	return after(url, n + 1);
}

/* Writes scheme and host, or the prefix that stands for them, and returns the rest. */
static struct str put_server(struct buf *b, const struct manifest *m, const struct scope *s, const char *url)
{
	static const char base_mark[] = "{config.base}";
	struct str whole = str_of(url);
	size_t n;

	if (url[0] == '/') {
		buf_adds(b, m->base);
		return whole;
	}
	if (str_starts(whole, base_mark)) {
		buf_adds(b, json_text(s->config, "/base"));
		return after(whole, strlen(base_mark));
	}
	if (url[0] == '{')
		return put_address(b, s, whole);
	n = (size_t)(strstr(url, "://") + 3 - url);
	n += until(after(whole, n), "/?").len;
	buf_add(b, url, n);
	return after(whole, n);
}

static const char *put_segment(struct buf *b, const struct scope *s, struct str segment)
{
	size_t from = b->len;
	struct str absent, made;

	if (!put(b, s, segment, true, &absent))
		return complain("\"%.*s\" is missing, and the URL needs it", (int)absent.len, absent.at);
	made = after(buf_str(b), from);
	if (!memchr(segment.at, '{', segment.len) || (made.len && !str_is(made, ".") && !str_is(made, "..")))
		return NULL;
	return complain("%.*s would make \"%.*s\" a step of the URL's path", (int)segment.len, segment.at, (int)made.len, made.at);
}

static const char *put_path(struct buf *b, const struct scope *s, struct str path)
{
	const char *why = NULL;

	while (path.len && !why) {
		struct str segment = until(after(path, 1), "/");

		buf_addc(b, '/');
		why = put_segment(b, s, segment);
		path = after(path, 1 + segment.len);
	}
	return why;
}

/* A pair whose value is absent is left out. */
static void put_query(struct buf *b, const struct scope *s, struct str query)
{
	char sign = b->len && memchr(b->at, '?', b->len) ? '&' : '?';

	while (query.len) {
		struct str pair = until(query, "&"), absent;
		size_t from = b->len;

		buf_addc(b, sign);
		if (put(b, s, pair, true, &absent))
			sign = '&';
		else
			buf_cut(b, from);
		query = after(query, pair.len + 1);
	}
}

static const char *render_url(const struct manifest *m, const struct scope *s, const char *template, char **ret)
{
	DEFER(buf_free) struct buf b = buf_new(URL_MAX);
	struct str rest = put_server(&b, m, s, template), path = until(rest, "?");
	const char *why = put_path(&b, s, path);

	if (why)
		return why;
	put_query(&b, s, after(rest, path.len + 1));
	if (buf_status(&b) != OK)
		return complain("the URL would be longer than %d bytes: give shorter arguments", URL_MAX);
	*ret = buf_take(&b);
	return NULL;
}

/* ---- headers and body ---------------------------------------------------- */

/* A copy of the template with its values; NULL where it names what is absent. */
static cJSON *expand(const struct scope *s, const cJSON *template);

static cJSON *expand_text(const struct scope *s, const char *template)
{
	DEFER(buf_free) struct buf b = buf_new(REQUEST_MAX);
	struct str name, absent;

	if (!strchr(template, '{'))
		return cJSON_CreateString(template);
	if (is_placeholder(str_of(template), &name)) {
		const cJSON *value = find(s, name);

		return value ? cJSON_Duplicate(value, true) : NULL;
	}
	return put(&b, s, str_of(template), false, &absent) ? cJSON_CreateString(buf_text(&b)) : NULL;
}

/* "name?arg" is written only where arg is given; of several with one name the first that is. */
static void expand_member(const struct scope *s, const cJSON *member, cJSON *ret)
{
	const char *mark = strchr(member->string, '?');
	DEFER(text_free) char *name = str_dup((struct str){ member->string, strcspn(member->string, "?") });

	if ((!mark || find(s, str_of(mark + 1))) && !cJSON_GetObjectItemCaseSensitive(ret, name))
		json_add(ret, name, expand(s, member));
}

static cJSON *expand(const struct scope *s, const cJSON *template)
{
	cJSON *made;

	if (cJSON_IsString(template))
		return expand_text(s, template->valuestring);
	if (!cJSON_IsObject(template) && !cJSON_IsArray(template))
		return cJSON_Duplicate(template, false);
	made = cJSON_IsObject(template) ? cJSON_CreateObject() : cJSON_CreateArray();
	for (const cJSON *c = template->child; c; c = c->next) {
		cJSON *item = c->string ? NULL : expand(s, c);

		if (c->string)
			expand_member(s, c, made);
		else if (item)
			cJSON_AddItemToArray(made, item);
	}
	return made;
}

static bool fits_header(const char *value)
{
	for (; *value; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7F)
			return false;
	return true;
}

static const char *put_headers(const struct scope *s, const cJSON *templates, cJSON *ret)
{
	for (const cJSON *h = json_first(templates); h; h = h->next) {
		DEFER(json_drop) cJSON *value = expand(s, h);
		DEFER(text_free) char *text = value ? type_text(value) : NULL;

		if (!text)
			continue;
		if (!fits_header(text))
			return complain("%s has a line break or control character, and goes into the header \"%s\"",
					h->valuestring, h->string);
		json_add(ret, h->string, cJSON_CreateString(text));
	}
	return NULL;
}

static void encode_form(struct buf *b, const cJSON *body)
{
	for (const cJSON *c = json_first(body); c; c = c->next) {
		DEFER(text_free) char *text = type_text(c);

		if (c != body->child)
			buf_addc(b, '&');
		type_encode(b, c->string);
		buf_addc(b, '=');
		type_encode(b, text);
	}
}

static const char *put_body(const struct operation *op, const struct scope *s, struct request *r)
{
	DEFER(buf_free) struct buf b = buf_new(REQUEST_MAX);

	r->json = op->body ? expand(s, op->body) : NULL;
	if (!r->json)
		return NULL;
	json_mend(r->json);
	if (op->form)
		encode_form(&b, r->json);
	else
		json_encode(&b, r->json);
	if (buf_status(&b) != OK)
		return complain("the request would be larger than %d bytes", REQUEST_MAX);
	r->body = buf_take(&b);
	json_add(r->headers, "content-type",
		 cJSON_CreateString(op->form ? "application/x-www-form-urlencoded" : "application/json"));
	return NULL;
}

/* ---- the whole ----------------------------------------------------------- */

const char *render(const struct manifest *m, const struct operation *op, const cJSON *config,
		   const cJSON *args, const cJSON *core, struct request *ret)
{
	struct request r = { .op = op, .secret = op->secret };
	DEFER(json_drop) cJSON *normal = NULL;
	struct scope s = { .config = config, .core = core };
	const char *why = arguments_check(op->args, op->args_n, args, &normal);

	if (!why)
		why = fill_in(op, core, normal);
	s.args = normal;
	r.headers = cJSON_CreateObject();
	if (!why && op->url)
		why = render_url(m, &s, op->url, &r.url);
	if (!why)
		why = put_headers(&s, op->headers, r.headers);
	if (!why)
		why = put_body(op, &s, &r);
	if (why)
		request_free(&r);
	else
		*ret = r;
	return why;
}

void request_free(struct request *r)
{
	free(r->url);
	free(r->body);
	json_drop(&r->headers);
	json_drop(&r->json);
	*r = (struct request){ 0 };
}

bool request_too_large(const struct manifest *m, const struct request *r)
{
	return r->body && strlen(r->body) > (size_t)m->limits.request_bytes;
}

char *url_origin(const char *url)
{
	DEFER(text_free) char *server = text_dup(url);
	const char *host = server ? strstr(server, "://") : NULL, *port;
	size_t n;

	if (!host)
		return NULL;
	server[strcspn(host + 3, "/?#") + (size_t)(host + 3 - server)] = '\0';
	for (char *c = server; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (url_server(str_of(server), URL_LOCAL, &n) != NULL)
		return NULL;
	port = strrchr(host, ':');
	if (port > host && !strchr(port, ']'))
		return text_fmt("%.*s:%d", (int)(port - server), server, (int)strtol(port + 1, NULL, 10));
	return text_fmt("%s:%d", server, strncmp(server, "https:", 6) == 0 ? 443 : 80);
}
