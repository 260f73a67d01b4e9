/* manifest_channel.c - what only a channel's manifest has: sockets and their frames, and what
 * it can be asked to do. What comes in is in manifest_inbound.c. */
#include "limits.h"
#include "manifest_draft.h"
#include "spelling.h"
#include <string.h>

enum { FIRST_MOST_MS = 300000, GAP_MOST_MS = 60000 };

static const char *const units[] = {
	[UNIT_CODE_POINT] = "code point", [UNIT_UTF16] = "utf-16", [UNIT_BYTE] = "byte"
};
static const char *const all_marks[] = {
	[MARKS_PLAIN] = "plain", [MARKS_MARKDOWN] = "markdown", [MARKS_MRKDWN] = "mrkdwn",
	[MARKS_WHATSAPP] = "whatsapp", [MARKS_HTML] = "html",
};

/* ---- sockets ------------------------------------------------------------- */

static const struct strict_field socket_fields[] = {
	{ "url", STRICT_LINE, "write wss://HOST/PATH, or {ARGUMENT} of the type url" },
	{ "args", STRICT_OBJECT, NULL },
	{ "frame_max", STRICT_INT, "write how many bytes a frame of ours can have" },
	{ "first", STRICT_LINE, NULL },
	{ "frames", STRICT_OBJECT, NULL },
};
static const struct strict_field frame_fields[] = {
	{ "args", STRICT_OBJECT, NULL },
	{ "body", STRICT_ANY, "write the frame as a template" },
	{ "secret", STRICT_LINE, NULL },
	{ "effects", STRICT_LIST, NULL },
};

/* "30s" or "200ms", within these; absent it is left as it was. */
static bool read_span(struct draft *d, const cJSON *span, int64_t min_ms, int64_t max_ms, int64_t *ret_ms)
{
	const char *text = span ? span->valuestring : "";
	size_t n = strspn(text, "0123456789");
	int64_t ms = 0;

	if (!span)
		return true;
	for (size_t i = 0; i < n && ms < INT32_MAX; i++)
		ms = ms * 10 + (text[i] - '0');
	if (n && strcmp(text + n, "s") == 0)
		ms *= 1000;
	else if (!n || strcmp(text + n, "ms") != 0)
		ms = -1;
	if (ms < min_ms || ms > max_ms)
		return strict_fail(&d->s, span, "%s is no time that can be: write \"%llds\" to \"%llds\"",
				   strict_place(&d->s, span), (long long)(min_ms + 999) / 1000, (long long)max_ms / 1000);
	*ret_ms = ms;
	return true;
}

/* "gateway /d/session_id" */
bool place_check(struct draft *d, const cJSON *place)
{
	DEFER(text_free) char *name = str_dup((struct str){ place->valuestring, strcspn(place->valuestring, " ") });
	const char *pointer = place->valuestring + strlen(name);

	if (*pointer != ' ' ||
	    (!manifest_operation(d->m, name) && !member_in(member_in(d->s.root, "sockets"), name)))
		return strict_fail(
			&d->s, place,
			"\"%s\" in %s names no place: write an operation or a socket, a space and a pointer",
			place->valuestring, strict_place(&d->s, place));
	return pointer_check(d, place, pointer + 1, false);
}

/* Where a value must have been told. */
static bool check_seen(struct draft *d, const cJSON *seen)
{
	if (!strict_lines(&d->s, seen, "places", VALUES_MAX))
		return false;
	for (const cJSON *s = json_first(seen); s; s = s->next)
		if (!place_check(d, s))
			return false;
	return true;
}

static bool check_args(struct draft *d, const cJSON *json, const struct operation *op)
{
	for (size_t i = 0; i < op->args_n; i++) {
		const struct argument *a = &op->args[i];

		if (a->seen && (a->type == TYPE_INT || a->type == TYPE_BOOL || a->type == TYPE_JSON ||
				a->type == TYPE_EMAILS || a->fallback))
			return strict_fail(
				&d->s, a->seen,
				"%s: only a text without a default can be one that was seen; leave it out",
				strict_place(&d->s, a->seen));
		if (a->seen && !check_seen(d, a->seen))
			return false;
	}
	return templates_check(d, op, json);
}

