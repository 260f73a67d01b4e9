/* session.c - see session.h */
#include "adapter/adapter.h"
#include "adapter/session_parts.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char violation[600];

const char *violate(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(violation, sizeof violation, fmt, ap);
	va_end(ap);
	return violation;
}

struct session *session_new(const struct manifest *m, const cJSON *config)
{
	struct session *s = mem_new(1, sizeof *s);

	s->m = m;
	s->config = config;
	return s;
}

static void ref_free(struct request_ref *r)
{
	json_drop(&r->core);
	json_drop(&r->gives);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->refs_n; i++)
		ref_free(&s->refs[i]);
	for (size_t i = 0; i < s->seen_n; i++)
		json_drop(&s->seen[i].values);
	json_drop(&s->before);
	free(s->seen);
	json_drop(&s->me);
	free(s);
}

/* ---- requests ------------------------------------------------------------ */

struct request_ref *find_ref(const struct session *s, uint32_t ref)
{
	for (size_t i = 0; i < s->refs_n; i++)
		if (s->refs[i].ref == ref)
			return (struct request_ref *)&s->refs[i];
	return NULL;
}

/* {"turn.model": "m-1", ...}: only leaves, for whole conversations are not kept. */
cJSON *words_of(const char *event, const cJSON *json)
{
	cJSON *words = cJSON_CreateObject();

	for (const cJSON *c = json_first(json); c; c = c->next) {
		DEFER(text_free) char *name = c->string ? text_fmt("%s.%s", event, c->string) : NULL;

		if (name && !cJSON_IsObject(c) && !cJSON_IsArray(c))
			json_add(words, name, cJSON_Duplicate(c, false));
	}
	return words;
}

/* A place for one more: of those that are over the oldest goes. */
static struct request_ref *new_ref(struct session *s)
{
	size_t i = 0;

	if (s->refs_n < REFS_MAX)
		return &s->refs[s->refs_n++];
	while (i < REFS_MAX && s->refs[i].state == REF_OPEN)
		i++;
	assert(i < REFS_MAX);
	ref_free(&s->refs[i]);
	memmove(&s->refs[i], &s->refs[i + 1], (REFS_MAX - 1 - i) * sizeof s->refs[0]);
	return &s->refs[REFS_MAX - 1];
}

void add_ref(struct session *s, struct request_ref ref)
{
	assert(ref.ref != 0 && !find_ref(s, ref.ref));
	*new_ref(s) = ref;
}

void session_request(struct session *s, uint32_t ref, int event_kind, const char *name, const cJSON *json)
{
	assert(event_kind == EVENT_TURN || event_kind == EVENT_CALL);
	add_ref(s, (struct request_ref){
		.ref = ref, .event_kind = event_kind, .tool = name ? manifest_tool(s->m, name) : NULL,
		.core = words_of(event_kind == EVENT_TURN ? "turn" : "call", json),
	});
}

/* Nothing more is told of what it asked for. */
void close_ref(struct session *s, struct request_ref *r, enum ref_state state)
{
	size_t kept = 0;

	r->state = state;
	for (size_t i = 0; i < s->calls_n; i++)
		if (s->calls[i].ref != r->ref)
			s->calls[kept++] = s->calls[i];
	s->calls_n = kept;
}

void session_give_up(struct session *s, uint32_t ref)
{
	struct request_ref *r = find_ref(s, ref);

	if (r && r->state == REF_OPEN)
		close_ref(s, r, REF_GIVEN_UP);
}

bool session_open(const struct session *s, uint32_t ref)
{
	const struct request_ref *r = find_ref(s, ref);

	return r && r->state == REF_OPEN;
}

struct call *find_call(const struct session *s, uint32_t ref, uint32_t tag)
{
	for (size_t i = 0; i < s->calls_n; i++)
		if (s->calls[i].ref == ref && s->calls[i].tag == tag)
			return (struct call *)&s->calls[i];
	return NULL;
}

bool session_wants(const struct session *s, uint32_t ref, uint32_t tag)
{
	return find_call(s, ref, tag) != NULL;
}

bool session_answered(struct session *s, uint32_t ref, uint32_t tag)
{
	struct call *c = find_call(s, ref, tag);

	if (!c)
		return false;
	*c = s->calls[--s->calls_n];
	return true;
}

