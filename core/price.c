/* price.c - see price.h */
#include "price.h"
#include <string.h>

enum { TOKENS_MAX = 1000000000 };	/* more in one answer is a mistake of whoever counted */

static bool count_read(const cJSON *usage, const char *at, int64_t *ret)
{
	*ret = 0;
	return !json_at(usage, at) || json_number(usage, at, 0, TOKENS_MAX, ret);
}

bool usage_read(const cJSON *result, struct usage *ret)
{
	const cJSON *usage = json_at(result, "/usage");
	struct usage u;

	if (!usage || !json_number(usage, "/in", 0, TOKENS_MAX, &u.in) ||
	    !json_number(usage, "/out", 0, TOKENS_MAX, &u.out) ||
	    !count_read(usage, "/cache_read", &u.cache_read) ||
	    !count_read(usage, "/cache_write", &u.cache_write))
		return false;
	if (u.cache_read + u.cache_write > u.in)
		return false;
	*ret = u;
	return true;
}

static const struct conf_price *find(const struct conf *c, const char *model_name, const char *model)
{
	for (size_t i = 0; i < c->prices_n; i++) {
		const struct conf_price *p = &c->prices[i];

		if (!strcmp(p->model_name, model_name) && !strcmp(p->model, model))
			return p;
	}
	return NULL;
}

/* False: tokens of a sort that the line has no price for. */
static bool charge(__int128 *sum, int64_t tokens, int64_t price)
{
	if (tokens && price < 0)
		return false;
	*sum += (__int128)tokens * price;
	return true;
}

int64_t price_of(const struct conf *c, const char *model_name, const char *model, const struct usage *u)
{
	const struct conf_price *p = find(c, model_name, model);
	const __int128 million = 1000000;
	__int128 sum = 0;

	if (!p || !charge(&sum, u->in - u->cache_read - u->cache_write, p->in) ||
	    !charge(&sum, u->out, p->out) || !charge(&sum, u->cache_read, p->cache_read) ||
	    !charge(&sum, u->cache_write, p->cache_write))
		return PRICE_UNKNOWN;
	sum = (sum + million / 2) / million;
	return sum > INT64_MAX ? PRICE_UNKNOWN : (int64_t)sum;
}
