/* door.c - see door.h */
#include "gate/door.h"
#include "limits.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <sha1.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

enum { CALLERS_MAX = 64 };

struct caller {
	struct door *door;
	int number;
	struct watch watch;
	struct later gone, more;
	struct buf in, out;
	bool waits;			/* for its answer */
	bool last;			/* it goes when all is out */
	char *key;			/* of the upgrade that it asks for */
	wslay_event_context_ptr socket;	/* NULL: it speaks HTTP */
	bool told;			/* the owner knows that its socket is gone */
	struct caller *next;
};

/* ---- coming and going ---------------------------------------------------- */

static void caller_free(struct later *l)
{
	struct caller *c = container_of(l, struct caller, gone), **at = &c->door->callers;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->door->callers_n--;
	if (c->socket)
		wslay_event_context_free(c->socket);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c->key);
	free(c);
}

static void tell_left(struct caller *c, int code)
{
	if (!c->socket || c->told)
		return;
	c->told = true;
	c->door->left(c->door, c->number, code);
}

static void hang_up(struct caller *c)
{
	if (c->watch.fd < 0)
		return;
	watch_set(c->door->loop, &c->watch, false, false);
	loop_forget(c->door->loop, &c->more);
	close(c->watch.fd);
	c->watch.fd = -1;
	loop_after(c->door->loop, &c->gone);
	tell_left(c, 0);
}

static struct caller *find(const struct door *d, int number)
{
	for (struct caller *c = d->callers; c; c = c->next)
		if (c->number == number && c->watch.fd >= 0)
			return c;
	return NULL;
}

/* ---- HTTP ---------------------------------------------------------------- */

static void send_out(struct caller *c)
{
	while (c->out.len) {
		ssize_t n = send(c->watch.fd, c->out.at, c->out.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			hang_up(c);
			return;
		}
		if (n < 0)
			break;
		buf_drop(&c->out, (size_t)n);
	}
	if (!c->out.len && c->last)
		hang_up(c);
	else
		watch_set(c->door->loop, &c->watch, true, c->out.len > 0);
}

static void put_answer(struct caller *c, int status, const cJSON *headers, struct str body)
{
	const cJSON *h;

	buf_addf(&c->out, "HTTP/1.1 %d Played\r\n", status);
	cJSON_ArrayForEach(h, headers)
		buf_addf(&c->out, "%s: %s\r\n", h->string, h->valuestring);
	if (c->last)
		buf_adds(&c->out, "connection: close\r\n");
	if (status != 204)
		buf_addf(&c->out, "content-length: %zu\r\n", body.len);
	buf_adds(&c->out, "\r\n");
	buf_add(&c->out, body.at, body.len);
	c->waits = false;
	send_out(c);
}

static void refuse(struct caller *c, int status, const char *why)
{
	c->last = true;
	put_answer(c, status, NULL, str_of(why));
}

static const char *header(const cJSON *headers, const char *name)
{
	const cJSON *h = cJSON_GetObjectItemCaseSensitive(headers, name);

	return cJSON_IsString(h) ? h->valuestring : "";
}

static struct str trim(struct str s)
{
	while (s.len && isspace((unsigned char)s.at[0]))
		s = (struct str){ s.at + 1, s.len - 1 };
	while (s.len && isspace((unsigned char)s.at[s.len - 1]))
		s.len--;
	return s;
}

static void read_header(cJSON *headers, struct str line)
{
	const char *colon = memchr(line.at, ':', line.len);
	size_t n = colon ? (size_t)(colon - line.at) : 0;
	DEFER(text_free) char *name = str_dup((struct str){ line.at, n });
	DEFER(text_free) char *value = str_dup(trim((struct str){ line.at + n + 1, line.len - n - (n > 0) }));

	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (n && utf8_valid(str_of(name)) && utf8_valid(str_of(value)) && !*header(headers, name))
		json_add(headers, name, cJSON_CreateString(value));
}

