/* broker.c - see broker.h.
 *
 * An exchange waits for the commit of the turn that asked for it, for its place among
 * the open ones, for its answer, perhaps before it asks again; then it is over. */
#include "broker.h"
#include "adapter/adapter.h"
#include "broker_parts.h"
#include "limits.h"
#include "outfit.h"
#include "retry.h"
#include "route.h"
#include "stream.h"
#include "transfer.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum state { WAIT_COMMIT, WAIT_PLACE, WAIT_ANSWER, WAIT_AGAIN };

struct exchange {
	struct broker *broker;
	struct exchange *next;
	struct exchange_owner *owner;
	struct request request;
	struct route route;
	enum state state;
	struct later committed;
	struct timer again;
	int tries;
	struct outfit outfit;		/* only while the transfer runs */
	struct transfer transfer;
	struct stream *stream;
	bool shown;			/* a part of this answer was */
	bool telling, gone;		/* in a callback of the owner; who freed it there */
};


/* ---- ends ---------------------------------------------------------------- */

/* Ends the attempt, if one runs, and gives its place to the next. */
static void leave(struct exchange *x)
{
	transfer_stop(&x->transfer);
	outfit_free(&x->outfit);
	stream_free(x->stream);
	x->stream = NULL;
	if (x->state != WAIT_ANSWER)
		return;
	x->state = WAIT_AGAIN;
	timer_set(x->broker->loop, &x->broker->places, 0);
}

static void destroy(struct exchange *x)
{
	struct exchange **at = &x->broker->first;

	leave(x);
	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	loop_forget(x->broker->loop, &x->committed);
	timer_stop(&x->again);
	request_free(&x->request);
	route_free(&x->route);
	free(x);
}

void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	x->gone = true;
	if (!x->telling)
		destroy(x);
}

static void scrub_string(const struct scrub *s, char **text)
{
	char *clean = *text ? scrub_text(s, str_of(*text), NULL) : NULL;

	if (!clean)
		return;
	free(*text);
	*text = clean;
}

static void scrub(const struct exchange *x, struct answer *a)
{
	const struct scrub *known = secrets_known(x->broker->secrets);

	scrub_string(known, &a->why);
	scrub_string(known, &a->text);
	scrub_json(known, a->json);
	scrub_json(known, a->whole);
	scrub_json(known, a->gives);
}

/* The last word. Takes *a. */
static void finish(struct exchange *x, struct answer *a)
{
	leave(x);
	scrub(x, a);
	x->telling = true;
	x->owner->done(x->owner, a);
	answer_free(a);
	destroy(x);
}

static void fail(struct exchange *x, enum failure class, const char *fmt, ...) PRINTF(3, 4);
static void fail(struct exchange *x, enum failure class, const char *fmt, ...)
{
	struct buf why = buf_new(URL_MAX);
	struct answer a = { .failure = (int)class };
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&why, fmt, ap);
	va_end(ap);
	a.why = buf_take(&why);
	finish(x, &a);
}

/* ---- where to ------------------------------------------------------------ */

static bool may_connect(struct transfer *t, const struct sockaddr *a)
{
	const struct exchange *x = container_of(t, struct exchange, transfer);

	return route_may_connect(&x->route, a);
}

static void fail_barred(struct exchange *x)
{
	DEFER(text_free) char *why = route_barred(&x->route, x->transfer.easy.barred);

	fail(x, FAIL_PERMISSION, "%s", why);
}

/* ---- what comes ---------------------------------------------------------- */

/* Hands on what the stream holds whole. False: the owner gave the exchange up. */
static bool tell_parts(struct exchange *x)
{
	struct str piece;

	x->telling = true;
	while (!x->gone && stream_next(x->stream, &piece)) {
		struct answer a = { 0 };

		answer_part(x->route.manifest, x->request.op, piece, &a);
		scrub(x, &a);
		x->shown = true;
		x->owner->part(x->owner, &a);
		answer_free(&a);
	}
	x->telling = false;
	if (!x->gone)
		return true;
	destroy(x);
	return false;
}

static bool streams(const struct exchange *x)
{
	enum answer_kind kind = x->request.op->answer;

	return (kind == ANSWER_SSE || kind == ANSWER_NDJSON) && x->transfer.status / 100 == 2;
}

