/* test_builtin.c - the core's own tools: what they answer, and that nothing runs which no
 * line allows. */
#include "fixture.h"
#include "builtin.h"
#include "limits.h"
#include "store/audit.h"
#include "store/note.h"
#include <time.h>

static struct conf_rule all_rules[] = {
	{ VERDICT_ALLOW, EFFECT_READ | EFFECT_WRITE | EFFECT_DELETE, (char *)"core", (char *)"allow read,write,delete on core", 5 },
};
static struct conf_rule default_rules[] = {
	{ VERDICT_ALLOW, EFFECT_READ | EFFECT_WRITE, (char *)"core", (char *)"allow read,write on core", 5 },
};
static struct conf_rule narrow_rules[] = {
	{ VERDICT_ALLOW, EFFECT_READ | EFFECT_WRITE, (char *)"core", (char *)"allow read,write on core", 5 },
	{ VERDICT_NEVER, EFFECT_WRITE, (char *)"core.remember", (char *)"never write on core.remember", 6 },
};
static const struct conf all = { .rules = all_rules, .rules_n = COUNT(all_rules) };
static const struct conf usual = { .rules = default_rules, .rules_n = COUNT(default_rules) };
static const struct conf narrow = { .rules = narrow_rules, .rules_n = COUNT(narrow_rules) };
static const struct conf nothing = { 0 };
static const struct task anna = { .turn = 1, .connection = "terminal", .person = "anna" };

static char *call(struct store *s, const struct conf *conf, const char *name, const char *args, bool *failed)
{
	DEFER(json_drop) cJSON *json = args ? parsed(args) : NULL;

	return builtin_call(s, conf, &anna, name, json, failed);
}

static const struct {
	const char *name;
	const struct conf *conf;
	const char *tool, *args;
	bool failed;
	const char *want;		/* how the answer begins */
} calls[] = {
	{ "a note is kept", &usual, "remember", "{\"text\":\"milk\"}", false, "Kept as note 2." },
	{ "an empty note", &usual, "remember", "{\"text\":\"\"}", true, "remember was not run: " },
	{ "no text", &usual, "remember", "{}", true, "remember was not run: " },
	{ "no arguments", &usual, "remember", NULL, true, "remember was not run: " },
	{ "a text that is a number", &usual, "remember", "{\"text\":7}", true, "remember was not run: " },
	{ "an argument that is none", &usual, "remember", "{\"text\":\"x\",\"person\":\"ben\"}", true, "remember was not run: " },
	{ "arguments that are a list", &usual, "remember", "[\"x\"]", true, "remember was not run: " },
	{ "all notes", &usual, "recall", "{}", false, "[{\"note\":1,\"text\":\"buy eggs\",\"kept\":\"2026-01-01\"}]" },
	{ "all notes, no arguments", &usual, "recall", NULL, false, "[{\"note\":1," },
	{ "notes by a word", &usual, "recall", "{\"words\":\"EGGS\"}", false, "[{\"note\":1," },
	{ "notes that are not there", &usual, "recall", "{\"words\":\"milk\"}", false, "No note of this person holds all of these words." },
	{ "a note is forgotten", &all, "forget", "{\"note\":1}", false, "Note 1 is forgotten." },
	{ "a note that is not there", &all, "forget", "{\"note\":9}", true, "This person has no note 9." },
	{ "a note by its text", &all, "forget", "{\"note\":\"buy eggs\"}", true, "forget was not run: " },
	{ "a note below the first", &all, "forget", "{\"note\":0}", true, "forget was not run: " },
	{ "a note between two", &all, "forget", "{\"note\":1.5}", true, "forget was not run: " },
	{ "date and time", &usual, "now", "{}", false, "Thursday, 2026-01-01 00:00:00 +0000 (UTC)" },
	{ "an argument for what has none", &usual, "now", "{\"zone\":\"CET\"}", true, "now was not run: " },
	{ "a tool that is none", &usual, "rm", "{}", true, "There is no tool named \"rm\"." },
	{ "a tool without a name", &usual, "", "{}", true, "There is no tool named \"\"." },
	{ "writing without a line", &nothing, "remember", "{\"text\":\"x\"}", true,
	  "Not allowed: no line of assistant.conf allows write on core.remember; the owner can add \"allow write on core\"." },
	{ "reading without a line", &nothing, "recall", "{}", true,
	  "Not allowed: no line of assistant.conf allows read on core.recall; the owner can add \"allow read on core\"." },
	{ "deleting where only writing is allowed", &usual, "forget", "{\"note\":1}", true,
	  "Not allowed: no line of assistant.conf allows delete on core.forget; the owner can add \"allow delete on core\"." },
	{ "what may never be", &narrow, "remember", "{\"text\":\"x\"}", true, "Not allowed: line 6: never write on core.remember." },
};

