/* resident.c - see resident.h.
 *
 * In the order in which a message goes: a client says a line -> a row in the inbox ->
 * commit -> a turn -> a row in the outbox -> commit -> the client shows it -> sent. */
#include "resident.h"
#include "channels.h"
#include "control.h"
#include "limits.h"
#include "lineup.h"
#include "loop.h"
#include "status.h"
#include "store/conversation.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include "turn.h"
#include <errno.h>
#include <linux/limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

static char complaint[PATH_MAX + 200];

#define TERMINAL "terminal"		/* the connection, and its one chat */

struct attached {			/* a client that shows the terminal's conversation */
	struct client *client;
	struct attached *next;
};

struct running {			/* a turn */
	struct turn_owner owner;
	struct resident *resident;
	struct turn *turn;
	struct inbound in;
	struct presence *presence;	/* in its chat; NULL: the terminal's, or its channel does not run */
	bool over;
	int64_t answer;			/* its row in the outbox */
	struct running *next;
};

struct resident {
	struct instance *instance;
	struct loop *loop;
	struct store *store;
	struct secrets *secrets;
	struct broker *broker;
	struct lineup *lineup;
	struct agent *agent;
	struct channels *channels;
	struct channels_owner channels_owner;
	struct buf words;		/* the last answer to a question of a chat's about us */
	struct control *control;
	struct control_owner owner;
	struct attached *attached;
	struct running *turns;
	struct watch signals;
	struct later pump;
	bool reload;			/* the line-up changed; taken up when no turn runs */
	bool ending;			/* no turn begins any more */
	const char *failed;		/* what stopped it */
};

/* ---- to the clients ------------------------------------------------------ */

static void tell_all(struct resident *r, cJSON *json)
{
	for (struct attached *a = r->attached; a; a = a->next)
		client_send(a->client, json);
	json_drop(&json);
}

static void tell(struct client *c, cJSON *json)
{
	client_send(c, json);
	json_drop(&json);
}

/* ---- turns --------------------------------------------------------------- */

static bool is_terminal(const struct running *t)
{
	return strcmp(t->in.connection, TERMINAL) == 0;
}

static void turn_delta(struct turn_owner *o, const char *text)
{
	struct running *t = container_of(o, struct running, owner);

	if (is_terminal(t))
		tell_all(t->resident, json_build("{delta:%s}", text));
	else if (t->presence && t->turn)
		presence_delta(t->presence, turn_row(t->turn), text);
}

static void turn_replaced(struct turn_owner *o)
{
	struct running *t = container_of(o, struct running, owner);

	if (is_terminal(t))
		tell_all(t->resident, json_build("{replaced:%b}", true));
	else if (t->presence)
		presence_replaced(t->presence);
}

static void turn_tool(struct turn_owner *o, const char *name)
{
	struct running *t = container_of(o, struct running, owner);

	if (is_terminal(t))
		tell_all(t->resident, json_build("{tool:%s}", name));
}

static int64_t turn_answer(struct turn_owner *o, int64_t turn, const char *text)
{
	struct running *t = container_of(o, struct running, owner);

	return t->presence ? presence_answer(t->presence, turn, text)
			   : outbox_reply(t->resident->store, &t->in, text, turn);
}

static void show(const struct outbound *out, void *to)
{
	struct running *t = to;

	if (out->row == t->answer)
		tell_all(t->resident, json_build("{answer:%s,row:%D,id:%s}", out->text, out->row, t->in.id));
}

static void running_free(struct running *t)
{
	struct running **at = &t->resident->turns;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	presence_free(t->presence);
	turn_free(t->turn);
	inbound_free(&t->in);
	free(t);
}

static void turn_ended(struct turn_owner *o, int64_t row)
{
	struct running *t = container_of(o, struct running, owner);
	struct resident *r = t->resident;

	t->answer = row;
	if (is_terminal(t))
		outbox_each(r->store, TERMINAL, TERMINAL, show, t);
	else
		channels_look(r->channels, t->in.connection);
	t->over = true;
	loop_after(r->loop, &r->pump);
}

/* Takes *in. */
static struct running *running_new(struct resident *r, const struct inbound *in)
{
	struct running *t = mem_new(1, sizeof *t);

	t->resident = r;
	t->in = *in;
	t->owner = (struct turn_owner){ turn_delta, turn_replaced, turn_tool, turn_answer, turn_ended };
	t->presence = channels_presence(r->channels, in);
	t->next = r->turns;
	r->turns = t;
	return t;
}

