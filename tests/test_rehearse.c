/* test_rehearse.c - somebody without an account talks to the whole assistant in a Slack that
 * is played: the real programs, over real sockets. */
#include "buf.h"
#include "file.h"
#include "folder.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char program[4096];		/* build/chela, beside whose tests/ we stand */

static void find_program(void)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 20);

	ck_assert_int_gt(n, 0);
	program[n] = '\0';
	*strrchr(program, '/') = '\0';
	memcpy(strrchr(program, '/'), "/chela", 7);
	unsetenv("ANTHROPIC_API_KEY");
	unsetenv("OPENAI_API_KEY");
	folder_make();
}

struct run { pid_t child; int in, out; };

static struct run begin(const char *name, const char *yes)
{
	int in[2], out[2];
	pid_t child;

	ck_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0) {
		setsid();		/* no terminal */
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		execl(program, program, "--instance", folder, "rehearse", name, yes, yes ? "offline,slack" : NULL, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	return (struct run){ child, in[1], out[0] };
}

/* What it says until this, or until its end; owned. */
static char *hear(int fd, const char *until)
{
	struct buf heard = buf_new((size_t)1 << 20);
	char c;

	while (!(until && strstr(buf_text(&heard), until)) && read(fd, &c, 1) == 1)
		buf_addc(&heard, c);
	return buf_take(&heard);
}

/* What a complaint has room for. */
static const char *last(const char *said)
{
	size_t n = strlen(said);

	return n > 2000 ? said + n - 2000 : said;
}

static int end(struct run r)
{
	int status;

	close(r.out);
	waitpid(r.child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

static bool left_behind(void)
{
	DIR *d = opendir(folder);
	bool found = false;

	for (struct dirent *e; d && (e = readdir(d)) != NULL;)
		found |= strncmp(e->d_name, "rehearsal-", 10) == 0;
	closedir(d);
	return found;
}

static const char conf[] = "name Rosa\nuse offline\nmodel offline = offline\nchannel work = slack\nowner U1 on work\nguest U2 on work\n"
			   "set work.x = 1\nallow read,write on core\nnever write on work\nsecret work.bot_token from env X\n";

START_TEST(what_is_typed_is_answered_there_and_nothing_is_left)
{
	struct run r;
	DEFER(text_free) char *said = NULL;
	DEFER(buf_free) struct buf kept = { 0 };

	ck_assert(file_write(in_folder("assistant.conf"), STR(conf), 0600) == OK);
	r = begin("slack", "--yes-to");
	ck_assert_int_eq(write(r.in, "help\nstatus\n/chela\n", 19), 19);
	close(r.in);
	said = hear(r.out, NULL);
	ck_assert_int_eq(end(r), 0);
	ck_assert_msg(strstr(said, "slack is played at 127.0.0.1:") != NULL, "%s", last(said));
	ck_assert_msg(strstr(said, "\nRosa: I am chela without a language model. These sentences I know:") != NULL, "%s", last(said));
	ck_assert_msg(strstr(said, "\nRosa: I am chela without a language model, so I do not understand that.") != NULL, "%s", last(said));
	ck_assert_msg(strstr(said, "\nRosa: ```\n") != NULL, "whoever speaks is no owner: %s", last(said));
	ck_assert_msg(!strstr(said, "(slack: "), "a rule is missing: %s", last(said));
	ck_assert_msg(!strstr(said, "work: ") && !strstr(said, "work."), "the person's own channel: %s", last(said));
	ck_assert(!left_behind());
	ck_assert(file_read(in_folder("assistant.conf"), 10000, &kept) == OK);
	ck_assert_str_eq(buf_text(&kept), conf);
	ck_assert_int_ne(access(in_folder("chela.db"), F_OK), 0);

	r = begin("slack", NULL);		/* it was said yes to: not asked again */
	free(hear(r.out, "To end it"));
	ck_assert(left_behind());
	kill(r.child, SIGTERM);
	ck_assert_int_eq(end(r), 0);
	close(r.in);
	ck_assert(!left_behind());
}
END_TEST

static const struct { const char *name; int status; const char *says; } wrong[] = {
	{ "offline", 1, "only a channel can be rehearsed" }, { "nothing", 1, "specs/nothing/manifest.json" },
	{ "../slack", 2, "usage: chela rehearse NAME" }, { "--yes-to", 2, "usage: chela rehearse NAME" },
};

START_TEST(what_cannot_be_rehearsed_is_told)
{
	struct run r = begin(wrong[_i].name, NULL);
	DEFER(text_free) char *said = NULL;

	close(r.in);
	said = hear(r.out, NULL);
	ck_assert_int_eq(end(r), wrong[_i].status);
	ck_assert_msg(strstr(said, wrong[_i].says) != NULL, "%s", last(said));
	ck_assert(!left_behind());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rehearse");
	TCase *t = tcase_create("rehearse");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
	tcase_add_checked_fixture(t, find_program, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_is_typed_is_answered_there_and_nothing_is_left);
	tcase_add_loop_test(t, what_cannot_be_rehearsed_is_told, 0, COUNT(wrong));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
