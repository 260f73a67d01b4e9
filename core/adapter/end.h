/* end.h - how an adapter process ends itself: by one of these codes, so that a bug, a
 * limit and a machine without seccomp are told apart from an attack, which ends by
 * SIGSYS or by the core. */
#ifndef CHELA_END_H
#define CHELA_END_H
#include <stdbool.h>
#include <stddef.h>

enum end_code {
	EXIT_GONE = 100,	/* the core closed the socket */
	EXIT_BUG,		/* a failed assertion, a smashed stack, a guide that makes no sense */
	EXIT_LIMIT,		/* memory, messages, bytes */
	EXIT_ARENA,		/* the memory was not to be had */
	EXIT_LIMITS,		/* limits or privileges could not be set */
	EXIT_FILTER,		/* seccomp could not be set */
};

/* Ends the process; while an event is handled the reason goes ahead as WIRE_BUG. Takes
 * no memory. Failed assertions, a smashed stack and abort() come here too. */
_Noreturn void last_words(enum end_code code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void last_words_heard(bool heard);	/* an event begins to be handled, or has been */

/* Writes one frame to the core, or ends the process: for wire_pack(). */
int send_frame(void *to, const void *frame, size_t n);

#endif
