/* audit.h - one row for each decision, written before anything leaves; each row holds the
 * hash of the one before it, so that none can be changed or taken out unseen. */
#ifndef CHELA_AUDIT_H
#define CHELA_AUDIT_H
#include "store/store.h"

struct audit {
	int64_t task;			/* the turn; 0: none */
	const char *connection, *operation, *verdict, *rule;
	const cJSON *args;		/* as decided on; may be NULL */
};
void audit_add(struct store *s, const struct audit *row);
/* NULL: the chain holds; or where it is broken. */
const char *audit_check(struct store *s) MUST_USE;
int64_t audit_rows(struct store *s);

#endif
