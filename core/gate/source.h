/* source.h - what the source of an adapter may say, before a compiler reads it.
 *
 * A compiler opens every file that it is told to, and writes what stands there into its
 * messages or, by the assembler, into the program; an object no longer shows where its
 * bytes came from. So nothing that reaches a compiler can name a file, write assembly or
 * hide a word: directives and headers are on a list; no assembly, pragmas, attributes,
 * names that are the compiler's own (two underscores), raw strings or pasted tokens. */
#ifndef CHELA_SOURCE_H
#define CHELA_SOURCE_H
#include "buf.h"

/* NULL, or "FILE:LINE: what: remedy"; static, until the next call. */
const char *source_check(struct str text, const char *file);
const char *source_check_file(const char *path);

#endif