START_TEST(a_call_is_checked_decided_run_and_written_down)
{
	struct store *s = new_store();
	bool failed = !calls[_i].failed;
	DEFER(text_free) char *got = NULL;

	note_add(s, "anna", "buy eggs");
	got = call(s, calls[_i].conf, calls[_i].tool, calls[_i].args, &failed);
	ck_assert_msg(strncmp(got, calls[_i].want, strlen(calls[_i].want)) == 0, "%s: %s", calls[_i].name, got);
	ck_assert_msg(failed == calls[_i].failed, "%s", calls[_i].name);
	ck_assert_int_eq(audit_rows(s), 1);
	if (failed)
		ck_assert_int_eq(count(s, "SELECT count(*) FROM note WHERE text = 'buy eggs'"), 1);
	if (failed)
		ck_assert_int_eq(count(s, "SELECT count(*) FROM note"), 1);
	text_free(&got);
	store_close(s);
}
END_TEST

static const struct { const char *name, *tool, *args, *operation, *rule; } unfit[] = {
	{ "a tool that is none", "rm", "{\"x\":1}", "core.rm", "There is no tool named \"rm\"." },
	{ "a tool without a name", "", "{}", "core.", "There is no tool named \"\"." },
	{ "arguments that do not fit", "remember", "{\"text\":7}", "core.remember", "remember was not run: " },
	{ "no arguments where there must be some", "remember", NULL, "core.remember", "remember was not run: " },
};

START_TEST(a_call_that_fits_no_tool_is_denied_and_written_down)
{
	struct store *s = new_store();
	DEFER(text_free) char *operation = NULL, *verdict = NULL, *rule = NULL, *said = NULL;
	bool failed;

	said = call(s, &all, unfit[_i].tool, unfit[_i].args, &failed);
	ck_assert(failed);
	ck_assert_int_eq(audit_rows(s), 1);
	store_get(s, row_to_text, &operation, "SELECT operation FROM audit", "");
	store_get(s, row_to_text, &verdict, "SELECT verdict FROM audit", "");
	store_get(s, row_to_text, &rule, "SELECT rule FROM audit", "");
	ck_assert_str_eq(operation, unfit[_i].operation);
	ck_assert_str_eq(verdict, "denied");
	ck_assert_msg(str_starts(str_of(rule), unfit[_i].rule), "%s: %s", unfit[_i].name, rule);
	ck_assert_ptr_null(audit_check(s));
	store_close(s);
}
END_TEST

START_TEST(a_name_of_any_length_is_written_down_in_short)
{
	struct store *s = new_store();
	DEFER(text_free) char *said = NULL;
	char name[20001];
	bool failed;

	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	said = call(s, &all, name, "{}", &failed);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM audit WHERE length(operation) < 100 AND length(rule) < 256"), 1);
	store_close(s);
}
END_TEST

static const struct { const char *name; const struct conf *conf; const char *want; } offers[] = {
	{ "everything allowed", &all, "forget now permissions recall remember " },
	{ "the usual lines", &usual, "now permissions recall remember " },
	{ "one that may never be", &narrow, "now permissions recall " },
	{ "nothing allowed", &nothing, "" },
};

START_TEST(only_what_could_be_allowed_is_offered_in_order)
{
	DEFER(json_drop) cJSON *offer = builtin_offer(offers[_i].conf);
	char got[200] = "";

	for (const cJSON *t = json_first(offer); t; t = json_next(t)) {
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s ", json_text(t, "/name"));
		ck_assert_uint_gt(strlen(json_text(t, "/about")), 20);
		ck_assert_str_eq(json_text(t, "/schema/type"), "object");
	}
	ck_assert_msg(strcmp(got, offers[_i].want) == 0, "%s: %s", offers[_i].name, got);
}
END_TEST

