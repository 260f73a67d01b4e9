/* adapter.c - Claude, by Anthropic's Messages API.
 *
 * A turn is one request. Its answer is a stream of events: blocks of content, each begun,
 * filled by deltas and ended, and message_stop at last. What is shown before that is a
 * promise; only then is there a result. */
#include "adapter.h"

enum { BLOCKS_MAX = 256, TOKENS_MAX = INT32_MAX };

struct block {
	const char *type;		/* NULL: it has not begun */
	bool open;
	struct text text;		/* words, thoughts, or the text of arguments */
	struct text signature;		/* of thoughts */
	const char *id, *name;		/* of a call */
	const cJSON *input;		/* as the call began */
	const char *data;		/* of hidden thoughts */
};

struct adapter {
	uint32_t ref;
	struct block blocks[BLOCKS_MAX];
	size_t n;			/* one more than the highest that began */
	const char *reason;		/* why it stopped, in their words */
	bool counted;
	int64_t in, out, cache_read, cache_write;
};

const size_t adapter_size = sizeof(struct adapter);

/* ---- the request --------------------------------------------------------- */

struct request {
	cJSON *messages;
	const char *role;		/* of the last message */
	cJSON *content;			/* its blocks */
	cJSON *asked[2];		/* the blocks of the last two user messages, the later first */
	const cJSON *calls;		/* of the last assistant message if it was made from words, else NULL */
	int first, made;		/* the number of the first of them; how many there were in all */
};

/* Marks the last of a list; nothing where there is none. */
static void mark(cJSON *list)
{
	cJSON *last = list ? list->child : NULL;

	while (last && last->next)
		last = last->next;
	if (last)
		json_put(last, "cache_control", json_make("{type:'ephemeral'}"));
}

/* specs/anthropic/history.md: "Neighbours of the same role MUST be one message, their blocks
 * in order"
 * specs/anthropic/turn.md: "`content` MUST always be a list of blocks, never a plain string." */
static void add(struct request *r, const char *role, const cJSON *block)
{
	if (!text_is(r->role, role)) {
		r->role = role;
		r->content = json_list();
		json_push(r->messages, json_make("{role:%s,content:%j}", role, r->content));
		if (text_is(role, "user")) {
			r->asked[1] = r->asked[0];
			r->asked[0] = r->content;
		}
	}
	json_push(r->content, block);
}

/* specs/anthropic/history.md: "A text block that is empty or only white space MUST NOT be sent" */
static void add_text(struct request *r, const char *role, const char *text)
{
	if (!text_blank(text))
		add(r, role, json_make("{type:'text',text:%s}", text));
}

/* specs/anthropic/history.md: "Each call made from words MUST have the id `call_N`, where N
 * counts such calls through the whole conversation from 1, and its result the same id." */
static void add_words(struct request *r, const cJSON *message)
{
	r->calls = json_at(message, "/calls");
	r->first = r->made + 1;
	add_text(r, "assistant", json_text(message, "/text"));
	for (const cJSON *c = json_first(r->calls); c; c = json_next(c))
		add(r, "assistant", json_make("{type:'tool_use',id:%s,name:%s,input:%j}", text_make("call_%d", ++r->made),
					      json_text(c, "/name"), json_at(c, "/args")));
}

/* specs/anthropic/history.md: "An assistant message with `raw` MUST be sent as exactly the
 * blocks of `raw`; one without MUST be made from its words: its text, then its calls." */
static void add_assistant(struct request *r, const cJSON *message)
{
	const cJSON *raw = json_at(message, "/raw");

	r->calls = NULL;
	if (!json_first(raw))
		add_words(r, message);
	for (const cJSON *block = json_first(raw); block; block = json_next(block))
		add(r, "assistant", block);
}

/* specs/anthropic/history.md: "Results of calls from `raw` MUST keep their id, even one that
 * looks like another." */
static const char *id_of_result(const struct request *r, const char *id)
{
	int n = r->first;

	for (const cJSON *c = json_first(r->calls); c; c = json_next(c), n++)
		if (json_is(c, "/id", id))
			return text_make("call_%d", n);
	return id;
}

