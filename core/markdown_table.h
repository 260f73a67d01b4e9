/* markdown_table.h - the pipe tables of a Markdown text, laid out as code blocks; no I/O.
 *
 * CommonMark has no tables, and chats show none; a code block keeps the columns. */
#ifndef CHELA_MARKDOWN_TABLE_H
#define CHELA_MARKDOWN_TABLE_H
#include "buf.h"

/* The text with each table replaced by a fenced block; owned; NULL: there is none. `plain`
 * makes a cell's Markdown plain text. */
char *markdown_tables(const char *text, char *(*plain)(const char *cell));

struct str *text_lines(struct str text, size_t *ret_n);	/* at least one; owned, they point into it */

#endif
