/* turn.c - see turn.h */
#include "turn.h"
#include "adapter/adapter.h"
#include "builtin.h"
#include "history.h"
#include "limits.h"
#include "loop.h"
#include "price.h"
#include "remedy.h"
#include "store/conversation.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct failed { int class; char *why; };

struct turn {
	struct agent *agent;
	struct store *store;
	const struct conf *conf;
	struct turn_owner *owner;
	struct inbound in;
	struct history history;
	char *system;
	int64_t row;

	struct job *job;		/* the model that is being asked, or asked to sum up */
	struct job_owner asking, summing;
	struct timer again, over;
	struct later run;		/* the call, when its row is durable */

	size_t model;			/* which of the agent's */
	struct failed *failed;		/* for each model, how it failed in this turn */
	int tries, folds;
	int64_t fold_row;		/* up to where the summary goes that is being made */
	int64_t steps, tokens;		/* so far */
	int64_t budget, result_chars;	/* of what the model is shown */
	int64_t asked_tokens;		/* what it was shown last, estimated */

	cJSON *calls;			/* of the last answer, while they run */
	const cJSON *call;		/* the one that runs */
	int calls_done;
	int64_t call_row;		/* 0: it has not begun */

	struct buf said;		/* what the steps that are over said */
	struct buf saying;		/* what this one says */
	struct buf shown;		/* what the owner was given since replaced() */
	int64_t outbox;			/* not 0: over, the owner is about to hear it */
};

/* ---- what the person sees ------------------------------------------------ */

static void show(struct turn *t, const char *text)
{
	buf_adds(&t->shown, text);
	if (!t->shown.full)
		t->owner->delta(t->owner, text);
}

/* Makes what is shown exactly this. */
static void show_only(struct turn *t, const char *text)
{
	if (strncmp(buf_text(&t->shown), text, t->shown.len) != 0 || t->shown.full) {
		t->owner->replaced(t->owner);
		buf_cut(&t->shown, 0);
	}
	if (text[t->shown.len])
		show(t, text + t->shown.len);
}

static void say(struct turn *t, const char *text)
{
	if (!text || !*text)
		return;
	if (t->said.len)
		buf_adds(&t->said, "\n\n");
	buf_adds(&t->said, text);
}

/* A whole answer is bounded; what the program itself adds has its room beside it. */
static void say_most(struct turn *t, const char *text)
{
	size_t room = t->said.len < ANSWER_TEXT_MAX ? ANSWER_TEXT_MAX - t->said.len : 0;
	DEFER(text_free) char *part = NULL;

	if (strlen(text) <= room) {
		say(t, text);
		return;
	}
	part = text_fmt("%.*s\n[cut: one turn says at most %d bytes]", (int)utf8_fit(str_of(text), room), text,
			ANSWER_TEXT_MAX);
	say(t, part);
}

static void model_says(struct job_owner *o, const char *text)
{
	struct turn *t = container_of(o, struct turn, asking);

	if (!*text)
		return;
	if (!t->saying.len && t->said.len)
		show(t, "\n\n");
	buf_adds(&t->saying, text);
	show(t, text);
}

/* ---- the end ------------------------------------------------------------- */

/* What was said becomes the answer: one transaction with the turn's end. */
static void end(struct turn *t, const char *state)
{
	show_only(t, buf_text(&t->said));
	t->outbox = t->owner->answer(t->owner, t->row, buf_text(&t->said));
	inbox_done(t->store, t->in.row);
	turn_end(t->store, t->row, state);
	timer_set(agent_parts(t->agent)->loop, &t->over, 0);
}

static void over(struct timer *timer)
{
	struct turn *t = container_of(timer, struct turn, over);

	t->owner->ended(t->owner, t->outbox);
}

static void add_message(struct turn *t, cJSON *message, const char *adapter)
{
	conversation_add(t->store, t->history.conversation, t->row, message, adapter);
	json_drop(&message);
}

/* Says it as the assistant, to the person and in the conversation. */
static void end_with(struct turn *t, const char *state, const char *words)
{
	add_message(t, json_build("{role:'assistant',text:%s}", words), NULL);
	say(t, words);
	end(t, state);
}

/* Which model answered instead of which, once for each reason. */
static void note_fallback(struct turn *t)
{
	const struct agent_parts *p = agent_parts(t->agent);

	for (size_t i = 0; i < t->model; i++) {
		DEFER(text_free) char *why = NULL, *note = NULL;

		if (!agent_tells(t->agent, i, t->failed[i].class))
			continue;
		why = remedy(p->models[i], t->failed[i].class, t->failed[i].why);
		note = text_fmt("(%s answered this. %s)", p->models[t->model]->name, why);
		say(t, note);
	}
	agent_tells(t->agent, t->model, FAIL_NONE);
}

