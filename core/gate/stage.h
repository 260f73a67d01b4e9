/* stage.h - the parts of play.c: what is up, courses of steps, and what is shown. */
#ifndef CHELA_STAGE_H
#define CHELA_STAGE_H
#include "gate/door.h"
#include "gate/fit.h"

enum { EXPECT_MS = 10000, WAITS_MAX_MS = 2000 };

struct socket {			/* that is up */
	int caller;
	const char *label;
	bool local;
	struct socket *next;	/* the next younger one */
};
struct stage {
	struct loop *loop;
	struct door door;
	const struct manifest *manifest;
	bool json;		/* what is shown is JSON */
	struct socket *sockets;	/* oldest first */
	struct course *courses;
	int invented;
};

struct claim {			/* a request that waits for its answer */
	int caller;
	bool local;
	const char *label;
	struct claim *next;
};
struct course {			/* steps, one after the other, in real time */
	struct stage *stage;
	const struct step *steps;
	size_t n, at;
	bool *done;		/* which of the requests that stand together have come; NULL: a rule's */
	int socket;		/* on which a rule began; 0: the youngest that is up */
	struct claim *claims;
	cJSON *vars;
	int64_t within;		/* how long the next request may take */
	char *unlike;		/* how what came last differed from what was expected */
	struct timer timer;
	void (*ended)(struct course *c, const struct step *failed);	/* NULL: all is done. Frees it */
	struct course *next;
};

struct course *course_new(struct stage *s, const struct step *steps, size_t n);
void course_free(struct course *c);
void course_claim(struct course *c, int caller, bool local, const char *label);
void course_go(struct course *c);		/* may end and free it */
/* Is this what the course waits for? Then it went on, and may be gone. */
bool course_takes(struct course *c, const struct came *came, int caller);

void socket_add(struct stage *s, int caller, bool local, const char *label);
void socket_drop(struct stage *s, int caller);
const struct socket *socket_find(const struct stage *s, int caller);	/* NULL: it is gone */

/* All flushed at once. */
void show_came(const struct stage *s, const struct came *c, int caller);
void show_sent(const struct stage *s, const struct step *step, const cJSON *value);
void show_remark(const struct stage *s, const char *fmt, ...) PRINTF(2, 3);
void show_end(const struct stage *s, bool held, const char *fmt, ...) PRINTF(3, 4);

#endif
