/* channel.c - the half of a session (session.h) that only a channel has: sockets, timers,
 * deliveries, acts, and what its values may hold. */
#include "adapter/adapter.h"
#include "adapter/session_parts.h"
#include "inbound.h"
#include "strict.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- what was told ------------------------------------------------------- */

static bool holds(const cJSON *json, const char *text)
{
	if (cJSON_IsString(json) && strcmp(json->valuestring, text) == 0)
		return true;
	for (const cJSON *c = json_first(json); c; c = c->next)
		if (holds(c, text))
			return true;
	return false;
}

static struct seen *find_seen(struct session *s, const char *place)
{
	for (size_t i = 0; i < s->seen_n; i++)
		if (strcmp(s->seen[i].place, place) == 0)
			return &s->seen[i];
	return NULL;
}

static void remember(struct session *s, const char *place, const char *value)
{
	struct seen *seen = find_seen(s, place);

	if (strlen(value) > SEEN_BYTES_MAX || (seen && holds(seen->values, value)))
		return;
	if (!seen) {
		s->seen = realloc(s->seen, (s->seen_n + 1) * sizeof *s->seen);
		if (!s->seen)
			abort();
		seen = &s->seen[s->seen_n++];
		*seen = (struct seen){ place, cJSON_CreateArray() };
	}
	cJSON_AddItemToArray(seen->values, cJSON_CreateString(value));
	if (json_count(seen->values) > SEEN_MAX)
		cJSON_DeleteItemFromArray(seen->values, 0);
}

void session_begin(struct session *s, const cJSON *kept, const cJSON *me)
{
	assert(s->m->kind == KIND_CHANNEL && !s->before && !s->me);
	s->me = cJSON_Duplicate(me, true);
	s->before = cJSON_Duplicate(json_at(kept, "/seen"), true);
	for (const cJSON *place = json_first(s->before); place; place = place->next)
		for (const cJSON *value = json_first(place); value; value = value->next)
			remember(s, place->string, value->valuestring);
}

/* {PLACE: [value]}: what of this was told; owned. */
static cJSON *told_of(const struct session *s, const cJSON *state)
{
	cJSON *told = cJSON_CreateObject();

	for (size_t i = 0; i < s->seen_n; i++) {
		cJSON *values = NULL;

		for (const cJSON *v = json_first(s->seen[i].values); v; v = v->next) {
			if (!holds(state, v->valuestring))
				continue;
			if (!values)
				values = cJSON_AddArrayToObject(told, s->seen[i].place);
			cJSON_AddItemToArray(values, cJSON_CreateString(v->valuestring));
		}
	}
	return told;
}

static void look_for(struct session *s, const struct operation *op, const char *source, const cJSON *raw)
{
	size_t n = strlen(source);

	for (size_t i = 0; i < op->args_n; i++) {
		for (const cJSON *p = json_first(op->args[i].seen); p; p = p->next) {
			const char *place = p->valuestring;
			const char *value = strncmp(place, source, n) == 0 && place[n] == ' '
						? json_text(raw, place + n + 1)
						: NULL;

			if (value)
				remember(s, place, value);
		}
	}
}

/* {"id": "7"} into what is known already. */
static void gather(cJSON **to, const cJSON *more)
{
	if (!*to && more)
		*to = cJSON_CreateObject();
	for (const cJSON *n = json_first(more); n; n = n->next) {
		cJSON_DeleteItemFromObjectCaseSensitive(*to, n->string);
		json_add(*to, n->string, cJSON_Duplicate(n, false));
	}
}

void session_event(struct session *s, const char *source, const cJSON *raw)
{
	bool fits;
	DEFER(json_drop) cJSON *me = inbound_me(s->m, source, raw, &fits);

	s->source = source;
	s->raw = raw;
	gather(&s->me, me);
	for (size_t i = 0; i < s->m->sockets_n && source && raw; i++) {
		const struct socket_row *row = &s->m->sockets[i];

		look_for(s, &row->open, source, raw);
		for (size_t k = 0; k < row->frames_n; k++)
			look_for(s, &row->frames[k], source, raw);
	}
}

