/* instance.h - where things are: the project's folder and instance/, the one visible place
 * of everything that belongs to this assistant and nobody else.
 *
 *	instance/assistant.conf  persona.md  chela.db  key  secrets/  seals/  workspace/  log  history
 *	instance/lock     held by the one process that may write
 *	instance/control  its socket (0600)
 *
 * The project's folder is the nearest one above this program that has specs/, unless -C
 * names another; the instance is its instance/ folder, unless --instance names another. */
#ifndef CHELA_INSTANCE_H
#define CHELA_INSTANCE_H
#include "conf.h"
#include <stdint.h>

struct instance {
	char *root;			/* the project's folder */
	char *dir;			/* the instance */
	char *build;			/* where this program stands: adapters/ and chela-gate beside it */
	struct conf *conf;		/* NULL until instance_configure() */
	int lock;			/* descriptor, or -1 */
};

/* Finds the folders; makes nothing. NULL, or why not. */
const char *instance_find(const char *root, const char *dir, struct instance **ret) MUST_USE;
void instance_free(struct instance *i);

const char *instance_configure(struct instance *i) MUST_USE;	/* reads assistant.conf */

/* Waits a moment for it. ERR_AGAIN: another process holds it. */
enum err instance_lock(struct instance *i) MUST_USE;

char *instance_path(const struct instance *i, const char *name);	/* owned: dir/name */
char *root_path(const struct instance *i, const char *fmt, ...) PRINTF(2, 3);
/* 32 bytes; from instance/key. */
const char *instance_key(const struct instance *i, unsigned char key[32]) MUST_USE;

#endif
