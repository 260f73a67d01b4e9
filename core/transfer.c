/* transfer.c - see transfer.h */
#include "transfer.h"
#include "limits.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- ends ---------------------------------------------------------------- */

static bool sent_something(const struct transfer *t)
{
	long bytes = 0;

	curl_easy_getinfo(t->easy.curl, CURLINFO_REQUEST_SIZE, &bytes);
	return bytes > 0;
}

static enum transfer_end end_of(const struct transfer *t, CURLcode code)
{
	bool refused = t->status >= 300;

	if (t->cut)
		return refused ? END_WHOLE : END_TOO_LARGE;
	if (code == CURLE_OK)		/* also where the connection ended within the head */
		return t->status ? END_WHOLE : END_LOST;
	if (t->easy.barred[0] && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK))
		return END_BARRED;
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return END_UNTRUSTED;
	if (refused)			/* the head says it all */
		return END_WHOLE;
	return sent_something(t) ? END_LOST : END_UNSENT;
}

static void release(struct transfer *t)
{
	timer_stop(&t->silence);
	multi_remove(&t->easy);
}

static void end(struct transfer *t, CURLcode code)
{
	t->end = end_of(t, code);
	if (!t->why[0])
		snprintf(t->why, sizeof t->why, "%s", t->easy.error[0] ? t->easy.error : code == CURLE_OK ?
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

static void over(struct easy *e, CURLcode code)
{
	end(container_of(e, struct transfer, easy), code);
}

static void stirred(struct easy *e)
{
	struct transfer *t = container_of(e, struct transfer, easy);

	t->arrived(t);
}

static bool may_connect(struct easy *e, const struct sockaddr *a)
{
	struct transfer *t = container_of(e, struct transfer, easy);

	return t->may_connect(t, a);
}

/* ---- what libcurl calls -------------------------------------------------- */

static void alive(struct transfer *t)
{
	timer_set(multi_loop(t->easy.multi), &t->silence, t->silence_ms);
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
	t->easy.fresh = true;
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
		curl_easy_getinfo(t->easy.curl, CURLINFO_RESPONSE_CODE, &status);
		t->status = status < 200 ? 0 : (int)status;
	}
	return line.len;
}

/* ---- one transfer -------------------------------------------------------- */

/* The body is read through a callback that cannot go back to its start: where a kept
 * connection turns out dead, libcurl would otherwise send all of it again. A request
 * without a body gets a connection of its own instead. */
static void set_request(struct transfer *t)
{
	bool posts = t->body.at || strcmp(t->method, "POST") == 0 || strcmp(t->method, "PUT") == 0 ||
		     strcmp(t->method, "PATCH") == 0;

	curl_easy_setopt(t->easy.curl, posts ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(t->easy.curl, CURLOPT_CUSTOMREQUEST, t->method);
	curl_easy_setopt(t->easy.curl, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->easy.curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
	curl_easy_setopt(t->easy.curl, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(t->easy.curl, CURLOPT_READDATA, t);
	curl_easy_setopt(t->easy.curl, CURLOPT_FRESH_CONNECT, t->body.len == 0 && !t->repeatable ? 1L : 0L);
	curl_easy_setopt(t->easy.curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(t->easy.curl, CURLOPT_USERAGENT, "chela");
}

static void set_answer(struct transfer *t)
{
	curl_easy_setopt(t->easy.curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(t->easy.curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(t->easy.curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy.curl, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(t->easy.curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy.curl, CURLOPT_TIMEOUT_MS, (long)t->total_ms);
}

void transfer_start(struct multi *m, struct transfer *t)
{
	assert(!t->easy.curl && t->may_connect && t->arrived && t->done && t->silence_ms > 0);
	transfer_stop(t);
	t->got = buf_new(t->answer_max);
	t->silence.fired = silent;
	t->easy.may_connect = may_connect;
	t->easy.stirred = stirred;
	t->easy.over = over;
	multi_prepare(m, &t->easy, t->url, t->leads_to);
	set_request(t);
	set_answer(t);
	alive(t);
	multi_add(&t->easy);
}

void transfer_stop(struct transfer *t)
{
	release(t);
	buf_free(&t->got);
	t->status = 0;
	t->retry_after_ms[0] = t->retry_after[0] = t->date[0] = t->why[0] = t->easy.barred[0] = '\0';
	t->sent = t->head_bytes = t->body_bytes = 0;
	t->cut = false;
}