static void line_up(struct resident *r)
{
	agent_free(r->agent);
	lineup_free(r->lineup);
	r->lineup = lineup_open(r->instance, r->secrets);
	r->agent = agent_new(&(struct agent_parts){ .loop = r->loop, .store = r->store, .broker = r->broker,
			     .instance = r->instance, .models = r->lineup->ready, .models_n = r->lineup->ready_n });
	r->reload = false;
}

static void reap(struct resident *r)
{
	struct running *t = r->turns, *next;

	for (; t; t = next) {
		next = t->next;
		if (t->over)
			running_free(t);
	}
}

static int turns_running(const struct resident *r)
{
	int n = 0;

	for (const struct running *t = r->turns; t; t = t->next)
		n += !t->over;
	return n;
}

/* Starts what waits: in the turn of the loop in which it came, for then one commit holds both. */
static void begin_turns(struct resident *r)
{
	struct inbound in;

	while (!r->reload && !r->ending && turns_running(r) < TURNS_MAX &&
	       inbox_next(r->store, NULL, NULL, NULL, &in)) {
		struct running *t = running_new(r, &in);

		t->turn = turn_new(r->agent, &t->in, &t->owner);
	}
}

/* After each commit in which something ended or changed. */
static void pump(struct later *later)
{
	struct resident *r = container_of(later, struct resident, pump);

	reap(r);
	if (r->reload && !r->turns) {
		line_up(r);
		channels_renew(r->channels);
	}
	begin_turns(r);
}

/* What a crash left running goes on from its last row. */
static void resume(struct resident *r)
{
	struct inbound in;
	int64_t turn = 0;

	while (turn_open_next(r->store, &turn, &in)) {
		struct running *t = running_new(r, &in);

		t->turn = turn_resume(r->agent, turn, &t->in, &t->owner);
	}
	loop_after(r->loop, &r->pump);
}

/* ---- what chats ask ------------------------------------------------------ */

static void chat_came(struct channels_owner *o)
{
	begin_turns(container_of(o, struct resident, channels_owner));
}

static bool same_place(const struct inbound *a, const struct inbound *b)
{
	return strcmp(a->connection, b->connection) == 0 && strcmp(a->chat, b->chat) == 0 &&
	       strcmp(a->thread, b->thread) == 0;
}

/* Whoever asked may stop it, and an owner. */
static const char *chat_stop(struct channels_owner *o, const struct inbound *in)
{
	struct resident *r = container_of(o, struct resident, channels_owner);
	struct running *t = r->turns;

	while (t && (t->over || !same_place(&t->in, in)))
		t = t->next;
	if (!t)
		return "Nothing is running here.";
	if (strcmp(in->person, "owner") != 0 && strcmp(in->person, t->in.person) != 0)
		return "Only whoever asked for it, or an owner, can stop this.";
	turn_stop(t->turn);
	return "Stopped.";
}

static cJSON *status_now(struct resident *r)
{
	DEFER(json_drop) cJSON *channels = channels_status(r->channels);

	return status_build(r->instance, r->lineup, r->store, channels, true);
}

static const char *chat_status(struct channels_owner *o)
{
	struct resident *r = container_of(o, struct resident, channels_owner);
	DEFER(json_drop) cJSON *status = status_now(r);

	buf_cut(&r->words, 0);
	buf_adds(&r->words, "```\n");
	status_print(status, &r->words);
	buf_adds(&r->words, "```");
	return buf_text(&r->words);
}

static const char *chat_models(struct channels_owner *o)
{
	struct resident *r = container_of(o, struct resident, channels_owner);

	buf_cut(&r->words, 0);
	for (size_t i = 0; i < r->lineup->ready_n; i++) {
		const struct integration *m = r->lineup->ready[i];
		const char *id = json_text(m->config, "/model");

		buf_addf(&r->words, i ? ", else %s" : "I answer with %s", m->name);
		if (id)
			buf_addf(&r->words, " (%s)", id);
	}
	buf_adds(&r->words, r->lineup->ready_n ? "." : "No model is ready: `chela status` says why.");
	return buf_text(&r->words);
}

/* ---- what clients ask ---------------------------------------------------- */

static void say_missed(const struct outbound *out, void *to)
{
	tell(to, json_build("{answer:%s,row:%D,missed:%b}", out->text, out->row, true));
}

