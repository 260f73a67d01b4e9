/* step.c - see step.h */
#include "gate/step.h"
#include "gate/value.h"
#include "gate/word.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct cursor {			/* a step that is being read */
	struct reader *r;
	int line;
	const char *text;	/* all of it */
	struct str rest;	/* what has not been read */
};

static bool wrong(struct cursor *c, enum mistake m, struct str word)
{
	return mistaken(c->r, c->line, m, word);
}

static void mark(struct cursor *c, int form)
{
	c->r->used[form] = true;
}

/* ---- words --------------------------------------------------------------- */

static struct str next_word(struct cursor *c)
{
	return word_cut(&c->rest);
}

static bool take_word(struct cursor *c, const char *word)
{
	if (!str_is(word_first(c->rest), word))
		return false;
	next_word(c);
	return true;
}

static bool at_end(struct cursor *c)
{
	return word_skip(c->rest).len == 0;
}

static bool ended(struct cursor *c)
{
	return at_end(c) || wrong(c, MISTAKE_TOO_MUCH, word_first(c->rest));
}

static char *keep(struct cursor *c, struct str word)
{
	return pool_text(&c->r->page->pool, word);
}

/* A whole number of at most nine digits; -1: it is none. */
static int64_t number_of(struct str word)
{
	int64_t n = 0;

	if (word.len == 0 || word.len > 9)
		return -1;
	for (size_t i = 0; i < word.len; i++) {
		if (!isdigit((unsigned char)word.at[i]))
			return -1;
		n = n * 10 + (word.at[i] - '0');
	}
	return n;
}

/* ---- values -------------------------------------------------------------- */

static void mark_strings(struct reader *r, const cJSON *value)
{
	if (is_variable(value))
		r->used[strcmp(value->valuestring, "$_") == 0 ? FORM_ANYTHING : FORM_VARIABLE] = true;
	for (const cJSON *c = value->child; c; c = c->next)
		mark_strings(r, c);
}

static bool json_begins(struct str s)
{
	static const char *const words[] = { "true", "false", "null" };

	return s.len && (strchr("{[\"-", *s.at) || isdigit((unsigned char)*s.at) ||
			 word_in(word_first(s), words, COUNT(words)));
}

/* "line 2: what" counts from `line`. */
static void bad_json(struct reader *r, int line, const char *why)
{
	int at = 1;

	if (str_starts(str_of(why), "line ")) {
		char *end;

		at = (int)strtol(why + 5, &end, 10);
		why = *end == ':' ? end + 2 : end;
	}
	mistaken(r, line + at - 1, MISTAKE_BAD_JSON, str_of(why));
}

static cJSON *decode(struct reader *r, int line, struct str text)
{
	const char *too_long, *why;
	cJSON *json;
	DEFER(text_free) char *before = NULL;

	why = json_decode(text, &json);
	if (why) {
		bad_json(r, line, why);
		return NULL;
	}
	before = json_print(json);
	if (!value_repeat(json, &too_long)) {
		mistaken(r, line, MISTAKE_TOO_LONG, str_of(too_long));
		json_drop(&json);
		return NULL;
	}
	DEFER(text_free) char *after = json_print(json);

	if (strcmp(before, after) != 0)
		r->used[FORM_REPEATED] = true;
	mark_strings(r, json);
	return json;
}

const cJSON *value_read(struct reader *r, int line, struct str text)
{
	cJSON *json = decode(r, line, text);

	return json ? pool_json(&r->page->pool, json) : NULL;
}

static int rest_line(const struct cursor *c)
{
	int line = c->line;

	for (const char *at = c->text; at < c->rest.at; at++)
		line += *at == '\n';
	return line;
}

static const cJSON *json_rest(struct cursor *c)
{
	struct str text = word_skip(c->rest);
	int line;

	c->rest = text;
	line = rest_line(c);
	c->rest = (struct str){ text.at + text.len, 0 };
	mark(c, FORM_JSON);
	return value_read(c->r, line, text);
}

static const cJSON *patched(struct cursor *c, const cJSON *example)
{
	const cJSON *patch;

	mark(c, FORM_WITH);
	if (at_end(c)) {
		wrong(c, MISTAKE_NO_VALUE, STR("with"));
		return NULL;
	}
	patch = json_rest(c);
	return patch ? pool_json(&c->r->page->pool, value_patch(cJSON_Duplicate(example, true), patch)) : NULL;
}