static void arrived(struct transfer *t)
{
	struct exchange *x = container_of(t, struct exchange, transfer);
	enum err err;

	if (!streams(x))
		return;
	if (!x->stream)
		x->stream = stream_new(x->request.op->answer, PART_MAX);
	err = stream_feed(x->stream, buf_str(&t->got));
	buf_cut(&t->got, 0);
	if (tell_parts(x) && err != OK)
		fail(x, FAIL_PLATFORM, "a piece of the answer is larger than %d bytes", PART_MAX);
}

/* The answer, or that there is none, sorted. */
static void sort(const struct exchange *x, struct answer *ret)
{
	const struct transfer *t = &x->transfer;
	enum net net = t->end == END_WHOLE ? NET_OK : t->end == END_UNSENT ? NET_UNSENT : NET_LOST;
	bool whole = net == NET_OK && !streams(x);

	answer_sort(x->route.manifest, x->request.op, net, net == NET_OK ? t->status : 0,
		    whole ? buf_str(&t->got) : STR(""), ret);
	if (net == NET_OK)
		return;
	free(ret->why);
	/* What is asked again whatever happened may have arrived before. */
	ret->unsent = ret->unsent && (x->tries <= 1 || x->request.op->retry != RETRY_ALWAYS);
	ret->why = text_fmt("%s %s: %s", net == NET_UNSENT ? "no connection to" : "no answer from", x->route.origin, t->why);
}

/* What the answer says, or -1. */
static int64_t named_wait(const struct transfer *t)
{
	if (t->end != END_WHOLE)
		return -1;
	return retry_after(t->retry_after_ms[0] ? t->retry_after_ms : NULL, t->retry_after[0] ? t->retry_after : NULL,
			   t->date[0] ? t->date : NULL);
}

static struct retry decide(const struct exchange *x, const struct answer *a, int64_t after_ms)
{
	const struct transfer *t = &x->transfer;
	enum net net = t->end == END_WHOLE ? NET_OK : t->end == END_UNSENT ? NET_UNSENT : NET_LOST;

	return retry_decide(x->request.op->retry, x->tries, net, a->status, a->failure, after_ms, x->shown,
			    randombytes_uniform(1u << 30) / (double)(1u << 30));
}

static void answered(struct exchange *x)
{
	int64_t after_ms = named_wait(&x->transfer);
	struct answer a = { 0 };
	struct retry retry;

	sort(x, &a);
	retry = decide(x, &a, after_ms);
	if (!retry.again) {
		a.after_ms = a.failure && after_ms > 0 ? after_ms : 0;
		finish(x, &a);
		return;
	}
	answer_free(&a);
	leave(x);
	timer_set(x->broker->loop, &x->again, retry.wait_ms);
}

static void done(struct transfer *t)
{
	struct exchange *x = container_of(t, struct exchange, transfer);

	switch (t->end) {
	case END_BARRED:
		fail_barred(x);
		return;
	case END_UNTRUSTED:
		fail(x, FAIL_NETWORK, "%s did not prove who it is: %s", x->route.origin, t->why);
		return;
	case END_TOO_LARGE:
		fail(x, FAIL_PLATFORM, "the answer of %s is refused: %s", x->route.origin, t->why);
		return;
	case END_WHOLE:
		if (x->stream) {
			stream_end(x->stream);
			if (!tell_parts(x))
				return;
		}
		break;
	case END_UNSENT:
	case END_LOST:
		break;
	}
	answered(x);
}

/* ---- attempts ------------------------------------------------------------ */

static int64_t at_most(int64_t asked, int64_t max)
{
	return asked > 0 && asked < max ? asked : max;
}

static void start(struct exchange *x)
{
	const struct manifest *m = x->route.manifest;
	struct transfer *t = &x->transfer;

	t->method = x->request.op->method;
	t->url = x->outfit.url;
	t->leads_to = x->route.played_at;
	t->headers = x->outfit.headers;
	t->body = str_of(x->request.body);
	t->repeatable = x->request.op->retry == RETRY_ALWAYS;
	t->silence_ms = at_most(m->limits.silence_ms, SILENCE_MS);
	t->total_ms = at_most(m->limits.total_ms, ANSWER_TOTAL_MS);
	t->answer_max = (size_t)at_most(m->limits.answer_bytes, ANSWER_MAX);
	t->may_connect = may_connect;
	t->arrived = arrived;
	t->done = done;
	transfer_start(x->broker->multi, t);
}

