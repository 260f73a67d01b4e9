/* frames.h - WebSocket frames by hand (RFC 6455, section 5), so that wrong ones can be made
 * too: what a server sends, and what it hears.
 *
 * In notation frames stand one after the other, "|" between them: a letter, then the
 * payload. T text, B binary, C continuation, P ping, O pong, X close, small: not the last
 * piece; or %HH, the first byte itself. ":text", "#hex", "=N" for N stars. A close may begin
 * with its code: "X1000:bye". "3*P:x" is three of them; "T=100/7" a text in pieces of 7. */
#ifndef CHELA_TESTS_FRAMES_H
#define CHELA_TESTS_FRAMES_H
#include "buf.h"
#include <assert.h>
#include <ctype.h>
#include <sha1.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The whole answer that accepts this request. */
static inline char *frames_accept(const char *request)
{
	const char *key = strcasestr(request, "\r\nSec-WebSocket-Key: ");
	unsigned char digest[SHA1_DIGEST_LENGTH];
	char accept[29];
	SHA1_CTX sha;

	assert(key);
	key += strlen("\r\nSec-WebSocket-Key: ");
	SHA1Init(&sha);
	SHA1Update(&sha, (const uint8_t *)key, strcspn(key, "\r"));
	SHA1Update(&sha, (const uint8_t *)"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
	SHA1Final(digest, &sha);
	sodium_bin2base64(accept, sizeof accept, digest, sizeof digest, sodium_base64_VARIANT_ORIGINAL);
	return text_fmt("HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: keep-alive, upgrade\r\n"
			"sec-websocket-accept: %s\r\n\r\n", accept);
}

static inline void frames_put(struct buf *b, unsigned first, struct str payload)
{
	buf_addc(b, (char)first);
	if (payload.len < 126) {
		buf_addc(b, (char)payload.len);
	} else if (payload.len < 65536) {
		buf_addc(b, 126);
		buf_addc(b, (char)(payload.len >> 8));
		buf_addc(b, (char)payload.len);
	} else {
		buf_addc(b, 127);
		for (int i = 7; i >= 0; i--)
			buf_addc(b, (char)((uint64_t)payload.len >> 8 * i));
	}
	buf_add(b, payload.at, payload.len);
}

static inline void frames_payload(struct buf *b, struct str spec)
{
	size_t stars;

	if (spec.len == 0)
		return;
	switch (spec.at[0]) {
	case ':':
		buf_add(b, spec.at + 1, spec.len - 1);
		break;
	case '#':
		for (size_t i = 1; i + 1 < spec.len; i += 2) {
			char hex[3] = { spec.at[i], spec.at[i + 1], '\0' };

			buf_addc(b, (char)strtoul(hex, NULL, 16));
		}
		break;
	case '=':
		for (stars = strtoul(spec.at + 1, NULL, 10); stars; stars--)
			buf_addc(b, '*');
		break;
	default:
		abort();
	}
}

static inline unsigned frames_first(char letter)
{
	static const char letters[] = "CTB.....XPO";
	const char *at = strchr(letters, toupper((unsigned char)letter));

	assert(at);
	return (unsigned)(at - letters) | (isupper((unsigned char)letter) ? 0x80 : 0);
}

/* "T=100/7" */
static inline void frames_pieces(struct buf *b, unsigned first, struct str payload, size_t each)
{
	for (size_t at = 0; at < payload.len || at == 0; at += each) {
		bool last = at + each >= payload.len;

		frames_put(b, (at ? 0 : first & 0x7F) | (last ? 0x80 : 0),
			   (struct str){ payload.at + at, last ? payload.len - at : each });
	}
}

static inline void frames_one(struct buf *b, struct str spec)
{
	struct buf payload = buf_new(64 * 1024 * 1024);
	unsigned first = spec.at[0] == '%' ? (unsigned)strtoul((char[]){ spec.at[1], spec.at[2], '\0' }, NULL, 16) :
					     frames_first(spec.at[0]);
	size_t skip = spec.at[0] == '%' ? 3 : 1;
	const char *slash = strchr("=#", spec.at[skip]) && spec.len > skip ? memchr(spec.at, '/', spec.len) : NULL;
	size_t end = slash ? (size_t)(slash - spec.at) : spec.len;

	if (first == 0x88 && spec.len > skip && isdigit((unsigned char)spec.at[skip])) {
		unsigned code = (unsigned)strtoul(spec.at + skip, NULL, 10);

		buf_addc(&payload, (char)(code >> 8));
		buf_addc(&payload, (char)code);
		while (skip < spec.len && isdigit((unsigned char)spec.at[skip]))
			skip++;
	}
	frames_payload(&payload, (struct str){ spec.at + skip, end - skip });
	if (slash)
		frames_pieces(b, first, buf_str(&payload), strtoul(slash + 1, NULL, 10));
	else
		frames_put(b, first, buf_str(&payload));
	buf_free(&payload);
}

/* Writes what the notation says. */
static inline void frames_write(struct buf *b, const char *notation)
{
	while (*notation) {
		struct str one = { notation, strcspn(notation, "|") };
		const char *star = memchr(one.at, '*', one.len);
		unsigned long times = isdigit((unsigned char)one.at[0]) ? strtoul(one.at, NULL, 10) : 1;

		notation += one.len + (notation[one.len] == '|');
		if (isdigit((unsigned char)one.at[0]))
			one = (struct str){ star + 1, one.len - (size_t)(star + 1 - one.at) };
		while (times--)
			frames_one(b, one);
	}
}

/* What a client sent, without its mask, behind *ret; NULL, or why one is no frame
 * of a client. What is not whole yet stays in *heard. */
static inline const char *frames_hear(struct buf *heard, struct buf *ret)
{
	for (;;) {
		const unsigned char *at = (const unsigned char *)heard->at;
		size_t head = 2, len;

		if (heard->len < 2)
			return NULL;
		if (!(at[1] & 0x80))
			return "a frame without a mask";
		len = at[1] & 0x7F;
		if (len == 126)
			head = 4;
		else if (len == 127)
			head = 10;
		if (heard->len < head + 4)
			return NULL;
		if (head > 2)
			len = 0;
		for (size_t i = 2; i < head; i++)
			len = len << 8 | at[i];
		if (heard->len - head - 4 < len)
			return NULL;
		for (size_t i = 0; i < len; i++)
			heard->at[head + 4 + i] ^= heard->at[head + i % 4];
		frames_put(ret, at[0], (struct str){ heard->at + head + 4, len });
		buf_drop(heard, head + 4 + len);
	}
}

#endif
