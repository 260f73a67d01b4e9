/* upgrade.h - how a WebSocket begins (RFC 6455, section 4): the request that we write, and
 * the judgement of its answer; no I/O.
 *
 * We offer no extension and no protocol, and take none. */
#ifndef CHELA_UPGRADE_H
#define CHELA_UPGRADE_H
#include "buf.h"

enum { UPGRADE_NONCE = 16, UPGRADE_KEY = 25 };	/* bytes; in base64 with its NUL */

enum upgrade {
	UPGRADE_MORE,		/* no whole head yet */
	UPGRADE_DONE,
	UPGRADE_REFUSED,	/* by them or by us */
};

struct upgrade_answer {
	size_t head;		/* DONE: so many bytes are its head; what follows are frames */
	int status;		/* REFUSED: what it answered, 0 where that is no HTTP */
	const char *why;	/* REFUSED: continues a sentence that begins with "it"; stands until the next call */
};

void upgrade_key(const unsigned char nonce[UPGRADE_NONCE], char ret[UPGRADE_KEY]);
/* `url` is a whole wss or ws one. NULL, or the complaint, which continues "the URL ...". */
const char *upgrade_request(struct buf *out, const char *url, const char *key) MUST_USE;
/* `came` is all that came so far. */
enum upgrade upgrade_judge(struct str came, const char *key, struct upgrade_answer *ret);

#endif
