/* inbound.c - see inbound.h */
#include "inbound.h"
#include "limits.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct view {			/* what templates are read over */
	const cJSON *raw, *here;
	const char *pattern, *at;	/* how `here` was found: its stars are what stands in `at` */
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

/* What a pointer with stars leads to from the top. */
static const cJSON *from_top(const struct view *v, struct str pointer)
{
	DEFER(buf_free) struct buf b = buf_new(URL_MAX);
	int n = 0;

	for (size_t i = 0; i < pointer.len; i++) {
		struct str s = { pointer.at + i, 1 };

		if (*s.at == '*')
			s = star(v->pattern, v->at, n++);
		buf_add(&b, s.at, s.len);
	}
	return json_at(v->raw, buf_text(&b));
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
	DEFER(text_free) char *pointer = str_dup(h->pointer);
	const cJSON *value = h->here ? json_at(v->here, pointer) : from_top(v, h->pointer);
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
	DEFER(buf_free) struct buf b = buf_new(LINE_IN_MAX);

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

/* ---- mentions ------------------------------------------------------------ */

/* "<@{me}>" */
static size_t mention_at(const char *text, const cJSON *marks, const char *me)
{
	for (const cJSON *m = me ? json_first(marks) : NULL; m; m = m->next) {
		const char *hole = strstr(m->valuestring, "{me}");
		size_t before = (size_t)(hole - m->valuestring), id = strlen(me),
		       after = strlen(hole + 4);

		if (strncmp(text, m->valuestring, before) == 0 && strncmp(text + before, me, id) == 0 &&
			strncmp(text + before + id, hole + 4, after) == 0)
			return before + id + after;
	}
	return 0;
}

/* Does a run of exactly n backticks follow, to close one? */
static bool closes(const char *text, size_t n)
{
	while ((text = strchr(text, '`'))) {
		size_t run = strspn(text, "`");

		if (run == n)
			return true;
		text += run;
	}
	return false;
}

char *inbound_cut(const char *text, const cJSON *marks, const char *me, bool *ret_found)
{
	struct buf b = buf_new(strlen(text) + 1);
	size_t fence = 0;		/* backticks that opened the code we are in */

	*ret_found = false;
	while (*text) {
		size_t run = strspn(text, "`"), mention = run || fence ? 0 : mention_at(text, marks, me);

		if (run && (fence ? run == fence : closes(text + run, run)))
			fence = fence ? 0 : run;
		if (!mention) {
			buf_add(&b, text, run ? run : 1);
			text += run ? run : 1;
			continue;
		}
		*ret_found = true;
		text += mention;
		if (b.len == 0 || b.at[b.len - 1] == ' ')
			text += strspn(text, " ");
	}
	while (b.len && b.at[b.len - 1] == ' ')
		buf_cut(&b, b.len - 1);
	return buf_take(&b);
}

/* &amp; &lt; &gt;, and no others: what services that send "html" so escape. */
static char *unescape(const char *text)
{
	static const struct {
		const char *from;
		char to;
	} escapes[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' } };
	struct buf b = buf_new(strlen(text) + 1);

	while (*text) {
		size_t i = 0;

		while (i < COUNT(escapes) && !str_starts(str_of(text), escapes[i].from))
			i++;
		buf_addc(&b, i < COUNT(escapes) ? escapes[i].to : *text);
		text += i < COUNT(escapes) ? strlen(escapes[i].from) : 1;
	}
	return buf_take(&b);
}

/* False: it is empty. */
static bool add_text(cJSON *made, const struct view *v, const cJSON *form, const char *me)
{
	DEFER(text_free) char *whole = first_of(v, cJSON_GetObjectItemCaseSensitive(form, "of"));
	bool found, escaped = json_text(form, "/unescape") != NULL;
	DEFER(text_free) char *cut = inbound_cut(whole ? whole : "", json_at(form, "/mention"), me, &found);
	DEFER(text_free) char *plain = escaped ? unescape(cut) : text_dup(cut);

	json_add(made, "text", cJSON_CreateString(plain));
	cJSON_AddBoolToObject(made, "mentioned", found);
	return plain[strspn(plain, " \t\r\n")] != '\0';
}

/* ---- rows ---------------------------------------------------------------- */

/* null: nothing stands there. */
static bool holds(const struct view *v, const cJSON *when)
{
	for (const cJSON *w = json_first(when); w; w = w->next) {
		const cJSON *found = from_top(v, str_of(w->string));

		if (cJSON_IsNull(w) ? found && !cJSON_IsNull(found) : !found || !json_same(found, w))
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

static enum inbound_result read_row(const struct inbound_row *row, const struct view *v, const char *me,
					cJSON **ret)
{
	static const char *const names[] = { "id", "chat", "thread", "from",
					     "of", "mark", "value",  "reply_to" };
	static const char *const needed[] = { "id", "chat", "from", "of", "mark", "value" };
	DEFER(json_drop) cJSON *made = cJSON_CreateObject();
	const cJSON *dm = json_at(row->json, "/dm"), *form = json_at(row->json, "/text");

	for (size_t i = 0; i < COUNT(names); i++) {
		const cJSON *template = cJSON_GetObjectItemCaseSensitive(row->json, names[i]);
		DEFER(text_free) char *text = template ? first_of(v, template) : NULL;

		if (text && *text)
			json_add(made, names[i], cJSON_CreateString(text));
	}
	for (size_t i = 0; i < COUNT(needed); i++)
		if (cJSON_GetObjectItemCaseSensitive(row->json, needed[i]) &&
			!cJSON_GetObjectItemCaseSensitive(made, needed[i]))
			return INBOUND_DROPPED;
	if (me && json_is(made, "/from", me))
		return INBOUND_DROPPED;
	if (dm)
		cJSON_AddBoolToObject(made, "dm", is_direct(v, dm));
	if (form && !add_text(made, v, form, me))
		return INBOUND_DROPPED;
	json_mend(made);
	*ret = made;
	made = NULL;
	return INBOUND_READ;
}

enum inbound_result inbound_read(const struct manifest *m, const char *source, const cJSON *raw,
				 const char *at, const char *me, enum inbound_kind *ret_kind,
				 cJSON **ret)
{
	for (size_t i = 0; i < m->inbound_n && raw; i++) {
		const struct inbound_row *row = &m->inbound[i];
		struct view v = { raw, json_at(raw, at), row->at, at };

		if (!source || strcmp(row->in, source) != 0 || !v.here || !fits(row->at, at) ||
			!holds(&v, row->when))
			continue;
		*ret_kind = row->kind;
		return read_row(row, &v, me, ret);
	}
	return INBOUND_NOTHING;
}

char *inbound_me(const struct manifest *m, const char *source, const cJSON *raw, bool *ret_fits)
{
	struct view v = { raw, raw, "", "" };
	DEFER(text_free) char *text = NULL, *number = NULL;
	char *me;

	*ret_fits = m->me.in && source && raw && strcmp(m->me.in, source) == 0 && holds(&v, m->me.when);
	if (!*ret_fits)
		return NULL;
	text = text_fmt("{%s}", m->me.at);
	number = text_fmt("{#%s}", m->me.at);
	me = fill(&v, text);
	if (!me)
		me = fill(&v, number);
	if (me && !*me)
		text_free(&me);
	return me && *me ? me : NULL;
}
