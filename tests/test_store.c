/* test_store.c - the transaction, what ends it, and which files are refused. */
#include "embed.h"
#include "fixture.h"
#include "store/conversation.h"
#include "store/outbox.h"
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- opening ------------------------------------------------------------- */

static void write_file(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "r");
	char *bytes = calloc(1, 1 << 20);

	ck_assert(f && bytes);
	*ret_len = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

static void sql(const char *path, const char *text)
{
	sqlite3 *db;
	char *why = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, text, NULL, NULL, &why);
	ck_assert_msg(!why, "%s", why);
	sqlite3_close(db);
}

static void ours(const char *path)
{
	struct store *s;

	ck_assert_ptr_null(store_open(path, &s));
	for (int i = 0; i < 100; i++)
		store_do(s, "INSERT INTO note (person, text, kept) VALUES ('a', hex(zeroblob(500)), 1)", "");
	must_commit(s);
	store_close(s);
}

static void make_absent(const char *path) { (void)path; }
static void make_empty(const char *path) { write_file(path, "", 0); }
static void make_ours(const char *path) { ours(path); }
static void make_text(const char *path) { write_file(path, "Dear diary,\n", 12); }
static void make_directory(const char *path) { mkdir(path, 0700); }
static void make_foreign(const char *path) { sql(path, "CREATE TABLE photos (a); INSERT INTO photos VALUES (1)"); }

static void make_newer(const char *path)
{
	ours(path);
	sql(path, "PRAGMA user_version = 1000");
}

static void make_cut(const char *path)
{
	ours(path);
	ck_assert_int_eq(truncate(path, 40000), 0);
}

static void make_scratched(const char *path)
{
	int fd;

	ours(path);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "################################", 32, 8 * 4096), 32);
	close(fd);
}

static void make_scrambled(const char *path)
{
	static const char junk[8192] = "SQLite format 3";

	write_file(path, junk, sizeof junk);
}

static const struct {
	const char *name;
	void (*make)(const char *path);
	const char *want;		/* a piece of the complaint; NULL: it opens */
	const char *remedy;
} files[] = {
	{ "no file yet", make_absent, NULL, NULL },
	{ "an empty file", make_empty, NULL, NULL },
	{ "one of ours", make_ours, NULL, NULL },
	{ "a text", make_text, "damaged or no database", "put it aside" },
	{ "only a database's first words", make_scrambled, "damaged or no database", "put it aside" },
	{ "one of ours, cut", make_cut, "damaged or no database", "put it aside" },
	{ "one of ours, scratched", make_scratched, "damaged or no database", "copy back" },
	{ "somebody else's database", make_foreign, "some other program", "put it aside" },
	{ "a newer version's", make_newer, "newer version", "use that one" },
	{ "a folder", make_directory, "Is a directory", "its folder is there" },
};

START_TEST(a_file_is_taken_or_refused_with_a_remedy_and_left_as_it_was)
{
	const char *path = in_folder("chela.db"), *why;
	struct store *s = NULL;
	char *before = NULL, *after;
	size_t before_len = 0, after_len;

	files[_i].make(path);
	if (files[_i].want && files[_i].make != make_directory)
		before = read_file(path, &before_len);
	why = store_open(path, &s);
	if (!files[_i].want) {
		ck_assert_msg(!why, "%s: %s", files[_i].name, why);
		store_close(s);
		return;
	}
	ck_assert_msg(why && strstr(why, files[_i].want) && strstr(why, files[_i].remedy), "%s: %s", files[_i].name, why);
	ck_assert_ptr_nonnull(strstr(why, path));
	ck_assert_ptr_null(s);
	if (before) {
		after = read_file(path, &after_len);
		ck_assert(before_len == after_len && memcmp(before, after, after_len) == 0);
		free(before);
		free(after);
	}
}
END_TEST