/* specs/anthropic/history.md: "`is_error` MUST be `true` for a result with `error`, and MUST
 * NOT be there for any other." "A result MUST be a `tool_result` block with `tool_use_id` and
 * the text as `content`, a plain string." "A text block that is empty or only white space MUST
 * NOT be sent; a result MUST be sent with its text as it is, for its call needs it." */
static void add_result(struct request *r, const cJSON *message)
{
	add(r, "user", json_make("{type:'tool_result',tool_use_id:%s,content:%s,is_error:%j}",
				 id_of_result(r, json_text(message, "/id")), json_text(message, "/text"),
				 json_at(message, "/error")));
}

/* specs/anthropic/cache.md: "The last block of each of the last two user messages MUST have a
 * mark." "The marks MUST stay where they were." */
static cJSON *messages_of(const cJSON *turn)
{
	struct request r = { .messages = json_list() };

	for (const cJSON *m = json_first(json_at(turn, "/messages")); m; m = json_next(m)) {
		if (json_is(m, "/role", "user"))
			add_text(&r, "user", json_text(m, "/text"));
		else if (json_is(m, "/role", "assistant"))
			add_assistant(&r, m);
		else
			add_result(&r, m);
	}
	mark(r.asked[0]);
	mark(r.asked[1]);
	return r.messages;
}

/* specs/anthropic/turn.md: "`system` MUST be a list of one text block." "`system` MUST be left
 * out where the turn has none." */
static cJSON *system_of(const cJSON *turn)
{
	const char *text = json_text(turn, "/system");
	cJSON *list = json_list();

	json_push(list, json_make("{type:'text',text:%s}", text));
	/* specs/anthropic/cache.md: "One that is empty or only white space MUST count as
	 * none." */
	return text_blank(text) ? NULL : list;
}

/* specs/anthropic/turn.md: "`tools` MUST be left out where there are none." "Each tool MUST be
 * sent as `name`, `description` (our `about`) and `input_schema` (our `schema`), in the order
 * given." */
static cJSON *tools_of(const cJSON *turn)
{
	cJSON *list = json_list();

	for (const cJSON *t = json_first(json_at(turn, "/tools")); t; t = json_next(t))
		json_push(list, json_make("{name:%s,description:%s,input_schema:%j}", json_text(t, "/name"),
					  json_text(t, "/about"), json_at(t, "/schema")));
	return json_first(list) ? list : NULL;
}

/* specs/anthropic/cache.md: "The system block MUST have a mark; without a system text the last
 * tool MUST have it instead."
 * specs/anthropic/turn.md: "`model` and `max_tokens` MUST be sent as the turn has them." "So
 * nothing about them is sent unless the owner has set an effort: then `effort` MUST be given
 * to the operation, and the manifest sends `output_config` and `thinking` with it." */
static void ask(struct adapter *a, const struct event *ev)
{
	const cJSON *turn = ev->json;
	cJSON *system = system_of(turn), *tools = tools_of(turn);

	mark(system ? system : tools);
	a->ref = ev->ref;
	host_call(ev->ref, 1, "turn",
		  json_make("{model:%s,max_tokens:%j,effort:%s,system:%j,tools:%j,messages:%j}", json_text(turn, "/model"),
			    json_at(turn, "/max_tokens"), json_text(turn, "/effort"), system, tools, messages_of(turn)));
}

/* ---- the answer, event by event ------------------------------------------ */

static void fail(struct adapter *a, const char *why)
{
	host_failed(a->ref, FAIL_PLATFORM, "%s", why);
}

static bool empty(const char *text)
{
	return !text || !*text;
}

static const char *keep(const char *text)
{
	return text ? text_make("%s", text) : NULL;
}

/* specs/anthropic/stream.md: "A delta MUST go to the block of its `index`, whatever began
 * last." */
static struct block *block_at(struct adapter *a, const cJSON *event)
{
	int64_t index = -1;

