/* world.c - see world.h */
#include "gate/world_parts.h"
#include "adapter/adapter.h"
#include "limits.h"
#include "loop.h"
#include "stream.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the adapter did ------------------------------------------------ */

void go_red(struct world *w, const char *why)
{
	if (!w->red)
		w->red = text_dup(why);
}

struct deed *do_deed(struct world *w, enum step_word word, cJSON *value)
{
	struct deed *d = mem_new(1, sizeof *d);

	d->word = word;
	d->value = value;
	*w->last = d;
	w->last = &d->next;
	return d;
}

static void deed_free(struct deed *d)
{
	json_drop(&d->headers);
	json_drop(&d->value);
	free(d->url);
	free(d);
}

cJSON *body_of(struct request *r)
{
	cJSON *body = r->json;

	r->json = NULL;
	return body ? body : r->body ? cJSON_CreateString(r->body) : NULL;
}

static bool streams(const struct operation *op)
{
	return op->answer == ANSWER_SSE || op->answer == ANSWER_NDJSON;
}

static void add_open(struct world *w, uint32_t ref, uint32_t tag, const struct operation *op)
{
	struct open *o = mem_new(1, sizeof *o), **at = &w->open;

	*o = (struct open){ .call = ++w->calls, .ref = ref, .tag = tag, .op = op };
	if (streams(op))
		o->stream = stream_new(op->answer, PART_MAX);
	while (*at)
		at = &(*at)->next;
	*at = o;
}

static void drop_open(struct world *w, struct open *o)
{
	struct open **at = &w->open;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	stream_free(o->stream);
	free(o->label);
	free(o);
}

/* Takes the request apart. */
void ask(struct world *w, uint32_t ref, uint32_t tag, struct request *r)
{
	struct deed *d = do_deed(w, DO_HTTP, body_of(r));

	d->method = r->op->method;
	d->url = r->url;
	r->url = NULL;
	d->secret = r->secret ? r->secret->name : NULL;
	d->form = r->op->form && d->value;
	d->headers = r->headers;
	r->headers = NULL;
	add_open(w, ref, tag, r->op);
	d->call = w->calls;
}

static void answered(struct world *w, enum step_word word, cJSON *value)
{
	do_deed(w, word, value);
	w->waits = false;
}

static void result(struct world *w, struct ask *a)
{
	const char *why = w->manifest->kind == KIND_MODEL ? result_check(a->json) : NULL;

	if (why) {
		DEFER(text_free) char *sentence = text_fmt("it gave a result that is none: %s", why);

		go_red(w, sentence);
	}
	answered(w, DO_RESULT, a->json ? a->json : cJSON_CreateNull());
	a->json = NULL;
}

void refused(struct world *w, struct ask *a)
{
	struct refusal *r = mem_new(1, sizeof *r), **at = &w->refusals;

	*r = (struct refusal){ .socket = a->kind == ASK_SHUT, .ref = a->ref, .tag = a->tag, .class = a->class, .why = a->text };
	a->text = NULL;
	while (*at)
		at = &(*at)->next;
	*at = r;
}

cJSON *failure_json(int class, const char *why)
{
	return json_build("{class:%s,why:%s}", failure_name(class), why ? why : "");
}

static void take(struct world *w, struct ask *a)
{
	if (w->manifest->kind == KIND_CHANNEL && channel_take(w, a)) {
		ask_free(a);
		return;
	}
	switch (a->kind) {
	case ASK_CALL:
		ask(w, a->ref, a->tag, &a->request);
		break;
	case ASK_REFUSED:
		refused(w, a);
		break;
	case ASK_DELTA:
		do_deed(w, DO_DELTA, cJSON_CreateString(a->text));
		break;
	case ASK_RESULT:
		result(w, a);
		break;
	case ASK_FAILED:
		answered(w, DO_FAILED, failure_json(a->class, a->text));
		break;
	case ASK_AGAIN:
		answered(w, DO_AGAIN, json_build("{after_ms:%D}", a->wait_ms));
		break;
	case ASK_OPEN: case ASK_FRAME: case ASK_CLOSE: case ASK_SHUT: case ASK_TIMER: case ASK_DELIVER: case ASK_READY:
	case ASK_BROKEN: case ASK_KEEP:		/* a channel's: channel_take() */
	case ASK_NOTHING: case ASK_LOG:
		break;
	}
	ask_free(a);
}

static void heard(struct process_owner *o, const struct wire_message *outputs, size_t n)
{
	struct world *w = container_of(o, struct world, owner);
	struct deed **before = w->last;

	for (size_t i = 0; i < n && !w->red; i++) {
		struct ask a = { .kind = ASK_NOTHING };
		const char *violation = session_take(w->session, &outputs[i], &a);

		if (violation) {
			DEFER(text_free) char *sentence = text_fmt("it %s", violation);

			go_red(w, sentence);
		} else {
			take(w, &a);
		}
	}
	if (w->last != before)
		channel_save(w);
}

