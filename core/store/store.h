/* store.h - the database of an instance: SQLite, write-ahead log, one writer.
 *
 * One turn of the loop is one transaction: the first write of a turn begins it,
 * store_commit() at the turn's end makes it durable, and only then does anything leave
 * the machine. store_mark()/store_release()/store_undo() are a savepoint round one event.
 * schema.sql holds the tables; migrations only append.
 *
 * A statement that breaks a rule of the tables is a mistake of ours and aborts: the
 * supervisor restarts us, and the tables say where we were. A disk that is full or
 * broken is the outside world: the turn is then doomed. Its later writes do nothing,
 * numbers of new rows are 0, and store_commit() rolls it back and says ERR_SYSTEM. */
#ifndef CHELA_STORE_H
#define CHELA_STORE_H
#include "err.h"
#include "json.h"
#include <sqlite3.h>

struct store;

/* NULL and the store, or why not, with the remedy (a newer version's file, no room, not
 * a database), until the next call; a file that is refused is left as it was. ":memory:"
 * for tests. */
const char *store_open(const char *path, struct store **ret) MUST_USE;
void store_close(struct store *s);			/* what was not committed is gone; NULL is fine */
sqlite3 *store_db(struct store *s);

enum err store_commit(struct store *s) MUST_USE;	/* ERR_SYSTEM: rolled back, errno tells */
void store_rollback(struct store *s);
bool store_doomed(const struct store *s);
void store_mark(struct store *s);			/* one at a time */
void store_release(struct store *s);
void store_undo(struct store *s);
void store_set_clock(struct store *s, int64_t wall_ms);	/* what "now" is in rows; until then, the machine's */
int64_t store_now(const struct store *s);

/* One statement; `guide` gives the bindings: s text (NULL is NULL), S struct str as text,
 * B struct str as bytes, i int64_t (cast what is shorter), j JSON tree as text (NULL is
 * NULL; surrogates mended), n nothing (NULL). Begins the turn's transaction where the
 * statement writes. Statements are kept prepared: `sql` is fixed text, values are bound. */
struct row;
int64_t row_int(const struct row *r, int column);
const char *row_text(const struct row *r, int column);	/* NULL where NULL; for this row only */
cJSON *row_json(const struct row *r, int column);		/* owned, of text bound by j; NULL where NULL */
void store_do(struct store *s, const char *sql, const char *guide, ...);
bool store_get(struct store *s, void (*row)(const struct row *r, void *to), void *to,
	       const char *sql, const char *guide, ...);		/* false: no row; the first only */
/* `row` may read; what it writes must not touch the rows that are still to come. */
void store_each(struct store *s, void (*row)(const struct row *r, void *to), void *to,
		const char *sql, const char *guide, ...);
int64_t store_last_id(const struct store *s);		/* of the row that the last store_do() added; 0: none */
int64_t store_changed(const struct store *s);		/* rows changed by the last store_do() */

/* What `row` may be where one number or one text is all that is asked for. */
void row_to_int(const struct row *r, void *to);		/* int64_t *to */
void row_to_text(const struct row *r, void *to);	/* char **to, owned */

#endif