	json_number(event, "/index", 0, BLOCKS_MAX - 1, &index);
	return index < 0 ? NULL : &a->blocks[index];
}

static bool is(const struct block *b, const char *type)
{
	return text_is(b->type, type);
}

/* specs/anthropic/turn.md: "Each piece of text MUST be shown at once, as it comes." */
static void take_text(struct adapter *a, struct block *b, const char *text)
{
	text_add(&b->text, text);
	if (is(b, "text") && text)
		host_delta(a->ref, text);
}

/* specs/anthropic/stream.md: "An `index` that is not a whole number from 0 to 255, or that
 * began before, MUST fail the turn." */
static void block_start(struct adapter *a, const cJSON *event)
{
	const cJSON *start = json_at(event, "/content_block");
	struct block *b = block_at(a, event);

	/* specs/anthropic/stream.md: "It MUST fail even when the first one has ended." */
	if (!b || b->type) {
		fail(a, "a block that cannot be");
		return;
	}
	/* specs/anthropic/stream.md: "It MUST be treated as one of an unknown type." */
	b->type = json_text(start, "/type") ? keep(json_text(start, "/type")) : "";
	b->open = true;
	b->id = keep(json_text(start, "/id"));
	b->name = keep(json_text(start, "/name"));
	b->input = json_copy(json_at(start, "/input"));
	b->data = keep(json_text(start, "/data"));
	if (b >= a->blocks + a->n)
		a->n = (size_t)(b - a->blocks) + 1;
	/* specs/anthropic/stream.md: "What a block holds at its start MUST count as its first piece" */
	take_text(a, b, json_text(start, text_make("/%s", b->type)));	/* its member is named as its type */
	text_add(&b->signature, json_text(start, "/signature"));
}

/* specs/anthropic/stream.md: "A delta of another type, or one that does not belong to the
 * type of its block, MUST be ignored." */
static void block_delta(struct adapter *a, const cJSON *event)
{
	const cJSON *delta = json_at(event, "/delta");
	struct block *b = block_at(a, event);

	/* specs/anthropic/stream.md: "A delta for a block that did not begin, has ended, or
	 * has no place MUST fail the turn." */
	if (!b || !b->open)
		fail(a, "a delta outside its block");
	else if (is(b, "text") && json_is(delta, "/type", "text_delta"))
		take_text(a, b, json_text(delta, "/text"));
	else if (is(b, "tool_use") && json_is(delta, "/type", "input_json_delta"))
		text_add(&b->text, json_text(delta, "/partial_json"));
	else if (is(b, "thinking") && json_is(delta, "/type", "thinking_delta"))
		text_add(&b->text, json_text(delta, "/thinking"));
	else if (json_is(delta, "/type", "signature_delta"))
		text_add(&b->signature, json_text(delta, "/signature"));
}

/* specs/anthropic/stream.md: "The end of a block that is not open MUST fail the turn." */
static void block_stop(struct adapter *a, const cJSON *event)
{
	struct block *b = block_at(a, event);

	if (b && b->open)
		b->open = false;
	else
		fail(a, "a block ended that was not open");
}

/* specs/anthropic/turn.md: "Each of the four figures MUST be the last one that was told" "A
 * figure that is not a whole number from 0 to 2147483647 MUST be ignored, and one that never
 * came is 0." */
static void count(struct adapter *a, const cJSON *usage)
{
	a->counted |= json_number(usage, "/input_tokens", 0, TOKENS_MAX, &a->in);
	a->counted |= json_number(usage, "/output_tokens", 0, TOKENS_MAX, &a->out);
	a->counted |= json_number(usage, "/cache_read_input_tokens", 0, TOKENS_MAX, &a->cache_read);
	a->counted |= json_number(usage, "/cache_creation_input_tokens", 0, TOKENS_MAX, &a->cache_write);
}

/* specs/anthropic/stops.md: "A reason MUST stand until another comes; neither `null` nor an
 * empty text may take it back: they MUST be ignored." */
