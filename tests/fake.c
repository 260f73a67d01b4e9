/* fake.c - see fake.h */
#include "fake.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SCRIPTS_MAX = 100, STEPS_MAX = 24, REQUESTS_MAX = 200, CONNECTIONS_MAX = 100,
	BYTES_MAX = 64 * 1024 * 1024,
};

enum act { SEND, PACE, WAIT, STALL, TALK, CLOSE, RESET };

struct step {
	enum act act;
	struct buf bytes;
	int64_t n;
};
struct script {
	struct step steps[STEPS_MAX];
	size_t n;
};
struct connection {
	struct fake *fake;
	struct watch watch;
	struct timer timer;
	struct buf in;
	struct script *script;		/* being played, or NULL */
	size_t step, at, pace;
	bool talks;
};
struct fake {
	struct loop *loop;
	struct watch watch;
	char origin[40];
	struct script scripts[SCRIPTS_MAX], unscripted;
	size_t scripts_n, played;
	void (*when_out)(struct fake *f, const char *request);
	void (*heard)(struct fake *f, struct str bytes);
	struct connection *talking;
	char *requests[REQUESTS_MAX];
	size_t requests_n, now, most, bytes;
	struct connection *connections[CONNECTIONS_MAX];
	size_t connections_n;
};

/* ---- scripts ------------------------------------------------------------- */

void fake_when_out(struct fake *f, void (*script)(struct fake *f, const char *request))
{
	f->when_out = script;
}

void fake_script(struct fake *f)
{
	assert(f->scripts_n < SCRIPTS_MAX);
	f->scripts_n++;
}

static struct step *add(struct fake *f, enum act act, int64_t n)
{
	struct script *s = &f->scripts[f->scripts_n - 1];

	assert(f->scripts_n > 0 && s->n < STEPS_MAX);
	s->steps[s->n] = (struct step){ act, buf_new(BYTES_MAX), n };
	return &s->steps[s->n++];
}

void fake_send(struct fake *f, struct str bytes)
{
	buf_add(&add(f, SEND, 0)->bytes, bytes.at, bytes.len);
}

void fake_sendf(struct fake *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&add(f, SEND, 0)->bytes, fmt, ap);
	va_end(ap);
}

void fake_answer(struct fake *f, int status, const char *headers, const char *body)
{
	fake_sendf(f, "HTTP/1.1 %d Said\r\n%scontent-length: %zu\r\n\r\n%s", status, headers, strlen(body), body);
}

void fake_chunks(struct fake *f, struct str body, size_t each)
{
	struct buf *b = &add(f, SEND, 0)->bytes;

	for (size_t at = 0; at < body.len; at += each) {
		size_t n = body.len - at < each ? body.len - at : each;

		buf_addf(b, "%zx\r\n", n);
		buf_add(b, body.at + at, n);
		buf_adds(b, "\r\n");
	}
}

void fake_pace(struct fake *f, size_t bytes) { add(f, PACE, (int64_t)bytes); }
void fake_wait(struct fake *f, int64_t ms) { add(f, WAIT, ms); }
void fake_stall(struct fake *f) { add(f, STALL, 0); }
void fake_talk(struct fake *f, void (*heard)(struct fake *f, struct str bytes))
{
	f->heard = heard;
	add(f, TALK, 0);
}

void fake_close(struct fake *f) { add(f, CLOSE, 0); }
void fake_reset(struct fake *f) { add(f, RESET, 0); }

/* ---- connections --------------------------------------------------------- */

static void hang_up(struct connection *c, bool reset)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (c->watch.fd < 0)
		return;
	if (c->script)
		c->fake->now--;
	if (c->fake->talking == c)
		c->fake->talking = NULL;
	c->script = NULL;
	timer_stop(&c->timer);
	watch_set(c->fake->loop, &c->watch, false, false);
	if (reset)
		setsockopt(c->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(c->watch.fd);
	c->watch.fd = -1;
}

