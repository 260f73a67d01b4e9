/* connection_parts.h - what connection.c and act.c share: the connection itself. */
#ifndef CHELA_CONNECTION_PARTS_H
#define CHELA_CONNECTION_PARTS_H
#include "connection.h"
#include "loop.h"
#include "traffic.h"

struct open_act {
	struct connection *connection;
	const struct act *act;
	uint32_t ref;
	cJSON *json;
	char *key;
	bool told, sent;		/* sent: its bytes may have left */
	struct timer overdue;
	struct open_act *next;
};

struct connection {
	struct loop *loop;
	struct store *store;
	struct broker *broker;
	const struct integration *what;
	struct connection_owner *owner;

	enum connection_state state;
	char *why;
	int64_t since;
	bool stopping, stop_told, stopped;

	/* one life of the process; all NULL or empty between two */
	struct process *process;
	struct process_owner process_owner;
	struct session *session;
	struct traffic *traffic;
	struct news_queue news;
	struct news *told;		/* what it is busy with */
	char *key;			/* by which that is known again; or NULL */
	struct open_act *acts;

	cJSON *kept;			/* {"state", "seen", "me": {"id": ...}}, as in the store */
	uint32_t last_ref;
	int64_t minute_ms;		/* since when its lines of log are counted */
	int lines;
	struct pace pace;
	struct timer start, tell, finish;
	int64_t finish_ms;		/* it waits no longer than until then */
};

/* connection.c */
void tell_soon(struct connection *c);		/* there is news; not at once: whoever brings it is still at work */

/* act.c */
struct open_act *find_act(const struct connection *c, uint32_t ref);	/* NULL: it is open no more */
void run_act(struct connection *c, uint32_t ref, const struct answer *answer);	/* its next step, without code */
bool take_answer(struct connection *c, struct ask *ask);	/* false: it is none */
void end_act(struct connection *c, uint32_t ref, const struct act_answer *answer);
void abandon_acts(struct connection *c, const char *why);	/* no process is left; see sent */
void forget_acts(struct connection *c);				/* without a word */

#endif
