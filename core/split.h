/* split.h - a text in pieces that a platform takes, each at most `max` units long; no I/O.
 *
 * The text is one that markdown_render() made for these marks, and a piece is whole in them.
 * It ends, in this order of liking, between blocks, lines, sentences or words, where that does
 * not leave it half empty; else at the last of these; never within what is one for a reader (a letter with its
 * combining marks, an emoji of several, a CR and its LF), nor within an entity or a link, unless
 * nothing else fits; and never within a character: one that is longer than `max` is a piece.
 * Where it must end within a ``` fence (in HTML: within a tag), that is closed there and
 * opened again, with its language, in the next piece, and that counts; where this would take
 * half of `max`, it is left open. Nothing is lost: without what was added and the blanks at
 * which it was cut, the pieces are the text. (A fence that the text ends within, before it
 * says anything, is such a blank.) */
#ifndef CHELA_SPLIT_H
#define CHELA_SPLIT_H
#include "manifest.h"

/* [texts], at least one; owned. max: at least 1 */
cJSON *split_text(const char *text, int64_t max, enum text_unit unit, enum marks marks);
int64_t text_units(struct str text, enum text_unit unit);

#endif
