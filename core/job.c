/* job.c - see job.h */
#include "job.h"
#include "adapter/adapter.h"
#include "adapter/session.h"
#include "limits.h"
#include "log.h"
#include "loop.h"
#include "news.h"
#include <stdlib.h>
#include <string.h>

enum { TURN_REF = 1 };		/* a job has one request */

struct call {			/* one operation of the adapter, at the broker */
	struct exchange_owner owner;
	struct job *job;
	struct exchange *exchange;
	uint32_t ref, tag;
	struct call *next;
};

struct job {
	struct loop *loop;
	struct broker *broker;
	const struct integration *model;
	struct job_owner *owner;
	struct session *session;
	struct process *process;
	struct process_owner process_owner;
	struct call *calls;
	struct news_queue news;
	struct timer overdue, finish;
	cJSON *turn;
	bool finished;			/* what follows is to be told to the owner */
	cJSON *result;
	int failure;
	char *why;
};

/* What comes of it; told from the loop. The first counts, but a failure takes the place of
 * a result, and an attack that of any: nothing excuses what was done in the same event.
 * Takes both. */
static void finish(struct job *j, cJSON *result, int failure, char *why)
{
	if (j->finished && !j->result && (failure != JOB_ATTACK || j->failure == JOB_ATTACK)) {
		json_drop(&result);
		text_free(&why);
		return;
	}
	json_drop(&j->result);
	text_free(&j->why);
	j->finished = true;
	j->result = result;
	j->failure = failure;
	j->why = why;
	timer_set(j->loop, &j->finish, 0);
}

/* `sentence` tells an attack from a bug or a limit. */
static void break_off(struct job *j, enum process_end end, const char *sentence)
{
	static const char *const ends[] = {
		[END_ASKED] = "asked", [END_BUG] = "bug", [END_ATTACK] = "attack", [END_LIMIT] = "limit", [END_SYSTEM] = "system",
	};
	static const char *const what[] = {
		[END_ASKED] = "was ended", [END_BUG] = "was ended", [END_LIMIT] = "was ended", [END_SYSTEM] = "could not run",
		[END_ATTACK] = "was stopped because it tried something forbidden",
	};
	const char *adapter = j->model->manifest->name;

	if (!j->finished || end == END_ATTACK)
		log_event(end == END_ATTACK ? LOG_BROKEN : LOG_ODD, "adapter ended", "adapter", adapter, "end", ends[end],
			  "why", sentence, NULL);
	finish(j, NULL, end == END_ATTACK ? JOB_ATTACK : FAIL_PLATFORM,
	       text_fmt("the adapter \"%s\" %s: %s", adapter, what[end], sentence));
}

static void add_news(struct job *j, const struct adapter_event_out *event)
{
	news_add(&j->news, event);
	if (j->news.n > JOB_NEWS_MAX)
		break_off(j, END_LIMIT, "it reads the answer slower than it comes");
}

/* The session is to know what is told now; of a turn it checks what comes back. */
static void tell(struct job *j, const struct adapter_event_out *event)
{
	if (event->kind == EVENT_TURN)
		session_request(j->session, event->ref, EVENT_TURN, NULL, j->turn);
	if (event->kind != EVENT_HTTP || session_answered(j->session, event->ref, event->tag))
		process_tell(j->process, event);
}

static void tell_next(struct job *j)
{
	struct news *n;

	while (!j->finished && process_idle(j->process) && (n = news_take(&j->news)) != NULL) {
		tell(j, &n->event);
		news_free(n);
	}
	if (!j->finished && process_idle(j->process) && !j->calls)
		break_off(j, END_BUG, "it did not answer, and waits for nothing");
}

static void tell_piece(struct exchange_owner *o, const struct answer *piece)
{
	struct call *c = container_of(o, struct call, owner);
	DEFER(text_free) char *json = piece->json ? json_print(piece->json) : NULL;

	add_news(c->job, &(struct adapter_event_out){
		.kind = EVENT_PART, .ref = c->ref, .tag = c->tag, .failure = piece->failure,
		.text = piece->failure ? piece->why : piece->text, .json = json,
	});
	tell_next(c->job);
}

static void call_forget(struct call *c)
{
	struct call **at = &c->job->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	free(c);
}

static void tell_answer(struct exchange_owner *o, const struct answer *answer)
{
	struct call *c = container_of(o, struct call, owner);
	struct job *j = c->job;
	DEFER(text_free) char *json = answer->json ? json_print(answer->json) : NULL;

	add_news(j, &(struct adapter_event_out){
		.kind = EVENT_HTTP, .ref = c->ref, .tag = c->tag, .status = answer->status,
		.failure = answer->failure, .name = answer->word,
		.text = answer->failure ? answer->why : answer->text, .json = json,
	});
	call_forget(c);
	tell_next(j);
}

