/* drift.c - see drift.h */
#include "drift.h"
#include "limits.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 1 << 20, FILES_MAX = 500, NAMED = 5 };

struct files {			/* of specs/NAME */
	struct dirent **at;
	int n;
};

/* ---- git ----------------------------------------------------------------- */

static char *variable(const char *name)
{
	const char *value = getenv(name);

	return text_fmt("%s=%s", name, value ? value : "");
}

static void read_all(int fd, struct buf *ret)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_add(ret, piece, (size_t)n);
}

/* Runs it with nothing that leads it elsewhere; what it says is in *ret. */
static bool git(const char *const argv[], struct buf *ret)
{
	DEFER(text_free) char *path = variable("PATH");
	DEFER(text_free) char *home = variable("HOME");
	const char *const environment[] = { path, home, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", NULL };
	posix_spawn_file_actions_t actions;
	int line[2], status = -1, err;
	pid_t pid;

	if (pipe2(line, O_CLOEXEC) != 0)
		abort();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, line[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, line[1], STDERR_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	err = posix_spawnp(&pid, "git", &actions, NULL, (char *const *)argv, (char *const *)environment);
	posix_spawn_file_actions_destroy(&actions);
	close(line[1]);
	if (!err)
		read_all(line[0], ret);
	close(line[0]);
	if (err) {
		buf_addf(ret, "git does not run: %s", strerror(err));
		return false;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 && buf_status(ret) == OK;
}

/* ---- the folder ---------------------------------------------------------- */

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type != DT_DIR;
}

static void files_free(struct files *f)
{
	for (int i = 0; i < f->n; i++)
		free(f->at[i]);
	if (f->n >= 0)
		free(f->at);
}

/* What git would call each: a line of digits for each file. */
static bool name_contents(const struct instance *i, const char *folder, const struct files *f, struct buf *ret)
{
	const char *argv[FILES_MAX + 7] = { "git", "-C", i->root, "hash-object", "--no-filters", "--" };
	bool good;

	for (int k = 0; k < f->n; k++)
		argv[6 + k] = text_fmt("%s/%s", folder, f->at[k]->d_name);
	good = git(argv, ret);
	for (int k = 0; k < f->n; k++)
		free((char *)argv[6 + k]);
	return good;
}

/* ---- comparing ----------------------------------------------------------- */

struct entry { struct str hash, file; };	/* of a commit */

/* "MODE blob HASH\tFILE\0"; a folder within is none of a contract's. */
static bool entry_next(struct str *tree, struct entry *ret)
{
	while (tree->len) {
		size_t n = strnlen(tree->at, tree->len);
		struct str line = { tree->at, n };
		const char *blob = memmem(line.at, line.len, " blob ", 6), *tab = memchr(line.at, '\t', line.len);

		n += n < tree->len;
		*tree = (struct str){ tree->at + n, tree->len - n };
		if (!blob || !tab)
			continue;
		*ret = (struct entry){ { blob + 6, (size_t)(tab - blob - 6) }, { tab + 1, (size_t)(line.at + line.len - tab - 1) } };
		return true;
	}
	return false;
}

static void tell(struct buf *words, int *n, const char *file, const char *how)
{
	if (++*n <= NAMED)
		buf_addf(words, "%s%s %s", *n > 1 ? ", " : "", file, how);
}

/* Whether a file of the disk is as in the commit. */
static void compare_file(const char *file, struct str hash, struct str tree, struct buf *words, int *n)
{
	struct entry e;

	while (entry_next(&tree, &e)) {
		if (!str_is(e.file, file))
			continue;
		if (e.hash.len != hash.len || memcmp(e.hash.at, hash.at, hash.len) != 0)
			tell(words, n, file, "is changed");
		return;
	}
	tell(words, n, file, "is new");
}

static void find_gone(const char *folder, const struct files *f, struct str tree, struct buf *words, int *n)
{
	struct entry e;

	while (entry_next(&tree, &e)) {
		DEFER(text_free) char *file = str_dup(e.file);
		size_t from = strlen(folder) + 1;
		bool there = e.file.len <= from || file[from] == '.';

		for (int k = 0; k < f->n && !there; k++)
			there = strcmp(f->at[k]->d_name, file + from) == 0;
		if (!there)
			tell(words, n, file, "is gone");
	}
}

static char *compare(const char *folder, const struct files *f, const char *hashes, struct str tree)
{
	struct buf words = buf_new(65536);
	int n = 0;

	for (int k = 0; k < f->n; k++) {
		DEFER(text_free) char *file = text_fmt("%s/%s", folder, f->at[k]->d_name);
		struct str hash = { hashes, strcspn(hashes, "\n") };

		compare_file(file, hash, tree, &words, &n);
		hashes += hash.len + (hashes[hash.len] == '\n');
	}
	find_gone(folder, f, tree, &words, &n);
	if (n > NAMED)
		buf_addf(&words, " and %d more", n - NAMED);
	return n ? buf_take(&words) : NULL;
}

static enum drift unknown(struct buf *said, char **ret_words)
{
	*ret_words = text_fmt("whether this contract is the committed one is not known: %.*s",
			      (int)strcspn(buf_text(said), "\n"), buf_text(said));
	return DRIFT_UNKNOWN;
}

enum drift contract_drift(const struct instance *i, const char *name, char **ret_words)
{
	DEFER(text_free) char *folder = text_fmt("specs/%s", name);
	DEFER(text_free) char *within = text_fmt("%s/", folder);
	DEFER(text_free) char *path = root_path(i, "specs/%s", name);
	DEFER(buf_free) struct buf tree = buf_new(SAID_MAX), hashes = buf_new(SAID_MAX);
	const char *const list[] = { "git", "-C", i->root, "ls-tree", "-z", "HEAD", "--", within, NULL };
	DEFER(files_free) struct files f = { 0 };
	DEFER(text_free) char *differs = NULL;

	f.n = scandir(path, &f.at, is_file, alphasort);
	if (!git(list, &tree))
		return unknown(&tree, ret_words);
	if (f.n > FILES_MAX || (f.n > 0 && !name_contents(i, folder, &f, &hashes)))
		return unknown(&hashes, ret_words);
	differs = tree.len ? compare(folder, &f, buf_text(&hashes), buf_str(&tree)) : text_fmt("no commit has %s", folder);
	if (!differs)
		return DRIFT_NONE;
	*ret_words = text_fmt("this contract is NOT the committed one: %s", differs);
	return DRIFT_SOME;
}
