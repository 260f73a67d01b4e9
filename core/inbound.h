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
	INBOUND_DROPPED,	/* our own, not ours to hear, empty, by nobody, or changed in nothing: no fault of the adapter's */
	INBOUND_NOTHING,	/* no row fits: the adapter must not point there */
};

/* Reads what `at` points at in `raw`, which came from `source`. `me` is what inbound_me() has
 * gathered, or NULL. INBOUND_READ and what was done, owned; all members are texts, unless said:
 *
 *	message	 {id, chat, thread?, from, reply_to?, text, mentioned (bool), dm? (bool)}
 *	edit	 {of, chat, thread?, from, text, version}
 *	delete	 {of, chat, thread?, from?}
 *	reaction {of, chat, thread?, from, mark}	the mark as an emoji, where the manifest has its word
 *	button	 {of, chat, thread?, from, value}
 *	command	 {id, chat, thread?, from, name, text, dm? (bool), handle?}	its text may be empty
 *	moved	 {old, new}
 *
 * From the text mentions of us are cut outside of code. */
enum inbound_result inbound_read(const struct manifest *m, const char *source, const cJSON *raw, const char *at,
				 const cJSON *me, enum inbound_kind *ret_kind, cJSON **ret) MUST_USE;

/* What `raw` says of who we are: {"id"?, and the names of "also"?}, owned; NULL: nothing. What is
 * gathered from several is one object. *ret_fits tells whether this is where the manifest's "me"
 * looks for our id. */
cJSON *inbound_me(const struct manifest *m, const char *source, const cJSON *raw, bool *ret_fits);

/* What the adapter is told of `raw`: whoever knows a command's handle can answer in our name, so
 * "<handle>" stands in its place. Owned; NULL: there is none, and `raw` is told. */
cJSON *inbound_told(const struct manifest *m, const char *source, const cJSON *raw);

/* Without the mentions of `marks`, but for those within `code` or between ``` fences. */
char *inbound_cut(const char *text, const cJSON *marks, const char *me, bool *ret_found);

/* `escape` is "html", "mrkdwn" or NULL: what specs/README.md says of "unescape". Owned. */
char *inbound_plain(const char *text, const char *escape);

/* Is this a template? Its pointers follow braces: {/x} from the top, where * is what the
 * * of the row's "at" were; {@/x} from the message; {#/x} and {#@/x} a whole number. NULL, or
 * what is wrong. */
const char *inbound_template_check(const char *template, int stars) MUST_USE;

#endif
