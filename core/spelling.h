/* spelling.h - "did you mean": the remedy for a word that is none of those we know. */
#ifndef CHELA_SPELLING_H
#define CHELA_SPELLING_H
#include "buf.h"

/* The known word that is one slip of the pen away, or two in a long word; NULL: none. */
const char *spelling_near(const char *word, const char *const *known, size_t n);

/* Owned: `did you mean "send"?`, or `known are read, draft and send`. */
char *spelling_hint(const char *word, const char *const *known, size_t n);

#endif
