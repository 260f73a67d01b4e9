/* common.c - what several commands share: see command.h */
#include "command/command.h"
#include "control.h"
#include "seal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int refuse(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("chela: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return 1;
}

bool consent(const char *question, const char *instead)
{
	FILE *tty = fopen("/dev/tty", "r+e");
	char line[16] = "";
	bool yes;

	if (!tty) {
		fprintf(stderr, "chela: a person must say yes at a terminal, and there is none. %s\n", instead);
		return false;
	}
	fprintf(tty, "%s [y/N] ", question);
	fflush(tty);
	yes = fgets(line, sizeof line, tty) && (line[0] == 'y' || line[0] == 'Y');
	fclose(tty);
	return yes;
}

bool name_fits(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n && name[0] != '-';
}

void gate_become(const struct instance *i, const char *verb, int argc, char **argv)
{
	DEFER(text_free) char *gate = text_fmt("%s/chela-gate", i->build);
	const char *first[] = { gate, "-C", i->root, "--instance", i->dir, verb };
	const char **args = mem_new((size_t)argc + COUNT(first) + 1, sizeof *args);

	memcpy(args, first, sizeof first);
	if (argc)
		memcpy(args + COUNT(first), argv, (size_t)argc * sizeof *args);
	execv(gate, (char **)args);
	refuse("%s cannot be run: %s (type make)", gate, strerror(errno));
	free(args);
}

int gate_run(const struct instance *i, int fd, int argc, char **argv)
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		dup2(fd, STDOUT_FILENO);
		gate_become(i, "check", argc, argv);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

const char *show_manifest(const struct instance *i, const char *name, int fd)
{
	DEFER(text_free) char *file = root_path(i, "specs/%s/manifest.json", name);
	DEFER(buf_free) struct buf words = buf_new(65536);
	struct manifest *m;
	const char *why = manifest_read(file, &m);

	if (why)
		return why;
	manifest_describe(m, &words);
	manifest_free(m);
	dprintf(fd, "%s\n", buf_text(&words));
	return NULL;
}

const char *core_ask(const struct instance *i, const cJSON *request, cJSON **ret)
{
	DEFER(text_free) char *path = instance_path(i, "control");
	DEFER(buf_free) struct buf kept = buf_new((size_t)4 << 20);
	static char complaint[600];
	const char *why, *said;
	int fd = control_connect(path);

	if (fd < 0)
		return "";
	why = control_ask(fd, request);
	if (!why)
		why = control_hear(fd, &kept, ret);
	close(fd);
	said = why ? NULL : json_text(*ret, "/why");
	if (said) {
		snprintf(complaint, sizeof complaint, "%s", said);
		json_drop(ret);
		return complaint;
	}
	return why;
}

const char *core_or_alone(struct instance *i, const cJSON *request, bool *ret_alone)
{
	DEFER(json_drop) cJSON *answer = NULL;
	const char *why = core_ask(i, request, &answer);

	*ret_alone = false;
	if (!why || why[0])
		return why;
	switch (instance_lock(i)) {
	case OK:
		*ret_alone = true;
		return NULL;
	case ERR_AGAIN:
		return "another chela works on this instance at the moment: try again";
	default:
		return "the instance cannot be locked: is its folder writable? `chela run` makes it";
	}
}
