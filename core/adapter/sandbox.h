/* sandbox.h - how an adapter process shuts itself in.
 *
 * sandbox_enter() comes before the first byte of adapter code. After it the process has
 * one descriptor, its socket, and can make the system calls read, write, rt_sigreturn
 * and exit_group, and no others; whatever else it tries ends it by SIGSYS. It has no
 * clock: reading the processor's counter ends it too (on x86; elsewhere where the kernel
 * can forbid it), and the page through which the kernel lends the time is gone, where
 * the kernel lets go of it. What cannot be set ends the process. */
#ifndef CHELA_SANDBOX_H
#define CHELA_SANDBOX_H
#include <stdbool.h>

void sandbox_enter(bool job);		/* job: with a limit of processor time for the whole process */

#endif
