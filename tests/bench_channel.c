/* bench_channel.c - a message there and back through a channel, over real sockets, against a
 * workspace that answers at once (bench_slack.h). */
#include "bench_parts.h"
#include "bench_slack.h"
#include "buf.h"
#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CHANNELS = 3, STARTS = 10, ROUND_TRIPS = 300, ONE_BY_ONE = 300, WORDS_AT_ONCE = 48, TURNS_AT_ONCE = 24,
	WORDS = 5000, PATIENCE_MS = 30000, QUIET_MS = 40,
	CHATS = 6000,			/* so that none has two messages within a second: Slack wants that */
};

static const char *const stage_names[] = { [ACKNOWLEDGED] = "acknowledged", [ASKED] = "the model asked", [POSTED] = "posted" };

struct bench {
	struct workspace_owner owner;
	struct loop *loop;
	struct workspace *workspace;
	char *conf, *log, *chela, *dir;
	pid_t core;
	int disk, greeted, chat, said, posted;
	double said_ms[CHATS];		/* when something was said there last */
	double first_ms[HAPPENINGS];	/* when it happened first since something was said; 0: not yet */
	double last_ms;			/* when anything happened last */
	struct timer tick;
};

static void happened(struct workspace_owner *o, enum happening what, double at_ms, const char *chat)
{
	struct bench *b = container_of(o, struct bench, owner);

	b->greeted += what == GREETED;
	b->posted += what == POSTED;
	b->last_ms = now_ms();
	if (b->first_ms[what] == 0)
		b->first_ms[what] = at_ms;
	(void)chat;
}

static void tick(struct timer *t)
{
	(void)t;
}

/* One turn of the loop, of at most some milliseconds. */
static void turn(struct bench *b)
{
	b->tick.fired = tick;
	timer_set(b->loop, &b->tick, 5);
	loop_once(b->loop);
}

static void wait_for(struct bench *b, const int *count, int wanted)
{
	double since = now_ms();

	for (int had = *count; *count < wanted;) {
		turn(b);
		if (*count != had) {
			had = *count;
			since = now_ms();
		}
		if (now_ms() - since > PATIENCE_MS) {
			fprintf(stderr, "bench: %d of %d; what the core said is in %s\n", *count, wanted, b->log);
			exit(1);
		}
	}
}

/* Until nothing has happened for a while: what follows meets a program at rest. */
static void settle(struct bench *b)
{
	while (now_ms() - b->last_ms < QUIET_MS)
		turn(b);
}

/* ---- the core ------------------------------------------------------------ */

static void run_to_end(char *const *args, const char *log)
{
	int status;

	waitpid(start(args, log), &status, 0);
	if (status != 0)
		fail(log);
}

static void prepare(struct bench *b)
{
	char *check[] = { b->chela, (char[]){ "--instance" }, b->dir, (char[]){ "check" }, (char[]){ "slack" },
			  (char[]){ "openai" }, NULL };
	FILE *f;

	mkdir(b->dir, 0700);
	f = fopen(b->conf, "we");
	if (!f)
		fail("the third folder cannot be written");
	fprintf(f, "model m = openai at http://127.0.0.1:%d/v1 using x\nuse m\n", workspace_port(b->workspace));
	for (int i = 0; i < CHANNELS; i++)
		fprintf(f, "channel work%d = slack played at 127.0.0.1:%d\nowner U1 on work%d\n", i,
			workspace_port(b->workspace), i);
	fclose(f);
	run_to_end(check, b->log);
}

/* Until all sockets were told hello. */
static double run(struct bench *b, bool first)
{
	char *args[] = { b->chela, (char[]){ "--instance" }, b->dir, (char[]){ "run" }, (char[]){ "--yes-to" },
			 (char[]){ "openai,slack" }, NULL };
	double began = now_ms();

	if (!first)
		args[4] = NULL;
	b->greeted = 0;
	b->core = start(args, b->log);
	wait_for(b, &b->greeted, CHANNELS);
	began = now_ms() - began;
	settle(b);
	return began;
}

static void halt(struct bench *b)
{
	kill(b->core, SIGTERM);
	while (waitpid(b->core, NULL, WNOHANG) == 0)
		turn(b);
}

static void print_memory(const struct bench *b, const char *when)
{
	int n;
	long core = memory_kb(b->core, "Private_"), adapters = children_kb(b->core, "Private_", &n);
	long core_rss = memory_kb(b->core, "Rss"), adapters_rss = children_kb(b->core, "Rss", &n);

	printf("%-24s private %.1f MiB (core %ld kB, %d adapters %ld kB), resident %ld and %ld kB\n", when,
	       (double)(core + adapters) / 1024, core, n, adapters, core_rss, adapters_rss);
	fflush(stdout);
}

/* ---- one message after the other ----------------------------------------- */

static void say(struct bench *b, const char *text)
{
	memset(b->first_ms, 0, sizeof b->first_ms);
	b->said_ms[b->chat] = workspace_say(b->workspace, b->chat, text);
	b->chat = (b->chat + 1) % CHATS;
	b->said++;
}