static void message_delta(struct adapter *a, const cJSON *event)
{
	const char *reason = json_text(event, "/delta/stop_reason");

	if (!empty(reason))	/* specs/anthropic/stops.md: "neither `null` nor an empty text may take it back" */
		a->reason = keep(reason);
	count(a, json_at(event, "/usage"));
}

/* ---- the result ---------------------------------------------------------- */

/* specs/anthropic/stops.md: "A reason that is not in this table, or none, MUST be `other`."
 * "It MUST be a result, not a failure." */
static const char *stop_of(const char *reason)
{
	static const struct { const char *theirs, *ours; } stops[] = {
		{ "end_turn", "end" }, { "stop_sequence", "end" }, { "tool_use", "calls" }, { "max_tokens", "length" },
		{ "refusal", "refusal" }, { "pause_turn", "pause" }, { "model_context_window_exceeded", "window" },
	};

	for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
		if (text_is(reason, stops[i].theirs))
			return stops[i].ours;
	return "other";
}

/* NULL, or what is wrong with it. */
static const char *add_call(const struct block *b, cJSON *calls, cJSON *raw)
{
	/* specs/anthropic/calls.md: "Fragments MUST be joined before they are parsed; where none came, or
	 * only white space, the arguments are the `input` of the start." */
	const char *text = text_of(&b->text);
	const cJSON *args = text_blank(text) ? b->input : json_parse(text);

	/* specs/anthropic/calls.md: "A call whose `id` or `name` is absent, empty or only
	 * white space MUST fail the turn." */
	if (text_blank(b->id) || text_blank(b->name))
		return "a call without id or name";
	/* specs/anthropic/calls.md: "Two calls with the same `id` MUST fail the turn: their
	 * results could not be told apart." */
	if (json_find(calls, "/id", b->id))
		return "two calls with the same id";
	/* specs/anthropic/calls.md: "They MUST be an object: a list, a string or nothing MUST
	 * fail the turn." "Such a turn MUST fail; it MUST NOT be answered with fewer calls." */
	if (!json_is_object(args))
		return "arguments that are not a JSON object";
	/* specs/anthropic/calls.md: "Each call MUST be in `calls`, and in `raw` as a
	 * `tool_use` block with the arguments as `input`, in its place among the other
	 * blocks." */
	json_push(calls, json_make("{id:%s,name:%s,args:%j}", b->id, b->name, args));
	json_push(raw, json_make("{type:'tool_use',id:%s,name:%s,input:%j}", b->id, b->name, args));
	return NULL;
}

/* specs/anthropic/stream.md: "A text block that is empty or only white space MUST NOT be in
 * `raw`", "a thinking block whose signature is empty MUST NOT be in `raw`; nor MUST a
 * `redacted_thinking` whose `data` is absent or empty." "Thinking and its signature MUST be in
 * `raw`, byte for byte, and in neither `text` nor a `delta`; so MUST `redacted_thinking` with
 * its `data`." "A thought that is empty but signed MUST be kept." "Each block of text MUST be
 * a block of its own in `raw`." "A block of an unknown type MUST be ignored with all its
 * deltas, but it counts as a block." */
static void add_raw(const struct block *b, cJSON *raw)
{
	const char *text = text_of(&b->text), *signature = text_of(&b->signature);

	if (is(b, "text") && !text_blank(text))
		json_push(raw, json_make("{type:'text',text:%s}", text));
	else if (is(b, "thinking") && *signature)
		json_push(raw, json_make("{type:'thinking',thinking:%s,signature:%s}", text, signature));
	else if (is(b, "redacted_thinking") && !empty(b->data))
		json_push(raw, json_make("{type:'redacted_thinking',data:%s}", b->data));
}

/* specs/anthropic/turn.md: "The result MUST come with `message_stop` and not before; its
 * `text` MUST be all pieces of text in order, with nothing between them."
 * specs/anthropic/stops.md: "The core asks again with what was said so far, so `raw` MUST be
 * there." */
