/* test_lineup.c - which secrets there are, for whom, and which are lacking. */
#include "file.h"
#include "folder.h"
#include "lineup.h"
#include <string.h>
#include <sys/stat.h>

/* What differs is put in: the name, the base, and what may stand behind it. */
static const char manifest[] =
	"{\"name\": \"%s\", \"kind\": \"channel\", \"abi\": 1, \"about\": \"A porch\", %s"
	" \"secrets\": {\"token\": {\"kind\": \"bearer\", \"label\": \"Porch token\", \"obtain\": \"porch.example, Settings\"},"
	"  \"knock\": {\"kind\": \"bearer\", \"label\": \"Knock\", \"obtain\": \"porch.example, Doors\"},"
	"  \"spare\": {\"kind\": \"bearer\", \"label\": \"Spare\", \"obtain\": \"nowhere\", \"optional\": true}},"
	" \"operations\": {\"door\": {\"method\": \"GET\", \"url\": \"https://doors.example:8443/door\", \"secret\": \"token\","
	"   \"effects\": [\"read\"], \"retry\": \"always\", \"shows\": {\"/url\": \"attested\"}},"
	"  \"more\": {\"method\": \"GET\", \"url\": \"%s\", \"secret\": \"spare\", \"effects\": [\"read\"],"
	"   \"retry\": \"always\"}},"
	" \"sockets\": {\"line\": {\"url\": \"{url}\", \"frame_max\": 400,"
	"   \"args\": {\"url\": {\"type\": \"url\", \"match\": \"wss://*.porch.example\", \"seen\": [\"door /url\"]}},"
	"   \"frames\": {\"hi\": {\"secret\": \"token\", \"body\": {\"t\": \"{secret}\"}},"
	"     \"knock\": {\"secret\": \"knock\", \"body\": {\"t\": \"{secret}\"}}}}},"
	" \"inbound\": [{\"in\": \"line\", \"id\": \"{/id}\", \"chat\": \"{/c}\", \"from\": \"{/f}\", \"text\": {\"of\": \"{/t}\"},"
	"   \"dm\": {\"of\": \"{/k}\", \"is\": \"d\"}}],"
	" \"acts\": {}}";

static struct instance instance;
static struct secrets *secrets;

static void write_contract(const char *name, const char *base, const char *url)
{
	DEFER(text_free) char *text = text_fmt(manifest, name, base, url);
	DEFER(text_free) char *folder_of = text_fmt("%s/specs/%s", folder, name);
	DEFER(text_free) char *path = text_fmt("%s/manifest.json", folder_of);
	struct manifest *m;
	const char *why = manifest_parse(str_of(text), "m", &m);

	ck_assert_msg(!why, "%s", why);
	manifest_free(m);
	ck_assert_int_eq(mkdir(folder_of, 0700), 0);
	ck_assert_int_eq(file_write(path, str_of(text), 0600), OK);
}

static void begin(void)
{
	static const char conf[] =
		"channel work = porch\nchannel bare = bare\nchannel demo = porch played at localhost:80\nchannel gone = gone\n"
		"channel env = porch\nsecret env.token from env CHELA_TEST_TOKEN\nsecret env.knock from env CHELA_TEST_KNOCK\n"
		"channel own = own\nset own.base = http://nas:8080/porch\nchannel half = porch\nsecret half.knock from env CHELA_TEST_KNOCK\n";
	const char *why;

	folder_make();
	ck_assert_int_eq(mkdir(in_folder("specs"), 0700), 0);
	ck_assert_int_eq(mkdir(in_folder("secrets"), 0700), 0);
	ck_assert_int_eq(file_write(in_folder("key"), STR("0123456789abcdef0123456789abcdef"), 0600), OK);
	write_contract("porch", "\"base\": \"https://api.porch.example/v1\",", "/more");
	write_contract("bare", "", "https://x.example/more");
	write_contract("own", "\"config\": {\"base\": {\"type\": \"url\", \"optional\": true}},", "{config.base}/more");
	instance = (struct instance){ .root = folder, .dir = folder, .lock = -1 };
	why = conf_parse(STR(conf), "assistant.conf", &instance.conf);
	ck_assert_msg(!why, "%s", why);
	setenv("CHELA_TEST_TOKEN", "one-token", 1);
	setenv("CHELA_TEST_KNOCK", "two-knock", 1);
	secrets = secrets_open(folder);
	lineup_secrets(&instance, secrets);
}

