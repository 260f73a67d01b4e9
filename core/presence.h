/* presence.h - one turn as the people of a chat see it while it runs: that somebody is
 * typing, the answer as it grows, and at last the answer.
 *
 * Where the manifest has `stream`, the first message of the answer is sent as soon as there
 * is something to say and edited as it grows, at most as often as the manifest says. Where it
 * has the act `typing`, that is shown and renewed until the end; where that is not to be had
 * in this chat, a mark is put on the message that is being answered (`react`) and taken away
 * again. All of it is a courtesy: none of it failing fails the answer, which is exactly what
 * presence_answer() was given. */
#ifndef CHELA_PRESENCE_H
#define CHELA_PRESENCE_H
#include "outgoing.h"
#include "store/inbox.h"

struct presence;
/* `to` is what is being answered (copied). */
struct presence *presence_new(struct loop *loop, struct store *store, struct connection *c, struct outgoing *out,
			      const struct inbound *to);
void presence_delta(struct presence *p, int64_t turn, const char *text);	/* the answer grows */
void presence_replaced(struct presence *p);				/* begin anew */
/* Writes the answer's rows, rendered and cut; in the transaction of the turn's end. The first one's. */
int64_t presence_answer(struct presence *p, int64_t turn, const char *text);
/* false: this act is not one of its own. */
bool presence_acted(struct presence *p, uint32_t ref, const struct act_answer *answer);
void presence_free(struct presence *p);		/* the turn is over; NULL is fine */

#endif
