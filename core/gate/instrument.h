/* instrument.h - an adapter's source with probes in it: what was executed is counted, and
 * each mutant has a switch. One text for both.
 *
 * While no switch is on it does what the source does. Lines stay where they were, and carry the
 * adapter's own file name, so whatever a compiler or sanitizer says names the adapter's lines.
 * The text is C for the same compiler, without -Werror (use -w); adapter.h has to be in reach as
 * for the adapter itself. Whoever links it defines (as inside_end.c does)
 *
 *	unsigned *__probe_hits;		a counter for each spot, by its place in .spots
 *	unsigned __probe_on;		the mutant that is on, by its place in .mutants; PROBE_NONE
 *	unsigned long __probe_left;	steps left: each statement and each condition takes one
 *	void __probe_spent(void);	none was left: does not return
 *
 * A switch reaches no constant: cells of tables, initialisers of arrays, values of enumerators.
 * Such a mutant is `apart`, a text of its own: instrument_apart() gives it, with the same
 * probes. It may be one that no compiler takes; then it is none.
 *
 * Left out of the mutants: what is logged, assertions, tags of calls, sockets and timers,
 * array sizes. */
#ifndef CHELA_INSTRUMENT_H
#define CHELA_INSTRUMENT_H
#include "buf.h"
#include <limits.h>

#define PROBE_NONE UINT_MAX

enum spot_kind {
	SPOT_STATEMENT,
	SPOT_TRUE, SPOT_FALSE,		/* an outcome of a condition, without the && || ! around it */
	SPOT_CASE,			/* a label of a switch, by its value */
};
struct spot {
	int line;
	enum spot_kind kind;
	char *what;			/* as written, cut to fit a line: "host_ready(NULL);", "a->next" */
	bool tells;			/* a statement that calls host_*: nothing excuses it */
};
struct mutant {
	int line;
	char *what;			/* "`>` became `>=`" */
	bool apart;
};
struct instrument {
	char *text;
	struct spot *spots;
	size_t spots_n;
	struct mutant *mutants;
	size_t mutants_n;
	char *file, *source;		/* as given */
};

/* NULL, or the complaint "FILE:LINE: what: remedy" where the source cannot be read. */
const char *instrument(struct str source, const char *file, struct instrument **ret) MUST_USE;
char *instrument_apart(const struct instrument *i, size_t mutant);	/* owned */
void instrument_free(struct instrument *i);	/* NULL is fine */

/* "line 41: `a->next` was never false", "line 7: `host_ready(NULL);` was never executed"; owned. */
char *spot_words(const struct spot *s);

#endif