/* NULL, or why there is no secret to put in; looked up for each attempt, so that a changed
 * one is used at once. */
static const char *put_secret(struct exchange *x)
{
	const struct secret_slot *slot = x->request.secret;
	const char *why;
	char *value;

	if (!slot)
		return NULL;
	why = route_secret(&x->route, x->broker->secrets, slot, x->route.origin, &value);
	if (why || !value)
		return why;
	outfit_secret(&x->outfit, slot, str_of(value));
	sodium_memzero(value, strlen(value));
	free(value);
	return NULL;
}

/* Makes url and headers. FAIL_NONE, or why this attempt does not leave. */
static enum failure dress(struct exchange *x, char **ret_why)
{
	int64_t max = at_most(x->route.manifest->limits.request_bytes, REQUEST_MAX);

	if (!x->route.origin || strlen(x->request.url) > URL_MAX) {
		*ret_why = text_fmt("the URL is none, or longer than %d bytes", URL_MAX);
		return FAIL_INPUT;
	}
	if (x->request.body && strlen(x->request.body) > (size_t)max) {
		*ret_why = text_fmt("the request is larger than %lld bytes", (long long)max);
		return FAIL_TOO_LARGE;
	}
	*ret_why = route_bar(&x->route);
	if (*ret_why)
		return FAIL_PERMISSION;
	*ret_why = outfit_make(&x->outfit, &x->request);
	if (*ret_why)
		return FAIL_INPUT;
	*ret_why = text_dup(put_secret(x));
	return *ret_why ? FAIL_AUTH : FAIL_NONE;
}

static void attempt(struct exchange *x)
{
	DEFER(text_free) char *why = NULL;
	enum failure class;

	x->state = WAIT_ANSWER;
	x->tries++;
	class = dress(x, &why);
	if (class == FAIL_NONE)
		start(x);
	else
		fail(x, class, "%s", why);
}

/* Each connection has places of its own: a slow model never keeps a channel from sending. */
static bool has_place(const struct broker *b, const struct exchange *for_whom)
{
	int open = 0;

	for (const struct exchange *x = b->first; x; x = x->next)
		open += x->state == WAIT_ANSWER && strcmp(x->route.connection, for_whom->route.connection) == 0;
	return open < EXCHANGES_OPEN_MAX;
}

static struct exchange *next_one(const struct broker *b)
{
	struct exchange *x = b->first;

	while (x && !(x->state == WAIT_PLACE && has_place(b, x)))
		x = x->next;
	return x;
}

static void fill_places(struct timer *timer)
{
	struct broker *b = container_of(timer, struct broker, places);
	struct exchange *x;

	while ((x = next_one(b)) != NULL)
		attempt(x);
}

static void queue(struct exchange *x)
{
	x->state = WAIT_PLACE;
	timer_set(x->broker->loop, &x->broker->places, 0);
}

static void committed(struct later *later)
{
	queue(container_of(later, struct exchange, committed));
}

static void again(struct timer *timer)
{
	queue(container_of(timer, struct exchange, again));
}

/* ---- the broker ---------------------------------------------------------- */

struct broker *broker_new(struct loop *loop, struct secrets *secrets)
{
	struct broker *b = mem_new(1, sizeof *b);

	*b = (struct broker){ .loop = loop, .secrets = secrets, .multi = multi_new(loop, EXCHANGES_OPEN_MAX),
			      .places = { .fired = fill_places } };
	return b;
}

void broker_free(struct broker *b)
{
	if (!b)
		return;
	while (b->first)
		destroy(b->first);
	while (b->lines)
		line_free(b->lines);
	timer_stop(&b->places);
	multi_free(b->multi);
	free(b);
}

struct exchange *broker_send(struct broker *b, const struct party *party, struct request *request,
			     struct exchange_owner *owner)
{
	struct exchange *x = mem_new(1, sizeof *x), **at = &b->first;

	*x = (struct exchange){ .broker = b, .owner = owner, .request = *request,
				.route = route_new(party, request->op, request->url),
				.committed = { .run = committed }, .again = { .fired = again } };
	x->request.url = route_url(&x->route, request->url);
	free(request->url);
	*request = (struct request){ 0 };
	while (*at)
		at = &(*at)->next;
	*at = x;
	loop_after(b->loop, &x->committed);
	return x;
}