static void give_up(struct turn *t)
{
	const struct agent_parts *p = agent_parts(t->agent);
	struct buf words = buf_new(ANSWER_TEXT_MAX);

	if (!p->models_n)
		buf_adds(&words, "No model is ready to answer. `chela status` says why, and what to do.");
	else
		buf_adds(&words, t->said.len ? "I could not go on." : "I could not answer.");
	for (size_t i = 0; i < p->models_n; i++) {
		DEFER(text_free) char *why = remedy(p->models[i], t->failed[i].class, t->failed[i].why);

		buf_addf(&words, p->models_n > 1 ? "\n- %s" : " %s", why);
	}
	end_with(t, "failed", buf_text(&words));
	buf_free(&words);
}

/* ---- asking a model ------------------------------------------------------ */

static const struct integration *model_of(const struct turn *t)
{
	return agent_parts(t->agent)->models[t->model];
}

static struct job *start_job(struct turn *t, const cJSON *turn, struct job_owner *owner)
{
	const struct agent_parts *p = agent_parts(t->agent);

	return job_new(p->loop, p->broker, agent_model(t->agent, t->model), turn, owner);
}

/* Begins a summary, or shortens what can be. False: nothing is left to shorten. */
static bool make_room(struct turn *t)
{
	int64_t row = t->folds < FOLDS_MAX ? history_fold_row(&t->history, model_of(t), t->budget) : 0;

	if (row) {
		DEFER(json_drop) cJSON *turn = history_summary_turn(&t->history, model_of(t), row, t->budget);

		t->folds++;
		t->fold_row = row;
		t->asked_tokens = history_tokens(turn);
		t->job = start_job(t, turn, &t->summing);
		return true;
	}
	if (t->result_chars <= RESULT_CHARS_TIGHT)
		return false;
	t->result_chars = RESULT_CHARS_TIGHT;
	return true;
}

/* The next step. What does not fit is made to fit first. */
static void ask(struct turn *t)
{
	while (!t->job) {
		DEFER(json_drop) cJSON *turn = history_turn(&t->history, model_of(t), t->result_chars);

		if (!json_count(json_at(turn, "/messages"))) {
			say(t, "(A new conversation was begun.)");
			end(t, "stopped");
			return;
		}
		t->asked_tokens = history_tokens(turn);
		if (t->asked_tokens <= t->budget || !make_room(t))
			t->job = start_job(t, turn, &t->asking);
	}
}

/* No other model of an adapter that did what is forbidden is asked: it is the same program. */
static size_t past_attackers(struct turn *t, size_t model)
{
	const struct agent_parts *p = agent_parts(t->agent);

	for (size_t i = 0; i < model && model < p->models_n; i++) {
		if (t->failed[i].class != JOB_ATTACK ||
		    strcmp(p->models[i]->manifest->name, p->models[model]->manifest->name) != 0)
			continue;
		t->failed[model] = (struct failed){ JOB_ATTACK, text_dup(t->failed[i].why) };
		model++;
		i = (size_t)-1;
	}
	return model;
}

static void ask_model(struct turn *t, size_t model)
{
	model = past_attackers(t, model);
	t->model = model;
	t->tries = 0;
	t->budget = t->conf->context;
	t->result_chars = RESULT_CHARS_MAX;
	if (model < agent_parts(t->agent)->models_n)
		ask(t);
	else
		give_up(t);
}

static bool worth_again(int class)
{
	return class == FAIL_BUSY || class == FAIL_PLATFORM || class == FAIL_NETWORK;
}

/* It is asked again, or shown less, or the next one is asked. */
static void attempt_failed(struct turn *t, int class, const char *why)
{
	const struct agent_parts *p = agent_parts(t->agent);
	struct failed *f = &t->failed[t->model];

	f->class = class;
	text_free(&f->why);
	f->why = text_dup(why);
	buf_cut(&t->saying, 0);
	show_only(t, buf_text(&t->said));
	if (worth_again(class) && ++t->tries < ASK_TRIES) {
		timer_set(p->loop, &t->again, (p->again_ms ? p->again_ms : ASK_WAIT_MS) << (t->tries - 1));
		return;
	}
	if (class == FAIL_TOO_LARGE) {
		t->budget = (t->asked_tokens < t->budget ? t->asked_tokens : t->budget) / 2;
		if (make_room(t)) {
			ask(t);
			return;
		}
	}
	ask_model(t, t->model + 1);
}

