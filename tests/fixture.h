/* fixture.h - what the tests of the store share: a store in memory, a folder that goes away,
 * a disk that fails. */
#ifndef CHELA_FIXTURE_H
#define CHELA_FIXTURE_H
#include "folder.h"
#include "store/store.h"
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T0 INT64_C(1767225600000)	/* 2026-01-01T00:00:00Z */

__attribute__((unused)) static struct store *new_store(void)
{
	struct store *s = NULL;
	const char *why = store_open(":memory:", &s);

	ck_assert_msg(!why, "%s", why);
	store_set_clock(s, T0);
	return s;
}

__attribute__((unused)) static void must_commit(struct store *s)
{
	enum err e = store_commit(s);

	ck_assert_int_eq(e, OK);
}

__attribute__((unused)) static int64_t count(struct store *s, const char *sql)
{
	int64_t n = -1;

	store_get(s, row_to_int, &n, sql, "");
	return n;
}

__attribute__((unused)) static cJSON *parsed(const char *text)
{
	cJSON *json = NULL;
	const char *why = json_decode(str_of(text), &json);

	ck_assert_msg(!why, "%s in %s", why, text);
	return json;
}

__attribute__((unused)) static void same_json(const cJSON *json, const char *want)
{
	DEFER(text_free) char *got = json_print(json);

	ck_assert_str_eq(got, want);
}

/* ---- a disk that fails at its n-th write --------------------------------- */

static struct {
	int left;			/* writes that still go well; -1: all do */
	int error;			/* then fails so; 0: the process is killed half-way through the write */
} disk = { -1, 0 };

static ssize_t disk_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (disk.left > 0)
		disk.left--;
	else if (disk.left == 0 && disk.error) {
		errno = disk.error;
		return -1;
	} else if (disk.left == 0) {
		ssize_t half = pwrite(fd, bytes, n / 2, at);

		kill(getpid(), SIGKILL);
		return half;
	}
	return pwrite(fd, bytes, n, at);
}

__attribute__((unused)) static void disk_watch(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	ck_assert_int_eq(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)disk_pwrite), SQLITE_OK);
	vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)disk_pwrite);
}

#endif