static void gone(struct process_owner *o, enum process_end end, const char *why)
{
	struct world *w = container_of(o, struct world, owner);
	static const char *const words[] = {
		[END_BUG] = "a bug", [END_ATTACK] = "an attack", [END_LIMIT] = "a limit", [END_SYSTEM] = "this machine",
	};
	DEFER(text_free) char *sentence = text_fmt("the adapter was ended (%s): %s", words[end], why);

	go_red(w, sentence);
}

/* ---- telling ------------------------------------------------------------- */

static void tell_one(struct world *w, const struct adapter_event_out *event)
{
	if (w->red)
		return;
	if (event->kind != EVENT_HTTP && event->kind != EVENT_TEXT)
		session_event(w->session, NULL, NULL);
	process_tell(w->process, event);
	while (!w->red && !process_idle(w->process))
		loop_once(w->loop);
}

static void tell_refusal(struct world *w, const struct refusal *r)
{
	session_event(w->session, NULL, NULL);
	if (r->socket && session_shut(w->session, r->tag))
		tell_one(w, &(struct adapter_event_out){ .kind = EVENT_CLOSED, .tag = r->tag, .status = -1 });
	if (!r->socket && session_answered(w->session, r->ref, r->tag))
		tell_one(w, &(struct adapter_event_out){ .kind = EVENT_HTTP, .ref = r->ref, .tag = r->tag, .status = -1,
							 .failure = r->class, .text = r->why });
}

/* What the core refused is told next, as the core does. */
void tell(struct world *w, const struct adapter_event_out *event)
{
	int refusals = 0;

	tell_one(w, event);
	while (w->refusals) {
		struct refusal *r = w->refusals;

		w->refusals = r->next;
		if (!w->red)
			tell_refusal(w, r);
		free(r->why);
		free(r);
		if (++refusals == REFUSALS_MAX)
			go_red(w, "it asks again and again for what was refused");
	}
}

void start(struct world *w)
{
	struct process_limits limits = { .arena_bytes = w->manifest->limits.arena_bytes };
	bool channel = w->manifest->kind == KIND_CHANNEL;
	DEFER(json_drop) cJSON *json = json_build("{config:%j,kept:%j}", w->config, json_at(w->kept, "/state"));
	DEFER(text_free) char *text = json_print(json);

	w->session = session_new(w->manifest, w->config);
	if (channel)
		session_begin(w->session, w->kept, w->me);
	w->process = process_new(w->loop, w->program, !channel, limits, &w->owner);
	tell(w, &(struct adapter_event_out){ .kind = EVENT_START, .json = text });
}

static void job_begins(struct world *w)
{
	world_kill(w);
	w->ref++;
	w->waits = true;
}

static void request(struct world *w, int kind, const char *name, const cJSON *json)
{
	DEFER(text_free) char *text = json_print(json);

	start(w);
	if (w->red)
		return;
	session_request(w->session, w->ref, kind, name, json);
	tell(w, &(struct adapter_event_out){ .kind = kind, .ref = w->ref, .name = name, .json = text });
}

void world_turn(struct world *w, const cJSON *turn)
{
	job_begins(w);
	request(w, EVENT_TURN, NULL, turn);
}

/* One operation, no code on the way. */
static void operate(struct world *w, const struct operation *op, const cJSON *args)
{
	struct request r;
	const char *why = render(w->manifest, op, w->config, args, NULL, &r);

	if (why) {
		answered(w, DO_FAILED, failure_json(FAIL_INPUT, why));
		return;
	}
	ask(w, w->ref, 0, &r);
	request_free(&r);
}

void world_call(struct world *w, const struct tool *tool, const cJSON *args)
{
	DEFER(json_drop) cJSON *normal = NULL;
	const char *why;

	job_begins(w);
	why = arguments_check(tool->args, tool->args_n, args, &normal);
	if (why)
		answered(w, DO_FAILED, failure_json(FAIL_INPUT, why));
	else if (tool->is)
		operate(w, tool->is, normal);
	else
		request(w, EVENT_CALL, tool->name, normal);
}

bool world_owes(const struct world *w)
{
	return w->waits && !w->open;
}

/* ---- answers ------------------------------------------------------------- */

struct open *world_open(struct world *w, const char *label)
{
	struct open *o = w->broken ? NULL : w->open;

	while (o && (label ? !o->label || strcmp(o->label, label) != 0 : o->label != NULL))
		o = o->next;
	return o;
}

const struct operation *open_operation(const struct open *o)
{
	return o->op;
}

void world_label(struct world *w, const struct deed *d, const char *label)
{
	if (d->word == DO_WS_OPEN)
		channel_label(w, d->line, label);
	for (struct open *o = w->open; o && label && d->call; o = o->next)
		if (o->call == d->call)
			o->label = text_dup(label);
}

