/* inbound.c - see inbound.h */
#include "inbound.h"
#include "limits.h"
#include "strict.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct view {			/* what templates are read over */
	const cJSON *raw;
	const char *pattern, *at;	/* the row's, and where it fits: its stars are what stands there */
};

/* ---- pointers with stars ------------------------------------------------- */

static struct str step_of(const char *pointer)
{
	return (struct str){ pointer, strcspn(pointer, "/") };
}

static bool is_index(struct str step)
{
	for (size_t i = 0; i < step.len; i++)
		if (!isdigit((unsigned char)step.at[i]))
			return false;
	return step.len > 0;
}

static bool fits(const char *pattern, const char *at)
{
	while (*pattern == '/' && *at == '/') {
		struct str p = step_of(pattern + 1), s = step_of(at + 1);

		if (str_is(p, "*") ? !is_index(s) : p.len != s.len || memcmp(p.at, s.at, p.len) != 0)
			return false;
		pattern += 1 + p.len;
		at += 1 + s.len;
	}
	return !*pattern && !*at;
}

/* The n-th star of the pattern, from 0, as it stands in `at`. */
static struct str star(const char *pattern, const char *at, int n)
{
	for (; *pattern; pattern += 1 + step_of(pattern + 1).len, at += 1 + step_of(at + 1).len)
		if (str_is(step_of(pattern + 1), "*") && n-- == 0)
			return step_of(at + 1);
	return STR("*");
}

/* A pointer with stars as it is in truth, from the top; owned. */
static char *place_of(const struct view *v, struct str pointer, bool here)
{
	struct buf b = buf_new(URL_MAX);
	int n = 0;

	if (here)
		buf_adds(&b, v->at);
	for (size_t i = 0; i < pointer.len; i++) {
		struct str s = { pointer.at + i, 1 };

		if (*s.at == '*')
			s = star(v->pattern, v->at, n++);
		buf_add(&b, s.at, s.len);
	}
	return buf_take(&b);
}

static const cJSON *from_top(const struct view *v, const char *pointer)
{
	DEFER(text_free) char *place = place_of(v, str_of(pointer), false);

	return json_at(v->raw, place);
}

/* ---- templates ----------------------------------------------------------- */

struct hole {			/* {#@/x} */
	bool number, here;
	struct str pointer;
	size_t len;			/* with its braces; 0: there is none */
};

static struct hole hole_at(const char *text)
{
	const char *at = text + 1, *close = strchr(text, '}');
	struct hole h = { 0 };

	if (*text != '{' || !close)
		return h;
	h.number = *at == '#';
	at += h.number;
	h.here = *at == '@';
	at += h.here;
	h.pointer = (struct str){ at, (size_t)(close - at) };
	h.len = *at == '/' ? (size_t)(close + 1 - text) : 0;
	return h;
}

const char *inbound_template_check(const char *template, int stars)
{
	for (const char *c = template; *c; c++) {
		struct hole h = hole_at(c);
		int n = 0;

		if (*c == '}' || (*c == '{' && !h.len))
			return "has a brace that begins no {/PLACE}, {@/PLACE}, {#/PLACE} or {#@/PLACE}";
		if (!h.len)
			continue;
		if (memchr(h.pointer.at, '{', h.pointer.len))
			return "has braces within braces";
		for (size_t i = 0; i < h.pointer.len; i++)
			n += h.pointer.at[i] == '*';
		if (n > (h.here ? 0 : stars))
			return h.here ? "has a * within {@...}: it stands for one of the row's \"at\", "
					"from the top"
				      : "has more * than the row's \"at\"";
		c += h.len - 1;
	}
	return NULL;
}

static bool put(struct buf *b, const struct view *v, const struct hole *h)
{
	DEFER(text_free) char *place = place_of(v, h->pointer, h->here);
	const cJSON *value = json_at(v->raw, place);
	int64_t n;

	if (h->number && json_number(value, "", INT64_MIN, INT64_MAX, &n))
		buf_addf(b, "%" PRId64, n);
	else if (h->number && cJSON_IsString(value) && is_index(str_of(value->valuestring + (value->valuestring[0] == '-'))))
		buf_adds(b, value->valuestring);	/* of more digits than a double holds */
	else if (!h->number && cJSON_IsString(value))
		buf_adds(b, value->valuestring);
	else
		return false;
	return true;
}

/* NULL: something that it names is not there. */
static char *fill(const struct view *v, const char *template)
{
	DEFER(buf_free) struct buf b = buf_new(ANSWER_MAX);	/* what came is no longer; intake.h judges it */

	for (const char *c = template; *c; c++) {
		struct hole h = hole_at(c);

		if (!h.len)
			buf_addc(&b, *c);
		else if (!put(&b, v, &h))
			return NULL;
		else
			c += h.len - 1;
	}
	return buf_status(&b) == OK ? buf_take(&b) : NULL;
}

