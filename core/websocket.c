/* websocket.c - see websocket.h.
 *
 * Each line has a libcurl of its own (multi.h): libcurl tidies up among the connections of
 * one when it makes another, and would close a line that it takes for an idle one.
 *
 * Entered from the loop, a line is busy until settle(): its owner may drop it from any
 * callback, and it goes when the last of our functions has let go of it. */
#include "websocket.h"
#include "answer.h"
#include "framing.h"
#include "limits.h"
#include "multi.h"
#include "upgrade.h"
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLIGHT = 16 * 1024 };				/* one record of TLS */
enum { OUT_ROOM = SOCKET_OUT_MAX + 64 * 1024 };		/* a close frame fits behind what waits */

enum state { CONNECTING, UPGRADING, OPEN, CLOSING };

struct websocket_parts {
	struct websocket *w;
	struct loop *loop;
	struct multi *multi;
	struct easy easy;
	enum state state;
	bool busy;		/* one of our functions is at work on it */
	bool dropped, over;	/* it goes with settle(), without ended() or with it */
	bool deaf;		/* what still comes says nothing */
	bool more;		/* than one turn takes */
	bool eof, pinged;
	struct watch watch;
	bool writes;		/* it watches for room too */
	struct timer patience;	/* with the upgrade, with silence, with a close */
	struct timer first;	/* the first message */
	struct timer soon;

	char key[UPGRADE_KEY];
	struct buf came;	/* the answer to the upgrade, then what came behind it */
	size_t budget;		/* of bytes that may be read in this turn */
	struct framing framing;

	struct buf out;
	char flight[FLIGHT];	/* TLS wants the very same bytes again when it could not send them */
	size_t flight_at, flight_len;
};

/* ---- ends ---------------------------------------------------------------- */

static void destroy(struct websocket_parts *p)
{
	timer_stop(&p->patience);
	timer_stop(&p->first);
	timer_stop(&p->soon);
	watch_set(p->loop, &p->watch, false, false);
	multi_remove(&p->easy);
	multi_free(p->multi);
	framing_end(&p->framing);
	buf_free(&p->came);
	buf_free(&p->out);
	free(p);
}

/* Says how it ended: the first word counts. */
static void conclude(struct websocket_parts *p, enum websocket_end end, const char *fmt, ...) PRINTF(3, 4);
static void conclude(struct websocket_parts *p, enum websocket_end end, const char *fmt, ...)
{
	struct buf why = buf_new(URL_MAX);
	va_list ap;

	if (p->over || p->dropped)
		return;
	p->over = true;
	if (!p->busy)
		timer_set(p->loop, &p->soon, 0);
	if (p->state == CLOSING)
		return;
	p->w->end = end;
	va_start(ap, fmt);
	buf_addv(&why, fmt, ap);
	va_end(ap);
	buf_cut(&why, utf8_fit(buf_str(&why), sizeof p->w->why - 1));
	snprintf(p->w->why, sizeof p->w->why, "%s", buf_text(&why));
	buf_free(&why);
}

static void watch(struct websocket_parts *p)
{
	bool writes = p->out.len || p->flight_len;

	if (p->watch.event && writes == p->writes)
		return;
	p->writes = writes;
	watch_set(p->loop, &p->watch, true, writes);
}

/* The last thing that whoever entered does. */
static void settle(struct websocket_parts *p)
{
	struct websocket *w = p->w;

	p->busy = false;
	if (p->dropped) {
		destroy(p);
	} else if (p->over) {
		w->parts = NULL;
		destroy(p);
		w->ended(w);
	} else if (p->state != CONNECTING) {
		watch(p);
		if (p->more)
			timer_set(p->loop, &p->soon, 0);
	}
}

/* ---- what leaves --------------------------------------------------------- */