/* NULL, or which argument was never told; owned. */
static char *unseen(struct session *s, const struct operation *op, const cJSON *args)
{
	for (size_t i = 0; i < op->args_n; i++) {
		const struct argument *a = &op->args[i];
		const char *value =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(args, a->name));
		bool told = !a->seen || !value;

		for (const cJSON *p = json_first(a->seen); p && !told; p = p->next) {
			const struct seen *seen = find_seen(s, p->valuestring);

			told = seen && holds(seen->values, value);
		}
		if (!told)
			return text_fmt("\"%s\" was never told by %s", a->name,
					a->seen->child->valuestring);
	}
	return NULL;
}

/* ---- sockets ------------------------------------------------------------- */

static const char *check_tag(const struct wire_message *m, uint32_t most, const char *did)
{
	return m->tag >= 1 && m->tag <= most
		   ? NULL
		   : violate("%s with the tag %u: they are 1 to %u", did, m->tag, most);
}

static void shut(struct session *s, uint32_t tag, char *why, struct ask *ret)
{
	s->lines[tag].state = LINE_FALLEN;
	*ret = (struct ask){ .kind = ASK_SHUT, .tag = tag, .text = why };
}

bool session_up(struct session *s, uint32_t tag)
{
	if (s->lines[tag].state != LINE_ASKED)
		return false;
	s->lines[tag].state = LINE_UP;
	return true;
}

void session_fell(struct session *s, uint32_t tag)
{
	if (s->lines[tag].state != LINE_NONE)
		s->lines[tag].state = LINE_FALLEN;
}

bool session_listens(const struct session *s, uint32_t tag)
{
	return s->lines[tag].state == LINE_UP || s->lines[tag].state == LINE_FALLEN;
}

bool session_shut(struct session *s, uint32_t tag)
{
	bool wanted = s->lines[tag].state == LINE_FALLEN && !s->broken;

	if (wanted)
		s->lines[tag].state = LINE_NONE;
	return wanted;
}

/* The request for a socket or a frame; NULL, or why its values do not fit (owned). */
static char *render_values(struct session *s, const struct operation *op, const cJSON *args,
			   struct ask *ret)
{
	DEFER(text_free) char *name = op->secret ? text_fmt("<%s>", op->secret->name) : NULL;
	DEFER(json_drop) cJSON *core = name ? json_build("{secret:%s}", name) : NULL;
	char *why = unseen(s, op, args);
	const char *unfit = why ? NULL : render(s->m, op, s->config, args, core, &ret->request);

	return why ? why : unfit ? reason_clean(str_of(unfit)) : NULL;
}

const char *take_open(struct session *s, const struct wire_message *m, struct ask *ret)
{
	DEFER(text_free) char *name = str_dup(m->name);
	DEFER(text_free) char *shown = quoted(m->name);
	DEFER(json_drop) cJSON *args = NULL;
	const struct socket_row *row = manifest_socket(s->m, name);
	const char *why = check_tag(m, SOCKETS_MAX, "opened a socket");
	char *unfit;

	if (!why && !row)
		why = violate("opened the socket %s, which its manifest does not have", shown);
	if (!why)
		why = take_json(m, "arguments", &args);
	if (!why)
		why = check_names(&row->open, args);
	if (why || s->broken)
		return why;
	unfit = render_values(s, &row->open, args, ret);
	s->lines[m->tag] = (struct line){ row, LINE_ASKED };
	if (unfit) {
		shut(s, m->tag, unfit, ret);
		return NULL;
	}
	ret->kind = ASK_OPEN;
	ret->tag = m->tag;
	ret->socket = row;
	return NULL;
}

static const struct operation *find_frame(const struct socket_row *row, struct str name)
{
	for (size_t i = 0; i < row->frames_n; i++)
		if (str_is(name, row->frames[i].name))
			return &row->frames[i];
	return NULL;
}

static void make_frame(struct session *s, const struct line *l, const struct operation *frame,
		       uint32_t tag, cJSON *args, struct ask *ret)
{
	char *unfit = render_values(s, frame, args, ret);

	if (!unfit && (int64_t)strlen(ret->request.body) > l->socket->frame_max) {
		request_free(&ret->request);
		unfit = text_fmt("the frame is larger than %lld bytes", (long long)l->socket->frame_max);
	}
	if (unfit) {
		shut(s, tag, unfit, ret);
		return;
	}
	ret->kind = ASK_FRAME;
	ret->tag = tag;
	ret->socket = l->socket;
	ret->json = cJSON_Duplicate(args, true);
}

