/* outgoing.h - brings what stands in the outbox to one connection's platform.
 *
 * In a chat one row after the other, in their order; chats do not wait for one another. A
 * row is marked as being sent before it is asked for, and has its receipt in the turn in
 * which that comes. What the platform refuses for now is tried again when it says, or
 * after a growing wait; what it refuses for good is a dead letter, and so are the rows of the
 * same answer behind it. What nobody knows is looked for (the act `confirm`), where the
 * channel can, and sent again only when it is surely not there; elsewhere it stays unknown, and
 * `status` says so. A text that is too long for the platform after all is cut smaller. */
#ifndef CHELA_OUTGOING_H
#define CHELA_OUTGOING_H
#include "connection.h"

struct outgoing;
struct outgoing *outgoing_new(struct loop *loop, struct store *store, struct connection *c);
void outgoing_free(struct outgoing *o);			/* NULL is fine */

void outgoing_look(struct outgoing *o);			/* rows were added, or the connection's state changed */
/* false: this act is not one of its own. */
bool outgoing_acted(struct outgoing *o, uint32_t ref, const struct act_answer *answer);

#endif
