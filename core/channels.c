/* channels.c - see channels.h */
#include "channels.h"
#include "intake.h"
#include "limits.h"
#include "lineup.h"
#include "loop.h"
#include "store/conversation.h"
#include "store/outbox.h"
#include <stdlib.h>
#include <string.h>

struct channel {			/* of the configuration */
	const struct conf_channel *conf;
	struct channels *all;
	struct integration *what;	/* NULL: it does not run */
	struct connection *connection;
	struct connection_owner owner;
	struct outgoing *out;
	struct presences *presences;
	struct later look;
	char *note;			/* why it does not run, or what to know though it does */
};

struct channels {
	struct channels_parts parts;
	struct channels_owner *owner;
	struct channel *list;
	size_t n;
	struct timer stopping;
};

static struct channel *channel_find(struct channels *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->list[i].conf->name, name) == 0)
			return &c->list[i];
	return NULL;
}

/* ---- what comes ---------------------------------------------------------- */

/* When this turn of the loop is durable: what was added to the outbox goes on its way. */
static void look(struct later *later)
{
	struct channel *ch = container_of(later, struct channel, look);

	if (!ch->connection)
		return;
	outgoing_look(ch->out);
	presences_look(ch->presences);
}

static void look_soon(struct channel *ch)
{
	loop_after(ch->all->parts.loop, &ch->look);
}

void channels_look(struct channels *c, const char *connection)
{
	struct channel *ch = channel_find(c, connection);

	if (ch)
		look_soon(ch);
}

/* What others have said is not a guest's to put away. */
static const char *begin_anew(struct store *s, const struct inbound *in)
{
	int64_t conversation = conversation_find(s, in->connection, in->chat, in->thread);

	if (strcmp(in->person, "owner") != 0 && conversation_has_others(s, conversation, in->person))
		return "Others take part in this one: only an owner can begin it anew.";
	conversation_reset(s, conversation);
	return "A new conversation: what was said before is out of my sight.";
}

static const char *ask_program(struct channel *ch, const struct intake_result *r)
{
	struct channels *c = ch->all;
	const struct inbound *in = &r->in;

	switch (r->what) {
	case INTAKE_STOP:
		return c->owner->stop(c->owner, in);
	case INTAKE_NEW:
		return begin_anew(c->parts.store, in);
	case INTAKE_STATUS:
		return c->owner->status(c->owner);
	case INTAKE_MODEL:
		return c->owner->models(c->owner);
	case INTAKE_ANSWER:
		return r->text;
	case INTAKE_NOTHING: case INTAKE_ROW:
		break;
	}
	return NULL;
}

static void delivered(struct connection_owner *o, enum inbound_kind kind, const cJSON *what)
{
	struct channel *ch = container_of(o, struct channel, owner);
	struct channels *c = ch->all;
	struct intake_result r;
	const char *say;

	intake(c->parts.store, c->parts.instance->conf, ch->conf->name, kind, what, &r);
	if (r.what == INTAKE_ROW)
		c->owner->came(c->owner);
	say = ask_program(ch, &r);
	if (say && outbox_open_in(c->parts.store, r.in.connection, r.in.chat) < CHAT_WAITING_MAX) {
		outbox_reply(c->parts.store, &r.in, say, 0);
		outgoing_look(ch->out);
	}
	intake_free(&r);
}

static void acted(struct connection_owner *o, uint32_t ref, const struct act_answer *answer)
{
	struct channel *ch = container_of(o, struct channel, owner);

	if (!outgoing_acted(ch->out, ref, answer))
		presences_acted(ch->presences, ref, answer);
}

static void changed(struct connection_owner *o)
{
	look_soon(container_of(o, struct channel, owner));
}

struct presence *channels_presence(struct channels *c, const struct inbound *in)
{
	struct channel *ch = channel_find(c, in->connection);

	return ch && ch->connection ? presence_new(ch->presences, in) : NULL;
}

/* ---- which of them run --------------------------------------------------- */

static void close_channel(struct channel *ch)
{
	presences_free(ch->presences);
	outgoing_free(ch->out);
	connection_free(ch->connection);
	integration_free(ch->what);
	text_free(&ch->note);
	ch->presences = NULL;
	ch->out = NULL;
	ch->connection = NULL;
	ch->what = NULL;
	ch->note = NULL;
}

