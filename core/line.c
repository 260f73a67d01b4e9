/* line.c - sockets: see broker.h.
 *
 * A line waits for the commit of the turn that asked for it; then its WebSocket lives. What
 * is written waits for its own turn's commit, each frame by itself: where that commit
 * fails, the frame stays here and goes nowhere. */
#include "broker_parts.h"
#include "limits.h"
#include "route.h"
#include "websocket.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct written {			/* a frame that waits for the commit */
	struct later later;
	struct line *line;
	char *text;
	struct written *next;
};

struct line {
	struct broker *broker;
	struct line *next;
	struct line_owner *owner;	/* NULL: nobody listens any more */
	struct route route;
	const struct socket_row *row;
	char *url;
	struct later committed, closing;
	struct timer turn;		/* of an end that comes from the loop */
	struct websocket socket;
	struct written *written;
	int code;			/* to close with */
	bool telling;			/* that it is down */
	char *bar;
};

/* ---- ends ---------------------------------------------------------------- */

static void wipe(char **text)
{
	if (*text)
		sodium_memzero(*text, strlen(*text));
	text_free(text);
}

static void written_free(struct written *w)
{
	loop_forget(w->line->broker->loop, &w->later);
	wipe(&w->text);
	free(w);
}

void line_free(struct line *l)
{
	struct line **at;
	struct written *w;

	if (!l || l->telling)
		return;
	at = &l->broker->lines;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	loop_forget(l->broker->loop, &l->committed);
	loop_forget(l->broker->loop, &l->closing);
	timer_stop(&l->turn);
	websocket_drop(&l->socket);
	while ((w = l->written) != NULL) {
		l->written = w->next;
		written_free(w);
	}
	route_free(&l->route);
	free(l->url);
	free(l->bar);
	free(l);
}

static void tell_down(struct line *l, int code, const char *why)
{
	DEFER(text_free) char *clean = scrub_text(secrets_known(l->broker->secrets), str_of(why), NULL);

	l->telling = true;
	if (l->owner)
		l->owner->down(l->owner, code, clean ? clean : why);
	l->telling = false;
	line_free(l);
}

static void ended(struct websocket *w)
{
	struct line *l = container_of(w, struct line, socket);
	DEFER(text_free) char *why = w->end == WEBSOCKET_BARRED ? route_barred(&l->route, w->barred) :
				     text_fmt("%s %s", l->route.origin, w->why);

	tell_down(l, w->end == WEBSOCKET_BARRED ? -1 : w->end == WEBSOCKET_CLOSED ? w->code : 0, why);
}

/* ---- what comes ---------------------------------------------------------- */

static bool may_connect(struct websocket *w, const struct sockaddr *a)
{
	return route_may_connect(&container_of(w, struct line, socket)->route, a);
}

static void opened(struct websocket *w)
{
	struct line *l = container_of(w, struct line, socket);

	if (l->owner)
		l->owner->up(l->owner);
}

/* A secret may be hidden behind escapes: then all of it is written anew. NULL: none is. */
static char *scrub_escapes(const struct scrub *s, struct str text)
{
	DEFER(json_drop) cJSON *json = NULL;
	DEFER(text_free) char *before = NULL;
	char *after;

	if (!memmem(text.at, text.len, "\\u", 2) || json_decode(text, &json) != NULL)
		return NULL;
	before = json_print(json);
	scrub_json(s, json);
	after = json_print(json);
	if (strcmp(before, after) == 0)
		text_free(&after);
	return after;
}

static void message(struct websocket *w, struct str text)
{
	struct line *l = container_of(w, struct line, socket);
	const struct scrub *known = secrets_known(l->broker->secrets);
	DEFER(text_free) char *clean = scrub_text(known, text, &text.len);
	DEFER(text_free) char *rewritten = NULL;

	if (clean)
		text.at = clean;
	rewritten = scrub_escapes(known, text);
	if (rewritten)
		text = str_of(rewritten);
	if (l->owner)
		l->owner->text(l->owner, text);
}

/* ---- opening ------------------------------------------------------------- */

