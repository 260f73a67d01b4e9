/* pool.c - see pool.h */
#include "gate/pool.h"
#include <stdlib.h>
#include <string.h>

struct pool_item {
	struct pool_item *next;
	void *bytes;
	cJSON *json;
};

static struct pool_item *add(struct pool *p)
{
	struct pool_item *i = mem_new(1, sizeof *i);

	i->next = p->items;
	p->items = i;
	return i;
}

void *pool_new(struct pool *p, size_t n, size_t size)
{
	return add(p)->bytes = mem_new(n, size);
}

char *pool_text(struct pool *p, struct str text)
{
	char *copy = pool_new(p, text.len + 1, 1);

	if (text.len)
		memcpy(copy, text.at, text.len);
	return copy;
}

const cJSON *pool_json(struct pool *p, cJSON *json)
{
	return add(p)->json = json;
}

void pool_free(struct pool *p)
{
	while (p->items) {
		struct pool_item *i = p->items;

		p->items = i->next;
		free(i->bytes);
		json_drop(&i->json);
		free(i);
	}
}
