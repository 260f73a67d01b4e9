/* word.h - text taken apart at its blanks. */
#ifndef CHELA_WORD_H
#define CHELA_WORD_H
#include "buf.h"

bool is_blank(char c);
struct str word_skip(struct str s);			/* without the blanks it begins with */
struct str word_first(struct str s);			/* empty: there is none */
struct str word_cut(struct str *s);			/* takes the first word off */
bool word_in(struct str word, const char *const *list, size_t n);

#endif
