/* buf.h - bytes: borrowed ones (struct str) and owned ones that grow to a maximum
 * (struct buf).
 *
 * Appending has no error to check. What does not fit whole is left out, and so is
 * all that follows; buf_status() says so once at the end. The bytes are always
 * followed by a NUL that is not counted. Memory never fails: we abort. */
#ifndef CHELA_BUF_H
#define CHELA_BUF_H
#include "err.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct str {
	const char *at;			/* need not end in NUL; NULL only when len is 0 */
	size_t len;
};

#define STR(literal) ((struct str){ literal, sizeof(literal) - 1 })

void *mem_new(size_t n, size_t size);			/* n zeroed items; owned, goes with free() */

struct str str_of(const char *text);			/* NULL is empty */
bool str_is(struct str s, const char *text);
bool str_starts(struct str s, const char *with);
char *str_dup(struct str s);				/* owned, NUL at the end */
char *text_dup(const char *text);			/* owned; NULL gives NULL */
char *text_fmt(const char *fmt, ...) PRINTF(1, 2);	/* owned */
void text_free(char **text);				/* for DEFER */
bool text_among(const char *list, const char *word);	/* of words with one space between them */

struct buf {
	char *at;			/* NULL until something is added: use buf_text() */
	size_t len, room, max;
	bool full;			/* something was left out */
};

struct buf buf_new(size_t max);
void buf_free(struct buf *b);				/* leaves it empty, fit for use */
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_addv(struct buf *b, const char *fmt, va_list ap) PRINTF(2, 0);
void buf_drop(struct buf *b, size_t n);			/* the first n bytes go */
void buf_cut(struct buf *b, size_t len);		/* only the first len stay; whole again */
const char *buf_text(const struct buf *b);		/* never NULL; until the next change */
struct str buf_str(const struct buf *b);
char *buf_take(struct buf *b);				/* owned by the caller; b is empty */
enum err buf_status(const struct buf *b) MUST_USE;	/* OK, or ERR_LIMIT */

/* UTF-8 (RFC 3629). */
bool utf8_valid(struct str s);
size_t utf8_fit(struct str s, size_t max);		/* most bytes <= max that end between characters */
void utf8_put(struct buf *b, unsigned code);		/* also lone surrogates, as three bytes */

#endif
