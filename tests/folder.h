/* folder.h - a folder for each test, in one that goes when all have ended, failed ones
 * included:
 *	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
 *	tcase_add_checked_fixture(t, folder_make, NULL); */
#ifndef CHELA_TESTS_FOLDER_H
#define CHELA_TESTS_FOLDER_H
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static char folders[40], folder[64];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

__attribute__((unused)) static void folders_begin(void)
{
	snprintf(folders, sizeof folders, "/tmp/chela-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folders));
}

__attribute__((unused)) static void folders_end(void)
{
	nftw(folders, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

__attribute__((unused)) static void folder_make(void)
{
	snprintf(folder, sizeof folder, "%s/XXXXXX", folders);
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

__attribute__((unused)) static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

#endif
