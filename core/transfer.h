/* transfer.h - one HTTP/1.1 request and its answer, over libcurl on the loop: the bytes,
 * their maxima and their time. Whose request it is, where it may go and whether it is made
 * again is broker.h's.
 *
 * It goes the way of multi.h, and libcurl does not by itself send a second time what may
 * have been acted on. */
#ifndef CHELA_TRANSFER_H
#define CHELA_TRANSFER_H
#include "buf.h"
#include "multi.h"

enum transfer_end {
	END_WHOLE,		/* an answer; one that is an error may lack the end of its body */
	END_UNSENT,		/* no byte of the request left */
	END_LOST,		/* it left; what became of it nobody knows */
	END_BARRED,		/* may_connect() refused; nothing left */
	END_UNTRUSTED,		/* the certificate; nothing left */
	END_TOO_LARGE,		/* headers or body grew past their maximum */
};

struct transfer {		/* embedded in its owner; zeroed is idle */
	/* The owner's, until the end. */
	const char *method, *url;
	const char *leads_to;			/* see multi.h */
	struct curl_slist *headers;
	struct str body;			/* .at NULL: none */
	bool repeatable;			/* harmless when it arrives twice */
	int64_t silence_ms, total_ms;
	size_t answer_max;			/* decompressed bytes of a 2xx answer */
	/* Asked for the very address, before a connection is made or used again. */
	bool (*may_connect)(struct transfer *t, const struct sockaddr *a);
	void (*arrived)(struct transfer *t);	/* there is more in .got; the owner may cut it */
	void (*done)(struct transfer *t);	/* once; not after transfer_stop() */

	/* What came. */
	int status;				/* 0: no whole head of an answer */
	struct buf got;				/* body, decompressed */
	char retry_after_ms[64], retry_after[64], date[64];	/* headers, or "" */
	enum transfer_end end;
	char why[CURL_ERROR_SIZE];		/* of an end other than END_WHOLE */
	struct easy easy;			/* .barred: the address that may_connect() refused last */

	/* transfer.c's own. */
	struct timer silence;
	size_t sent, head_bytes, body_bytes;
	bool cut;
};

void transfer_start(struct multi *m, struct transfer *t);
void transfer_stop(struct transfer *t);		/* also from its callbacks; also when idle: frees what came */

#endif