/* The lines of a head, each of which ends in CR LF. */
static cJSON *read_headers(const char *line, const char *end)
{
	cJSON *headers = cJSON_CreateObject();

	while (line < end) {
		const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);

		read_header(headers, (struct str){ line, (size_t)(stop - line) });
		line = stop + 2;
	}
	return headers;
}

/* One chunked body, if all of it is there: how many bytes it takes. 0: not yet; -1: it is none. */
static ssize_t dechunk(struct str in, struct buf *body)
{
	size_t at = 0;

	for (;;) {
		const char *end = memmem(in.at + at, in.len - at, "\r\n", 2);
		char *stop;
		size_t n;

		if (!end)
			return in.len - at > 1024 ? -1 : 0;
		n = strtoul(in.at + at, &stop, 16);
		if (stop == in.at + at || n > REQUEST_MAX)
			return -1;
		at = (size_t)(end - in.at) + 2;
		if (at + n + 2 > in.len)
			return 0;
		if (n == 0 && memcmp(in.at + at, "\r\n", 2) != 0)
			return -1;	/* trailers: nobody sends them */
		buf_add(body, in.at + at, n);
		at += n + 2;
		if (n == 0)
			return (ssize_t)at;
	}
}

static ssize_t read_body(const cJSON *headers, struct str in, struct buf *body)
{
	size_t n;

	if (*header(headers, "transfer-encoding"))
		return dechunk(in, body);
	n = strtoul(header(headers, "content-length"), NULL, 10);
	if (n > REQUEST_MAX)
		return -1;
	if (n <= in.len)
		buf_add(body, in.at, n);
	return n <= in.len ? (ssize_t)n : 0;
}

/* "GET /x HTTP/1.1" */
static bool read_line(struct str line, char **ret_method, char **ret_target)
{
	const char *first = memchr(line.at, ' ', line.len), *second;

	if (!first)
		return false;
	second = memchr(first + 1, ' ', (size_t)(line.at + line.len - first - 1));
	if (!second || first[1] != '/' || !str_starts((struct str){ second, (size_t)(line.at + line.len - second) }, " HTTP/1."))
		return false;
	*ret_method = str_dup((struct str){ line.at, (size_t)(first - line.at) });
	*ret_target = str_dup((struct str){ first + 1, (size_t)(second - first - 1) });
	if (utf8_valid(str_of(*ret_method)) && utf8_valid(str_of(*ret_target)))
		return true;
	text_free(ret_method);
	text_free(ret_target);
	return false;
}

static void ask(struct caller *c, struct asked *a)
{
	DEFER(text_free) char *host = text_dup(header(a->headers, "host"));
	char *colon = strrchr(host, ':');

	if (colon && !strchr(colon, ']'))
		*colon = '\0';
	a->host = host;
	a->opens = strcasecmp(header(a->headers, "upgrade"), "websocket") == 0;
	if (a->opens)
		c->key = text_dup(header(a->headers, "sec-websocket-key"));
	c->last = strcasecmp(header(a->headers, "connection"), "close") == 0;
	c->waits = true;
	c->door->asked(c->door, c->number, a);
}

/* False: there is no whole request, or nothing more is read. */
static bool take_request(struct caller *c)
{
	const char *end = memmem(buf_text(&c->in), c->in.len, "\r\n\r\n", 4), *line_end;
	DEFER(buf_free) struct buf body = buf_new(REQUEST_MAX);
	DEFER(text_free) char *method = NULL;
	DEFER(text_free) char *target = NULL;
	DEFER(json_drop) cJSON *headers = NULL;
	size_t head;
	ssize_t n;

	if (!end) {
		if (c->in.len > HEADER_MAX)
			refuse(c, 431, "the head is too large");
		return false;
	}
	head = (size_t)(end - c->in.at) + 2;
	line_end = memmem(c->in.at, head, "\r\n", 2);
	if (!read_line((struct str){ c->in.at, (size_t)(line_end - c->in.at) }, &method, &target)) {
		refuse(c, 400, "this is no HTTP/1.1");
		return false;
	}
	headers = read_headers(line_end + 2, c->in.at + head);
	n = read_body(headers, (struct str){ c->in.at + head + 2, c->in.len - head - 2 }, &body);
	if (n < 0 || body.full)
		refuse(c, 400, "the body cannot be read");
	if (n < 0 || body.full || (n == 0 && (*header(headers, "transfer-encoding") ||
					      strtoul(header(headers, "content-length"), NULL, 10))))
		return false;
	buf_drop(&c->in, head + 2 + (size_t)n);
	ask(c, &(struct asked){ .method = method, .target = target, .headers = headers, .body = buf_str(&body) });
	return true;
}

