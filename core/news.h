/* news.h - events that wait until an adapter is done with the one before. */
#ifndef CHELA_NEWS_H
#define CHELA_NEWS_H
#include "adapter/process.h"
#include "json.h"

struct news {
	struct adapter_event_out event;	/* its texts are those below */
	char *name, *text, *json;
	const char *source;		/* of a message: the socket it came from, of the manifest */
	cJSON *whole, *gives;		/* of an answer: as in struct answer; the whole of a message, once it is told */
	bool unsent;			/* an answer: as there */
	int64_t after_ms;
	size_t bytes;
	struct news *next;
};

struct news_queue {			/* zeroed is empty */
	struct news *first, *last;
	size_t n, bytes;
};

struct news *news_add(struct news_queue *q, const struct adapter_event_out *event);	/* texts are copied */
struct news *news_take(struct news_queue *q);		/* the oldest, for news_free(); NULL: none waits */
void news_forget(struct news_queue *q, int kind, uint32_t tag);	/* those of this kind and tag are not told */
void news_clear(struct news_queue *q);
void news_free(struct news *n);				/* NULL is fine */

#endif