/* NULL and the request that a message is for, NULL where it comes too late; or the
 * violation. `did` says what the message did. */
static const char *take_ref(struct session *s, uint32_t ref, const char *did, struct request_ref **ret)
{
	struct request_ref *r = find_ref(s, ref);

	if (ref == 0)
		return violate("%s without a request (ref 0): a %s has nothing of its own to do", did, kind_name(s->m->kind));
	if (!r)
		return violate("%s for request %u, which it was never given", did, ref);
	if (r->state == REF_ANSWERED)
		return violate("%s for request %u after it had answered it", did, ref);
	*ret = r->state == REF_OPEN ? r : NULL;
	return NULL;
}

/* ---- what a message holds ------------------------------------------------ */

char *quoted(struct str name)
{
	DEFER(text_free) char *clean = reason_clean(name);
	size_t n = utf8_fit(str_of(clean), 60);

	return text_fmt("\"%.*s\"%s", (int)n, clean, clean[n] ? "..." : "");
}

/* none: *ret is NULL */
const char *take_json(const struct wire_message *m, const char *what, cJSON **ret)
{
	const char *why;

	*ret = NULL;
	if (!m->json.at)
		return NULL;
	why = json_decode(m->json, ret);
	if (why)
		return violate("gave %s not JSON: %s", what, why);
	json_mend(*ret);
	return NULL;
}

/* ---- operations ---------------------------------------------------------- */

static bool uses(const struct tool *t, const struct operation *op)
{
	for (size_t i = 0; i < t->uses_n; i++)
		if (t->uses[i] == op)
			return true;
	return false;
}

static const char *take_operation(const struct session *s, const struct request_ref *r, struct str name,
				  const struct operation **ret)
{
	DEFER(text_free) char *text = str_dup(name);
	DEFER(text_free) char *shown = quoted(name);

	*ret = manifest_operation(s->m, text);
	if (!*ret)
		return violate("asked for the operation %s, which its manifest does not have", shown);
	if (s->m->kind == KIND_CHANNEL)
		return check_act(r, *ret);
	if (s->m->kind != KIND_TOOL)
		return NULL;
	if (!r->tool || r->tool->is)
		return violate("asked for the operation %s, and no code belongs to this tool", shown);
	if (!uses(r->tool, *ret))
		return violate("asked for the operation %s, which is not among those that the tool \"%s\" uses", shown, r->tool->name);
	return NULL;
}

/* Names are the adapter's own; values come from elsewhere and may be anything. */
const char *check_names(const struct operation *op, const cJSON *args)
{
	const char *noun = strcmp(op->method, "OPEN") == 0 ? "socket" : strcmp(op->method, "FRAME") == 0 ? "frame" : "operation";

	for (const cJSON *c = cJSON_IsObject(args) ? args->child : NULL; c; c = c->next) {
		DEFER(text_free) char *shown = quoted(str_of(c->string));
		size_t i = 0;

		while (i < op->args_n && strcmp(op->args[i].name, c->string) != 0)
			i++;
		if (i == op->args_n)
			return violate("asked for the %s \"%s\" with the argument %s, which its manifest does not have",
				       noun, op->name, shown);
		if (op->args[i].is)
			return violate("asked for the %s \"%s\" with the argument %s, which the core fills in", noun, op->name, shown);
	}
	return NULL;
}

static void refuse(struct ask *ret, int class, char *why)
{
	ret->kind = ASK_REFUSED;
	ret->class = class;
	ret->text = why;
}

static size_t under_way(const struct session *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->calls_n; i++)
		n += !s->calls[i].refused;
	return n;
}

/* Lets the request through, or says why not. */
void make_request(struct session *s, struct request_ref *r, const struct operation *op, const cJSON *args,
			 struct ask *ret)
{
	const char *why;

