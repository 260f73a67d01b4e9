/* wire.h - the messages between core and adapter process, and their one table.
 *
 * Both ends link this. A message is a kind, four numbers and up to three texts; the
 * table says who may send it, when, and how long its texts may be. wire_pack()
 * writes a message as frames of at most FRAME_MAX bytes (the first tells the whole
 * length); a wire_inbox puts frames together again and judges them. Nothing here
 * reads or writes a descriptor.
 *
 * The core speaks first (EVENT after HELLO), the adapter answers each event with any
 * number of outputs and DONE. What is not in the table, not permitted now or too
 * long is a violation: the core ends the process. */
#ifndef CHELA_WIRE_H
#define CHELA_WIRE_H
#include "buf.h"
#include "limits.h"
#include <stdint.h>

enum wire_sender { CORE, ADAPTER };
enum wire_when {
	AT_START,		/* the first message of the process */
	IDLE,			/* while no event is being handled */
	BUSY,			/* between an event and its DONE */
};

/*        name      sender    when      name_max  body_max (of text and of json, each) */
#define WIRE(X) \
	X(HELLO,    ADAPTER,  AT_START, 0,        0)		/* a: ABI version, b: adapter_size */ \
	X(EVENT,    CORE,     IDLE,     4096,     MESSAGE_MAX)	/* ref tag; a: kind | failure << 8, b: status; name text json */ \
	X(CALL,     ADAPTER,  BUSY,     128,      MESSAGE_MAX)	/* ref tag; name: operation; json: args */ \
	X(OPEN,     ADAPTER,  BUSY,     128,      64 * 1024)	/* tag; name: socket; json: args */ \
	X(FRAME,    ADAPTER,  BUSY,     128,      1024 * 1024)	/* tag; name: frame; json: args */ \
	X(CLOSE,    ADAPTER,  BUSY,     0,        0)		/* tag; a: code */ \
	X(TIMER,    ADAPTER,  BUSY,     0,        0)		/* tag; a: from_ms, b: to_ms */ \
	X(DELIVER,  ADAPTER,  BUSY,     1024,     0)		/* name: pointer */ \
	X(READY,    ADAPTER,  BUSY,     1024,     0)		/* name: pointer; a: 1 where there is one */ \
	X(BROKEN,   ADAPTER,  BUSY,     0,        REASON_MAX)	/* a: class; text: why */ \
	X(KEEP,     ADAPTER,  BUSY,     0,        KEEP_MAX)	/* json; none forgets */ \
	X(DELTA,    ADAPTER,  BUSY,     0,        1024 * 1024)	/* ref; text */ \
	X(RESULT,   ADAPTER,  BUSY,     0,        MESSAGE_MAX)	/* ref; json; none is NULL */ \
	X(FAILED,   ADAPTER,  BUSY,     0,        REASON_MAX)	/* ref; a: class; text: why */ \
	X(AGAIN,    ADAPTER,  BUSY,     0,        0)		/* ref; a: after_ms */ \
	X(LOG,      ADAPTER,  BUSY,     0,        LOG_MAX)	/* text */ \
	X(DONE,     ADAPTER,  BUSY,     0,        0)		/* a: bytes of arena in use */ \
	X(BUG,      ADAPTER,  BUSY,     0,        REASON_MAX)	/* text: what failed; the process's last words */

enum wire_kind {
#define X(name, sender, when, name_max, body_max) WIRE_##name,
	WIRE(X)
#undef X
	WIRE_KINDS
};

struct wire_message {
	enum wire_kind kind;
	uint32_t ref, tag;
	int64_t a, b;
	struct str name, text, json;	/* borrowed: the caller's, or the inbox's until its next message (then
					 * followed by a NUL); .at NULL: none */
};

const char *wire_name(enum wire_kind kind);		/* "CALL" */

/* UTF-8 without NUL, where half a surrogate pair (three bytes) counts as a character:
 * what `text` may hold. name and json may not hold halves. */
bool wire_text_valid(struct str s);

/* Hands each frame to `send` (0: go on). Returns what `send` returned, or
 * ERR_LIMIT when the table does not allow such a length, ERR_INPUT when a text is not
 * UTF-8. All frames but the last are full. Takes no memory. */
int wire_pack(const struct wire_message *m, int (*send)(void *to, const void *frame, size_t n), void *to) MUST_USE;

struct wire_inbox {			/* zeroed but for .from: ready */
	enum wire_sender from;
	struct buf bytes;		/* of the message that is arriving, or arrived last: whoever keeps
					 * that message takes them (buf_take) */
	size_t whole;			/* its length; 0: none has begun */
};

/* Takes one frame. NULL and *ret_whole tells whether a message is complete in *ret;
 * or the violation. `when` is what the receiver permits now. */
const char *wire_take(struct wire_inbox *in, struct str frame, enum wire_when when,
		      struct wire_message *ret, bool *ret_whole) MUST_USE;
void wire_inbox_free(struct wire_inbox *in);

#endif
