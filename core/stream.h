/* stream.h - cutting a streamed answer into whole pieces: Server-Sent Events (WHATWG
 * HTML, 9.2.6), newline-delimited JSON, or one text; bytes in, pieces out; no socket.
 *
 * Bytes may be cut anywhere. An SSE piece is the data of one event, comments and other
 * fields dropped. What remains without its end when the answer ends is no piece, except
 * a last NDJSON line that is whole JSON. */
#ifndef CHELA_STREAM_H
#define CHELA_STREAM_H
#include "manifest.h"

struct stream;

struct stream *stream_new(enum answer_kind kind, size_t piece_max);
void stream_free(struct stream *s);
/* ERR_LIMIT: a piece grew past its maximum. */
enum err stream_feed(struct stream *s, struct str bytes) MUST_USE;
void stream_end(struct stream *s);
bool stream_next(struct stream *s, struct str *ret);	/* until false; ret lives until the next call */

#endif
