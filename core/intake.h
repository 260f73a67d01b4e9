/* intake.h - what becomes of something that somebody did in a chat: who may be heard, what is
 * meant for us, what asks the assistant and what asks the program itself.
 *
 * Nothing that a stranger said is kept. In a group we are meant when mentioned, or in a thread
 * in which we have answered before; whoever writes to us alone always means us. "stop", "new
 * conversation", "status" and "which model" ask the program, which answers at once though the
 * model be slow or gone; so do "/stop" and the like, and the first word of a command. A chat,
 * all of them, and a guest, have a most that may wait: what is more gets an honest answer instead. What is answered to its
 * writer alone, in a chat of several, has a conversation of its own. */
#ifndef CHELA_INTAKE_H
#define CHELA_INTAKE_H
#include "conf.h"
#include "store/inbox.h"

enum intake {
	INTAKE_NOTHING,			/* not for us, known already, or dealt with */
	INTAKE_ROW,			/* a row in the inbox waits for a turn */
	INTAKE_ANSWER,			/* .text is to be said, where it came from */
	INTAKE_STOP, INTAKE_NEW,	/* asked of the program: stop the turn, begin anew */
	INTAKE_STATUS, INTAKE_MODEL,
};
struct intake_result {
	enum intake what;
	struct inbound in;		/* where it came from; borrowed from `what` below, but for .person */
	const char *text;		/* fixed words */
	char *person, *thread;		/* owned; thread: of a private command */
};

/* `what` is as inbound.h reads it, and is borrowed as long as the result. */
void intake(struct store *s, const struct conf *conf, const char *channel, enum inbound_kind kind,
	    const cJSON *what, struct intake_result *ret);
void intake_free(struct intake_result *r);

#endif
