/* db.h - the database file: made, judged, brought forward, set up; for store.c only.
 *
 * A file is judged by reading before anything in it is changed: one that is no database,
 * damaged, some other program's or a newer version's is refused and left as it was. */
#ifndef CHELA_DB_H
#define CHELA_DB_H
#include "buf.h"
#include <sqlite3.h>

/* NULL and the database, or why not, with the remedy, until the next call. */
const char *db_open(const char *path, sqlite3 **ret) MUST_USE;

/* What the machine did to us, as an errno; 0: it was not the machine. */
int db_errno(sqlite3 *db, int rc);

#endif