/* True: the bytes of this step are out. Else something will call play() again. */
static bool send_some(struct connection *c, const struct step *s)
{
	size_t left = s->bytes.len - c->at, part = c->pace && c->pace < left ? c->pace : left;
	ssize_t n = send(c->watch.fd, buf_text(&s->bytes) + c->at, part, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN) {
		hang_up(c, false);
		return false;
	}
	c->at += n > 0 ? (size_t)n : 0;
	if (c->at == s->bytes.len)
		return true;
	if (c->pace)
		timer_set(c->fake->loop, &c->timer, 0);
	else
		watch_set(c->fake->loop, &c->watch, true, true);
	return false;
}

static void hear(struct connection *c)
{
	struct buf bytes = c->in;

	if (bytes.len == 0)
		return;
	c->in = buf_new(BYTES_MAX);
	c->fake->heard(c->fake, buf_str(&bytes));
	buf_free(&bytes);
}

void fake_say(struct fake *f, struct str bytes)
{
	ssize_t n = f->talking ? send(f->talking->watch.fd, bytes.at, bytes.len, MSG_NOSIGNAL) : -1;

	assert(n == (ssize_t)bytes.len);
}

void fake_hang_up(struct fake *f)
{
	if (f->talking)
		hang_up(f->talking, false);
}

/* Plays on until a step must wait. */
static void play(struct connection *c)
{
	while (c->script && c->step < c->script->n) {
		const struct step *s = &c->script->steps[c->step];

		if (s->act == STALL || (s->act == SEND && !send_some(c, s)))
			return;
		if (s->act == CLOSE || s->act == RESET) {
			hang_up(c, s->act == RESET);
			return;
		}
		c->step++;
		c->at = 0;
		if (s->act == PACE)
			c->pace = (size_t)s->n;
		if (s->act == TALK) {
			c->talks = true;
			c->fake->talking = c;
			hear(c);
			return;
		}
		if (s->act == WAIT) {
			timer_set(c->fake->loop, &c->timer, s->n);
			return;
		}
	}
	if (c->script)
		c->fake->now--;
	c->script = NULL;
	c->pace = 0;
}

static void timer_fired(struct timer *t)
{
	play(container_of(t, struct connection, timer));
}

/* How many bytes of what came are one whole request; 0: not yet. */
static size_t whole(const struct buf *in)
{
	const char *end = strstr(buf_text(in), "\r\n\r\n"), *length;
	size_t n;

	if (!end)
		return 0;
	n = (size_t)(end - in->at) + 4;
	length = strcasestr(in->at, "\r\ncontent-length:");
	if (length && length < end)
		n += strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
	return n <= in->len ? n : 0;
}

static void take_request(struct connection *c, size_t n)
{
	struct fake *f = c->fake;

	assert(f->requests_n < REQUESTS_MAX);
	f->requests[f->requests_n++] = str_dup((struct str){ c->in.at, n });
	buf_drop(&c->in, n);
	if (f->played == f->scripts_n && f->when_out)
		f->when_out(f, f->requests[f->requests_n - 1]);
	c->script = f->played < f->scripts_n ? &f->scripts[f->played++] : &f->unscripted;
	c->step = c->at = 0;
	if (++f->now > f->most)
		f->most = f->now;
	play(c);
}

static void ready(struct watch *w, bool readable, bool writable)
{
	struct connection *c = container_of(w, struct connection, watch);
	char bytes[65536];
	ssize_t n;

	if (writable) {
		watch_set(c->fake->loop, w, true, false);
		play(c);
	}
	if (!readable || w->fd < 0)
		return;
	n = recv(w->fd, bytes, sizeof bytes, 0);
	if (n <= 0) {
		hang_up(c, false);
		return;
	}
	c->fake->bytes += (size_t)n;
	buf_add(&c->in, bytes, (size_t)n);
	if (c->talks)
		hear(c);
	else if (!c->script && whole(&c->in))
		take_request(c, whole(&c->in));
}

static void accepting(struct watch *w, bool readable, bool writable)
{
	struct fake *f = container_of(w, struct fake, watch);
	struct connection *c = calloc(1, sizeof *c);
	int one = 1, fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)readable;
	(void)writable;
	assert(c && fd >= 0 && f->connections_n < CONNECTIONS_MAX);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	*c = (struct connection){ .fake = f, .watch = { .ready = ready, .fd = fd },
				  .timer = { .fired = timer_fired }, .in = buf_new(BYTES_MAX) };
	f->connections[f->connections_n++] = c;
	watch_set(f->loop, &c->watch, true, false);
}

