/* fit.h - whether what came over a real connection is what a step of a page expects.
 *
 * More lenient than the gate, for others than our adapters call a fake too: more members of a
 * query and more headers may come; a body counts the same as JSON and as a form, whose fields
 * are strings; a step without a value takes any. `as SECRET` wants the made-up text
 * "played-SECRET" where the manifest puts that secret. In addresses "$name" is a variable. */
#ifndef CHELA_FIT_H
#define CHELA_FIT_H
#include "gate/page.h"

struct came {
	enum step_word word;		/* DO_HTTP, DO_WS_OPEN, DO_WS_FRAME, DO_WS_CLOSE or DO_SAY */
	const char *method, *host, *target;
	bool local;			/* called by the address of the loopback: any host fits */
	const cJSON *headers;
	bool form;
	const cJSON *value;		/* or NULL */
	int code;
};

/* NULL, and vars has grown; or how it differs (owned), and vars is as it was. *ret_near: at
 * least word, method and address fit. */
char *step_fits(const struct step *s, const struct came *c, const struct manifest *m, cJSON *vars, bool *ret_near);

/* The address of a step as a whole: with the manifest's base; owned. */
char *step_address(const struct step *s, const struct manifest *m);

/* A value as a platform sends it: "$name" is filled in, also within addresses, and so are
 * secrets; what is new is invented from *count. Owned. */
cJSON *value_invent(const cJSON *value, cJSON *vars, int *count);

/* The words of a message to people, where the request is one that sends, edits or replies;
 * *ret_act is which. NULL: it is none. */
const char *message_in(const struct came *c, const struct manifest *m, const char **ret_act);

/* What a body says: JSON, a form's fields, a text; NULL where it is empty. Owned. */
cJSON *body_value(const cJSON *headers, struct str body, bool *ret_form);
cJSON *text_value(struct str text);

/* Which of the manifest's secrets came along; NULL: none. */
const char *secret_of(const struct came *c, const struct manifest *m);

#endif
