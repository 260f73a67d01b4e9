/* test_job.c - one turn of a model adapter, with the real program, session and broker: what
 * its answer is, and what becomes of an adapter that does what it must not. */
#include "adapter/adapter.h"
#include "file.h"
#include "limits.h"
#include "talk.h"
#include <sys/stat.h>

static struct loop *loop;
static struct secrets *secrets;
static struct broker *broker;
static struct conf *conf;
static struct integration *one;
static struct spare *spare;

static struct listener {
	struct job_owner owner;
	struct buf deltas;
	int done;
	cJSON *result;
	int failure;
	char *why;
} listener;

static void delta(struct job_owner *o, const char *text)
{
	(void)o;
	ck_assert(!listener.done);
	buf_adds(&listener.deltas, text);
}

static void done(struct job_owner *o, const cJSON *result, int failure, const char *why)
{
	(void)o;
	listener.done++;
	listener.result = result ? cJSON_Duplicate(result, true) : NULL;
	listener.failure = failure;
	listener.why = text_dup(why);
}

static void begin(void)
{
	folder_make();
	loop = loop_new();
	service_open(loop);
	secrets = secrets_open(folder);
	broker = broker_new(loop, secrets);
	conf = configure("");
	one = talker(conf, "one");
	spare = spare_new(loop, one, 0);
	listener = (struct listener){ .owner = { delta, done }, .deltas = buf_new(1 << 20) };
}

static void finish(void)
{
	json_drop(&listener.result);
	text_free(&listener.why);
	buf_free(&listener.deltas);
	spare_free(spare);
	integration_free(one);
	conf_free(conf);
	broker_free(broker);
	secrets_free(secrets);
	service_close();
	loop_free(loop);
}

static struct job *ask(void)
{
	DEFER(json_drop) cJSON *turn = parsed("{\"model\":\"m-1\",\"max_tokens\":1000,\"tools\":[],"
					      "\"messages\":[{\"role\":\"user\",\"text\":\"hello\"}]}");

	return job_new(loop, broker, spare, turn, &listener.owner);
}

static void ask_and_wait(void)
{
	ask();
	while (!listener.done)
		loop_once(loop);
	ck_assert_int_eq(listener.done, 1);
}

#define END "{\"result\":{\"stop\":\"end\",\"text\":\"Hello.\",\"calls\":[]}}"

static const struct {
	const char *name, *answer;
	const char *text, *deltas;	/* text NULL: it fails, */
	int failure;			/* so, */
	const char *why;		/* and that says so */
} jobs[] = {
	{ "an answer in one piece", END, "Hello.", "", FAIL_NONE, NULL },
	{ "text that is shown as it comes", "{\"delta\":\"Hel\"}\n{\"delta\":\"lo.\"}\n" END, "Hello.", "Hello.", FAIL_NONE, NULL },
	{ "pieces of no meaning", "[DONE]\n{\"x\":1}\n" END "\n[DONE]", "Hello.", "", FAIL_NONE, NULL },
	{ "a failure of the service", "500 {\"error\":\"out of order\"}", NULL, "", FAIL_PLATFORM, "out of order" },
	{ "no right", "401 {\"error\":\"bad key\"}", NULL, "", FAIL_AUTH, "bad key" },
	{ "busy", "429 {}", NULL, "", FAIL_BUSY, "429" },
	{ "no answer", "close", NULL, "", FAIL_NETWORK, "" },
	{ "the adapter says that it failed", "{\"do\":\"refused\"}", NULL, "", FAIL_QUOTA, "nothing is left" },
	{ "the adapter wants to be asked again", "{\"do\":\"again\"}", NULL, "", FAIL_BUSY, "again later" },
	{ "a piece tells of a failure", "{\"delta\":\"Hel\"}\n{\"error\":\"overloaded\"}\n" END, NULL, "Hel", FAIL_BUSY, "overloaded" },
	{ "it answers and then says that it failed", "{\"do\":\"both\"}", NULL, "", JOB_ATTACK, "tried something forbidden" },
	{ "it crashes", "{\"delta\":\"Hel\"}\n{\"do\":\"crash\"}", NULL, "Hel", FAIL_PLATFORM, "has a bug" },
	{ "it asks for what its manifest does not have", "{\"do\":\"reach\"}", NULL, "", JOB_ATTACK, "\"pay\"" },
	{ "it makes a second request", "{\"do\":\"storm\"}", NULL, "", FAIL_INPUT, "1 request" },
	{ "it gives up without an answer", "{\"x\":1}", NULL, "", FAIL_PLATFORM, "did not answer" },
	{ "a result that is none", "{\"result\":{\"stop\":\"end\"}}", NULL, "", JOB_ATTACK, "tried something forbidden" },
	{ "a call of no name", "{\"result\":{\"stop\":\"calls\",\"text\":\"\",\"calls\":[{\"id\":\"a\",\"name\":\"\",\"args\":{}}]}}", NULL, "", JOB_ATTACK, "tried something forbidden" },
	{ "calls of a result that does not say so", "{\"result\":{\"stop\":\"end\",\"text\":\"x\",\"calls\":[{\"id\":\"a\",\"name\":\"now\",\"args\":{}}]}}", NULL, "", JOB_ATTACK, "tried something forbidden" },
	{ "a stop of no meaning", "{\"result\":{\"stop\":\"soon\",\"text\":\"x\",\"calls\":[]}}", NULL, "", JOB_ATTACK, "tried something forbidden" },
};

