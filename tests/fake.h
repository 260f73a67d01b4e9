/* fake.h - a scripted HTTP/1.1 server on a port of 127.0.0.1, on the test's own loop: it
 * can fail as real ones do, and records what it was sent.
 *
 * Each whole request is answered by the next script, in the order in which requests
 * arrive on whatever connection. One that no script is left for is answered 599. At the
 * end of a script the connection waits for another request. */
#ifndef CHELA_TESTS_FAKE_H
#define CHELA_TESTS_FAKE_H
#include "buf.h"
#include "loop.h"

struct fake;

struct fake *fake_new(struct loop *l);
void fake_free(struct fake *f);
const char *fake_origin(const struct fake *f);		/* "http://127.0.0.1:PORT" */

/* Asked when no script is left for this request: it may add the next one. */
void fake_when_out(struct fake *f, void (*script)(struct fake *f, const char *request));

/* Scripts. */
void fake_script(struct fake *f);			/* what follows is for the next request */
void fake_send(struct fake *f, struct str bytes);
void fake_sendf(struct fake *f, const char *fmt, ...) PRINTF(2, 3);
/* A whole answer with its length; `headers` are whole lines with \r\n, or "". */
void fake_answer(struct fake *f, int status, const char *headers, const char *body);
void fake_chunks(struct fake *f, struct str body, size_t each);	/* chunked coding, without its last chunk */
void fake_pace(struct fake *f, size_t bytes);		/* from here on, so many bytes in each turn of the loop */
void fake_wait(struct fake *f, int64_t ms);
void fake_stall(struct fake *f);			/* says no more and stays */
void fake_close(struct fake *f);
void fake_reset(struct fake *f);			/* RST */

/* What arrives from here on is no request: it is handed to heard() as it comes, with what came
 * since the last one. The connection stays until fake_hang_up(), or until they close it. */
void fake_talk(struct fake *f, void (*heard)(struct fake *f, struct str bytes));
void fake_say(struct fake *f, struct str bytes);	/* at once, on the connection that talks: short ones */
void fake_hang_up(struct fake *f);			/* what it had still to send is lost */

/* gzip of `len` times the letter a, about 1/150 of it. */
struct buf fake_gzip(size_t len);

/* What came. */
size_t fake_requests(const struct fake *f);
const char *fake_request(const struct fake *f, size_t i);	/* head and body as they came */
size_t fake_connections(const struct fake *f);		/* in all */
size_t fake_connections_open(const struct fake *f);
size_t fake_most_at_once(const struct fake *f);		/* requests that were being answered together */
size_t fake_bytes(const struct fake *f);		/* in all, of whole requests or not */

#endif
