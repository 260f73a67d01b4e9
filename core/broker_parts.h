/* broker_parts.h - what broker.c and line.c share of a broker. */
#ifndef CHELA_BROKER_PARTS_H
#define CHELA_BROKER_PARTS_H
#include "broker.h"
#include "loop.h"

struct broker {
	struct loop *loop;
	struct secrets *secrets;
	struct multi *multi;
	struct exchange *first;		/* all, oldest first */
	struct timer places;		/* one is free: who is next? */
	struct line *lines;
};

#endif
