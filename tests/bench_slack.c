/* bench_slack.c - see bench_slack.h */
#include "bench_slack.h"
#include "bench_parts.h"
#include "frames.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BYTES_MAX = 64 * 1024 * 1024, LINES_MAX = 8 };

struct visitor {			/* one connection */
	struct workspace *workspace;
	struct visitor *next;
	struct watch watch;
	struct buf in, out;
	double began_ms;		/* the first byte of what stands in `in` */
	bool listens;			/* a socket */
};

struct workspace {
	struct loop *loop;
	struct workspace_owner *owner;
	struct watch watch;
	int port;
	struct visitor *visitors, *lines[LINES_MAX];
	int lines_n;
	long count;
};

static void happened(struct workspace *w, enum happening what, double at_ms, const char *chat)
{
	w->owner->happened(w->owner, what, at_ms, chat);
}

static void hang_up(struct visitor *v)
{
	struct visitor **at = &v->workspace->visitors;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	for (int i = 0; i < v->workspace->lines_n; i++)
		if (v->workspace->lines[i] == v)
			v->workspace->lines[i] = v->workspace->lines[--v->workspace->lines_n];
	watch_set(v->workspace->loop, &v->watch, false, false);
	close(v->watch.fd);
	buf_free(&v->in);
	buf_free(&v->out);
	free(v);
}

