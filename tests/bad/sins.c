/* sins.c - an adapter that does, when a turn names it as its model, what no adapter may. Lines at
 * which it must be caught end with the name of the sin. Nothing else of it is worth copying. */
#include "adapter.h"

struct adapter {
	uint32_t ref;
	int turns;
	const char *kept, *say;
	const struct event *event;
	int numbers[4];
};
const size_t adapter_size = sizeof(struct adapter);

extern unsigned *__probe_hits, __probe_on;
void exit(int status);
void abort(void);
int socket(int domain, int type, int protocol);
int kill(int pid, int sig);

struct few { char texts[8]; int n; bool known; };

static int seven(const struct event *ev)
{
	int64_t n = 7;

	json_number(ev->json, "/max_tokens", 0, 1000, &n);
	return (int)n;
}

/* (in one line, for nobody knows at which of them the stack ends) */
static int deep(volatile int *n) { volatile int more[64]; more[*n & 63] = ++*n; return deep(n) + more[1]; }	/* recursion */

static void fill(struct few *f, int status)
{
	if (status == 999)
		*f = (struct few){ .n = 1 };
}

static int *gone(void)
{
	int local[4] = { 1, 2, 3, 4 };
	int *volatile at = local;

	return at;
}

static bool early(struct adapter *a, const struct event *ev, const char *sin)
{
	static const char *const words[3] = { "a", "b", "c" };
	const char *text = json_text(ev->json, "/model");
	volatile int n = seven(ev), zero = 0, most = 2147483647;
	struct text t = { 0 };
	char few[4];
	struct few f;

	if (text_is(sin, "table"))
		host_log("%s", words[n]);		/* table */
	if (text_is(sin, "past the text"))
		host_log("%c", text[strlen(text) + 2]);	/* past the text */
	if (text_is(sin, "past the array"))
		text_copy(few, (size_t)n, "abcdef");	/* past the array */
	if (text_is(sin, "past the state"))
		memset(a->numbers, n, 80);		/* past the state */
	if (text_is(sin, "sum"))
		zero = most + n;			/* sum */
	if (text_is(sin, "shift"))
		zero = n << (n + 40);			/* shift */
	if (text_is(sin, "null"))
		host_log("%c", *json_text(ev->json, "/nowhere"));	/* null */
	if (text_is(sin, "division"))
		zero = n / zero;			/* division */
	if (text_is(sin, "conversion"))
		zero = (int)(1e10 * n);			/* conversion */
	if (text_is(sin, "recursion"))
		zero = deep(&zero);
	if (text_is(sin, "loop"))
		while (n)				/* loop */
			zero++;
	if (text_is(sin, "loop of ours"))
		for (cJSON *list = json_list(); ; )
			json_push(list, json_string("more and more"));	/* loop of ours */
	if (text_is(sin, "hunger"))
		for (int i = 0; i < 40; i++)
			text_add(&t, text_make("%s%02000000d", text_of(&t), i));	/* hunger */
	if (text_is(sin, "exit"))
		exit(0);				/* exit */
	if (text_is(sin, "abort"))
		abort();				/* abort */
	if (text_is(sin, "socket"))
		zero = socket(2, 1, 0);			/* socket */
	if (text_is(sin, "kill"))
		zero = kill(0, 9);			/* kill */
	if (text_is(sin, "misuse"))
		host_call(ev->ref, 1, NULL, NULL);	/* misuse */
	if (text_is(sin, "returned"))
		host_log("%d", gone()[1]);		/* returned */
	fill(&f, ev->status);
	if (text_is(sin, "boolean") && f.known)		/* boolean */
		return false;
	if (text_is(sin, "garbage") && f.n < 0)
		return false;
	return true;
}

static void late(const struct adapter *a)
{
	const char *sin = a->say;

	if (text_is(sin, "kept"))
		host_log("%s", a->kept);		/* kept */
	if (text_is(sin, "kept event"))
		host_log("%d", a->event->status);	/* kept event */
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	const char *sin = json_text(ev->json, "/model");

	__probe_hits[ev->kind]++;
	if (ev->kind == EVENT_TURN) {
		a->turns++;
		a->ref = ev->ref;
		a->kept = json_text(ev->json, "/system");
		a->event = ev;
		a->say = text_make("%s", sin);
		if (early(a, ev, sin))
			host_call(a->ref, 1, "talk", NULL);
	}
	if (ev->kind == EVENT_HTTP) {
		late(a);
		host_result(a->ref, json_make("{stop:'end',text:%s,calls:%j}", a->turns > 1 || __probe_on < 3 ? "again" : "hi", json_list()));
	}
}
