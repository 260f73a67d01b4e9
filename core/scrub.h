/* scrub.h - takes values that nobody may see out of text, in every form in which a
 * service could hand them back: raw, base64 (both alphabets, at each of the three places
 * where a longer text may have put it), percent-encoded, JSON-escaped. No I/O.
 *
 * Values of fewer than SCRUB_MIN bytes are not looked for: they would be found
 * everywhere. What is cut in two over two texts is not found. */
#ifndef CHELA_SCRUB_H
#define CHELA_SCRUB_H
#include "json.h"

enum { SCRUB_MIN = 6 };

struct scrub;

struct scrub *scrub_new(void);
void scrub_free(struct scrub *s);				/* wipes; NULL is fine */
void scrub_add(struct scrub *s, const char *name, struct str value);	/* both are copied */

/* A copy in which every form of every value reads "<NAME>"; NULL when there was none. */
char *scrub_text(const struct scrub *s, struct str text, size_t *ret_len);
/* In place: strings, names of members, and numbers, which become strings. */
void scrub_json(const struct scrub *s, cJSON *json);

#endif
