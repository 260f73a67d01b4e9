/* replay.c - see replay.h */
#include "gate/replay.h"
#include "gate/notation.h"
#include "gate/value.h"
#include "gate/world.h"
#include "markdown.h"
#include "split.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct run {
	const struct replay *replay;
	struct world *world;
	struct outcome *outcome;
	const struct step *last;	/* the step before */
	const struct step *job;		/* the call or turn that waits for its answer */
	cJSON *vars;
	cJSON *said, *pieces;		/* what is said, and what is left of it */
	int64_t said_ref, last_ref;	/* of the piece that was asked for last; of any act */
	bool red;
};

/* ---- saying what is wrong ------------------------------------------------ */

/* The first failure counts. `what` is taken. */
static void fail(struct run *r, const struct step *at, char *what, const char *remedy)
{
	struct outcome *o = r->outcome;

	if (r->red) {
		free(what);
		return;
	}
	r->red = true;
	o->file = at->file;
	o->line = at->line;
	o->what = what;
	o->remedy = text_dup(remedy);
}

static void show(struct run *r, const struct step *expected, const struct deed *happened)
{
	if (r->outcome->expected || r->outcome->happened)
		return;
	r->outcome->expected = expected ? step_notation(expected) : NULL;
	r->outcome->happened = happened ? deed_notation(happened) : NULL;
}

static void look_at_world(struct run *r, const struct step *at)
{
	if (world_red(r->world) && !r->red)
		fail(r, at, text_dup(world_red(r->world)), "adapter.h says what an adapter may do, and when");
}

/* ---- what the adapter did ------------------------------------------------ */

static char *words_differ(const char *what, const char *expected, const char *came)
{
	if (expected && came && strcmp(expected, came) == 0)
		return NULL;
	if (!expected && !came)
		return NULL;
	return text_fmt("the %s is %s, and %s was expected", what, came ? came : "not there",
			expected ? expected : "none");
}

static const cJSON *header(const cJSON *headers, const char *name)
{
	for (const cJSON *h = json_first(headers); h; h = h->next)
		if (strcasecmp(h->string, name) == 0)
			return h;
	return NULL;
}

/* Those that the page names must be there; the manifest alone says what others are. */
static char *headers_differ(const struct step *s, const struct deed *d)
{
	for (const cJSON *h = json_first(s->headers); h; h = h->next) {
		const cJSON *came = header(d->headers, h->string);

		if (!came || strcmp(came->valuestring, h->valuestring) != 0)
			return text_fmt("the header %s is %s, and %s was expected", h->string,
					came ? came->valuestring : "not there", h->valuestring);
	}
	return NULL;
}

static char *whole_url(const struct run *r, const struct step *s)
{
	return text_fmt("%s%s", s->url[0] == '/' ? world_base(r->world) : "", s->url);
}

static char *value_of_deed(struct run *r, const struct step *s, const struct deed *d, const char *noun)
{
	char *differs;

	if (!s->value)
		return d->value ? text_fmt("a %s came, and none was expected", noun) : NULL;
	if (!d->value)
		return text_fmt("no %s came", noun);
	differs = value_differs(s->value, d->value, s->like, r->vars);
	if (differs) {
		char *what = text_fmt("the %s differs: %s", noun, differs);

		free(differs);
		return what;
	}
	return NULL;
}

static char *http_differs(struct run *r, const struct step *s, const struct deed *d)
{
	DEFER(text_free) char *url = whole_url(r, s);
	char *why = words_differ("method", s->name, d->method);

	if (!why)
		why = words_differ("URL", url, d->url);
	if (!why)
		why = words_differ("secret", s->secret, d->secret);
	if (!why && d->value)
		why = words_differ("encoding", s->option, d->form ? "form" : NULL);
	if (!why)
		why = headers_differ(s, d);
	return why ? why : value_of_deed(r, s, d, "body");
}

