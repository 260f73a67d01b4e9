/* multi.c - see multi.h */
#include "multi.h"
#include "buf.h"
#include "limits.h"
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct multi {
	struct loop *loop;
	CURLM *curl;
	struct timer timer;		/* libcurl's */
	struct easy *first;
};

struct plug {				/* a descriptor of libcurl's */
	struct watch watch;
	struct multi *multi;
};

/* ---- the way up ---------------------------------------------------------- */

static struct easy *fresh_one(const struct multi *m)
{
	struct easy *e = m->first;

	while (e && !e->fresh)
		e = e->next;
	return e;
}

/* Tells the owners what libcurl's callbacks stored. */
static void settle(struct multi *m)
{
	struct easy *e;
	CURLMsg *message;
	int left;

	while ((e = fresh_one(m)) != NULL) {
		e->fresh = false;
		e->stirred(e);
	}
	while ((message = curl_multi_info_read(m->curl, &left)) != NULL) {
		CURLcode code = message->data.result;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &e);
		e->over(e, code);
	}
}

static void act(struct multi *m, curl_socket_t fd, int what)
{
	int running;

	curl_multi_socket_action(m->curl, fd, what, &running);
	settle(m);
}

static void plug_ready(struct watch *w, bool readable, bool writable)
{
	struct plug *plug = container_of(w, struct plug, watch);

	act(plug->multi, w->fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
}

static int watch_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct multi *m = arg;
	struct plug *plug = of_socket;

	(void)curl;
	if (!plug) {
		plug = mem_new(1, sizeof *plug);
		*plug = (struct plug){ { .ready = plug_ready, .fd = fd }, m };
		curl_multi_assign(m->curl, fd, plug);
	}
	watch_set(m->loop, &plug->watch, what != CURL_POLL_REMOVE && what & CURL_POLL_IN,
		  what != CURL_POLL_REMOVE && what & CURL_POLL_OUT);
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(m->curl, fd, NULL);
		free(plug);
	}
	return 0;
}

static void timer_fired(struct timer *timer)
{
	act(container_of(timer, struct multi, timer), CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *curl, long ms, void *arg)
{
	struct multi *m = arg;

	(void)curl;
	if (ms < 0)
		timer_stop(&m->timer);
	else
		timer_set(m->loop, &m->timer, ms);
	return 0;
}

struct multi *multi_new(struct loop *loop, long kept)
{
	struct multi *m = mem_new(1, sizeof *m);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	*m = (struct multi){ loop, curl_multi_init(), { .fired = timer_fired }, NULL };
	if (!m->curl)
		abort();
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, kept);
	return m;
}

void multi_free(struct multi *m)
{
	if (!m)
		return;
	assert(!m->first);
	curl_multi_cleanup(m->curl);
	timer_stop(&m->timer);
	curl_global_cleanup();
	free(m);
}

struct loop *multi_loop(const struct multi *m)
{
	return m->loop;
}

/* ---- addresses ----------------------------------------------------------- */

static bool let(struct easy *e, const struct sockaddr *a)
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (e->may_connect(e, a))
		return true;
	if (a->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, host, sizeof host);
	if (a->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, host, sizeof host);
	snprintf(e->barred, sizeof e->barred, "%s", host);
	return false;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)purpose;
	if (!let(arg, &a->addr))
		return CURL_SOCKET_BAD;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* A connection that another handle opened may be one that this one may not use. */
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

/* ---- one handle ---------------------------------------------------------- */

static void set_way(struct easy *e, const char *leads_to)
{
	DEFER(text_free) char *row = leads_to ? text_fmt("::%s", leads_to) : NULL;

	e->way = row ? curl_slist_append(NULL, row) : NULL;
	if (row && !e->way)
		abort();
	curl_easy_setopt(e->curl, CURLOPT_CONNECT_TO, e->way);
}

void multi_prepare(struct multi *m, struct easy *e, const char *url, const char *leads_to)
{
	assert(!e->curl && e->may_connect && e->over);
	e->multi = m;
	e->fresh = false;
	e->error[0] = e->barred[0] = '\0';
	e->curl = curl_easy_init();
	if (!e->curl)
		abort();
	curl_easy_setopt(e->curl, CURLOPT_PRIVATE, e);
	curl_easy_setopt(e->curl, CURLOPT_URL, url);
	set_way(e, leads_to);
	curl_easy_setopt(e->curl, CURLOPT_PROTOCOLS_STR, strncmp(url, "http:", 5) == 0 ? "http" : "https");
	curl_easy_setopt(e->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(e->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(e->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(e->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e->curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(e->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(e->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(e->curl, CURLOPT_OPENSOCKETDATA, e);
	curl_easy_setopt(e->curl, CURLOPT_PREREQFUNCTION, check_reused);
	curl_easy_setopt(e->curl, CURLOPT_PREREQDATA, e);
	curl_easy_setopt(e->curl, CURLOPT_ERRORBUFFER, e->error);
}

void multi_add(struct easy *e)
{
	e->next = e->multi->first;
	e->multi->first = e;
	curl_multi_add_handle(e->multi->curl, e->curl);
}

void multi_remove(struct easy *e)
{
	struct easy **at;

	if (!e->curl)
		return;
	at = &e->multi->first;
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	curl_multi_remove_handle(e->multi->curl, e->curl);
	curl_easy_cleanup(e->curl);
	curl_slist_free_all(e->way);
	e->curl = NULL;
	e->way = NULL;
	e->fresh = false;
}
