/* page.h - a page of a contract: literate Markdown whose fenced blocks run, read into
 * steps. The language is described in specs/README.md, its tables are in language.h.
 *
 * Markdown is cut by cmark; this reads headings and fenced blocks. Whatever is not of
 * the language refuses the page as "FILE:LINE: what: remedy". */
#ifndef CHELA_PAGE_H
#define CHELA_PAGE_H
#include "gate/language.h"
#include "gate/pool.h"
#include "manifest.h"

struct step {
	const char *file;
	int line;
	enum step_word word;
	const char *label;	/* without its '#'; NULL: none */
	const char *name;	/* act, tool, path, method, kind of delivery; NULL: none */
	const char *url;
	const char *secret;	/* as SECRET, or NULL */
	const cJSON *value;	/* or NULL */
	const cJSON *headers;	/* {"retry-after": "2"}, or NULL */
	const char *option;	/* form, multipart, get; or NULL */
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
struct rule {			/* of a transcript platform: what the service does by itself */
	struct step when;	/* a request, or DO_SAY */
	struct step *then;
	size_t n;
};
struct example {
	const char *name;
	const cJSON *value;
};
struct page {
	const char *file, *title;
	const char *prose;		/* the file, with the lines of its blocks empty */
	struct section *sections;
	size_t n;
	struct step *background;	/* what runs before each section */
	size_t background_n;
	struct step *back;		/* how the adapter returns after a restart */
	size_t back_n;
	struct rule *rules;
	size_t rules_n;
	struct example *examples;	/* own ones, and those of the pages it runs */
	size_t examples_n;
	int requests, likes;		/* ">" steps of this page, and those with like */
	bool used[FORM_COUNT];		/* which steps and forms occur, included pages too */
	struct page *included;		/* the pages that it runs; .next is the next of them */
	struct page *next;
	struct pool pool;
};

struct page_text {
	struct str text;
	const char *file;	/* for complaints */
	const char *folder;	/* where the pages are that it may run */
	int line;		/* of its first line in that file: 1 for a whole file */
};
/* NULL and the page, or the complaint (until the next call), whose kind is in *ret_mistake
 * where that is not NULL. The manifest gives tools and secrets; NULL: any may be named. */
const char *page_parse(const struct page_text *t, const struct manifest *m, struct page **ret,
		       enum mistake *ret_mistake) MUST_USE;
const char *page_read(const char *file, const struct manifest *m, struct page **ret) MUST_USE;
void page_free(struct page *p);		/* NULL is fine */

#endif