START_TEST(permissions_say_what_is_allowed_and_what_is_not_and_why)
{
	struct store *s = new_store();
	bool failed;
	DEFER(text_free) char *got = call(s, &narrow, "permissions", "{}", &failed);
	const char *yes = strstr(got, "Allowed in this task:\n"), *no = strstr(got, "Not allowed in this task:\n");

	ck_assert(!failed && yes && no && yes < no);
	ck_assert_ptr_nonnull(strstr(yes, "- recall, which reads the notes (line 5: allow read,write on core)"));
	ck_assert(strstr(yes, "- recall") < no);
	ck_assert(strstr(yes, "- remember") > no && strstr(yes, "- forget") > no);
	ck_assert_ptr_null(strstr(no, "- recall"));
	ck_assert_ptr_nonnull(strstr(no, "- remember, which keeps a note, word for word (line 6: never write on core.remember)"));
	ck_assert_ptr_nonnull(strstr(no, "- forget, which deletes a note (no line of assistant.conf allows delete on core.forget; "
				     "the owner can add \"allow delete on core\")"));
	store_close(s);
}
END_TEST

START_TEST(notes_are_the_callers_only)
{
	struct store *s = new_store();
	int64_t bens = note_add(s, "ben", "secret");
	bool failed;
	DEFER(text_free) char *read = call(s, &all, "recall", "{}", &failed);
	DEFER(text_free) char *gone = NULL;

	ck_assert_str_eq(read, "This person has no notes.");
	ck_assert_int_eq(bens, 1);
	gone = call(s, &all, "forget", "{\"note\":1}", &failed);
	ck_assert_str_eq(gone, "This person has no note 1.");
	ck_assert_int_eq(count(s, "SELECT count(*) FROM note"), 1);
	store_close(s);
}
END_TEST

static const struct { const char *name, *args, *want; } texts[] = {
	{ "blanks and line ends", "{\"text\":\"  a\\t\\r\\n\\n b  \"}", "  a\t\r\n\n b  " },
	{ "two spellings of one letter", "{\"text\":\"e\\u0301\\u00e9\"}", "e\xCC\x81\xC3\xA9" },
	{ "a pair", "{\"text\":\"\\ud83e\\udd80\"}", "\xF0\x9F\xA6\x80" },
	{ "half a pair", "{\"text\":\"a\\ud83e\"}", "a\xEF\xBF\xBD" },
	{ "a control character", "{\"text\":\"\\u0001\\u001b[0m\"}", "\x01\x1B[0m" },
};

START_TEST(notes_are_not_read_out_where_others_read)
{
	struct store *s = new_store();
	struct task among = anna;
	bool failed;
	char *text;

	among.shared = true;
	note_add(s, "anna", "the code is 1234");
	text = builtin_call(s, &all, &among, "recall", NULL, &failed);
	ck_assert(failed && !strstr(text, "1234") && strstr(text, "others read"));
	free(text);
	text = builtin_call(s, &all, &among, "remember", NULL, &failed);
	free(text);
	store_close(s);
}
END_TEST

START_TEST(a_note_is_kept_word_for_word)
{
	struct store *s = new_store();
	bool failed;
	DEFER(text_free) char *said = call(s, &usual, "remember", texts[_i].args, &failed);
	DEFER(text_free) char *kept = NULL;
	DEFER(text_free) char *read = NULL;
	DEFER(json_drop) cJSON *list = NULL;

	ck_assert_msg(!failed, "%s: %s", texts[_i].name, said);
	store_get(s, row_to_text, &kept, "SELECT text FROM note", "");
	ck_assert_str_eq(kept, texts[_i].want);
	read = call(s, &usual, "recall", "{}", &failed);
	list = parsed(read);
	ck_assert_str_eq(json_text(list, "/0/text"), texts[_i].want);
	store_close(s);
}
END_TEST

static const struct { const char *name; int length; bool kept; } lengths[] = {
	{ "the longest", NOTE_MAX, true }, { "one byte more", NOTE_MAX + 1, false },
};