static void message_stop(struct adapter *a)
{
	const char *stop = stop_of(a->reason), *why = NULL;
	cJSON *calls = json_list(), *raw = json_list(), *usage = NULL;
	struct text said = { 0 };

	/* specs/anthropic/calls.md: "The first MUST be told: block by block; of one block
	 * first that it was left open, and of one call then its id and name, then that its id
	 * is not its own, then its arguments."
	 * specs/anthropic/stream.md: "Of several faults the first MUST be told, block by
	 * block." */
	for (const struct block *b = a->blocks; b < a->blocks + a->n && !why; b++) {
		/* specs/anthropic/stream.md: "An index below the highest that never began MUST
		 * fail the turn." */
		if (!b->type)
			why = "a block is missing";
		/* specs/anthropic/stream.md: "A block that is open at `message_stop` MUST fail
		 * the turn, whatever it is and why ever the answer stopped: the service ends
		 * each block, also one that it cut off." */
		else if (b->open)
			why = "a block was left open";
		/* specs/anthropic/calls.md: "With any other stop, calls MUST be in neither `calls` nor `raw`" */
		else if (is(b, "tool_use") && text_is(stop, "calls"))
			why = add_call(b, calls, raw);
		else
			add_raw(b, raw);
		if (is(b, "text"))
			text_add(&said, text_of(&b->text));
	}
	/* specs/anthropic/calls.md: "A stop for calls without a call MUST fail the turn." */
	if (!why && text_is(stop, "calls") && !json_first(calls))
		why = "it stopped for calls, and there is none";
	if (why) {
		fail(a, why);
		return;
	}
	/* specs/anthropic/turn.md: "Where no figure came that counts, `usage` MUST be left out
	 * of the result: the core then estimates it." "Where one of them came, the others MUST
	 * be 0." "`in` MUST be the sum of `input_tokens`, `cache_read_input_tokens` and
	 * `cache_creation_input_tokens`: all three are billed." */
	if (a->counted)
		usage = json_make("{in:%D,out:%D,cache_read:%D,cache_write:%D}", a->in + a->cache_read + a->cache_write,
				  a->out, a->cache_read, a->cache_write);
	/* specs/anthropic/stream.md: "Where nothing is left for `raw`, `raw` MUST be left
	 * out." */
	host_result(a->ref, json_make("{stop:%s,text:%s,calls:%j,raw:%j,usage:%j}", stop, text_of(&said), calls,
				      json_first(raw) ? raw : NULL, usage));
}

/* ---- events -------------------------------------------------------------- */

/* specs/anthropic/stream.md: "`ping` and events of unknown types MUST be ignored." */
static void take(struct adapter *a, const struct event *ev)
{
	const cJSON *event = ev->json;

	/* specs/anthropic/stream.md: "It may have been a part of the answer, so it MUST fail
	 * the turn." */
	if (ev->text)
		fail(a, "a piece of the stream is not JSON");
	else if (json_is(event, "/type", "message_start"))
		count(a, json_at(event, "/message/usage"));
	else if (json_is(event, "/type", "content_block_start"))
		block_start(a, event);
	else if (json_is(event, "/type", "content_block_delta"))
		block_delta(a, event);
	else if (json_is(event, "/type", "content_block_stop"))
		block_stop(a, event);
	else if (json_is(event, "/type", "message_delta"))
		message_delta(a, event);
	else if (json_is(event, "/type", "message_stop"))
		message_stop(a);
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	if (ev->kind == EVENT_TURN)
		ask(a, ev);
	/* specs/anthropic/errors.md: "`failed` MUST have the class and the reason that came
	 * with the event, unchanged." "A piece that tells of an error MUST end the turn as
	 * failed, with the class and the reason that came with it, whatever came before: calls
	 * of a failed turn never run." */
	else if (ev->failure)		/* of a piece, or of the whole */
		host_failed(ev->ref, ev->failure, "%s", ev->text);
	else if (ev->kind == EVENT_PART)
		take(a, ev);
	else if (ev->kind == EVENT_HTTP)
		/* specs/anthropic/stream.md: "A stream that ends before `message_stop` MUST
		 * fail, however complete it looks: its calls never run." */
		fail(a, "the stream ended before message_stop");
}
