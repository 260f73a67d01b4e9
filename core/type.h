/* type.h - the closed list of argument types (enum arg_type): what fits, its one normal
 * form, how a model is told of it, how it is written within text and URLs.
 *
 * Normal forms: an e-mail address has its domain in lower case, and there is always a
 * list of them; an amount has all the digits of its currency ("12.30 EUR", "12 JPY"); a
 * time is written with "T" and "Z" or its offset, without idle zeros; a Message-ID stands
 * in angle brackets; a URL has scheme and host in lower case and no port that goes
 * without saying; of json there is only what "members" names. The rest is as given. */
#ifndef CHELA_TYPE_H
#define CHELA_TYPE_H
#include "manifest.h"

/* Complaints stand until the next call. null counts as not given. */

/* Checks `args` (NULL: none) against the table: unknown, missing, of the wrong type, or
 * given although the core fills it in. NULL and the normal forms in the table's order,
 * defaults filled in; or the complaint, which names the argument. */
const char *arguments_check(const struct argument *table, size_t n, const cJSON *args, cJSON **ret) MUST_USE;
cJSON *arguments_schema(const struct argument *table, size_t n);	/* JSON Schema of an object, as a model sees it */

/* The same for the manifest's "config", which the owner's file sets: a URL may be plain
 * http and lead to an address, and is a prefix of others. */
const char *config_check(const struct manifest *m, const cJSON *given, cJSON **ret) MUST_USE;

/* One value: NULL and its normal form, or the complaint, which continues a sentence that
 * begins with what it is about: "is longer than 128 bytes". */
const char *type_check(const struct argument *a, const cJSON *given, cJSON **ret) MUST_USE;

char *type_text(const cJSON *normal);			/* as it stands within a text; owned */
void type_encode(struct buf *b, const char *text);	/* all but RFC 3986's unreserved as %XX */

#endif