/* A template, or a list of them: the first of which all is there. */
static char *first_of(const struct view *v, const cJSON *template)
{
	char *text = NULL;

	if (cJSON_IsString(template))
		return fill(v, template->valuestring);
	for (const cJSON *t = json_first(template); t && !text; t = t->next)
		text = fill(v, t->valuestring);
	return text;
}

/* ---- texts --------------------------------------------------------------- */

/* False: it is empty. */
static bool add_text(cJSON *made, const struct view *v, const cJSON *form, const char *id, bool mentions)
{
	DEFER(text_free) char *whole = first_of(v, cJSON_GetObjectItemCaseSensitive(form, "of"));
	const char *escape = json_text(form, "/unescape"), *otherwise = json_text(form, "/else");
	bool found;
	DEFER(text_free) char *cut = inbound_cut(whole ? whole : "", json_at(form, "/mention"), id, &found);
	DEFER(text_free) char *plain = inbound_plain(cut, escape);
	bool empty = plain[strspn(plain, " \t\r\n")] == '\0';

	json_add(made, "text", cJSON_CreateString(empty && otherwise ? otherwise : plain));
	if (mentions)
		cJSON_AddBoolToObject(made, "mentioned", found);
	return !empty || otherwise;
}

/* ---- rows ---------------------------------------------------------------- */

/* null: nothing stands there. */
static bool is_value(const cJSON *found, const cJSON *value)
{
	return cJSON_IsNull(value) ? !found || cJSON_IsNull(found) : found && json_same(found, value);
}

static bool holds(const struct view *v, const cJSON *when)
{
	for (const cJSON *w = json_first(when); w; w = w->next) {
		const cJSON *found = from_top(v, w->string), *one = cJSON_IsArray(w) ? w->child : w;

		while (one && !is_value(found, one))
			one = cJSON_IsArray(w) ? one->next : NULL;
		if (!one)
			return false;
	}
	return true;
}

/* {"absent": "{@/guild_id}"}, or {"of": "{/type}", "is": "im"} */
static bool is_direct(const struct view *v, const cJSON *dm)
{
	const cJSON *absent = cJSON_GetObjectItemCaseSensitive(dm, "absent");
	DEFER(text_free) char *text = first_of(v, absent ? absent : cJSON_GetObjectItemCaseSensitive(dm, "of"));

	return absent ? !text : text && strcmp(text, json_text(dm, "/is")) == 0;
}

/* {"{@/bot_id}": "bot"}: does any of these places hold that name of ours (or another)? What is
 * not there, and a name that nobody told, is neither. */
static bool any_name(const struct view *v, const cJSON *names, const cJSON *me, bool ours)
{
	for (const cJSON *n = json_first(names); n; n = n->next) {
		DEFER(text_free) char *text = fill(v, n->string);
		const char *name = text_in(me, n->valuestring);

		if (text && name && (strcmp(text, name) == 0) == ours)
			return true;
	}
	return false;
}

/* Did we do it ourselves, or is it for somebody else? While nobody knows who we are, that
 * cannot be told. */
static bool not_for_us(const struct inbound_row *row, const struct view *v, const cJSON *made, const cJSON *me)
{
	const cJSON *mine = member_in(row->json, "mine"), *ours = member_in(row->json, "ours");
	const char *id = text_in(me, "id");

	return (id && json_is(made, "/from", id)) || any_name(v, mine, me, true) ||
	       (ours && (!id || any_name(v, ours, me, false)));
}

/* What does not differ in the text of an edit is no edit. */
static bool is_same(const struct view *v, const cJSON *differs)
{
	DEFER(text_free) char *a = differs ? fill(v, differs->child->valuestring) : NULL;
	DEFER(text_free) char *b = differs ? fill(v, differs->child->next->valuestring) : NULL;

	return differs && strcmp(a ? a : "", b ? b : "") == 0;
}

/* False: something that it cannot be without is not there. */
static bool add_members(cJSON *made, const struct inbound_row *row, const struct view *v)
{
	static const struct { const char *name; bool optional; } members[] = {
		{ "id", false }, { "chat", false }, { "thread", true }, { "from", false }, { "of", false },
		{ "mark", false }, { "value", false }, { "reply_to", true }, { "version", false },
		{ "name", false }, { "handle", true }, { "old", false }, { "new", false },
	};

	for (size_t i = 0; i < COUNT(members); i++) {
		const char *name = members[i].name;
		const cJSON *template = member_in(row->json, name);
		DEFER(text_free) char *text = template ? first_of(v, template) : NULL;
		bool optional = members[i].optional || (row->kind == INBOUND_DELETE && strcmp(name, "from") == 0);

		if (text && *text && strlen(text) <= URL_MAX)
			json_add(made, name, cJSON_CreateString(text));
		else if (template && !optional)
			return false;
	}
	return true;
}

