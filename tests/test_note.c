/* test_note.c - notes come back word for word, to whom they belong, until forgotten. */
#include "fixture.h"
#include "limits.h"
#include "store/note.h"
#include <time.h>

/* Everything that could be mended on the way by somebody who means well. */
static const char odd[] =
	" leading and trailing \t\n\r\n\n"
	"quotes ' \" ` \\ ; -- /* %s %n $(x) </b> &amp; '); DROP TABLE note; --\n"
	"e\xCC\x81 and \xC3\xA9 are two spellings\n"
	"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7 family, \xF0\x9F\x87\xA9\xF0\x9F\x87\xAA flag\n"
	"\xE2\x80\xAE" "right to left \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xE2\x80\xAC, \xE2\x80\x8B zero width, \xEF\xBB\xBF mark\n"
	"\x01\x1B[31m\x7F controls, \xC2\x85 next line, \xE2\x80\xA8 separator\n"
	"\xF4\x8F\xBF\xBF last, \xEF\xBF\xBE no character, \xEE\x80\x80 private\n";

START_TEST(a_note_of_8_kilobytes_of_odd_characters_comes_back_word_for_word)
{
	struct store *s = NULL;
	char text[NOTE_MAX + 1] = "";
	DEFER(json_drop) cJSON *found = NULL;

	while (strlen(text) + sizeof odd <= NOTE_MAX)
		memcpy(text + strlen(text), odd, sizeof odd);
	memset(text + strlen(text), 'x', NOTE_MAX - strlen(text));
	text[NOTE_MAX] = '\0';
	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	ck_assert_int_gt(note_add(s, "anna", text), 0);
	must_commit(s);
	store_close(s);
	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	found = note_find(s, "anna", NULL, 10);
	ck_assert_str_eq(json_text(found, "/0/text"), text);
	store_close(s);
}
END_TEST

START_TEST(a_note_that_is_too_long_is_a_mistake_of_ours)
{
	static char text[NOTE_MAX + 2];

	memset(text, 'x', NOTE_MAX + 1);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	note_add(new_store(), "anna", text);
}
END_TEST

static const struct { const char *name, *words, *want; } searches[] = {
	{ "nothing asked", NULL, "5 4 3 2 1 " },
	{ "blanks asked", " \t \n", "5 4 3 2 1 " },
	{ "one word", "milk", "4 1 " },
	{ "in capitals", "MILK", "4 1 " },
	{ "a capital that is not ASCII", "\xC3\xA4pfel", "2 " },
	{ "a small letter for a capital that is not ASCII", "\xC3\x84PFEL", "2 " },
	{ "Greek", "\xCE\x91\xCE\x92", "3 " },
	{ "two words in any order", "eggs   milk", "4 " },
	{ "within a word", "il", "4 1 " },
	{ "one of two words only", "milk bread", "" },
	{ "a word of nobody", "zebra", "" },
	{ "a pattern is not a word", "m%k", "" },
	{ "an underscore is not a joker", "m_lk", "" },
	{ "a percent sign that stands there", "50%", "5 " },
	{ "what is no character", "\xFF", "" },
	{ "a quote", "'", "" },
};

START_TEST(notes_are_found_by_all_of_their_words)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *found = NULL;
	char got[100] = "";

	note_add(s, "anna", "Buy milk");
	note_add(s, "anna", "\xC3\x84pfel");
	note_add(s, "anna", "\xCE\xB1\xCE\xB2\xCE\xB3");
	note_add(s, "anna", "Milk and eggs");
	note_add(s, "anna", "50% off");
	note_add(s, "ben", "milk eggs bread");
	found = note_find(s, "anna", searches[_i].words, 10);
	for (const cJSON *n = json_first(found); n; n = json_next(n)) {
		int64_t number = 0;

		ck_assert(json_number(n, "/note", 1, 100, &number));
		snprintf(got + strlen(got), sizeof got - strlen(got), "%d ", (int)number);
	}
	ck_assert_msg(strcmp(got, searches[_i].want) == 0, "%s: %s", searches[_i].name, got);
	store_close(s);
}
END_TEST

