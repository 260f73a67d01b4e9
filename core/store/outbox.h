/* outbox.h - what is to leave: one row is one message on a platform; the third durable
 * point. waiting -> sending (its bytes may have left) -> sent, failed or unknown. */
#ifndef CHELA_OUTBOX_H
#define CHELA_OUTBOX_H
#include "store/store.h"

struct outbound {
	int64_t row;
	const char *connection, *chat, *thread, *text, *key;	/* key: idempotency, made by the store */
};

int64_t outbox_add(struct store *s, const char *connection, const char *chat, const char *thread,
		   const char *text, int64_t turn);
void outbox_sending(struct store *s, int64_t row);	/* one that waits */
/* From waiting (it was handed over at once), sending or unknown; a row that has ended, or that
 * is not there, stays as it is. */
void outbox_sent(struct store *s, int64_t row, const char *platform_id);
void outbox_failed(struct store *s, int64_t row, const char *why);
/* Each row that waits for this connection, in order; borrowed for the call. */
void outbox_each(struct store *s, const char *connection, const char *chat,
		 void (*row)(const struct outbound *out, void *to), void *to);
int64_t outbox_waiting(struct store *s);
/* After a crash: rows that were being sent become unknown. How many. */
int64_t outbox_recover(struct store *s);

#endif
