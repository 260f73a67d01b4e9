/* check.h - the gate: one contract and its adapter go through the stages, in order, until
 * one refuses. A stage that is not there yet, or that was not reached, was not run; it never
 * counts as passed. */
#ifndef CHELA_CHECK_H
#define CHELA_CHECK_H
#include "gate/page.h"
#include "instance.h"

struct failure {		/* why the contract or the adapter is refused */
	char *file;		/* or NULL */
	int line;		/* 0: the file as a whole */
	char *what, *expected, *happened, *remedy;	/* expected and happened may be NULL */
};
void failure_free(struct failure *f);
/* "FILE:LINE: what: remedy" taken apart. */
struct failure failure_of(const char *complaint);

enum state { NOT_RUN, PASSED, REFUSED };
struct finding {		/* of one stage */
	enum state state;
	char *words;		/* in a line, for people; NULL: nothing to say */
	cJSON *figures;		/* {} for programs */
};
struct check {
	const struct instance *instance;
	const char *name;
	bool terminal;		/* somebody watches: show how far it is */
	struct manifest *manifest;
	struct page **pages;
	size_t pages_n;
	char *program;		/* of this check, beside the one that runs; NULL: no code is needed */
	struct finding *findings;	/* one a stage */
	struct failure failure;
	char **more;		/* "FILE:LINE: what" of what failed besides */
	size_t more_n;
	char *drift;		/* how the contract differs from the committed one, or why nobody knows; NULL: it does not */
	bool differs;
};
struct stage {
	const char *name, *about;
	bool (*run)(struct check *c, struct finding *f);	/* NULL: not there yet. False: refused */
};
extern const struct stage stages[];
extern const size_t stages_n;

/* The stages, one a file. */
bool contract_stage(struct check *c, struct finding *f);
bool build_stage(struct check *c, struct finding *f);
bool pages_stage(struct check *c, struct finding *f);
bool sanitize_stage(struct check *c, struct finding *f);
bool seal_stage(struct check *c, struct finding *f);

/* Relative paths: the working directory is the project's folder. */
struct check *check_new(const struct instance *i, const char *name, bool terminal);
bool check_run(struct check *c);
void check_refuse(struct check *c, struct failure f);	/* taken: the first is told whole, each once */
cJSON *check_stages(const struct check *c);	/* [{name, ok, ...}], owned */
void check_free(struct check *c);

void progress(const struct check *c, const char *stage, size_t done, size_t of);	/* of 0: wipes it */

#endif
