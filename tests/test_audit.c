/* test_audit.c - whoever touches the log of decisions leaves a trace. */
#include "fixture.h"
#include "store/audit.h"

/* Nine rows; the one numbered `other` is not what it is in all other logs. */
static void fill_but(struct store *s, int other)
{
	for (int i = 1; i <= 9; i++) {
		DEFER(json_drop) cJSON *args = json_build("{n:%d}", i);

		store_set_clock(s, T0 + i);
		audit_add(s, &(struct audit){
			.task = i / 2, .connection = "terminal", .operation = i % 2 ? "core.remember" : "core.now",
			.verdict = i == other ? "denied" : "allowed", .rule = "allow read,write on core", .args = i % 3 ? args : NULL,
		});
	}
}

static void fill(struct store *s)
{
	fill_but(s, 0);
}

/* Moves the rows after 4 up, as somebody would who knows that the
 * numbers have no gap. */
#define CLOSE_GAP "UPDATE audit SET row = row - 1 WHERE row > 4;"

static const struct { const char *name, *sql, *want; } touches[] = {
	{ "nobody", "SELECT 1", NULL },
	{ "the first row changed", "UPDATE audit SET verdict = 'denied' WHERE row = 1", "row 1 of the audit log was changed" },
	{ "the time", "UPDATE audit SET at = at + 1 WHERE row = 4", "row 4 of the audit log was changed" },
	{ "the task", "UPDATE audit SET task = 77 WHERE row = 4", "row 4 " },
	{ "the connection", "UPDATE audit SET connection = 'work' WHERE row = 4", "row 4 " },
	{ "the operation", "UPDATE audit SET operation = 'core.now' WHERE row = 5", "row 5 " },
	{ "the rule", "UPDATE audit SET rule = rule || ' ' WHERE row = 5", "row 5 " },
	{ "the arguments", "UPDATE audit SET args = '{\"n\":6}' WHERE row = 5", "row 5 " },
	{ "arguments taken away", "UPDATE audit SET args = NULL WHERE row = 5", "row 5 " },
	{ "arguments given to one without", "UPDATE audit SET args = '' WHERE row = 6", "row 6 " },
	{ "a letter moved between columns", "UPDATE audit SET verdict = 'allowedd', rule = substr(rule, 2) WHERE row = 5", "row 5 " },
	{ "the hash", "UPDATE audit SET hash = replace(hash, substr(hash, 1, 1), 'g') WHERE row = 5", "row 5 " },
	{ "the last row", "UPDATE audit SET verdict = 'denied' WHERE row = 9", "row 9 " },
	{ "one taken out", "DELETE FROM audit WHERE row = 4", "row 4 of the audit log was taken out" },
	{ "the first taken out", "DELETE FROM audit WHERE row = 1", "row 1 of the audit log was taken out" },
	{ "one taken out and the gap closed", "DELETE FROM audit WHERE row = 4;" CLOSE_GAP, "row 4 of the audit log was changed" },
	{ "the end cut off", "DELETE FROM audit WHERE row > 6", "row 7 of the audit log was taken out, with all after it" },
	{ "everything cut off", "DELETE FROM audit", "row 1 of the audit log was taken out, with all after it" },
	{ "one put in at the end", "INSERT INTO audit SELECT 10, at, task, connection, operation, verdict, rule, args, hash"
	  " FROM audit WHERE row = 9", "row 10 of the audit log" },
	{ "one put in before", "INSERT INTO audit SELECT 0, at, task, connection, operation, verdict, rule, args, hash"
	  " FROM audit WHERE row = 9", "row 0 of the audit log was put in" },
	{ "two that changed places", "UPDATE audit SET row = -1 WHERE row = 3; UPDATE audit SET row = 3 WHERE row = 4;"
	  " UPDATE audit SET row = 4 WHERE row = -1", "row 3 of the audit log was changed" },
	{ "the last one, with its mark", "DELETE FROM audit WHERE row = 9; DELETE FROM meta WHERE name = 'audit'",
	  "row 1 of the audit log was put in" },
	{ "the mark alone", "UPDATE meta SET value = '9 ' || hex(zeroblob(32)) WHERE name = 'audit'",
	  "row 9 of the audit log is not the one that was written last" },
	{ "a mark that is none", "UPDATE meta SET value = 'x' WHERE name = 'audit'", "row 1 of the audit log was put in" },
};

