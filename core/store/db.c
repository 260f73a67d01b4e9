/* db.c - see db.h */
#include "store/db.h"
#include "embed.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

EMBED(schema_sql, "core/store/schema.sql");

enum {
	APPLICATION = 0x6368656C,	/* "chel" in the file's header: not just any database */
	BUSY_MS = 2000,			/* another program looks into the file */
	SMALL_FILE = 4 * 1024 * 1024,	/* checked whole when opened, in a few milliseconds */
};

int db_errno(sqlite3 *db, int rc)
{
	int system = sqlite3_system_errno(db);

	switch (rc & 0xFF) {
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_READONLY:
		return EROFS;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return system ? system : EIO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EIO;
	default:
		return 0;
	}
}

static char complaint[600];

static PRINTF(1, 2) const char *complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(complaint, sizeof complaint, fmt, ap);
	va_end(ap);
	return complaint;
}

static const char *refusal(sqlite3 *db, int rc, const char *path)
{
	if (db_errno(db, rc) == ENOSPC)
		return complain("there is no room on the disk that holds %s (%s): free some.", path, sqlite3_errmsg(db));
	switch (rc & 0xFF) {
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return complain("%s is damaged or no database (%s). It was left as it is: put it aside, with the "
				"files beside it that begin with its name, and copy back one that you saved.",
				path, sqlite3_errmsg(db));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return complain("%s is in use by another program (%s): end that one.", path, sqlite3_errmsg(db));
	default:
		return complain("cannot use %s: %s. See that its folder is there and that you may write in it.", path,
				db_errno(db, rc) ? strerror(db_errno(db, rc)) : sqlite3_errmsg(db));
	}
}

/* A database begins as an empty file that only its owner can read. */
static const char *make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return complain("cannot open %s: %s. See that its folder is there and that you may write in it.",
				path, strerror(errno));
	close(fd);
	return NULL;
}

/* The first column of the first row; what cannot be had is in *rc. */
static int64_t ask(sqlite3 *db, const char *sql, char *ret_text, size_t room, int *rc)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = 0;

	if (*rc == SQLITE_OK)
		*rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (*rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
		value = sqlite3_column_int64(stmt, 0);
		if (ret_text)
			snprintf(ret_text, room, "%s", (const char *)sqlite3_column_text(stmt, 0));
	}
	if (*rc == SQLITE_OK)
		*rc = sqlite3_finalize(stmt);
	return value;
}

/* The text of step n (from 1), or an empty one when there is none. */
static struct str step(int n)
{
	static const char mark[] = "\n-- step ";
	const char *at = strstr(schema_sql, mark), *end;

	for (int i = 1; at && i < n; i++)
		at = strstr(at + 1, mark);
	if (!at)
		return STR("");
	assert(strtol(at + strlen(mark), NULL, 10) == n);
	end = strstr(at + 1, mark);
	return (struct str){ at, end ? (size_t)(end - at) : strlen(at) };
}

static int steps(void)
{
	int n = 0;

	while (step(n + 1).len)
		n++;
	return n;
}

/* Judges what is there by reading only. */
static const char *judge(sqlite3 *db, const char *path, int64_t *ret_version)
{
	char whole[200] = "ok";
	int rc = SQLITE_OK;
	struct stat st;
	int64_t version = ask(db, "PRAGMA user_version", NULL, 0, &rc);
	int64_t application = ask(db, "PRAGMA application_id", NULL, 0, &rc);
	int64_t tables = ask(db, "SELECT count(*) FROM sqlite_schema", NULL, 0, &rc);

	if (rc != SQLITE_OK)
		return refusal(db, rc, path);
	if (tables && application != APPLICATION)
		return complain("%s is a database of some other program: put it aside.", path);
	if (version > steps())
		return complain("%s was written by a newer version of this program: use that one, or put the file "
				"aside to begin anew.", path);
	if (stat(path, &st) == 0 && st.st_size <= SMALL_FILE)
		ask(db, "PRAGMA quick_check(1)", whole, sizeof whole, &rc);
	if (rc != SQLITE_OK || strcmp(whole, "ok") != 0)
		return refusal(db, rc == SQLITE_OK ? SQLITE_CORRUPT : rc, path);
	*ret_version = version;
	return NULL;
}

static const char *settle(sqlite3 *db, const char *path)
{
	char mode[16] = "";
	int rc = SQLITE_OK;

	ask(db, "PRAGMA journal_mode = WAL", mode, sizeof mode, &rc);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
				  "PRAGMA cache_size = -512; PRAGMA secure_delete = ON;"
				  "PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return refusal(db, rc, path);
	if (strcmp(mode, "wal") != 0 && strcmp(path, ":memory:") != 0)
		return complain("the disk that holds %s cannot keep a write-ahead log (%s): use a local one.", path, mode);
	return NULL;
}

static const char *migrate(sqlite3 *db, const char *path, int64_t version)
{
	for (int n = (int)version + 1; n <= steps(); n++) {
		struct str sql = step(n);
		DEFER(text_free) char *all = text_fmt("BEGIN IMMEDIATE;%.*s\n;PRAGMA application_id = %d;"
						      "PRAGMA user_version = %d; COMMIT",
						      (int)sql.len, sql.at, APPLICATION, n);
		int rc = sqlite3_exec(db, all, NULL, NULL, NULL);

		if (rc != SQLITE_OK)
			return refusal(db, rc, path);
	}
	return NULL;
}

static const char *set_up(const char *path, sqlite3 **ret)
{
	int rc = sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	int64_t version = 0;
	const char *why;

	if (!*ret)
		abort();
	if (rc != SQLITE_OK)
		return refusal(*ret, rc, path);
	sqlite3_busy_timeout(*ret, BUSY_MS);
	sqlite3_db_config(*ret, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	why = judge(*ret, path, &version);
	if (!why)
		why = settle(*ret, path);
	if (!why)
		why = migrate(*ret, path, version);
	return why;
}

const char *db_open(const char *path, sqlite3 **ret)
{
	const char *why = strcmp(path, ":memory:") == 0 ? NULL : make_file(path);
	sqlite3 *db = NULL;

	if (why)
		return why;
	why = set_up(path, &db);
	if (why) {
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		sqlite3_close(db);
		return why;
	}
	*ret = db;
	return NULL;
}
