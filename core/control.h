/* control.h - instance/control, the socket on which the same binary is the client of the
 * core that runs: one JSON object a line, both ways.
 *
 *	> {"do": "hello"}                      < {"hello": "NAME", "model", "notes": [], "busy": false}
 *	> {"do": "say", "id", "text"}          < {"delta": "..."} {"tool": "..."} {"replaced": true}
 *	                                       < {"answer": "...", "row": 7, "id"}: of which line
 *	> {"do": "stop"} {"do": "new"}         < {"ok": true}
 *	> {"do": "shown", "row": 7}            the client has shown it: it counts as sent
 *	> {"do": "status"}                     < {"status": {...}}
 *	> {"do": "enable", "name": "x"} ...    < {"ok": true} or {"why": "..."} */
#ifndef CHELA_CONTROL_H
#define CHELA_CONTROL_H
#include "json.h"

struct loop;
struct control;
struct client;			/* one that is connected */

struct control_owner {
	void (*asked)(struct control_owner *o, struct client *c, const cJSON *request);
	void (*gone)(struct control_owner *o, struct client *c);
};
const char *control_new(struct loop *loop, const char *path, struct control_owner *owner, struct control **ret) MUST_USE;
void control_free(struct control *c);
void client_send(struct client *c, const cJSON *json);	/* leaves after the turn's commit */

/* The other end, for commands; blocking. -1: nobody listens. */
int control_connect(const char *path);
const char *control_ask(int fd, const cJSON *request) MUST_USE;
const char *control_hear(int fd, struct buf *kept, cJSON **ret) MUST_USE;	/* one line */

#endif
