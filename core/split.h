/* split.h - a text in pieces that a platform takes, each at most `max` units long; no I/O.
 *
 * A piece ends, in this order of liking, between blocks, lines, sentences or words; never
 * within a character, nor between one and what joins it (combining marks, ZWJ, variation
 * selectors, a CR and its LF), unless nothing else fits. Where it must end within a ```
 * fence, the fence is closed there and opened again, with its language, in the next piece,
 * and that counts. Nothing is lost: without the fences that were added and the blanks at which
 * it was cut, the pieces are the text. */
#ifndef CHELA_SPLIT_H
#define CHELA_SPLIT_H
#include "manifest.h"

cJSON *split_text(const char *text, int64_t max, enum text_unit unit);	/* [texts], at least one; owned */
int64_t text_units(struct str text, enum text_unit unit);

#endif
