/* news.c - see news.h */
#include "news.h"
#include <stdlib.h>

static void append(struct news_queue *q, struct news *n)
{
	*(q->last ? &q->last->next : &q->first) = n;
	q->last = n;
	q->n++;
	q->bytes += n->bytes;
}

struct news *news_add(struct news_queue *q, const struct adapter_event_out *event)
{
	struct news *n = mem_new(1, sizeof *n);

	n->event = *event;
	n->event.name = n->name = text_dup(event->name);
	n->event.text = n->text = text_dup(event->text);
	n->event.json = n->json = text_dup(event->json);
	n->bytes = str_of(n->text).len + str_of(n->json).len;
	append(q, n);
	return n;
}

struct news *news_take(struct news_queue *q)
{
	struct news *n = q->first;

	if (!n)
		return NULL;
	q->first = n->next;
	if (!q->first)
		q->last = NULL;
	q->n--;
	q->bytes -= n->bytes;
	n->next = NULL;
	return n;
}

void news_forget(struct news_queue *q, int kind, uint32_t tag)
{
	struct news_queue kept = { 0 };
	struct news *n;

	while ((n = news_take(q)) != NULL) {
		if (n->event.kind == kind && n->event.tag == tag)
			news_free(n);
		else
			append(&kept, n);
	}
	*q = kept;
}

void news_clear(struct news_queue *q)
{
	struct news *n;

	while ((n = news_take(q)) != NULL)
		news_free(n);
}

void news_free(struct news *n)
{
	if (!n)
		return;
	text_free(&n->name);
	text_free(&n->text);
	text_free(&n->json);
	json_drop(&n->whole);
	json_drop(&n->gives);
	free(n);
}