	if (r && r->requests >= s->m->limits.requests_per_job) {
		refuse(ret, FAIL_INPUT, text_fmt("the manifest allows %lld requests a job", (long long)s->m->limits.requests_per_job));
		return;
	}
	if (under_way(s) >= CALLS_MAX) {
		refuse(ret, FAIL_INPUT, text_fmt("%d requests are under way, which is the most", CALLS_MAX));
		return;
	}
	if (r && r->sent && op->effects & EFFECT_SEND) {
		refuse(ret, FAIL_INPUT, text_dup("this request has sent already, or nobody knows whether it has"));
		return;
	}
	why = render(s->m, op, s->config, args, r ? r->core : NULL, &ret->request);
	if (why) {
		refuse(ret, FAIL_INPUT, reason_clean(str_of(why)));
		return;
	}
	if (request_too_large(s->m, &ret->request)) {
		request_free(&ret->request);
		refuse(ret, FAIL_TOO_LARGE, text_fmt("the request is larger than %lld bytes", (long long)s->m->limits.request_bytes));
		return;
	}
	ret->kind = ASK_CALL;
	if (!r)
		return;
	r->requests++;
	r->sent |= (op->effects & EFFECT_SEND) != 0;
}

static const char *take_call(struct session *s, const struct wire_message *m, struct ask *ret)
{
	DEFER(json_drop) cJSON *args = NULL;
	const struct operation *op = NULL;
	struct request_ref *r = NULL;
	bool upkeep = s->m->kind == KIND_CHANNEL && m->ref == 0;
	const char *why = upkeep ? NULL : take_ref(s, m->ref, "asked for an operation", &r);

	if (why || (!r && !upkeep) || s->broken)
		return why;
	why = take_operation(s, r, m->name, &op);
	if (!why && find_call(s, m->ref, m->tag))
		why = violate("asked twice under tag %u before the first answer", m->tag);
	if (!why && s->calls_n == OUTPUT_MAX)
		why = violate("asked for more than %d operations before it was told of one", OUTPUT_MAX);
	if (!why)
		why = take_json(m, "arguments that are", &args);
	if (!why)
		why = check_names(op, args);
	if (why)
		return why;
	make_request(s, r, op, args, ret);
	ret->ref = m->ref;
	ret->tag = m->tag;
	s->calls[s->calls_n++] = (struct call){ m->ref, m->tag, ret->kind == ASK_REFUSED, op };
	return NULL;
}

/* ---- answers ------------------------------------------------------------- */

/* How many bytes at the end are the first half of a surrogate pair. */
static size_t open_half(struct str s)
{
	const unsigned char *u = (const unsigned char *)s.at;

	return s.len >= 3 && u[s.len - 3] == 0xED && u[s.len - 2] >= 0xA0 && u[s.len - 2] <= 0xAF ? 3 : 0;
}

static const char *take_delta(struct session *s, const struct wire_message *m, struct ask *ret)
{
	DEFER(text_free) char *joined = NULL;
	struct request_ref *r = NULL;
	struct str text;
	const char *why;
	size_t half;

	if (s->m->kind != KIND_MODEL)
		return violate("showed text before its result, which only a model does");
	why = take_ref(s, m->ref, "showed text", &r);
	if (why || !r)
		return why;
	joined = text_fmt("%s%.*s", r->half, (int)m->text.len, m->text.at ? m->text.at : "");
	text = str_of(joined);
	half = open_half(text);
	memcpy(r->half, joined + text.len - half, half + 1);
	joined[text.len - half] = '\0';
	if (!joined[0])
		return NULL;
	*ret = (struct ask){ .kind = ASK_DELTA, .ref = m->ref, .text = text_mend(joined) };
	return NULL;
}

/* How deep brackets stand within each other, be it JSON or not. */
static int depth_of(struct str text)
{
	int depth = 0, most = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		if (quoted && text.at[i] == '\\')
			i++;
		else if (text.at[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text.at[i] == '[' || text.at[i] == '{'))
			most = ++depth > most ? depth : most;
		else if (!quoted && (text.at[i] == ']' || text.at[i] == '}'))
			depth--;
	}
	return most;
}

/* What a model says is no fault of its adapter; once kept, it could never be told again. */
static bool too_deep(struct session *s, const struct wire_message *m, struct request_ref *r, struct ask *ret)
{
	if (s->m->kind != KIND_MODEL || depth_of(m->json) <= RESULT_DEPTH_MAX)
		return false;
	close_ref(s, r, REF_ANSWERED);
	*ret = (struct ask){ .kind = ASK_FAILED, .ref = m->ref, .class = FAIL_PLATFORM,
			     .text = text_fmt("its answer is nested deeper than %d levels", RESULT_DEPTH_MAX) };
	return true;
}

