/* test_drift.c - whether a contract is the committed one, in repositories of git itself. */
#include "drift.h"
#include "file.h"
#include "folder.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void put(const char *name, const char *text)
{
	enum err e = file_write(in_folder(name), str_of(text), 0600);

	ck_assert_int_eq(e, OK);
}

static void sh(const char *command)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0) {
		if (chdir(folder) == 0)
			execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ck_assert_msg(status == 0, "%s", command);
}

#define COMMIT "git add -A && git -c user.name=a -c user.email=a@b.example commit -qm x"

static const struct { const char *name, *before, *after; enum drift drift; const char *words; } cases[] = {
	{ "as it was committed", COMMIT, ":", DRIFT_NONE, NULL },
	{ "committed later than others", COMMIT " && echo x >z", COMMIT, DRIFT_NONE, NULL },
	{ "what is not of it", COMMIT, "echo x >specs/other/a.md; mkdir specs/bird/d; echo >specs/bird/.hidden", DRIFT_NONE, NULL },
	{ "another time on the file", COMMIT, "touch -d 2001-01-01 specs/bird/a.md", DRIFT_NONE, NULL },
	{ "a page is changed", COMMIT, "echo x >>specs/bird/a.md", DRIFT_SOME, "specs/bird/a.md is changed" },
	{ "and staged", COMMIT, "echo x >>specs/bird/a.md; git add -A", DRIFT_SOME, "specs/bird/a.md is changed" },
	{ "the manifest is changed", COMMIT, "echo '{ }' >specs/bird/manifest.json", DRIFT_SOME, "specs/bird/manifest.json is changed" },
	{ "a page is new", COMMIT, "echo x >'specs/bird/z z.md'", DRIFT_SOME, "specs/bird/z z.md is new" },
	{ "a new page that git is told to ignore", COMMIT, "echo '*' >.gitignore; echo x >specs/bird/z.md", DRIFT_SOME, "z.md is new" },
	{ "a page is gone", COMMIT, "rm specs/bird/a.md", DRIFT_SOME, "specs/bird/a.md is gone" },
	{ "a change that git is told not to see", COMMIT, "git update-index --assume-unchanged specs/bird/a.md; echo x >>specs/bird/a.md", DRIFT_SOME,
	  "specs/bird/a.md is changed" },
	{ "a page that is a link to another text", COMMIT, "rm specs/bird/a.md; echo y >y; ln -s ../../y specs/bird/a.md", DRIFT_SOME, "a.md is changed" },
	{ "all of it", COMMIT, "rm specs/bird/*.md; for i in 1 2 3 4 5; do echo x >specs/bird/n$i.md; done", DRIFT_SOME, " and 1 more" },
	{ "never committed", COMMIT, "mv specs/bird specs/crow; git add -A; " COMMIT "; mv specs/crow specs/bird", DRIFT_SOME, "no commit has specs/bird" },
	{ "no commit at all", "true", ":", DRIFT_UNKNOWN, "is not known: fatal: " },
	{ "no repository", "rm -rf .git", ":", DRIFT_UNKNOWN, "is not known: fatal: not a git repository" },
};

START_TEST(a_contract_is_compared_with_the_last_commit)
{
	struct instance i = { .root = folder };
	DEFER(text_free) char *words = NULL;
	enum drift drift;

	mkdir(in_folder("specs"), 0700);
	mkdir(in_folder("specs/bird"), 0700);
	mkdir(in_folder("specs/other"), 0700);
	put("specs/bird/manifest.json", "{}");
	put("specs/bird/a.md", "# A\n");
	put("specs/other/a.md", "# A\n");
	sh("git init -q .");
	sh(cases[_i].before);
	sh(cases[_i].after);
	drift = contract_drift(&i, "bird", &words);
	ck_assert_msg(drift == cases[_i].drift, "%s: %d: %s", cases[_i].name, drift, words);
	ck_assert_msg(!cases[_i].words == !words, "%s: %s", cases[_i].name, words);
	ck_assert_msg(!words || strstr(words, cases[_i].words), "%s: %s", cases[_i].name, words);
}
END_TEST

START_TEST(nothing_leads_git_elsewhere)
{
	struct instance i = { .root = folder };
	DEFER(text_free) char *words = NULL;

	mkdir(in_folder("specs"), 0700);
	mkdir(in_folder("specs/bird"), 0700);
	put("specs/bird/a.md", "# A\n");
	sh("git init -q . && " COMMIT);
	setenv("GIT_DIR", "/nowhere", 1);
	ck_assert_int_eq(contract_drift(&i, "bird", &words), DRIFT_NONE);
	unsetenv("GIT_DIR");
	setenv("PATH", "/nowhere", 1);
	ck_assert_int_eq(contract_drift(&i, "bird", &words), DRIFT_UNKNOWN);
	ck_assert_msg(strstr(words, "git does not run: No such file or directory"), "%s", words);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("drift");
	TCase *t = tcase_create("drift");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
	tcase_add_checked_fixture(t, folder_make, NULL);
	tcase_add_loop_test(t, a_contract_is_compared_with_the_last_commit, 0, COUNT(cases));
	tcase_add_test(t, nothing_leads_git_elsewhere);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
