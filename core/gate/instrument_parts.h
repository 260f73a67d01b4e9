/* instrument_parts.h - the parts of instrument.c: what is known of names, and the mutants of
 * single expressions. */
#ifndef CHELA_INSTRUMENT_PARTS_H
#define CHELA_INSTRUMENT_PARTS_H
#include "gate/instrument.h"
#include "gate/parse.h"

/* ---- known.c: functions and structs, the adapter's own and those of adapter.h ---- */

struct named { struct str name; const struct parse *p; TSNode at; };	/* parameter_list, field_declaration_list */
struct known {
	struct parse abi;
	struct named *functions, *structs;
	struct named *calls;		/* .at: argument_list */
	struct named *tags;		/* names that were given as a tag */
	size_t functions_n, structs_n, calls_n, tags_n;
};
void known_read(struct known *k, const struct parse *p);	/* borrows the text and its tree */
void known_free(struct known *k);
bool known_tag(const struct known *k, struct str name);

/* Parameter i of a function, with the text that its node is of; null: it has no name for it. */
TSNode parameter(const struct known *k, struct str function, uint32_t i, const struct parse **ret);
bool parameter_is(const struct known *k, struct str function, uint32_t i, const char *name);
bool parameters_alike(const struct known *k, struct str function, uint32_t i, uint32_t j);

/* Another member of the same type in the struct that a field_expression reads, the next one in
 * turn; owned, NULL: there is none, or it is not known which struct it is. */
char *other_member(const struct known *k, const struct parse *p, TSNode field_expression);

/* ---- instrument.c: writing ---- */

enum mode { RUN, TABLE, STILL };	/* switches work; only apart; nothing is changed */
struct writer {
	const struct parse *p;
	struct known known;
	struct instrument *out;
	struct buf text;
	uint32_t apart;		/* the mutant that is written; PROBE_NONE */
	enum mode mode;
	bool quiet;		/* no mutants here */
	char *zero;		/* the function that is written returns this at once; "": nothing; NULL: it cannot */
};

void write_node(struct writer *w, TSNode n);		/* exactly its text, with probes */
void write_argument(struct writer *w, TSNode n, struct str function, uint32_t i);
char *write_apart(struct writer *w, TSNode n);		/* the same, to be put in several places; owned */
void write_still(struct writer *w, TSNode n);		/* as it stands */
void write_between(struct writer *w, uint32_t from, uint32_t to);
void write_around(struct writer *w, TSNode binary);	/* what stands at the two sides of its operator */
void put(struct writer *w, const char *fmt, ...) PRINTF(2, 3);

char *flat(const struct parse *p, TSNode n);		/* in one line, without comments; owned */
char *shown(const struct parse *p, TSNode n);		/* the same, cut for a person; owned */
/* Its place in the list; the line is that of the node. */
uint32_t add_mutant(struct writer *w, TSNode n, const char *fmt, ...) PRINTF(3, 4);

/* ---- mutate.c: a single expression and its mutants. False: it has none ---- */

bool mutate_literal(struct writer *w, TSNode n);
bool mutate_cell(struct writer *w, TSNode n);		/* in a table */
bool mutate_comparison(struct writer *w, TSNode n);
bool mutate_sum(struct writer *w, TSNode n);
bool mutate_member(struct writer *w, TSNode n);
void mutate_arguments(struct writer *w, TSNode call);	/* writes it, with or without */

#endif
