/* manifest_channel.c - what only a channel's manifest has: sockets and their frames, where our
 * own id and other people's messages stand, what it can be asked to do. */
#include "inbound.h"
#include "limits.h"
#include "manifest_draft.h"
#include <string.h>

static const char *const kinds[] = {
	[INBOUND_MESSAGE] = "message", [INBOUND_EDIT] = "edit", [INBOUND_DELETE] = "delete",
	[INBOUND_REACTION] = "reaction", [INBOUND_BUTTON] = "button",
};
static const char *const kind_needs[] = {	/* beside in, chat and from */
	[INBOUND_MESSAGE] = "id text", [INBOUND_EDIT] = "of text", [INBOUND_DELETE] = "of",
	[INBOUND_REACTION] = "of mark", [INBOUND_BUTTON] = "of value",
};
static const char *const units[] = {
	[UNIT_CODE_POINT] = "code point", [UNIT_UTF16] = "utf-16", [UNIT_BYTE] = "byte"
};
static const char *const all_marks[] = {
	[MARKS_PLAIN] = "plain", [MARKS_MARKDOWN] = "markdown", [MARKS_MRKDWN] = "mrkdwn",
	[MARKS_WHATSAPP] = "whatsapp", [MARKS_HTML] = "html",
};

const char *inbound_name(enum inbound_kind kind)
{
	return kinds[kind];
}

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

/* "30s" */
static bool read_first(struct draft *d, const cJSON *first, int64_t *ret_ms)
{
	const char *text = first ? first->valuestring : "";
	size_t n = strspn(text, "0123456789");

	for (size_t i = 0; i < n && *ret_ms < 1000000; i++)
		*ret_ms = *ret_ms * 10 + (text[i] - '0');
	*ret_ms *= 1000;
	if (!first || (n && strcmp(text + n, "s") == 0 && *ret_ms >= 1000 && *ret_ms <= 300000))
		return true;
	return strict_fail(&d->s, first, "%s is no time to wait: write \"1s\" to \"300s\"",
			   strict_place(&d->s, first));
}

/* "gateway /d/session_id": where a value must have been told. */
static bool check_seen(struct draft *d, const cJSON *seen)
{
	const cJSON *sockets = member_in(d->s.root, "sockets");

	if (!strict_lines(&d->s, seen, "places", VALUES_MAX))
		return false;
	for (const cJSON *s = json_first(seen); s; s = s->next) {
		DEFER(text_free) char *name = str_dup((struct str){ s->valuestring, strcspn(s->valuestring, " ") });
		const char *pointer = s->valuestring + strlen(name);

		if (*pointer != ' ' || (!manifest_operation(d->m, name) && !member_in(sockets, name)))
			return strict_fail(&d->s, s,
					   "\"%s\" in %s names no place: write an operation or a "
					   "socket, a space and a pointer",
					   s->valuestring, strict_place(&d->s, s));
		if (!pointer_check(d, s, pointer + 1, false))
			return false;
	}
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
		!read_first(d, member_in(json, "first"), &row->first_ms))
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

/* ---- what comes in ------------------------------------------------------- */

static const struct strict_field me_fields[] = {
	{ "in", STRICT_LINE, "name the socket or operation that tells it" },
	{ "when", STRICT_OBJECT, NULL },
	{ "at", STRICT_LINE, "write the pointer to our own id" },
};
static const struct strict_field row_fields[] = {
	{ "in", STRICT_LINE, "name a socket or an operation" },
	{ "when", STRICT_OBJECT, NULL },
	{ "at", STRICT_LINE, NULL },
	{ "kind", STRICT_LINE, NULL },
	{ "chat", STRICT_ANY, "say where its chat stands: \"{@/chat}\"" },
	{ "from", STRICT_ANY, "say where its sender stands: \"{@/user}\"" },
	{ "id", STRICT_ANY, NULL },
	{ "thread", STRICT_ANY, NULL },
	{ "text", STRICT_OBJECT, NULL },
	{ "dm", STRICT_OBJECT, NULL },
	{ "reply_to", STRICT_ANY, NULL },
	{ "of", STRICT_ANY, NULL },
	{ "mark", STRICT_ANY, NULL },
	{ "value", STRICT_ANY, NULL },
};
static const struct strict_field text_fields[] = {
	{ "of", STRICT_ANY, "say where the text stands: \"{@/text}\"" },
	{ "mention", STRICT_LIST, NULL },
	{ "unescape", STRICT_LINE, NULL },
};
static const struct strict_field dm_fields[] = {
	{ "absent", STRICT_ANY, NULL }, { "of", STRICT_ANY, NULL }, { "is", STRICT_LINE, NULL },
};

static bool check_source(struct draft *d, const cJSON *in)
{
	return manifest_socket(d->m, in->valuestring) || manifest_operation(d->m, in->valuestring) ||
	       strict_fail(&d->s, in, "\"%s\" in %s is no socket and no operation: name one",
			   in->valuestring, strict_place(&d->s, in));
}

