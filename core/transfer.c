/* transfer.c - see transfer.h.
 *
 * libcurl calls back from within curl_multi_socket_action(), where handles may not be
 * removed. So its callbacks only store; settle() tells the owners afterwards, who may
 * start and stop whatever they like. */
#include "transfer.h"
#include "limits.h"
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct transfers {
	struct loop *loop;
	CURLM *multi;
	struct timer timer;		/* libcurl's */
	struct transfer *first;
};

struct plug {				/* a descriptor of libcurl's */
	struct watch watch;
	struct transfers *all;
};

/* ---- ends ---------------------------------------------------------------- */

static bool sent_something(const struct transfer *t)
{
	long bytes = 0;

	curl_easy_getinfo(t->curl, CURLINFO_REQUEST_SIZE, &bytes);
	return bytes > 0;
}

static enum transfer_end end_of(const struct transfer *t, CURLcode code)
{
	bool refused = t->status >= 300;

	if (t->cut)
		return refused ? END_WHOLE : END_TOO_LARGE;
	if (code == CURLE_OK)		/* also where the connection ended within the head */
		return t->status ? END_WHOLE : END_LOST;
	if (t->barred[0] && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK))
		return END_BARRED;
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return END_UNTRUSTED;
	if (refused)			/* the head says it all */
		return END_WHOLE;
	return sent_something(t) ? END_LOST : END_UNSENT;
}

static void release(struct transfer *t)
{
	struct transfer **at = &t->all->first;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	timer_stop(&t->silence);
	curl_multi_remove_handle(t->all->multi, t->curl);
	curl_easy_cleanup(t->curl);
	t->curl = NULL;
	t->fresh = false;
}

static void end(struct transfer *t, CURLcode code)
{
	t->end = end_of(t, code);
	if (!t->why[0])
		snprintf(t->why, sizeof t->why, "%s", t->error[0] ? t->error : code == CURLE_OK ?
			 "it broke off" : curl_easy_strerror(code));
	release(t);
	t->done(t);
}

static void silent(struct timer *timer)
{
	struct transfer *t = container_of(timer, struct transfer, silence);

	snprintf(t->why, sizeof t->why, "nothing came for %g s", (double)t->silence_ms / 1000);
	end(t, CURLE_OPERATION_TIMEDOUT);
}

static struct transfer *fresh_one(const struct transfers *ts)
{
	struct transfer *t = ts->first;

	while (t && !t->fresh)
		t = t->next;
	return t;
}

/* Tells the owners what libcurl's callbacks stored. */
static void settle(struct transfers *ts)
{
	struct transfer *t;
	CURLMsg *message;
	int left;

	while ((t = fresh_one(ts)) != NULL) {
		t->fresh = false;
		t->arrived(t);
	}
	while ((message = curl_multi_info_read(ts->multi, &left)) != NULL) {
		CURLcode code = message->data.result;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
		end(t, code);
	}
}

/* ---- what libcurl calls -------------------------------------------------- */

static void alive(struct transfer *t)
{
	timer_set(t->all->loop, &t->silence, t->silence_ms);
}

static size_t give_body(char *room, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t left = t->body.len - t->sent, part = left < size * n ? left : size * n;

	alive(t);
	if (part > 0)
		memcpy(room, t->body.at + t->sent, part);
	t->sent += part;
	return part;
}

/* An error that is longer than anybody reads is cut, and is an error still. */
static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t max = t->status < 300 || t->answer_max < ERROR_BODY_MAX ? t->answer_max : ERROR_BODY_MAX;
	size_t left = max - t->body_bytes, part = left < size * n ? left : size * n;

	alive(t);
	buf_add(&t->got, bytes, part);
	t->body_bytes += part;
	t->fresh = true;
	if (part == size * n)
		return part;
	t->cut = true;
	snprintf(t->why, sizeof t->why, "the answer is larger than %zu bytes", max);
	return CURL_WRITEFUNC_ERROR;
}

static void take_value(char *ret, size_t room, struct str line, const char *name)
{
	size_t n = strlen(name);

	if (line.len <= n || line.at[n] != ':' || strncasecmp(line.at, name, n) != 0)
		return;
	for (n++; n < line.len && (line.at[n] == ' ' || line.at[n] == '\t');)
		n++;
	while (line.len > n && strchr(" \t\r\n", line.at[line.len - 1]))
		line.len--;
	snprintf(ret, room, "%.*s", (int)(line.len - n), line.at + n);
}

/* One line of a head: the last of them is empty, and a head of 1xx is no answer yet. */
static size_t take_head(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct str line = { bytes, size * n };
	long status = 0;

	alive(t);
	t->head_bytes += line.len;
	if (t->head_bytes > HEADER_MAX) {
		t->cut = true;
		t->status = 0;
		snprintf(t->why, sizeof t->why, "the headers are larger than %d bytes", HEADER_MAX);
		return CURL_WRITEFUNC_ERROR;
	}
	take_value(t->retry_after_ms, sizeof t->retry_after_ms, line, "retry-after-ms");
	take_value(t->retry_after, sizeof t->retry_after, line, "retry-after");
	take_value(t->date, sizeof t->date, line, "date");
	if (line.len == 2 && line.at[0] == '\r') {
		curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
		t->status = status < 200 ? 0 : (int)status;
	}
	return line.len;
}

