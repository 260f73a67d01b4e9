/* file.c - see file.h */
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Never waits for whoever holds the other end of a pipe. */
static int open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st = { 0 };

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	errno = S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
	return -1;
}

enum err file_read(const char *path, size_t max, struct buf *ret)
{
	int fd = open_regular(path);
	struct buf b = buf_new(max);
	char piece[16384];
	ssize_t n;
	enum err err;

	if (fd < 0)
		return ERR_SYSTEM;
	while ((n = read(fd, piece, sizeof piece)) > 0 && !b.full)
		buf_add(&b, piece, (size_t)n);
	close(fd);
	err = n < 0 ? ERR_SYSTEM : buf_status(&b);
	if (err != OK)
		buf_free(&b);
	else
		*ret = b;
	return err;
}

static bool write_whole(int fd, struct str bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes.at += n;
		bytes.len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

enum err file_write(const char *path, struct str bytes, unsigned mode)
{
	DEFER(text_free) char *beside = text_fmt("%s.%d.new", path, (int)getpid());
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool written;

	if (fd < 0)
		return ERR_SYSTEM;
	written = write_whole(fd, bytes);
	close(fd);
	if (written && rename(beside, path) == 0)
		return OK;
	unlink(beside);
	return ERR_SYSTEM;
}