static void one_by_one(struct bench *b, const char *title, const char *text)
{
	static double took[HAPPENINGS][ONE_BY_ONE], syncs[ONE_BY_ONE];
	double cpu = cpu_ms(b->core);

	for (int i = 0; i < ONE_BY_ONE; i++) {
		int chat = b->chat;

		syncs[i] = sync_ms(b->disk);
		say(b, text);
		wait_for(b, &b->posted, b->said);
		settle(b);
		for (int k = 0; k < HAPPENINGS; k++)
			took[k][i] = b->first_ms[k] ? b->first_ms[k] - b->said_ms[chat] : 0;
	}
	cpu = (cpu_ms(b->core) - cpu) / ONE_BY_ONE;
	printf("%-24s one fdatasync %17s p50 %6.2f ms  p99 %6.2f ms\n", title, "", part(syncs, ONE_BY_ONE, .5),
	       part(syncs, ONE_BY_ONE, .99));
	for (int k = 0; k < HAPPENINGS; k++) {
		double p50 = part(took[k], ONE_BY_ONE, .5), p99 = part(took[k], ONE_BY_ONE, .99);

		if (p50 > 0)
			printf("%-24s until %-25s p50 %6.2f ms  p99 %6.2f ms   that is %.1f and %.1f of them\n", "", stage_names[k],
			       p50, p99, p50 / part(syncs, ONE_BY_ONE, .5), p99 / part(syncs, ONE_BY_ONE, .99));
	}
	printf("%-24s the core's processor time for all of it %.2f ms\n", "", cpu);
	fflush(stdout);
}

/* ---- one round trip, with nothing but libcurl ---------------------------- */

static size_t ignore(char *bytes, size_t size, size_t n, void *to)
{
	(void)bytes;
	(void)to;
	return size * n;
}

static void post(const char *url, int told)
{
	CURL *curl = curl_easy_init();

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "{\"text\":\"hello\"}");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	for (int i = 0; i <= ROUND_TRIPS; i++) {
		double began = now_ms();

		if (curl_easy_perform(curl) != CURLE_OK)
			exit(1);
		began = now_ms() - began;
		if (i > 0 && write(told, &began, sizeof began) < 0)	/* the first one connects */
			exit(1);
	}
	curl_easy_cleanup(curl);
	exit(0);
}

static void round_trips(struct bench *b)
{
	static double took[ROUND_TRIPS];
	DEFER(text_free) char *url = text_fmt("http://127.0.0.1:%d/api/nothing", workspace_port(b->workspace));
	int told[2];
	pid_t child;

	if (pipe2(told, O_CLOEXEC))
		fail("no pipe is to be had");
	child = fork();
	if (child == 0)
		post(url, told[1]);
	while (waitpid(child, NULL, WNOHANG) == 0)
		turn(b);
	if (read(told[0], took, sizeof took) != sizeof took)
		fail("libcurl has no answer");
	close(told[0]);
	close(told[1]);
	printf("%-24s libcurl alone, one round trip  p50 %6.2f ms  p99 %6.2f ms\n", "", part(took, ROUND_TRIPS, .5), part(took, ROUND_TRIPS, .99));
}

/* ---- many at once -------------------------------------------------------- */

static void many(struct bench *b, const char *title, const char *text, int n, int at_once)
{
	static double syncs[100];
	double began = now_ms(), cpu = cpu_ms(b->core), took;
	int from = b->said, tenth = n / 10;

	for (int i = 0; i < n;) {
		while (i < n && b->said - b->posted < at_once) {
			say(b, text);
			if (++i % tenth == 0 && n > WORDS) {
				DEFER(text_free) char *when = text_fmt("  after %d messages", i);

				print_memory(b, when);
			}
		}
		wait_for(b, &b->posted, b->posted + 1);
	}
	wait_for(b, &b->posted, b->said);
	took = now_ms() - began;
	cpu = cpu_ms(b->core) - cpu;
	settle(b);
	for (size_t i = 0; i < COUNT(syncs); i++)
		syncs[i] = sync_ms(b->disk);
	printf("%-24s %.0f messages a second, %d under way, %.2f ms of the core's processor time each; the disk syncs "
	       "%.0f times a second\n", title, (b->said - from) / took * 1e3, at_once, cpu / (b->said - from),
	       1e3 / part(syncs, (int)COUNT(syncs), .5));
	fflush(stdout);
}

void bench_channel(char *chela, char *dir, int messages)
{
	static struct bench b;
	static double starts[STARTS];
	DEFER(text_free) char *conf = text_fmt("%s/assistant.conf", dir);
	DEFER(text_free) char *log = text_fmt("%s/words", dir);
	DEFER(text_free) char *file = text_fmt("%s/sync", dir);

	b = (struct bench){ .owner = { happened }, .loop = loop_new(), .conf = conf, .log = log, .chela = chela, .dir = dir };
	b.workspace = workspace_new(b.loop, &b.owner);
	prepare(&b);
	b.disk = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	run(&b, true);
	for (int i = 0; i < STARTS; i++) {
		halt(&b);
		starts[i] = run(&b, false);
	}
	printf("start                    until %d sockets said hello      p50 %6.1f ms  most %5.1f ms\n", CHANNELS, part(starts, STARTS, .5), part(starts, STARTS, 1));
	print_memory(&b, "memory, idle");
	round_trips(&b);
	one_by_one(&b, "said by the program", "which model");
	one_by_one(&b, "said by a model", "hello");
	many(&b, "many, by the program", "which model", WORDS, WORDS_AT_ONCE);
	print_memory(&b, "then");
	many(&b, "many, by a model", "hello", messages, TURNS_AT_ONCE);
	print_memory(&b, "at the end");
	halt(&b);
	workspace_free(b.workspace);
	timer_stop(&b.tick);
	loop_free(b.loop);
	close(b.disk);
	unlink(file);
}
