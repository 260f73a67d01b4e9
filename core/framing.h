/* framing.h - WebSocket frames (RFC 6455, section 5), the client's end: libwslay cuts them,
 * what they may be and what they add up to is judged here; no sockets.
 *
 * A text is whole, valid UTF-8 and at most SOCKET_MESSAGE_MAX bytes. Binary messages and
 * pongs are read over. A close frame has a code that may be sent, or none. */
#ifndef CHELA_FRAMING_H
#define CHELA_FRAMING_H
#include "buf.h"
#include <stdint.h>
#include <sys/types.h>
#include <wslay/wslay.h>

enum heard { HEARD_NOTHING, HEARD_TEXT, HEARD_PING, HEARD_CLOSE, HEARD_WRONG };
enum framed { FRAME_TEXT, FRAME_PING, FRAME_PONG, FRAME_CLOSE };

struct framing {		/* embedded in its owner; zeroed but for receive() */
	/* At most n bytes of what came into room, or -1: nothing for now. */
	ssize_t (*receive)(struct framing *f, void *room, size_t n);

	/* Of what framing_next() found, until its next call. */
	struct str bytes;	/* a text; what a ping holds; the reason of a close */
	int code;		/* of a close, 0 where it gave none; what to close with when it is wrong */
	const char *why;	/* wrong: continues a sentence that begins with "it" */

	/* framing.c's own. */
	wslay_frame_context_ptr cutter;
	struct wslay_frame_iocb frame;
	bool within;		/* it */
	bool dry;		/* the last receive() had nothing */
	uint64_t left;		/* of its payload */
	uint8_t opcode;		/* of the message under way; 0: none */
	struct buf message, control, *out;
};

void framing_begin(struct framing *f);
void framing_end(struct framing *f);

enum heard framing_next(struct framing *f);		/* after HEARD_CLOSE and HEARD_WRONG never again */
void framing_put(struct framing *f, struct buf *out, enum framed kind, struct str payload);
void framing_put_close(struct framing *f, struct buf *out, int code);	/* 0: none */

#endif
