/* presence.h - one turn as the people of a chat see it while it runs: that somebody is
 * typing, the answer as it grows, and at last the answer.
 *
 * Where the manifest has `stream`, the first message of the answer is sent while it grows and
 * edited from then on, both as often as the manifest says: so a short answer is sent once, and
 * what a telephone shows of a long one is more than its first word. Where it
 * has the act `typing`, that is shown and renewed until the end; where that is not to be had
 * in this chat, a mark is put on the message that is being answered (`react`) and taken away
 * again. All of it is a courtesy: none of it failing fails the answer, which is exactly what
 * presence_answer() was given. A command has its answer, and nothing before it. */
#ifndef CHELA_PRESENCE_H
#define CHELA_PRESENCE_H
#include "outgoing.h"
#include "store/inbox.h"

/* All of one connection. What a turn that is over has left (a mark that must go) is brought
 * to its end here, and in which chats nobody can be shown typing is remembered. */
struct presences;
struct presences *presences_new(struct loop *loop, struct store *store, struct connection *c, struct outgoing *out);
/* false: this act is not one of theirs. */
bool presences_acted(struct presences *all, uint32_t ref, const struct act_answer *answer);
void presences_look(struct presences *all);	/* the connection's state changed */
void presences_free(struct presences *all);	/* none lives any more; NULL is fine */

struct presence;
struct presence *presence_new(struct presences *all, const struct inbound *to);	/* what is being answered; copied */
void presence_delta(struct presence *p, int64_t turn, const char *text);	/* the answer grows */
void presence_replaced(struct presence *p);				/* begin anew */
/* Writes the answer's rows, rendered and cut, in the transaction of the turn's end, and sets
 * them on their way. The first one's. */
int64_t presence_answer(struct presence *p, int64_t turn, const char *text);
void presence_free(struct presence *p);		/* the turn is over; NULL is fine */

#endif
