/* presence.c - see presence.h.
 *
 * A sign that somebody is at work (typing, or a mark) is what the platform shows, what we
 * want it to show, and one act that is open between the two. */
#include "presence.h"
#include "adapter/adapter.h"
#include "limits.h"
#include "loop.h"
#include "markdown.h"
#include "split.h"
#include "store/outbox.h"
#include <stdlib.h>
#include <string.h>

static const char mark[] = "👀";

enum sign { SIGN_NONE, SIGN_TYPING, SIGN_MARK };

struct presence {
	struct presences *all;
	struct presence *next;
	struct inbound to;
	bool over;		/* the turn is */

	int64_t turn;
	struct buf said;	/* of the answer, until its first message is full */
	char *draft;		/* what of it is in the outbox, or NULL */
	bool full;
	bool growing;		/* `grow` is set */
	struct timer grow;

	enum sign sign;
	uint32_t ref;		/* of the act that is open; 0: none is */
	bool on;		/* what it asks for */
	bool shown;		/* by the platform, as far as we know */
	bool hold;		/* nothing is asked until `again`, or the end */
	int tries;		/* to take it away */
	struct timer again;
};

struct presences {
	struct loop *loop;
	struct store *store;
	struct connection *connection;
	struct outgoing *out;
	const struct manifest *manifest;
	struct presence *list;
	char *plain[PLAIN_CHATS_MAX];	/* chats in which typing was refused */
	size_t plain_n;			/* ever */
};

/* ---- signs --------------------------------------------------------------- */

static bool is_plain(const struct presences *all, const char *chat)
{
	for (size_t i = 0; i < COUNT(all->plain) && all->plain[i]; i++)
		if (strcmp(all->plain[i], chat) == 0)
			return true;
	return false;
}

static void remember_plain(struct presences *all, const char *chat)
{
	char **at = &all->plain[all->plain_n++ % COUNT(all->plain)];

	text_free(at);
	*at = text_dup(chat);
}

static enum sign sign_for(const struct presences *all, const struct inbound *to)
{
	if (to->handle[0])
		return SIGN_NONE;
	if (all->manifest->typing_ms && !is_plain(all, to->chat))
		return SIGN_TYPING;
	return manifest_act(all->manifest, "react") ? SIGN_MARK : SIGN_NONE;
}

static void drop(struct presence *p)
{
	struct presence **at = &p->all->list;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	timer_stop(&p->grow);
	timer_stop(&p->again);
	inbound_free(&p->to);
	buf_free(&p->said);
	text_free(&p->draft);
	free(p);
}

static uint32_t ask(const struct presence *p, bool on)
{
	const struct presences *all = p->all;
	const char *thread = p->to.thread[0] ? p->to.thread : NULL;
	DEFER(json_drop) cJSON *json = p->sign == SIGN_TYPING ?
		json_build("{chat:%s,thread:%s,id:%s,on:%b}", p->to.chat, thread, p->to.id, on) :
		json_build("{chat:%s,thread:%s,id:%s,mark:%s,gone:%b}", p->to.chat, thread, p->to.id,
			   mark, !on);

	return connection_act(all->connection, p->sign == SIGN_TYPING ? "typing" : "react", json, NULL);
}

/* Asks for what is missing, if it can; what is over and shows nothing goes. */
static void step(struct presence *p)
{
	struct presences *all = p->all;

	if (p->ref || p->hold)
		return;
	if (p->over && !p->shown) {
		drop(p);
		return;
	}
	if (p->sign == SIGN_NONE || connection_state(all->connection) != CONNECTION_READY)
		return;
	p->on = !p->over;
	p->ref = ask(p, p->on);
	p->hold = p->ref && p->on;
	if (p->hold && p->sign == SIGN_TYPING)
		timer_set(all->loop, &p->again, all->manifest->typing_ms * 3 / 4);
}

static void again(struct timer *t)
{
	struct presence *p = container_of(t, struct presence, again);

	p->hold = false;
	step(p);
}

static void wait(struct presence *p, const struct act_answer *a)
{
	p->hold = true;
	timer_set(p->all->loop, &p->again, a->end == ACT_AGAIN && a->after_ms > SIGN_WAIT_MS ? a->after_ms : SIGN_WAIT_MS);
}

static bool for_good(const struct act_answer *a)
{
	switch (a->class) {
	case FAIL_AUTH: case FAIL_BUSY: case FAIL_PLATFORM: case FAIL_NETWORK: case FAIL_CONFLICT:
		return false;
	}
	return a->end == ACT_FAILED;
}