static char *socket_differs(struct run *r, const struct step *s, const struct deed *d)
{
	char *why = s->word == DO_WS_OPEN ? words_differ("URL", s->url, d->url) :
		    words_differ("socket's label", s->label, world_line_label(r->world, d->line));

	if (!why)
		why = words_differ("secret", s->secret, d->secret);
	if (!why && s->status != d->status)
		why = text_fmt("the close code is %d, and %d was expected", d->status, s->status);
	return why ? why : value_of_deed(r, s, d, "frame");
}

static char *differs(struct run *r, const struct step *s, const struct deed *d)
{
	char *why;

	if (s->word != d->word)
		return text_dup("something else happened");
	if (s->word == DO_HTTP)
		return http_differs(r, s, d);
	if (s->word == DO_WS_OPEN || s->word == DO_WS_FRAME || s->word == DO_WS_CLOSE)
		return socket_differs(r, s, d);
	why = s->word == DO_DELIVER ? words_differ("kind", s->name ? s->name : "message", d->method) : NULL;
	if (why)
		return why;
	return value_of_deed(r, s, d, s->word == DO_DELTA ? "text" : "value");
}

static void expect(struct run *r, const struct step *s)
{
	const struct deed *d = world_deed(r->world);
	char *why = d ? differs(r, s, d) : text_dup("nothing happened");

	if (why) {
		fail(r, s, why, "let the adapter do exactly this here");
		show(r, s, d);
		return;
	}
	world_label(r->world, d, s->label);
	world_take(r->world);
	r->outcome->expectations++;
}

/* Before anything else arrives, all that was done has been expected. */
static void silence(struct run *r)
{
	const struct deed *d = world_deed(r->world);

	if (!d || r->red)
		return;
	fail(r, r->last, text_dup("after this step something happened that no \">\" expects"),
	     "let the adapter do no more than the page says");
	show(r, NULL, d);
}

/* ---- what arrives -------------------------------------------------------- */

static void answered_before(struct run *r, const struct step *s)
{
	uint32_t ref = world_unanswered(r->world);

	if (ref)
		fail(r, s, text_fmt("the act with \"ref\" %u was never answered", ref),
		     "let the adapter answer with result, failed or again, at once or when its request is answered");
	if (!r->job || !world_owes(r->world))
		return;
	fail(r, s, text_fmt("the %s of %s:%d was never answered", r->job->word == DO_TURN ? "turn" : "call", r->job->file,
			    r->job->line), "let the adapter answer with result, failed or again, whatever comes");
}

static bool is_channel(const struct run *r)
{
	return r->replay->manifest->kind == KIND_CHANNEL;
}

static void start(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *value = s->value ? value_fill(s->value, r->vars) : NULL;
	const char *why;

	if (world_runs(r->world) && is_channel(r))
		fail(r, s, text_dup("it runs already"), "end it first with ! restart or ! kill");

	answered_before(r, s);
	for (const cJSON *m = json_first(value); m; m = m->next)
		if (strcmp(m->string, "config") != 0)
			fail(r, s, text_fmt("start brings no \"%s\" to a %s", m->string, kind_name(r->replay->manifest->kind)),
			     "give {\"config\": {...}}, or nothing");
	why = world_config(r->world, json_at(value, "/config"));
	if (why)
		fail(r, s, text_fmt("this configuration is refused: %s", why), "give what the manifest's config takes");
	if (is_channel(r) && !r->red)
		world_start(r->world);
}

static bool wrong_kind(struct run *r, const struct step *s, enum kind kind)
{
	if (r->replay->manifest->kind == kind)
		return false;
	fail(r, s, text_fmt("a %s is not asked by \"%s\"", kind_name(r->replay->manifest->kind), word_name(s->word)),
	     "use turn for a model, call for a tool");
	return true;
}

static void turn(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *value = value_fill(s->value, r->vars);

	answered_before(r, s);
	if (r->red || wrong_kind(r, s, KIND_MODEL))
		return;
	r->job = s;
	world_turn(r->world, value);
}

static void call(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *value = value_fill(s->value, r->vars);
	const struct tool *tool;

	answered_before(r, s);
	if (r->red || wrong_kind(r, s, KIND_TOOL))
		return;
	tool = manifest_tool(r->replay->manifest, s->name);
	if (!tool->is && r->replay->program < 0) {
		fail(r, s, text_fmt("the tool \"%s\" is code, and there is none", s->name), "write the adapter");
		return;
	}
	r->job = s;
	world_call(r->world, tool, value);
}