static void flush(struct websocket_parts *p)
{
	while (!p->over && !p->dropped) {
		CURLcode code;
		size_t n = 0;

		if (p->flight_at == p->flight_len) {
			p->flight_at = 0;
			p->flight_len = p->out.len < FLIGHT ? p->out.len : FLIGHT;
			if (p->flight_len == 0)
				return;
			memcpy(p->flight, p->out.at, p->flight_len);
			buf_drop(&p->out, p->flight_len);
		}
		code = curl_easy_send(p->easy.curl, p->flight + p->flight_at, p->flight_len - p->flight_at, &n);
		if (code == CURLE_AGAIN)
			return;
		if (code != CURLE_OK)
			conclude(p, WEBSOCKET_LOST, "broke off: %s", curl_easy_strerror(code));
		p->flight_at += n;
	}
}

/* What the peer does not take is not heaped up. */
static void put(struct websocket_parts *p, enum framed kind, struct str payload)
{
	if (websocket_waiting(p->w) + payload.len > SOCKET_OUT_MAX)
		conclude(p, WEBSOCKET_LOST, "takes nothing more: %zu bytes wait to leave", websocket_waiting(p->w));
	else
		framing_put(&p->framing, &p->out, kind, payload);
}

static void start_close(struct websocket_parts *p, enum websocket_end end, int code)
{
	p->w->end = end;
	p->state = CLOSING;
	timer_stop(&p->first);
	timer_set(p->loop, &p->patience, CLOSE_MS);
	framing_put_close(&p->framing, &p->out, code);
}

/* ---- bytes that come ----------------------------------------------------- */

static ssize_t receive(struct websocket_parts *p, void *room, size_t n)
{
	size_t got = 0;
	CURLcode code;

	if (p->budget < n) {
		p->more = true;
		return -1;
	}
	code = curl_easy_recv(p->easy.curl, room, n, &got);
	if (code == CURLE_AGAIN)
		return -1;
	if (code != CURLE_OK || got == 0) {
		p->eof = true;
		return -1;
	}
	p->budget -= got;
	p->pinged = false;
	return (ssize_t)got;
}

static ssize_t give_bytes(struct framing *f, void *room, size_t n)
{
	struct websocket_parts *p = container_of(f, struct websocket_parts, framing);

	if (p->came.len == 0)
		return receive(p, room, n);
	if (n > p->came.len)
		n = p->came.len;
	memcpy(room, p->came.at, n);
	buf_drop(&p->came, n);
	return (ssize_t)n;
}

/* ---- what it says -------------------------------------------------------- */

static bool is_open(const struct websocket_parts *p)
{
	return p->state == OPEN && !p->over && !p->dropped;
}

static void be_told(struct websocket_parts *p, struct str text)
{
	timer_stop(&p->first);
	p->w->message(p->w, text);
}

/* They close it, or answer our close. */
static void be_closed(struct websocket_parts *p, int code, struct str reason)
{
	DEFER(text_free) char *clean = reason_clean(reason);

	p->deaf = true;
	p->w->code = code;
	if (p->state == CLOSING) {
		conclude(p, WEBSOCKET_CLOSED, "closed");
		return;
	}
	snprintf(p->w->why, sizeof p->w->why, code ? "closed the line with %d%s%s" : "closed the line", code,
		 *clean ? ": " : "", clean);
	start_close(p, WEBSOCKET_CLOSED, code);
}

static void be_wronged(struct websocket_parts *p, int code, const char *why)
{
	p->deaf = true;
	if (p->state == CLOSING) {
		conclude(p, WEBSOCKET_WRONG, "%s", why);
		return;
	}
	snprintf(p->w->why, sizeof p->w->why, "%s", why);
	start_close(p, WEBSOCKET_WRONG, code);
}

static void read_frames(struct websocket_parts *p)
{
	struct framing *f = &p->framing;

	while (!p->over && !p->dropped && !p->deaf)
		switch (framing_next(f)) {
		case HEARD_NOTHING:
			return;
		case HEARD_TEXT:
			if (is_open(p))
				be_told(p, f->bytes);
			break;
		case HEARD_PING:
			if (is_open(p))
				put(p, FRAME_PONG, f->bytes);
			break;
		case HEARD_CLOSE:
			be_closed(p, f->code, f->bytes);
			break;
		case HEARD_WRONG:
			be_wronged(p, f->code, f->why);
		}
}

