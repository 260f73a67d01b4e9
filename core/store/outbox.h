/* outbox.h - what is to leave: one row is one message on a platform; the third durable
 * point.
 *
 *	waiting -> sending -> sent		its bytes may have left; its receipt came
 *			   -> waiting		refused for now: not before it is due
 *			   -> failed		refused for good: a dead letter
 *			   -> unknown		nobody knows; after a crash also what was being sent
 *
 * A row that waits and has its id from the platform is one that was sent and has new text
 * since: it is edited; one that is unknown and has its id is such an edit, which may be done
 * again. A row that got new text while it was being sent waits with it as soon as its way
 * is known: as an edit after its receipt, as a message where the old text failed. */
#ifndef CHELA_OUTBOX_H
#define CHELA_OUTBOX_H
#include "store/inbox.h"

struct outbound {
	int64_t row, turn;
	const char *connection, *chat, *thread, *text;
	const char *key;		/* idempotency, made by the store */
	const char *id;			/* the platform's; "" until it is known */
	const char *handle;		/* of the command that it answers; or "" */
	int64_t tries, added, due;
	bool unknown;			/* else it waits */
};

/* One row, of no turn (0) or of this one. */
int64_t outbox_add(struct store *s, const char *connection, const char *chat, const char *thread,
		   const char *text, int64_t turn);
/* The same, in answer to what came: where it came from. */
int64_t outbox_reply(struct store *s, const struct inbound *to, const char *text, int64_t turn);
/* The beginning of an answer that is being made: its row, made or changed; 0: there is nothing to
 * change, it is being sent just now, or it is not to be had on this platform. */
int64_t outbox_draft(struct store *s, const struct inbound *to, const char *text, int64_t turn);
/* The answer of a turn in its pieces ([texts], not empty), which keep together: the draft, where
 * there is one, becomes the first; a draft that failed counts as none. The first one's row. */
int64_t outbox_answer(struct store *s, const struct inbound *to, const cJSON *pieces, int64_t turn);

/* The first open row of each chat, where it waits or is unknown, and is due: those that may be
 * sent now; those that have waited longest first. Borrowed for the call, in which rows may change. */
void outbox_heads(struct store *s, const char *connection, void (*row)(const struct outbound *out, void *to), void *to);
int64_t outbox_due(struct store *s, const char *connection, int64_t after);	/* when the next becomes due; 0: none does */
bool outbox_get(struct store *s, int64_t row, struct outbound *ret);	/* whatever its state; outbound_free() */
void outbound_free(struct outbound *out);

void outbox_sending(struct store *s, int64_t row);	/* one that waits or is unknown */
void outbox_later(struct store *s, int64_t row, int64_t due);	/* it was surely not done; also of one that waits */
/* Its text as it is now goes in pieces instead ([texts]): the row becomes the first of them, the
 * others follow right behind it. A draft keeps the first only: more comes with the answer. */
void outbox_cut(struct store *s, int64_t row, const cJSON *pieces);
void outbox_unknown(struct store *s, int64_t row);
/* It is unknown, and nobody can be asked: it stays so, for a person to see, and is no longer in
 * the way of those behind it. */
void outbox_given_up(struct store *s, int64_t row, const char *why);
/* What was sent of it is gone, or can no longer be changed: it waits as a new message, without id,
 * with a new key. */
void outbox_anew(struct store *s, int64_t row);
/* From waiting (it was handed over at once), sending or unknown; a row that has ended, or that
 * is not there, stays as it is. A text that changed while the row was being sent waits again. */
void outbox_sent(struct store *s, int64_t row, const char *platform_id);
/* And all rows behind it that belong to the same answer, unless they have left. */
void outbox_failed(struct store *s, int64_t row, const char *why);

/* Each row that waits for this connection, in order; borrowed for the call. */
void outbox_each(struct store *s, const char *connection, const char *chat,
		 void (*row)(const struct outbound *out, void *to), void *to);
int64_t outbox_waiting(struct store *s);
int64_t outbox_open_in(struct store *s, const char *connection, const char *chat);	/* that have not ended */
/* What did not arrive, or nobody knows: [{"row", "connection", "chat", "state", "why", "changed"}], latest first. */
cJSON *outbox_lost(struct store *s, int max);
/* After a crash: rows that were being sent become unknown. How many. */
int64_t outbox_recover(struct store *s);

#endif
