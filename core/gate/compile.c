/* compile.c - see compile.h */
#include "gate/compile.h"
#include "gate/object.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 6000 };

/* Of one run of the compiler: 20 times what an adapter of 2000 lines takes. */
static const struct { int resource; rlim_t most; } bounds[] = {
	{ RLIMIT_DATA, (rlim_t)4 << 30 }, { RLIMIT_CPU, 60 }, { RLIMIT_FSIZE, 64 << 20 },
};

#define TOO_LARGE "the compiler was stopped: its output grew past 64 MB", "let the adapter hold less data"
#define TOO_HUNGRY "the compiler was stopped: it needed more memory than 4 GB, or than there is", \
		   "let the adapter hold less data, in shorter functions"

/* What a compiler says that one of them, or the machine, has stopped. */
static const struct { const char *said, *what, *remedy; } stops[] = {
	{ "File size limit exceeded", TOO_LARGE },
	{ "File too large", TOO_LARGE },
	{ "CPU time limit exceeded", "the compiler was stopped after 60 seconds", "write shorter functions and smaller macros" },
	{ "out of memory", TOO_HUNGRY },
	{ "memory exhausted", TOO_HUNGRY },
	{ "bad_alloc", TOO_HUNGRY },
	{ "Cannot allocate memory", TOO_HUNGRY },
	{ "Killed", "the compiler was killed", "check again when the machine has more memory free" },
};

static char *read_all(int fd)
{
	struct buf b = buf_new(SAID_MAX);
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR)) {
		size_t fit = b.max - b.len < (size_t)n ? b.max - b.len : (size_t)n;

		if (n > 0)
			buf_add(&b, piece, fit);
	}
	return buf_take(&b);
}

/* The child's part: its limits are set here, for those of a sanitized gate are past any. */
static void become(char *const argv[], int said)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setenv("LC_ALL", "C", 1);		/* what it says is read, above and below */
	for (size_t i = 0; i < COUNT(bounds); i++) {
		struct rlimit limit;

		getrlimit(bounds[i].resource, &limit);
		if (limit.rlim_cur > bounds[i].most)
			limit.rlim_cur = bounds[i].most;
		setrlimit(bounds[i].resource, &limit);
	}
	dup2(null, STDIN_FILENO);
	dup2(said, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s cannot be run: %s", argv[0], strerror(errno));
	_exit(127);
}