static void end(void)
{
	secrets_free(secrets);
	conf_free(instance.conf);
}

static const struct { const char *name, *secret, *origin, *why; } origins[] = {
	{ "of an operation, though a frame has it, too", "work.token", "https://doors.example:8443", NULL },
	{ "of a frame alone: the manifest's base", "work.knock", "https://api.porch.example:443", NULL },
	{ "of an operation behind the base", "work.spare", "https://api.porch.example:443", NULL },
	{ "of another one without a base", "bare.spare", "https://x.example:443", NULL },
	{ "of a frame, and nobody says where it is at home", "bare.knock", NULL,
	  "knock is for no one place: bare's manifest uses it in no operation, and has no \"base\"" },
	{ "of a frame, and the owner's file says where", "own.knock", "http://nas:8080", NULL },
	{ "of an operation behind what the owner's file says", "own.spare", "http://nas:8080", NULL },
	{ "of an operation, without a base", "bare.token", "https://doors.example:8443", NULL },
	{ "of a channel that is played", "demo.token", NULL,
	  "demo is played at 127.0.0.1:80, with made-up secrets: take \"played at\" out of line 3 of assistant.conf" },
	{ "one that it has not", "work.key", NULL, "porch needs no secret \"key\": its manifest has token, knock and spare" },
	{ "of nobody", "wrok.token", NULL, "wrok.token: no model or channel of that name is in assistant.conf; a secret is named NAME.SLOT" },
	{ "without a dot", "work", NULL, "a secret is named NAME.SLOT, such as anthropic.key or work.bot_token" },
	{ "without a slot", "work.", NULL, "porch needs no secret \"\"" },
	{ "of an adapter without a contract", "gone.token", NULL, "specs/gone/manifest.json" },
};

START_TEST(a_secret_is_for_one_origin)
{
	DEFER(text_free) char *origin = NULL;
	DEFER(text_free) char *label = NULL;
	DEFER(text_free) char *obtain = NULL;
	const char *why = secret_origin(&instance, origins[_i].secret, &origin, &label, &obtain);

	if (origins[_i].why) {
		ck_assert_msg(why && strstr(why, origins[_i].why), "%s: %s", origins[_i].name, why);
		ck_assert(!origin && !label && !obtain);
		return;
	}
	ck_assert_msg(!why, "%s: %s", origins[_i].name, why);
	ck_assert_str_eq(origin, origins[_i].origin);
	ck_assert(label[0] && obtain[0]);
}
END_TEST

static const struct { const char *name, *channel, *missing; } lacks[] = {
	{ "both, each with its remedy", "work",
	  "no key is set for work.token: chela secret set work.token; no key is set for work.knock: chela secret set work.knock" },
	{ "one of two", "half", "no key is set for half.token: chela secret set half.token" },
	{ "none", "env", NULL },
	{ "none, for it is played", "demo", NULL },
	{ "no contract", "gone", "specs/gone/manifest.json" },
};

START_TEST(a_channel_tells_which_secrets_it_lacks)
{
	DEFER(text_free) char *missing = channel_keys_missing(&instance, conf_channel(instance.conf, lacks[_i].channel), secrets);

	ck_assert_msg(missing ? lacks[_i].missing && strstr(missing, lacks[_i].missing) : !lacks[_i].missing, "%s: %s",
		      lacks[_i].name, missing);
}
END_TEST

START_TEST(a_secret_that_is_kept_is_not_lacking)
{
	DEFER(text_free) char *missing = NULL;
	const char *why = secret_set(secrets, "work.token", "https://doors.example:8443", STR("abcdefgh"));

	ck_assert_msg(!why, "%s", why);
	why = secret_set(secrets, "work.knock", "https://elsewhere.example:443", STR("abcdefgh"));
	ck_assert_msg(!why, "%s", why);
	missing = channel_keys_missing(&instance, conf_channel(instance.conf, "work"), secrets);
	ck_assert_str_eq(missing, "the key of work.knock is for https://elsewhere.example:443 and does not go to "
				  "https://api.porch.example:443: chela secret set work.knock");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lineup");
	TCase *t = tcase_create("lineup");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, a_secret_is_for_one_origin, 0, COUNT(origins));
	tcase_add_loop_test(t, a_channel_tells_which_secrets_it_lacks, 0, COUNT(lacks));
	tcase_add_test(t, a_secret_that_is_kept_is_not_lacking);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
