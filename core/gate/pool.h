/* pool.h - memory that goes all at once, with whoever owns the pool. */
#ifndef CHELA_POOL_H
#define CHELA_POOL_H
#include "json.h"

struct pool { struct pool_item *items; };	/* zeroed: empty */

void *pool_new(struct pool *p, size_t n, size_t size);	/* n zeroed items */
char *pool_text(struct pool *p, struct str text);
const cJSON *pool_json(struct pool *p, cJSON *json);	/* taken */
void pool_free(struct pool *p);

#endif
