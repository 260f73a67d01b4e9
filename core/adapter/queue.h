/* queue.h - where the host functions put what should happen: on the socket, in order,
 * counted for each event. */
#ifndef CHELA_QUEUE_H
#define CHELA_QUEUE_H
#include "adapter/wire.h"

void queue_begin(void);				/* an event begins */
void queue_put(const struct wire_message *m);	/* blocks while the core is slow */

#endif