const char *take_frame(struct session *s, const struct wire_message *m, struct ask *ret)
{
	DEFER(text_free) char *shown = quoted(m->name);
	DEFER(json_drop) cJSON *args = NULL;
	const struct line *l = m->tag <= SOCKETS_MAX ? &s->lines[m->tag] : NULL;
	const char *why = check_tag(m, SOCKETS_MAX, "wrote to a socket");
	const struct operation *frame;

	if (why || s->broken)
		return why;
	if (l->state == LINE_NONE || l->state == LINE_ASKED)
		return violate("wrote to socket %u, which is not %s", m->tag,
			       l->state == LINE_NONE ? "open" : "up yet");
	frame = find_frame(l->socket, m->name);
	if (!frame)
		return violate(
			"wrote the frame %s, which the socket \"%s\" does not have in its manifest", shown,
			l->socket->name);
	why = take_json(m, "arguments", &args);
	if (!why)
		why = check_names(frame, args);
	if (!why && l->state == LINE_UP)
		make_frame(s, l, frame, m->tag, args, ret);
	return why;
}

/* RFC 6455, 7.4: what an endpoint may send. */
static bool is_close_code(int64_t code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) ||
	       (code >= 3000 && code <= 4999);
}

const char *take_close(struct session *s, const struct wire_message *m, struct ask *ret)
{
	const char *why = check_tag(m, SOCKETS_MAX, "closed a socket");
	enum line_state was = why ? LINE_NONE : s->lines[m->tag].state;

	if (!why && !is_close_code(m->a))
		why = violate("closed socket %u with %lld, which is no code to send: they are 1000 to "
			      "1003, 1007 to 1011, 3000 to 4999",
			      m->tag, (long long)m->a);
	if (why)
		return why;
	s->lines[m->tag].state = LINE_NONE;
	if (was == LINE_ASKED || was == LINE_UP)
		*ret = (struct ask){ .kind = ASK_CLOSE, .tag = m->tag, .code = (int)m->a };
	return NULL;
}

/* ---- time, and what is kept ---------------------------------------------- */

const char *take_timer(struct session *s, const struct wire_message *m, struct ask *ret)
{
	const char *why = check_tag(m, TIMERS_MAX, "set a timer");

	if (!why && (m->a < 0 || m->b < m->a || m->b > UINT32_MAX))
		why = violate("set timer %u from %lld to %lld ms, which is no span", m->tag,
			      (long long)m->a, (long long)m->b);
	if (!why && !s->broken)
		*ret = (struct ask){ .kind = ASK_TIMER, .tag = m->tag, .wait_ms = m->a, .to_ms = m->b };
	return why;
}

const char *take_keep(struct session *s, const struct wire_message *m, struct ask *ret)
{
	DEFER(json_drop) cJSON *state = NULL, *seen = NULL;
	const char *why = take_json(m, "a state to keep", &state);

	if (!why && m->json.len > KEEP_MAX)
		why = violate("kept %zu bytes: %d are the most", m->json.len, KEEP_MAX);
	if (why)
		return why;
	seen = told_of(s, state);
	*ret = (struct ask){ .kind = ASK_KEEP };
	if (state)
		ret->json = json_build("{state:%j,seen:%j}", state, seen->child ? seen : NULL);
	return NULL;
}

/* ---- what it says of itself ---------------------------------------------- */

const char *take_ready(struct session *s, const struct wire_message *m, struct ask *ret)
{
	DEFER(text_free) char *shown = quoted(m->name);
	bool fits, said = true;

	if (m->a) {
		DEFER(json_drop) cJSON *me = inbound_me(s->m, s->source, s->raw, &fits);

		if (!fits || !str_is(m->name, s->m->me.at))
			return violate("pointed at %s for its own id, which is not where its manifest's "
				       "\"me\" stands",
				       shown);
		said = text_in(me, "id") != NULL;
	}
	if (said && !s->broken)
		*ret = (struct ask){ .kind = ASK_READY, .json = cJSON_Duplicate(s->me, true) };
	return NULL;
}