static void become_open(struct websocket_parts *p, size_t head)
{
	struct websocket *w = p->w;

	buf_drop(&p->came, head);
	p->state = OPEN;
	if (w->first_ms > 0)
		timer_set(p->loop, &p->first, w->first_ms);
	w->opened(w);
}

static void read_upgrade(struct websocket_parts *p)
{
	struct upgrade_answer answer = { 0 };
	char room[4096];
	ssize_t n;

	while (p->state == UPGRADING && !p->over && (n = receive(p, room, sizeof room)) > 0) {
		buf_add(&p->came, room, (size_t)n);
		switch (upgrade_judge(buf_str(&p->came), p->key, &answer)) {
		case UPGRADE_MORE:
			break;
		case UPGRADE_REFUSED:
			p->w->status = answer.status;
			conclude(p, WEBSOCKET_REFUSED, "%s", answer.why);
			break;
		case UPGRADE_DONE:
			become_open(p, answer.head);
		}
	}
}

static void read_all(struct websocket_parts *p)
{
	p->budget = SOCKET_TURN_MAX;
	p->more = false;
	if (p->state == UPGRADING)
		read_upgrade(p);
	if (p->state == OPEN || p->state == CLOSING)
		read_frames(p);
	if (p->budget < SOCKET_TURN_MAX && is_open(p))
		timer_set(p->loop, &p->patience, p->w->ping_ms);
}

/* What we said last may not reach a peer whose bytes nobody reads: so they are, until it
 * closes the connection, as is the server's part (RFC 6455, section 7.1.1). */
static void read_away(struct websocket_parts *p)
{
	char room[4096];

	while (!p->over && receive(p, room, sizeof room) > 0)
		;
}

static void work(struct websocket_parts *p)
{
	p->busy = true;
	read_all(p);
	flush(p);
	if (p->deaf && !p->dropped)
		read_away(p);
	if (p->eof)
		conclude(p, WEBSOCKET_LOST, "broke off");
	settle(p);
}

static void ready(struct watch *watch_of, bool readable, bool writable)
{
	(void)readable;
	(void)writable;
	work(container_of(watch_of, struct websocket_parts, watch));
}

static void come_back(struct timer *t)
{
	struct websocket_parts *p = container_of(t, struct websocket_parts, soon);

	if (p->over)
		settle(p);
	else
		work(p);
}

/* ---- time ---------------------------------------------------------------- */

static void out_of_patience(struct timer *t)
{
	struct websocket_parts *p = container_of(t, struct websocket_parts, patience);

	p->busy = true;
	if (p->state == UPGRADING) {
		conclude(p, WEBSOCKET_UNREACHED, "did not answer the upgrade within %g s", CONNECT_MS / 1e3);
	} else if (p->state == CLOSING || p->pinged) {
		conclude(p, WEBSOCKET_LOST, "was silent, and did not answer a ping within %g s",
			 (double)p->w->pong_ms / 1e3);
	} else {
		put(p, FRAME_PING, STR(""));
		p->pinged = true;
		timer_set(p->loop, &p->patience, p->w->pong_ms);
		flush(p);
	}
	settle(p);
}

static void no_first(struct timer *t)
{
	struct websocket_parts *p = container_of(t, struct websocket_parts, first);

	p->busy = true;
	conclude(p, WEBSOCKET_LOST, "sent no first message within %g s", (double)p->w->first_ms / 1e3);
	settle(p);
}

/* ---- the connection ------------------------------------------------------ */

static bool may_connect(struct easy *e, const struct sockaddr *a)
{
	struct websocket_parts *p = container_of(e, struct websocket_parts, easy);

	return p->w->may_connect(p->w, a);
}

static void begin_upgrade(struct websocket_parts *p)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	curl_easy_getinfo(p->easy.curl, CURLINFO_ACTIVESOCKET, &fd);
	if (fd == CURL_SOCKET_BAD) {
		conclude(p, WEBSOCKET_UNREACHED, "broke off");
		return;
	}
	p->watch.fd = fd;
	p->state = UPGRADING;
	timer_set(p->loop, &p->patience, CONNECT_MS);
	flush(p);
	watch(p);
}

