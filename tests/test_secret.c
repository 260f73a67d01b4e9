/* test_secret.c - core/secret.h and core/scrub.h: what is kept, for whom it opens, and
 * that nobody else sees it. */
#include "file.h"
#include "folder.h"
#include "instance.h"
#include "limits.h"
#include "secret.h"
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ORIGIN "https://api.example.com:443"
#define VALUE "sk-ant-0123456789"

static struct secrets *secrets;

static char *path(const char *name)
{
	return text_fmt("%s/%s", folder, name);
}

static void write_file(const char *name, struct str bytes)
{
	DEFER(text_free) char *at = path(name);
	mode_t others = umask(077);
	FILE *f = fopen(at, "w");		/* without waiting for the disk */

	umask(others);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.at, 1, bytes.len, f), bytes.len);
	ck_assert_int_eq(fclose(f), 0);
}

static struct buf read_file(const char *name)
{
	DEFER(text_free) char *at = path(name);
	struct buf b;

	ck_assert_int_eq(file_read(at, FILE_MAX, &b), OK);
	return b;
}

static void set_up(void)
{
	char key[32];

	folder_make();
	memset(key, 'k', sizeof key);
	write_file("key", (struct str){ key, sizeof key });
	secrets = secrets_open(folder);
}

static void tear_down(void)
{
	secrets_free(secrets);
}

static void reopen(void)
{
	secrets_free(secrets);
	secrets = secrets_open(folder);
}

static void set(const char *name, const char *value)
{
	const char *why = secret_set(secrets, name, ORIGIN, str_of(value));

	ck_assert_msg(!why, "%s", why);
}

/* The value, or "!" and the complaint; until the next call. */
static const char *found(const char *name, const char *origin)
{
	static char text[2 * SECRET_MAX];
	const struct secret *secret = NULL;
	const char *why = secret_find(secrets, name, origin, &secret);

	ck_assert(!why == !!secret);
	if (why)
		snprintf(text, sizeof text, "!%s", why);
	else
		snprintf(text, sizeof text, "%.*s", (int)secret_value(secret).len, secret_value(secret).at);
	return text;
}

#define ck_assert_has(text, piece) ck_assert_msg(strstr(text, piece), "\"%s\" lacks \"%s\"", text, piece)

/* ---- kept here ----------------------------------------------------------- */

START_TEST(a_value_that_was_set_is_found_after_a_restart)
{
	char *origin = NULL;

	set("anthropic.key", VALUE);
	ck_assert_str_eq(found("anthropic.key", ORIGIN), VALUE);
	reopen();
	ck_assert_str_eq(found("anthropic.key", ORIGIN), VALUE);
	ck_assert(secret_stored(secrets, "anthropic.key", &origin));
	ck_assert_str_eq(origin, ORIGIN);
	ck_assert(secret_stored(secrets, "anthropic.key", NULL));
	ck_assert(secret_given(secrets, "anthropic.key"));
	free(origin);
}
END_TEST