START_TEST(the_newest_are_given_with_number_and_day)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *found = NULL;
	DEFER(json_drop) cJSON *none = NULL;

	setenv("TZ", "UTC", 1);
	tzset();
	note_add(s, "anna", "one");
	store_set_clock(s, T0 + INT64_C(86400000));
	note_add(s, "anna", "two");
	note_add(s, "anna", "three");
	found = note_find(s, "anna", NULL, 2);
	same_json(found, "[{\"note\":3,\"text\":\"three\",\"kept\":\"2026-01-02\"},"
			 "{\"note\":2,\"text\":\"two\",\"kept\":\"2026-01-02\"}]");
	none = note_find(s, "carl", NULL, 2);
	same_json(none, "[]");
	store_close(s);
}
END_TEST

START_TEST(a_note_belongs_to_its_person)
{
	struct store *s = new_store();
	int64_t annas = note_add(s, "anna", "hers"), bens = note_add(s, "ben", "his");
	DEFER(json_drop) cJSON *found = NULL;

	ck_assert(!note_forget(s, "anna", bens));
	ck_assert(!note_forget(s, "Anna", annas));
	ck_assert(!note_forget(s, "anna", 99));
	ck_assert(!note_forget(s, "anna", -1));
	ck_assert(note_forget(s, "anna", annas));
	ck_assert(!note_forget(s, "anna", annas));
	found = note_find(s, "ben", NULL, 10);
	ck_assert_str_eq(json_text(found, "/0/text"), "his");
	ck_assert_int_gt(note_add(s, "anna", "new"), bens);
	store_close(s);
}
END_TEST

START_TEST(there_is_a_most_for_each_person)
{
	struct store *s = new_store();

	for (int i = 0; i < NOTES_MAX; i++)
		ck_assert_int_gt(note_add(s, "anna", "x"), 0);
	ck_assert_int_eq(note_add(s, "anna", "one more"), 0);
	ck_assert_int_gt(note_add(s, "ben", "x"), 0);
	ck_assert(note_forget(s, "anna", 1));
	ck_assert_int_gt(note_add(s, "anna", "one more"), 0);
	store_close(s);
}
END_TEST

START_TEST(a_forgotten_note_is_not_in_the_file_any_more)
{
	struct store *s = NULL;
	static char bytes[1 << 20];
	int64_t note;
	FILE *f;
	size_t n;

	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	note = note_add(s, "anna", "xyzzy-plugh");
	must_commit(s);
	ck_assert(note_forget(s, "anna", note));
	must_commit(s);
	store_close(s);
	f = fopen(in_folder("chela.db"), "r");
	ck_assert_ptr_nonnull(f);
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	ck_assert_uint_gt(n, 4096);
	ck_assert_ptr_null(memmem(bytes, n, "xyzzy-plugh", 11));
	ck_assert_int_ne(access(in_folder("chela.db-wal"), F_OK), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("note");
	TCase *t = tcase_create("note"), *file = tcase_create("file");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(file, folders_begin, folders_end);
	tcase_add_checked_fixture(file, folder_make, NULL);
	tcase_add_test(file, a_note_of_8_kilobytes_of_odd_characters_comes_back_word_for_word);
	tcase_add_test(file, a_forgotten_note_is_not_in_the_file_any_more);
	tcase_add_test_raise_signal(t, a_note_that_is_too_long_is_a_mistake_of_ours, SIGABRT);
	tcase_add_loop_test(t, notes_are_found_by_all_of_their_words, 0, COUNT(searches));
	tcase_add_test(t, the_newest_are_given_with_number_and_day);
	tcase_add_test(t, a_note_belongs_to_its_person);
	tcase_add_test(t, there_is_a_most_for_each_person);
	suite_add_tcase(suite, t);
	suite_add_tcase(suite, file);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
