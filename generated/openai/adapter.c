/* adapter.c - any service that speaks OpenAI's chat completions.
 *
 * A turn is one request. Its answer is a stream of chunks that add up to one message: text,
 * and calls whose arguments come in fragments. The services differ in small things, and each
 * of these has a section in the pages. "[DONE]" ends the answer, and nothing else does. */
#include "adapter.h"

enum { CALLS_MAX = 64, TOKENS_MAX = INT32_MAX };

struct call {
	int64_t index;			/* -1: it has none */
	const char *id, *name;		/* NULL: not told */
	struct text arguments;
	const cJSON *whole;		/* arguments that came as an object */
	bool odd;			/* some came that were neither text nor object */
};

struct adapter {
	uint32_t ref;
	bool openai;			/* the service is OpenAI itself */
	struct text said;
	bool refused;
	struct call calls[CALLS_MAX];
	size_t n;
	const char *reason;		/* why it stopped, in their words */
	bool counted;
	int64_t in, out, cache_read;
};

const size_t adapter_size = sizeof(struct adapter);

static bool empty(const char *text)
{
	return !text || !*text;
}

static const char *keep(const char *text)
{
	return text_make("%s", text);
}

/* ---- the request --------------------------------------------------------- */

/* specs/openai/history.md: "The arguments of a call MUST be sent as a string of JSON." "A call
 * MUST be sent as `{"id", "type": "function", "function": {"name", "arguments"}}` in
 * `tool_calls`, which is left out where there are none." */
static cJSON *calls_of(const cJSON *message)
{
	cJSON *list = json_list();

	for (const cJSON *c = json_first(json_at(message, "/calls")); c; c = json_next(c))
		json_push(list, json_make("{id:%s,type:'function',function:{name:%s,arguments:%s}}", json_text(c, "/id"),
					  json_text(c, "/name"), json_write(json_at(c, "/args"))));
	return json_first(list) ? list : NULL;
}

/* specs/openai/history.md: "`raw` MUST be ignored." */
static cJSON *message_of(const cJSON *message)
{
	const char *text = json_text(message, "/text");

	/* specs/openai/history.md: "The text of a result with `error` MUST begin with `error:
	 * `." "A result MUST be sent with the role `tool`, its `tool_call_id` and its text as
	 * `content`." */
	if (json_is(message, "/role", "tool"))
		return json_make("{role:'tool',tool_call_id:%s,content:%s}", json_text(message, "/id"),
				 json_true(message, "/error") ? text_make("error: %s", text) : text);
	/* specs/openai/history.md: "`content` MUST be left out where an assistant message has no
	 * text" */
	if (json_is(message, "/role", "assistant"))
		return json_make("{role:'assistant',content:%s,tool_calls:%j}", empty(text) ? NULL : text,
				 calls_of(message));
	return json_make("{role:'user',content:%s}", text);
}

/* specs/openai/turn.md: "`system` MUST be the first message, with the role `system`." "There
 * MUST be no `system` message where the turn has no system text, or an empty one."
 * specs/openai/history.md: "Every message MUST be sent as one message, in order." */
static cJSON *messages_of(const cJSON *turn)
{
	const char *system = json_text(turn, "/system");
	cJSON *list = json_list();

	if (!empty(system))
		json_push(list, json_make("{role:'system',content:%s}", system));
	for (const cJSON *m = json_first(json_at(turn, "/messages")); m; m = json_next(m))
		json_push(list, message_of(m));
	return list;
}

/* specs/openai/turn.md: "`tools` MUST be left out where there are none." "Each tool MUST be
 * sent as `{"type": "function", "function": {...}}` with `name`, `description` (our `about`)
 * and `parameters` (our `schema`), in the order given." */
static cJSON *tools_of(const cJSON *turn)
{
	cJSON *list = json_list();

	for (const cJSON *t = json_first(json_at(turn, "/tools")); t; t = json_next(t))
		json_push(list, json_make("{type:'function',function:{name:%s,description:%s,parameters:%j}}",
					  json_text(t, "/name"), json_text(t, "/about"), json_at(t, "/schema")));
	return json_first(list) ? list : NULL;
}

/* specs/openai/turn.md: "The limit MUST be sent as `max_completion_tokens` where the base
 * begins with `https://api.openai.com/`, and as `max_tokens` everywhere else." "One of the two
 * MUST be sent, and never both." "`model` MUST be sent as the turn has it." "`effort` MUST be
 * given to the operation where the turn has it, and left out where it has none." */
static void ask(struct adapter *a, const struct event *ev)
{
	const cJSON *turn = ev->json, *most = json_at(turn, "/max_tokens");

	a->ref = ev->ref;
	host_call(ev->ref, 1, "turn",
		  json_make("{model:%s,max_tokens:%j,max_completion_tokens:%j,effort:%s,tools:%j,messages:%j}",
			    json_text(turn, "/model"), a->openai ? NULL : most, a->openai ? most : NULL,
			    json_text(turn, "/effort"), tools_of(turn), messages_of(turn)));
}