/* Bytes that a crash left in the log beside the file stay there, too. */
START_TEST(a_newer_versions_file_is_left_as_a_crash_left_it)
{
	const char *path = in_folder("chela.db");
	struct store *s = NULL;
	char *before, *after;
	size_t before_len, after_len;
	pid_t child = fork();

	if (child == 0) {
		ours(path);
		if (store_open(path, &s))
			_exit(3);
		sqlite3_exec(store_db(s), "PRAGMA user_version = 1000", NULL, NULL, NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	before = read_file(path, &before_len);
	ck_assert_ptr_nonnull(strstr(store_open(path, &s), "newer version"));
	after = read_file(path, &after_len);
	ck_assert(before_len == after_len && memcmp(before, after, after_len) == 0);
	ck_assert_int_eq(access(in_folder("chela.db-wal"), F_OK), 0);
	free(before);
	free(after);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
	struct store *s = NULL;
	const char *why = store_open(in_folder("no/chela.db"), &s);

	ck_assert(why && strstr(why, "No such file") && strstr(why, "no/chela.db"));
}
END_TEST

START_TEST(a_full_disk_at_the_first_start_is_said)
{
	struct store *s = NULL;
	const char *why;

	disk_watch();
	disk.left = 1;
	disk.error = ENOSPC;
	why = store_open(in_folder("chela.db"), &s);
	disk.left = -1;
	ck_assert_msg(why && strstr(why, "no room") && strstr(why, "free some"), "%s", why);
	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	store_close(s);
}
END_TEST

START_TEST(only_its_owner_reads_the_database)
{
	static const char *const names[] = { "chela.db", "chela.db-wal", "chela.db-shm" };
	struct stat st;
	struct store *s;

	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	store_do(s, "INSERT INTO meta VALUES ('a', 'b')", "");
	must_commit(s);
	for (size_t i = 0; i < COUNT(names); i++) {
		ck_assert_int_eq(stat(in_folder(names[i]), &st), 0);
		ck_assert_int_eq(st.st_mode & 0777, 0600);
	}
	store_close(s);
}
END_TEST

START_TEST(it_is_set_to_be_durable_and_small)
{
	static const struct { const char *ask; int64_t want; } settings[] = {
		{ "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1 },
		{ "SELECT synchronous FROM pragma_synchronous", 2 },
		{ "SELECT foreign_keys FROM pragma_foreign_keys", 1 },
		{ "SELECT cache_size FROM pragma_cache_size", -512 },
		{ "SELECT secure_delete FROM pragma_secure_delete", 1 },
		{ "SELECT timeout FROM pragma_busy_timeout", 2000 },
	};
	struct store *s;

	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	for (size_t i = 0; i < COUNT(settings); i++)
		ck_assert_msg(count(s, settings[i].ask) == settings[i].want, "%s", settings[i].ask);
	store_close(s);
}
END_TEST

/* ---- a file of the version before ---------------------------------------- */

EMBED(schema_text, "core/store/schema.sql");

/* The text of a step, ended by a NUL; owned. */
static char *step_text(int n)
{
	DEFER(text_free) char *mark = text_fmt("\n-- step %d\n", n), *after = text_fmt("\n-- step %d\n", n + 1);
	const char *at = strstr(schema_text, mark), *end;

	ck_assert_ptr_nonnull(at);
	end = strstr(at, after);
	return str_dup((struct str){ at, end ? (size_t)(end - at) : strlen(at) });
}

START_TEST(a_step_that_was_released_is_never_changed)
{
	static const char *const released[] = {
		"662d501446ea56fb1a4b6b7b3541d599",
	};

	for (size_t i = 0; i < COUNT(released); i++) {
		DEFER(text_free) char *text = step_text((int)i + 1);
		unsigned char hash[16];
		char hex[33];

		crypto_generichash(hash, sizeof hash, (const unsigned char *)text, strlen(text), NULL, 0);
		sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
		ck_assert_msg(strcmp(hex, released[i]) == 0, "step %zu is now %s: append a step instead", i + 1, hex);
	}
}
END_TEST

/* A row or more in every table. */
static const char rows_of_step_1[] =
	"INSERT INTO meta VALUES ('audit', 'h2');"
	"INSERT INTO inbox VALUES (1, 'terminal', 'terminal', '', 'message', 'a', '', 'owner', 'hi', 'done', 1),"
	" (2, 'terminal', 'terminal', '', 'message', 'b', '', 'owner', 'go on', 'taken', 2),"
	" (3, 'terminal', 'terminal', '', 'message', 'c', '', 'owner', 'and', 'waiting', 3);"
	"INSERT INTO dead_letter VALUES (1, 'work', 'no JSON', x'00ff', 1);"
	"INSERT INTO poison VALUES (1, 'work', 'e', 2);"
	"INSERT INTO kept VALUES ('work', '{\"seq\":1}');"
	"INSERT INTO conversation VALUES (1, 'terminal', 'terminal', '', 1, 'they met');"
	"INSERT INTO turn VALUES (1, 1, 1, 'terminal', 'done', 1, 2), (2, 1, 2, 'terminal', 'running', 3, NULL);"
	"INSERT INTO message VALUES (1, 1, 1, '{\"role\":\"user\",\"text\":\"hi\"}', NULL, NULL, 1),"
	" (2, 1, 1, '{\"role\":\"assistant\",\"text\":\"hello\"}', 'a', '[]', 2);"
	"INSERT INTO usage VALUES (1, 1, 'm', 10, 5, 0, 0, NULL, 2);"
	"INSERT INTO call VALUES (1, 2, 'c', 'now', '{}', NULL, NULL, 3, NULL);"
	"INSERT INTO outbox VALUES (1, 'terminal', 'terminal', '', 'hello', 'k1', 1, 'sent', NULL, NULL, 2, 2),"
	" (2, 'terminal', 'terminal', '', 'missed', 'k2', 1, 'waiting', NULL, NULL, 2, 2);"
	"INSERT INTO note VALUES (1, 'owner', 'likes tea', 1);"
	"INSERT INTO audit VALUES (1, 1, 1, 'terminal', 'core.now', 'allow', 'x', '{}', 'h1');";

static void make_step_1(const char *path)
{
	DEFER(text_free) char *text = step_text(1);
	DEFER(text_free) char *all = text_fmt("PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL; BEGIN; %s; %s PRAGMA application_id = 1667786092;"
					      "PRAGMA user_version = 1; COMMIT", text, rows_of_step_1);

	sql(path, all);
}

/* All rows of all tables that step 1 had, in its columns, as one text; owned. */
static char *content(sqlite3 *db)
{
	static const char *const tables[] = {
		"name, value FROM meta", "row, connection, chat, thread, kind, id, version, sender, text, state, came FROM inbox",
		"row, connection, why, hex(bytes), came FROM dead_letter", "row, connection, event, count FROM poison",
		"connection, state FROM kept", "row, connection, chat, thread, folded, summary FROM conversation",
		"row, conversation, inbox, origin, state, began, ended FROM turn",
		"row, conversation, turn, body, adapter, raw, came FROM message",
		"row, turn, model, tokens_in, tokens_out, cache_read, cache_write, micros, came FROM usage",
		"row, turn, id, name, args, result, failed, began, ended FROM call",
		"row, connection, chat, thread, text, key, turn, state, platform_id, why, added, changed FROM outbox",
		"row, person, text, kept FROM note", "row, at, task, connection, operation, verdict, rule, args, hash FROM audit",
		"name, seq FROM sqlite_sequence WHERE name <> 'stranger' ORDER BY name",
	};
	struct buf b = buf_new(1 << 20);

	for (size_t i = 0; i < COUNT(tables); i++) {
		DEFER(text_free) char *ask = text_fmt("SELECT %s", tables[i]);
		sqlite3_stmt *stmt;

		ck_assert_msg(sqlite3_prepare_v2(db, ask, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", ask, sqlite3_errmsg(db));
		while (sqlite3_step(stmt) == SQLITE_ROW)
			for (int c = 0; c < sqlite3_column_count(stmt); c++)
				buf_addf(&b, "%s|", sqlite3_column_type(stmt, c) == SQLITE_NULL ? "NULL" :
					 (const char *)sqlite3_column_text(stmt, c));
		buf_addc(&b, '\n');
		sqlite3_finalize(stmt);
	}
	return buf_take(&b);
}

static char *content_of(const char *path, int64_t *ret_version)
{
	sqlite3_stmt *stmt;
	sqlite3 *db;
	char *text;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	*ret_version = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	text = content(db);
	sqlite3_close(db);
	return text;
}

START_TEST(a_file_of_the_version_before_is_brought_forward_with_all_its_rows)
{
	const char *path = in_folder("chela.db");
	DEFER(text_free) char *before = NULL, *after = NULL;
	struct inbound in;
	struct outbound out;
	int64_t version, turn = 0;
	struct store *s;

	make_step_1(path);
	before = content_of(path, &version);
	ck_assert_int_eq(version, 1);
	ck_assert_ptr_null(store_open(path, &s));
	after = content(store_db(s));
	ck_assert_str_eq(after, before);
	ck_assert_int_eq(count(s, "PRAGMA user_version"), 2);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	ck_assert(turn_open_next(s, &turn, &in));
	ck_assert_str_eq(in.person, "owner");
	ck_assert_str_eq(in.handle, "");
	inbound_free(&in);
	ck_assert_int_eq(inbox_running(s, "terminal", "terminal", ""), 2);
	ck_assert_int_eq(inbox_waiting_in(s, "terminal", "terminal", ""), 1);
	ck_assert(outbox_get(s, 2, &out));
	ck_assert_str_eq(out.text, "missed");
	ck_assert(out.tries == 0 && out.due == 0);
	outbound_free(&out);
	ck_assert_int_eq(count(s, "SELECT place FROM outbox WHERE row = 2"), 2);
	ck_assert_int_eq(outbox_add(s, "terminal", "terminal", "", "next", 0), 3);
	ck_assert_int_eq(count(s, "SELECT place FROM outbox WHERE row = 3"), 3);
	must_commit(s);
	store_close(s);
	ck_assert_ptr_null(store_open(path, &s));
	ck_assert_int_eq(outbox_waiting(s), 2);
	store_close(s);
}
END_TEST

/* Killed half-way through every other of its writes. */
START_TEST(a_crash_while_a_file_is_brought_forward_leaves_it_old_or_new_and_whole)
{
	bool ended = false;
	int old = 0, new = 0;

	for (int n = 0; !ended; n += 2) {
		DEFER(text_free) char *name = text_fmt("%d.db", n);
		DEFER(text_free) char *path = text_dup(in_folder(name)), *before = NULL, *after = NULL, *again = NULL;
		struct store *s;
		int64_t version;
		int status;
		pid_t child;

		make_step_1(path);
		before = content_of(path, &version);
		child = fork();
		if (child == 0) {
			disk_watch();
			disk.left = n;
			_exit(store_open(path, &s) != NULL);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ended = WIFEXITED(status);
		ck_assert(!ended || WEXITSTATUS(status) == 0);
		after = content_of(path, &version);
		ck_assert_msg(strcmp(after, before) == 0, "after %d writes, version %d", n, (int)version);
		version == 1 ? old++ : new++;
		ck_assert_ptr_null(store_open(path, &s));
		again = content(store_db(s));
		ck_assert_str_eq(again, before);
		ck_assert_int_eq(count(s, "PRAGMA user_version"), 2);
		ck_assert_int_eq(count(s, "SELECT count(*) FROM pragma_quick_check WHERE quick_check = 'ok'"), 1);
		store_close(s);
	}
	ck_assert_msg(old > 5 && new > 0, "%d old, %d new", old, new);
}
END_TEST

START_TEST(a_full_disk_while_a_file_is_brought_forward_leaves_the_old_one)
{
	const char *path = in_folder("chela.db"), *why;
	DEFER(text_free) char *before = NULL, *after = NULL;
	struct store *s = NULL;
	int64_t version;

	make_step_1(path);
	before = content_of(path, &version);
	disk_watch();
	disk.left = 5;
	disk.error = ENOSPC;
	why = store_open(path, &s);
	disk.left = -1;
	ck_assert_msg(why && strstr(why, "no room") && strstr(why, "free some"), "%s", why);
	after = content_of(path, &version);
	ck_assert_int_eq(version, 1);
	ck_assert_str_eq(after, before);
}
END_TEST

/* ---- the transaction ----------------------------------------------------- */

static void put(struct store *s, const char *name)
{
	store_do(s, "INSERT INTO meta (name, value) VALUES (?, 'x')", "s", name);
}

static int64_t names(struct store *s)
{
	return count(s, "SELECT count(*) FROM meta");
}

static int64_t names_on_disk(const char *path)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	int64_t n;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT count(*) FROM meta", -1, &stmt, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

START_TEST(a_turn_is_seen_by_others_when_it_is_committed)
{
	const char *path = in_folder("chela.db");
	struct store *s;

	ck_assert_ptr_null(store_open(path, &s));
	put(s, "one");
	put(s, "two");
	ck_assert_int_eq(names(s), 2);
	ck_assert_int_eq(names_on_disk(path), 0);
	must_commit(s);
	ck_assert_int_eq(names_on_disk(path), 2);
	store_close(s);
}
END_TEST

START_TEST(what_is_not_committed_is_gone_after_a_close)
{
	const char *path = in_folder("chela.db");
	struct store *s;

	ck_assert_ptr_null(store_open(path, &s));
	put(s, "one");
	must_commit(s);
	put(s, "two");
	store_close(s);
	ck_assert_int_eq(names_on_disk(path), 1);
}
END_TEST

static int commits;

static int count_commit(void *to)
{
	(void)to;
	commits++;
	return 0;
}

START_TEST(many_events_of_one_turn_are_one_commit_and_a_turn_that_only_reads_is_none)
{
	struct store *s = new_store();

	sqlite3_commit_hook(store_db(s), count_commit, NULL);
	commits = 0;
	for (int i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof name, "n%d", i);
		store_mark(s);
		put(s, name);
		put(s, name + 1);
		store_release(s);
	}
	must_commit(s);
	ck_assert_int_eq(commits, 1);
	ck_assert_int_eq(names(s), 100);
	must_commit(s);
	ck_assert_int_eq(commits, 1);
	store_close(s);
}
END_TEST

START_TEST(an_event_is_undone_without_the_one_before_it)
{
	struct store *s = new_store();

	put(s, "before");
	store_mark(s);
	put(s, "bad");
	put(s, "worse");
	store_undo(s);
	store_mark(s);
	store_undo(s);
	store_mark(s);
	put(s, "after");
	store_release(s);
	must_commit(s);
	ck_assert_int_eq(names(s), 2);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM meta WHERE name IN ('before', 'after')"), 2);
	store_close(s);
}
END_TEST

START_TEST(the_first_event_of_a_turn_is_undone_too)
{
	struct store *s = new_store();

	store_mark(s);
	put(s, "bad");
	store_undo(s);
	must_commit(s);
	ck_assert_int_eq(names(s), 0);
	store_close(s);
}
END_TEST

START_TEST(a_rollback_leaves_the_last_commit_and_the_next_turn_works)
{
	struct store *s = new_store();

	put(s, "kept");
	must_commit(s);
	store_mark(s);
	put(s, "lost");
	store_rollback(s);
	put(s, "next");
	must_commit(s);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM meta WHERE name IN ('kept', 'next')"), 2);
	ck_assert_int_eq(names(s), 2);
	store_close(s);
}
END_TEST

/* ---- a disk that fails --------------------------------------------------- */

/* A turn larger than the page cache, so that it writes before its commit. */
static void large_turn(struct store *s)
{
	for (int i = 0; i < 40; i++)
		store_do(s, "INSERT INTO meta (name, value) VALUES ('large' || ?, hex(zeroblob(20000)))", "i", (int64_t)i);
}

static const struct { const char *name; int left, error; bool at_commit; } faults[] = {
	{ "no room at the first write", 0, ENOSPC, false },
	{ "no room at the second", 1, ENOSPC, false },
	{ "no room in the midst of the turn", 60, ENOSPC, false },
	{ "no room at the commit", 410, ENOSPC, false },
	{ "broken at the first write", 0, EIO, false },
	{ "broken in the midst of the turn", 33, EIO, false },
};

START_TEST(a_turn_that_the_disk_refuses_is_gone_whole_and_the_next_one_works)
{
	const char *path = in_folder("chela.db");
	struct store *s;
	enum err e;

	disk_watch();
	ck_assert_ptr_null(store_open(path, &s));
	put(s, "kept");
	must_commit(s);
	disk.left = faults[_i].left;
	disk.error = faults[_i].error;
	large_turn(s);
	put(s, "last");
	ck_assert_msg(store_doomed(s) != faults[_i].at_commit, "%s: writes left %d", faults[_i].name, disk.left);
	e = store_commit(s);
	ck_assert_msg(e == ERR_SYSTEM, "%s: %d, writes left %d", faults[_i].name, e, disk.left);
	ck_assert_int_eq(errno, faults[_i].error);
	ck_assert(!store_doomed(s));
	disk.left = -1;
	ck_assert_int_eq(names(s), 1);
	put(s, "next");
	must_commit(s);
	store_close(s);
	ck_assert_int_eq(names_on_disk(path), 2);
	ck_assert_ptr_null(store_open(path, &s));
	ck_assert_int_eq(count(s, "SELECT count(*) FROM pragma_quick_check WHERE quick_check = 'ok'"), 1);
	store_close(s);
}
END_TEST

START_TEST(in_a_doomed_turn_nothing_is_written_and_new_rows_have_no_number)
{
	struct store *s;
	enum err e;

	disk_watch();
	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	disk.left = 10;
	disk.error = ENOSPC;
	for (int64_t i = 0; !store_doomed(s); i++)
		store_do(s, "INSERT INTO note (person, text, kept) VALUES ('a', hex(zeroblob(20000)), ?)", "i", i);
	ck_assert_int_eq(store_last_id(s), 0);
	ck_assert_int_eq(store_changed(s), 0);
	disk.left = -1;
	store_mark(s);
	store_do(s, "INSERT INTO note (person, text, kept) VALUES ('a', 'b', 1)", "");
	ck_assert_int_eq(store_last_id(s), 0);
	ck_assert_int_eq(store_changed(s), 0);
	store_release(s);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM note"), 0);
	e = store_commit(s);
	ck_assert_int_eq(e, ERR_SYSTEM);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM note"), 0);
	store_close(s);
}
END_TEST

START_TEST(a_file_that_another_program_holds_dooms_the_turn_only)
{
	struct store *s;
	sqlite3 *other;
	enum err e;

	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	put(s, "before");
	must_commit(s);
	sqlite3_busy_timeout(store_db(s), 1);
	ck_assert_int_eq(sqlite3_open(in_folder("chela.db"), &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	put(s, "one");
	ck_assert_int_eq(store_changed(s), 0);
	e = store_commit(s);
	ck_assert_int_eq(e, ERR_SYSTEM);
	ck_assert_int_eq(errno, EBUSY);
	sqlite3_close(other);
	put(s, "two");
	must_commit(s);
	ck_assert_int_eq(names(s), 2);
	store_close(s);
}
END_TEST

/* Damage in a file too large to be looked through at the start. */
START_TEST(a_turn_that_meets_damage_is_gone_whole)
{
	const char *path = in_folder("chela.db");
	struct store *s;
	enum err e;
	int fd;

	ck_assert_ptr_null(store_open(path, &s));
	for (int i = 0; i < 600; i++)
		store_do(s, "INSERT INTO note (person, text, kept) VALUES ('a', hex(zeroblob(5000)), 1)", "");
	must_commit(s);
	store_close(s);
	fd = open(path, O_WRONLY);
	for (off_t page = 100; page < 1000; page++)
		ck_assert_int_eq(pwrite(fd, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, page * 4096), 8);
	close(fd);
	ck_assert_ptr_null(store_open(path, &s));
	put(s, "lost");
	count(s, "SELECT sum(length(text) + instr(text, 'x')) FROM note");
	ck_assert(store_doomed(s));
	e = store_commit(s);
	ck_assert_int_eq(e, ERR_SYSTEM);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(names(s), 0);
	store_close(s);
}
END_TEST

/* ---- statements ---------------------------------------------------------- */

START_TEST(each_letter_of_a_guide_gives_its_value_back)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *json = parsed("{\"a\": [1, \"x\"]}");
	static const struct { const char *ask; } same[] = {
		{ "typeof(?1) = 'text' AND ?1 = 'it''s'" }, { "?2 IS NULL" }, { "?3 = 'ab'" }, { "?4 = x'610062'" },
		{ "?5 = 9223372036854775807" }, { "?6 = '{\"a\":[1,\"x\"]}'" }, { "?7 IS NULL" }, { "?8 IS NULL" },
		{ "typeof(?9) = 'text' AND ?9 = ''" },
	};

	for (size_t i = 0; i < COUNT(same); i++) {
		DEFER(text_free) char *text = text_fmt("SELECT (%s) AND coalesce(?1,?2,?3,?4,?5,?6,?7,?8,?9) IS NOT NULL",
						       same[i].ask);
		int64_t fits = 0;

		store_get(s, row_to_int, &fits, text, "ssSBijjnS", "it's", NULL, (struct str){ "abc", 2 },
			  (struct str){ "a\0b", 3 }, INT64_MAX, json, NULL, (struct str){ NULL, 0 });
		ck_assert_msg(fits, "%s", same[i].ask);
	}
	store_close(s);
}
END_TEST

START_TEST(half_a_surrogate_pair_comes_back_as_the_replacement_character)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *json = parsed("{\"half\": \"a\\ud83d\", \"whole\": \"\\ud83d\\ude00\"}");
	DEFER(text_free) char *text = NULL;

	store_get(s, row_to_text, &text, "SELECT ?", "j", json);
	ck_assert_str_eq(text, "{\"half\":\"a\xEF\xBF\xBD\",\"whole\":\"\xF0\x9F\x98\x80\"}");
	store_close(s);
}
END_TEST

struct sum { struct store *store; int64_t sum; };

static void look_again(const struct row *r, void *to)
{
	struct sum *sum = to;
	int64_t again = 0;

	store_get(sum->store, row_to_int, &again, "SELECT value FROM json_each('[1,2,3]')", "");
	sum->sum += row_int(r, 0) * 10 + again;
}

START_TEST(a_statement_may_run_within_its_own_rows)
{
	struct sum sum = { new_store(), 0 };

	store_each(sum.store, look_again, &sum, "SELECT value FROM json_each('[1,2,3]')", "");
	ck_assert_int_eq(sum.sum, 63);
	store_close(sum.store);
}
END_TEST

START_TEST(a_thousand_statements_are_forgotten_in_time)
{
	struct store *s = new_store();
	int now, high;

	for (int i = 0; i < 1000; i++) {
		DEFER(text_free) char *text = text_fmt("SELECT %d", i);

		ck_assert_int_eq(count(s, text), i);
	}
	sqlite3_db_status(store_db(s), SQLITE_DBSTATUS_STMT_USED, &now, &high, 0);
	ck_assert_int_lt(now, 400000);
	store_close(s);
}
END_TEST

START_TEST(the_first_row_or_none)
{
	struct store *s = new_store();
	int64_t n = 7;

	ck_assert(!store_get(s, row_to_int, &n, "SELECT 1 WHERE 0", ""));
	ck_assert_int_eq(n, 7);
	ck_assert(store_get(s, row_to_int, &n, "SELECT value FROM json_each('[4,5]')", ""));
	ck_assert_int_eq(n, 4);
	store_close(s);
}
END_TEST

START_TEST(the_clock_is_the_machines_until_it_is_set)
{
	struct store *s;

	ck_assert_ptr_null(store_open(":memory:", &s));
	ck_assert_int_gt(store_now(s), T0 - INT64_C(100000000000));
	store_set_clock(s, 5);
	ck_assert_int_eq(store_now(s), 5);
	store_close(s);
}
END_TEST

/* ---- mistakes of ours ---------------------------------------------------- */

static void too_few(struct store *s) { store_do(s, "SELECT ?, ?", "i", (int64_t)1); }
static void unknown_letter(struct store *s) { store_do(s, "SELECT ?", "x", 1); }
static void not_sql(struct store *s) { store_do(s, "SELEKT 1", ""); }
static void twice(struct store *s) { put(s, "a"); put(s, "a"); }
static void no_parent(struct store *s) { store_do(s, "INSERT INTO turn (conversation, origin, began) VALUES (7, '', 0)", ""); }
static void no_such_state(struct store *s) { store_do(s, "INSERT INTO inbox VALUES (1,'','','','','','','','','odd',0,'','')", ""); }
static void wrong_type(struct store *s) { store_do(s, "INSERT INTO note VALUES (1, 'a', 'b', 'today')", ""); }
static void mark_in_a_mark(struct store *s) { store_mark(s); store_mark(s); }
static void commit_in_a_mark(struct store *s) { store_mark(s); (void)!store_commit(s); }

static const struct { const char *name; void (*make)(struct store *s); } mistakes[] = {
	{ "fewer bindings than the statement has", too_few }, { "a letter that is none", unknown_letter },
	{ "not SQL", not_sql }, { "the same key twice", twice }, { "a row without its parent", no_parent },
	{ "a state that is none", no_such_state }, { "text where a number stands", wrong_type },
	{ "an event within an event", mark_in_a_mark }, { "a commit within an event", commit_in_a_mark },
};

START_TEST(a_mistake_of_ours_aborts)
{
	struct store *s = new_store();

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	mistakes[_i].make(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *file = tcase_create("file"), *t = tcase_create("turn");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_set_timeout(file, 20);
	tcase_add_unchecked_fixture(file, folders_begin, folders_end);
	tcase_add_checked_fixture(file, folder_make, NULL);
	tcase_add_loop_test(file, a_file_is_taken_or_refused_with_a_remedy_and_left_as_it_was, 0, COUNT(files));
	tcase_add_test(file, a_newer_versions_file_is_left_as_a_crash_left_it);
	tcase_add_test(file, a_folder_that_is_not_there_is_named);
	tcase_add_test(file, a_full_disk_at_the_first_start_is_said);
	tcase_add_test(file, only_its_owner_reads_the_database);
	tcase_add_test(file, a_step_that_was_released_is_never_changed);
	tcase_add_test(file, a_file_of_the_version_before_is_brought_forward_with_all_its_rows);
	tcase_add_test(file, a_crash_while_a_file_is_brought_forward_leaves_it_old_or_new_and_whole);
	tcase_add_test(file, a_full_disk_while_a_file_is_brought_forward_leaves_the_old_one);
	tcase_add_test(file, it_is_set_to_be_durable_and_small);
	tcase_add_test(file, a_turn_is_seen_by_others_when_it_is_committed);
	tcase_add_test(file, what_is_not_committed_is_gone_after_a_close);
	tcase_add_loop_test(file, a_turn_that_the_disk_refuses_is_gone_whole_and_the_next_one_works, 0, COUNT(faults));
	tcase_add_test(file, in_a_doomed_turn_nothing_is_written_and_new_rows_have_no_number);
	tcase_add_test(file, a_file_that_another_program_holds_dooms_the_turn_only);
	tcase_add_test(file, a_turn_that_meets_damage_is_gone_whole);
	tcase_add_test(t, many_events_of_one_turn_are_one_commit_and_a_turn_that_only_reads_is_none);
	tcase_add_test(t, an_event_is_undone_without_the_one_before_it);
	tcase_add_test(t, the_first_event_of_a_turn_is_undone_too);
	tcase_add_test(t, a_rollback_leaves_the_last_commit_and_the_next_turn_works);
	tcase_add_test(t, each_letter_of_a_guide_gives_its_value_back);
	tcase_add_test(t, half_a_surrogate_pair_comes_back_as_the_replacement_character);
	tcase_add_test(t, a_statement_may_run_within_its_own_rows);
	tcase_add_test(t, a_thousand_statements_are_forgotten_in_time);
	tcase_add_test(t, the_first_row_or_none);
	tcase_add_test(t, the_clock_is_the_machines_until_it_is_set);
	tcase_add_loop_test_raise_signal(t, a_mistake_of_ours_aborts, SIGABRT, 0, COUNT(mistakes));
	suite_add_tcase(suite, file);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
