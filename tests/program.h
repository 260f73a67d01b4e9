/* program.h - an adapter's program, made of a source in tests/models/ and the runner as it is
 * shipped. */
#ifndef CHELA_TESTS_PROGRAM_H
#define CHELA_TESTS_PROGRAM_H
#include "buf.h"
#include "folder.h"
#include "gate/object.h"
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char program[64];

/* What was built beside this test; owned. */
static char *built(const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	ck_assert(n > 0);
	self[n] = 0;
	*strrchr(self, '/') = 0;
	*strrchr(self, '/') = 0;
	return text_fmt("%s/%s", self, name);
}

static void compile(const char *source, const char *object)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0) {
		execlp("cc", "cc", "-std=gnu17", "-O1", "-iquote", "core", "-c", source, "-o", object, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
}

/* Once for all tests, before the first; folders_end() takes it away. */
__attribute__((unused)) static void program_make(const char *name)
{
	DEFER(text_free) char *runner = built("runner.o"), *source = text_fmt("tests/models/%s.c", name), *object = NULL;
	const char *why;

	folders_begin();
	object = text_fmt("%s/%s.o", folders, name);
	snprintf(program, sizeof program, "%s/%s", folders, name);
	compile(source, object);
	why = object_link(runner, object, program);
	ck_assert_msg(!why, "%s", why);
}

#endif
