/* split.c - see split.h.
 *
 * A piece is scanned token by token, the last good place of each kind is remembered, and when
 * no more fits, the best of them is taken. What is open there (a fence, tags) goes on in the
 * next piece. A closing is never counted twice: before one, its own length was kept free. */
#include "split.h"
#include "limits.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unigbrk.h>

enum { OPEN_MAX = 8, TAG_BYTES_MAX = 6 * LINK_MAX, LABEL_BYTES_MAX = 400 };

enum place {
	AFTER_BLOCK,
	AFTER_LINE,
	AFTER_SENTENCE,
	AFTER_WORD,
	WITHIN_WORD,
	AFTER_NOTHING,
	PLACES,
	NO_PLACE = PLACES
};
enum grain { TOKENS, CLUSTERS, CHARACTERS }; /* what is kept whole */

struct open {		  /* a fence or a tag, within which we are */
	struct str begin; /* "```c", "<a href=...>" */
	struct str name;  /* "```", "a" */
	size_t line_end;  /* of a fence: where its first line ends */
};
struct state {
	struct open open[OPEN_MAX];
	size_t n;
	int64_t begin, end; /* units that reopening and closing them take */
};
struct piece { /* that is being read */
	size_t from;
	bool solid; /* there is more in it than blanks and marks */
};
struct cutter {
	struct str text;
	char *breaks; /* 1: a cluster begins here */
	int64_t max;
	enum text_unit unit;
	enum marks marks;
};

int64_t text_units(struct str text, enum text_unit unit)
{
	int64_t n = 0;

	if (unit == UNIT_BYTE)
		return (int64_t)text.len;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		n += (c & 0xC0) != 0x80;
		n += unit == UNIT_UTF16 && c >= 0xF0;
	}
	return n;
}