START_TEST(a_kept_file_is_closed_to_others_and_does_not_hold_the_value)
{
	DEFER(text_free) char *file = path("secrets/anthropic.key"), *kept = path("secrets");
	struct stat st;
	struct buf b;

	ck_assert_int_eq(mkdir(kept, 0755), 0);
	set("anthropic.key", VALUE);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(stat(kept, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0700);
	b = read_file("secrets/anthropic.key");
	ck_assert_ptr_null(memmem(b.at, b.len, VALUE, strlen(VALUE)));
	ck_assert_ptr_null(memmem(b.at, b.len, ORIGIN, strlen(ORIGIN)));
	buf_free(&b);
}
END_TEST

START_TEST(one_value_twice_is_sealed_differently)
{
	struct buf first, second;

	set("anthropic.key", VALUE);
	first = read_file("secrets/anthropic.key");
	set("anthropic.key", VALUE);
	second = read_file("secrets/anthropic.key");
	ck_assert(first.len != second.len || memcmp(first.at, second.at, first.len) != 0);
	buf_free(&first);
	buf_free(&second);
}
END_TEST

START_TEST(a_value_goes_to_its_own_origin_alone)
{
	static const char *const others[] = {
		"https://api.example.com:8443", "http://api.example.com:443", "https://evil.example:443",
		"https://api.example.com", "https://api.example.com:443.evil.example", "",
	};

	set("anthropic.key", VALUE);
	for (size_t i = 0; i < COUNT(others); i++) {
		ck_assert_has(found("anthropic.key", others[i]), "!the key of anthropic.key is for " ORIGIN);
		ck_assert_has(found("anthropic.key", others[i]), "chela secret set anthropic.key");
	}
}
END_TEST

START_TEST(a_file_under_another_name_does_not_open)
{
	struct buf b;

	set("slack.token", VALUE);
	b = read_file("secrets/slack.token");
	write_file("secrets/evil.token", buf_str(&b));
	write_file("secrets/slack.toke", buf_str(&b));
	write_file("secrets/slack.token2", buf_str(&b));
	buf_free(&b);
	ck_assert_has(found("evil.token", ORIGIN), "!");
	ck_assert_has(found("slack.toke", ORIGIN), "!");
	ck_assert_has(found("slack.token2", ORIGIN), "chela secret set slack.token2");
	ck_assert(!secret_stored(secrets, "evil.token", NULL));
	ck_assert(!secret_stored(secrets, "slack.toke", NULL));
	ck_assert_str_eq(found("slack.token", ORIGIN), VALUE);
}
END_TEST

START_TEST(a_file_that_was_changed_or_cut_does_not_open)
{
	struct buf b;
	size_t len;

	set("anthropic.key", VALUE);
	b = read_file("secrets/anthropic.key");
	len = b.len;
	for (size_t i = 0; i < len; i++) {
		b.at[i] ^= 1;
		write_file("secrets/anthropic.key", buf_str(&b));
		ck_assert_has(found("anthropic.key", ORIGIN), "damaged");
		b.at[i] ^= 1;
		write_file("secrets/anthropic.key", (struct str){ b.at, i });
		ck_assert_has(found("anthropic.key", ORIGIN), "chela secret set anthropic.key");
	}
	write_file("secrets/anthropic.key", buf_str(&b));
	ck_assert_str_eq(found("anthropic.key", ORIGIN), VALUE);
	buf_free(&b);
}
END_TEST

START_TEST(a_file_of_any_size_that_is_none_of_ours_is_refused)
{
	DEFER(buf_free) struct buf b = buf_new(FILE_MAX);

	set("anthropic.key", VALUE);
	while (b.len < 100 * 1024)
		buf_adds(&b, "0123456789abcdef");
	write_file("secrets/anthropic.key", buf_str(&b));
	ck_assert_has(found("anthropic.key", ORIGIN), "!");
	ck_assert(secret_given(secrets, "anthropic.key"));
}
END_TEST

START_TEST(another_instances_key_does_not_open_it)
{
	char key[32] = { 0 };

	set("anthropic.key", VALUE);
	write_file("key", (struct str){ key, sizeof key });
	ck_assert_has(found("anthropic.key", ORIGIN), "chela secret set anthropic.key");
}
END_TEST

START_TEST(without_the_instances_key_nothing_is_kept_in_the_clear)
{
	DEFER(text_free) char *key = path("key"), *file = path("secrets/anthropic.key");
	const char *why;

	unlink(key);
	why = secret_set(secrets, "anthropic.key", ORIGIN, STR(VALUE));
	ck_assert_ptr_nonnull(why);
	ck_assert_has(why, "key");
	ck_assert_int_ne(access(file, F_OK), 0);
}
END_TEST

START_TEST(what_was_never_set_is_missed_with_the_remedy)
{
	ck_assert_str_eq(found("anthropic.key", ORIGIN),
			 "!no key is set for anthropic.key: chela secret set anthropic.key");
	ck_assert(!secret_given(secrets, "anthropic.key"));
	ck_assert(!secret_stored(secrets, "anthropic.key", NULL));
	ck_assert_ptr_nonnull(secret_forget(secrets, "anthropic.key"));
}
END_TEST

START_TEST(what_was_forgotten_is_gone)
{
	set("anthropic.key", VALUE);
	ck_assert_ptr_null(secret_forget(secrets, "anthropic.key"));
	ck_assert_has(found("anthropic.key", ORIGIN), "!no key is set");
	ck_assert(!secret_given(secrets, "anthropic.key"));
}
END_TEST

START_TEST(a_value_changed_by_another_process_is_seen_at_once)
{
	struct secrets *other = secrets_open(folder);

	set("anthropic.key", VALUE);
	ck_assert_str_eq(found("anthropic.key", ORIGIN), VALUE);
	ck_assert_ptr_null(secret_set(other, "anthropic.key", ORIGIN, STR("another-value")));
	ck_assert_str_eq(found("anthropic.key", ORIGIN), "another-value");
	secrets_free(other);
}
END_TEST

static const struct { const char *name; bool good; } names[] = {
	{ "anthropic.key", true }, { "work-2.bot_token", true }, { "A.b", true },
	{ "anthropic", false }, { "anthropic.", false }, { ".key", false }, { "", false },
	{ "a.b.c", false }, { "../key.x", false }, { "a/b.c", false }, { "a.b/../../key", false },
	{ "a b.c", false }, { "a.b\n", false }, { "..", false },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", false },
};

START_TEST(a_name_is_two_words_and_never_a_path)
{
	const char *name = names[_i].name;
	const char *why = secret_set(secrets, name, ORIGIN, STR(VALUE));

	ck_assert_msg(!why == names[_i].good, "%s: %s", name, why);
	ck_assert_msg((found(name, ORIGIN)[0] != '!') == names[_i].good, "%s", name);
	ck_assert_msg(secret_stored(secrets, name, NULL) == names[_i].good, "%s", name);
	ck_assert_msg(secret_given(secrets, name) == names[_i].good, "%s", name);
	why = secret_forget(secrets, name);
	ck_assert_msg(!why == names[_i].good, "%s: %s", name, why);
}
END_TEST

static const struct { const char *name, *value, *want; } values[] = {
	{ "plain", VALUE, VALUE },
	{ "a line end behind it", VALUE "\n", VALUE },
	{ "CR LF behind it", VALUE "\r\n", VALUE },
	{ "blanks around it", "  \t" VALUE " \n\n", VALUE },
	{ "a blank in it", "user name:pass word", "user name:pass word" },
	{ "UTF-8", "p\xC3\xA4ssw\xC3\xB6rd", "p\xC3\xA4ssw\xC3\xB6rd" },
	{ "nothing", "", "!" },
	{ "blanks alone", " \n", "!" },
	{ "a second header", "key\r\nx-evil: 1", "!" },
	{ "a line end", "key\nkey", "!" },
	{ "CR", "key\rkey", "!" },
	{ "a tab", "key\tkey", "!" },
	{ "escape", "key\x1B[31m", "!" },
	{ "delete", "key\x7F", "!" },
};

START_TEST(a_value_is_trimmed_and_never_smuggles_a_line)
{
	const char *want = values[_i].want;
	const char *why = secret_set(secrets, "a.key", ORIGIN, str_of(values[_i].value));

	ck_assert_msg(!why == (want[0] != '!'), "%s: %s", values[_i].name, why);
	if (!why)
		ck_assert_msg(strcmp(found("a.key", ORIGIN), want) == 0, "%s", values[_i].name);
	ck_assert_int_eq(setenv("CHELA_TEST_SECRET", values[_i].value, 1), 0);
	secret_from(secrets, "b.key", "CHELA_TEST_SECRET", NULL);
	ck_assert_msg(want[0] == '!' ? found("b.key", ORIGIN)[0] == '!' : strcmp(found("b.key", ORIGIN), want) == 0,
		      "%s, from the environment", values[_i].name);
}
END_TEST

START_TEST(a_value_may_be_long_but_not_longer_than_the_limit)
{
	char value[SECRET_MAX + 1];

	memset(value, 'v', sizeof value);
	ck_assert_ptr_null(secret_set(secrets, "a.key", ORIGIN, (struct str){ value, SECRET_MAX }));
	ck_assert_uint_eq(strlen(found("a.key", ORIGIN)), SECRET_MAX);
	ck_assert_ptr_nonnull(secret_set(secrets, "b.key", ORIGIN, (struct str){ value, SECRET_MAX + 1 }));
	write_file("long", (struct str){ value, SECRET_MAX + 1 });
	DEFER(text_free) char *file = path("long");

	secret_from(secrets, "b.key", NULL, file);
	ck_assert_has(found("b.key", ORIGIN), "!");
}
END_TEST

/* ---- from elsewhere ------------------------------------------------------ */

START_TEST(the_environment_is_read_where_the_configuration_says_so)
{
	setenv("CHELA_TEST_SECRET", VALUE, 1);
	ck_assert_has(found("a.key", ORIGIN), "!no key is set");
	secret_from(secrets, "a.key", "CHELA_TEST_SECRET", NULL);
	ck_assert(secret_given(secrets, "a.key"));
	ck_assert(!secret_stored(secrets, "a.key", NULL));
	ck_assert_str_eq(found("a.key", ORIGIN), VALUE);
	ck_assert_str_eq(found("a.key", "https://other.example:443"), VALUE);
	setenv("CHELA_TEST_SECRET", "another-value", 1);
	ck_assert_str_eq(found("a.key", ORIGIN), "another-value");
	unsetenv("CHELA_TEST_SECRET");
	ck_assert_has(found("a.key", ORIGIN), "CHELA_TEST_SECRET");
	ck_assert_has(found("a.key", ORIGIN), "chela secret set a.key");
	ck_assert_has(found("b.key", ORIGIN), "!no key is set");
}
END_TEST

START_TEST(a_file_is_read_where_the_configuration_says_so)
{
	DEFER(text_free) char *file = path("token");

	secret_from(secrets, "a.key", NULL, file);
	ck_assert_has(found("a.key", ORIGIN), file);
	write_file("token", STR(VALUE "\n"));
	ck_assert_str_eq(found("a.key", ORIGIN), VALUE);
	write_file("token", STR("another-value"));
	ck_assert_str_eq(found("a.key", ORIGIN), "another-value");
	write_file("token", STR("\n"));
	ck_assert_has(found("a.key", ORIGIN), "empty");
}
END_TEST

START_TEST(a_file_that_others_can_read_is_refused_with_the_remedy)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0644, 0601 };
	DEFER(text_free) char *file = path("token"), *remedy = text_fmt("chmod 600 %s", file);

	secret_from(secrets, "a.key", NULL, file);
	write_file("token", STR(VALUE "\n"));
	for (size_t i = 0; i < COUNT(modes); i++) {
		ck_assert_int_eq(chmod(file, modes[i]), 0);
		ck_assert_has(found("a.key", ORIGIN), "!");
		ck_assert_has(found("a.key", ORIGIN), remedy);
	}
	ck_assert_int_eq(chmod(file, 0400), 0);
	ck_assert_str_eq(found("a.key", ORIGIN), VALUE);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused_and_never_waited_for)
{
	DEFER(text_free) char *pipe = path("pipe");
	const char *const others[] = { pipe, folder, "/dev/zero", "/dev/null" };
	struct buf b;

	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	for (size_t i = 0; i < COUNT(others); i++) {
		ck_assert_msg(file_read(others[i], FILE_MAX, &b) == ERR_SYSTEM, "%s", others[i]);
		secret_from(secrets, "a.key", NULL, others[i]);
		ck_assert_has(found("a.key", ORIGIN), "is no regular file");
	}
}
END_TEST

