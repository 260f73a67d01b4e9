/* store.c - see store.h */
#include "store/store.h"
#include "store/db.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STATEMENTS_MAX = 128 };		/* kept prepared: all that the core has */

struct statement {
	struct statement *next;
	sqlite3_stmt *stmt;
	char *sql;
	bool busy;			/* its rows are being shown */
};

struct store {
	sqlite3 *db;
	struct statement *statements;	/* the last used first */
	int statements_n;
	int64_t wall_ms;		/* 0: not set */
	int64_t last_id, changed;
	bool marked, saved;		/* a savepoint is wanted; and made, for something was written */
	int doomed;			/* the errno, or 0 */
};

struct row {
	sqlite3_stmt *stmt;
};

/* ---- failures ------------------------------------------------------------ */

static void doom(struct store *s, int rc, const char *sql)
{
	int system = db_errno(s->db, rc);

	if (!system) {
		fprintf(stderr, "store: %s: %s\n", sqlite3_errmsg(s->db), sql);
		abort();
	}
	if (!s->doomed)
		s->doomed = system;
}

bool store_doomed(const struct store *s)
{
	return s->doomed != 0;
}

/* ---- statements ---------------------------------------------------------- */

static void statement_free(struct statement *st)
{
	sqlite3_finalize(st->stmt);
	free(st->sql);
	free(st);
}

/* Makes room for one more, where one that nobody uses stands at the end. */
static void drop_oldest(struct store *s)
{
	struct statement **oldest = NULL, *st;

	for (struct statement **at = &s->statements; *at; at = &(*at)->next)
		if (!(*at)->busy)
			oldest = at;
	if (!oldest)
		return;
	st = *oldest;
	*oldest = st->next;
	statement_free(st);
	s->statements_n--;
}

static struct statement *prepare(struct store *s, const char *sql)
{
	struct statement *st = calloc(1, sizeof *st);
	int rc;

	if (!st)
		abort();
	rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st->stmt, NULL);
	if (rc != SQLITE_OK) {
		free(st);
		doom(s, rc, sql);
		return NULL;
	}
	if (s->statements_n >= STATEMENTS_MAX)
		drop_oldest(s);
	st->sql = text_dup(sql);
	st->next = s->statements;
	s->statements = st;
	s->statements_n++;
	return st;
}

/* The kept one, now the first; NULL and the turn is doomed. */
static struct statement *statement(struct store *s, const char *sql)
{
	for (struct statement **at = &s->statements; *at; at = &(*at)->next) {
		struct statement *st = *at;

		if (st->busy || strcmp(st->sql, sql) != 0)
			continue;
		*at = st->next;
		st->next = s->statements;
		s->statements = st;
		return st;
	}
	return prepare(s, sql);
}

/* Text of the tree as json_decode() will take it back. */
static void bind_json(sqlite3_stmt *stmt, int n, const cJSON *json)
{
	DEFER(json_drop) cJSON *copy = cJSON_Duplicate(json, true);

	if (!copy)
		abort();
	json_mend(copy);
	sqlite3_bind_text(stmt, n, json_print(copy), -1, free);
}

static void bind_str(sqlite3_stmt *stmt, int n, struct str s, bool text)
{
	const char *at = s.at ? s.at : "";

	if (text)
		sqlite3_bind_text64(stmt, n, at, s.len, SQLITE_TRANSIENT, SQLITE_UTF8);
	else
		sqlite3_bind_blob64(stmt, n, at, s.len, SQLITE_TRANSIENT);
}

