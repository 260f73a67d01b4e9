/* notation.h - steps as a page writes them: what was expected, and what happened. */
#ifndef CHELA_NOTATION_H
#define CHELA_NOTATION_H
#include "gate/world.h"

char *step_notation(const struct step *s);		/* owned; long values are cut */
char *deed_notation(const struct deed *d);
const char *word_name(enum step_word word);		/* "http": without its arrow and what follows */

#endif