/* Runs it; what it said goes to *ret_said. */
static bool run(char *const argv[], char **ret_said)
{
	int line[2], status = -1;
	pid_t child;

	if (pipe2(line, O_CLOEXEC) != 0)
		abort();
	child = fork();
	if (child == 0)
		become(argv, line[1]);
	close(line[1]);
	*ret_said = read_all(line[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	close(line[0]);
	return status == 0;
}

/* The folder that holds adapter.h, and nothing else of ours. NULL: *ret says why. */
static char *abi_folder(const struct instance *i, struct failure *ret)
{
	char *folder = text_fmt("%s/abi", i->build);
	DEFER(text_free) char *header = text_fmt("%s/adapter.h", folder);
	DEFER(text_free) char *ours = root_path(i, "core/adapter/adapter.h");

	mkdir(folder, 0777);
	unlink(header);
	if (symlink(ours, header) != 0 && errno != EEXIST) {
		*ret = (struct failure){ .what = text_fmt("cannot write %s: %s", folder, strerror(errno)),
					 .remedy = text_dup("let it be a folder that you may write to, and check again") };
		free(folder);
		return NULL;
	}
	return folder;
}

/* Can it be made? It is, and empty. */
static bool can_write(const char *path, struct failure *ret)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	const char *slash = strrchr(path, '/');

	if (fd >= 0) {
		close(fd);
		return true;
	}
	*ret = (struct failure){ .what = text_fmt("cannot write %.*s: %s", (int)(slash - path), path, strerror(errno)),
				 .remedy = text_dup("let it be a folder that you may write to, and check again") };
	return false;
}

/* Nothing in the source is said to be wrong. */
static struct failure not_the_source(const struct instance *i, const char *source, char *said)
{
	struct failure f = { .happened = said };

	for (size_t k = 0; k < COUNT(stops) && !f.what; k++) {
		if (strstr(said, stops[k].said)) {
			f.file = text_dup(source);
			f.what = text_dup(stops[k].what);
			f.remedy = text_dup(stops[k].remedy);
		}
	}
	if (!f.what) {
		f.what = text_dup("the compiler cannot work here");
		f.remedy = text_fmt("see that cc is installed (type make), that %s and the folder for temporary files (/tmp) can be "
				    "written and that their disks have room", i->build);
	}
	return f;
}

/* The first "FILE:LINE:COLUMN: error: what" of what the compiler said. */
static struct failure first_error(const struct instance *i, const char *source, char *said)
{
	struct failure f = { .happened = said };
	const char *line = said;

	while (line && !f.what) {
		const char *end = strchr(line, '\n'), *error = strcasestr(line, "error: ");
		const char *colon = strchr(line, ':');

		if (error && colon && isdigit((unsigned char)colon[1]) && (!end || error < end)) {
			f.file = str_dup((struct str){ line, (size_t)(colon - line) });
			f.line = (int)strtol(colon + 1, NULL, 10);
			f.what = str_dup((struct str){ error + 7, end ? (size_t)(end - error - 7) : strlen(error + 7) });
		}
		line = end ? end + 1 : NULL;
	}
	if (!f.what)
		return not_the_source(i, source, said);
	f.remedy = text_dup("mend it; warnings count as errors");
	return f;
}

static bool compile(const struct instance *i, const char *source, const char *object, struct failure *ret)
{
	DEFER(text_free) char *abi = abi_folder(i, ret);
	DEFER(text_free) char *include = text_fmt("-I%s", abi ? abi : "");
	const char *const argv[] = {
		"cc", "-std=gnu17", "-O2", "-fPIE", "-fno-common", "-fstack-protector-strong", "-U_FORTIFY_SOURCE",
		"-Wall", "-Wextra", "-Wshadow", "-Wvla", "-Wformat=2", "-Werror", "-fno-diagnostics-show-caret",
		"-fdiagnostics-color=never", include, "-c", source, "-o", object, NULL,
	};
	char *said = NULL;

	if (!abi || !can_write(object, ret))
		return false;
	if (run((char *const *)argv, &said)) {
		free(said);
		return true;
	}
	*ret = first_error(i, source, said);
	return false;
}

/* ---- for the harness ------------------------------------------------------ */

enum { WORDS_MAX = 32 };

static void say(const char **argv, const char *const *words)
{
	size_t n = 0;

	while (argv[n])
		n++;
	for (size_t i = 0; words[i]; i++)
		argv[n + i] = words[i];
	assert(n < WORDS_MAX / 2);
}

bool adapter_library(const struct instance *i, const char *source, const char *library, enum harness mode,
		     struct failure *ret)
{
	static const char *const modes[][8] = {
		[HARNESS_PLAIN] = { "-fstack-protector-strong" },
		[HARNESS_SANITIZED] = { "-fno-omit-frame-pointer", "-fsanitize=address,undefined,float-cast-overflow",
					"-fno-sanitize-recover=all" },
	};
	DEFER(text_free) char *abi = abi_folder(i, ret);
	DEFER(text_free) char *include = text_fmt("-I%s", abi ? abi : "");
	const char *argv[WORDS_MAX] = {
		"clang", "-std=gnu17", "-O1", "-fPIC", "-shared", "-fno-common", "-w", "-gline-tables-only",
		"-fdebug-compilation-dir=.", "-ftrivial-auto-var-init=pattern", "-fsanitize-coverage=trace-pc-guard",
		include, source, "-o", library,
	};
	char *said = NULL;

	if (!abi || !can_write(library, ret))
		return false;
	say(argv, modes[mode]);
	if (run((char *const *)argv, &said)) {
		free(said);
		return true;
	}
	*ret = first_error(i, source, said);
	return false;
}

char *library_source(const char *library, uint64_t at, int *ret_line)
{
	DEFER(text_free) char *address = text_fmt("%#llx", (unsigned long long)at);
	DEFER(text_free) char *said = NULL;
	const char *const argv[] = { "addr2line", "-e", library, address, NULL };
	const char *name, *colon;
	long line;

	if (!run((char *const *)argv, &said) || !(colon = strrchr(said, ':')))
		return NULL;
	line = strtol(colon + 1, NULL, 10);
	for (name = said; strncmp(name, "./", 2) == 0; name += 2)
		;
	if (line <= 0)
		return NULL;
	*ret_line = (int)line;
	return str_dup((struct str){ name, (size_t)(colon - name) });
}

/* A path that cannot be is told too, now and then; so only of what is not initialised, which is
 * mended by a value that costs nothing. The limit is that of a function with 200 branches. */
bool adapter_paths(const struct instance *i, const char *source, struct failure *ret)
{
	DEFER(text_free) char *abi = abi_folder(i, ret);
	DEFER(text_free) char *include = text_fmt("-I%s", abi ? abi : "");
	const char *const argv[] = {
		"clang", "--analyze", "--analyzer-output", "text", "-std=gnu17", "-fno-caret-diagnostics", "-Xclang", "-analyzer-werror",
		"-Xclang", "-analyzer-disable-checker=core.NullDereference,core.NonNullParamChecker,core.DivideZero,"
		"core.StackAddressEscape,core.VLASize,deadcode,unix,security,nullability",
		"-Xclang", "-analyzer-config", "-Xclang", "max-nodes=60000", include, source, "-o", "/dev/null", NULL,
	};
	char *said = NULL;

	if (!abi)
		return false;
	if (run((char *const *)argv, &said)) {
		free(said);
		return true;
	}
	*ret = first_error(i, source, said);
	free(ret->remedy);
	ret->remedy = text_dup("give every variable and every member its value before it is read");
	return false;
}

bool adapter_compile(const struct instance *i, const char *source, const char *program, struct failure *ret)
{
	DEFER(text_free) char *object = text_fmt("%s.o", program);
	DEFER(text_free) char *runner = text_fmt("%s/runner.o", i->build);
	const char *why = NULL, *linked = NULL;
	bool made = compile(i, source, object, ret);

	if (made)
		why = object_check(object);
	if (made && !why && (linked = object_link(runner, object, program)) != NULL)
		*ret = not_the_source(i, source, text_dup(linked));
	remove(object);
	if (why) {
		*ret = failure_of(why);
		if (!ret->file)
			ret->file = text_dup(source);
	}
	return made && !why && !linked;
}
