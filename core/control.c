/* control.c - see control.h */
#include "control.h"
#include "limits.h"
#include "loop.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS_MAX = 16, LINE_MAX_BYTES = LINE_IN_MAX * 2, UNREAD_MAX = 4 * 1024 * 1024 };

struct client {
	struct control *control;
	struct client *next;
	struct watch watch;
	struct later later;		/* sends once the turn is committed */
	struct buf in, out;
};

struct control {
	struct loop *loop;
	struct control_owner *owner;
	struct watch watch;
	char *path;
	struct client *clients;
	int count;
};

static char complaint[400];

static void client_free(struct client *c)
{
	struct client **at = &c->control->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->control->count--;
	loop_forget(c->control->loop, &c->later);
	watch_set(c->control->loop, &c->watch, false, false);
	close(c->watch.fd);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

static void client_gone(struct client *c)
{
	c->control->owner->gone(c->control->owner, c);
	client_free(c);
}

/* Writes what it can; false: the other end is gone. */
static bool client_write(struct client *c)
{
	while (c->out.len > 0) {
		ssize_t n = send(c->watch.fd, c->out.at, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		buf_drop(&c->out, (size_t)n);
	}
	return true;
}

static void client_flush(struct later *later)
{
	struct client *c = container_of(later, struct client, later);

	if (c->out.full || !client_write(c)) {
		client_gone(c);
		return;
	}
	watch_set(c->control->loop, &c->watch, true, c->out.len > 0);
}

void client_send(struct client *c, const cJSON *json)
{
	json_encode(&c->out, json);
	buf_addc(&c->out, '\n');
	loop_after(c->control->loop, &c->later);
}

static void client_complain(struct client *c, const char *why)
{
	DEFER(json_drop) cJSON *json = json_build("{why:%s}", why);

	client_send(c, json);
}

/* Hands each whole line to the owner, who never frees the client. */
static void client_lines(struct client *c)
{
	char *end;

	while (c->in.len > 0 && (end = memchr(c->in.at, '\n', c->in.len)) != NULL) {
		size_t n = (size_t)(end - c->in.at);
		DEFER(json_drop) cJSON *request = NULL;
		const char *why = json_decode((struct str){ c->in.at, n }, &request);

		buf_drop(&c->in, n + 1);
		if (why)
			client_complain(c, why);
		else
			c->control->owner->asked(c->control->owner, c, request);
	}
}

static void client_ready(struct watch *w, bool readable, bool writable)
{
	struct client *c = container_of(w, struct client, watch);
	char piece[65536];
	ssize_t n = 1;

	if (writable && !client_write(c))
		n = 0;
	if (readable && n > 0) {
		n = recv(w->fd, piece, sizeof piece, MSG_DONTWAIT);
		if (n > 0) {
			buf_add(&c->in, piece, (size_t)n);
			client_lines(c);
		} else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			n = 1;
		}
	}
	if (n <= 0 || c->in.full)
		client_gone(c);
	else
		watch_set(c->control->loop, w, true, c->out.len > 0);
}

static void control_ready(struct watch *w, bool readable, bool writable)
{
	struct control *control = container_of(w, struct control, watch);
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	(void)readable;
	(void)writable;
	if (fd < 0)
		return;
	if (control->count >= CLIENTS_MAX) {
		close(fd);
		return;
	}
	c = mem_new(1, sizeof *c);
	c->control = control;
	c->in = buf_new(LINE_MAX_BYTES);
	c->out = buf_new(UNREAD_MAX);
	c->watch = (struct watch){ .ready = client_ready, .fd = fd };
	c->later.run = client_flush;
	c->next = control->clients;
	control->clients = c;
	control->count++;
	watch_set(control->loop, &c->watch, true, false);
}

/* A socket name holds 107 bytes. */
static const char *address(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof ret->sun_path) {
		snprintf(complaint, sizeof complaint, "%.250s is too long a path for a socket (%zu bytes at most): "
			 "put the instance elsewhere with --instance", path, sizeof ret->sun_path - 1);
		return complaint;
	}
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return NULL;
}

const char *control_new(struct loop *loop, const char *path, struct control_owner *owner, struct control **ret)
{
	struct sockaddr_un name;
	const char *why = address(path, &name);
	int fd;

	if (why)
		return why;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(path);
	mode_t old = umask(0177);
	bool listening = fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, 16) == 0;
	umask(old);
	if (!listening) {
		snprintf(complaint, sizeof complaint, "%.250s cannot be listened on: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return complaint;
	}
	*ret = mem_new(1, sizeof **ret);
	**ret = (struct control){ .loop = loop, .owner = owner, .path = text_dup(path),
				  .watch = { .ready = control_ready, .fd = fd } };
	watch_set(loop, &(*ret)->watch, true, false);
	return NULL;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	while (control->clients) {
		client_write(control->clients);
		client_free(control->clients);
	}
	watch_set(control->loop, &control->watch, false, false);
	close(control->watch.fd);
	unlink(control->path);
	free(control->path);
	free(control);
}

/* ---- the client's end ---------------------------------------------------- */

int control_connect(const char *path)
{
	struct sockaddr_un name;
	int fd;

	if (address(path, &name))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

const char *control_ask(int fd, const cJSON *request)
{
	DEFER(text_free) char *text = json_print(request);
	DEFER(text_free) char *line = text_fmt("%s\n", text);
	size_t n = strlen(line), sent = 0;

	while (sent < n) {
		ssize_t done = send(fd, line + sent, n - sent, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return "the assistant has stopped";
		sent += (size_t)done;
	}
	return NULL;
}

const char *control_hear(int fd, struct buf *kept, cJSON **ret)
{
	char piece[65536], *end;
	const char *why;

	while (kept->len == 0 || (end = memchr(kept->at, '\n', kept->len)) == NULL) {
		ssize_t n = recv(fd, piece, sizeof piece, 0);

		if (n < 0 && errno == EINTR)
			return "interrupted";
		if (n <= 0 || kept->full)
			return "the assistant has stopped";
		buf_add(kept, piece, (size_t)n);
	}
	why = json_decode((struct str){ kept->at, (size_t)(end - kept->at) }, ret);
	buf_drop(kept, (size_t)(end - kept->at) + 1);
	return why;
}
