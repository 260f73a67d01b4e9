/* step.h - the parts of page.c: a step (step.c), the lines of a transcript (transcript.c). */
#ifndef CHELA_STEP_H
#define CHELA_STEP_H
#include "gate/page.h"

enum { PAGES_DEEP = 8 };	/* pages that run one another */

struct reader {			/* a page that is being read */
	const struct page_text *text;
	const struct manifest *manifest;
	struct page *page;
	bool *used;
	int depth;
};
struct steps {
	struct step *at;	/* owned */
	size_t n;
};
struct lines {			/* the inside of a block */
	const struct str *at;
	size_t n;
	int line;		/* of the first */
};

/* All return false when the page is refused; the complaint has been made then. */
bool mistaken(struct reader *r, int line, enum mistake m, struct str word);	/* false */
bool step_read(struct reader *r, const char *text, struct step *s);	/* file, line and headers stand in it */
bool steps_read(struct reader *r, struct lines l, struct steps *add);
bool rules_read(struct reader *r, struct lines l);
const cJSON *value_read(struct reader *r, int line, struct str text);		/* NULL: refused */
bool step_begins(struct str line);		/* does prose look like a step? */
void steps_add(struct steps *s, const struct step *step);

const cJSON *example_find(const struct page *p, struct str name);		/* NULL: there is none */
bool example_add(struct reader *r, int line, struct str name, const cJSON *value);
void examples_lend(struct page *to, const struct page *from);	/* names that are taken stay */

/* The background of another page of the same folder is added; page.c. */
bool page_include(struct reader *r, int line, struct str name, struct steps *add);

#endif
