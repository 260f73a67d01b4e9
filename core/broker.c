/* broker.c - see broker.h.
 *
 * An exchange waits for the commit of the turn that asked for it, for its place among
 * the open ones, for its answer, perhaps before it asks again; then it is over. */
#include "broker.h"
#include "adapter/adapter.h"
#include "address.h"
#include "limits.h"
#include "outfit.h"
#include "retry.h"
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
	const struct manifest *manifest;
	struct request request;
	char *connection, *origin;
	bool exempt;			/* the owner's file names exactly this origin */
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

struct broker {
	struct loop *loop;
	struct secrets *secrets;
	struct multi *multi;
	struct exchange *first;		/* all, oldest first */
	struct timer places;		/* one is free: who is next? */
	int open;
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
	x->broker->open--;
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
	free(x->connection);
	free(x->origin);
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

/* The origin of a URL template, whose path may hold placeholders; owned. */
static char *template_origin(const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL;
	DEFER(text_free) char *prefix = NULL;

	if (!host)
		return NULL;
	host += strlen("://");
	prefix = str_dup((struct str){ url, (size_t)(host - url) + strcspn(host, "/?#") });
	return strchr(prefix, '{') ? NULL : url_origin(prefix);
}

static bool is_origin_of(const char *url, const char *origin)
{
	DEFER(text_free) char *own = template_origin(url);

	return own && strcmp(own, origin) == 0;
}

/* Whether the manifest itself names this origin: as base, as default of its
 * configuration's base, or in the operation. */
static bool manifest_names(const struct manifest *m, const struct operation *op, const char *origin)
{
	if (is_origin_of(m->base, origin) || is_origin_of(op->url, origin))
		return true;
	for (size_t i = 0; i < m->config_n; i++)
		if (strcmp(m->config[i].name, "base") == 0 && cJSON_IsString(m->config[i].fallback) &&
		    is_origin_of(m->config[i].fallback->valuestring, origin))
			return true;
	return false;
}

/* "https://HOST:443" -> HOST; owned */
static char *host_of(const char *origin)
{
	const char *host = strstr(origin, "://") + strlen("://");

	return str_dup((struct str){ host, (size_t)(strrchr(host, ':') - host) });
}

static bool plain(const struct exchange *x)
{
	return strncmp(x->origin, "http:", 5) == 0;
}

/* NULL, or why nothing may go there whatever its address turns out to be. */
static char *bar(const struct exchange *x)
{
	DEFER(text_free) char *host = host_of(x->origin);

	if (x->exempt)
		return NULL;
	if (plain(x))
		return text_fmt("plain http goes only where a line of assistant.conf says so, and %s is named in none",
				x->origin);
	if (host_is_literal(host))
		return text_fmt("%s is a number, no name: only a line of assistant.conf can send requests there",
				x->origin);
	if (!manifest_names(x->manifest, x->request.op, x->origin))
		return text_fmt("%s is neither in %s's manifest nor in assistant.conf", x->origin, x->manifest->name);
	return NULL;
}

static bool may_connect(struct transfer *t, const struct sockaddr *a)
{
	const struct exchange *x = container_of(t, struct exchange, transfer);

	if (!x->exempt)
		return address_public(a);
	return !plain(x) || address_private(a);
}

static void fail_barred(struct exchange *x)
{
	if (x->exempt)
		fail(x, FAIL_PERMISSION, "%s leads to %s, which is not private, and plain http goes no further: "
		     "write https in assistant.conf", x->origin, x->transfer.easy.barred);
	else
		fail(x, FAIL_PERMISSION, "%s leads to %s, which is no public address: if this is your own machine, "
		     "name it in assistant.conf", x->origin, x->transfer.easy.barred);
}

/* ---- what comes ---------------------------------------------------------- */

/* Hands on what the stream holds whole. False: the owner gave the exchange up. */
static bool tell_parts(struct exchange *x)
{
	struct str piece;

	x->telling = true;
	while (!x->gone && stream_next(x->stream, &piece)) {
		struct answer a = { 0 };

		answer_part(x->manifest, x->request.op, piece, &a);
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

	answer_sort(x->manifest, x->request.op, net, net == NET_OK ? t->status : 0,
		    whole ? buf_str(&t->got) : STR(""), ret);
	if (net == NET_OK)
		return;
	free(ret->why);
	ret->why = text_fmt("%s %s: %s", net == NET_UNSENT ? "no connection to" : "no answer from", x->origin, t->why);
}

static struct retry decide(const struct exchange *x, const struct answer *a)
{
	const struct transfer *t = &x->transfer;
	enum net net = t->end == END_WHOLE ? NET_OK : t->end == END_UNSENT ? NET_UNSENT : NET_LOST;
	int64_t after_ms = -1;

	if (net == NET_OK)
		after_ms = retry_after(t->retry_after_ms[0] ? t->retry_after_ms : NULL,
				       t->retry_after[0] ? t->retry_after : NULL, t->date[0] ? t->date : NULL);
	return retry_decide(x->request.op->retry, x->tries, net, a->status, a->failure, after_ms, x->shown,
			    randombytes_uniform(1u << 30) / (double)(1u << 30));
}

static void answered(struct exchange *x)
{
	struct answer a = { 0 };
	struct retry retry;

	sort(x, &a);
	retry = decide(x, &a);
	if (!retry.again) {
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
		fail(x, FAIL_NETWORK, "%s did not prove who it is: %s", x->origin, t->why);
		return;
	case END_TOO_LARGE:
		fail(x, FAIL_PLATFORM, "the answer of %s is refused: %s", x->origin, t->why);
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
	const struct manifest *m = x->manifest;
	struct transfer *t = &x->transfer;

	t->method = x->request.op->method;
	t->url = x->outfit.url;
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
	struct secrets *secrets = x->broker->secrets;
	DEFER(text_free) char *name = NULL;
	const struct secret *secret;
	const char *why;

	if (!slot)
		return NULL;
	name = text_fmt("%s.%s", x->connection, slot->name);
	if (slot->optional && !secret_given(secrets, name))
		return NULL;
	why = secret_find(secrets, name, x->origin, &secret);
	if (!why)
		outfit_secret(&x->outfit, slot, secret_value(secret));
	return why;
}

/* Makes url and headers. FAIL_NONE, or why this attempt does not leave. */
static enum failure dress(struct exchange *x, char **ret_why)
{
	int64_t max = at_most(x->manifest->limits.request_bytes, REQUEST_MAX);

	if (!x->origin || strlen(x->request.url) > URL_MAX) {
		*ret_why = text_fmt("the URL is none, or longer than %d bytes", URL_MAX);
		return FAIL_INPUT;
	}
	if (x->request.body && strlen(x->request.body) > (size_t)max) {
		*ret_why = text_fmt("the request is larger than %lld bytes", (long long)max);
		return FAIL_TOO_LARGE;
	}
	*ret_why = bar(x);
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
	x->broker->open++;
	x->tries++;
	class = dress(x, &why);
	if (class == FAIL_NONE)
		start(x);
	else
		fail(x, class, "%s", why);
}

static struct exchange *next_one(const struct broker *b)
{
	struct exchange *x = b->first;

	while (x && x->state != WAIT_PLACE)
		x = x->next;
	return x;
}

static void fill_places(struct timer *timer)
{
	struct broker *b = container_of(timer, struct broker, places);
	struct exchange *x;

	while (b->open < EXCHANGES_OPEN_MAX && (x = next_one(b)) != NULL)
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
	struct broker *b = calloc(1, sizeof *b);

	if (!b)
		abort();
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
	timer_stop(&b->places);
	multi_free(b->multi);
	free(b);
}

struct exchange *broker_send(struct broker *b, const struct party *party, struct request *request,
			     struct exchange_owner *owner)
{
	struct exchange *x = calloc(1, sizeof *x), **at = &b->first;

	if (!x)
		abort();
	*x = (struct exchange){ .broker = b, .owner = owner, .manifest = party->manifest, .request = *request,
				.committed = { .run = committed }, .again = { .fired = again } };
	*request = (struct request){ 0 };
	x->connection = text_dup(party->connection);
	x->origin = url_origin(x->request.url);
	x->exempt = x->origin && party->base_origin && strcmp(x->origin, party->base_origin) == 0;
	while (*at)
		at = &(*at)->next;
	*at = x;
	loop_after(b->loop, &x->committed);
	return x;
}