const char *take_broken(struct session *s, const struct wire_message *m, struct ask *ret)
{
	if (m->a <= FAIL_NONE || m->a > FAIL_MOVED)
		return violate("said that it is broken with the class %lld, which is none",
			       (long long)m->a);
	if (s->broken)
		return NULL;
	s->broken = true;
	*ret = (struct ask){ .kind = ASK_BROKEN, .class = (int)m->a, .text = reason_clean(m->text) };
	return NULL;
}

/* ---- what comes in ------------------------------------------------------- */

const char *take_deliver(struct session *s, const struct wire_message *m, struct ask *ret)
{
	DEFER(text_free) char *at = str_dup(m->name);
	DEFER(text_free) char *shown = quoted(m->name);
	enum inbound_kind kind = INBOUND_MESSAGE;
	cJSON *json = NULL;

	if (s->broken)
		return NULL;
	switch (inbound_read(s->m, s->source, s->raw, at, s->me, &kind, &json)) {
	case INBOUND_READ:
		*ret = (struct ask){ .kind = ASK_DELIVER, .inbound = kind, .json = json };
		return NULL;
	case INBOUND_DROPPED:
		return NULL;
	case INBOUND_NOTHING:
		break;
	}
	return violate(
		"delivered %s of what came from %s, which no row of \"inbound\" in its manifest fits", shown,
		s->source ? s->source : "nowhere");
}

/* ---- acts ---------------------------------------------------------------- */

static bool act_is(const struct request_ref *r, const char *name)
{
	return strcmp(r->act->name, name) == 0;
}

char *session_act(struct session *s, uint32_t ref, const struct act *act, const cJSON *json, const char *key)
{
	DEFER(json_drop) cJSON *told = cJSON_Duplicate(json, true);
	const char *mark = text_in(json, "mark");
	cJSON *core;

	if (mark)
		cJSON_ReplaceItemInObjectCaseSensitive(told, "mark", cJSON_CreateString(emoji_word(s->m, mark)));
	core = words_of(act->name, told);
	if (key && text_among("send edit reply confirm", act->name))
		json_add(core, "core.key", cJSON_CreateString(key));
	add_ref(s,
		(struct request_ref){ .ref = ref, .event_kind = EVENT_ACT, .act = act, .core = core });
	if (text_in(told, "handle"))
		cJSON_ReplaceItemInObjectCaseSensitive(told, "handle", cJSON_CreateString("<handle>"));
	return json_print(told);
}

bool session_sent(const struct session *s, uint32_t ref)
{
	const struct request_ref *r = find_ref(s, ref);

	return r && r->sent;
}

/* Upkeep only reads; what the core fills in belongs to one act. */
const char *check_act(const struct request_ref *r, const struct operation *op)
{
	if ((!r || act_is(r, "confirm")) && op->effects & ~(unsigned)(EFFECT_READ | EFFECT_NET))
		return violate("asked for the operation \"%s\" %s", op->name,
			       r ? "under confirm, which only reads"
				 : "without a request (ref 0): upkeep only reads");
	for (size_t i = 0; i < op->args_n; i++) {
		const struct argument *a = &op->args[i];

		if (a->is && !a->optional && !a->fallback &&
			(!r || strncmp(a->is, r->act->name, strcspn(a->is, ".")) != 0 ||
		     r->act->name[strcspn(a->is, ".")]))
			return violate("asked for the operation \"%s\", whose \"%s\" is %s, under %s",
				       op->name, a->name, a->is, r ? r->act->name : "no request");
	}
	return NULL;
}

/* An answer that says for certain that nothing was done. */
static bool definite(int failure)
{
	return failure != FAIL_NONE && failure != FAIL_PLATFORM && failure != FAIL_NETWORK;
}

/* What was sent lately: is one of it ours, by its key? Where the list is not there, or ours has
 * no id, nobody knows. */