static const char *take_result(struct session *s, const struct wire_message *m, struct ask *ret)
{
	DEFER(json_drop) cJSON *json = NULL;
	struct request_ref *r = NULL;
	const char *why = take_ref(s, m->ref, "gave a result", &r);

	if (why || !r)
		return why;
	if (s->m->kind == KIND_CHANNEL)
		return take_done(s, m, r, ret);
	if (too_deep(s, m, r, ret))
		return NULL;
	why = take_json(m, "a result that is", &json);
	if (!why && !json)
		why = violate("gave a result that is none: it is NULL");
	if (why)
		return why;
	why = s->m->kind == KIND_MODEL ? result_check(json) : NULL;
	if (why)
		return violate("gave a result that is none: %s", why);
	close_ref(s, r, REF_ANSWERED);
	*ret = (struct ask){ .kind = ASK_RESULT, .ref = m->ref, .json = json };
	json = NULL;
	return NULL;
}

static const char *take_failed(struct session *s, const struct wire_message *m, struct ask *ret)
{
	struct request_ref *r = NULL;
	const char *why = take_ref(s, m->ref, "said that it failed", &r);

	if (why || !r)
		return why;
	if (m->a <= FAIL_NONE || m->a > FAIL_MOVED)
		return violate("failed with the class %lld, which is none", (long long)m->a);
	*ret = (struct ask){ .kind = ASK_FAILED, .ref = m->ref, .class = (int)m->a, .unsent = !r->sent,
			     .wait_ms = r->after_ms,
			     .text = reason_clean(m->text) };
	close_ref(s, r, REF_ANSWERED);
	return NULL;
}

static const char *take_again(struct session *s, const struct wire_message *m, struct ask *ret)
{
	struct request_ref *r = NULL;
	const char *why = take_ref(s, m->ref, "asked to be asked again", &r);

	if (why || !r)
		return why;
	if (m->a < 0 || m->a > UINT32_MAX)
		return violate("asked to be asked again after %lld ms, which no adapter can mean", (long long)m->a);
	close_ref(s, r, REF_ANSWERED);
	*ret = (struct ask){ .kind = ASK_AGAIN, .ref = m->ref, .wait_ms = m->a };
	return NULL;
}

/* What else only a channel does is in channel.c. */
static const char *channel_may(struct session *s, const char *did,
			       const char *(*take)(struct session *s, const struct wire_message *m, struct ask *ret),
			       const struct wire_message *m, struct ask *ret)
{
	if (s->m->kind == KIND_CHANNEL)
		return take(s, m, ret);
	return violate("%s, and a %s does not: only a channel may", did, kind_name(s->m->kind));
}

const char *session_take(struct session *s, const struct wire_message *m, struct ask *ret)
{
	*ret = (struct ask){ .kind = ASK_NOTHING };
	switch (m->kind) {
	case WIRE_CALL: return take_call(s, m, ret);
	case WIRE_DELTA: return take_delta(s, m, ret);
	case WIRE_RESULT: return take_result(s, m, ret);
	case WIRE_FAILED: return take_failed(s, m, ret);
	case WIRE_AGAIN: return take_again(s, m, ret);
	case WIRE_LOG:
		*ret = (struct ask){ .kind = ASK_LOG, .text = reason_clean(m->text) };
		return NULL;
	case WIRE_OPEN: return channel_may(s, "opened a socket", take_open, m, ret);
	case WIRE_FRAME: return channel_may(s, "wrote to a socket", take_frame, m, ret);
	case WIRE_CLOSE: return channel_may(s, "closed a socket", take_close, m, ret);
	case WIRE_TIMER: return channel_may(s, "set a timer", take_timer, m, ret);
	case WIRE_DELIVER: return channel_may(s, "delivered a message", take_deliver, m, ret);
	case WIRE_READY: return channel_may(s, "said that it is signed in", take_ready, m, ret);
	case WIRE_BROKEN: return channel_may(s, "said that only a person can mend it", take_broken, m, ret);
	case WIRE_KEEP: return channel_may(s, "kept something for its next start", take_keep, m, ret);
	case WIRE_HELLO: case WIRE_EVENT: case WIRE_DONE: case WIRE_BUG: case WIRE_KINDS: break;
	}
	return violate("sent %s among its requests", m->kind < WIRE_KINDS ? wire_name(m->kind) : "what is no message");
}

void ask_free(struct ask *a)
{
	request_free(&a->request);
	json_drop(&a->json);
	free(a->text);
	*a = (struct ask){ .kind = ASK_NOTHING };
}