static int count_stars(const char *at)
{
	int n = 0;

	for (; *at; at++)
		n += *at == '*';
	return n;
}

/* A pointer; a * can stand for a step, at most so many of them. */
static bool check_starred(struct draft *d, const cJSON *about, const char *at, int max)
{
	if (!pointer_check(d, about, at, true))
		return false;
	return (!strstr(at, "**") && !strchr(at, '{') && count_stars(at) <= max) ||
	       strict_fail(&d->s, about, "\"%s\" in %s names too much: %s", at,
			   strict_place(&d->s, about),
			   max ? "a step is a name or *, and only as many * as \"at\" has"
			       : "write a pointer to one place");
}

static bool check_when(struct draft *d, const cJSON *when, int stars)
{
	for (const cJSON *w = json_first(when); w; w = w->next)
		if (!check_starred(d, w, w->string, stars))
			return false;
		else if (cJSON_IsObject(w) || cJSON_IsArray(w))
			return strict_fail(&d->s, w,
					   "%s is compared with what stands there: write text, a "
					   "number, true, false, or null for nothing",
					   strict_place(&d->s, w));
	return true;
}

static bool check_one(struct draft *d, const cJSON *template, int stars)
{
	const char *why = cJSON_IsString(template) ? inbound_template_check(template->valuestring, stars)
						   : "is no text, and no list of texts";

	return !why || strict_fail(&d->s, template, "%s %s: write a template such as \"{@/text}\"",
				   strict_place(&d->s, template), why);
}

static bool check_template(struct draft *d, const cJSON *template, int stars)
{
	if (!cJSON_IsArray(template))
		return !template || check_one(d, template, stars);
	if (!strict_lines(&d->s, template, "templates", VALUES_MAX))
		return false;
	for (const cJSON *t = json_first(template); t; t = t->next)
		if (!check_one(d, t, stars))
			return false;
	return true;
}

static bool check_text(struct draft *d, const cJSON *text, int stars)
{
	static const char *const escapes[] = { "html" };
	const cJSON *mention = member_in(text, "mention"), *escape = member_in(text, "unescape");

	if (!text)
		return true;
	if (!strict_members(&d->s, text, text_fields, COUNT(text_fields)) ||
		!check_template(d, member_in(text, "of"), stars) ||
		(mention && !strict_lines(&d->s, mention, "mentions", VALUES_MAX)) ||
		(escape && strict_word(&d->s, escape, "escape", escapes, COUNT(escapes)) < 0))
		return false;
	for (const cJSON *m = json_first(mention); m; m = m->next)
		if (!strstr(m->valuestring, "{me}"))
			return strict_fail(
				&d->s, m, "\"%s\" in %s mentions nobody: write {me} where our id stands",
				m->valuestring, strict_place(&d->s, m));
	return true;
}

static bool check_dm(struct draft *d, const cJSON *dm, int stars)
{
	bool absent = member_in(dm, "absent"), of = member_in(dm, "of"), is = member_in(dm, "is");

	if (!dm)
		return true;
	if (!strict_members(&d->s, dm, dm_fields, COUNT(dm_fields)))
		return false;
	if (absent == of || of != is)
		return strict_fail(&d->s, dm,
				   "%s says nothing: write {\"absent\": \"{@/x}\"}, or {\"of\": "
				   "\"{@/x}\", \"is\": \"im\"}",
				   strict_place(&d->s, dm));
	return check_template(d, member_in(dm, "absent"), stars) &&
	       check_template(d, member_in(dm, "of"), stars);
}

/* What each kind has, and what belongs to others. */
static bool check_kind(struct draft *d, const cJSON *json, enum inbound_kind kind)
{
	static const char *const special[] = { "id", "text", "of", "mark", "value" };

	for (size_t i = 0; i < COUNT(special); i++) {
		const cJSON *given = member_in(json, special[i]);
		bool needed = strstr(kind_needs[kind], special[i]) != NULL;

		if (needed && !given)
			return strict_fail(&d->s, json,
					   "missing member \"%s\" in %s: a row of the kind %s has it",
					   special[i], strict_place(&d->s, json), kinds[kind]);
		if (!needed && given)
			return strict_fail(&d->s, given,
					   "%s does not belong to the kind %s: leave it out",
					   strict_place(&d->s, given), kinds[kind]);
	}
	return true;
}