static void open_channel(struct channel *ch)
{
	const struct channels_parts *p = &ch->all->parts;
	const struct integration_conf conf = {
		.kind = KIND_CHANNEL, .name = ch->conf->name, .adapter = ch->conf->adapter,
		.played_at = ch->conf->played_at, .config = ch->conf->config, .line = ch->conf->line,
	};
	const char *why;

	ch->note = channel_keys_missing(p->instance, ch->conf, p->secrets);
	if (ch->note)
		return;
	why = integration_open(p->instance, &conf, &ch->what, &ch->note);
	if (why) {
		ch->note = text_dup(why);
		return;
	}
	ch->connection = connection_new(p->loop, p->store, p->broker, ch->what, &ch->owner);
	ch->out = outgoing_new(p->loop, p->store, ch->connection);
	ch->presences = presences_new(p->loop, p->store, ch->connection, ch->out);
	look_soon(ch);
}

struct channels *channels_open(const struct channels_parts *parts, struct channels_owner *owner)
{
	struct channels *c = mem_new(1, sizeof *c);
	const struct conf *conf = parts->instance->conf;

	*c = (struct channels){ .parts = *parts, .owner = owner, .n = conf->channels_n,
				.list = mem_new(conf->channels_n + 1, sizeof *c->list) };
	for (size_t i = 0; i < c->n; i++) {
		c->list[i] = (struct channel){ .conf = &conf->channels[i], .all = c, .look.run = look,
					       .owner = { .delivered = delivered, .acted = acted, .changed = changed } };
		open_channel(&c->list[i]);
	}
	return c;
}

/* Running, and still allowed to? */
static bool stands(const struct channel *ch)
{
	DEFER(text_free) char *why = NULL, *stale = NULL;

	return ch->connection && connection_state(ch->connection) != CONNECTION_BROKEN &&
	       seal_enabled(ch->all->parts.instance, ch->conf->adapter, &why) &&
	       seal_verify(ch->all->parts.instance, ch->conf->adapter, NULL, &stale) != SEAL_BROKEN;
}

void channels_renew(struct channels *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (stands(&c->list[i]))
			continue;
		close_channel(&c->list[i]);
		open_channel(&c->list[i]);
	}
}

/* ---- the end ------------------------------------------------------------- */

static bool all_stopped(const struct channels *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].connection && !connection_stopped(c->list[i].connection))
			return false;
	return true;
}

static void stopping(struct timer *t)
{
	struct channels *c = container_of(t, struct channels, stopping);

	if (all_stopped(c))
		c->owner->stopped(c->owner);
	else
		timer_set(c->parts.loop, t, STOP_LOOK_MS);
}

void channels_stop(struct channels *c)
{
	c->stopping.fired = stopping;
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].connection)
			connection_stop(c->list[i].connection);
	timer_set(c->parts.loop, &c->stopping, 0);
}

void channels_free(struct channels *c)
{
	if (!c)
		return;
	timer_stop(&c->stopping);
	for (size_t i = 0; i < c->n; i++) {
		close_channel(&c->list[i]);
		loop_forget(c->parts.loop, &c->list[i].look);
	}
	free(c->list);
	free(c);
}

/* ---- how they are -------------------------------------------------------- */

static const char *state_word(const struct channel *ch)
{
	static const char *const words[] = {
		[CONNECTION_STARTING] = "starting", [CONNECTION_READY] = "ready",
		[CONNECTION_LOST] = "lost", [CONNECTION_BROKEN] = "broken",
	};

	return ch->connection ? words[connection_state(ch->connection)] : "not running";
}

cJSON *channels_status(const struct channels *c)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < c->n; i++) {
		const struct channel *ch = &c->list[i];
		const char *why = ch->connection ? connection_why(ch->connection) : NULL;
		cJSON *json = json_build("{name:%s,adapter:%s,state:%s,why:%s}", ch->conf->name, ch->conf->adapter,
					 state_word(ch), why ? why : ch->note);

		if (ch->connection)
			json_add(json, "since", cJSON_CreateNumber((double)connection_since(ch->connection)));
		cJSON_AddItemToArray(list, json);
	}
	return list;
}