static void look(struct request_ref *r, const struct operation *op, const cJSON *answer)
{
	const char *star = op->finds.at ? strchr(op->finds.at, '*') : NULL, *key = text_in(r->core, "core.key");
	DEFER(text_free) char *list = star ? str_dup((struct str){ op->finds.at, (size_t)(star - 1 - op->finds.at) }) : NULL;
	const cJSON *messages = star ? json_at(answer, list) : NULL;

	r->looked = r->looked || cJSON_IsArray(messages);
	for (const cJSON *m = cJSON_IsArray(messages) && key ? messages->child : NULL; m; m = m->next) {
		const cJSON *one = json_at(m, star + 1);
		DEFER(text_free) char *id = json_id(one, op->finds.id);

		if (!json_is(one, op->finds.key, key))
			continue;
		r->looked = id != NULL;
		DEFER(json_drop) cJSON *found = json_build("{id:%s}", id);

		gather(&r->gives, found);
		return;
	}
}

/* Whether this is what the act asks for: it brings its text, or where an act has none, changes
 * something. */
static bool does(const struct request_ref *r, const struct operation *op)
{
	DEFER(text_free) char *text = text_fmt("%s.text", r->act->name);
	bool brings = !text_among("send edit reply", r->act->name);

	for (size_t i = 0; i < op->args_n && !brings; i++)
		brings = op->args[i].is && strcmp(op->args[i].is, text) == 0;
	return brings && op->effects & ~(unsigned)(EFFECT_READ | EFFECT_NET);
}

/* NULL, or why what it says to be done is not. That nobody types any more may be nothing to do. */
static const char *not_done(const struct request_ref *r)
{
	if (act_is(r, "confirm"))
		return r->looked ? NULL : "no answer showed what was sent lately";
	return r->did || act_is(r, "typing") ? NULL : "the adapter says that it is done, and no request did it";
}

void session_heard(struct session *s, uint32_t ref, uint32_t tag, const struct answer *a)
{
	const struct call *c = find_call(s, ref, tag);
	struct request_ref *r = ref ? find_ref(s, ref) : NULL;

	if (!c)
		return;
	session_event(s, c->op->name, a->failure ? NULL : a->whole);
	if (r)
		r->after_ms = a->after_ms;
	if (r && (definite(a->failure) || a->unsent) && c->op->effects & EFFECT_SEND)
		r->sent = false;
	if (!r || a->failure)
		return;
	r->did = r->did || does(r, c->op);
	if (act_is(r, "confirm"))
		look(r, c->op, a->whole);
	else
		gather(&r->gives, a->gives);
}

static void done(struct session *s, struct request_ref *r, struct ask *ret)
{
	const char *why = not_done(r);

	if (why) {
		*ret = (struct ask){ .kind = ASK_FAILED,
				     .ref = r->ref,
				     .class = FAIL_PLATFORM,
				     .unsent = !r->sent,
				     .text = text_dup(why) };
		close_ref(s, r, REF_ANSWERED);
		return;
	}
	*ret = (struct ask){ .kind = ASK_RESULT,
			     .ref = r->ref,
			     .json = r->gives ? r->gives : cJSON_CreateObject() };
	r->gives = NULL;
	close_ref(s, r, REF_ANSWERED);
}

const char *take_done(struct session *s, const struct wire_message *m, struct request_ref *r,
		      struct ask *ret)
{
	if (m->json.at)
		return violate(
			"gave a result for \"%s\": an act's is NULL, for the core reads the ids itself",
			r->act->name);
	done(s, r, ret);
	return NULL;
}

void session_run(struct session *s, uint32_t ref, const struct answer *answer, struct ask *ret)
{
	struct request_ref *r = find_ref(s, ref);

	assert(r && r->state == REF_OPEN && r->act->runs_n);
	*ret = (struct ask){ .ref = ref };
	if (answer && answer->failure) {
		*ret = (struct ask){ .kind = ASK_FAILED,
				     .ref = ref,
				     .class = answer->failure,
				     .unsent = !r->sent,
				     .wait_ms = answer->after_ms,
				     .text = text_dup(answer->why) };
	} else if (r->step == r->act->runs_n) {
		done(s, r, ret);
		return;
	} else {
		make_request(s, r, r->act->runs[r->step], NULL, ret);
		if (ret->kind == ASK_REFUSED)
			ret->kind = ASK_FAILED, ret->unsent = !r->sent;
	}
	if (ret->kind == ASK_FAILED) {
		close_ref(s, r, REF_ANSWERED);
		return;
	}
	ret->tag = (uint32_t)++r->step;
	s->calls[s->calls_n++] = (struct call){ ref, ret->tag, false, r->act->runs[r->step - 1] };
}