/* The request that a step speaks of; NULL: it has failed. */
static struct open *open_request(struct run *r, const struct step *s)
{
	struct open *o = world_open(r->world, s->label);

	if (!o)
		fail(r, s, s->label ? text_fmt("no request called #%s waits for an answer", s->label) :
		     text_dup("no request waits for an answer"), "take this step away, or expect the request first");
	return o;
}

static struct open *open_stream(struct run *r, const struct step *s)
{
	struct open *o = open_request(r, s);
	const struct operation *op = o ? open_operation(o) : NULL;

	if (!op || op->answer == ANSWER_SSE || op->answer == ANSWER_NDJSON)
		return o;
	fail(r, s, text_fmt("the answer of \"%s\" comes in one piece", op->name), "write it as < http 200 and its body");
	return NULL;
}

/* A text is the body as it stands; anything else is its JSON. */
static void answer(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *value = s->value ? value_fill(s->value, r->vars) : NULL;
	DEFER(text_free) char *printed = value && !cJSON_IsString(value) ? json_print(value) : NULL;
	struct open *o = open_request(r, s);
	enum answer_kind kind = o ? open_operation(o)->answer : ANSWER_NONE;

	if (!o)
		return;
	if (value && s->status < 300 && (kind == ANSWER_SSE || kind == ANSWER_NDJSON)) {
		fail(r, s, text_fmt("the answer of \"%s\" is a stream", open_operation(o)->name),
		     "write its pieces as < part, then < http 200 alone");
		return;
	}
	world_answer(r->world, o, s->status, str_of(printed ? printed : value ? value->valuestring : ""));
}

static void part(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *value = value_fill(s->value, r->vars);
	struct open *o = open_stream(r, s);

	if (o)
		world_part(r->world, o, value);
}

static void parts(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *value = value_fill(s->value, r->vars);
	struct open *o = open_stream(r, s);

	for (const cJSON *p = json_first(value); o && p && !world_red(r->world); p = p->next)
		world_part(r->world, o, p);
}

/* ---- the world breaks, and time moves ------------------------------------ */

static void lose(struct run *r, const struct step *s)
{
	struct open *o = open_request(r, s);

	if (o)
		world_lose(r->world, o);
}

static void restart(struct run *r, const struct step *s)
{
	json_drop(&r->pieces);
	r->pieces = NULL;
	world_restart(r->world, s->word == DO_KILL);
	if (s->word == DO_RESTART_EMPTY)
		world_forget(r->world);
}

static void dice(struct run *r, const struct step *s)
{
	world_dice(r->world, s->dice);
}

/* Nothing may happen before the time is over. */
static void move(struct run *r, const struct step *s)
{
	int64_t from = world_now(r->world);

	if (world_move(r->world, from + s->ms))
		return;
	fail(r, s, text_fmt("after %lld ms, before this time was over, something happened", (long long)(world_now(r->world) - from)),
	     "expect it there, or let the adapter wait");
	show(r, NULL, world_deed(r->world));
}

/* What is expected next happens at the latest when it is over. */
static void within(struct run *r, const struct step *s)
{
	if (!world_deed(r->world))
		world_move(r->world, world_now(r->world) + s->ms);
	if (!world_deed(r->world) && !world_red(r->world))
		fail(r, s, text_dup("nothing happened within this time"), "let the adapter set its timer within this span");
}

/* ---- a channel ----------------------------------------------------------- */

static struct line *open_line(struct run *r, const struct step *s)
{
	struct line *l = world_line(r->world, s->label);

	if (!l)
		fail(r, s, s->label ? text_fmt("no socket called #%s is open", s->label) : text_dup("no socket is open"),
		     "expect the socket first; to open another under its tag drops one that is open");
	return l;
}

static void ws_text(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *value = value_fill(s->value, r->vars);
	struct line *l = open_line(r, s);

	if (l)
		world_text(r->world, l, value);
}