static void tell_piece(struct world *w, const struct open *o, struct str piece)
{
	struct answer a;

	if (!w->session || !session_wants(w->session, o->ref, o->tag))
		return;
	answer_part(w->manifest, o->op, piece, &a);
	DEFER(text_free) char *json = a.json ? json_print(a.json) : NULL;

	tell(w, &(struct adapter_event_out){ .kind = EVENT_PART, .ref = o->ref, .tag = o->tag, .failure = a.failure,
					     .text = a.failure ? a.why : a.text, .json = json });
	answer_free(&a);
}

static void tell_pieces(struct world *w, struct open *o)
{
	struct str piece;

	while (!w->red && stream_next(o->stream, &piece))
		tell_piece(w, o, piece);
}

/* As it comes over the line: an event of an SSE stream has one data line for each of its
 * lines. */
static void piece_bytes(enum answer_kind kind, const cJSON *piece, struct buf *out)
{
	DEFER(text_free) char *printed = cJSON_IsString(piece) ? NULL : json_print(piece);
	const char *text = printed ? printed : piece->valuestring;
	bool sse = kind == ANSWER_SSE;

	while (sse) {
		size_t n = strcspn(text, "\n");

		buf_addf(out, "data: %.*s\n", (int)n, text);
		if (!text[n])
			break;
		text += n + 1;
	}
	buf_addf(out, "%s\n", sse ? "" : text);
}

void world_part(struct world *w, struct open *o, const cJSON *piece)
{
	DEFER(buf_free) struct buf bytes = buf_new(2 * PART_MAX);

	assert(o->stream);
	piece_bytes(o->op->answer, piece, &bytes);
	if (stream_feed(o->stream, buf_str(&bytes)) != OK)
		go_red(w, "a part of the page is larger than the core takes");
	tell_pieces(w, o);
}

static void tell_answer(struct world *w, const struct open *o, const struct answer *a)
{
	DEFER(text_free) char *json = a->json ? json_print(a->json) : NULL;

	if (!w->session) {			/* one operation, no code */
		if (w->waits)
			answered(w, a->failure ? DO_FAILED : DO_RESULT, a->failure ? failure_json(a->failure, a->why) :
				 a->json ? cJSON_Duplicate(a->json, true) : a->text ? cJSON_CreateString(a->text) :
				 cJSON_CreateNull());
	} else if (w->manifest->kind == KIND_CHANNEL && channel_answer(w, o, a)) {
		return;
	} else if (session_answered(w->session, o->ref, o->tag)) {
		tell(w, &(struct adapter_event_out){ .kind = EVENT_HTTP, .ref = o->ref, .tag = o->tag,
						     .status = a->status, .failure = a->failure, .name = a->word,
						     .text = a->failure ? a->why : a->text, .json = json });
	}
}

static void last_word(struct world *w, struct open *o, enum net net, int status, struct str body)
{
	struct answer a;

	answer_sort(w->manifest, o->op, net, status, body, &a);
	tell_answer(w, o, &a);
	answer_free(&a);
	drop_open(w, o);
}

void world_answer(struct world *w, struct open *o, int status, struct str body)
{
	if (o->stream && status < 300) {
		stream_end(o->stream);
		tell_pieces(w, o);
	}
	last_word(w, o, NET_OK, status, body);
}

void world_lose(struct world *w, struct open *o)
{
	last_word(w, o, NET_LOST, 0, STR(""));
}

/* ---- the world itself ---------------------------------------------------- */

struct world *world_new(struct loop *loop, const struct manifest *m, int program)
{
	struct world *w = mem_new(1, sizeof *w);

	*w = (struct world){ .loop = loop, .manifest = m, .program = program, .owner = { heard, gone }, .dice = 0.5 };
	w->last = &w->first;
	return w;
}

const char *world_config(struct world *w, const cJSON *config)
{
	cJSON *checked;
	const char *why = config_check(w->manifest, config, &checked);

	if (why)
		return why;
	json_drop(&w->config);
	w->config = checked;
	return NULL;
}

const char *world_base(const struct world *w)
{
	const char *base = w->manifest->base ? w->manifest->base : json_text(w->config, "/base");

	return base ? base : "";
}

void world_kill(struct world *w)
{
	process_free(w->process);
	w->process = NULL;
	session_free(w->session);
	w->session = NULL;
	while (w->open)
		drop_open(w, w->open);
	while (w->refusals) {
		struct refusal *r = w->refusals;

		w->refusals = r->next;
		free(r->why);
		free(r);
	}
	w->waits = false;
	channel_drop(w);
}

void world_free(struct world *w)
{
	if (!w)
		return;
	world_kill(w);
	while (w->first)
		world_take(w);
	json_drop(&w->config);
	json_drop(&w->kept);
	json_drop(&w->saved);
	json_drop(&w->me);
	free(w->red);
	free(w);
}

const struct deed *world_deed(const struct world *w)
{
	return w->first;
}

void world_take(struct world *w)
{
	struct deed *d = w->first;

	assert(d);
	w->first = d->next;
	if (!w->first)
		w->last = &w->first;
	deed_free(d);
}

const char *world_red(const struct world *w)
{
	return w->red;
}