START_TEST(whoever_touches_a_row_is_found_and_the_row_is_named)
{
	struct store *s = new_store();
	const char *why;

	fill(s);
	must_commit(s);
	ck_assert_ptr_null(audit_check(s));
	ck_assert_int_eq(sqlite3_exec(store_db(s), touches[_i].sql, NULL, NULL, NULL), SQLITE_OK);
	why = audit_check(s);
	if (touches[_i].want)
		ck_assert_msg(why && strncmp(why, touches[_i].want, strlen(touches[_i].want)) == 0, "%s: %s", touches[_i].name, why);
	else
		ck_assert_msg(!why, "%s: %s", touches[_i].name, why);
	store_close(s);
}
END_TEST

static void copy_row(const struct row *r, void *to)
{
	store_do(to, "UPDATE audit SET verdict = ?, hash = ? WHERE row = 5", "ss", row_text(r, 0), row_text(r, 1));
}

START_TEST(a_row_that_is_well_made_by_itself_is_betrayed_by_the_next)
{
	struct store *s = new_store(), *other = new_store();
	const char *why;

	fill(s);
	fill_but(other, 5);
	ck_assert_ptr_null(audit_check(other));
	store_get(other, copy_row, s, "SELECT verdict, hash FROM audit WHERE row = 5", "");
	why = audit_check(s);
	ck_assert_msg(why && strstr(why, "row 6 of the audit log was changed, or does not follow"), "%s", why);
	store_close(s);
	store_close(other);
}
END_TEST

START_TEST(a_log_without_rows_holds)
{
	struct store *s = new_store();

	ck_assert_ptr_null(audit_check(s));
	ck_assert_int_eq(audit_rows(s), 0);
	store_close(s);
}
END_TEST

START_TEST(the_log_goes_on_after_a_rollback_an_undone_event_and_a_restart)
{
	struct store *s;

	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	fill(s);
	must_commit(s);
	fill(s);
	store_rollback(s);
	store_mark(s);
	fill(s);
	store_undo(s);
	fill(s);
	must_commit(s);
	store_close(s);
	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	fill(s);
	must_commit(s);
	ck_assert_ptr_null(audit_check(s));
	ck_assert_int_eq(audit_rows(s), 27);
	store_close(s);
}
END_TEST

START_TEST(arguments_with_half_a_pair_are_kept_as_they_are_hashed)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *args = parsed("{\"text\":\"\\ud800 \\u0001\"}");
	DEFER(text_free) char *kept = NULL;

	audit_add(s, &(struct audit){ .connection = "", .operation = "core.remember", .verdict = "denied", .rule = "", .args = args });
	ck_assert_ptr_null(audit_check(s));
	store_get(s, row_to_text, &kept, "SELECT args FROM audit", "");
	ck_assert_str_eq(kept, "{\"text\":\"\xEF\xBF\xBD \\u0001\"}");
	store_close(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit");
	TCase *t = tcase_create("audit"), *file = tcase_create("file");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_loop_test(t, whoever_touches_a_row_is_found_and_the_row_is_named, 0, COUNT(touches));
	tcase_add_test(t, a_row_that_is_well_made_by_itself_is_betrayed_by_the_next);
	tcase_add_test(t, a_log_without_rows_holds);
	tcase_add_test(t, arguments_with_half_a_pair_are_kept_as_they_are_hashed);
	tcase_add_unchecked_fixture(file, folders_begin, folders_end);
	tcase_add_checked_fixture(file, folder_make, NULL);
	tcase_add_test(file, the_log_goes_on_after_a_rollback_an_undone_event_and_a_restart);
	suite_add_tcase(suite, t);
	suite_add_tcase(suite, file);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
