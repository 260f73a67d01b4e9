/* value.h - the values of a page: variables in them, patches over them, and whether what
 * came is what was expected. */
#ifndef CHELA_VALUE_H
#define CHELA_VALUE_H
#include "json.h"

/* RFC 7396: `patch` over `target`, which is taken; owned. */
cJSON *value_patch(cJSON *target, const cJSON *patch);

/* "$2000xA" becomes A 2000 times, in place, also within. False: longer than can be, and
 * *ret_text is the string. */
bool value_repeat(cJSON *value, const char **ret_text);

/* The name of a variable when that is all the string is: "$posted"; "$_" is one too. */
bool is_variable(const cJSON *value);
bool has_variable(const cJSON *value, const char *name);	/* anywhere within; NULL: any at all */

/* `vars` {"$posted": value} grows. A variable that is not there yet takes what came, or
 * is given an invented text. */
cJSON *value_fill(const cJSON *value, cJSON *vars);		/* owned */

/* NULL, or where and how `came` differs, in words ("at /stream: true was expected, false
 * came"; owned). Members may stand in any order; with `like`, `came` may have more. */
char *value_differs(const cJSON *expected, const cJSON *came, bool like, cJSON *vars);

#endif