/* Sends what the socket takes now. */
static void flush(struct visitor *v)
{
	ssize_t n = v->out.len ? send(v->watch.fd, v->out.at, v->out.len, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

	if (n > 0)
		buf_drop(&v->out, (size_t)n);
	if (v->out.len)
		watch_set(v->workspace->loop, &v->watch, true, true);
}

/* ---- sockets ------------------------------------------------------------- */

static void say(struct visitor *v, const char *json)
{
	frames_put(&v->out, 0x81, str_of(json));
	flush(v);
}

static void greet(struct visitor *v, const char *request)
{
	struct workspace *w = v->workspace;
	DEFER(text_free) char *accept = frames_accept(request);

	if (w->lines_n == LINES_MAX)
		fail("more sockets than channels");
	buf_adds(&v->out, accept);
	say(v, "{\"type\":\"hello\",\"num_connections\":1,\"connection_info\":{\"app_id\":\"A1\"}}");
	v->listens = true;
	w->lines[w->lines_n++] = v;
	happened(w, GREETED, now_ms(), NULL);
}

double workspace_say(struct workspace *w, int number, const char *text)
{
	long n = ++w->count;
	DEFER(text_free) char *json = text_fmt(
		"{\"envelope_id\":\"e-%ld\",\"type\":\"events_api\",\"accepts_response_payload\":false,\"retry_attempt\":0,"
		"\"retry_reason\":\"\",\"payload\":{\"type\":\"event_callback\",\"team_id\":\"T1\",\"api_app_id\":\"A1\","
		"\"event_id\":\"Ev%ld\",\"event_time\":1700000000,\"event\":{\"type\":\"message\",\"channel\":\"D%d\",\"user\":\"U1\","
		"\"text\":\"%s\",\"ts\":\"17%08ld.%06ld\",\"event_ts\":\"17%08ld.%06ld\",\"channel_type\":\"im\",\"team\":\"T1\"},"
		"\"authorizations\":[{\"team_id\":\"T1\",\"user_id\":\"UBOT\",\"is_bot\":true}]}}",
		n, n, number, text, n / 1000, n % 1000, n / 1000, n % 1000);
	double at = now_ms();

	if (!w->lines_n)
		fail("no line is left: see `words` in the instance");
	say(w->lines[number % w->lines_n], json);
	return at;
}

static void hear(struct visitor *v)
{
	struct buf heard = buf_new(BYTES_MAX);
	const char *why = frames_hear(&v->in, &heard);

	if (why)
		fail(why);
	for (const char *at = buf_text(&heard); (at = strstr(at, "\"envelope_id\"")) != NULL; at++)
		happened(v->workspace, ACKNOWLEDGED, now_ms(), NULL);
	buf_free(&heard);
}

/* ---- requests ------------------------------------------------------------ */

static void answer(struct visitor *v, const char *json)
{
	buf_addf(&v->out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
		 strlen(json), json);
	flush(v);
}

static void answer_model(struct visitor *v)
{
	static const char stream[] =
		"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Well\"}}]}\n\n"
		"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\".\"},\"finish_reason\":\"stop\"}]}\n\n"
		"data: [DONE]\n\n";

	buf_addf(&v->out, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
		 "%zx\r\n%s\r\n0\r\n\r\n", strlen(stream), stream);
	flush(v);
}

static bool is_for(const char *request, const char *path)
{
	const char *at = strchr(request, ' ');

	return at && strncmp(at + 1, path, strlen(path)) == 0;
}

/* The chat that a request's body names. */
static void posted(struct visitor *v, const char *request)
{
	static const char name[] = "\"channel\":\"";
	const char *at = strstr(request, name);
	DEFER(text_free) char *chat = NULL;
	DEFER(text_free) char *json = NULL;

	if (!at)
		fail("a message for no chat");
	at += strlen(name);
	chat = str_dup((struct str){ at, strcspn(at, "\"") });
	happened(v->workspace, POSTED, v->began_ms, chat);
	json = text_fmt("{\"ok\":true,\"channel\":\"%s\",\"ts\":\"18%08ld.000000\"}", chat, ++v->workspace->count);
	answer(v, json);
}

static void serve(struct visitor *v, const char *request)
{
	if (is_for(request, "/link/"))
		greet(v, request);
	else if (is_for(request, "/v1/chat/completions")) {
		happened(v->workspace, ASKED, v->began_ms, NULL);
		answer_model(v);
	} else if (is_for(request, "/api/chat.postMessage"))
		posted(v, request);
	else if (is_for(request, "/api/auth.test"))
		answer(v, "{\"ok\":true,\"team_id\":\"T1\",\"user_id\":\"UBOT\",\"bot_id\":\"B1\"}");
	else if (is_for(request, "/api/apps.connections.open"))
		answer(v, "{\"ok\":true,\"url\":\"wss://wss-primary.slack.com/link/?ticket=1&app_id=A1\"}");
	else
		answer(v, "{\"ok\":true}");
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

/* ---- connections --------------------------------------------------------- */

static void ready(struct watch *watch, bool readable, bool writable)
{
	struct visitor *v = container_of(watch, struct visitor, watch);
	char bytes[65536];
	ssize_t n;

	if (writable) {
		watch_set(v->workspace->loop, watch, true, false);
		flush(v);
	}
	if (!readable)
		return;
	n = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		hang_up(v);
		return;
	}
	if (!v->in.len)
		v->began_ms = now_ms();
	buf_add(&v->in, bytes, (size_t)n);
	for (size_t length; !v->listens && (length = whole(&v->in)) > 0;) {
		DEFER(text_free) char *request = str_dup((struct str){ v->in.at, length });

		buf_drop(&v->in, length);
		serve(v, request);
	}
	if (v->listens)
		hear(v);
}

static void accepting(struct watch *watch, bool readable, bool writable)
{
	struct workspace *w = container_of(watch, struct workspace, watch);
	int one = 1, fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC);
	struct visitor *v;

	(void)readable;
	(void)writable;
	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	v = mem_new(1, sizeof *v);
	*v = (struct visitor){ .workspace = w, .next = w->visitors, .watch = { .ready = ready, .fd = fd },
			       .in = buf_new(BYTES_MAX), .out = buf_new(BYTES_MAX) };
	w->visitors = v;
	watch_set(w->loop, &v->watch, true, false);
}

struct workspace *workspace_new(struct loop *l, struct workspace_owner *owner)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof name;
	struct workspace *w = mem_new(1, sizeof *w);

	*w = (struct workspace){ .loop = l, .owner = owner,
				 .watch = { .ready = accepting, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) } };
	if (bind(w->watch.fd, (struct sockaddr *)&name, len) || listen(w->watch.fd, 64) ||
	    getsockname(w->watch.fd, (struct sockaddr *)&name, &len))
		fail("no socket is to be had");
	w->port = ntohs(name.sin_port);
	watch_set(l, &w->watch, true, false);
	return w;
}

void workspace_free(struct workspace *w)
{
	while (w->visitors)
		hang_up(w->visitors);
	watch_set(w->loop, &w->watch, false, false);
	close(w->watch.fd);
	free(w);
}

int workspace_port(const struct workspace *w)
{
	return w->port;
}
