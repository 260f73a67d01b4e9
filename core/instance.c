/* instance.c - see instance.h */
#include "instance.h"
#include "file.h"
#include "limits.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 2000, LOCK_LOOK_MS = 20 };

static char complaint[PATH_MAX + 200];

static const char *complain(const char *fmt, ...) PRINTF(1, 2);
static const char *complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(complaint, sizeof complaint, fmt, ap);
	va_end(ap);
	return complaint;
}

/* ---- finding ------------------------------------------------------------- */

static char *whole_path(const char *path)
{
	char real[PATH_MAX];

	return realpath(path, real) ? text_dup(real) : NULL;
}

static void parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == path)
		path[1] = '\0';
	else if (slash)
		*slash = '\0';
}

static bool has_specs(const char *dir)
{
	DEFER(text_free) char *specs = text_fmt("%s/specs", dir);
	struct stat st;

	return stat(specs, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The nearest folder above the program that has specs/; owned, NULL: none. */
static char *find_root(const char *program)
{
	char *dir = text_dup(program);

	while (strcmp(dir, "/") != 0) {
		parent(dir);
		if (has_specs(dir))
			return dir;
	}
	free(dir);
	return NULL;
}

/* An absolute form of a path that need not exist yet. */
static char *absolute(const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/')
		return text_dup(path);
	return text_fmt("%s/%s", getcwd(here, sizeof here) ? here : ".", path);
}

const char *instance_find(const char *root, const char *dir, struct instance **ret)
{
	DEFER(text_free) char *program = whole_path("/proc/self/exe");
	struct instance *i;
	char *found;

	if (!program)
		return complain("/proc/self/exe cannot be read: chela needs /proc");
	found = root ? whole_path(root) : find_root(program);
	if (!found || !has_specs(found)) {
		complain("%s has no specs/ folder: name the project's folder with -C", root ? root : program);
		free(found);
		return complaint;
	}
	i = mem_new(1, sizeof *i);
	i->root = found;
	i->dir = dir ? absolute(dir) : text_fmt("%s/instance", found);
	parent(program);
	i->build = text_dup(program);
	i->lock = -1;
	*ret = i;
	return NULL;
}

void instance_free(struct instance *i)
{
	if (!i)
		return;
	if (i->lock >= 0)
		close(i->lock);
	conf_free(i->conf);
	free(i->root);
	free(i->dir);
	free(i->build);
	free(i);
}

char *instance_path(const struct instance *i, const char *name)
{
	return text_fmt("%s/%s", i->dir, name);
}

char *root_path(const struct instance *i, const char *fmt, ...)
{
	struct buf b = buf_new(PATH_MAX);
	va_list ap;

	buf_addf(&b, "%s/", i->root);
	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	return buf_take(&b);
}

/* ---- use ----------------------------------------------------------------- */

const char *instance_configure(struct instance *i)
{
	DEFER(text_free) char *path = instance_path(i, "assistant.conf");
	struct buf text;
	struct conf *conf;
	const char *why;

	if (file_read(path, FILE_MAX, &text) != OK)
		return complain("%s cannot be read: %s", path, errno == ENOENT ?
				"it does not exist; `chela run` makes it" : strerror(errno));
	why = conf_parse(buf_str(&text), path, &conf);
	buf_free(&text);
	if (why)
		return why;
	conf_free(i->conf);
	i->conf = conf;
	return NULL;
}

/* Whoever else has it may be a command, which has it for a moment only. */
static bool take_lock(int fd)
{
	const struct timespec moment = { .tv_nsec = LOCK_LOOK_MS * 1000000L };

	for (int left = LOCK_WAIT_MS / LOCK_LOOK_MS; flock(fd, LOCK_EX | LOCK_NB) != 0; left--) {
		if (errno != EWOULDBLOCK || left == 0)
			return false;
		nanosleep(&moment, NULL);
	}
	return true;
}

enum err instance_lock(struct instance *i)
{
	DEFER(text_free) char *path = instance_path(i, "lock");
	int fd;

	if (i->lock >= 0)
		return OK;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERR_SYSTEM;
	if (!take_lock(fd)) {
		enum err err = errno == EWOULDBLOCK ? ERR_AGAIN : ERR_SYSTEM;

		close(fd);
		return err;
	}
	i->lock = fd;
	return OK;
}

const char *instance_key(const struct instance *i, unsigned char key[32])
{
	DEFER(text_free) char *path = instance_path(i, "key");
	struct buf bytes;

	if (file_read(path, 64, &bytes) != OK)
		return complain("%s cannot be read: %s", path, strerror(errno));
	if (bytes.len != 32) {
		buf_free(&bytes);
		return complain("%s must hold 32 bytes: put the old one back, or delete it with secrets/ and seals/", path);
	}
	memcpy(key, bytes.at, 32);
	sodium_memzero(bytes.at, bytes.len);
	buf_free(&bytes);
	return NULL;
}