/* It was to be shown, and is not, or nobody knows. */
static void not_shown(struct presence *p, const struct act_answer *a)
{
	if (!for_good(a)) {
		p->shown = true;			/* for all we know */
		if (!p->over)
			wait(p, a);
	} else if (p->sign == SIGN_TYPING) {
		remember_plain(p->all, p->to.chat);
		p->shown = p->hold = false;
		p->sign = sign_for(p->all, &p->to);
		timer_stop(&p->again);
	} else if (a->class == FAIL_INPUT)
		p->shown = true;			/* it is there already, from before a crash */
	else {
		p->shown = false;
		p->sign = SIGN_NONE;
	}
}

/* Typing ends by itself, a mark stays. */
static void not_gone(struct presence *p, const struct act_answer *a)
{
	if (p->sign == SIGN_MARK && !for_good(a) && ++p->tries < SIGN_TRIES)
		wait(p, a);
	else
		p->shown = false;
}

static void answered(struct presence *p, const struct act_answer *a)
{
	p->ref = 0;
	if (a->end == ACT_DONE)
		p->shown = p->on;
	else if (p->on)
		not_shown(p, a);
	else
		not_gone(p, a);
}

bool presences_acted(struct presences *all, uint32_t ref, const struct act_answer *answer)
{
	struct presence *p = all->list;

	while (p && (!p->ref || p->ref != ref))
		p = p->next;
	if (p)
		answered(p, answer);
	presences_look(all);
	return p != NULL;
}

void presences_look(struct presences *all)
{
	for (struct presence *p = all->list, *next; p; p = next) {
		next = p->next;
		step(p);
	}
}

/* ---- the answer ---------------------------------------------------------- */

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static cJSON *pieces(const struct presences *all, const char *text)
{
	const struct manifest *m = all->manifest;
	DEFER(text_free) char *rendered = markdown_render(text, m->text_form.marks);

	return split_text(rendered, m->text_form.max, m->text_form.unit, m->text_form.marks);
}

static void grow_soon(struct presence *p)
{
	if (p->growing)
		return;
	p->growing = true;
	timer_set(p->all->loop, &p->grow, p->all->manifest->stream_ms);
}

/* The first message of what was said so far, where it says something. */
static void grow(struct timer *t)
{
	struct presence *p = container_of(t, struct presence, grow);
	struct presences *all = p->all;
	DEFER(json_drop) cJSON *list = pieces(all, buf_text(&p->said));
	const char *first = json_text(list, "/0");

	p->growing = false;
	p->full = json_count(list) > 1;
	if (is_blank(first) || (p->draft && strcmp(first, p->draft) == 0))
		return;
	if (outbox_draft(all->store, &p->to, first, p->turn)) {
		text_free(&p->draft);
		p->draft = text_dup(first);
		outgoing_look(all->out);
	} else
		grow_soon(p);			/* it is being sent just now */
}

void presence_delta(struct presence *p, int64_t turn, const char *text)
{
	if (!p->all->manifest->stream_ms || p->to.handle[0] || p->full)
		return;
	p->turn = turn;
	buf_adds(&p->said, text);
	grow_soon(p);
}

void presence_replaced(struct presence *p)
{
	buf_cut(&p->said, 0);
	p->full = false;
}

int64_t presence_answer(struct presence *p, int64_t turn, const char *text)
{
	struct presences *all = p->all;
	DEFER(json_drop) cJSON *list = pieces(all, text);
	int64_t row;

	timer_stop(&p->grow);
	p->full = true;
	row = outbox_answer(all->store, &p->to, list, turn);
	outgoing_look(all->out);
	return row;
}

/* ---- life ---------------------------------------------------------------- */

struct presence *presence_new(struct presences *all, const struct inbound *to)
{
	struct presence *p = mem_new(1, sizeof *p);

	*p = (struct presence){ .all = all, .next = all->list, .to = inbound_copy(to), .said = buf_new(ANSWER_TEXT_MAX),
				.grow.fired = grow, .again.fired = again, .sign = sign_for(all, to) };
	all->list = p;
	step(p);
	return p;
}

void presence_free(struct presence *p)
{
	if (!p)
		return;
	p->over = true;
	timer_stop(&p->grow);
	timer_stop(&p->again);
	p->hold = false;
	step(p);
}

struct presences *presences_new(struct loop *loop, struct store *store, struct connection *c, struct outgoing *out)
{
	struct presences *all = mem_new(1, sizeof *all);

	*all = (struct presences){ .loop = loop, .store = store, .connection = c, .out = out,
				   .manifest = connection_what(c)->manifest };
	return all;
}

void presences_free(struct presences *all)
{
	if (!all)
		return;
	while (all->list)
		drop(all->list);
	for (size_t i = 0; i < COUNT(all->plain); i++)
		text_free(&all->plain[i]);
	free(all);
}