START_TEST(the_configuration_goes_before_what_is_kept)
{
	set("a.key", VALUE);
	setenv("CHELA_TEST_SECRET", "from-the-environment", 1);
	secret_from(secrets, "a.key", NULL, "/nonexistent");
	secret_from(secrets, "a.key", "CHELA_TEST_SECRET", NULL);
	ck_assert_str_eq(found("a.key", ORIGIN), "from-the-environment");
}
END_TEST

/* ---- scrubbing ----------------------------------------------------------- */

#define ODD "pa\"ss/w+rd?~ \\x"		/* is written differently in every form */

/* What each form of a value looks like, made in another way than scrub.c does. */
static const struct { const char *name, *value, *text, *want; } scrubs[] = {
	{ "raw", VALUE, "the key " VALUE " is wrong", "the key <a.key> is wrong" },
	{ "raw, all of it", VALUE, VALUE, "<a.key>" },
	{ "raw, twice", VALUE, VALUE VALUE, "<a.key><a.key>" },
	{ "JSON-escaped", ODD, "pa\\\"ss/w+rd?~ \\\\x", "<a.key>" },
	{ "JSON-escaped with slashes", ODD, "-pa\\\"ss\\/w+rd?~ \\\\x-", "-<a.key>-" },
	{ "percent-encoded", ODD, "q=pa%22ss%2Fw%2Brd%3F~%20%5Cx&", "q=<a.key>&" },
	{ "percent-encoded, small", ODD, "q=pa%22ss%2fw%2brd%3f~%20%5cx&", "q=<a.key>&" },
	{ "of a form", ODD, "q=pa%22ss%2Fw%2Brd%3F~+%5Cx&", "q=<a.key>&" },
	{ "not there", VALUE, "sk-ant-012345678", "sk-ant-012345678" },
	{ "nothing", VALUE, "", "" },
	{ "five bytes are not looked for", "12345", "12345", "12345" },
	{ "six are", "123456", "0123456", "0<a.key>" },
};

