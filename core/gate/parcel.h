/* parcel.h - sections and outcomes as bytes, on their way between the gate and its workers.
 *
 * A parcel is a length and that many bytes. What is taken out of one is judged: where it does not
 * hold what is asked for, `bad` stays true and the rest reads as nothing. */
#ifndef CHELA_PARCEL_H
#define CHELA_PARCEL_H
#include "gate/replay.h"

enum { PARCEL_MAX = 512 << 20 };	/* all sections that one law makes of all pages */
enum { PARCEL_SECTIONS, PARCEL_JOB };	/* how those begin that the gate sends, after the manifest */

void put_number(struct buf *b, int64_t n);
void put_real(struct buf *b, double n);
void put_text(struct buf *b, const char *text);		/* NULL too */
void put_section(struct buf *b, const struct section *s);
void put_outcome(struct buf *b, const struct outcome *o);

struct parcel { struct str left; bool bad; };

int64_t take_number(struct parcel *p, int64_t min, int64_t max);
double take_real(struct parcel *p);
struct str take_text(struct parcel *p);			/* .at NULL: none; not followed by a NUL */
char *take_owned(struct parcel *p);			/* the same, owned; or NULL */
void take_section(struct parcel *p, struct pool *pool, struct section *ret);
void take_outcome(struct parcel *p, struct outcome *ret, char **ret_file);	/* ret->file is that, and owned */

/* Both wait until it is done. False: the other end is gone, or sends nonsense. */
bool parcel_send(int fd, const struct buf *b) MUST_USE;
bool parcel_receive(int fd, struct buf *ret) MUST_USE;	/* .max 0: nothing was taken */

#endif
