/* strict.h - reading a JSON file that may say only what we know.
 *
 * Every check returns whether it went well. The first complaint stays, as
 * "FILE:LINE: what is wrong: remedy"; the line is that of the value it is about. */
#ifndef CHELA_STRICT_H
#define CHELA_STRICT_H
#include "json.h"

enum { STRICT_NAME_MAX = 64 };

struct strict {
	struct str text;
	const char *file;
	cJSON *root;
	struct buf why, place;
};

/* False: not JSON at all. Either way strict_free() gives back all but the root. */
bool strict_open(struct strict *s, struct str text, const char *file);
void strict_free(struct strict *s);

bool strict_fail(struct strict *s, const cJSON *about, const char *fmt, ...) PRINTF(3, 4);	/* false */
const char *strict_place(struct strict *s, const cJSON *value);	/* its pointer, until the next call */

enum strict_type { STRICT_LINE, STRICT_INT, STRICT_BOOL, STRICT_OBJECT, STRICT_LIST, STRICT_ANY };
struct strict_field {
	const char *name;
	enum strict_type type;		/* a line: a string, not empty, without control characters */
	const char *needed;		/* the remedy where it is missing; NULL: it may be */
};

/* `object` is one, with these members and no others. */
bool strict_members(struct strict *s, const cJSON *object, const struct strict_field *fields, size_t n);
bool strict_is(struct strict *s, const cJSON *value, enum strict_type type);

/* An object whose members' names are ours to choose (a-z 0-9 _), at most `max` of them. */
bool strict_names(struct strict *s, const cJSON *object, const char *what, int max);
bool strict_lines(struct strict *s, const cJSON *list, const char *what, int max);	/* a list of strings, none twice */

/* Which of these words the string is; -1 and a complaint. "effect", "retry rule" */
int strict_word(struct strict *s, const cJSON *value, const char *what, const char *const *known, size_t n);
bool strict_between(struct strict *s, const cJSON *number, int64_t min, int64_t max);

/* Does a character begin here that no person sees, or that moves what stands beside it? */
bool strict_hidden(const char *text);

const cJSON *member_in(const cJSON *object, const char *name);	/* NULL: absent */
const char *text_in(const cJSON *object, const char *name);	/* NULL: absent */

#endif