/* What it used; estimated where the model does not say. */
static void account(struct turn *t, const cJSON *result)
{
	const struct integration *m = model_of(t);
	const char *name = json_text(m->config, "/model");
	int64_t micros = PRICE_UNKNOWN;
	struct usage u;

	if (usage_read(result, &u))
		micros = price_of(t->conf, m->name, name ? name : "", &u);
	else
		u = (struct usage){ .in = t->asked_tokens, .out = history_tokens(result) };
	turn_usage(t->store, t->row, m->name, u.in, u.out, u.cache_read, u.cache_write, micros);
	t->tokens += u.in + u.out;
}

static void summed(struct job_owner *o, const cJSON *result, int failure, const char *why)
{
	struct turn *t = container_of(o, struct turn, summing);
	const char *text = json_text(result, "/text");

	t->job = NULL;
	if (!result && failure != FAIL_INPUT && failure != FAIL_TOO_LARGE) {
		t->folds--;		/* it could not answer at all: nothing is lost for that */
		attempt_failed(t, failure, why);
		return;
	}
	if (result)
		account(t, result);
	if (!result || !json_is(result, "/stop", "end") || !*text)
		text = NULL;
	history_fold(&t->history, t->fold_row, text, why ? why : "the model gave none");
	ask(t);
}

static void ignore(struct job_owner *o, const char *text)
{
	(void)o;
	(void)text;
}

/* ---- calls --------------------------------------------------------------- */

static void add_result(struct turn *t, const char *text, bool failed)
{
	add_message(t, json_build(failed ? "{role:'tool',id:%s,name:%s,text:%s,error:%b}" : "{role:'tool',id:%s,name:%s,text:%s}",
				  json_text(t->call, "/id"), json_text(t->call, "/name"), text, failed), NULL);
	t->call = json_next(t->call);
	t->calls_done++;
	t->call_row = 0;
}

/* The calls that are left do not run. */
static void drop_calls(struct turn *t, const char *why)
{
	while (t->call) {
		if (t->call_row)
			call_end(t->store, t->call_row, why, true);
		add_result(t, why, true);
	}
}

static void calls_over(struct turn *t)
{
	t->call = NULL;
	t->calls_done = 0;
	json_drop(&t->calls);
	t->calls = NULL;
}

/* The next call, when it is written down; after the last, the next step. */
static void call_next(struct turn *t)
{
	const char *name = json_text(t->call, "/name");

	if (t->calls_done >= CALLS_PER_STEP_MAX)
		drop_calls(t, "Not run: too many calls at once. Make fewer, one after the other.");
	if (!t->call) {
		calls_over(t);
		ask(t);
		return;
	}
	t->call_row = call_begin(t->store, t->row, json_text(t->call, "/id"), name, json_at(t->call, "/args"));
	loop_after(agent_parts(t->agent)->loop, &t->run);
	t->owner->tool(t->owner, name);
}

static void run_call(struct later *later)
{
	struct turn *t = container_of(later, struct turn, run);
	const struct task task = { .turn = t->row, .connection = t->in.connection, .person = t->in.person,
				   .shared = t->in.shared };
	bool failed = false;
	DEFER(text_free) char *text = builtin_call(t->store, t->conf, &task, json_text(t->call, "/name"),
						   json_at(t->call, "/args"), &failed);

	call_end(t->store, t->call_row, text, failed);
	add_result(t, text, failed);
	call_next(t);
}

/* ---- what came of a step ------------------------------------------------- */

static void keep_answer(struct turn *t, const cJSON *result)
{
	const cJSON *calls = json_at(result, "/calls");
	const char *text = json_text(result, "/text");

	add_message(t, json_build("{role:'assistant',text:%s,calls:%j,raw:%j}", text,
				  json_count(calls) ? calls : NULL, json_at(result, "/raw")),
		    model_of(t)->manifest->name);
	say_most(t, text);
	buf_cut(&t->saying, 0);
	show_only(t, buf_text(&t->said));
	t->steps++;
	t->tries = 0;
}