static void give_up(struct timer *t)
{
	struct line *l = container_of(t, struct line, turn);

	if (l->bar)
		tell_down(l, -1, l->bar);
	else if (l->socket.parts)
		websocket_close(&l->socket, l->code);
	else
		line_free(l);
}

static void committed(struct later *later)
{
	struct line *l = container_of(later, struct line, committed);

	if (!l->route.origin || strlen(l->url) > URL_MAX)
		l->bar = text_fmt("the URL is none, or longer than %d bytes", URL_MAX);
	else
		l->bar = route_bar(&l->route);
	if (l->bar) {
		timer_set(l->broker->loop, &l->turn, 0);
		return;
	}
	l->socket = (struct websocket){ .url = l->url, .leads_to = l->route.played_at,
					.first_ms = l->row->first_ms, .may_connect = may_connect,
					.opened = opened, .message = message, .ended = ended };
	websocket_open(l->broker->loop, &l->socket);
}

struct line *broker_open(struct broker *b, const struct party *party, const struct socket_row *socket,
			 struct request *request, struct line_owner *owner)
{
	struct line *l = mem_new(1, sizeof *l);

	*l = (struct line){ .broker = b, .next = b->lines, .owner = owner, .row = socket,
			    .route = route_new(party, &socket->open, request->url),
			    .committed = { .run = committed }, .turn = { .fired = give_up } };
	l->url = route_url(&l->route, request->url);
	request_free(request);
	b->lines = l;
	loop_after(b->loop, &l->committed);
	return l;
}

/* ---- writing ------------------------------------------------------------- */

static void written(struct later *later)
{
	struct written *w = container_of(later, struct written, later), **at = &w->line->written;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	websocket_send(&w->line->socket, str_of(w->text));
	written_free(w);
}

static void keep(struct line *l, char *text)
{
	struct written *w = mem_new(1, sizeof *w);

	*w = (struct written){ { .run = written }, l, text, l->written };
	l->written = w;
	loop_after(l->broker->loop, &w->later);
}

/* {"secret": VALUE} for a frame that names one. */
static const char *fill_in(const struct line *l, const struct operation *frame, cJSON **ret)
{
	DEFER(wipe) char *value = NULL;
	const char *why = NULL;

	if (frame->secret)
		why = route_secret(&l->route, l->broker->secrets, frame->secret, l->route.home, &value);
	if (value)
		*ret = json_build("{secret:%s}", value);
	return why;
}

static void forget(cJSON *core)
{
	char *value = cJSON_GetStringValue(json_first(core));

	if (value)
		sodium_memzero(value, strlen(value));
	cJSON_Delete(core);
}

const char *line_write(struct line *l, const struct operation *frame, const cJSON *config, const cJSON *args)
{
	static char too_large[100];
	struct request r = { 0 };
	cJSON *core = NULL;
	const char *why = websocket_is_open(&l->socket) ? fill_in(l, frame, &core) : "the line is not up";

	if (!why)
		why = render(l->route.manifest, frame, config, args, core, &r);
	forget(core);
	if (why)
		return why;
	snprintf(too_large, sizeof too_large, "the frame is larger than %lld bytes", (long long)l->row->frame_max);
	if (!r.body || strlen(r.body) > (size_t)l->row->frame_max)
		why = too_large;
	else
		keep(l, str_dup(str_of(r.body)));
	if (r.body)
		sodium_memzero(r.body, strlen(r.body));
	request_free(&r);
	return why;
}

static void closing(struct later *later)
{
	give_up(&container_of(later, struct line, closing)->turn);
}

/* Where the commit fails it closes too, a little later: nobody holds it any more. */
void line_close(struct line *l, int code)
{
	l->owner = NULL;
	l->code = code;
	l->closing.run = closing;
	loop_after(l->broker->loop, &l->closing);
	timer_set(l->broker->loop, &l->turn, CLOSE_MS);
}

bool broker_has_lines(const struct broker *b, const char *connection)
{
	const struct line *l = b->lines;

	while (l && strcmp(l->route.connection, connection) != 0)
		l = l->next;
	return l != NULL;
}
