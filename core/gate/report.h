/* report.h - what checks found: for people, and as JSON, JUnit's XML and TAP; however many
 * checks, one document. */
#ifndef CHELA_REPORT_H
#define CHELA_REPORT_H
#include "gate/check.h"

enum report_kind { REPORT_TEXT, REPORT_JSON, REPORT_JUNIT, REPORT_TAP };

struct report {
	enum report_kind kind;
	size_t n;		/* checks that it will tell of */
	bool list;		/* JSON: an array, else the one object */
	size_t done;		/* checks that it has told of */
};

void report_begin(const struct report *r, struct buf *out);
void report_add(struct report *r, const struct check *c, bool passed, struct buf *out);
void report_end(const struct report *r, struct buf *out);
void failure_text(const struct failure *f, struct buf *out);	/* where, what, instead, remedy */

#endif
