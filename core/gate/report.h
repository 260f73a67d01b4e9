/* report.h - what a check found: for people, and as JSON, JUnit's XML and TAP. */
#ifndef CHELA_REPORT_H
#define CHELA_REPORT_H
#include "gate/check.h"

enum report { REPORT_TEXT, REPORT_JSON, REPORT_JUNIT, REPORT_TAP };

void report(enum report kind, const struct check *c, bool passed, struct buf *out);
void failure_text(const struct failure *f, struct buf *out);	/* where, what, instead, remedy */

#endif
