/* price.h - what an answer cost, from the `price` lines of the owner's file; whole
 * numbers only. Where no line tells, the cost is unknown, which is not the same as nothing. */
#ifndef CHELA_PRICE_H
#define CHELA_PRICE_H
#include "conf.h"

struct usage {			/* tokens as billed; `in` counts cached ones too */
	int64_t in, out, cache_read, cache_write;
};
enum { PRICE_UNKNOWN = -1 };

/* The "usage" of a model's result. False: it gives none, or one that cannot be. */
bool usage_read(const cJSON *result, struct usage *ret);

/* In millionths of the price's currency, rounded half up once, over the whole sum. */
int64_t price_of(const struct conf *c, const char *model_name, const char *model, const struct usage *u);

#endif
