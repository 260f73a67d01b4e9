/* scrub.c - see scrub.h */
#include "scrub.h"
#include "limits.h"
#include <assert.h>
#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct form {			/* one way in which a value may be written */
	unsigned char *at;	/* from sodium_malloc */
	size_t len;
	char *mark;		/* "<NAME>" */
	struct form *next;	/* shorter or as long: what lies within another goes after it */
};
struct scrub { struct form *forms; };

struct scrub *scrub_new(void)
{
	struct scrub *s = calloc(1, sizeof *s);

	if (!s || sodium_init() < 0)
		abort();
	return s;
}

void scrub_free(struct scrub *s)
{
	struct form *f, *next;

	for (f = s ? s->forms : NULL; f; f = next) {
		next = f->next;
		sodium_free(f->at);
		free(f->mark);
		free(f);
	}
	free(s);
}

static bool has(const struct scrub *s, struct str form)
{
	for (const struct form *f = s->forms; f; f = f->next)
		if (f->len == form.len && memcmp(f->at, form.at, form.len) == 0)
			return true;
	return false;
}

static void add_form(struct scrub *s, const char *name, struct str form)
{
	struct form **at = &s->forms, *f;

	if (form.len < SCRUB_MIN || has(s, form))
		return;
	f = calloc(1, sizeof *f);
	if (!f)
		abort();
	f->at = sodium_malloc(form.len);
	if (!f->at)
		abort();
	memcpy(f->at, form.at, form.len);
	f->len = form.len;
	f->mark = text_fmt("<%s>", name);
	while (*at && (*at)->len > f->len)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
}

/* ---- forms --------------------------------------------------------------- */

/* The characters of base64 that come from this value alone, when `before` bytes (modulo
 * 3) stand before it and anything behind it. */
static void add_base64(struct scrub *s, const char *name, struct str value, size_t before, int variant)
{
	size_t bytes = before + value.len, room = sodium_base64_ENCODED_LEN(bytes, variant);
	size_t from = (before * 8 + 5) / 6, to = bytes * 8 / 6;
	unsigned char *in = sodium_malloc(bytes);
	char *out = sodium_malloc(room);

	if (!in || !out)
		abort();
	memset(in, 0, before);
	memcpy(in + before, value.at, value.len);
	sodium_bin2base64(out, room, in, bytes, variant);
	add_form(s, name, (struct str){ out + from, to - from });
	sodium_free(in);
	sodium_free(out);
}

static void put_percent(struct buf *b, unsigned char c, bool upper)
{
	if (isalnum(c) || memchr("-._~", c, 4))
		buf_addc(b, (char)c);
	else
		buf_addf(b, upper ? "%%%02X" : "%%%02x", c);
}

/* As in a form, where a space is "+". */
static void put_form(struct buf *b, unsigned char c, bool upper)
{
	if (c == ' ')
		buf_addc(b, '+');
	else
		put_percent(b, c, upper);
}

static void put_json(struct buf *b, unsigned char c, bool slash)
{
	if (c == '"' || c == '\\' || (slash && c == '/'))
		buf_addc(b, '\\');
	buf_addc(b, (char)c);
}

static void add_written(struct scrub *s, const char *name, struct str value,
			void (*put)(struct buf *b, unsigned char c, bool flag), bool flag)
{
	struct buf b = buf_new(SECRET_MAX * 3);

	for (size_t i = 0; i < value.len; i++)
		put(&b, (unsigned char)value.at[i], flag);
	assert(buf_status(&b) == OK);
	add_form(s, name, buf_str(&b));
	sodium_memzero(b.at, b.len);
	buf_free(&b);
}

void scrub_add(struct scrub *s, const char *name, struct str value)
{
	static void (*const puts[])(struct buf *b, unsigned char c, bool flag) = { put_percent, put_form, put_json };

	if (value.len < SCRUB_MIN)
		return;
	add_form(s, name, value);
	for (size_t before = 0; before < 3; before++) {
		add_base64(s, name, value, before, sodium_base64_VARIANT_ORIGINAL);
		add_base64(s, name, value, before, sodium_base64_VARIANT_URLSAFE);
	}
	for (size_t i = 0; i < COUNT(puts); i++) {
		add_written(s, name, value, puts[i], false);
		add_written(s, name, value, puts[i], true);
	}
}

/* ---- taking out ---------------------------------------------------------- */

static const char *find(const struct form *f, struct str text)
{
	return text.len < f->len ? NULL : memmem(text.at, text.len, f->at, f->len);
}

static char *without(const struct form *f, struct str text, size_t *ret_len)
{
	struct buf out = buf_new((text.len / f->len + 1) * strlen(f->mark) + text.len);
	const char *hit;

	while ((hit = find(f, text)) != NULL) {
		size_t before = (size_t)(hit - text.at);

		buf_add(&out, text.at, before);
		buf_adds(&out, f->mark);
		text = (struct str){ hit + f->len, text.len - before - f->len };
	}
	buf_add(&out, text.at, text.len);
	assert(buf_status(&out) == OK);
	*ret_len = out.len;
	return buf_take(&out);
}

char *scrub_text(const struct scrub *s, struct str text, size_t *ret_len)
{
	char *owned = NULL;

	for (const struct form *f = s->forms; f; f = f->next) {
		char *before = owned;

		if (!find(f, text))
			continue;
		owned = without(f, text, &text.len);
		text.at = owned;
		if (before)
			sodium_memzero(before, strlen(before));
		free(before);
	}
	if (owned && ret_len)
		*ret_len = text.len;
	return owned;
}

/* Replaces a string of cJSON's, which its own functions free. */
static void scrub_string(const struct scrub *s, char **text)
{
	char *clean = *text ? scrub_text(s, str_of(*text), NULL) : NULL;

	if (!clean)
		return;
	cJSON_free(*text);
	*text = clean;
}

static void scrub_number(const struct scrub *s, cJSON *item)
{
	DEFER(text_free) char *digits = json_print(item);
	char *clean = scrub_text(s, str_of(digits), NULL);

	if (!clean)
		return;
	item->type = (item->type & ~0xFF) | cJSON_String;
	item->valuestring = clean;
}

void scrub_json(const struct scrub *s, cJSON *json)
{
	if (!json || !s->forms)
		return;
	if (!(json->type & cJSON_StringIsConst))
		scrub_string(s, &json->string);
	if (cJSON_IsString(json))
		scrub_string(s, &json->valuestring);
	if (cJSON_IsNumber(json))
		scrub_number(s, json);
	for (cJSON *child = json->child; child; child = child->next)
		scrub_json(s, child);
}