static const cJSON *named(struct cursor *c)
{
	struct str name = next_word(c);
	const cJSON *example = example_find(c->r->page, name);

	mark(c, FORM_NAME);
	if (!example) {
		wrong(c, MISTAKE_NO_EXAMPLE, name);
		return NULL;
	}
	if (take_word(c, "with"))
		return patched(c, example);
	return ended(c) ? example : NULL;
}

/* Where nothing follows there is no value. */
static bool maybe_value(struct cursor *c, struct step *s)
{
	if (at_end(c))
		return true;
	s->value = json_begins(word_skip(c->rest)) ? json_rest(c) : named(c);
	if (s->value && step_kind(s->word) == STEP_ARRIVAL && has_variable(s->value, "$_"))
		return wrong(c, MISTAKE_NOTHING_FITS, STR(""));
	return s->value != NULL;
}

static bool value(struct cursor *c, struct step *s)
{
	if (at_end(c))
		return wrong(c, MISTAKE_NO_VALUE, word_first((struct str){ c->text + 2, strlen(c->text + 2) }));
	return maybe_value(c, s);
}

static bool like_value(struct cursor *c, struct step *s)
{
	s->like = take_word(c, "like");
	if (s->like)
		mark(c, FORM_LIKE);
	return value(c, s);
}

/* ---- pieces of a step ---------------------------------------------------- */

static void label(struct cursor *c, struct step *s)
{
	struct str word = word_first(c->rest);

	if (word.len < 2 || word.at[0] != '#')
		return;
	next_word(c);
	s->label = keep(c, (struct str){ word.at + 1, word.len - 1 });
	mark(c, FORM_LABEL);
}

static bool secret(struct cursor *c, struct step *s)
{
	struct str word;

	if (!take_word(c, "as"))
		return true;
	word = next_word(c);
	if (!word.len)
		return wrong(c, MISTAKE_NO_VALUE, STR("as"));
	s->secret = keep(c, word);
	mark(c, FORM_AS);
	if (c->r->manifest && !manifest_secret(c->r->manifest, s->secret))
		return wrong(c, MISTAKE_NO_SECRET, word);
	return true;
}

static bool option(struct cursor *c, struct step *s, const char *name, int form)
{
	if (!take_word(c, name))
		return false;
	s->option = name;
	mark(c, form);
	return true;
}

static bool status(struct cursor *c, struct step *s)
{
	struct str word = next_word(c);
	int64_t n = number_of(word);

	if (n < 100 || n > 599)
		return wrong(c, MISTAKE_BAD_STATUS, word);
	s->status = (int)n;
	return true;
}

static bool close_code(struct cursor *c, struct step *s)
{
	struct str word = next_word(c);
	int64_t n = number_of(word);

	if (n < 1000 || n > 4999)
		return wrong(c, MISTAKE_BAD_CODE, word);
	s->status = (int)n;
	return ended(c);
}

static bool address(struct cursor *c, struct step *s)
{
	static const char *const begins[] = { "/", "https://", "http://", "wss://", "ws://" };
	struct str word = next_word(c);

	for (size_t i = 0; i < COUNT(begins); i++) {
		if (!str_starts(word, begins[i]))
			continue;
		if (i == 0)
			mark(c, FORM_SHORT_URL);
		s->url = keep(c, word);
		return true;
	}
	return wrong(c, MISTAKE_BAD_URL, word);
}

/* ---- what arrives -------------------------------------------------------- */

static bool call(struct cursor *c, struct step *s)
{
	struct str tool = next_word(c);

	s->name = keep(c, tool);
	if (c->r->manifest && !manifest_tool(c->r->manifest, s->name))
		return wrong(c, MISTAKE_NO_TOOL, tool);
	return value(c, s);
}

static bool ws_in(struct cursor *c, struct step *s)
{
	label(c, s);
	if (!take_word(c, "close"))
		return value(c, s);
	s->word = DO_WS_CLOSED;
	return close_code(c, s);
}

static bool webhook_in(struct cursor *c, struct step *s)
{
	s->name = keep(c, next_word(c));
	if (!option(c, s, "get", FORM_GET))
		option(c, s, "form", FORM_FORM);
	return value(c, s);
}

static bool answer(struct cursor *c, struct step *s)
{
	label(c, s);
	return status(c, s) && maybe_value(c, s);
}

static bool part(struct cursor *c, struct step *s)
{
	label(c, s);
	return value(c, s);
}