START_TEST(a_job_has_exactly_one_answer)
{
	LAY(jobs[_i].answer);
	ask_and_wait();
	ck_assert_msg(listener.failure == jobs[_i].failure, "%s: %d %s", jobs[_i].name, listener.failure, listener.why);
	if (jobs[_i].text)
		ck_assert_msg(json_is(listener.result, "/text", jobs[_i].text), "%s", jobs[_i].name);
	else
		ck_assert_msg(!listener.result && listener.why && strstr(listener.why, jobs[_i].why), "%s: %s",
			      jobs[_i].name, listener.why);
	ck_assert_msg(!strcmp(buf_text(&listener.deltas), jobs[_i].deltas), "%s: %s", jobs[_i].name,
		      buf_text(&listener.deltas));
}
END_TEST

START_TEST(the_service_is_shown_the_turn)
{
	LAY(END);
	ask_and_wait();
	ck_assert_int_eq(service.asked_n, 1);
	ck_assert(json_is(service.asked[0], "/turn/model", "m-1"));
	ck_assert(json_is(service.asked[0], "/turn/messages/0/text", "hello"));
}
END_TEST

START_TEST(a_long_stream_keeps_its_order)
{
	DEFER(buf_free) struct buf script = buf_new(1 << 20), want = buf_new(1 << 20);

	for (int i = 0; i < 2000; i++) {
		buf_addf(&script, "{\"delta\":\"%d \"}\n", i);
		buf_addf(&want, "%d ", i);
	}
	buf_adds(&script, END);
	LAY(buf_text(&script));
	ask_and_wait();
	ck_assert_str_eq(buf_text(&listener.deltas), buf_text(&want));
	ck_assert(json_is(listener.result, "/text", "Hello."));
}
END_TEST

START_TEST(an_adapter_that_reads_too_slowly_is_ended)
{
	DEFER(buf_free) struct buf script = buf_new(1 << 20);

	buf_adds(&script, "{\"do\":\"spin\"}\n");
	for (int i = 0; i < JOB_NEWS_MAX + 2; i++)
		buf_adds(&script, "{}\n");
	LAY(buf_text(&script));
	ask_and_wait();
	ck_assert_int_eq(listener.failure, FAIL_PLATFORM);
	ck_assert_msg(strstr(listener.why, "slower than it comes") != NULL, "%s", listener.why);
}
END_TEST

START_TEST(a_job_that_is_freed_says_nothing_more)
{
	struct job *j = ask();

	LAY("{\"delta\":\"too late\"}\n" END);
	while (!service.asked_n)
		loop_once(loop);
	job_free(j);
	ck_assert_int_eq(listener.done, 0);
	LAY(END);
	ask_and_wait();		/* the loop and the broker are as good as before */
	ck_assert_int_eq(listener.failure, FAIL_NONE);
	ck_assert_str_eq(buf_text(&listener.deltas), "");
}
END_TEST

