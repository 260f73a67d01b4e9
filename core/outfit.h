/* outfit.h - the URL and the headers in which one attempt leaves, as libcurl wants them,
 * with the secret put in; no I/O.
 *
 * An operation sets neither what frames a message, nor who receives it, nor a credential;
 * and nothing in a header ends its line. */
#ifndef CHELA_OUTFIT_H
#define CHELA_OUTFIT_H
#include "render.h"
#include <curl/curl.h>

struct outfit {			/* zeroed is none */
	char *url;
	struct curl_slist *headers;
};

/* NULL, or the complaint (owned); free the outfit in either case. */
char *outfit_make(struct outfit *o, const struct request *r) MUST_USE;
void outfit_secret(struct outfit *o, const struct secret_slot *slot, struct str value);
void outfit_free(struct outfit *o);			/* wipes */

#endif
