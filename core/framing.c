/* framing.c - see framing.h.
 *
 * libwslay's frames, not its events: those close a malformed frame without a code, judge the
 * reason of a close wrongly when it comes in pieces, and know no code above 1011. */
#include "framing.h"
#include "limits.h"
#include <arpa/inet.h>
#include <assert.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_PROTOCOL = 1002, CODE_NOT_UTF8 = 1007, CODE_TOO_LARGE = 1009 };
enum { CONTROL_MAX = 125 };		/* RFC 6455, section 5.5 */

/* ---- what libwslay calls ------------------------------------------------- */

static ssize_t give_bytes(uint8_t *room, size_t n, int flags, void *arg)
{
	struct framing *f = arg;

	ssize_t got = f->receive(f, room, n);

	(void)flags;
	f->dry = got < 0;
	return got;
}

static ssize_t put_bytes(const uint8_t *bytes, size_t n, int flags, void *arg)
{
	struct framing *f = arg;

	(void)flags;
	buf_add(f->out, bytes, n);
	return (ssize_t)n;
}

static int make_mask(uint8_t *room, size_t n, void *arg)
{
	(void)arg;
	randombytes_buf(room, n);
	return 0;
}

void framing_begin(struct framing *f)
{
	const struct wslay_frame_callbacks calls = { put_bytes, give_bytes, make_mask };

	assert(f->receive && !f->cutter);
	if (wslay_frame_context_init(&f->cutter, &calls, f) != 0)
		abort();
	f->message = buf_new(SOCKET_MESSAGE_MAX);
	f->control = buf_new(CONTROL_MAX);
}

void framing_end(struct framing *f)
{
	if (f->cutter)
		wslay_frame_context_free(f->cutter);
	f->cutter = NULL;
	buf_free(&f->message);
	buf_free(&f->control);
}

/* ---- what comes ---------------------------------------------------------- */

static enum heard wrong(struct framing *f, int code, const char *why)
{
	f->code = code;
	f->why = why;
	return HEARD_WRONG;
}

static enum heard begin(struct framing *f, const struct wslay_frame_iocb *frame)
{
	bool starts = frame->opcode == WSLAY_TEXT_FRAME || frame->opcode == WSLAY_BINARY_FRAME;
	bool goes_on = frame->opcode == WSLAY_CONTINUATION_FRAME;
	bool control = frame->opcode >= WSLAY_CONNECTION_CLOSE && frame->opcode <= WSLAY_PONG;

	f->frame = *frame;
	f->within = true;
	f->left = frame->payload_length;
	buf_cut(&f->control, 0);
	if (frame->rsv || frame->mask || !(starts || goes_on || control))
		return wrong(f, CODE_PROTOCOL, "sent a frame that nobody may send");
	if ((starts && f->opcode) || (goes_on && !f->opcode))
		return wrong(f, CODE_PROTOCOL, "sent the pieces of its messages in disorder");
	if (starts)
		f->opcode = frame->opcode;
	if (f->opcode == WSLAY_TEXT_FRAME && !control && f->left > SOCKET_MESSAGE_MAX - f->message.len)
		return wrong(f, CODE_TOO_LARGE, "sent a message that is too large");
	return HEARD_NOTHING;
}

static bool may_be_sent(unsigned code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum heard end_close(struct framing *f)
{
	struct str payload = buf_str(&f->control);
	uint16_t code = 0;

	if (payload.len >= sizeof code) {
		memcpy(&code, payload.at, sizeof code);
		code = ntohs(code);
		payload = (struct str){ payload.at + sizeof code, payload.len - sizeof code };
	}
	if (f->control.len > 0 && !may_be_sent(code))
		return wrong(f, CODE_PROTOCOL, "closed the line with a code that nobody may send");
	if (!utf8_valid(payload))
		return wrong(f, CODE_NOT_UTF8, "closed the line for a reason that is no UTF-8");
	f->code = code;
	f->bytes = payload;
	return HEARD_CLOSE;
}

static enum heard end_message(struct framing *f)
{
	bool text = f->opcode == WSLAY_TEXT_FRAME;

	f->opcode = 0;
	f->bytes = buf_str(&f->message);
	if (!text)
		return HEARD_NOTHING;
	if (!utf8_valid(f->bytes))
		return wrong(f, CODE_NOT_UTF8, "sent a text that is no UTF-8");
	return HEARD_TEXT;
}

static enum heard end(struct framing *f)
{
	f->within = false;
	switch (f->frame.opcode) {
	case WSLAY_PING:
		f->bytes = buf_str(&f->control);
		return HEARD_PING;
	case WSLAY_PONG:
		return HEARD_NOTHING;
	case WSLAY_CONNECTION_CLOSE:
		return end_close(f);
	default:
		return f->frame.fin ? end_message(f) : HEARD_NOTHING;
	}
}

/* A piece of a frame, perhaps its last. */
static enum heard take(struct framing *f, const struct wslay_frame_iocb *piece)
{
	enum heard heard = f->within ? HEARD_NOTHING : begin(f, piece);

	if (heard != HEARD_NOTHING)
		return heard;
	if (wslay_is_ctrl_frame(piece->opcode))
		buf_add(&f->control, piece->data, piece->data_length);
	else if (f->opcode == WSLAY_TEXT_FRAME)
		buf_add(&f->message, piece->data, piece->data_length);
	f->left -= piece->data_length;
	return f->left == 0 ? end(f) : HEARD_NOTHING;
}

enum heard framing_next(struct framing *f)
{
	enum heard heard = HEARD_NOTHING;

	if (!f->opcode)
		buf_free(&f->message);		/* that was told, and may have been large */
	while (heard == HEARD_NOTHING) {
		struct wslay_frame_iocb piece = { 0 };
		ssize_t n = wslay_frame_recv(f->cutter, &piece);

		if (n == WSLAY_ERR_WANT_READ && f->dry)
			return HEARD_NOTHING;
		if (n == WSLAY_ERR_WANT_READ)
			continue;		/* it wants to read again: a short read is not the last one */
		heard = n < 0 ? wrong(f, CODE_PROTOCOL, "sent a frame that is none") : take(f, &piece);
	}
	return heard;
}

/* ---- what leaves --------------------------------------------------------- */

void framing_put(struct framing *f, struct buf *out, enum framed kind, struct str payload)
{
	static const uint8_t opcodes[] = { WSLAY_TEXT_FRAME, WSLAY_PING, WSLAY_PONG, WSLAY_CONNECTION_CLOSE };
	struct wslay_frame_iocb frame = { .fin = 1, .opcode = opcodes[kind], .mask = 1,
					  .payload_length = payload.len, .data_length = payload.len,
					  .data = (const uint8_t *)payload.at };
	ssize_t n;

	f->out = out;
	n = wslay_frame_send(f->cutter, &frame);
	assert(n == (ssize_t)payload.len && buf_status(out) == OK);
}

void framing_put_close(struct framing *f, struct buf *out, int code)
{
	uint16_t wire = htons((uint16_t)code);

	framing_put(f, out, FRAME_CLOSE, (struct str){ (const char *)&wire, code ? sizeof wire : 0 });
}
