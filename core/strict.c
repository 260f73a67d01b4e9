/* strict.c - see strict.h */
#include "strict.h"
#include "limits.h"
#include "spelling.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COMPLAINT_MAX = 2000, PLACE_MAX = 8192, FIELDS_MAX = 32 };

/* ---- complaining --------------------------------------------------------- */

static void add_step(struct buf *b, const char *name)
{
	buf_addc(b, '/');
	for (; *name; name++) {
		if (*name == '~' || *name == '/')
			buf_adds(b, *name == '~' ? "~0" : "~1");
		else
			buf_addc(b, *name);
	}
}

static bool find(const cJSON *below, const cJSON *value, struct buf *place)
{
	int i = 0;

	if (below == value)
		return true;
	for (const cJSON *c = json_first(below); c; c = c->next, i++) {
		size_t len = place->len;

		if (c->string)
			add_step(place, c->string);
		else
			buf_addf(place, "/%d", i);
		if (find(c, value, place))
			return true;
		buf_cut(place, len);
	}
	return false;
}

static const char *pointer(struct strict *s, const cJSON *value)
{
	buf_cut(&s->place, 0);
	find(s->root, value, &s->place);
	return buf_text(&s->place);
}

const char *strict_place(struct strict *s, const cJSON *value)
{
	const char *at = pointer(s, value);

	return *at ? at : "the file";
}

/* Controls, and what moves or hides the characters beside it (U+200B.., U+2028.., U+2060..,
 * U+FEFF): a person must see what stands there. */
bool strict_hidden(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	if (c[0] < ' ' || c[0] == 0x7F || (c[0] == 0xC2 && c[1] < 0xA0))
		return true;
	if (c[0] == 0xE2 && c[1] == 0x80)
		return (c[2] >= 0x8B && c[2] <= 0x8F) || (c[2] >= 0xA8 && c[2] <= 0xAE);
	return (c[0] == 0xE2 && c[1] == 0x81 && c[2] >= 0xA0 && c[2] <= 0xAF) ||
	       (c[0] == 0xEF && c[1] == 0xBB && c[2] == 0xBF);
}

/* What a stranger wrote is shown to a person: it does not move their cursor. */
static void tame(char *text)
{
	for (; *text; text++)
		if (strict_hidden(text))
			*text = '?';
}

bool strict_fail(struct strict *s, const cJSON *about, const char *fmt, ...)
{
	char *text;
	va_list ap;
	struct buf b = buf_new((size_t)FILE_MAX * 4);	/* a name may be as long as its file */

	if (s->why.len)
		return false;
	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	text = buf_take(&b);
	tame(text);
	buf_addf(&s->why, "%s:%d: ", s->file, json_line(s->text, pointer(s, about)));
	buf_add(&s->why, text, utf8_fit(str_of(text), COMPLAINT_MAX));
	free(text);
	return false;
}

/* ---- types --------------------------------------------------------------- */

static const char *const type_words[] = {
	[STRICT_LINE] = "a line of text", [STRICT_INT] = "a whole number", [STRICT_BOOL] = "true or false",
	[STRICT_OBJECT] = "an object {...}", [STRICT_LIST] = "a list [...]", [STRICT_ANY] = "anything",
};

static const char *what_it_is(const cJSON *value)
{
	return cJSON_IsString(value) ? "text" : cJSON_IsNumber(value) ? "a number" :
	       cJSON_IsBool(value) ? "true or false" : cJSON_IsObject(value) ? "an object" :
	       cJSON_IsArray(value) ? "a list" : "null";
}

static bool check_line(struct strict *s, const cJSON *value)
{
	if (!*value->valuestring)
		return strict_fail(s, value, "%s is empty: write it, or leave the member out",
				   strict_place(s, value));
	for (const char *c = value->valuestring; *c; c++)
		if (strict_hidden(c))
			return strict_fail(s, value,
					   "%s has a control character: write one line that a person can see",
					   strict_place(s, value));
	return true;
}

bool strict_is(struct strict *s, const cJSON *value, enum strict_type type)
{
	int64_t number;
	bool fits = false;

	switch (type) {
	case STRICT_LINE:	fits = cJSON_IsString(value); break;
	case STRICT_INT:	fits = json_number(value, "", INT64_MIN, INT64_MAX, &number); break;
	case STRICT_BOOL:	fits = cJSON_IsBool(value); break;
	case STRICT_OBJECT:	fits = cJSON_IsObject(value); break;
	case STRICT_LIST:	fits = cJSON_IsArray(value); break;
	case STRICT_ANY:	fits = true; break;
	}
	if (!fits)
		return strict_fail(s, value, "%s is %s: it must be %s", strict_place(s, value),
				   what_it_is(value), type_words[type]);
	return type != STRICT_LINE || check_line(s, value);
}

