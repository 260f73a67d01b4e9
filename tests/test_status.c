/* test_status.c - how things stand, as JSON and in words. */
#include "fixture.h"
#include "status.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include <time.h>

static const char lines[] = "name Chela\nchannel work = slack\nchannel quiet = slack\nowner U1 on work\nguest U2 on work\n";

static struct instance instance;
static struct store *store;
static struct lineup nobody;

static void begin(void)
{
	const char *why = conf_parse(STR(lines), "assistant.conf", &instance.conf);

	ck_assert_msg(!why, "%s", why);
	instance.dir = (char *)"/i";
	store = new_store();
	setenv("TZ", "UTC", 1);
	tzset();
}

static void end(void)
{
	store_close(store);
	conf_free(instance.conf);
}

static cJSON *build(const char *channels)
{
	DEFER(json_drop) cJSON *given = channels ? parsed(channels) : NULL;

	return status_build(&instance, &nobody, store, given, channels != NULL);
}

static void wrote(const char *channel, const char *who, int times)
{
	while (times--)
		stranger_count(store, channel, who);
}

static void nothing(void) { }

static void three_wrote(void)
{
	wrote("work", "U555", 3);
	store_set_clock(store, T0 + 1);
	wrote("quiet", "U1", 1);
}

static void known_wrote(void)
{
	wrote("work", "U1", 1);
	wrote("work", "U2", 2);
	wrote("gone", "U9", 1);
}

static void many_wrote(void)
{
	for (int i = 0; i < 8; i++) {
		DEFER(text_free) char *id = text_fmt("V%d", i);

		store_set_clock(store, T0 + i);
		wrote("work", id, 2);
	}
}

static void foreign_wrote(void)
{
	wrote("work", "```\x1b[2J\xE2\x80\xAEU", 2);
}

static void lost_some(void)
{
	outbox_failed(store, outbox_add(store, "work", "C1", "", "x", 0), "channel_not_found");
	store_set_clock(store, T0 + 60000);
	outbox_sending(store, outbox_add(store, "work", "C2", "", "x", 0));
	outbox_recover(store);
}

static const struct { const char *name; void (*make)(void); const char *channels, *want[3], *not; } words[] = {
	{ "nothing to tell", nothing, "[]",
	  { "Chela, running, in /i\n", "\n  waiting   0 in, 0 out, 0 that could not be read\n" }, "channel" },
	{ "not running, and no channels", nothing, NULL, { "Chela, not running, in /i\n" }, "channel" },
	{ "a channel that is ready", nothing,
	  "[{\"name\":\"work\",\"adapter\":\"slack\",\"state\":\"ready\",\"since\":1767225600000}]",
	  { "\n  channel   work         ready        slack, since 1 Jan 00:00\n" }, "nobody" },
	{ "one that is broken, and why", nothing,
	  "[{\"name\":\"work\",\"adapter\":\"slack\",\"state\":\"broken\",\"why\":\"invalid_auth: make \\u001b`one`\"}]",
	  { "\n  channel   work         broken       slack\n            invalid_auth: make ?'one'\n" }, "since" },
	{ "one to which nobody may talk", nothing, "[{\"name\":\"quiet\",\"adapter\":\"slack\",\"state\":\"not running\"}]",
	  { "\n  channel   quiet        not running  slack\n            nobody may talk to it yet; to let somebody: owner ID on quiet, or "
	    "guest ID on quiet, in assistant.conf\n" }, NULL },
	{ "strangers", three_wrote, "[]",
	  { "\n  unknown   U555 on work wrote 3 times; to let them: guest U555 on work, in assistant.conf\n",
	    "\n  unknown   U1 on quiet wrote once; to let them: guest U1 on quiet, in assistant.conf\n" }, NULL },
	{ "who was let in since is none", known_wrote, "[]", { "waiting" }, "unknown" },
	{ "the latest only", many_wrote, "[]", { "V7 on work", "V3 on work" }, "V2" },
	{ "what a stranger chose cannot move a cursor", foreign_wrote, "[]", { "\n  unknown   '''?[2J?U on work wrote 2 times; " },
	  "\x1b" },
	{ "what did not arrive", lost_some, "[]",
	  { "\n  lost      nobody knows whether it arrived: to C2 on work, 1 Jan 00:01\n"
	    "  lost      did not arrive: to C1 on work, 1 Jan 00:00\n            channel_not_found\n" }, NULL },
};

START_TEST(a_person_reads_how_things_stand)
{
	DEFER(buf_free) struct buf out = buf_new(100000);
	DEFER(json_drop) cJSON *status = NULL;

	words[_i].make();
	status = build(words[_i].channels);
	status_print(status, &out);
	for (size_t k = 0; k < COUNT(words[_i].want) && words[_i].want[k]; k++)
		ck_assert_msg(strstr(buf_text(&out), words[_i].want[k]), "%s:\n%s", words[_i].name, buf_text(&out));
	ck_assert_msg(!words[_i].not || !strstr(buf_text(&out), words[_i].not), "%s:\n%s", words[_i].name, buf_text(&out));
}
END_TEST

START_TEST(a_program_reads_all_of_it)
{
	DEFER(json_drop) cJSON *status = NULL;

	three_wrote();
	lost_some();
	status = build("[{\"name\":\"work\",\"adapter\":\"slack\",\"state\":\"ready\",\"since\":5}]");
	same_json(status, "{\"name\":\"Chela\",\"instance\":\"/i\",\"running\":true,\"models\":[],"
		"\"channels\":[{\"name\":\"work\",\"adapter\":\"slack\",\"state\":\"ready\",\"since\":5,\"people\":2}],"
		"\"strangers\":[{\"connection\":\"quiet\",\"sender\":\"U1\",\"count\":1,\"last\":1767225600001},"
		"{\"connection\":\"work\",\"sender\":\"U555\",\"count\":3,\"last\":1767225600000}],\"inbox\":0,\"outbox\":0,"
		"\"lost\":[{\"row\":2,\"connection\":\"work\",\"chat\":\"C2\",\"state\":\"unknown\",\"changed\":1767225660000},"
		"{\"row\":1,\"connection\":\"work\",\"chat\":\"C1\",\"state\":\"failed\",\"why\":\"channel_not_found\",\"changed\":1767225600001}],"
		"\"dead_letters\":0,\"audit\":{\"rows\":0},\"usage\":{\"turns\":0,\"in\":0,\"out\":0,\"cache_read\":0,\"cache_write\":0,"
		"\"micros\":0,\"unpriced\":0}}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status");
	TCase *t = tcase_create("status");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, a_person_reads_how_things_stand, 0, COUNT(words));
	tcase_add_test(t, a_program_reads_all_of_it);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