static void attach(struct resident *r, struct client *c)
{
	struct attached *a = r->attached;

	while (a && a->client != c)
		a = a->next;
	if (a)
		return;
	a = mem_new(1, sizeof *a);
	*a = (struct attached){ c, r->attached };
	r->attached = a;
}

static void do_hello(struct resident *r, struct client *c, const cJSON *request)
{
	cJSON *notes = cJSON_CreateArray();

	(void)request;
	attach(r, c);
	for (size_t k = 0; k < r->lineup->n; k++) {
		const struct seat *seat = &r->lineup->seats[k];

		if (seat->keyed && seat->why)
			cJSON_AddItemToArray(notes, cJSON_CreateString(seat->why));
	}
	reap(r);
	tell(c, json_build("{hello:%s,model:%s,notes:%j,busy:%b}", r->instance->conf->name,
			   r->lineup->ready_n ? r->lineup->ready[0]->name : NULL, notes, r->turns != NULL));
	json_drop(&notes);
	outbox_each(r->store, TERMINAL, TERMINAL, say_missed, c);
}

static void do_say(struct resident *r, struct client *c, const cJSON *request)
{
	struct inbound in = { .connection = TERMINAL, .chat = TERMINAL, .thread = "", .kind = "message",
			      .id = json_text(request, "/id"), .version = "", .sender = "owner",
			      .text = json_text(request, "/text"), .person = "owner", .handle = "" };

	if (!in.id || !in.text || !in.text[0] || strlen(in.text) > LINE_IN_MAX) {
		tell(c, json_build("{why:'a line needs an id and a text of at most 256 KB'}"));
		return;
	}
	if (inbox_add(r->store, &in) == 0)
		tell(c, json_build("{why:'that line came before'}"));
	begin_turns(r);
}

static void do_stop(struct resident *r, struct client *c, const cJSON *request)
{
	(void)request;
	for (struct running *t = r->turns; t; t = t->next)
		if (!t->over && is_terminal(t))
			turn_stop(t->turn);
	tell(c, json_build("{ok:%b}", true));
}

static void do_new(struct resident *r, struct client *c, const cJSON *request)
{
	(void)request;
	conversation_reset(r->store, conversation_find(r->store, TERMINAL, TERMINAL, ""));
	tell(c, json_build("{ok:%b}", true));
}

static void do_shown(struct resident *r, struct client *c, const cJSON *request)
{
	int64_t row = 0;

	(void)c;
	if (json_number(request, "/row", 1, INT64_MAX, &row))
		outbox_sent(r->store, row, "");
}

static void do_status(struct resident *r, struct client *c, const cJSON *request)
{
	cJSON *status = status_now(r);

	(void)request;
	tell(c, json_build("{status:%j}", status));
	json_drop(&status);
}

/* Answers ok, or why not; then who answers is looked at anew. */
static void changed(struct resident *r, struct client *c, const char *why)
{
	tell(c, why ? json_build("{why:%s}", why) : json_build("{ok:%b}", true));
	r->reload = true;
	loop_after(r->loop, &r->pump);
}

/* It becomes the name of a file. */
static const char *change_seal(struct resident *r, const cJSON *request,
			     const char *(*change)(const struct instance *i, const char *name))
{
	const char *name = json_text(request, "/name");

	return strchr(name, '/') ? "no integration has a name like that" : change(r->instance, name);
}

static void do_enable(struct resident *r, struct client *c, const cJSON *request)
{
	changed(r, c, change_seal(r, request, seal_enable));
}

static void do_disable(struct resident *r, struct client *c, const cJSON *request)
{
	changed(r, c, change_seal(r, request, seal_disable));
}

static void do_secret(struct resident *r, struct client *c, const cJSON *request)
{
	changed(r, c, secret_set(r->secrets, json_text(request, "/name"), json_text(request, "/origin"),
				 str_of(json_text(request, "/value"))));
}

static void do_forget(struct resident *r, struct client *c, const cJSON *request)
{
	changed(r, c, secret_forget(r->secrets, json_text(request, "/name")));
}

static const struct {
	const char *name;
	const char *needs[4];		/* members that must be text */
	void (*run)(struct resident *r, struct client *c, const cJSON *request);
} requests[] = {
	{ "hello", { 0 }, do_hello },
	{ "say", { "/id", "/text" }, do_say },
	{ "stop", { 0 }, do_stop },
	{ "new", { 0 }, do_new },
	{ "shown", { 0 }, do_shown },
	{ "status", { 0 }, do_status },
	{ "enable", { "/name" }, do_enable },
	{ "disable", { "/name" }, do_disable },
	{ "secret", { "/name", "/origin", "/value" }, do_secret },
	{ "forget", { "/name" }, do_forget },
};

