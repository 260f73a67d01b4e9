/* quote.h - whether an adapter quotes what its contract demands: each MUST of a page, in a
 * comment where it is kept,
 *
 *	specs/openai/turn.md: "Each figure MUST be the last one that was told."
 *
 * A quote is exact but for white space; the stars at the margin of a comment are white space
 * too. It begins where a sentence begins, or a part of one behind ':' or ';', and ends before
 * any mark of punctuation; it may go over several sentences. Whatever stands in quotation
 * marks behind the name of a page and its ':' is a quote of that page. What the core keeps alone a
 * page says without that word. */
#ifndef CHELA_QUOTE_H
#define CHELA_QUOTE_H
#include "gate/page.h"

struct misquote {		/* a quote that stands in no page, or a MUST that nobody quotes */
	const char *file;	/* borrowed from the caller */
	int line;
	char *what, *remedy;	/* owned */
};
struct quotes {
	struct misquote *at;	/* owned: quotes_free() */
	size_t n;
	int musts;		/* how many the pages have */
};

/* False quotes first, in the order of the source; then what is not quoted, page by page. */
struct quotes quotes_check(struct str source, const char *file, struct page *const *pages, size_t pages_n);
void quotes_free(struct quotes *q);

bool says_must(struct str text, size_t at);	/* does the word stand here? */

#endif