static void ws_closed(struct run *r, const struct step *s)
{
	struct line *l = open_line(r, s);

	if (l)
		world_closed(r->world, l, s->status);
}

static void stop(struct run *r, const struct step *s)
{
	if (!world_stop(r->world))
		fail(r, s, text_dup("nothing runs that could be stopped"), "write < start before it");
}

/* NULL, or why the core would not ask for it in one piece. */
static const char *unfit(const struct run *r, const cJSON *json)
{
	const char *text = json_text(json, "/text");

	return text && text_units(str_of(text), r->replay->manifest->text_form.unit) > r->replay->manifest->text_form.max ?
	       "its text is longer than one message can be: < say would split it" : NULL;
}

/* `value` loses the key that it gives: another piece has another. */
static void ask_act(struct run *r, const struct step *s, const char *name, int64_t ref, cJSON *value)
{
	DEFER(text_free) char *key = text_dup(json_text(value, "/key"));
	const char *why = ref < 1 ? "it has no \"ref\", by which its answer is known" : unfit(r, value);

	cJSON_DeleteItemFromObjectCaseSensitive(value, "key");
	r->last_ref = ref;
	if (!why)
		why = world_act(r->world, name, (uint32_t)ref, value, key);
	if (why)
		fail(r, s, text_dup(why), "write {\"ref\": 7, ...}, counting up, with what the core would give");
}

/* The next piece of what is said. */
static void say_on(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *piece = cJSON_DetachItemFromArray(r->pieces, 0);

	if (!piece)
		return;
	cJSON_ReplaceItemInObjectCaseSensitive(r->said, "text", cJSON_Duplicate(piece, true));
	ask_act(r, s, "send", r->said_ref, r->said);
}

/* Rendered and cut as the core does it; each piece waits for the result of the one before. */
static void say(struct run *r, const struct step *s, int64_t ref, const cJSON *value)
{
	const struct manifest *m = r->replay->manifest;
	const char *text = json_text(value, "/text");
	DEFER(text_free) char *made = text ? markdown_render(text, m->text_form.marks) : NULL;

	json_drop(&r->pieces);
	json_drop(&r->said);
	if (!made) {
		fail(r, s, text_dup("it has no \"text\""), "write what a model says");
		return;
	}
	r->pieces = split_text(made, m->text_form.max, m->text_form.unit, m->text_form.marks);
	r->said = cJSON_Duplicate(value, true);
	r->said_ref = ref;
	say_on(r, s);
}

static void act(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *value = value_fill(s->value, r->vars);
	const char *name = s->word == DO_SAY ? "send" : s->name;
	int64_t ref = 0;

	if (!manifest_act(r->replay->manifest, name)) {
		fail(r, s, text_fmt("the manifest's \"acts\" does not have \"%s\"", name), "ask only for what it claims");
		return;
	}
	json_number(value, "/ref", 1, UINT32_MAX, &ref);
	cJSON_DeleteItemFromObjectCaseSensitive(value, "ref");
	if (s->word == DO_SAY)
		say(r, s, ref, value);
	else
		ask_act(r, s, name, ref, value);
}

/* A result that was expected: what was said goes on behind it. */
static void result(struct run *r, const struct step *s)
{
	const struct deed *d = world_deed(r->world);
	int64_t ref = 0;

	if (d && d->value)
		json_number(d->value, "/ref", 1, UINT32_MAX, &ref);
	expect(r, s);
	if (r->red || !r->pieces || ref != r->said_ref)
		return;
	r->said_ref = r->last_ref + 1;
	say_on(r, s);
}

/* What is kept now, whenever it was; null: nothing. */
static void keep(struct run *r, const struct step *s)
{
	DEFER(json_drop) cJSON *nothing = cJSON_CreateNull();
	const cJSON *kept = world_kept(r->world);
	DEFER(text_free) char *differ = value_differs(s->value, kept ? kept : nothing, s->like, r->vars);

	if (differ)
		fail(r, s, text_fmt("what is kept differs: %s", differ), "let the adapter keep exactly this");
	else
		r->outcome->expectations++;
}

