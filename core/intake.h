/* intake.h - what becomes of something that somebody did in a chat: who may be heard, what is
 * meant for us, what asks the assistant and what asks the program itself.
 *
 * Nothing of a stranger's is kept. In a group we answer when mentioned, or in a thread in
 * which we have answered before; to whoever writes to us alone, always. "stop", "new
 * conversation", "status" and "which model" are answered by the program, at once, though the
 * model is slow or gone; so are the same words as a command. Chats and the whole have a
 * most that may wait: what is more gets an honest answer instead of a place. */
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
	struct inbound in;		/* where it came from; owned */
	char *text;			/* owned */
};

/* `what` as inbound.h reads it. */
void intake(struct store *s, const struct conf *conf, const struct conf_channel *channel,
	    enum inbound_kind kind, const cJSON *what, struct intake_result *ret);
void intake_free(struct intake_result *r);

#endif