/* ---- the answer, chunk by chunk ------------------------------------------ */

static void fail(struct adapter *a, const char *why)
{
	host_failed(a->ref, FAIL_PLATFORM, "%s", why);
}

/* specs/openai/turn.md: "Each piece of text MUST be shown at once, as it comes; an empty one
 * shows nothing." */
static void say(struct adapter *a, const char *text)
{
	text_add(&a->said, text);
	if (text)
		host_delta(a->ref, text);
}

/* The call that a fragment goes on with; NULL: it begins one. */
static struct call *call_of(struct adapter *a, const cJSON *fragment, int64_t index)
{
	const char *id = json_text(fragment, "/id");

	/* specs/openai/calls.md: "A fragment without `index` MUST begin a call where it has a
	 * name, and go on with the call that began last of all where it has none." "Without an
	 * index, a name or a call before it, it MUST begin a call, which then has no name." */
	if (index < 0)
		return a->n && empty(json_text(fragment, "/function/name")) ? &a->calls[a->n - 1] : NULL;
	/* specs/openai/calls.md: "A fragment MUST go to the call that began last of those with its index
	 * and, where both have one, its id" */
	for (struct call *c = a->calls + a->n; c-- > a->calls;)
		if (c->index == index && (empty(id) || !c->id || text_is(id, c->id)))
			return c;
	return NULL;
}

/* False: there are too many.
 * specs/openai/calls.md: "What stands in `tool_calls` and is not an object MUST be passed over" */
static bool take_fragment(struct adapter *a, const cJSON *fragment)
{
	const cJSON *arguments = json_at(fragment, "/function/arguments");
	const char *id = json_text(fragment, "/id"), *name = json_text(fragment, "/function/name");
	int64_t index = -1;
	struct call *c;

	/* specs/openai/calls.md: "An `index` that is not a whole number from 0 to 2147483647
	 * MUST count as none." */
	json_number(fragment, "/index", 0, INT32_MAX, &index);
	if (!json_is_object(fragment))
		return true;
	c = call_of(a, fragment, index);
	/* specs/openai/calls.md: "A 65th call MUST fail the turn, at once and only once." */
	if (!c && a->n == CALLS_MAX)
		return false;
	if (!c) {
		/* specs/openai/calls.md: "Calls MUST be in the order in which they began." */
		c = &a->calls[a->n++];
		c->index = index;
	}
	/* specs/openai/calls.md: "The first id and the first name MUST count; an empty one is none." */
	if (!c->id && !empty(id))
		c->id = keep(id);
	if (!c->name && !empty(name))
		c->name = keep(name);
	/* specs/openai/calls.md: "Arguments MUST be joined by index, and parsed only at the end." */
	text_add(&c->arguments, json_text(arguments, ""));
	/* specs/openai/calls.md: "Of several objects for one call the last MUST count."
	 * "Arguments that come as an object instead of a string MUST be taken as they are,
	 * whatever text came beside them." */
	if (json_is_object(arguments))
		c->whole = json_copy(arguments);
	else
		c->odd |= arguments && !json_text(arguments, "");
	return true;
}

/* specs/openai/errors.md: "Other members, other choices than the one that stands first, chunks
 * without a choice and members of another type (but not `arguments`: see calls.md) MUST be
 * ignored: a `provider`, what a model thinks (`reasoning`, `reasoning_content`), roles." */
static void take_choice(struct adapter *a, const cJSON *choice)
{
	const char *refusal = json_text(choice, "/delta/refusal"), *reason = json_text(choice, "/finish_reason");

	say(a, json_text(choice, "/delta/content"));
	/* specs/openai/stops.md: "`delta.refusal` MUST be shown and counted as text, after the
	 * `content` of the same chunk." */
	say(a, refusal);
	a->refused |= !empty(refusal);
	/* specs/openai/stops.md: "A reason MUST stand until another comes; neither `null` nor
	 * an empty text may take it back: some services send `""` with every chunk." */
	if (!empty(reason))
		a->reason = keep(reason);
	for (const cJSON *f = json_first(json_at(choice, "/delta/tool_calls")); f; f = json_next(f))
		if (!take_fragment(a, f)) {
			fail(a, "more than 64 calls");
			return;
		}
}

/* specs/openai/turn.md: "Each figure MUST be the last one that was told." "A figure that is
 * not a whole number from 0 to 2147483647 MUST be ignored, and one that never came is 0." */
static void count(struct adapter *a, const cJSON *usage)
{
	a->counted |= json_number(usage, "/prompt_tokens", 0, TOKENS_MAX, &a->in);
	a->counted |= json_number(usage, "/completion_tokens", 0, TOKENS_MAX, &a->out);
	a->counted |= json_number(usage, "/prompt_tokens_details/cached_tokens", 0, TOKENS_MAX, &a->cache_read);
}

/* ---- the result ---------------------------------------------------------- */

/* specs/openai/stops.md: "It MUST be `end`." "Any other reason MUST be `other`, and calls MUST
 * NOT be given with it." */
