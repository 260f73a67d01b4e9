/* like.h - how much of a page may be left open: of its ">" at most 30 in 100 have `like`, and
 * none that changes something at the service, for there nothing may go unseen. */
#ifndef CHELA_LIKE_H
#define CHELA_LIKE_H
#include "gate/page.h"

enum { LIKE_MAX = 30 };		/* in 100 */

/* NULL, or "FILE:LINE: what: remedy"; static, until the next call. */
const char *like_check(const struct page *p, const struct manifest *m);

#endif