static void asked(struct control_owner *o, struct client *c, const cJSON *request)
{
	struct resident *r = container_of(o, struct resident, owner);

	for (size_t k = 0; k < COUNT(requests); k++) {
		if (!json_is(request, "/do", requests[k].name))
			continue;
		for (size_t n = 0; n < COUNT(requests[k].needs) && requests[k].needs[n]; n++) {
			if (json_text(request, requests[k].needs[n]))
				continue;
			tell(c, json_build("{why:'a member is missing from the request'}"));
			return;
		}
		requests[k].run(r, c, request);
		return;
	}
	tell(c, json_build("{why:'no such request'}"));
}

static void gone(struct control_owner *o, struct client *c)
{
	struct resident *r = container_of(o, struct resident, owner);

	for (struct attached **at = &r->attached; *at; at = &(*at)->next) {
		struct attached *a = *at;

		if (a->client != c)
			continue;
		*at = a->next;
		free(a);
		return;
	}
}

/* ---- life ---------------------------------------------------------------- */

/* A disk that does not take it stops us: nothing has left, and the rows tell the next start
 * where we were. */
static enum err commit(void *owner)
{
	struct resident *r = owner;
	enum err err = store_commit(r->store);

	if (err != OK) {
		snprintf(complaint, sizeof complaint, "%s/chela.db cannot be written: %s. Nothing is lost; make room and "
			 "start again", r->instance->dir, strerror(errno));
		r->failed = complaint;
		loop_stop(r->loop);
	}
	return err;
}

static void signalled(struct watch *w, bool readable, bool writable)
{
	struct resident *r = container_of(w, struct resident, signals);
	struct signalfd_siginfo info;

	(void)readable;
	(void)writable;
	if (read(w->fd, &info, sizeof info) != sizeof info)
		return;
	if (r->ending)
		loop_stop(r->loop);
	else
		channels_stop(r->channels);
	r->ending = true;
}

static void channels_ended(struct channels_owner *o)
{
	loop_stop(container_of(o, struct resident, channels_owner)->loop);
}

static int signal_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void resident_close(struct resident *r)
{
	control_free(r->control);
	while (r->attached)
		gone(&r->owner, r->attached->client);
	while (r->turns)
		running_free(r->turns);
	channels_free(r->channels);
	buf_free(&r->words);
	agent_free(r->agent);
	lineup_free(r->lineup);
	broker_free(r->broker);
	secrets_free(r->secrets);
	if (r->store)
		store_close(r->store);
	if (r->signals.fd >= 0) {
		watch_set(r->loop, &r->signals, false, false);
		close(r->signals.fd);
	}
	loop_free(r->loop);
}

const char *resident_run(struct instance *i, int ready)
{
	struct resident r = { .instance = i, .owner = { asked, gone }, .pump = { .run = pump },
			      .channels_owner = { chat_came, chat_stop, chat_status, chat_models, channels_ended },
			      .words = buf_new(ANSWER_TEXT_MAX), .signals = { .ready = signalled, .fd = -1 } };
	DEFER(text_free) char *database = instance_path(i, "chela.db");
	DEFER(text_free) char *control = instance_path(i, "control");
	const char *why;

	prctl(PR_SET_DUMPABLE, 0);
	r.loop = loop_new();
	why = store_open(database, &r.store);
	if (!why)
		why = control_new(r.loop, control, &r.owner, &r.control);
	if (why) {
		resident_close(&r);
		return why;
	}
	loop_at_end(r.loop, commit, &r);
	r.signals.fd = signal_fd();
	watch_set(r.loop, &r.signals, true, false);
	r.secrets = secrets_open(i->dir);
	lineup_secrets(i, r.secrets);
	r.broker = broker_new(r.loop, r.secrets);
	outbox_recover(r.store);
	r.channels = channels_open(&(struct channels_parts){ r.loop, r.store, r.broker, r.secrets, i }, &r.channels_owner);
	line_up(&r);
	resume(&r);
	if (ready >= 0)
		close(ready);
	loop_run(r.loop);
	resident_close(&r);
	return r.failed;
}