/* ---- results ------------------------------------------------------------- */

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text && strcmp(text, words[i]) == 0)
			return true;
	return false;
}

/* NULL, or the name of a member that an object of this sort does not have. */
static const char *unknown_member(const cJSON *object, const char *const *known, size_t n)
{
	for (const cJSON *c = json_first(object); c; c = c->next)
		if (!is_one_of(c->string, known, n))
			return c->string;
	return NULL;
}

static const char *misfit(const char *fmt, ...) PRINTF(1, 2);
static const char *misfit(const char *fmt, ...)
{
	static char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return text;
}

static const char *unknown_in(const cJSON *object, const char *where, const char *const *known, size_t n)
{
	const char *name = unknown_member(object, known, n);
	DEFER(text_free) char *shown = name ? quoted(str_of(name)) : NULL;

	return name ? misfit("%s has an unknown member %s", where, shown) : NULL;
}

static const char *check_call(const cJSON *call)
{
	static const char *const known[] = { "id", "name", "args" };
	const char *id = json_text(call, "/id"), *name = json_text(call, "/name");

	if (!cJSON_IsObject(call))
		return "a call is no object";
	if (!id || !*id)
		return "a call has no \"id\"";
	if (!name || !*name)
		return "a call has no \"name\"";
	if (!cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(call, "args")))
		return "the \"args\" of a call are no object";
	return unknown_in(call, "a call", known, COUNT(known));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *check_ids(const cJSON *calls)
{
	size_t n = (size_t)json_count(calls), i = 0;
	const char **ids = mem_new(n, sizeof *ids), *twice = NULL;
	DEFER(text_free) char *shown = NULL;

	for (const cJSON *c = json_first(calls); c; c = c->next)
		ids[i++] = json_text(c, "/id");
	qsort(ids, n, sizeof *ids, by_text);
	for (i = 1; i < n && !twice; i++)
		if (strcmp(ids[i - 1], ids[i]) == 0)
			twice = ids[i];
	free(ids);
	shown = twice ? quoted(str_of(twice)) : NULL;
	return twice ? misfit("two calls have the id %s", shown) : NULL;
}

static const char *check_calls(const cJSON *calls, bool wanted)
{
	if (!cJSON_IsArray(calls))
		return "\"calls\" is no list";
	if (wanted && !calls->child)
		return "\"stop\" is \"calls\", and there are none";
	if (!wanted && calls->child)
		return "there are calls, and \"stop\" is not \"calls\"";
	for (const cJSON *c = calls->child; c; c = c->next) {
		const char *why = check_call(c);

		if (why)
			return why;
	}
	return check_ids(calls);
}

static const char *check_usage(const cJSON *usage)
{
	static const char *const known[] = { "in", "out", "cache_read", "cache_write" };

	if (!usage)
		return NULL;
	if (!cJSON_IsObject(usage))
		return "\"usage\" is no object";
	for (size_t i = 0; i < COUNT(known); i++) {
		const cJSON *n = cJSON_GetObjectItemCaseSensitive(usage, known[i]);
		int64_t value;

		if (!n && i < 2)
			return misfit("\"usage\" has no \"%s\"", known[i]);
		if (n && !json_number(n, "", 0, INT64_MAX, &value))
			return misfit("\"%s\" in \"usage\" is no count of tokens", known[i]);
	}
	return unknown_in(usage, "\"usage\"", known, COUNT(known));
}

const char *result_check(const cJSON *result)
{
	static const char *const known[] = { "stop", "text", "calls", "raw", "usage" };
	static const char *const stops[] = { "end", "calls", "length", "refusal", "pause", "window", "other" };
	const char *stop = json_text(result, "/stop"), *why;

	if (!cJSON_IsObject(result))
		return "it is no object";
	if (!is_one_of(stop, stops, COUNT(stops)))
		return "its \"stop\" is none of end calls length refusal pause window other";
	if (!json_text(result, "/text"))
		return "its \"text\" is no text";
	why = check_calls(cJSON_GetObjectItemCaseSensitive(result, "calls"), strcmp(stop, "calls") == 0);
	if (!why)
		why = check_usage(cJSON_GetObjectItemCaseSensitive(result, "usage"));
	return why ? why : unknown_in(result, "it", known, COUNT(known));
}