/* A frame answers no request, so it must not do what one is asked for. */
static bool read_frame(struct draft *d, const cJSON *json, struct operation *op)
{
	const unsigned allowed = EFFECT_READ | EFFECT_WRITE | EFFECT_NET;
	const cJSON *effects = member_in(json, "effects");

	if (!strict_members(&d->s, json, frame_fields, COUNT(frame_fields)))
		return false;
	op->name = json->string;
	op->method = "FRAME";
	op->body = member_in(json, "body");
	if (!strict_is(&d->s, op->body, STRICT_OBJECT) || !slot_find(d, json, op) ||
		(effects && !effects_read(d, effects, &op->effects)))
		return false;
	if (op->effects & ~allowed)
		return strict_fail(&d->s, effects,
				   "%s: a frame belongs to no request, so it can only read, write or "
				   "net; let an operation do the rest",
				   strict_place(&d->s, effects));
	return arguments_read(d, member_in(json, "args"), &op->args, &op->args_n) &&
	       check_args(d, json, op);
}

static bool read_socket(struct draft *d, const cJSON *json, struct socket_row *row)
{
	const cJSON *frames = member_in(json, "frames");
	struct operation *ops;

	if (!strict_members(&d->s, json, socket_fields, COUNT(socket_fields)) ||
		!strict_between(&d->s, member_in(json, "frame_max"), 1, FRAME_MAX) ||
		!read_span(d, member_in(json, "first"), 1000, FIRST_MOST_MS, &row->first_ms))
		return false;
	json_number(json, "/frame_max", 1, FRAME_MAX, &row->frame_max);
	row->name = row->open.name = json->string;
	row->open.method = "OPEN";
	row->open.url = text_in(json, "url");
	if (!arguments_read(d, member_in(json, "args"), &row->open.args, &row->open.args_n) ||
		!check_args(d, json, &row->open))
		return false;
	if (!frames)
		return true;
	if (!strict_names(&d->s, frames, "a frame", FRAMES_MAX))
		return false;
	ops = draft_new(d, (size_t)json_count(frames), sizeof *ops);
	row->frames = ops;
	for (const cJSON *f = json_first(frames); f; f = f->next)
		if (!read_frame(d, f, &ops[row->frames_n++]))
			return false;
	return true;
}

static bool read_sockets(struct draft *d, const cJSON *json)
{
	struct socket_row *rows;

	if (!json)
		return true;
	if (!strict_names(&d->s, json, "a socket", SOCKETS_MAX))
		return false;
	rows = draft_new(d, (size_t)json_count(json), sizeof *rows);
	d->m->sockets = rows;
	d->socket = true;
	for (const cJSON *s = json_first(json); s; s = s->next) {
		if (manifest_operation(d->m, s->string))
			return strict_fail(
				&d->s, s, "\"%s\" is a socket and an operation: name one of them otherwise",
				s->string);
		if (!read_socket(d, s, &rows[d->m->sockets_n++]))
			return false;
	}
	d->socket = false;
	return true;
}

/* ---- what it can be asked to do ------------------------------------------ */

/* All that the core asks for, and what it gives: adapter.h. */
static const struct { const char *name, *gives; } known_acts[] = {
	{ "send", "chat thread text" }, { "edit", "chat thread id text" }, { "reply", "chat thread handle text" },
	{ "react", "chat thread id mark gone" }, { "typing", "chat thread id on" }, { "confirm", "chat thread" },
};

/* NULL: no such act */
static const char *gives_of(struct str act)
{
	for (size_t i = 0; i < COUNT(known_acts); i++)
		if (str_is(act, known_acts[i].name))
			return known_acts[i].gives;
	return NULL;
}

static bool unknown_act(struct draft *d, const cJSON *act)
{
	const char *known[COUNT(known_acts)];
	DEFER(text_free) char *hint = NULL;

	for (size_t i = 0; i < COUNT(known_acts); i++)
		known[i] = known_acts[i].name;
	hint = spelling_hint(act->string, known, COUNT(known));
	return strict_fail(&d->s, act, "unknown act \"%s\": %s", act->string, hint);
}

/* What the core runs by itself it must be able to fill in. */
static bool check_run(struct draft *d, const cJSON *name, const char *act, const struct operation *op)
{
	for (size_t i = 0; i < op->args_n; i++) {
		const struct argument *a = &op->args[i];

		if ((!a->is || !str_is((struct str){ a->is, strcspn(a->is, ".") }, act)) && !a->optional && !a->fallback)
			return strict_fail(&d->s, name,
					   "%s: nobody gives \"%s\" its argument \"%s\" there; write \"is\": \"%s...\" "
					   "into it, or let code do the act",
					   strict_place(&d->s, name), op->name, a->name, act);
	}
	return true;
}