START_TEST(a_job_may_be_freed_before_it_began)
{
	job_free(ask());
	ck_assert_int_eq(listener.done, 0);
	ck_assert_int_eq(service.asked_n, 0);
}
END_TEST

START_TEST(a_program_that_does_not_run_is_said)
{
	int fd = one->program;

	one->program = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ask_and_wait();
	close(one->program);
	one->program = fd;
	ck_assert_int_eq(listener.failure, FAIL_PLATFORM);
	ck_assert_msg(strstr(listener.why, "could not run") != NULL, "%s", listener.why);
}
END_TEST

START_TEST(a_turn_larger_than_any_message_is_too_large)
{
	char *text = malloc(MESSAGE_MAX + 1);
	DEFER(json_drop) cJSON *turn = NULL;

	memset(text, 'x', MESSAGE_MAX);
	text[MESSAGE_MAX] = 0;
	turn = json_build("{model:'m-1',text:%s}", text);
	free(text);
	job_new(loop, broker, spare, turn, &listener.owner);
	while (!listener.done)
		loop_once(loop);
	ck_assert_int_eq(listener.failure, FAIL_TOO_LARGE);
	ck_assert_int_eq(service.asked_n, 0);
}
END_TEST

/* ---- opening a model ----------------------------------------------------- */

#define TOOL "{\"name\":\"plain\",\"kind\":\"tool\",\"abi\":1,\"about\":\"is none\",\"operations\":{\"look\":{\"about\":\"looks\"," \
	     "\"method\":\"GET\",\"url\":\"https://plain.example/\",\"effects\":[\"read\"],\"retry\":\"never\"}}," \
	     "\"tools\":{\"look\":{\"about\":\"looks\",\"is\":\"look\"}}}"

static const struct {
	const char *name, *manifest, *set;
	const char *why;
} unfit[] = {
	{ "it has no contract", NULL, "", "manifest.json" },
	{ "its contract is broken", "{", "", "manifest.json" },
	{ "it is no model", TOOL, "", "is a tool, not a model" },
	{ "its configuration does not fit", manifest_text, "set one.max_tokens = 0\n", "max_tokens" },
	{ "it was never checked", manifest_text, "", "chela check plain" },
};

START_TEST(a_model_that_cannot_be_used_says_why)
{
	DEFER(text_free) char *build = text_fmt("%s/build", folder);
	struct instance i = { .root = folder, .dir = folder, .build = build, .conf = configure(unfit[_i].set), .lock = -1 };
	const struct conf_model *conf_one = conf_model(i.conf, "one");
	const struct integration_conf of = { .kind = KIND_MODEL, .name = "one", .adapter = conf_one->adapter,
					     .config = conf_one->config, .line = conf_one->line };
	const char *why, *manifest = unfit[_i].manifest;
	struct integration *m = NULL;
	char *note = NULL;

	ck_assert_int_eq(mkdir(in_folder("specs"), 0700) | mkdir(in_folder("specs/plain"), 0700), 0);
	if (manifest)
		ck_assert_int_eq(file_write(in_folder("specs/plain/manifest.json"), str_of(manifest), 0600), OK);
	why = integration_open(&i, &of, &m, &note);
	ck_assert_msg(why && strstr(why, unfit[_i].why) && strstr(why, "\"one\""), "%s: %s", unfit[_i].name, why);
	ck_assert(!m && !note);
	conf_free(i.conf);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("job");
	TCase *t = tcase_create("job");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_unchecked_fixture(t, program_build, folders_end);
	tcase_add_checked_fixture(t, begin, finish);
	tcase_add_loop_test(t, a_job_has_exactly_one_answer, 0, COUNT(jobs));
	tcase_add_test(t, the_service_is_shown_the_turn);
	tcase_add_test(t, a_long_stream_keeps_its_order);
	tcase_add_test(t, an_adapter_that_reads_too_slowly_is_ended);
	tcase_add_test(t, a_job_that_is_freed_says_nothing_more);
	tcase_add_test(t, a_job_may_be_freed_before_it_began);
	tcase_add_test(t, a_program_that_does_not_run_is_said);
	tcase_add_test(t, a_turn_larger_than_any_message_is_too_large);
	tcase_add_loop_test(t, a_model_that_cannot_be_used_says_why, 0, COUNT(unfit));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