/* ---- a section ----------------------------------------------------------- */

static void (*const runners[STEP_WORDS])(struct run *r, const struct step *s) = {
	[DO_START] = start, [DO_TURN] = turn, [DO_CALL] = call,
	[DO_ANSWER] = answer, [DO_PART] = part, [DO_PARTS] = parts,
	[DO_HTTP] = expect, [DO_DELTA] = expect, [DO_RESULT] = result, [DO_FAILED] = expect, [DO_AGAIN] = expect,
	[DO_MOVE] = move, [DO_WITHIN] = within, [DO_DICE] = dice,
	[DO_HTTP_TIMEOUT] = lose, [DO_HTTP_RESET] = lose, [DO_HTTP_LOST] = lose,
	[DO_RESTART] = restart, [DO_RESTART_EMPTY] = restart, [DO_KILL] = restart,
};
/* Those that only a channel knows; but for the last, it must run. */
static void (*const channel_runners[STEP_WORDS])(struct run *r, const struct step *s) = {
	[DO_STOP] = stop, [DO_WS_TEXT] = ws_text, [DO_WS_CLOSED] = ws_closed, [DO_WS_RESET] = ws_closed, [DO_ACT] = act, [DO_SAY] = act,
	[DO_WS_OPEN] = expect, [DO_WS_FRAME] = expect, [DO_WS_CLOSE] = expect, [DO_DELIVER] = expect, [DO_READY] = expect,
	[DO_BROKEN] = expect, [DO_KEEP] = keep,
};

static void run_channels(struct run *r, const struct step *s)
{
	bool arrives = step_kind(s->word) == STEP_ARRIVAL || step_kind(s->word) == STEP_FAULT;

	if (!is_channel(r))
		fail(r, s, text_fmt("\"%s\" belongs to channels", word_name(s->word)), "use turn for a model, call for a tool");
	else if (arrives && s->word != DO_STOP && !world_runs(r->world))
		fail(r, s, text_dup("nothing runs that this could reach: it was not started, or has said that it is broken"),
		     "write < start before it");
	else
		channel_runners[s->word](r, s);
}

static void run_step(struct run *r, const struct step *s)
{
	if (r->replay->now)
		*r->replay->now = s;
	if (step_kind(s->word) != STEP_REQUEST && s->word != DO_WITHIN)
		silence(r);
	if (r->red)
		return;
	if (runners[s->word])
		runners[s->word](r, s);
	else if (channel_runners[s->word])
		run_channels(r, s);
	else
		fail(r, s, text_fmt("\"%s\" is read, and not run yet", word_name(s->word)), "leave it out until it is");
	look_at_world(r, s);
	r->last = s;
}

static void run_section(struct run *r, const struct section *s)
{
	const char *why = world_config(r->world, NULL);

	if (why)
		fail(r, &s->steps[0], text_fmt("the manifest's own defaults are refused: %s", why),
		     "begin with < start {\"config\": {...}}");
	for (size_t i = 0; i < s->n && !r->red; i++)
		run_step(r, &s->steps[i]);
	silence(r);
	answered_before(r, &s->steps[s->n - 1]);
}

void replay_section(const struct replay *replay, const struct section *s, struct outcome *ret)
{
	struct run r = { .replay = replay, .outcome = ret, .vars = cJSON_CreateObject() };

	*ret = (struct outcome){ 0 };
	r.last = &s->steps[0];
	r.world = world_new(replay->loop, replay->manifest, replay->program);
	world_dice(r.world, replay->dice);
	run_section(&r, s);
	ret->ok = !r.red;
	world_free(r.world);
	json_drop(&r.vars);
	json_drop(&r.said);
	json_drop(&r.pieces);
}

bool section_rolls(const struct section *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->steps[i].word == DO_WITHIN)
			return true;
	return false;
}

void outcome_free(struct outcome *o)
{
	free(o->what);
	free(o->expected);
	free(o->happened);
	free(o->remedy);
	*o = (struct outcome){ 0 };
}
