/* markdown.h - what a model says, in the marks of a platform; no I/O.
 *
 * Models write CommonMark, with tables and strike-through. cmark cuts it; each kind of marks
 * writes it in its own way, escapes what would mean something there, so that a text can
 * mention nobody and call nothing, and drops what it has no marks for without losing words.
 * Text that is no Markdown comes out as it went in, but for escapes. */
#ifndef CHELA_MARKDOWN_H
#define CHELA_MARKDOWN_H
#include "manifest.h"

char *markdown_render(const char *text, enum marks marks);	/* owned */

#endif