/* ---- sockets ------------------------------------------------------------- */

static ssize_t from_caller(wslay_event_context_ptr ctx, uint8_t *bytes, size_t len, int flags, void *owner)
{
	struct caller *c = owner;
	ssize_t n = (ssize_t)(c->in.len < len ? c->in.len : len);

	(void)flags;
	if (n) {
		memcpy(bytes, c->in.at, (size_t)n);
		buf_drop(&c->in, (size_t)n);
		return n;
	}
	wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
	return -1;
}

static ssize_t to_caller(wslay_event_context_ptr ctx, const uint8_t *bytes, size_t len, int flags, void *owner)
{
	struct caller *c = owner;
	ssize_t n = send(c->watch.fd, bytes, len, MSG_NOSIGNAL);

	(void)flags;
	if (n < 0)
		wslay_event_set_error(ctx, errno == EAGAIN || errno == EINTR ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return n;
}

static void came(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *a, void *owner)
{
	struct caller *c = owner;

	(void)ctx;
	if (a->opcode == WSLAY_TEXT_FRAME)
		c->door->told(c->door, c->number, (struct str){ (const char *)a->msg, a->msg_length });
	else if (a->opcode == WSLAY_CONNECTION_CLOSE)
		tell_left(c, a->status_code ? a->status_code : 1005);
}

/* What can be sent leaves; a socket that has nothing more to say or to hear goes. */
static void go_on(struct caller *c)
{
	if (c->watch.fd < 0)
		return;
	if (wslay_event_send(c->socket) != 0 ||
	    (!wslay_event_want_read(c->socket) && !wslay_event_want_write(c->socket)))
		hang_up(c);
	else
		watch_set(c->door->loop, &c->watch, true, wslay_event_want_write(c->socket));
}

static char *accept_key(const char *key)
{
	DEFER(text_free) char *all = text_fmt("%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	uint8_t digest[SHA1_DIGEST_LENGTH];
	char *text = mem_new(sodium_base64_ENCODED_LEN(sizeof digest, sodium_base64_VARIANT_ORIGINAL), 1);
	SHA1_CTX sha;

	SHA1Init(&sha);
	SHA1Update(&sha, (const uint8_t *)all, strlen(all));
	SHA1Final(digest, &sha);
	return sodium_bin2base64(text, sodium_base64_ENCODED_LEN(sizeof digest, sodium_base64_VARIANT_ORIGINAL), digest,
				 sizeof digest, sodium_base64_VARIANT_ORIGINAL);
}

void caller_accept(struct door *d, int caller)
{
	static const struct wslay_event_callbacks calls = {
		.recv_callback = from_caller, .send_callback = to_caller, .on_msg_recv_callback = came,
	};
	struct caller *c = find(d, caller);
	DEFER(text_free) char *key = c && c->key ? accept_key(c->key) : NULL;

	if (!key || !c->waits)
		return;
	buf_addf(&c->out, "HTTP/1.1 101 Played\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: %s\r\n\r\n", key);
	c->waits = c->last = false;
	send_out(c);
	if (wslay_event_context_server_init(&c->socket, &calls, c) != 0)
		abort();
	wslay_event_config_set_max_recv_msg_length(c->socket, SOCKET_MESSAGE_MAX);
	loop_after(d->loop, &c->more);
}

/* ---- bytes --------------------------------------------------------------- */

static void take(struct caller *c)
{
	while (c->watch.fd >= 0 && !c->waits && !c->last && !c->socket && c->in.len)
		if (!take_request(c))
			break;
	if (!c->socket || c->watch.fd < 0)
		return;
	if (wslay_event_recv(c->socket) != 0)
		hang_up(c);
	go_on(c);
}

static void take_more(struct later *l)
{
	take(container_of(l, struct caller, more));
}

static void ready(struct watch *w, bool readable, bool writable)
{
	struct caller *c = container_of(w, struct caller, watch);
	char bytes[65536];
	ssize_t n;

	if (writable && c->out.len)
		send_out(c);
	else if (writable && c->socket)
		go_on(c);
	if (!readable || w->fd < 0)
		return;
	n = recv(w->fd, bytes, sizeof bytes, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_add(&c->in, bytes, (size_t)n);
	if (n <= 0 || c->in.full)
		hang_up(c);
	else
		take(c);
}

static void accepting(struct watch *w, bool readable, bool writable)
{
	struct door *d = container_of(w, struct door, watch);
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct caller *c;

	(void)readable;
	(void)writable;
	if (fd < 0)
		return;
	if (d->callers_n >= CALLERS_MAX) {
		close(fd);
		return;
	}
	c = mem_new(1, sizeof *c);
	*c = (struct caller){ .door = d, .number = ++d->last, .watch = { .ready = ready, .fd = fd }, .gone = { .run = caller_free },
			      .more = { .run = take_more },
			      .in = buf_new(HEADER_MAX + REQUEST_MAX), .out = buf_new(ANSWER_MAX + HEADER_MAX), .next = d->callers };
	d->callers = c;
	d->callers_n++;
	watch_set(d->loop, &c->watch, true, false);
}

/* ---- for the owner ------------------------------------------------------- */

/* What is done to a caller may be done from within asked() or told(): what is due then is
 * seen to afterwards. */
void caller_answer(struct door *d, int caller, int status, const cJSON *headers, struct str body)
{
	struct caller *c = find(d, caller);

	if (!c || !c->waits)
		return;
	put_answer(c, status, headers, body);
	loop_after(d->loop, &c->more);
}

void caller_text(struct door *d, int caller, struct str text)
{
	struct caller *c = find(d, caller);

	if (!c || !c->socket)
		return;
	wslay_event_queue_msg(c->socket, &(struct wslay_event_msg){ WSLAY_TEXT_FRAME, (const uint8_t *)text.at, text.len });
	loop_after(d->loop, &c->more);
}

void caller_close(struct door *d, int caller, int code)
{
	struct caller *c = find(d, caller);

	if (!c || !c->socket)
		return;
	wslay_event_queue_close(c->socket, (uint16_t)code, NULL, 0);
	c->told = true;
	loop_after(d->loop, &c->more);
}

void caller_reset(struct door *d, int caller)
{
	struct caller *c = find(d, caller);
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (!c)
		return;
	setsockopt(c->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	c->told = true;
	hang_up(c);
}

const char *door_open(struct door *d, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return "no socket can be made";
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, CALLERS_MAX) || getsockname(fd, (struct sockaddr *)&a, &len)) {
		close(fd);
		return "the port is taken: name another one after --port, or none";
	}
	d->port = ntohs(a.sin_port);
	d->watch = (struct watch){ .ready = accepting, .fd = fd };
	watch_set(d->loop, &d->watch, true, false);
	return NULL;
}

void door_shut(struct door *d)
{
	watch_set(d->loop, &d->watch, false, false);
	close(d->watch.fd);
	for (struct caller *c = d->callers, *next; c; c = next) {
		next = c->next;
		c->told = true;
		hang_up(c);
		loop_forget(d->loop, &c->gone);
		caller_free(&c->gone);
	}
}
