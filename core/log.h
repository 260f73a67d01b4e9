/* log.h - what happened, for whoever looks after the program: one event, one line, to
 * standard error, as "TIME LEVEL what key=value ...". Event handlers and mains log; libraries
 * return. What strangers wrote is a value in quotes, with control characters escaped.
 *
 * Levels say what a person should do: nothing (INFO), look some day (ODD), look now (BROKEN). */
#ifndef CHELA_LOG_H
#define CHELA_LOG_H
#include "err.h"

enum log_level { LOG_INFO, LOG_ODD, LOG_BROKEN };

/* Keys and values in pairs, ended by NULL; a NULL value leaves its key out. */
void log_event(enum log_level level, const char *what, ...) __attribute__((sentinel));

#endif
