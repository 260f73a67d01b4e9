/* page.h - a page of a contract: literate Markdown whose fenced blocks run, read into
 * steps. The language is described in specs/README.md.
 *
 * Markdown is cut by cmark; this reads headings and fenced blocks. Whatever is not of
 * the language refuses the page as "FILE:LINE: what: remedy". */
#ifndef CHELA_PAGE_H
#define CHELA_PAGE_H
#include "json.h"
#include "manifest.h"

enum step_kind { STEP_ARRIVAL, STEP_REQUEST, STEP_TIME, STEP_FAULT };	/* < > + ! ; "." is unfolded */

/* The words of the language: name, kind of step. */
#define STEP_WORDS(X) \
	X(START, ARRIVAL) X(STOP, ARRIVAL) X(SAY, ARRIVAL) X(ACT, ARRIVAL) X(CALL, ARRIVAL) X(TURN, ARRIVAL) \
	X(IN_WS, ARRIVAL) X(IN_WS_CLOSE, ARRIVAL) X(IN_WEBHOOK, ARRIVAL) X(IN_HTTP, ARRIVAL) X(PART, ARRIVAL) X(PARTS, ARRIVAL) \
	X(HTTP, REQUEST) X(WS_OPEN, REQUEST) X(WS, REQUEST) X(WS_CLOSE, REQUEST) X(DELIVER, REQUEST) \
	X(WEBHOOK, REQUEST) X(FILE, REQUEST) X(RESULT, REQUEST) X(FAILED, REQUEST) X(AGAIN, REQUEST) \
	X(READY, REQUEST) X(BROKEN, REQUEST) X(KEEP, REQUEST) X(DELTA, REQUEST) \
	X(MOVE, TIME) X(WITHIN, TIME) \
	X(WS_RESET, FAULT) X(HTTP_TIMEOUT, FAULT) X(HTTP_RESET, FAULT) X(HTTP_LOST, FAULT) \
	X(RESTART, FAULT) X(RESTART_EMPTY, FAULT) X(DICE, FAULT) X(KILL, FAULT)
enum step_word {
#define X(name, kind) DO_##name,
	STEP_WORDS(X)
#undef X
	STEP_WORDS_N
};

struct step {
	const char *file;
	int line;
	enum step_kind kind;
	enum step_word word;
	const char *label;	/* "" where there is none */
	const char *name;	/* act, tool, path, method, delta text, kind of delivery */
	const char *url;
	const char *secret;	/* as SECRET, or NULL */
	const cJSON *value;	/* or NULL */
	const cJSON *headers;	/* {"retry-after": "2"}, or NULL */
	const char *option;	/* form, get, multipart; or NULL */
	bool like;
	int status;		/* HTTP status, close code */
	int64_t ms;
	double dice;
};
struct section {
	const char *title;
	int line;
	struct step *steps;	/* the background's first, then its own */
	size_t n, background;	/* how many of them are the background's */
};
struct page {
	const char *file;
	const char *title;
	struct section *sections;
	size_t n;
	struct step *back;	/* ```transcript back */
	size_t back_n;
	int requests, likes;	/* ">" steps, and those with like */
	void *pool;
};
/* NULL and the page, or the complaint (until the next call). `m` gives acts and tools. */
const char *page_parse(struct str text, const char *file, const struct manifest *m, struct page **ret) MUST_USE;
void page_free(struct page *p);

#endif