static char *scrubbed(struct str text, size_t *ret_len)
{
	char *clean = scrub_text(secrets_known(secrets), text, ret_len);

	if (clean)
		return clean;
	*ret_len = text.len;
	return str_dup(text);
}

START_TEST(a_value_is_taken_out_in_each_of_its_forms)
{
	size_t len = 0;
	char *clean;

	set("a.key", scrubs[_i].value);
	clean = scrubbed(str_of(scrubs[_i].text), &len);
	ck_assert_msg(strcmp(clean, scrubs[_i].want) == 0, "%s: %s", scrubs[_i].name, clean);
	ck_assert_uint_eq(len, strlen(clean));
	free(clean);
}
END_TEST

/* The value in base64, after `before` other bytes and before `after`: what is left must
 * not hold enough to tell more than its ends. */
static void check_base64(const char *value, size_t before, size_t after, int variant)
{
	char plain[200], coded[400];
	size_t n = before + strlen(value) + after;
	char *clean;
	size_t len;

	snprintf(plain, sizeof plain, "%.*s%s%.*s", (int)before, "uuuuuuu", value, (int)after, "zzzzzzz");
	sodium_bin2base64(coded, sizeof coded, (unsigned char *)plain, n, variant);
	clean = scrubbed(str_of(coded), &len);
	ck_assert_msg(strstr(clean, "<a.key>"), "%zu before, %zu after: %s stayed", before, after, coded);
	/* Bytes of others are left whole, and at most one character on each side. */
	ck_assert_msg(len <= strlen("<a.key>") + (before * 4 + 2) / 3 + (after * 4 + 2) / 3 + 4,
		      "%zu before, %zu after: too much stayed: %s", before, after, clean);
	free(clean);
}

