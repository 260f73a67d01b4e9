/* outgoing.h - brings what stands in the outbox to one connection's platform.
 *
 * In a chat one row after the other, in their order; chats do not wait for one another. A
 * row is marked as being sent in the turn in which it is asked for, and has its receipt in the
 * turn in which that comes. New messages keep the manifest's `rates`; edits do not count. What
 * the platform refuses for now is tried again when it says, or after a growing wait; what it
 * refuses for good is a dead letter, and so are the rows of the same answer behind it. What
 * nobody knows is looked for (the act `confirm`), where the channel can, and sent again only
 * when it is surely not there; elsewhere it stays unknown, and `status` says so. An edit may be
 * repeated; one that is refused is a new message. The answer to a command may come twice rather
 * than not at all, and goes nowhere but to its handle: it is for one reader. A text that is too
 * long for the platform after all is cut smaller. Nothing is tried unless the connection is
 * ready: where the whole network is gone, rows wait instead of using up their tries. */
#ifndef CHELA_OUTGOING_H
#define CHELA_OUTGOING_H
#include "connection.h"

struct outgoing;
struct outgoing *outgoing_new(struct loop *loop, struct store *store, struct connection *c);
/* What is open stays without an answer: its rows are unknown from now on. NULL is fine. */
void outgoing_free(struct outgoing *o);

void outgoing_look(struct outgoing *o);			/* rows were added, or the connection's state
						 * changed; in the turn that did it: then one commit does */
/* false: this act is not one of its own. To be called for others' too: there is room again. */
bool outgoing_acted(struct outgoing *o, uint32_t ref, const struct act_answer *answer);

#endif
