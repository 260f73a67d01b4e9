/* secret.h - the secrets of an instance: kept sealed, found for one connection and one
 * origin, and scrubbed from whatever somebody else will see.
 *
 * instance/secrets/CONNECTION.SLOT holds a value sealed with the instance's key
 * (libsodium secretbox), together with the one origin it is for. A value may instead
 * come from a file or the environment where a line of the configuration says so; it is
 * then for the origin of that connection's base. A struct secret has no printer. */
#ifndef CHELA_SECRET_H
#define CHELA_SECRET_H
#include "buf.h"

struct secret;			/* a value in memory, wiped when freed */
struct secrets;			/* all values known to this process, for scrubbing */

struct secrets *secrets_open(const char *instance_dir);
void secrets_free(struct secrets *s);

/* NULL, or the complaint. `origin` as url_origin() makes it. */
const char *secret_set(struct secrets *s, const char *name, const char *origin, struct str value) MUST_USE;
const char *secret_forget(struct secrets *s, const char *name) MUST_USE;
bool secret_stored(struct secrets *s, const char *name, char **ret_origin);	/* ret_origin may be NULL */
/* Says that `name` comes from the environment or a file (exactly one not NULL). */
void secret_from(struct secrets *s, const char *name, const char *env, const char *file);

/* NULL and the value for this origin, or why there is none: not set, set for another
 * origin, unreadable; with the remedy. */
const char *secret_find(struct secrets *s, const char *name, const char *origin, const struct secret **ret) MUST_USE;
struct str secret_value(const struct secret *secret);	/* only the broker calls this */

/* A copy in which every known value, raw, base64, URL-encoded or JSON-escaped, reads
 * "<NAME>". Values under 6 bytes are not looked for. */
char *secrets_scrub(const struct secrets *s, struct str text, size_t *ret_len);

#endif