static bool parts(struct cursor *c, struct step *s)
{
	label(c, s);
	return value(c, s) && (cJSON_IsArray(s->value) || wrong(c, MISTAKE_NO_LIST, STR("")));
}

static bool alone(struct cursor *c, struct step *s)
{
	(void)s;
	return ended(c);
}

/* ---- what an adapter does ------------------------------------------------ */

static bool http(struct cursor *c, struct step *s)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	struct str method;

	label(c, s);
	method = next_word(c);
	if (!word_in(method, methods, COUNT(methods)))
		return wrong(c, MISTAKE_BAD_METHOD, method);
	s->name = keep(c, method);
	if (!address(c, s) || !secret(c, s))
		return false;
	if (!option(c, s, "form", FORM_FORM))
		option(c, s, "multipart", FORM_MULTIPART);
	if (str_is(word_first(c->rest), "like") || s->option)
		return like_value(c, s);
	return maybe_value(c, s);
}

static bool ws_out(struct cursor *c, struct step *s)
{
	label(c, s);
	if (take_word(c, "open")) {
		s->word = DO_WS_OPEN;
		return address(c, s) && ended(c);
	}
	if (take_word(c, "close")) {
		s->word = DO_WS_CLOSE;
		return close_code(c, s);
	}
	return secret(c, s) && like_value(c, s);
}

static const char *const kinds[] = {
	"message", "edit", "delete", "reaction", "button", "command", "receipt", "member", "alias", "moved",
};

static bool deliver(struct cursor *c, struct step *s)
{
	struct str rest = c->rest, kind = word_cut(&rest);

	if (word_in(kind, kinds, COUNT(kinds)) && word_skip(rest).len) {
		s->name = keep(c, next_word(c));
		mark(c, FORM_KIND);
	}
	return like_value(c, s);
}

static bool webhook_out(struct cursor *c, struct step *s)
{
	return status(c, s) && maybe_value(c, s);
}

static bool delta(struct cursor *c, struct step *s)
{
	return value(c, s) && (cJSON_IsString(s->value) || wrong(c, MISTAKE_NO_TEXT, STR("")));
}

/* ---- steps --------------------------------------------------------------- */

struct verb {
	const char *name;
	enum step_word word;
	bool (*rest)(struct cursor *c, struct step *s);
};
static const struct verb arrivals[] = {
	{ "start", DO_START, maybe_value }, { "stop", DO_STOP, alone }, { "say", DO_SAY, value },
	{ "call", DO_CALL, call }, { "turn", DO_TURN, value }, { "ws", DO_WS_TEXT, ws_in },
	{ "webhook", DO_HOOK, webhook_in }, { "http", DO_ANSWER, answer }, { "part", DO_PART, part },
	{ "parts", DO_PARTS, parts },
	{ "send", DO_ACT, value }, { "edit", DO_ACT, value }, { "delete", DO_ACT, value }, { "react", DO_ACT, value },
	{ "typing", DO_ACT, value }, { "ask", DO_ACT, value }, { "send_file", DO_ACT, value },
	{ "file", DO_ACT, value }, { "draft", DO_ACT, value }, { "knock", DO_ACT, value },
	{ "reply", DO_ACT, value }, { "confirm", DO_ACT, value },
};
static const struct verb requests[] = {
	{ "http", DO_HTTP, http }, { "ws", DO_WS_FRAME, ws_out }, { "deliver", DO_DELIVER, deliver },
	{ "webhook", DO_HOOK_ANSWER, webhook_out }, { "file", DO_FILE, value }, { "result", DO_RESULT, like_value },
	{ "failed", DO_FAILED, like_value }, { "again", DO_AGAIN, like_value }, { "ready", DO_READY, like_value },
	{ "broken", DO_BROKEN, like_value }, { "keep", DO_KEEP, like_value }, { "delta", DO_DELTA, delta },
};

static const struct verb *find_verb(struct str name, const struct verb *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, table[i].name))
			return &table[i];
	return NULL;
}

/* An act of the manifest; those in the table are so whatever it says. */
static bool act_known(const struct cursor *c, struct str name)
{
	DEFER(text_free) char *act = str_dup(name);

	return c->r->manifest && manifest_act(c->r->manifest, act);
}