/* ---- objects ------------------------------------------------------------- */

const cJSON *member_in(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *text_in(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(member_in(object, name));
}

static const struct strict_field *find_field(const struct strict_field *fields, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static bool unknown_member(struct strict *s, const cJSON *object, const cJSON *member,
			   const struct strict_field *fields, size_t n)
{
	const char *known[FIELDS_MAX];
	DEFER(text_free) char *hint = NULL;

	for (size_t i = 0; i < n && i < FIELDS_MAX; i++)
		known[i] = fields[i].name;
	hint = spelling_hint(member->string, known, n < FIELDS_MAX ? n : FIELDS_MAX);
	return strict_fail(s, member, "unknown member \"%s\" in %s: %s", member->string,
			   strict_place(s, object), hint);
}

bool strict_members(struct strict *s, const cJSON *object, const struct strict_field *fields, size_t n)
{
	if (!strict_is(s, object, STRICT_OBJECT))
		return false;
	for (const cJSON *m = json_first(object); m; m = m->next) {
		const struct strict_field *f = find_field(fields, n, m->string);

		if (!f)
			return unknown_member(s, object, m, fields, n);
		if (!strict_is(s, m, f->type))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (fields[i].needed && !member_in(object, fields[i].name))
			return strict_fail(s, object, "missing member \"%s\" in %s: %s", fields[i].name,
					   strict_place(s, object), fields[i].needed);
	return true;
}

static bool good_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n >= 1 && n <= STRICT_NAME_MAX && !name[n] && name[0] >= 'a' && name[0] <= 'z';
}

bool strict_names(struct strict *s, const cJSON *object, const char *what, int max)
{
	if (!strict_is(s, object, STRICT_OBJECT))
		return false;
	if (json_count(object) > max)
		return strict_fail(s, object, "%s has %d members: %d are the most", strict_place(s, object),
				   json_count(object), max);
	for (const cJSON *m = json_first(object); m; m = m->next)
		if (!good_name(m->string))
			return strict_fail(
				s, m,
				"the name \"%s\" of %s in %s: begin with a letter, then a-z, 0-9 and _, "
				"at most %d in all",
				m->string, what, strict_place(s, object), STRICT_NAME_MAX);
	return true;
}

/* ---- lists, words, numbers ----------------------------------------------- */

bool strict_lines(struct strict *s, const cJSON *list, const char *what, int max)
{
	if (json_count(list) < 1 || json_count(list) > max)
		return strict_fail(s, list, "%s has %d %s: 1 to %d can stand there", strict_place(s, list),
				   json_count(list), what, max);
	for (const cJSON *item = json_first(list); item; item = item->next) {
		if (!strict_is(s, item, STRICT_LINE))
			return false;
		for (const cJSON *other = json_first(list); other != item; other = other->next)
			if (strcmp(other->valuestring, item->valuestring) == 0)
				return strict_fail(s, item, "\"%s\" stands twice in %s: leave one out",
						   item->valuestring, strict_place(s, list));
	}
	return true;
}

int strict_word(struct strict *s, const cJSON *value, const char *what, const char *const *known, size_t n)
{
	DEFER(text_free) char *hint = NULL;

	if (!strict_is(s, value, STRICT_LINE))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(known[i], value->valuestring) == 0)
			return (int)i;
	hint = spelling_hint(value->valuestring, known, n);
	strict_fail(s, value, "unknown %s \"%s\" in %s: %s", what, value->valuestring, strict_place(s, value),
		    hint);
	return -1;
}

bool strict_between(struct strict *s, const cJSON *number, int64_t min, int64_t max)
{
	int64_t n;

	if (json_number(number, "", min, max, &n))
		return true;
	return strict_fail(s, number, "%s is out of bounds: it can be %" PRId64 " to %" PRId64,
			   strict_place(s, number), min, max);
}

/* ---- opening ------------------------------------------------------------- */

bool strict_open(struct strict *s, struct str text, const char *file)
{
	const char *why, *rest;

	*s = (struct strict){
		.text = text, .file = file, .why = buf_new(COMPLAINT_MAX * 4), .place = buf_new(PLACE_MAX)
	};
	why = json_decode(text, &s->root);
	if (!why) {
		json_mend(s->root);
		return true;
	}
	rest = strchr(why, ':');
	buf_addf(&s->why, "%s:%.*s%s: mend the JSON there", file, (int)(rest - why - 5), why + 5, rest);
	return false;
}

void strict_free(struct strict *s)
{
	buf_free(&s->why);
	buf_free(&s->place);
}
