/* audit.h - one row for each decision, written before anything leaves. Each row holds the
 * hash (BLAKE2b) of itself and of the hash before it, and the table `meta` the last one.
 *
 * So a row that was changed, taken out, put in, moved or cut off the end is found. Not
 * found is what somebody does who writes all hashes and the last one anew, for the hash
 * has no key; nor that the whole file was put back as it was at an earlier time. */
#ifndef CHELA_AUDIT_H
#define CHELA_AUDIT_H
#include "store/store.h"

struct audit {
	int64_t task;			/* the turn; 0: none */
	const char *connection, *operation, *verdict, *rule;
	const cJSON *args;		/* as decided on; may be NULL */
};
void audit_add(struct store *s, const struct audit *row);
/* NULL: the chain holds; or where it is broken, until the next call. */
const char *audit_check(struct store *s) MUST_USE;
int64_t audit_rows(struct store *s);

#endif