static bool read_act(struct draft *d, const cJSON *json, struct act *act)
{
	static const char *const code[] = { "code" };
	unsigned sends = 0;

	act->name = json->string;
	if (!gives_of(str_of(act->name)))
		return unknown_act(d, json);
	if (cJSON_IsString(json))
		return strict_word(&d->s, json, "act", code, 1) == 0;
	if (!strict_is(&d->s, json, STRICT_LIST) ||
		!strict_lines(&d->s, json, "operations", ACT_STEPS_MAX))
		return false;
	act->runs = draft_new(d, (size_t)json_count(json), sizeof *act->runs);
	for (const cJSON *o = json_first(json); o; o = o->next) {
		const struct operation *op = operation_find(d, o);

		if (!op || !check_run(d, o, act->name, op))
			return false;
		sends += !!(op->effects & EFFECT_SEND);
		act->runs[act->runs_n++] = op;
	}
	return sends <= 1 ||
	       strict_fail(&d->s, json, "%s sends more than once: one request is one message",
			   strict_place(&d->s, json));
}

static bool read_acts(struct draft *d, const cJSON *json)
{
	struct act *acts;

	if (!json)
		return true;
	if (!strict_names(&d->s, json, "an act", ACTS_MAX))
		return false;
	acts = draft_new(d, (size_t)json_count(json), sizeof *acts);
	d->m->acts = acts;
	for (const cJSON *a = json_first(json); a; a = a->next)
		if (!read_act(d, a, &acts[d->m->acts_n++]))
			return false;
	return true;
}

/* "send.chat" names an act that there is, and something that the core gives with it. */
static bool check_binding(struct draft *d, const struct operation *op, const struct argument *a)
{
	struct str act = { a->is, strcspn(a->is, ".") };
	DEFER(text_free) char *name = str_dup(act);
	const cJSON *args = member_in(member_in(member_in(d->s.root, "operations"), op->name), "args");
	const cJSON *is = member_in(member_in(args, a->name), "is");

	if (!manifest_act(d->m, name))
		return strict_fail(
			&d->s, is,
			"\"%s\" is filled in for the act \"%s\", which \"acts\" does not have: write it there",
			a->is, name);
	return text_among(gives_of(act), a->is + act.len + 1) ||
	       strict_fail(&d->s, is, "\"%s\" in %s is nothing that the core gives: the act %s has %s", a->is,
			   strict_place(&d->s, is), name, gives_of(act));
}

static bool check_bindings(struct draft *d)
{
	bool finds = false;

	for (size_t i = 0; i < d->m->operations_n; i++) {
		const struct operation *op = &d->m->operations[i];

		finds = finds || op->finds.at;
		for (size_t k = 0; k < op->args_n; k++)
			if (op->args[k].is && !check_binding(d, op, &op->args[k]))
				return false;
	}
	return finds == (manifest_act(d->m, "confirm") != NULL) ||
	       strict_fail(&d->s, member_in(d->s.root, finds ? "operations" : "acts"),
			   "what the act \"confirm\" is answered by stands in an operation's \"finds\": write both, or neither");
}

static const struct strict_field form_fields[] = {
	{ "max", STRICT_INT, "write how long one message can be" },
	{ "unit", STRICT_LINE, "write code point, utf-16 or byte" },
	{ "marks", STRICT_LINE, "write plain, markdown, mrkdwn, whatsapp or html" },
};

static bool read_form(struct draft *d, const cJSON *json)
{
	int unit, marks;

	if (!json)
		return !manifest_act(d->m, "send") ||
		       strict_fail(
			   &d->s, d->s.root,
			   "missing member \"text\" in the file: write {\"max\": 2000, \"unit\": \"code "
			   "point\", \"marks\": \"plain\"} as the service has it");
	if (!strict_members(&d->s, json, form_fields, COUNT(form_fields)) ||
		!strict_between(&d->s, member_in(json, "max"), 1, ANSWER_TEXT_MAX))
		return false;
	unit = strict_word(&d->s, member_in(json, "unit"), "unit", units, COUNT(units));
	marks = unit < 0
			? -1
			: strict_word(&d->s, member_in(json, "marks"), "marks", all_marks, COUNT(all_marks));
	if (marks < 0)
		return false;
	json_number(json, "/max", 1, ANSWER_TEXT_MAX, &d->m->text_form.max);
	d->m->text_form.unit = (enum text_unit)unit;
	d->m->text_form.marks = (enum marks)marks;
	return true;
}