static enum inbound_result read_row(const struct manifest *m, const struct inbound_row *row, const struct view *v,
				    const cJSON *me, cJSON **ret)
{
	DEFER(json_drop) cJSON *made = cJSON_CreateObject();
	const cJSON *json = row->json, *dm = member_in(json, "dm"), *form = member_in(json, "text");
	const char *id = text_in(me, "id"), *mark;

	if (!add_members(made, row, v) || not_for_us(row, v, made, me) || is_same(v, member_in(json, "differs")))
		return INBOUND_DROPPED;
	mark = text_in(made, "mark");
	if (mark)
		cJSON_ReplaceItemInObjectCaseSensitive(made, "mark", cJSON_CreateString(emoji_mark(m, mark)));
	if (dm)
		cJSON_AddBoolToObject(made, "dm", is_direct(v, dm));
	if (form && !add_text(made, v, form, id, row->kind == INBOUND_MESSAGE) && row->kind != INBOUND_COMMAND)
		return INBOUND_DROPPED;
	json_mend(made);
	*ret = made;
	made = NULL;
	return INBOUND_READ;
}

enum inbound_result inbound_read(const struct manifest *m, const char *source, const cJSON *raw,
				 const char *at, const cJSON *me, enum inbound_kind *ret_kind,
				 cJSON **ret)
{
	for (size_t i = 0; i < m->inbound_n && raw; i++) {
		const struct inbound_row *row = &m->inbound[i];
		struct view v = { raw, row->at, at };

		if (!source || strcmp(row->in, source) != 0 || !json_at(raw, at) || !fits(row->at, at) ||
			!holds(&v, row->when))
			continue;
		*ret_kind = row->kind;
		return read_row(m, row, &v, me, ret);
	}
	return INBOUND_NOTHING;
}

/* ---- who we are ---------------------------------------------------------- */

static void add_name(cJSON *made, const char *name, const cJSON *raw, const char *at)
{
	DEFER(text_free) char *id = json_id(raw, at);

	if (id)
		json_add(made, name, cJSON_CreateString(id));
}

cJSON *inbound_me(const struct manifest *m, const char *source, const cJSON *raw, bool *ret_fits)
{
	struct view v = { raw, "", "" };
	cJSON *made = cJSON_CreateObject();

	*ret_fits = m->me.in && source && raw && strcmp(m->me.in, source) == 0 && holds(&v, m->me.when);
	if (*ret_fits)
		add_name(made, "id", raw, m->me.at);
	for (const cJSON *a = source && raw ? json_first(m->me.also) : NULL; a; a = a->next) {
		const char *at = a->valuestring;
		size_t n = strcspn(at, " ");

		if (*at == '/' ? *ret_fits : str_is((struct str){ at, n }, source))
			add_name(made, a->string, raw, *at == '/' ? at : at + n + 1);
	}
	if (!made->child)
		json_drop(&made);
	return made;
}

/* ---- what is hidden ------------------------------------------------------ */

static void blot(cJSON *place)
{
	cJSON *blank = cJSON_CreateString("<handle>");

	free(place->valuestring);
	place->type = cJSON_String;
	place->valuestring = blank->valuestring;
	blank->valuestring = NULL;
	json_drop(&blank);
}

/* All places of a template; *told is a copy that is made when there is something to hide. */
static void hide(const struct view *v, const char *template, cJSON **told)
{
	for (const char *c = template; *c; c++) {
		struct hole h = hole_at(c);
		DEFER(text_free) char *place = h.len ? place_of(v, h.pointer, h.here) : NULL;
		const cJSON *found = place ? json_at(v->raw, place) : NULL;

		if (h.len)
			c += h.len - 1;
		if (!cJSON_IsString(found) && !cJSON_IsNumber(found))
			continue;
		if (!*told)
			*told = cJSON_Duplicate(v->raw, true);
		blot((cJSON *)json_at(*told, place));
	}
}

/* Wherever the row fits: `at` is as far as its stars are known, `rest` what follows. */
static void hide_all(const struct inbound_row *row, const cJSON *raw, const char *at, const char *rest, cJSON **told)
{
	const char *star = strstr(rest, "/*");
	DEFER(text_free) char *here = text_fmt("%s%.*s", at, star ? (int)(star - rest) : (int)strlen(rest), rest);
	const cJSON *found = json_at(raw, here), *handle = member_in(row->json, "handle");
	struct view v = { raw, row->at, here };

	for (int i = 0; star && cJSON_IsArray(found) && i < json_count(found); i++) {
		DEFER(text_free) char *next = text_fmt("%s/%d", here, i);

		hide_all(row, raw, next, star + 2, told);
	}
	if (star || !found || !holds(&v, row->when))
		return;
	if (cJSON_IsString(handle))
		hide(&v, handle->valuestring, told);
	else
		for (const cJSON *t = json_first(handle); t; t = t->next)
			hide(&v, t->valuestring, told);
}

cJSON *inbound_told(const struct manifest *m, const char *source, const cJSON *raw)
{
	cJSON *told = NULL;

	for (size_t i = 0; i < m->inbound_n && source && raw; i++)
		if (member_in(m->inbound[i].json, "handle") && strcmp(m->inbound[i].in, source) == 0)
			hide_all(&m->inbound[i], raw, "", m->inbound[i].at, &told);
	return told;
}
