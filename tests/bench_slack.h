/* bench_slack.h - a Slack workspace that answers at once, and a model that does, on one port of
 * 127.0.0.1 and on the bench's own loop. It says when things happened to it. */
#ifndef CHELA_TESTS_BENCH_SLACK_H
#define CHELA_TESTS_BENCH_SLACK_H
#include "loop.h"

struct workspace;

enum happening {
	POSTED,			/* chat.postMessage: when its first byte was here */
	ASKED,			/* the model, likewise */
	ACKNOWLEDGED,
	GREETED,		/* a socket was told hello */
	HAPPENINGS
};
struct workspace_owner {
	/* `chat` of POSTED, else NULL. */
	void (*happened)(struct workspace_owner *o, enum happening what, double at_ms, const char *chat);
};

struct workspace *workspace_new(struct loop *l, struct workspace_owner *owner);
void workspace_free(struct workspace *w);
int workspace_port(const struct workspace *w);

/* A direct message in chat `number`, which is "D<number>", on a socket that all of that chat has.
 * When its frame was written. */
double workspace_say(struct workspace *w, int number, const char *text);

#endif
