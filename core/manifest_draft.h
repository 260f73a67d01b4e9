/* manifest_draft.h - what the files that read a manifest share: the manifest while it is
 * not yet known to be good. All return whether it went well; the complaint is in `s`. */
#ifndef CHELA_MANIFEST_DRAFT_H
#define CHELA_MANIFEST_DRAFT_H
#include "manifest.h"
#include "strict.h"

struct draft {
	struct strict s;
	struct manifest *m;
	bool builtin;			/* the core's own: its operations are no requests */
	bool socket;			/* a socket is being read: its URLs are wss, its arguments may be "seen" */
};

void *draft_new(struct draft *d, size_t n, size_t size);	/* zeroed, lives as long as the manifest */

/* manifest_argument.c; `json` may be NULL: none */
bool arguments_read(struct draft *d, const cJSON *json, const struct argument **ret, size_t *ret_n);
bool config_read(struct draft *d, const cJSON *json);
bool pointers_read(struct draft *d, const cJSON *list, bool patterns, int max);
bool pointer_check(struct draft *d, const cJSON *about, const char *pointer, bool pattern);

/* manifest_template.c: placeholders name arguments, and every argument is named. */
bool templates_check(struct draft *d, const struct operation *op, const cJSON *json);

/* manifest_operation.c */
bool operations_read(struct draft *d, const cJSON *json);
bool effects_read(struct draft *d, const cJSON *list, unsigned *ret);
bool slot_find(struct draft *d, const cJSON *json, struct operation *op);
const struct operation *operation_find(struct draft *d, const cJSON *name);	/* NULL: it has been complained of */

/* manifest_channel.c: all that only a channel has, with manifest_inbound.c: me, inbound */
bool channel_read(struct draft *d);
bool place_check(struct draft *d, const cJSON *place);		/* "SOURCE POINTER" */
bool inbound_rows_read(struct draft *d);
bool starred_check(struct draft *d, const cJSON *about, const char *at, int max);	/* a pointer; a * can stand
											 * for a step, so many times */
bool header_check(struct draft *d, const cJSON *about, const char *name);	/* lower case, and not the core's own */
bool errors_read(struct draft *d, const cJSON *list, bool parts, const struct error_row **ret, size_t *ret_n);

#endif
