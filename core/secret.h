/* secret.h - the secrets of an instance: kept sealed, found for one connection and one
 * origin, and scrubbed from whatever somebody else will see.
 *
 * instance/secrets/CONNECTION.SLOT holds a value sealed with the instance's key
 * (libsodium secretbox), together with its own name and the one origin it is for: a file
 * that was renamed or copied over another does not open. A value may instead come from a
 * file or the environment where a line of the configuration says so; it is then for
 * whatever origin the connection asks, which is its base or its manifest's own. Such a file
 * is a regular one, and if it is ours, closed to others.
 *
 * A value is read anew each time it is looked for, so a changed one is seen at the next
 * request. A struct secret has no printer. */
#ifndef CHELA_SECRET_H
#define CHELA_SECRET_H
#include "scrub.h"

struct secret;			/* a value in memory, wiped when freed */
struct secrets;			/* all values known to this process, for scrubbing */

struct secrets *secrets_open(const char *instance_dir);
void secrets_free(struct secrets *s);				/* NULL is fine */

/* NULL, or the complaint. `origin` as url_origin() makes it. Blanks and line ends around
 * the value are cut off; an empty one, or one with control characters, is refused. */
const char *secret_set(struct secrets *s, const char *name, const char *origin, struct str value) MUST_USE;
const char *secret_forget(struct secrets *s, const char *name) MUST_USE;
bool secret_stored(struct secrets *s, const char *name, char **ret_origin);	/* ret_origin may be NULL */
/* Says that `name` comes from the environment or a file (exactly one not NULL). */
void secret_from(struct secrets *s, const char *name, const char *env, const char *file);

/* Whether somebody gave a value, be it a good one: it is kept here, or secret_from() says
 * where it is. A request whose optional secret nobody gave leaves without one. */
bool secret_given(const struct secrets *s, const char *name);

/* NULL and the value for this origin, or why there is none: not set, set for another
 * origin, unreadable; with the remedy. *ret lives as long as `s`. */
const char *secret_find(struct secrets *s, const char *name, const char *origin, const struct secret **ret) MUST_USE;
struct str secret_value(const struct secret *secret);	/* only the broker calls this */

/* Every value that this process has seen, to be scrubbed from whatever somebody else sees. */
const struct scrub *secrets_known(const struct secrets *s);

#endif