static const char *stop_of(const struct adapter *a)
{
	static const struct { const char *theirs, *ours; } stops[] = {
		{ "stop", "end" }, { "tool_calls", "end" }, { "function_call", "end" },
		{ "length", "length" }, { "content_filter", "refusal" },
	};
	const char *stop = a->reason ? "other" : "end";

	for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
		if (text_is(a->reason, stops[i].theirs))
			stop = stops[i].ours;
	/* specs/openai/stops.md: "A refusal in words MUST be `refusal`, whatever the reason says." */
	if (a->refused)
		return "refusal";
	/* specs/openai/stops.md: "An end with calls MUST be `calls`, whichever reason of the
	 * table means `end`" "With `length`, calls MUST NOT be given: they may have been cut,
	 * so that their arguments are not even looked at." "A filter MUST be a refusal, not a
	 * failure, and its calls MUST NOT be given." */
	return text_is(stop, "end") && a->n ? "calls" : stop;
}

/* NULL, or what is wrong with it. */
static const char *add_call(cJSON *calls, const struct call *c)
{
	const char *text = text_of(&c->arguments), *id = c->id;
	/* specs/openai/calls.md: "Arguments that are absent, empty or only white space MUST be `{}`." */
	const cJSON *args = c->whole ? c->whole : json_parse(text_blank(text) ? "{}" : text);

	/* specs/openai/calls.md: "It MUST fail the turn." "Of several faults the first MUST be
	 * told: call by call, and of one call its name before its arguments." */
	if (!c->name)
		return "a call without a name";
	/* specs/openai/calls.md: "They MUST fail the turn in the end, be they told in a text
	 * or not; what is neither text nor object nor `null` MUST do so whatever else came for
	 * the same call." */
	if (c->odd || !json_is_object(args))
		return "arguments that are not a JSON object";
	/* specs/openai/calls.md: "A call without an id, or with one that an earlier call has, MUST be
	 * given the first of `call_1`, `call_2`, ... that no earlier call has." */
	for (int n = 1; !id || json_find(calls, "/id", id); n++)
		id = text_make("call_%d", n);
	json_push(calls, json_make("{id:%s,name:%s,args:%j}", id, c->name, args));
	return NULL;
}

/* specs/openai/turn.md: "The result MUST come with the piece `[DONE]`, which is not JSON, and
 * not before; its `text` MUST be all pieces of text in order." */
static void done(struct adapter *a)
{
	const char *stop = stop_of(a), *why = NULL;
	cJSON *calls = json_list(), *usage = NULL;

	for (size_t i = 0; i < a->n && text_is(stop, "calls") && !why; i++)
		why = add_call(calls, &a->calls[i]);
	/* specs/openai/calls.md: "Such a turn MUST fail; it MUST NOT be answered with fewer
	 * calls." */
	if (why) {
		fail(a, why);
		return;
	}
	/* specs/openai/turn.md: "Where no figure came that counts, `usage` MUST be left out of
	 * the result: the core then estimates it." "Where one of them came, the others MUST be
	 * 0." "`in` is `prompt_tokens`, which counts cached ones too; `out` is
	 * `completion_tokens`; `cache_read` is `prompt_tokens_details.cached_tokens`;
	 * `cache_write` MUST be 0." */
	if (a->counted)
		usage = json_make("{in:%D,out:%D,cache_read:%D,cache_write:%d}", a->in, a->out, a->cache_read, 0);
	host_result(a->ref, json_make("{stop:%s,text:%s,calls:%j,usage:%j}", stop, text_of(&a->said), calls, usage));
}

/* ---- events -------------------------------------------------------------- */

static void take(struct adapter *a, const struct event *ev)
{
	if (text_is(ev->text, "[DONE]")) {
		done(a);
	} else if (ev->text) {
		/* specs/openai/errors.md: "It may have been a part of the answer, so any piece
		 * but `[DONE]` that is not JSON MUST fail the turn with the class `platform`." */
		fail(a, "a piece of the stream is not JSON");
	} else {
		count(a, json_at(ev->json, "/usage"));
		take_choice(a, json_at(ev->json, "/choices/0"));
	}
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	if (ev->kind == EVENT_START)
		a->openai = text_starts(json_text(ev->json, "/config/base"), "https://api.openai.com/");
	else if (ev->kind == EVENT_TURN)
		ask(a, ev);
	/* specs/openai/errors.md: "`failed` MUST have the class and the reason that came with
	 * the event, unchanged." "A piece that tells of an error MUST end the turn as failed,
	 * with the class and the reason that came with it, whatever came before: calls of a
	 * failed turn never run." */
	else if (ev->failure)		/* of a chunk, or of the whole */
		host_failed(ev->ref, ev->failure, "%s", ev->text);
	else if (ev->kind == EVENT_PART)
		take(a, ev);
	else
		/* specs/openai/errors.md: "A stream that ends before `[DONE]` MUST fail with
		 * the class `platform`, however complete it looks: its calls never run." */
		fail(a, "the stream ended before [DONE]");
}