static bool read_row(struct draft *d, const cJSON *json, struct inbound_row *row)
{
	static const char *const templates[] = { "id", "chat", "thread", "from",
						 "of", "mark", "value",	 "reply_to" };
	const cJSON *at = member_in(json, "at"), *kind = member_in(json, "kind");
	int which, stars;

	if (!strict_members(&d->s, json, row_fields, COUNT(row_fields)) ||
		!check_source(d, member_in(json, "in")))
		return false;
	which = kind ? strict_word(&d->s, kind, "kind", kinds, COUNT(kinds)) : INBOUND_MESSAGE;
	if (which < 0 || !check_kind(d, json, (enum inbound_kind)which) ||
		(at && !check_starred(d, at, at->valuestring, ARGUMENTS_MAX)))
		return false;
	*row = (struct inbound_row){ .in = text_in(json, "in"),
				     .when = member_in(json, "when"),
				     .at = at ? at->valuestring : "",
				     .kind = (enum inbound_kind)which,
				     .json = json };
	stars = count_stars(row->at);
	for (size_t i = 0; i < COUNT(templates); i++)
		if (!check_template(d, member_in(json, templates[i]), stars))
			return false;
	return check_when(d, row->when, stars) && check_text(d, member_in(json, "text"), stars) &&
	       check_dm(d, member_in(json, "dm"), stars);
}

static bool read_inbound(struct draft *d, const cJSON *list)
{
	struct inbound_row *rows = draft_new(d, (size_t)json_count(list), sizeof *rows);

	if (json_count(list) > INBOUND_MAX)
		return strict_fail(&d->s, list, "%s has %d rows: %d are the most",
				   strict_place(&d->s, list), json_count(list), INBOUND_MAX);
	d->m->inbound = rows;
	for (const cJSON *r = json_first(list); r; r = r->next)
		if (!read_row(d, r, &rows[d->m->inbound_n++]))
			return false;
	return true;
}

static bool read_me(struct draft *d, const cJSON *json)
{
	const cJSON *at = member_in(json, "at");

	if (!json)
		return true;
	if (!strict_members(&d->s, json, me_fields, COUNT(me_fields)) ||
		!check_source(d, member_in(json, "in")) || !check_starred(d, at, at->valuestring, 0) ||
		!check_when(d, member_in(json, "when"), 0))
		return false;
	d->m->me = (struct me_row){ .in = text_in(json, "in"),
					.at = at->valuestring,
					.when = member_in(json, "when") };
	return true;
}

/* ---- what it can be asked to do ------------------------------------------ */

/* What the core runs by itself it must be able to fill in. */
static bool check_run(struct draft *d, const cJSON *name, const struct operation *op)
{
	for (size_t i = 0; i < op->args_n; i++)
		if (!op->args[i].is && !op->args[i].optional && !op->args[i].fallback)
			return strict_fail(&d->s, name,
					   "%s: nobody gives \"%s\" its argument \"%s\"; write \"is\" "
					   "into it, or let code do the act",
					   strict_place(&d->s, name), op->name, op->args[i].name);
	return true;
}

static bool read_act(struct draft *d, const cJSON *json, struct act *act)
{
	static const char *const code[] = { "code" };
	unsigned sends = 0;

	act->name = json->string;
	if (cJSON_IsString(json))
		return strict_word(&d->s, json, "act", code, 1) == 0;
	if (!strict_is(&d->s, json, STRICT_LIST) ||
		!strict_lines(&d->s, json, "operations", ACT_STEPS_MAX))
		return false;
	act->runs = draft_new(d, (size_t)json_count(json), sizeof *act->runs);
	for (const cJSON *o = json_first(json); o; o = o->next) {
		const struct operation *op = operation_find(d, o);

		if (!op || !check_run(d, o, op))
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

/* "send.chat" names an act that there is. */
static bool check_bindings(struct draft *d)
{
	for (size_t i = 0; i < d->m->operations_n; i++)
		for (size_t k = 0; k < d->m->operations[i].args_n; k++) {
			const struct argument *a = &d->m->operations[i].args[k];
			DEFER(text_free) char *act = a->is ? str_dup((struct str){ a->is, strcspn(a->is, ".") }) : NULL;
			const cJSON *args = member_in(
				member_in(member_in(d->s.root, "operations"), d->m->operations[i].name),
				"args");

			if (act && !manifest_act(d->m, act))
				return strict_fail(&d->s, member_in(member_in(args, a->name), "is"),
						   "\"%s\" is filled in for the act \"%s\", which "
						   "\"acts\" does not have: write it there",
						   a->is, act);
		}
	return true;
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

/* ---- the whole ----------------------------------------------------------- */

bool channel_read(struct draft *d)
{
	static const char *const members[] = { "sockets", "me", "inbound", "acts", "text" };
	const cJSON *json = d->s.root;

	for (size_t i = 0; i < COUNT(members) && d->m->kind != KIND_CHANNEL; i++)
		if (member_in(json, members[i]))
			return strict_fail(
				&d->s, member_in(json, members[i]),
				"\"%s\" in the file belongs to the kind channel only: leave it out",
				members[i]);
	return d->m->kind != KIND_CHANNEL ||
	       (read_sockets(d, member_in(json, "sockets")) && read_me(d, member_in(json, "me")) &&
		read_inbound(d, member_in(json, "inbound")) && read_acts(d, member_in(json, "acts")) &&
		check_bindings(d) && read_form(d, member_in(json, "text")));
}
