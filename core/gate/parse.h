/* parse.h - C as a tree, by tree-sitter: what lint judges and what instrument changes.
 *
 * The tree is of the text as it stands: nothing is preprocessed. Nodes are tree-sitter's own
 * (tree_sitter/api.h), by value; what is asked often about them is here. A node that is absent
 * is null (ts_node_is_null), and everything here takes it. What the parser misses stands in the
 * tree too, without width: parse_error() tells. */
#ifndef CHELA_PARSE_H
#define CHELA_PARSE_H
#include "buf.h"
#include <tree_sitter/api.h>

struct parse {
	struct str text;	/* borrowed */
	TSTree *tree;
};

struct parse parse_open(struct str text);
void parse_free(struct parse *p);

TSNode parse_root(const struct parse *p);
TSNode parse_error(const struct parse *p);		/* the first that is no C; null: all of it is */
bool str_same(struct str a, struct str b);
struct str node_text(const struct parse *p, TSNode n);
int node_line(TSNode n);				/* from 1 */
bool node_is(TSNode n, const char *type);		/* "call_expression", or a token as it is written: "&&" */
bool node_in(TSNode n, const char *types);		/* words with one space between them */
bool node_says(const struct parse *p, TSNode n, const char *text);
TSNode node_field(TSNode n, const char *field);		/* "condition" */
TSNode node_child(TSNode n, const char *type);		/* the first of this type */
TSNode node_part(TSNode n, uint32_t i);			/* the i-th that is neither a token nor a comment */
uint32_t node_parts(TSNode n);				/* how many of these */
TSNode node_bare(TSNode n);				/* without the parentheses around it */
TSNode node_above(TSNode n, const char *types);		/* the nearest that it stands in; null: none */

/* All nodes within one, itself first, each before its children and they before its neighbours:
 *
 *	DEFER(walk_end) struct walk w = walk_in(root);
 *
 *	while (walk_on(&w))
 *		... w.at
 */
struct walk {
	TSNode at;
	TSTreeCursor cursor;
	int depth;		/* below where it began */
	bool begun, past;
};
struct walk walk_in(TSNode within);	/* a null one holds nothing */
bool walk_on(struct walk *w);
void walk_past(struct walk *w);		/* the next walk_on() leaves out the children of w->at */
void walk_end(struct walk *w);

/* The name that a declarator declares, through pointers, arrays and parameters; else null. */
TSNode declared_name(TSNode declarator);
/* "host_call" of a call of that name; empty where what is called is no name. */
struct str called(const struct parse *p, TSNode call);

#endif
