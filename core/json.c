/* json.c - see json.h.
 *
 * Decoding is one pass that judges the text and writes a form of it that cJSON
 * keeps whole, then cJSON's own parse, then a look for names that come twice. */
#include "json.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 1024, EXACT_DIGITS = 15 };

/* ---- judging and cleaning ------------------------------------------------ */

struct reader {
	struct str in;
	size_t at;
	int depth;
	const char *why;
	struct buf out;		/* what cJSON is given */
};

static char complaint[200];

static int line_of(struct str text, size_t at)
{
	int line = 1;

	for (size_t i = 0; i < at && i < text.len; i++)
		line += text.at[i] == '\n';
	return line;
}

static bool fail(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return false;
}

static int peek(const struct reader *r)
{
	return r->at < r->in.len ? (unsigned char)r->in.at[r->at] : -1;
}

static void space(struct reader *r)
{
	int c;

	while ((c = peek(r)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		r->at++;
}

static int hex4(const struct reader *r, size_t at)
{
	int code = 0;

	if (at + 4 > r->in.len)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		char c = r->in.at[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

/* At "\uXXXX". A pair goes on as it stands; half of one as its three bytes. */
static bool escaped_code(struct reader *r)
{
	int code = hex4(r, r->at + 2), low = -1;

	if (code < 0)
		return fail(r, "a \\u needs four hexadecimal digits");
	if (code == 0)
		return fail(r, "\\u0000 is not taken");
	if (code >= 0xD800 && code <= 0xDBFF && r->at + 8 <= r->in.len &&
	    r->in.at[r->at + 6] == '\\' && r->in.at[r->at + 7] == 'u')
		low = hex4(r, r->at + 8);
	if (low >= 0xDC00 && low <= 0xDFFF) {
		buf_add(&r->out, r->in.at + r->at, 12);
		r->at += 12;
		return true;
	}
	if (code >= 0xD800 && code <= 0xDFFF)
		utf8_put(&r->out, (unsigned)code);
	else
		buf_add(&r->out, r->in.at + r->at, 6);
	r->at += 6;
	return true;
}

static bool string(struct reader *r)
{
	r->at++;
	buf_addc(&r->out, '"');
	for (;;) {
		int c = peek(r);

		if (c < 0)
			return fail(r, "a string does not end");
		if (c < 0x20)
			return fail(r, "a control character stands in a string");
		if (c == '\\') {
			int e = r->at + 1 < r->in.len ? r->in.at[r->at + 1] : -1;

			if (e == 'u') {
				if (!escaped_code(r))
					return false;
				continue;
			}
			if (e < 1 || !strchr("\"\\/bfnrt", e))
				return fail(r, "no such escape in a string");
			buf_add(&r->out, r->in.at + r->at, 2);
			r->at += 2;
			continue;
		}
		buf_addc(&r->out, (char)c);
		r->at++;
		if (c == '"')
			return true;
	}
}

static size_t digits(struct reader *r)
{
	size_t from = r->at;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->at++;
	return r->at - from;
}

/* Can a double hold this number, and give it back? */
static bool exact(const char *text, bool whole)
{
	double d = strtod(text, NULL);
	char again[32];

	if (!isfinite(d))
		return false;
	if (!whole || strlen(text) <= EXACT_DIGITS)
		return true;
	if (fabs(d) > 9007199254740992.0)
		return false;
	snprintf(again, sizeof again, "%.0f", d);
	return strcmp(again, text) == 0;
}

static bool number(struct reader *r)
{
	size_t from = r->at;
	bool whole = true;
	char *text;

	if (peek(r) == '-')
		r->at++;
	if (peek(r) == '0' && r->at + 1 < r->in.len && r->in.at[r->at + 1] >= '0' && r->in.at[r->at + 1] <= '9')
		return fail(r, "a number begins with 0");
	if (digits(r) == 0)
		return fail(r, "no value stands here");
	if (peek(r) == '.') {
		whole = false;
		r->at++;
		if (digits(r) == 0)
			return fail(r, "a number ends in its point");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		whole = false;
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (digits(r) == 0)
			return fail(r, "a number lacks its exponent");
	}
	text = str_dup((struct str){ r->in.at + from, r->at - from });
	buf_addf(&r->out, exact(text, whole) ? "%s" : "\"%s\"", text);
	free(text);
	return true;
}

static bool word(struct reader *r, const char *name)
{
	struct str rest = { r->in.at + r->at, r->in.len - r->at };

	if (!str_starts(rest, name))
		return fail(r, "no value stands here");
	buf_adds(&r->out, name);
	r->at += strlen(name);
	return true;
}

static bool value(struct reader *r);

static bool member(struct reader *r)
{
	if (peek(r) != '"')
		return fail(r, "a member's name must be a string");
	if (!string(r))
		return false;
	space(r);
	if (peek(r) != ':')
		return fail(r, "a colon is missing");
	r->at++;
	buf_addc(&r->out, ':');
	return value(r);
}

static bool list(struct reader *r, char close, bool (*item)(struct reader *))
{
	buf_addc(&r->out, r->in.at[r->at++]);
	if (++r->depth > JSON_DEPTH_MAX)
		return fail(r, "nested too deeply");
	space(r);
	while (peek(r) != close) {
		if (!item(r))
			return false;
		space(r);
		if (peek(r) == close)
			break;
		if (peek(r) != ',')
			return fail(r, peek(r) < 0 ? "the text ends too early" : "a comma is missing");
		r->at++;
		buf_addc(&r->out, ',');
		space(r);
		if (peek(r) == close)
			return fail(r, "a comma stands before the end");
	}
	r->at++;
	r->depth--;
	buf_addc(&r->out, close);
	return true;
}

static bool value(struct reader *r)
{
	space(r);
	switch (peek(r)) {
	case '{': return list(r, '}', member);
	case '[': return list(r, ']', value);
	case '"': return string(r);
	case 't': return word(r, "true");
	case 'f': return word(r, "false");
	case 'n': return word(r, "null");
	case -1: return fail(r, "the text ends too early");
	default: return number(r);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The first name that an object below `json` has twice, or NULL. */
static const char *twice(const cJSON *json)
{
	const cJSON *item = json_first(json);
	int n = json_count(json), i = 0;
	const char **names, *found = NULL;

	for (const cJSON *c = item; c && !found; c = c->next)
		found = twice(c);
	if (found || !cJSON_IsObject(json) || n < 2)
		return found;
	names = mem_new((size_t)n, sizeof *names);
	for (; item; item = item->next)
		names[i++] = item->string;
	qsort(names, (size_t)n, sizeof *names, by_name);
	for (i = 1; i < n && !found; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			found = names[i];
	free(names);
	return found;
}

const char *json_decode(struct str text, cJSON **ret)
{
	struct reader r = { .in = text, .out = buf_new(text.len * 3 + 64) };
	const char *again = NULL;
	cJSON *tree = NULL;

	if (!utf8_valid(text)) {
		fail(&r, "not UTF-8");
	} else if (value(&r)) {
		space(&r);
		if (r.at < text.len)
			fail(&r, "something follows the value");
	}
	if (!r.why) {
		assert(!r.out.full);
		tree = cJSON_ParseWithLength(buf_text(&r.out), r.out.len);
		if (!tree)
			fail(&r, "cJSON does not take it");
	}
	buf_free(&r.out);
	if (tree)
		again = twice(tree);
	if (again) {
		snprintf(complaint, sizeof complaint, "line %d: \"%.60s\" comes twice in one object",
			 line_of(text, text.len), again);
		cJSON_Delete(tree);
		return complaint;
	}
	if (r.why) {
		snprintf(complaint, sizeof complaint, "line %d: %s", line_of(text, r.at), r.why);
		return complaint;
	}
	*ret = tree;
	return NULL;
}

/* ---- printing ------------------------------------------------------------ */

/* One of the three-byte forms of half a surrogate pair, or 0. */
static unsigned half_pair(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;

	if (u[0] != 0xED || (u[1] & 0xE0) != 0xA0 || (u[2] & 0xC0) != 0x80)
		return 0;
	return 0xD000u | (u[1] & 0x3Fu) << 6 | (u[2] & 0x3Fu);
}

static void encode_string(struct buf *b, const char *s)
{
	static const char *const short_form[0x20] = {
		['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t",
	};

	buf_addc(b, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		unsigned half = half_pair(s);

		if (half) {
			buf_addf(b, "\\u%04x", half);
			s += 2;
		} else if (c < 0x20) {
			if (short_form[c])
				buf_adds(b, short_form[c]);
			else
				buf_addf(b, "\\u%04x", c);
		} else {
			if (c == '"' || c == '\\')
				buf_addc(b, '\\');
			buf_addc(b, (char)c);
		}
	}
	buf_addc(b, '"');
}

static void encode_number(struct buf *b, double d)
{
	char text[32];

	assert(isfinite(d));
	if (d == floor(d) && fabs(d) <= 9007199254740992.0) {
		buf_addf(b, "%.0f", d == 0 ? 0.0 : d);
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(text, sizeof text, "%.*g", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_adds(b, text);
}

static void encode_list(struct buf *b, const cJSON *json)
{
	bool object = cJSON_IsObject(json);

	buf_addc(b, object ? '{' : '[');
	for (const cJSON *c = json->child; c; c = c->next) {
		if (c != json->child)
			buf_addc(b, ',');
		if (object) {
			encode_string(b, c->string);
			buf_addc(b, ':');
		}
		json_encode(b, c);
	}
	buf_addc(b, object ? '}' : ']');
}

void json_encode(struct buf *b, const cJSON *json)
{
	switch (json->type & 0xFF) {
	case cJSON_False: buf_adds(b, "false"); break;
	case cJSON_True: buf_adds(b, "true"); break;
	case cJSON_NULL: buf_adds(b, "null"); break;
	case cJSON_Number: encode_number(b, json->valuedouble); break;
	case cJSON_String: encode_string(b, json->valuestring); break;
	default: encode_list(b, json);
	}
}

char *json_print(const cJSON *json)
{
	struct buf b = buf_new((size_t)1 << 30);

	json_encode(&b, json);
	return buf_take(&b);
}

/* ---- places -------------------------------------------------------------- */

/* Steps over the next part of a pointer, unescaped into part; false at its end. */
static bool next_part(const char **at, char part[NAME_MAX_BYTES])
{
	size_t n = 0;
	const char *p = *at;

	if (*p != '/')
		return false;
	for (p++; *p && *p != '/'; p++) {
		char c = *p;

		if (c == '~' && (p[1] == '0' || p[1] == '1'))
			c = *++p == '0' ? '~' : '/';
		if (n < NAME_MAX_BYTES - 1)
			part[n++] = c;
	}
	part[n] = '\0';
	*at = p;
	return true;
}

/* The position that `part` names within an array of n, or -1. */
static int position(const char *part, int n)
{
	size_t len = strlen(part);

	if (len == 0 || len > 9 || strspn(part, "0123456789") != len || (part[0] == '0' && len > 1))
		return -1;
	return strtol(part, NULL, 10) < n ? (int)strtol(part, NULL, 10) : -1;
}

const cJSON *json_at(const cJSON *root, const char *at)
{
	char part[NAME_MAX_BYTES];

	while (root && next_part(&at, part)) {
		if (cJSON_IsObject(root))
			root = cJSON_GetObjectItemCaseSensitive(root, part);
		else if (cJSON_IsArray(root))
			root = cJSON_GetArrayItem(root, position(part, json_count(root)));
		else
			root = NULL;
	}
	return root && !cJSON_IsNull(root) ? root : NULL;
}

static void skip_string(struct reader *r)
{
	for (r->at++; r->at < r->in.len && r->in.at[r->at] != '"'; r->at++)
		if (r->in.at[r->at] == '\\')
			r->at++;
	r->at++;
}

static void skip_value(struct reader *r)
{
	int depth = 0;

	do {
		int c = peek(r);

		if (c == '"') {
			skip_string(r);
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		if (c == '}' || c == ']')
			depth--;
		r->at++;
	} while (r->at < r->in.len &&
		 (depth > 0 || !strchr(",]} \t\r\n", r->in.at[r->at])));
}

/* Moves r from the start of a value to the start of the part below it. */
static bool enter(struct reader *r, const char *part)
{
	bool object = peek(r) == '{';
	int want = object ? 0 : position(part, 1 << 29);

	if (!object && peek(r) != '[')
		return false;
	r->at++;
	for (int i = 0;; i++) {
		size_t name = r->at;

		space(r);
		if (peek(r) == ']' || peek(r) == '}' || peek(r) < 0)
			return false;
		name = r->at + 1;
		if (object) {
			skip_string(r);
			bool found = r->at - 1 - name == strlen(part) && memcmp(r->in.at + name, part, strlen(part)) == 0;

			space(r);
			r->at++;
			space(r);
			if (found)
				return true;
		} else if (i == want) {
			return true;
		}
		skip_value(r);
		space(r);
		if (peek(r) == ',')
			r->at++;
	}
}

int json_line(struct str text, const char *at)
{
	struct reader r = { .in = text };
	char part[NAME_MAX_BYTES];
	size_t found;

	space(&r);
	found = r.at;
	while (next_part(&at, part) && enter(&r, part))
		found = r.at;
	return line_of(text, found);
}

/* ---- reading ------------------------------------------------------------- */

const char *json_text(const cJSON *root, const char *at)
{
	const cJSON *item = json_at(root, at);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

bool json_is(const cJSON *root, const char *at, const char *text)
{
	const char *found = json_text(root, at);

	return found && text && strcmp(found, text) == 0;
}

bool json_true(const cJSON *root, const char *at)
{
	return cJSON_IsTrue(json_at(root, at));
}

bool json_number(const cJSON *root, const char *at, int64_t min, int64_t max, int64_t *ret)
{
	const cJSON *item = json_at(root, at);
	double d = cJSON_IsNumber(item) ? item->valuedouble : NAN;

	if (!(fabs(d) <= 9007199254740992.0) || d != floor(d))
		return false;
	if ((int64_t)d < min || (int64_t)d > max)
		return false;
	*ret = (int64_t)d;
	return true;
}

char *json_id(const cJSON *root, const char *at)
{
	const char *text = json_text(root, at);
	int64_t n;

	if (json_number(root, at, INT64_MIN, INT64_MAX, &n))
		return text_fmt("%lld", (long long)n);
	return text && *text ? text_dup(text) : NULL;
}

const cJSON *json_first(const cJSON *list)
{
	return cJSON_IsArray(list) || cJSON_IsObject(list) ? list->child : NULL;
}

const cJSON *json_next(const cJSON *item)
{
	return item ? item->next : NULL;
}

const char *json_name(const cJSON *item)
{
	return item ? item->string : NULL;
}

int json_count(const cJSON *list)
{
	int n = 0;

	for (const cJSON *c = json_first(list); c; c = c->next)
		n++;
	return n;
}

void json_drop(cJSON **json)
{
	cJSON_Delete(*json);
	*json = NULL;
}

bool json_same(const cJSON *a, const cJSON *b)
{
	if (!a || !b || (a->type & 0xFF) != (b->type & 0xFF))
		return a == b;
	if (cJSON_IsString(a))
		return strcmp(a->valuestring, b->valuestring) == 0;
	if (cJSON_IsNumber(a))
		return a->valuedouble == b->valuedouble;
	if (json_count(a) != json_count(b))
		return false;
	for (const cJSON *c = json_first(a), *d = json_first(b); c; c = c->next, d = d->next)
		if (!json_same(c, cJSON_IsObject(a) ? cJSON_GetObjectItemCaseSensitive(b, c->string) : d))
			return false;
	return true;
}

/* ---- mending ------------------------------------------------------------- */

char *text_mend(const char *text)
{
	struct buf b = buf_new(strlen(text) + 1);

	for (; *text; text++) {
		unsigned high = half_pair(text), low = high ? half_pair(text + 3) : 0;

		if (!high) {
			buf_addc(&b, *text);
		} else if (high < 0xDC00 && low >= 0xDC00) {
			utf8_put(&b, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
			text += 5;
		} else {
			utf8_put(&b, 0xFFFD);
			text += 2;
		}
	}
	return buf_take(&b);
}

static void mend(char **text)
{
	char *mended;

	if (!*text || !strchr(*text, '\xED'))
		return;
	mended = text_mend(*text);
	memcpy(*text, mended, strlen(mended) + 1);	/* never longer: a half is three bytes, and so is U+FFFD */
	free(mended);
}

void json_mend(cJSON *json)
{
	if (cJSON_IsString(json))
		mend(&json->valuestring);
	for (cJSON *c = json->child; c; c = c->next) {
		mend(&c->string);
		json_mend(c);
	}
}

/* ---- building ------------------------------------------------------------ */

void json_add(cJSON *object, const char *name, cJSON *item)
{
	if (item)
		cJSON_AddItemToObject(object, name, item);
}

static cJSON *copy(const cJSON *json)
{
	return cJSON_Duplicate(json, true);
}

static cJSON *guided_object(const char **guide, va_list *ap, cJSON *(*share)(const cJSON *));

static cJSON *text_item(const char *text)
{
	return text ? cJSON_CreateString(text) : NULL;
}

static cJSON *str_item(struct str s)
{
	char *text = str_dup(s);
	cJSON *item = cJSON_CreateString(text);

	free(text);
	return item;
}

/* One value of a guide: %s %S %d %D %b %j, 'word' or an object. */
static cJSON *guided_value(const char **guide, va_list *ap, cJSON *(*share)(const cJSON *))
{
	const char *g = *guide;
	const cJSON *json;

	if (*g == '{')
		return guided_object(guide, ap, share);
	if (*g == '\'') {
		size_t n = strcspn(g + 1, "'");

		assert(g[1 + n] == '\'');
		*guide = g + n + 2;
		return str_item((struct str){ g + 1, n });
	}
	assert(g[0] == '%' && g[1]);
	*guide = g + 2;
	switch (g[1]) {
	case 's': return text_item(va_arg(*ap, const char *));
	case 'S': return str_item(va_arg(*ap, struct str));
	case 'd': return cJSON_CreateNumber(va_arg(*ap, int));
	case 'D': return cJSON_CreateNumber((double)va_arg(*ap, int64_t));
	case 'b': return cJSON_CreateBool(va_arg(*ap, int));
	case 'j':
		json = va_arg(*ap, const cJSON *);
		return json ? share(json) : NULL;
	}
	assert(!"a letter that the guide does not have");
	return NULL;
}

static cJSON *guided_object(const char **guide, va_list *ap, cJSON *(*share)(const cJSON *))
{
	cJSON *object = cJSON_CreateObject();
	char name[NAME_MAX_BYTES];

	assert(**guide == '{');
	while (*++*guide != '}') {
		size_t n = strcspn(*guide, ":");

		assert((*guide)[n] == ':' && n > 0 && n < sizeof name);
		memcpy(name, *guide, n);
		name[n] = '\0';
		*guide += n + 1;
		json_add(object, name, guided_value(guide, ap, share));
		assert(**guide == ',' || **guide == '}');
		if (**guide == '}')
			break;
	}
	++*guide;
	return object;
}

cJSON *json_guide(const char *guide, va_list ap, cJSON *(*share)(const cJSON *))
{
	va_list mine;
	cJSON *object;

	va_copy(mine, ap);
	object = guided_object(&guide, &mine, share);
	va_end(mine);
	assert(*guide == '\0');
	return object;
}

cJSON *json_build(const char *guide, ...)
{
	va_list ap;
	cJSON *object;

	va_start(ap, guide);
	object = json_guide(guide, ap, copy);
	va_end(ap);
	return object;
}
