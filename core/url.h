/* url.h - what a URL must look like before we write it down; nothing is looked up.
 *
 * Complaints continue a sentence that begins with "the URL ...". */
#ifndef CHELA_URL_H
#define CHELA_URL_H
#include "buf.h"

enum url_scope {
	URL_PUBLIC,		/* https, and a name of at least two labels in lower case */
	URL_LOCAL,		/* http too, and any host: what an owner may point at */
};

/* Judges scheme, host and port, with which `url` begins. NULL and how many bytes these
 * are, or the complaint. */
const char *url_server(struct str url, enum url_scope scope, size_t *ret_len) MUST_USE;

/* Judges path and query, all that follows; `{...}` stands for anything, or is refused. */
const char *url_tail(struct str tail, bool braces) MUST_USE;

/* Judges a whole one that others are put behind: no query, no slash at its end. */
const char *url_prefix(struct str url, enum url_scope scope) MUST_USE;

#endif