START_TEST(a_note_has_a_longest)
{
	struct store *s = new_store();
	DEFER(buf_free) struct buf args = buf_new(2 * NOTE_MAX);
	DEFER(text_free) char *said = NULL;
	bool failed;

	buf_adds(&args, "{\"text\":\"");
	for (int i = 0; i < lengths[_i].length; i++)
		buf_addc(&args, 'x');
	buf_adds(&args, "\"}");
	said = call(s, &usual, "remember", buf_text(&args), &failed);
	ck_assert_msg(failed != lengths[_i].kept, "%s: %s", lengths[_i].name, said);
	store_close(s);
}
END_TEST

START_TEST(one_note_too_many_is_said)
{
	struct store *s = new_store();
	DEFER(text_free) char *said = NULL;
	bool failed;

	for (int i = 0; i < NOTES_MAX; i++)
		note_add(s, "anna", "x");
	said = call(s, &usual, "remember", "{\"text\":\"x\"}", &failed);
	ck_assert(failed);
	ck_assert_ptr_nonnull(strstr(said, "1000 notes"));
	ck_assert_ptr_nonnull(strstr(said, "forget one first"));
	store_close(s);
}
END_TEST

START_TEST(more_notes_than_one_result_holds_are_counted)
{
	struct store *s = new_store();
	char text[1001];
	bool failed;
	DEFER(text_free) char *said = NULL;

	memset(text, 'x', 1000);
	text[1000] = '\0';
	for (int i = 0; i < 40; i++)
		note_add(s, "anna", text);
	said = call(s, &usual, "recall", "{}", &failed);
	ck_assert(!failed);
	ck_assert_uint_le(strlen(said), RESULT_CHARS_MAX);
	ck_assert_uint_gt(strlen(said), RESULT_CHARS_MAX / 2);
	ck_assert(strncmp(said, "[{\"note\":40,", 12) == 0);
	ck_assert_ptr_nonnull(strstr(said, "]\nNot shown: 22 older notes."));
	store_close(s);
}
END_TEST

START_TEST(what_the_disk_refuses_is_not_kept)
{
	struct store *s = NULL;
	bool failed;
	DEFER(text_free) char *said = NULL;
	enum err e;

	disk_watch();
	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	disk.left = 0;
	disk.error = ENOSPC;
	said = call(s, &usual, "remember", "{\"text\":\"x\"}", &failed);
	e = store_commit(s);
	ck_assert_int_eq(e, ERR_SYSTEM);
	disk.left = -1;
	ck_assert_int_eq(count(s, "SELECT count(*) FROM note"), 0);
	ck_assert_int_eq(audit_rows(s), 0);
	store_close(s);
}
END_TEST

static void utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

int main(void)
{
	Suite *suite = suite_create("builtin");
	TCase *t = tcase_create("builtin"), *file = tcase_create("file");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, utc, NULL);
	tcase_add_loop_test(t, a_call_is_checked_decided_run_and_written_down, 0, COUNT(calls));
	tcase_add_loop_test(t, a_call_that_fits_no_tool_is_denied_and_written_down, 0, COUNT(unfit));
	tcase_add_test(t, a_name_of_any_length_is_written_down_in_short);
	tcase_add_loop_test(t, only_what_could_be_allowed_is_offered_in_order, 0, COUNT(offers));
	tcase_add_test(t, permissions_say_what_is_allowed_and_what_is_not_and_why);
	tcase_add_test(t, notes_are_the_callers_only);
	tcase_add_test(t, notes_are_not_read_out_where_others_read);
	tcase_add_loop_test(t, a_note_is_kept_word_for_word, 0, COUNT(texts));
	tcase_add_loop_test(t, a_note_has_a_longest, 0, COUNT(lengths));
	tcase_add_test(t, one_note_too_many_is_said);
	tcase_add_test(t, more_notes_than_one_result_holds_are_counted);
	tcase_add_unchecked_fixture(file, folders_begin, folders_end);
	tcase_add_checked_fixture(file, folder_make, NULL);
	tcase_add_test(file, what_the_disk_refuses_is_not_kept);
	suite_add_tcase(suite, t);
	suite_add_tcase(suite, file);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