START_TEST(a_value_is_taken_out_of_base64_wherever_it_stands)
{
	static const char *const several[] = { VALUE, ODD, "abcdef", "\xFB\xFF\xFE?>>>~~", "user:password" };

	for (size_t i = 0; i < COUNT(several); i++) {
		set("a.key", several[i]);
		for (size_t before = 0; before < 7; before++)
			for (size_t after = 0; after < 4; after++) {
				check_base64(several[i], before, after, sodium_base64_VARIANT_ORIGINAL);
				check_base64(several[i], before, after, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
				check_base64(several[i], before, after, sodium_base64_VARIANT_URLSAFE);
			}
	}
}
END_TEST

START_TEST(a_value_that_was_replaced_is_still_taken_out)
{
	char *clean;
	size_t len;

	set("a.key", "old-value");
	set("a.key", "old-value-made-longer");
	clean = scrubbed(STR("old-value old-value-made-longer"), &len);
	ck_assert_str_eq(clean, "<a.key> <a.key>");
	free(clean);
}
END_TEST

START_TEST(a_value_that_was_only_found_is_taken_out)
{
	char *clean;
	size_t len;

	set("a.key", VALUE);
	reopen();
	ck_assert_str_eq(found("a.key", ORIGIN), VALUE);
	clean = scrubbed(STR("-" VALUE), &len);
	ck_assert_str_eq(clean, "-<a.key>");
	free(clean);
}
END_TEST

START_TEST(bytes_around_a_value_stay_as_they_are)
{
	char *clean;
	size_t len;

	set("a.key", VALUE);
	clean = scrubbed(STR("a\0b" VALUE "\0\xFF"), &len);
	ck_assert_uint_eq(len, 3 + strlen("<a.key>") + 2);
	ck_assert_mem_eq(clean, "a\0b<a.key>\0\xFF", len);
	free(clean);
}
END_TEST

START_TEST(a_value_is_taken_out_of_every_corner_of_a_tree)
{
	static const char text[] = "{\"error\":\"" VALUE "\",\"list\":[1,[\"x" VALUE "\"],{\"" VALUE "\":true}],"
				   "\"pin\":123456,\"n\":123456.5,\"esc\":\"\\u0073k-ant-0123456789\",\"other\":12345}";
	DEFER(json_drop) cJSON *json = NULL;
	DEFER(text_free) char *clean = NULL;

	set("a.key", VALUE);
	set("a.pin", "123456");
	ck_assert_ptr_null(json_decode(STR(text), &json));
	scrub_json(secrets_known(secrets), json);
	clean = json_print(json);
	ck_assert_str_eq(clean, "{\"error\":\"<a.key>\",\"list\":[1,[\"x<a.key>\"],{\"<a.key>\":true}],"
				"\"pin\":\"<a.pin>\",\"n\":\"<a.pin>.5\",\"esc\":\"<a.key>\",\"other\":12345}");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("secret");
	TCase *t = tcase_create("secret");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_value_that_was_set_is_found_after_a_restart);
	tcase_add_test(t, a_kept_file_is_closed_to_others_and_does_not_hold_the_value);
	tcase_add_test(t, one_value_twice_is_sealed_differently);
	tcase_add_test(t, a_value_goes_to_its_own_origin_alone);
	tcase_add_test(t, a_file_under_another_name_does_not_open);
	tcase_add_test(t, a_file_that_was_changed_or_cut_does_not_open);
	tcase_add_test(t, a_file_of_any_size_that_is_none_of_ours_is_refused);
	tcase_add_test(t, another_instances_key_does_not_open_it);
	tcase_add_test(t, without_the_instances_key_nothing_is_kept_in_the_clear);
	tcase_add_test(t, what_was_never_set_is_missed_with_the_remedy);
	tcase_add_test(t, what_was_forgotten_is_gone);
	tcase_add_test(t, a_value_changed_by_another_process_is_seen_at_once);
	tcase_add_loop_test(t, a_name_is_two_words_and_never_a_path, 0, COUNT(names));
	tcase_add_loop_test(t, a_value_is_trimmed_and_never_smuggles_a_line, 0, COUNT(values));
	tcase_add_test(t, a_value_may_be_long_but_not_longer_than_the_limit);
	tcase_add_test(t, the_environment_is_read_where_the_configuration_says_so);
	tcase_add_test(t, a_file_is_read_where_the_configuration_says_so);
	tcase_add_test(t, a_file_that_others_can_read_is_refused_with_the_remedy);
	tcase_add_test(t, what_is_no_regular_file_is_refused_and_never_waited_for);
	tcase_add_test(t, the_configuration_goes_before_what_is_kept);
	tcase_add_loop_test(t, a_value_is_taken_out_in_each_of_its_forms, 0, COUNT(scrubs));
	tcase_add_test(t, a_value_is_taken_out_of_base64_wherever_it_stands);
	tcase_add_test(t, a_value_that_was_replaced_is_still_taken_out);
	tcase_add_test(t, a_value_that_was_only_found_is_taken_out);
	tcase_add_test(t, bytes_around_a_value_stay_as_they_are);
	tcase_add_test(t, a_value_is_taken_out_of_every_corner_of_a_tree);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
