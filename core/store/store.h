/* store.h - the database of an instance: SQLite, write-ahead log, one writer.
 *
 * One turn of the loop is one transaction: the first write of a turn begins it,
 * store_commit() at the turn's end makes it durable, and only then does anything leave
 * the machine. store_mark()/store_release()/store_undo() are a savepoint round one event.
 * schema.sql holds the tables; migrations only append. A statement that cannot fail but
 * by a broken disk or a mistake of ours aborts: the supervisor restarts us, and the
 * tables say where we were. */
#ifndef CHELA_STORE_H
#define CHELA_STORE_H
#include "err.h"
#include "json.h"
#include <sqlite3.h>

struct store;

/* NULL and the store, or why not, with the remedy (a newer version's file, no room,
 * not a database). ":memory:" for tests. */
const char *store_open(const char *path, struct store **ret) MUST_USE;
void store_close(struct store *s);
sqlite3 *store_db(struct store *s);

enum err store_commit(struct store *s) MUST_USE;	/* ERR_SYSTEM: rolled back */
void store_rollback(struct store *s);
void store_mark(struct store *s);
void store_release(struct store *s);
void store_undo(struct store *s);
void store_set_clock(struct store *s, int64_t wall_ms);	/* what "now" is in rows */
int64_t store_now(const struct store *s);

/* One statement; `guide` gives the bindings: s text, S struct str, i int64_t, j JSON tree,
 * n nothing (NULL). `rows`: each row is shown to `row` (may be NULL). Begins the turn's
 * transaction where the statement writes. */
struct row;
int64_t row_int(const struct row *r, int column);
const char *row_text(const struct row *r, int column);	/* NULL where NULL; for this row only */
void store_do(struct store *s, const char *sql, const char *guide, ...);
bool store_get(struct store *s, void (*row)(const struct row *r, void *to), void *to,
	       const char *sql, const char *guide, ...);		/* false: no row; the first only */
void store_each(struct store *s, void (*row)(const struct row *r, void *to), void *to,
		const char *sql, const char *guide, ...);
int64_t store_last_id(const struct store *s);
int64_t store_changed(const struct store *s);		/* rows changed by the last statement */

#endif