static bool let(struct transfer *t, const struct sockaddr *a)
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (t->may_connect(t, a))
		return true;
	if (a->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, host, sizeof host);
	if (a->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, host, sizeof host);
	snprintf(t->barred, sizeof t->barred, "%s", host);
	return false;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)purpose;
	if (!let(arg, &a->addr))
		return CURL_SOCKET_BAD;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* A connection that another transfer opened may be one that this one may not use. */
static int check_reused(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	bool may = false;

	(void)local;
	(void)remote_port;
	(void)local_port;
	if (inet_pton(AF_INET, remote, &four.sin_addr) == 1)
		may = let(arg, (struct sockaddr *)&four);
	else if (inet_pton(AF_INET6, remote, &six.sin6_addr) == 1)
		may = let(arg, (struct sockaddr *)&six);
	return may ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- the loop ------------------------------------------------------------ */

static void act(struct transfers *ts, curl_socket_t fd, int what)
{
	int running;

	curl_multi_socket_action(ts->multi, fd, what, &running);
	settle(ts);
}

static void plug_ready(struct watch *w, bool readable, bool writable)
{
	struct plug *plug = container_of(w, struct plug, watch);

	act(plug->all, w->fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
}

static int watch_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct transfers *ts = arg;
	struct plug *plug = of_socket;

	(void)curl;
	if (!plug) {
		plug = calloc(1, sizeof *plug);
		if (!plug)
			abort();
		*plug = (struct plug){ { .ready = plug_ready, .fd = fd }, ts };
		curl_multi_assign(ts->multi, fd, plug);
	}
	watch_set(ts->loop, &plug->watch, what != CURL_POLL_REMOVE && what & CURL_POLL_IN,
		  what != CURL_POLL_REMOVE && what & CURL_POLL_OUT);
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(ts->multi, fd, NULL);
		free(plug);
	}
	return 0;
}

static void timer_fired(struct timer *timer)
{
	act(container_of(timer, struct transfers, timer), CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct transfers *ts = arg;

	(void)multi;
	if (ms < 0)
		timer_stop(&ts->timer);
	else
		timer_set(ts->loop, &ts->timer, ms);
	return 0;
}

struct transfers *transfers_new(struct loop *loop)
{
	struct transfers *ts = calloc(1, sizeof *ts);

	if (!ts || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	*ts = (struct transfers){ loop, curl_multi_init(), { .fired = timer_fired }, NULL };
	if (!ts->multi)
		abort();
	curl_multi_setopt(ts->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(ts->multi, CURLMOPT_SOCKETDATA, ts);
	curl_multi_setopt(ts->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(ts->multi, CURLMOPT_TIMERDATA, ts);
	curl_multi_setopt(ts->multi, CURLMOPT_MAXCONNECTS, (long)EXCHANGES_OPEN_MAX);
	return ts;
}

void transfers_free(struct transfers *ts)
{
	if (!ts)
		return;
	assert(!ts->first);
	curl_multi_cleanup(ts->multi);
	timer_stop(&ts->timer);
	curl_global_cleanup();
	free(ts);
}

/* ---- one transfer -------------------------------------------------------- */

/* The body is read through a callback that cannot go back to its start: where a kept
 * connection turns out dead, libcurl would otherwise send all of it again. A request
 * without a body gets a connection of its own instead. */
static void set_request(struct transfer *t)
{
	bool posts = t->body.at || strcmp(t->method, "POST") == 0 || strcmp(t->method, "PUT") == 0 ||
		     strcmp(t->method, "PATCH") == 0;

	curl_easy_setopt(t->curl, posts ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, t->method);
	curl_easy_setopt(t->curl, CURLOPT_URL, t->url);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
	curl_easy_setopt(t->curl, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(t->curl, CURLOPT_READDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_FRESH_CONNECT, t->body.len == 0 && !t->repeatable ? 1L : 0L);
	curl_easy_setopt(t->curl, CURLOPT_USERAGENT, "chela");
}

static void set_answer(struct transfer *t)
{
	curl_easy_setopt(t->curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, (long)t->total_ms);
}

static void set_connection(struct transfer *t)
{
	bool plain = strncmp(t->url, "http:", 5) == 0;

	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
	curl_easy_setopt(t->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(t->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(t->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(t->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(t->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(t->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(t->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(t->curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(t->curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_PREREQFUNCTION, check_reused);
	curl_easy_setopt(t->curl, CURLOPT_PREREQDATA, t);
}

void transfer_start(struct transfers *ts, struct transfer *t)
{
	assert(!t->curl && t->may_connect && t->arrived && t->done && t->silence_ms > 0);
	transfer_stop(t);
	t->got = buf_new(t->answer_max);
	t->all = ts;
	t->silence.fired = silent;
	t->curl = curl_easy_init();
	if (!t->curl)
		abort();
	curl_easy_setopt(t->curl, CURLOPT_PRIVATE, t);
	set_request(t);
	set_answer(t);
	set_connection(t);
	t->next = ts->first;
	ts->first = t;
	alive(t);
	curl_multi_add_handle(ts->multi, t->curl);
}

void transfer_stop(struct transfer *t)
{
	if (t->curl)
		release(t);
	buf_free(&t->got);
	t->status = 0;
	t->retry_after_ms[0] = t->retry_after[0] = t->date[0] = t->why[0] = t->error[0] = t->barred[0] = '\0';
	t->sent = t->head_bytes = t->body_bytes = 0;
	t->fresh = t->cut = false;
}