static bool verb(struct cursor *c, struct step *s, const struct verb *table, size_t n, enum mistake unknown)
{
	struct str name = next_word(c);
	const struct verb *v = find_verb(name, table, n);

	if (!v && table == arrivals && act_known(c, name)) {
		s->word = DO_ACT;
		s->name = keep(c, name);
		return value(c, s);
	}
	if (!v)
		return wrong(c, unknown, name);
	s->word = v->word;
	if (v->word == DO_ACT)
		s->name = v->name;
	return v->rest(c, s);
}

static bool dice(struct cursor *c, struct step *s)
{
	struct str word = next_word(c);
	DEFER(text_free) char *text = str_dup(word);
	char *end;

	s->word = DO_DICE;
	s->dice = strtod(text, &end);
	if (!word.len || *end || !isdigit((unsigned char)text[0]) || !(s->dice >= 0 && s->dice <= 1))
		return wrong(c, MISTAKE_BAD_DICE, word);
	return ended(c);
}

static bool fault(struct cursor *c, struct step *s)
{
	struct str all = word_skip(c->rest), name = next_word(c), what;

	if (str_is(name, "dice"))
		return dice(c, s);
	if (str_is(name, "kill") || str_is(name, "restart")) {
		s->word = str_is(name, "kill") ? DO_KILL : take_word(c, "empty") ? DO_RESTART_EMPTY : DO_RESTART;
		return ended(c);
	}
	label(c, s);
	what = next_word(c);
	if (str_is(name, "ws") && str_is(what, "reset"))
		s->word = DO_WS_RESET;
	else if (str_is(name, "http") && str_is(what, "timeout"))
		s->word = DO_HTTP_TIMEOUT;
	else if (str_is(name, "http") && str_is(what, "reset"))
		s->word = DO_HTTP_RESET;
	else if (str_is(name, "http") && str_is(what, "lost"))
		s->word = DO_HTTP_LOST;
	else
		return wrong(c, MISTAKE_NO_FAULT, all);
	return ended(c);
}

static bool span(struct cursor *c, struct step *s)
{
	static const struct { const char *name; int64_t ms; } units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	};
	struct str all = word_skip(c->rest), word = next_word(c);
	size_t digits = 0;

	s->word = word.len && word.at[0] == '<' ? DO_WITHIN : DO_MOVE;
	if (s->word == DO_WITHIN)
		word = (struct str){ word.at + 1, word.len - 1 };
	while (digits < word.len && isdigit((unsigned char)word.at[digits]))
		digits++;
	for (size_t i = 0; i < COUNT(units); i++) {
		int64_t n = number_of((struct str){ word.at, digits });

		if (n < 0 || !str_is((struct str){ word.at + digits, word.len - digits }, units[i].name))
			continue;
		s->ms = n * units[i].ms;
		return ended(c);
	}
	return wrong(c, MISTAKE_BAD_SPAN, all);
}

static bool read_step(struct cursor *c, struct step *s)
{
	char arrow = c->text[0];
	bool read;

	if (arrow != '+' && c->text[1] != ' ')
		return wrong(c, MISTAKE_NO_STEP, word_first(str_of(c->text)));
	if (arrow == '<')
		read = verb(c, s, arrivals, COUNT(arrivals), MISTAKE_NO_ARRIVAL);
	else if (arrow == '>')
		read = verb(c, s, requests, COUNT(requests), MISTAKE_NO_REQUEST);
	else if (arrow == '!')
		read = fault(c, s);
	else
		read = span(c, s);
	if (!read)
		return false;
	mark(c, s->word);
	if (s->headers && s->word != DO_HTTP && s->word != DO_ANSWER && s->word != DO_HOOK)
		return wrong(c, MISTAKE_NO_HEADERS, STR(""));
	return true;
}

bool step_read(struct reader *r, const char *text, struct step *s)
{
	struct cursor c = { .r = r, .line = s->line, .text = text, .rest = str_of(text + 1) };

	return read_step(&c, s);
}

bool step_begins(struct str line)
{
	static const char *const faults[] = { "ws", "http", "restart", "dice", "kill" };
	struct str rest = line, arrow = word_cut(&rest), word = word_cut(&rest);

	if (line.len && line.at[0] == '+')
		return arrow.len > 1 && (isdigit((unsigned char)arrow.at[1]) || arrow.at[1] == '<');
	if (!line.len || is_blank(line.at[0]))
		return false;
	return (str_is(arrow, "<") && find_verb(word, arrivals, COUNT(arrivals))) ||
	       (str_is(arrow, ">") && find_verb(word, requests, COUNT(requests))) ||
	       (str_is(arrow, "!") && word_in(word, faults, COUNT(faults)));
}
