/* pattern.h - which places in JSON a list of patterns names.
 *
 * A pattern is a pointer whose steps may also be * (any one step), ** (any number of
 * them, also none) or {a,b} (one of these). It names strings, numbers, true, false and
 * null: an object or array is kept for what it holds, or because it is empty and on the
 * way of a pattern. So a pattern that is meant for a word never lets a tree through. */
#ifndef CHELA_PATTERN_H
#define CHELA_PATTERN_H
#include "json.h"

/* A copy of `json` with only what some pattern names; NULL when nothing is left. The
 * patterns are the strings of a list or the names of an object. What is left out of an
 * array becomes null where places are to be kept, else it closes up. */
cJSON *pattern_cut(const cJSON *patterns, const cJSON *json, bool keep_places);

#endif
