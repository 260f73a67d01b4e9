/* process.h - one adapter process, seen from outside: start it, tell it an event, hear
 * what it queued, end it.
 *
 * The process is started from a descriptor (what was hashed is what runs), with one
 * socket, no environment and under its filter; before the first event the core looks
 * in /proc that the filter is really there. Each event has a limit of processor time,
 * of time by the clock, of messages and of bytes. A process that breaks a rule is
 * killed and named: a bug (assertion, crash) is told apart from an attack (a forbidden
 * system call, a message that is not permitted) and from a limit. Nothing here ever
 * waits; messages to a process that does not read are kept, up to one event.
 *
 * The outputs of one event arrive together, by heard(), once the process says that it
 * is done with the event; of an event during which it dies, nothing is heard. */
#ifndef CHELA_PROCESS_H
#define CHELA_PROCESS_H
#include "buf.h"
#include "adapter/wire.h"
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct process;

enum process_end {
	END_ASKED,		/* process_free() */
	END_BUG,		/* it crashed, or an assertion failed */
	END_ATTACK,		/* it tried what it must not */
	END_LIMIT,		/* time, memory, messages */
	END_SYSTEM,		/* we could not start it, or the machine killed it */
};

struct process_owner {
	/* All that the process queued for the event, in order; borrowed for the call. */
	void (*heard)(struct process_owner *o, const struct wire_message *outputs, size_t n);
	/* It is gone. `why` is a sentence fit for a person, without the adapter's name. */
	void (*ended)(struct process_owner *o, enum process_end end, const char *why);
};

struct process_limits { int64_t arena_bytes, cpu_ms, wall_ms; };	/* 0: as in limits.h */

/* Starts what `fd` (borrowed) holds. Failure to start is told by ended(), from the
 * loop. `job`: RLIMIT_CPU too, for the process lives for one job. */
struct process *process_new(struct loop *loop, int fd, bool job, struct process_limits limits,
			    struct process_owner *owner);

void process_hand_over(struct process *p, struct process_owner *owner);	/* from now on that one hears */

/* Tells an event; one at a time: the next only after heard(). Texts are copied. */
struct adapter_event_out {
	int kind;		/* enum event_kind */
	uint32_t ref, tag;
	int status, failure;
	const char *name, *text;	/* NULL: none */
	const char *json;		/* text of JSON; NULL: none */
};
void process_tell(struct process *p, const struct adapter_event_out *ev);
bool process_idle(const struct process *p);		/* may be told the next; the first also before it is up */
void process_free(struct process *p);			/* kills it; no call to the owner; NULL is fine */

/* Microseconds of processor time and most arena bytes that the last event took. */
void process_usage(const struct process *p, int64_t *ret_cpu_us, int64_t *ret_arena);

#endif