static void bind(sqlite3_stmt *stmt, const char *guide, va_list ap)
{
	const cJSON *json;

	assert((int)strlen(guide) == sqlite3_bind_parameter_count(stmt));
	for (int n = 1; *guide; guide++, n++)
		switch (*guide) {
		case 's':
			sqlite3_bind_text(stmt, n, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
			break;
		case 'S':
		case 'B':
			bind_str(stmt, n, va_arg(ap, struct str), *guide == 'S');
			break;
		case 'i':
			sqlite3_bind_int64(stmt, n, va_arg(ap, int64_t));
			break;
		case 'j':
			json = va_arg(ap, const cJSON *);
			if (json)
				bind_json(stmt, n, json);
			break;
		default:
			assert(*guide == 'n');
		}
}

static void finish(struct statement *st)
{
	sqlite3_reset(st->stmt);
	sqlite3_clear_bindings(st->stmt);
	st->busy = false;
}

/* ---- the transaction ----------------------------------------------------- */

static bool in_transaction(const struct store *s)
{
	return !sqlite3_get_autocommit(s->db);
}

static int control(struct store *s, const char *sql)
{
	struct statement *st = statement(s, sql);
	int rc;

	if (!st)
		return SQLITE_ERROR;
	rc = sqlite3_step(st->stmt);
	if (rc != SQLITE_DONE)
		doom(s, rc, sql);
	finish(st);
	return rc;
}

/* Before the first write of a turn, and of an event. */
static void begin(struct store *s)
{
	if (!s->doomed && !in_transaction(s))
		control(s, "BEGIN IMMEDIATE");
	if (!s->doomed && s->marked && !s->saved) {
		control(s, "SAVEPOINT event");
		s->saved = true;
	}
}

/* Some failures have rolled back already. */
void store_rollback(struct store *s)
{
	if (in_transaction(s))
		control(s, "ROLLBACK");
	s->doomed = 0;
	s->marked = s->saved = false;
}

enum err store_commit(struct store *s)
{
	int system;

	assert(!s->marked);
	if (!s->doomed && in_transaction(s))
		control(s, "COMMIT");
	system = s->doomed;
	if (!system)
		return OK;
	store_rollback(s);
	errno = system;
	return ERR_SYSTEM;
}

void store_mark(struct store *s)
{
	assert(!s->marked);
	s->marked = true;
}

void store_release(struct store *s)
{
	assert(s->marked);
	if (s->saved && !s->doomed)
		control(s, "RELEASE event");
	s->marked = s->saved = false;
}

void store_undo(struct store *s)
{
	assert(s->marked);
	if (s->saved && !s->doomed) {
		control(s, "ROLLBACK TO event");
		control(s, "RELEASE event");
	}
	s->marked = s->saved = false;
}

void store_set_clock(struct store *s, int64_t wall_ms)
{
	s->wall_ms = wall_ms;
}

int64_t store_now(const struct store *s)
{
	struct timespec t;

	if (s->wall_ms)
		return s->wall_ms;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- one statement ------------------------------------------------------- */

int64_t row_int(const struct row *r, int column)
{
	return sqlite3_column_int64(r->stmt, column);
}

const char *row_text(const struct row *r, int column)
{
	return (const char *)sqlite3_column_text(r->stmt, column);
}

cJSON *row_json(const struct row *r, int column)
{
	cJSON *json = NULL;
	const char *why = row_text(r, column) ? json_decode(str_of(row_text(r, column)), &json) : NULL;

	assert(!why);
	return json;
}

void row_to_int(const struct row *r, void *to)
{
	*(int64_t *)to = row_int(r, 0);
}

void row_to_text(const struct row *r, void *to)
{
	*(char **)to = text_dup(row_text(r, 0));
}

/* How many rows were shown, at most `max`. */
static int64_t run(struct store *s, void (*row)(const struct row *r, void *to), void *to, int64_t max,
		   const char *sql, const char *guide, va_list ap)
{
	struct statement *st = statement(s, sql);
	int64_t shown = 0;
	int rc = SQLITE_DONE;

	if (!st)
		return 0;
	if (!sqlite3_stmt_readonly(st->stmt)) {
		begin(s);
		if (s->doomed)
			return 0;
	}
	bind(st->stmt, guide, ap);
	st->busy = true;
	while (shown < max && (rc = sqlite3_step(st->stmt)) == SQLITE_ROW) {
		shown++;
		if (row)
			row(&(struct row){ st->stmt }, to);
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		doom(s, rc, sql);
	finish(st);
	return shown;
}

void store_do(struct store *s, const char *sql, const char *guide, ...)
{
	va_list ap;

	sqlite3_set_last_insert_rowid(s->db, 0);
	va_start(ap, guide);
	run(s, NULL, NULL, INT64_MAX, sql, guide, ap);
	va_end(ap);
	s->last_id = s->doomed ? 0 : sqlite3_last_insert_rowid(s->db);
	s->changed = s->doomed ? 0 : sqlite3_changes64(s->db);
}

bool store_get(struct store *s, void (*row)(const struct row *r, void *to), void *to,
	       const char *sql, const char *guide, ...)
{
	int64_t shown;
	va_list ap;

	va_start(ap, guide);
	shown = run(s, row, to, 1, sql, guide, ap);
	va_end(ap);
	return shown > 0;
}

void store_each(struct store *s, void (*row)(const struct row *r, void *to), void *to,
		const char *sql, const char *guide, ...)
{
	va_list ap;

	va_start(ap, guide);
	run(s, row, to, INT64_MAX, sql, guide, ap);
	va_end(ap);
}

int64_t store_last_id(const struct store *s)
{
	return s->last_id;
}

int64_t store_changed(const struct store *s)
{
	return s->changed;
}

sqlite3 *store_db(struct store *s)
{
	return s->db;
}

/* ---- life -------------------------------------------------------------- */

const char *store_open(const char *path, struct store **ret)
{
	sqlite3 *db;
	const char *why = db_open(path, &db);
	struct store *s;

	if (why)
		return why;
	s = calloc(1, sizeof *s);
	if (!s)
		abort();
	s->db = db;
	*ret = s;
	return NULL;
}

void store_close(struct store *s)
{
	struct statement *st;
	int rc;

	if (!s)
		return;
	while ((st = s->statements) != NULL) {
		assert(!st->busy);
		s->statements = st->next;
		statement_free(st);
	}
	rc = sqlite3_close(s->db);
	assert(rc == SQLITE_OK);
	free(s);
}