/* Called from within the multi that settle() would free: what ended here ends with .soon. */
static void over(struct easy *e, CURLcode code)
{
	struct websocket_parts *p = container_of(e, struct websocket_parts, easy);

	snprintf(p->w->barred, sizeof p->w->barred, "%s", e->barred);
	if (code == CURLE_OK)
		begin_upgrade(p);
	else if (e->barred[0] && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK))
		conclude(p, WEBSOCKET_BARRED, "leads to %s", e->barred);
	else
		conclude(p, code == CURLE_PEER_FAILED_VERIFICATION ? WEBSOCKET_UNTRUSTED : WEBSOCKET_UNREACHED,
			 "cannot be reached: %s", e->error[0] ? e->error : curl_easy_strerror(code));
}

/* ALPN is not spoken: a server that then picks h2 breaks off by itself, where libcurl would
 * begin to speak it and could not be used any more. */
static void connect_to(struct websocket_parts *p)
{
	DEFER(text_free) char *http = text_fmt("http%s", p->w->url + strlen("ws"));

	multi_prepare(p->multi, &p->easy, http, p->w->leads_to);
	curl_easy_setopt(p->easy.curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(p->easy.curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
	multi_add(&p->easy);
}

/* Writes the request, which waits for the connection. */
static void start(struct websocket_parts *p)
{
	unsigned char nonce[UPGRADE_NONCE];
	const char *why;

	framing_begin(&p->framing);
	randombytes_buf(nonce, sizeof nonce);
	upgrade_key(nonce, p->key);
	why = upgrade_request(&p->out, p->w->url, p->key);
	if (why)
		conclude(p, WEBSOCKET_UNREACHED, "cannot be reached: the URL %s", why);
	else
		connect_to(p);
}

void websocket_open(struct loop *loop, struct websocket *w)
{
	struct websocket_parts *p = mem_new(1, sizeof *p);

	assert(!w->parts && w->may_connect && w->opened && w->message && w->ended);
	*p = (struct websocket_parts){ .w = w, .loop = loop, .multi = multi_new(loop, 1),
		.easy = { .may_connect = may_connect, .over = over }, .watch = { .ready = ready, .fd = -1 },
		.patience = { .fired = out_of_patience }, .first = { .fired = no_first },
		.soon = { .fired = come_back }, .came = buf_new(UPGRADE_MAX + 4096),
		.framing = { .receive = give_bytes }, .out = buf_new(OUT_ROOM) };
	w->parts = p;
	w->code = w->status = 0;
	w->why[0] = w->barred[0] = '\0';
	if (w->ping_ms == 0)
		w->ping_ms = PING_MS;
	if (w->pong_ms == 0)
		w->pong_ms = PONG_MS;
	start(p);
}

bool websocket_is_open(const struct websocket *w)
{
	return w->parts && is_open(w->parts);
}

size_t websocket_waiting(const struct websocket *w)
{
	return w->parts ? w->parts->out.len + w->parts->flight_len - w->parts->flight_at : 0;
}

void websocket_send(struct websocket *w, struct str text)
{
	struct websocket_parts *p = w->parts;

	if (!websocket_is_open(w))
		return;
	put(p, FRAME_TEXT, text);
	if (p->busy)
		return;
	flush(p);
	watch(p);
}

void websocket_close(struct websocket *w, int code)
{
	struct websocket_parts *p = w->parts;

	if (!p || p->over || p->state == CLOSING)
		return;
	if (p->state != OPEN) {
		conclude(p, WEBSOCKET_CLOSED, "was not open yet");
		return;
	}
	snprintf(w->why, sizeof w->why, "was closed by us");
	start_close(p, WEBSOCKET_CLOSED, code);
	if (p->busy)
		return;
	flush(p);
	watch(p);
}

void websocket_drop(struct websocket *w)
{
	struct websocket_parts *p = w->parts;

	if (!p)
		return;
	w->parts = NULL;
	p->dropped = true;
	if (!p->busy)
		destroy(p);
}