static char at(const struct cutter *c, size_t i)
{
	return i < c->text.len ? c->text.at[i] : '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str part(const struct cutter *c, size_t from, size_t to)
{
	return (struct str){c->text.at + from, to - from};
}

static size_t line_end(const struct cutter *c, size_t from)
{
	const char *end = memchr(c->text.at + from, '\n', c->text.len - from);

	return end ? (size_t)(end - c->text.at) : c->text.len;
}

static bool line_begins(const struct cutter *c, size_t i)
{
	return i == 0 || c->text.at[i - 1] == '\n';
}

/* ---- fences and tags ----------------------------------------------------- */

static bool has_fences(const struct cutter *c)
{
	return c->marks != MARKS_PLAIN && c->marks != MARKS_HTML;
}

static bool is_fence(const struct open *o)
{
	return o->name.at[0] == '`';
}

static int64_t begin_units(const struct cutter *c, const struct open *o)
{
	return text_units(o->begin, c->unit) + is_fence(o);
}

static int64_t end_units(const struct cutter *c, const struct open *o)
{
	return text_units(o->name, c->unit) + (is_fence(o) ? 1 : 3);
}

/* false: there would be no room beside it. */
static bool push(const struct cutter *c, struct state *s, struct open o)
{
	int64_t begin = s->begin + begin_units(c, &o), end = s->end + end_units(c, &o);

	if (s->n == OPEN_MAX || begin + end > c->max / 2)
		return false;
	s->open[s->n++] = o;
	s->begin = begin;
	s->end = end;
	return true;
}

static void pop(const struct cutter *c, struct state *s)
{
	s->n--;
	s->begin -= begin_units(c, &s->open[s->n]);
	s->end -= end_units(c, &s->open[s->n]);
}

static size_t ticks_at(const struct cutter *c, size_t from)
{
	size_t n = 0;

	while (at(c, from + n) == '`')
		n++;
	return n >= 3 ? n : 0;
}

static const struct open *fence_of(const struct state *s)
{
	return s->n && is_fence(&s->open[s->n - 1]) ? &s->open[s->n - 1] : NULL;
}

/* Does the line that begins here end this fence? */
static size_t closing_ticks(const struct cutter *c, size_t from, const struct open *fence)
{
	size_t n = line_begins(c, from) ? ticks_at(c, from) : 0, end = from + n;

	while (at(c, end) == ' ' || at(c, end) == '\t')
		end++;
	return n >= fence->name.len && (end == c->text.len || at(c, end) == '\n') ? n : 0;
}

/* Its ticks alone are the token; what else the line holds is reopened where it is short. */
static size_t open_fence(const struct cutter *c, size_t from, struct state *s)
{
	size_t n = line_begins(c, from) ? ticks_at(c, from) : 0, end;
	struct open fence;

	if (!n)
		return 0;
	end = line_end(c, from);
	fence = (struct open){part(c, from, end), part(c, from, from + n), end};
	if (end < c->text.len && push(c, s, fence))
		return n;
	fence.begin = fence.name;
	fence.line_end = from + n;
	return push(c, s, fence) ? n : 0;
}

static const char *find(const struct cutter *c, const char *from, char what, size_t most)
{
	size_t room = (size_t)(c->text.at + c->text.len - from);

	return memchr(from, what, room < most ? room : most);
}

/* From a "<" to its ">", on the same line; 0: there is none. */
static size_t angle(const struct cutter *c, size_t from)
{
	const char *begin = c->text.at + from, *end = find(c, begin, '>', TAG_BYTES_MAX);

	return end && !memchr(begin, '\n', (size_t)(end - begin)) ? (size_t)(end - begin) + 1 : 0;
}

/* A tag that is opened or closed; 0: there is none. */
static size_t tag(const struct cutter *c, size_t from, struct state *s)
{
	size_t n = at(c, from) == '<' ? angle(c, from) : 0, closes = at(c, from + 1) == '/';
	struct str name = {c->text.at + from + 1 + closes, 0};

	if (!n)
		return 0;
	while (!strchr(" >", name.at[name.len]))
		name.len++;
	if (!closes)
		return push(c, s, (struct open){part(c, from, from + n), name, 0}) ? n : 0;
	if (!s->n || s->open[s->n - 1].name.len != name.len ||
	    memcmp(s->open[s->n - 1].name.at, name.at, name.len) != 0)
		return 0;
	pop(c, s);
	return n;
}

/* Within what every blank counts. */
static bool verbatim(const struct state *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (is_fence(&s->open[i]) || str_is(s->open[i].name, "pre") || str_is(s->open[i].name, "code"))
			return true;
	return false;
}

/* ---- tokens -------------------------------------------------------------- */

static size_t entity(const struct cutter *c, size_t from)
{
	static const char *const all[] = {"&amp;", "&lt;", "&gt;"};

	for (size_t i = 0; i < COUNT(all); i++)
		if (str_starts(part(c, from, c->text.len), all[i]))
			return strlen(all[i]);
	return 0;
}

/* "[label](address)", on one line */
static size_t markdown_link(const struct cutter *c, size_t from)
{
	const char *begin = c->text.at + from, *label = NULL, *end = NULL;

	if (!from || begin[-1] != '\\')
		label = find(c, begin, ']', LABEL_BYTES_MAX);
	if (label && label[1] == '(')
		end = find(c, label, ')', TAG_BYTES_MAX);
	if (!end || memchr(begin, '\n', (size_t)(end - begin)) || memchr(label, ' ', (size_t)(end - label)))
		return 0;
	return (size_t)(end - begin) + 1;
}

/* What means something only as a whole. */
static size_t unit_of_marks(const struct cutter *c, size_t from)
{
	char first = at(c, from);

	if (first == '&' && (c->marks == MARKS_MRKDWN || c->marks == MARKS_HTML))
		return entity(c, from);
	if (first == '<' && (c->marks == MARKS_MRKDWN || c->marks == MARKS_HTML))
		return angle(c, from);
	return first == '[' && c->marks == MARKS_MARKDOWN ? markdown_link(c, from) : 0;
}

static size_t character(const struct cutter *c, size_t from, enum grain grain)
{
	size_t to = from + 1;

	while (to < c->text.len && (grain == CHARACTERS ? (c->text.at[to] & 0xC0) == 0x80 : !c->breaks[to]))
		to++;
	return to - from;
}

/* The next token; its length. A fence that began before this piece ends without a word of it. */
static size_t next_token(const struct cutter *c, size_t from, enum grain grain, struct state *s, struct piece *p)
{
	const struct open *fence = fence_of(s);
	size_t n = 0;

	if (fence && (n = closing_ticks(c, from, fence))) {
		p->solid |= fence->name.at >= c->text.at + p->from;
		pop(c, s);
		return n;
	}
	if (!fence && has_fences(c))
		n = open_fence(c, from, s);
	else if (c->marks == MARKS_HTML)
		n = tag(c, from, s);
	if (n)
		return n;
	if (grain == TOKENS)
		n = unit_of_marks(c, from);
	if (!n)
		n = character(c, from, grain);
	p->solid |= !is_blank(at(c, from)) && (!fence || from >= fence->line_end);
	return n;
}

/* ---- places -------------------------------------------------------------- */

static bool empty_line(const struct cutter *c, size_t i)
{
	while (at(c, i) == ' ' || at(c, i) == '\t')
		i++;
	return at(c, i) == '\n';
}

static bool fence_line_before(const struct cutter *c, size_t i)
{
	size_t begin = i;

	while (begin && c->text.at[begin - 1] != '\n')
		begin--;
	return has_fences(c) && ticks_at(c, begin) > 0;
}

/* ". " and its like; the marks and quotes behind it belong to it. */
static bool sentence_before(const struct cutter *c, size_t i)
{
	while (i && strchr("\"')*_~", c->text.at[i - 1]))
		i--;
	return i && strchr(".!?:", c->text.at[i - 1]);
}

/* Chinese and Japanese put no blank behind it. */
static bool full_stop_before(const struct cutter *c, size_t i)
{
	static const char *const stops[] = {"\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F"};

	for (size_t k = 0; k < COUNT(stops); k++)
		if (i >= 3 && memcmp(c->text.at + i - 3, stops[k], 3) == 0)
			return true;
	return false;
}

static enum place place_in_fence(const struct cutter *c, size_t i, const struct open *fence)
{
	char before = c->text.at[i - 1], behind = at(c, i);

	if (i <= fence->line_end)
		return NO_PLACE;
	if (behind == '\n')
		return AFTER_LINE;
	if (before == '\n')
		return AFTER_NOTHING;
	return is_blank(behind) && !is_blank(before) ? AFTER_WORD : WITHIN_WORD;
}

/* What a cut would stand behind; `s` is the state there. */
static enum place place_at(const struct cutter *c, size_t i, const struct state *s)
{
	if (fence_of(s))
		return place_in_fence(c, i, fence_of(s));
	if (s->n && at(c, i) == '<' && at(c, i + 1) == '/')
		return NO_PLACE;
	if (at(c, i) == '\n' || (at(c, i) == '\r' && at(c, i + 1) == '\n')) {
		size_t next = i + 1 + (at(c, i) == '\r');
		bool fenced = has_fences(c) && ticks_at(c, next);

		return empty_line(c, next) || fenced || fence_line_before(c, i) ? AFTER_BLOCK : AFTER_LINE;
	}
	if (is_blank(at(c, i)))
		return sentence_before(c, i) ? AFTER_SENTENCE : AFTER_WORD;
	return full_stop_before(c, i) ? AFTER_SENTENCE : WITHIN_WORD;
}

/* The best of what was found: the first kind that fills half of a piece; else the last. */
static size_t choose(const size_t ends[PLACES], const bool half[PLACES])
{
	size_t last = 0;

	for (int p = AFTER_BLOCK; p <= AFTER_WORD; p++) {
		if (half[p])
			return ends[p];
		last = ends[p] > last ? ends[p] : last;
	}
	return last ? last : ends[WITHIN_WORD] ? ends[WITHIN_WORD] : ends[AFTER_NOTHING];
}

/* Where the piece from here ends; 0: nothing of this grain fits. `s` is the state here. */
static size_t find_end(const struct cutter *c, size_t from, enum grain grain, struct state s)
{
	size_t ends[PLACES] = {0};
	bool half[PLACES] = {false};
	struct piece piece = {from, false};
	int64_t used = s.begin;

	for (size_t i = from, n; i < c->text.len;) {
		enum place p;

		n = next_token(c, i, grain, &s, &piece);
		used += text_units(part(c, i, i + n), c->unit);
		i += n;
		if (used + (i < c->text.len ? s.end : 0) > c->max)
			return choose(ends, half);
		p = place_at(c, i, &s);
		if (p == NO_PLACE)
			continue;
		if (!piece.solid)
			p = AFTER_NOTHING;
		ends[p] = i;
		half[p] = 2 * used >= c->max;
	}
	return c->text.len;
}

/* ---- pieces -------------------------------------------------------------- */

/* false: it would show nothing. */
static bool advance(const struct cutter *c, size_t from, size_t to, enum grain grain, struct state *s)
{
	struct piece piece = {from, false};

	while (from < to)
		from += next_token(c, from, grain, s, &piece);
	assert(from == to);
	return piece.solid;
}

static size_t blanks(const struct cutter *c, size_t from, size_t most)
{
	size_t n = 0;

	while (n < most && is_blank(at(c, from + n)))
		n++;
	return n;
}

/* Where the next piece begins: the blanks at which it was cut are left out, but for an indent;
 * so is the end of a fence within which nothing more is said. */
static size_t resume(const struct cutter *c, size_t end, struct state *s)
{
	const struct open *fence = fence_of(s);
	size_t closing = fence ? end + blanks(c, end, (size_t)c->max) : 0,
	       ticks = fence ? closing_ticks(c, closing, fence) : 0;
	size_t next;

	if (ticks) {
		pop(c, s);
		end = closing + ticks;
	}
	if (verbatim(s))
		return at(c, end) == '\n' ? end + 1 : end;
	next = end + blanks(c, end, c->text.len);
	for (size_t i = next; i > end && next < c->text.len; i--)
		if (c->text.at[i - 1] == '\n')
			return i;
	return next;
}

static void add_piece(const struct cutter *c, cJSON *pieces, size_t from, size_t end, const struct state *s,
		      const struct state *next)
{
	struct buf b = buf_new(SIZE_MAX / 2);

	for (size_t i = 0; i < s->n; i++) {
		buf_add(&b, s->open[i].begin.at, s->open[i].begin.len);
		buf_adds(&b, is_fence(&s->open[i]) ? "\n" : "");
	}
	buf_add(&b, c->text.at + from, end - from);
	while (end < c->text.len && !verbatim(next) && b.len && is_blank(b.at[b.len - 1]))
		buf_cut(&b, b.len - 1);
	for (size_t i = end < c->text.len ? next->n : 0; i-- > 0;) {
		const struct open *o = &next->open[i];

		buf_addf(&b, is_fence(o) ? "\n%.*s" : "</%.*s>", (int)o->name.len, o->name.at);
	}
	cJSON_AddItemToArray(pieces, cJSON_CreateString(buf_text(&b)));
	buf_free(&b);
}

static void cut(const struct cutter *c, cJSON *pieces)
{
	struct state s = {.n = 0};

	for (size_t from = 0; from < c->text.len;) {
		struct state next = s;
		size_t end = 0;
		enum grain grain = TOKENS;

		while (!(end = find_end(c, from, grain, s)) && grain < CHARACTERS)
			grain++;
		if (!end)
			end = from + character(c, from, CHARACTERS);
		if (advance(c, from, end, grain, &next) || (end == c->text.len && !cJSON_GetArraySize(pieces)))
			add_piece(c, pieces, from, end, &s, &next);
		from = resume(c, end, &next);
		s = next;
	}
}

cJSON *split_text(const char *text, int64_t max, enum text_unit unit, enum marks marks)
{
	struct cutter c = {.text = str_of(text), .max = max, .unit = unit, .marks = marks};
	cJSON *pieces = cJSON_CreateArray();

	assert(max > 0);
	c.breaks = mem_new(c.text.len + 1, 1);
	u8_grapheme_breaks((const uint8_t *)text, c.text.len, c.breaks);
	cut(&c, pieces);
	if (!cJSON_GetArraySize(pieces))
		cJSON_AddItemToArray(pieces, cJSON_CreateString(""));
	free(c.breaks);
	return pieces;
}
