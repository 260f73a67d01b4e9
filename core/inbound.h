/* inbound.h - what somebody did, read by the core from the raw JSON of a socket or an answer
 * as the manifest's "inbound" says; no I/O, no clock.
 *
 * An adapter points, the core reads: so an adapter can choose what is delivered, and can
 * neither invent nor reword it. */
#ifndef CHELA_INBOUND_H
#define CHELA_INBOUND_H
#include "manifest.h"

enum inbound_result {
	INBOUND_READ,
	INBOUND_DROPPED,	/* our own, empty, or by nobody: no fault of the adapter's */
	INBOUND_NOTHING,	/* no row fits: the adapter must not point there */
};

/* Reads what `at` points at in `raw`, which came from `source`. `me` is our own id, or NULL.
 * INBOUND_READ and {"id", "chat", "from", ...}, owned. A message has its "text", from which
 * mentions of us are cut outside of code, and "mentioned". */
enum inbound_result inbound_read(const struct manifest *m, const char *source, const cJSON *raw, const char *at,
				 const char *me, enum inbound_kind *ret_kind, cJSON **ret) MUST_USE;

/* Our own id in `raw`, owned; NULL: it does not stand there. *ret_fits tells whether this is
 * where the manifest's "me" looks for it. */
char *inbound_me(const struct manifest *m, const char *source, const cJSON *raw, bool *ret_fits);

/* Without the mentions of `marks`, but for those within `code` or between ``` fences. */
char *inbound_cut(const char *text, const cJSON *marks, const char *me, bool *ret_found);

/* Is this a template? Its pointers follow braces: {/x} from the top, where * is what the
 * * of the row's "at" were; {@/x} from the message; {#/x} and {#@/x} a whole number. NULL, or
 * what is wrong. */
const char *inbound_template_check(const char *template, int stars) MUST_USE;

#endif
