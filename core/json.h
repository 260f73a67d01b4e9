/* json.h - JSON (RFC 8259) that can be relied on, around cJSON.
 *
 * json_decode() is stricter than cJSON and keeps what cJSON would lose: it refuses
 * text that is not UTF-8, \u0000, a name twice in one object, a number no standard
 * allows and what is nested too deeply; a number that a double cannot hold exactly
 * becomes a string of its digits; half a surrogate pair is kept (as three bytes), so
 * that two halves that arrive apart can still be joined. json_encode() prints whole
 * numbers whole (cJSON 1.7.15 does not from 1e15 on) and always in the same way.
 *
 * json_at() to json_count() are also what adapters use, and adapter.h is their
 * manual. Trees are freed by json_drop(). */
#ifndef CHELA_JSON_H
#define CHELA_JSON_H
#include "buf.h"
#include <cjson/cJSON.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 64 };

/* NULL and a tree, or the complaint, which begins with "line N: " and stands until
 * the next call. */
const char *json_decode(struct str text, cJSON **ret) MUST_USE;

/* Compact, members in their order; the tree must be finite. */
void json_encode(struct buf *b, const cJSON *json);
char *json_print(const cJSON *json);			/* owned */

/* The line (from 1) on which the value at this JSON pointer stands, for complaints
 * about text that json_decode() took; the nearest parent's where it is absent. */
int json_line(struct str text, const char *at);

void json_drop(cJSON **json);				/* for DEFER; NULL is fine */
bool json_same(const cJSON *a, const cJSON *b);		/* members in any order */

/* Joins halves of surrogate pairs that now stand side by side; a half that is left
 * becomes U+FFFD. What leaves the core has gone through this. */
void json_mend(cJSON *json);
char *text_mend(const char *text);			/* owned */

const cJSON *json_at(const cJSON *root, const char *at);
const char *json_text(const cJSON *root, const char *at);
bool json_is(const cJSON *root, const char *at, const char *text);
bool json_true(const cJSON *root, const char *at);
bool json_number(const cJSON *root, const char *at, int64_t min, int64_t max, int64_t *ret);
const cJSON *json_first(const cJSON *list);
const cJSON *json_next(const cJSON *item);
const char *json_name(const cJSON *item);
int json_count(const cJSON *list);
char *json_id(const cJSON *root, const char *at);	/* a text, or the digits of a whole number; NULL: neither, or empty; owned */

/* Builds an object from a guide as json_make() in adapter.h does, but owned by the
 * caller; %j is copied. %S is a struct str. */
cJSON *json_build(const char *guide, ...);
cJSON *json_guide(const char *guide, va_list ap, cJSON *(*share)(const cJSON *));	/* how %j gets in */
void json_add(cJSON *object, const char *name, cJSON *item);	/* item is taken; NULL adds nothing */

#endif
