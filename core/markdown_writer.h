/* markdown_writer.h - lines in the marks of a platform; no I/O. Only for markdown.c.
 *
 * Lines are begun late, with what stands before each of them (a quote's ">", a list's indent),
 * and so are marks: those that hold no text do not show. Where a platform ends bold and its like
 * with the line, they are closed at its end and opened again in the next. */
#ifndef CHELA_MARKDOWN_WRITER_H
#define CHELA_MARKDOWN_WRITER_H
#include "limits.h"
#include "manifest.h"

#define BREAK "\xE2\x80\x8B"		/* U+200B: no width, and no letter */
#define GRAVE "\xCB\x8B"		/* U+02CB: looks like ` */
#define BAR "\xC2\xA6"			/* U+00A6: looks like | */

enum span { BOLD, ITALIC, STRIKE, SPANS };

struct style {
	const char *marks[SPANS][2];	/* before and after */
	const char *bullet;
	const char *fence;		/* NULL: code blocks stand as they are */
	bool lines;			/* marks end with the line, and need no letter beside them */
};

struct writer {
	struct buf out;
	enum marks marks;
	const struct style *style;
	bool one_line;			/* line breaks are blanks */
	bool label;			/* within <url|...>, where there are no marks either */

	/* its own */
	struct buf before;		/* of each line */
	size_t cuts[MARKUP_INDENT_MAX], depth;
	bool fresh;			/* nothing stands on this line */
	size_t text_at;			/* where its text began; SIZE_MAX: not yet */
	int wanted[SPANS];
	enum span open[SPANS];		/* those that are wanted, the outermost first */
	size_t open_n, shown_n;
	bool closed;			/* a mark was just closed */
	size_t opened_at;		/* behind the last that was opened */
};

struct writer writer_new(enum marks marks);
char *writer_take(struct writer *w);				/* owned; w is gone */

/* Text, of which nothing means anything to the platform. */
void write_line(struct writer *w, struct str s);		/* without a line break */
void write_text(struct writer *w, struct str s);
void write_break(struct writer *w);				/* a line break within text */
void write_newline(struct writer *w);

/* What means something. */
void write_raw(struct writer *w, const char *bytes);
void write_opening(struct writer *w, const char *mark);		/* apart from what keeps it from being one */
void write_closing(struct writer *w, const char *mark);
void write_marks(struct writer *w);				/* those that are open show from here on */
void write_byte(struct writer *w, char c);			/* of code or an address: as an entity at most */
/* The outermost of a kind counts: there is no bold within bold. */
void mark_open(struct writer *w, enum span s);
void mark_close(struct writer *w, enum span s);

/* What a quote or a list puts before its lines. */
void before_push(struct writer *w, const char *text);
void before_pop(struct writer *w);

#endif