static void send_call(struct job *j, struct ask *ask)
{
	struct call *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	*c = (struct call){ .owner = { tell_piece, tell_answer }, .job = j, .ref = ask->ref, .tag = ask->tag };
	c->next = j->calls;
	j->calls = c;
	c->exchange = broker_send(j->broker, &j->model->party, &ask->request, &c->owner);
}

static void take(struct job *j, struct ask *ask)
{
	switch (ask->kind) {
	case ASK_CALL:
		send_call(j, ask);
		break;
	case ASK_REFUSED:
		add_news(j, &(struct adapter_event_out){ .kind = EVENT_HTTP, .ref = ask->ref, .tag = ask->tag,
			.status = -1, .failure = ask->class, .text = ask->text });
		break;
	case ASK_DELTA:
		j->owner->delta(j->owner, ask->text);
		break;
	case ASK_RESULT:
		finish(j, ask->json, FAIL_NONE, NULL);
		ask->json = NULL;
		break;
	case ASK_FAILED:
		finish(j, NULL, ask->class, text_dup(ask->text));
		break;
	case ASK_AGAIN:
		finish(j, NULL, FAIL_BUSY, text_dup("it asks to be asked again later"));
		break;
	case ASK_LOG:
		log_event(LOG_INFO, "adapter says", "model", j->model->name, "text", ask->text, NULL);
		break;
	case ASK_NOTHING: case ASK_OPEN: case ASK_FRAME: case ASK_CLOSE: case ASK_SHUT: case ASK_TIMER:
	case ASK_DELIVER: case ASK_READY: case ASK_BROKEN: case ASK_KEEP:
		break;			/* of no use to a job: nothing of it is kept */
	}
	ask_free(ask);
}

static void heard(struct process_owner *o, const struct wire_message *outputs, size_t n)
{
	struct job *j = container_of(o, struct job, process_owner);

	for (size_t i = 0; i < n; i++) {
		struct ask ask = { .kind = ASK_NOTHING };
		const char *violation = session_take(j->session, &outputs[i], &ask);

		if (violation) {
			DEFER(text_free) char *sentence = text_fmt("it %s", violation);

			break_off(j, END_ATTACK, sentence);
		} else {
			take(j, &ask);
		}
	}
	tell_next(j);
}

static void ended(struct process_owner *o, enum process_end end, const char *why)
{
	break_off(container_of(o, struct job, process_owner), end, why);
}

static void overdue(struct timer *t)
{
	struct job *j = container_of(t, struct job, overdue);

	finish(j, NULL, FAIL_NETWORK, text_fmt("no answer within %d minutes", JOB_MS / 60000));
}

/* Nothing of it runs any more. */
static void stop(struct job *j)
{
	timer_stop(&j->overdue);
	timer_stop(&j->finish);
	while (j->calls) {
		exchange_free(j->calls->exchange);
		call_forget(j->calls);
	}
	process_free(j->process);
	j->process = NULL;
}

static void finish_fired(struct timer *t)
{
	struct job *j = container_of(t, struct job, finish);

	stop(j);
	j->owner->done(j->owner, j->result, j->failure, j->why);
	job_free(j);
}

static void queue_start(struct job *j)
{
	DEFER(json_drop) cJSON *start = json_build("{config:%j}", j->model->config);
	DEFER(text_free) char *start_text = json_print(start);
	DEFER(text_free) char *turn_text = json_print(j->turn);

	if (strlen(turn_text) > MESSAGE_MAX) {
		finish(j, NULL, FAIL_TOO_LARGE, text_dup("the conversation is larger than we tell an adapter"));
		return;
	}
	add_news(j, &(struct adapter_event_out){ .kind = EVENT_START, .json = start_text });
	add_news(j, &(struct adapter_event_out){ .kind = EVENT_TURN, .ref = TURN_REF, .json = turn_text });
}

struct job *job_new(struct loop *loop, struct broker *broker, struct spare *model, const cJSON *turn,
		    struct job_owner *owner)
{
	const struct integration *m = spare_model(model);
	struct job *j = calloc(1, sizeof *j);

	if (!j)
		abort();
	*j = (struct job){ .loop = loop, .broker = broker, .model = m, .owner = owner,
			   .process_owner = { heard, ended }, .overdue.fired = overdue, .finish.fired = finish_fired };
	j->turn = cJSON_Duplicate(turn, true);
	j->session = session_new(m->manifest, m->config);
	j->process = spare_take(model, &j->process_owner);
	timer_set(loop, &j->overdue, JOB_MS);
	queue_start(j);
	tell_next(j);
	return j;
}

void job_free(struct job *j)
{
	if (!j)
		return;
	stop(j);
	news_clear(&j->news);
	session_free(j->session);
	json_drop(&j->turn);
	json_drop(&j->result);
	text_free(&j->why);
	free(j);
}