/* ---- the server ---------------------------------------------------------- */

struct fake *fake_new(struct loop *l)
{
	struct fake *f = calloc(1, sizeof *f);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert(f && fd >= 0);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, CONNECTIONS_MAX) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		abort();
	f->loop = l;
	snprintf(f->origin, sizeof f->origin, "http://127.0.0.1:%d", ntohs(a.sin_port));
	f->unscripted.steps[0] = (struct step){ SEND, buf_new(100), 0 };
	buf_adds(&f->unscripted.steps[0].bytes, "HTTP/1.1 599 Unscripted\r\ncontent-length: 0\r\n\r\n");
	f->unscripted.n = 1;
	f->watch = (struct watch){ .ready = accepting, .fd = fd };
	watch_set(l, &f->watch, true, false);
	return f;
}

void fake_free(struct fake *f)
{
	if (!f)
		return;
	watch_set(f->loop, &f->watch, false, false);
	close(f->watch.fd);
	for (size_t i = 0; i < f->connections_n; i++) {
		hang_up(f->connections[i], false);
		buf_free(&f->connections[i]->in);
		free(f->connections[i]);
	}
	for (size_t i = 0; i < f->scripts_n; i++)
		for (size_t k = 0; k < f->scripts[i].n; k++)
			buf_free(&f->scripts[i].steps[k].bytes);
	for (size_t i = 0; i < f->requests_n; i++)
		free(f->requests[i]);
	buf_free(&f->unscripted.steps[0].bytes);
	free(f);
}

const char *fake_origin(const struct fake *f) { return f->origin; }
size_t fake_requests(const struct fake *f) { return f->requests_n; }
size_t fake_connections(const struct fake *f) { return f->connections_n; }
size_t fake_most_at_once(const struct fake *f) { return f->most; }
size_t fake_connections_open(const struct fake *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->connections_n; i++)
		n += f->connections[i]->watch.fd >= 0;
	return n;
}

size_t fake_bytes(const struct fake *f) { return f->bytes; }

const char *fake_request(const struct fake *f, size_t i)
{
	return i < f->requests_n ? f->requests[i] : "";
}

/* ---- gzip ---------------------------------------------------------------- */

struct bits {
	struct buf *out;
	unsigned held;
	int n;
};

static void put_bit(struct bits *b, unsigned bit)
{
	b->held |= bit << b->n;
	if (++b->n < 8)
		return;
	buf_addc(b->out, (char)b->held);
	b->held = 0;
	b->n = 0;
}

/* A Huffman code, whose first bit is its highest (RFC 1951, 3.1.1). */
static void put_code(struct bits *b, unsigned code, int n)
{
	while (n-- > 0)
		put_bit(b, code >> n & 1);
}

static unsigned crc_of(size_t len)
{
	unsigned crc = 0xFFFFFFFF;

	for (size_t i = 0; i < len; i++) {
		crc ^= 'a';
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
	}
	return ~crc;
}

static void put_32(struct buf *b, unsigned n)
{
	for (int i = 0; i < 4; i++)
		buf_addc(b, (char)(n >> 8 * i));
}

/* One block with fixed codes: letters, and runs of 258 bytes at distance 1. */
struct buf fake_gzip(size_t len)
{
	struct buf out = buf_new(BYTES_MAX);
	struct bits b = { .out = &out };
	size_t left = len;

	buf_add(&out, "\x1F\x8B\x08\0\0\0\0\0\0\xFF", 10);
	put_bit(&b, 1);
	put_bit(&b, 1);
	put_bit(&b, 0);
	for (bool begun = false; left > 0; begun = true) {
		bool run = begun && left >= 258;

		put_code(&b, run ? 0xC5 : 0x30 + 'a', 8);	/* length 258 is symbol 285 */
		if (run)
			put_code(&b, 0, 5);
		left -= run ? 258 : 1;
	}
	put_code(&b, 0, 7);
	while (b.n)
		put_bit(&b, 0);
	put_32(&out, crc_of(len));
	put_32(&out, (unsigned)len);
	return out;
}
