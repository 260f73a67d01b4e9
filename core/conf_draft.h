/* conf_draft.h - assistant.conf while it is read: what conf.c and conf_statement.c share. */
#ifndef CHELA_CONF_DRAFT_H
#define CHELA_CONF_DRAFT_H
#include "conf.h"

struct set {			/* set NAME.KEY = VALUE, until all names are known */
	char *name, *key;
	cJSON *value;
	int line;
};
struct reader {
	const char *file, *form;	/* form: how the line at hand is written */
	int line;
	struct str whole, rest;		/* of the line */
	struct conf *conf;
	struct set *sets;
	size_t sets_n;
	int use_line, statements;
	unsigned limits_seen;
	struct buf why;
};

bool conf_fail(struct reader *r, const char *fmt, ...) PRINTF(2, 3);	/* false; "FILE:LINE: what: remedy" */
void conf_defaults(struct conf *c);
/* r->whole is a line without its comment; lines that are empty say nothing. */
bool conf_statement(struct reader *r);
/* Takes `value`; `config` is that of the model or channel `name`. */
bool conf_set(struct reader *r, const char *name, cJSON *config, const char *key, cJSON *value);

#endif
