/* file.h - whole files: read at once up to a maximum, written so that a crash leaves the old
 * one or the new one. */
#ifndef CHELA_FILE_H
#define CHELA_FILE_H
#include "buf.h"

/* The whole file; ERR_LIMIT past `max`. What is no regular file is refused: errno is EISDIR
 * or ENOTSUP. */
enum err file_read(const char *path, size_t max, struct buf *ret) MUST_USE;
/* Written beside, synced, renamed over. */
enum err file_write(const char *path, struct str bytes, unsigned mode) MUST_USE;

#endif