/* Why the turn may not go on, for the person; NULL: it may. Owned. */
static char *limit_reached(const struct turn *t)
{
	if (t->steps >= t->conf->steps)
		return text_fmt("(I stopped here: one turn may take %lld steps. Say so if I shall go on; `limit steps` in "
				"assistant.conf allows more.)", (long long)t->conf->steps);
	if (t->tokens >= t->conf->tokens)
		return text_fmt("(I stopped here: one turn may use %lld tokens, and this one used %lld. Say so if I shall go on; "
				"`limit tokens` in assistant.conf allows more.)", (long long)t->conf->tokens,
				(long long)t->tokens);
	return NULL;
}

static void go_on(struct turn *t)
{
	DEFER(text_free) char *limit = limit_reached(t);

	if (!limit) {
		call_next(t);
		return;
	}
	drop_calls(t, "Not run: the turn had reached its limit.");
	end_with(t, "done", limit);
}

static void step_calls(struct turn *t, const cJSON *result)
{
	keep_answer(t, result);
	t->calls = cJSON_Duplicate(json_at(result, "/calls"), true);
	t->call = json_first(t->calls);
	go_on(t);
}

static void step_pause(struct turn *t, const cJSON *result)
{
	keep_answer(t, result);
	go_on(t);
}

static void last_step(struct turn *t, const cJSON *result, const char *note)
{
	keep_answer(t, result);
	if (!t->said.len && !note)
		say(t, "(The model gave an empty answer.)");
	say(t, note);
	note_fallback(t);
	end(t, "done");
}

static void step_end(struct turn *t, const cJSON *result)
{
	last_step(t, result, NULL);
}

static void step_length(struct turn *t, const cJSON *result)
{
	last_step(t, result, "(The answer was cut off here: it reached `max_tokens`. Say so if I shall go on.)");
}

static void step_refusal(struct turn *t, const cJSON *result)
{
	last_step(t, result, "(The model declined to answer this.)");
}

static void step_window(struct turn *t, const cJSON *result)
{
	(void)result;
	attempt_failed(t, FAIL_TOO_LARGE, "its window is full");
}

/* What each "stop" of a result means. */
static const struct {
	const char *stop;
	void (*step)(struct turn *t, const cJSON *result);
} steps[] = {
	{ "end", step_end },
	{ "calls", step_calls },
	{ "length", step_length },
	{ "refusal", step_refusal },
	{ "pause", step_pause },
	{ "window", step_window },
	{ "other", step_end },
};

static void answered(struct job_owner *o, const cJSON *result, int failure, const char *why)
{
	struct turn *t = container_of(o, struct turn, asking);
	size_t i = 0;

	t->job = NULL;
	if (!result) {
		attempt_failed(t, failure, why);
		return;
	}
	account(t, result);
	while (i < COUNT(steps) && !json_is(result, "/stop", steps[i].stop))
		i++;
	assert(i < COUNT(steps));	/* the session saw to it */
	steps[i].step(t, result);
}

/* ---- beginning and going on ---------------------------------------------- */

static void again(struct timer *timer)
{
	struct turn *t = container_of(timer, struct turn, again);

	if (t->model >= agent_parts(t->agent)->models_n)
		give_up(t);
	else
		go_on(t);
}

static struct turn *make(struct agent *a, const struct inbound *in, struct turn_owner *owner)
{
	const struct agent_parts *p = agent_parts(a);
	struct turn *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	*t = (struct turn){
		.agent = a, .store = p->store, .conf = p->instance->conf, .owner = owner, .in = inbound_copy(in),
		.asking = { model_says, answered }, .summing = { ignore, summed },
		.again.fired = again, .over.fired = over, .run.run = run_call,
		.budget = p->instance->conf->context, .result_chars = RESULT_CHARS_MAX,
		.said = buf_new(2 * ANSWER_TEXT_MAX), .saying = buf_new(ANSWER_TEXT_MAX), .shown = buf_new(3 * ANSWER_TEXT_MAX),
	};
	t->failed = calloc(p->models_n + 1, sizeof *t->failed);
	if (!t->failed)
		abort();
	t->system = history_system_for(agent_system(a), in->shared);
	t->history = (struct history){
		.store = p->store, .conf = t->conf, .system = t->system, .person = t->in.person, .shared = t->in.shared,
		.conversation = conversation_find(p->store, in->connection, in->chat, in->thread),
	};
	timer_set(p->loop, &t->again, 0);
	return t;
}

/* Where several speak. Nothing in it can pass for more than a name. */
static char *speaker(const struct inbound *in)
{
	DEFER(text_free) char *name = text_dup(in->sender);

	for (char *c = name; *c; c++)
		if ((unsigned char)*c <= ' ' || strchr("[],\"", *c))
			*c = '_';
	return text_fmt("%s%s", name, strcmp(in->person, "owner") == 0 ? ", an owner" : "");
}

