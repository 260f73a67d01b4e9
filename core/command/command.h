/* command.h - everything a person types: chela COMMAND. Each returns the exit status: 0
 * done, 1 refused or failed (the reason went to stderr), 2 wrong words. */
#ifndef CHELA_COMMAND_H
#define CHELA_COMMAND_H
#include "instance.h"

int command_run(struct instance *i, int argc, char **argv);
int command_chat(struct instance *i, int argc, char **argv);
int command_check(struct instance *i, int argc, char **argv);
int command_play(struct instance *i, int argc, char **argv);
int command_rehearse(struct instance *i, int argc, char **argv);
int command_enable(struct instance *i, int argc, char **argv);
int command_disable(struct instance *i, int argc, char **argv);
int command_secret(struct instance *i, int argc, char **argv);
int command_status(struct instance *i, int argc, char **argv);
int command_why(struct instance *i, int argc, char **argv);

/* "chela: ..." to stderr; 1. */
int refuse(const char *fmt, ...) PRINTF(1, 2);

/* A yes typed at /dev/tty; false where there is no terminal, which `instead` then explains. */
bool consent(const char *question, const char *instead);

/* From now on a signal that ends us leaves the terminal as it is now. */
void terminal_guard(int fd);

/* A folder's name under skills/, specs/ and generated/: a-z 0-9 and -. */
bool name_fits(const char *name);

/* Becomes the gate, a program of its own; returns when it cannot be run, and has said so. */
void gate_become(const struct instance *i, const char *verb, int argc, char **argv);

/* Runs its check and waits; its report goes to `fd`. The exit status. */
int gate_run(const struct instance *i, int fd, int argc, char **argv);

/* Shows what the adapter will be able to do; NULL, or why not. */
const char *show_manifest(const struct instance *i, const char *name, int fd) MUST_USE;

/* Makes the instance if need be, reads its configuration and, unless a core runs, sees to it
 * that the model which will answer is checked and enabled. `yes_to` (may be NULL) names those
 * that need no question. 0, or the exit status. On success either the lock is held
 * (i->lock >= 0), or *ret_fd is connected to the core that runs. */
int make_ready(struct instance *i, const char *yes_to, int *ret_fd);
/* Starts the core as a child that takes over the lock; its process, and *ret_fd connected. */
int core_start(struct instance *i, int *ret_fd);
void core_stop(int core);
/* Asks the core that runs; NULL and its answer, or why not. "" where none runs. */
const char *core_ask(const struct instance *i, const cJSON *request, cJSON **ret) MUST_USE;
/* For commands that change something: the core does it if one runs; else *ret_alone is set
 * and the lock is held. NULL, or why not. */
const char *core_or_alone(struct instance *i, const cJSON *request, bool *ret_alone) MUST_USE;

#endif
