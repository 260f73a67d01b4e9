/* test_crash.c - a process that writes turn after turn is killed, each time at another
 * write to the disk, half-way through it; what it had said to be durable is there whole,
 * nothing is there by half, and the next process goes on. */
#include "fixture.h"
#include "store/audit.h"
#include "store/conversation.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include <sys/wait.h>

enum { TURNS = 400 };

/* One turn of the loop: an event comes in, is answered, and the one before it is sent. */
static void one_turn(struct store *s, int n)
{
	DEFER(text_free) char *id = text_fmt("m%d", n);
	DEFER(json_drop) cJSON *message = json_build("{role:'user',text:%s}", id);
	int64_t conversation = conversation_find(s, "work", "C", ""), turn, call, row;

	store_mark(s);
	row = inbox_add(s, &(struct inbound){ "work", "C", "", "message", id, "", "U", id, "owner", "", 0, false });
	store_release(s);
	turn = turn_begin(s, conversation, row, "");
	conversation_add(s, conversation, turn, message, NULL);
	call = call_begin(s, turn, id, "now", NULL);
	audit_add(s, &(struct audit){ .task = turn, .connection = "work", .operation = "core.now", .verdict = "allowed", .rule = id });
	call_end(s, call, id, false);
	store_mark(s);
	outbox_add(s, "work", "C", "", "never to be seen", turn);
	store_undo(s);
	row = outbox_add(s, "work", "C", "", id, turn);
	outbox_sending(s, row);
	turn_end(s, turn, "done");
}

/* Tells how many turns are durable by so many bytes. The loop of a process that goes on
 * begins where the one before it ended. */
static void work(const char *path, int from, int said)
{
	struct store *s = NULL;

	if (store_open(path, &s))
		_exit(3);
	for (int n = from; n < TURNS; n++) {
		one_turn(s, n);
		if (store_commit(s) != OK || write(said, "+", 1) != 1)
			_exit(4);
	}
	_exit(5);		/* was to be killed before */
}

/* Runs a process until it is killed at its n-th write; the turns that it said are durable. */
static int killed_at(const char *path, int from, int n)
{
	char heard[TURNS];
	int said[2], status, turns = 0;
	ssize_t got;
	pid_t child;

	ck_assert_int_eq(pipe(said), 0);
	child = fork();
	if (child == 0) {
		close(said[0]);
		disk.left = n;
		work(path, from, said[1]);
	}
	close(said[1]);
	while ((got = read(said[0], heard, sizeof heard)) > 0)
		turns += (int)got;
	close(said[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "at write %d: status %x", n, status);
	return turns;
}

static const char *const halves[] = {		/* each counts what must not be */
	"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
	"SELECT count(*) FROM pragma_foreign_key_check",
	"SELECT count(*) FROM turn WHERE state = 'running'",
	"SELECT count(*) FROM turn t WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.turn = t.row)",
	"SELECT count(*) FROM turn t WHERE NOT EXISTS (SELECT 1 FROM call c WHERE c.turn = t.row AND c.result IS NOT NULL)",
	"SELECT count(*) FROM turn t WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.turn = t.row)",
	"SELECT count(*) FROM turn t WHERE NOT EXISTS (SELECT 1 FROM audit a WHERE a.task = t.row)",
	"SELECT count(*) FROM inbox i WHERE NOT EXISTS (SELECT 1 FROM turn t WHERE t.inbox = i.row)",
	"SELECT count(*) FROM outbox WHERE text = 'never to be seen'",
};

/* What is durable is `done` turns, or the one more that was committed and not yet told. */
static int check(const char *path, int done)
{
	struct store *s = NULL;
	const char *why = store_open(path, &s);
	int64_t turns;

	ck_assert_msg(!why, "%s", why);
	turns = count(s, "SELECT count(*) FROM turn");
	ck_assert_msg(turns == done || turns == done + 1, "%d of %d turns", (int)turns, done);
	for (size_t i = 0; i < COUNT(halves); i++)
		ck_assert_msg(count(s, halves[i]) == 0, "%s", halves[i]);
	ck_assert_ptr_null(audit_check(s));
	ck_assert_int_eq(audit_rows(s), turns);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM inbox"), turns);
	for (int n = 0; n < turns; n++) {
		DEFER(text_free) char *id = text_fmt("m%d", n);

		ck_assert_int_eq(inbox_add(s, &(struct inbound){ "work", "C", "", "message", id, "", "U", id, "owner", "", 0, false }), 0);
	}
	store_rollback(s);
	store_close(s);
	return (int)turns;
}

START_TEST(a_kill_at_any_write_loses_nothing_that_was_durable_and_leaves_nothing_by_half)
{
	unsigned seed = 7 + (unsigned)_i;
	int done = 0, restarts = 0;

	disk_watch();
	while (restarts < 4) {
		int n = rand_r(&seed) % 160;

		done += killed_at(in_folder("chela.db"), done, n);
		done = check(in_folder("chela.db"), done);
		restarts++;
	}
}
END_TEST

START_TEST(a_kill_while_the_tables_are_made_leaves_a_file_that_the_next_start_takes)
{
	disk_watch();
	ck_assert_int_eq(killed_at(in_folder("chela.db"), 0, 2 * _i + _i % 2), 0);
	ck_assert_int_eq(check(in_folder("chela.db"), 0), 0);
}
END_TEST

START_TEST(after_a_crash_what_was_under_way_is_unknown_and_is_not_done_again)
{
	const char *path = in_folder("chela.db");
	DEFER(json_drop) cJSON *calls = NULL;
	struct store *s = NULL;
	int64_t turn, row;
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (store_open(path, &s))
			_exit(3);
		row = inbox_add(s, &(struct inbound){ "work", "C", "", "message", "1", "", "U", "hi", "owner", "", 0, false });
		turn = turn_begin(s, conversation_find(s, "work", "C", ""), row, "");
		call_begin(s, turn, "c1", "remember", NULL);
		outbox_sending(s, outbox_add(s, "work", "C", "", "half", turn));
		outbox_add(s, "work", "C", "", "whole", turn);
		if (store_commit(s) != OK)
			_exit(4);
		call_end(s, 1, "done, but not durable", false);
		kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_ptr_null(store_open(path, &s));
	calls = calls_unknown(s, 1);
	same_json(calls, "[{\"call\":1,\"id\":\"c1\",\"name\":\"remember\"}]");
	ck_assert_int_eq(inbox_waiting(s), 0);
	ck_assert_int_eq(outbox_recover(s), 1);
	ck_assert_int_eq(outbox_waiting(s), 1);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM outbox WHERE state = 'unknown' AND text = 'half'"), 1);
	must_commit(s);
	store_close(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crash");
	TCase *t = tcase_create("crash");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
	tcase_add_checked_fixture(t, folder_make, NULL);
	tcase_add_loop_test(t, a_kill_at_any_write_loses_nothing_that_was_durable_and_leaves_nothing_by_half, 0, 8);
	tcase_add_loop_test(t, a_kill_while_the_tables_are_made_leaves_a_file_that_the_next_start_takes, 0, 36);
	tcase_add_test(t, after_a_crash_what_was_under_way_is_unknown_and_is_not_done_again);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