struct turn *turn_new(struct agent *a, const struct inbound *in, struct turn_owner *owner)
{
	struct turn *t = make(a, in, owner);
	DEFER(text_free) char *from = in->shared ? speaker(in) : NULL;

	t->row = turn_begin(t->store, t->history.conversation, in->row, in->connection);
	add_message(t, json_build("{role:'user',text:%s,from:%s}", in->text, from), NULL);
	return t;
}

/* The last thing that the person said, and so the begin of this turn; NULL: none. */
static const cJSON *last_user(const cJSON *messages)
{
	const cJSON *user = NULL;

	for (const cJSON *m = json_first(messages); m; m = json_next(m)) {
		if (json_is(m, "/role", "user"))
			user = m;
	}
	return user;
}

static bool has_result(const cJSON *assistant, const char *id)
{
	for (const cJSON *m = json_next(assistant); m; m = json_next(m)) {
		if (json_is(m, "/id", id))
			return true;
	}
	return false;
}

/* Calls that had begun, which may have been done: the model is told so. */
static void close_unknown(struct turn *t)
{
	DEFER(json_drop) cJSON *unknown = calls_unknown(t->store, t->row);

	for (t->call = json_first(unknown); t->call;) {
		int64_t row = 0;

		json_number(t->call, "/call", 1, INT64_MAX, &row);
		call_end(t->store, row, HISTORY_UNKNOWN, true);
		add_result(t, HISTORY_UNKNOWN, true);
	}
	t->calls_done = 0;
}

/* Where the turn was: what it said, its steps, and the calls that had not begun. */
static void recall(struct turn *t)
{
	DEFER(json_drop) cJSON *messages = NULL;
	const cJSON *assistant = NULL;

	close_unknown(t);
	messages = conversation_messages(t->store, t->history.conversation, NULL);
	for (const cJSON *m = last_user(messages); m; m = json_next(m)) {
		if (!json_is(m, "/role", "assistant"))
			continue;
		assistant = m;
		t->steps++;
		say(t, json_text(m, "/text"));
	}
	t->calls = cJSON_CreateArray();
	for (const cJSON *c = json_first(json_at(assistant, "/calls")); c; c = json_next(c)) {
		if (!has_result(assistant, json_text(c, "/id")))
			cJSON_AddItemToArray(t->calls, cJSON_Duplicate(c, true));
	}
	t->call = json_first(t->calls);
}

struct turn *turn_resume(struct agent *a, int64_t row, const struct inbound *in, struct turn_owner *owner)
{
	struct turn *t = make(a, in, owner);
	DEFER(text_free) char *key = text_fmt("turn %lld", (long long)row);

	t->row = row;
	t->tokens = turn_tokens(t->store, row);
	recall(t);
	owner->replaced(owner);		/* whoever outlived the crash has a half answer before them */
	show_only(t, buf_text(&t->said));
	if (poison_count(t->store, in->connection, key) > RESUMES_MAX) {
		timer_stop(&t->again);
		drop_calls(t, "Not run: the turn was given up.");
		end_with(t, "failed", "I gave this up: each time I went on with it, the assistant went down. Please ask in "
			 "another way, and tell whoever looks after this program.");
	}
	return t;
}

int64_t turn_row(const struct turn *t)
{
	return t->row;
}

/* Nothing of it runs any more. */
static void halt(struct turn *t)
{
	job_free(t->job);
	t->job = NULL;
	timer_stop(&t->again);
	loop_forget(agent_parts(t->agent)->loop, &t->run);
}

void turn_stop(struct turn *t)
{
	DEFER(text_free) char *words = NULL;

	if (t->outbox)
		return;
	halt(t);
	drop_calls(t, "Not run: the person interrupted.");
	words = text_fmt("%s%s(Interrupted.)", buf_text(&t->saying), t->saying.len ? "\n\n" : "");
	end_with(t, "stopped", words);
}

void turn_free(struct turn *t)
{
	if (!t)
		return;
	halt(t);
	timer_stop(&t->over);
	for (size_t i = 0; i < agent_parts(t->agent)->models_n; i++)
		text_free(&t->failed[i].why);
	free(t->failed);
	json_drop(&t->calls);
	buf_free(&t->said);
	buf_free(&t->saying);
	buf_free(&t->shown);
	text_free(&t->system);
	inbound_free(&t->in);
	free(t);
}