/* ---- how often, how long ------------------------------------------------- */

static bool read_rates(struct draft *d, const cJSON *json)
{
	static const struct strict_field fields[] = { { "chat", STRICT_LINE, NULL }, { "all", STRICT_LINE, NULL } };

	return !json || (strict_members(&d->s, json, fields, COUNT(fields)) &&
			 read_span(d, member_in(json, "chat"), 0, GAP_MOST_MS, &d->m->chat_gap_ms) &&
			 read_span(d, member_in(json, "all"), 0, GAP_MOST_MS, &d->m->all_gap_ms));
}

static bool read_stream(struct draft *d, const cJSON *json)
{
	static const struct strict_field fields[] = { { "every", STRICT_LINE, "write \"1s\"" } };

	if (!json)
		return true;
	if (!manifest_act(d->m, "send") || !manifest_act(d->m, "edit"))
		return strict_fail(&d->s, json, "%s: an answer that grows is sent and edited; write both acts",
				   strict_place(&d->s, json));
	return strict_members(&d->s, json, fields, COUNT(fields)) &&
	       read_span(d, member_in(json, "every"), 100, GAP_MOST_MS, &d->m->stream_ms);
}

static bool read_typing(struct draft *d, const cJSON *json)
{
	static const struct strict_field fields[] = { { "lasts", STRICT_LINE, "write \"10s\"" } };

	if (!json != !manifest_act(d->m, "typing"))
		return strict_fail(&d->s, json ? json : d->s.root,
				   "the act \"typing\" and \"typing\": {\"lasts\": \"10s\"} in the file belong "
				   "together: write both, or neither");
	return !json || (strict_members(&d->s, json, fields, COUNT(fields)) &&
			 read_span(d, member_in(json, "lasts"), 1000, FIRST_MOST_MS, &d->m->typing_ms));
}

/* {"👀": "eyes"}: both ways, so no word stands twice. */
static bool read_emoji(struct draft *d, const cJSON *json)
{
	if (!json)
		return true;
	if (json_count(json) < 1 || json_count(json) > VALUES_MAX)
		return strict_fail(&d->s, json, "%s has %d marks: write 1 to %d", strict_place(&d->s, json),
				   json_count(json), VALUES_MAX);
	for (const cJSON *e = json_first(json); e; e = e->next) {
		if (!strict_is(&d->s, e, STRICT_LINE))
			return false;
		for (const cJSON *other = json_first(json); other != e; other = other->next)
			if (strcmp(other->valuestring, e->valuestring) == 0)
				return strict_fail(&d->s, e, "\"%s\" stands for two marks: leave one out",
						   e->valuestring);
	}
	d->m->emoji = json;
	return true;
}

const char *emoji_word(const struct manifest *m, const char *mark)
{
	const char *word = text_in(m->emoji, mark);

	return word ? word : mark;
}

const char *emoji_mark(const struct manifest *m, const char *word)
{
	for (const cJSON *e = json_first(m->emoji); e; e = e->next)
		if (strcmp(e->valuestring, word) == 0)
			return e->string;
	return word;
}

/* ---- the whole ----------------------------------------------------------- */

bool channel_read(struct draft *d)
{
	static const char *const members[] = { "sockets", "me",	   "inbound", "acts", "text",
					       "rates",	  "stream", "typing",  "emoji" };
	const cJSON *json = d->s.root;

	for (size_t i = 0; i < COUNT(members) && d->m->kind != KIND_CHANNEL; i++)
		if (member_in(json, members[i]))
			return strict_fail(&d->s, member_in(json, members[i]),
					   "\"%s\" in the file belongs to the kind channel only: leave it out",
					   members[i]);
	return d->m->kind != KIND_CHANNEL ||
	       (read_sockets(d, member_in(json, "sockets")) && inbound_rows_read(d) &&
		read_acts(d, member_in(json, "acts")) && check_bindings(d) && read_form(d, member_in(json, "text")) &&
		read_rates(d, member_in(json, "rates")) && read_stream(d, member_in(json, "stream")) &&
		read_typing(d, member_in(json, "typing")) && read_emoji(d, member_in(json, "emoji")));
}
