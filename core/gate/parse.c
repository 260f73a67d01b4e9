/* parse.c - see parse.h */
#include "gate/parse.h"
#include <stdlib.h>
#include <string.h>

const TSLanguage *tree_sitter_c(void);		/* of the grammar, which has no header */

struct parse parse_open(struct str text)
{
	struct parse p = { .text = text };
	TSParser *parser = ts_parser_new();

	if (!ts_parser_set_language(parser, tree_sitter_c()))
		abort();			/* a grammar that this tree-sitter cannot read */
	p.tree = ts_parser_parse_string(parser, NULL, text.at ? text.at : "", (uint32_t)text.len);
	ts_parser_delete(parser);
	return p;
}

void parse_free(struct parse *p)
{
	if (p->tree)
		ts_tree_delete(p->tree);
	*p = (struct parse){ 0 };
}

TSNode parse_root(const struct parse *p)
{
	return ts_tree_root_node(p->tree);
}

struct str node_text(const struct parse *p, TSNode n)
{
	uint32_t from = ts_node_is_null(n) ? 0 : ts_node_start_byte(n);

	return (struct str){ p->text.at + from, ts_node_is_null(n) ? 0 : ts_node_end_byte(n) - from };
}

int node_line(TSNode n)
{
	return ts_node_is_null(n) ? 0 : (int)ts_node_start_point(n).row + 1;
}

bool node_is(TSNode n, const char *type)
{
	return !ts_node_is_null(n) && strcmp(ts_node_type(n), type) == 0;
}

bool node_in(TSNode n, const char *types)
{
	return !ts_node_is_null(n) && text_among(types, ts_node_type(n));
}

bool node_says(const struct parse *p, TSNode n, const char *text)
{
	return !ts_node_is_null(n) && str_is(node_text(p, n), text);
}

TSNode node_field(TSNode n, const char *field)
{
	if (ts_node_is_null(n))
		return n;
	return ts_node_child_by_field_name(n, field, (uint32_t)strlen(field));
}

TSNode node_child(TSNode n, const char *type)
{
	TSNode child = { 0 };

	for (uint32_t i = 0; !ts_node_is_null(n) && i < ts_node_child_count(n); i++) {
		child = ts_node_child(n, i);
		if (node_is(child, type))
			return child;
	}
	return (TSNode){ 0 };
}

/* What has no width is left out: it is what the parser misses, and from there tree-sitter finds
 * no way on. */
static TSNode child_from(TSNode parent, uint32_t i)
{
	for (; i < ts_node_child_count(parent); i++) {
		TSNode child = ts_node_child(parent, i);

		if (ts_node_end_byte(child) > ts_node_start_byte(child))
			return child;
	}
	return (TSNode){ 0 };
}

TSNode node_skip(TSNode n, TSNode within)
{
	while (!ts_node_eq(n, within)) {
		TSNode parent = ts_node_parent(n), beside;
		uint32_t i = 0;

		if (ts_node_is_null(parent))
			break;
		while (i < ts_node_child_count(parent) && !ts_node_eq(ts_node_child(parent, i), n))
			i++;
		beside = child_from(parent, i + 1);
		if (!ts_node_is_null(beside))
			return beside;
		n = parent;
	}
	return (TSNode){ 0 };
}

TSNode node_next(TSNode n, TSNode within)
{
	TSNode child = child_from(n, 0);

	return ts_node_is_null(child) ? node_skip(n, within) : child;
}

TSNode node_bare(TSNode n)
{
	while (node_is(n, "parenthesized_expression") && ts_node_named_child_count(n) > 0) {
		uint32_t i = 0;

		while (i + 1 < ts_node_named_child_count(n) && node_is(ts_node_named_child(n, i), "comment"))
			i++;
		n = ts_node_named_child(n, i);
	}
	return n;
}

TSNode node_above(TSNode n, const char *types)
{
	if (ts_node_is_null(n))
		return n;
	for (n = ts_node_parent(n); !ts_node_is_null(n) && !node_in(n, types); n = ts_node_parent(n))
		;
	return n;
}

TSNode declared_name(TSNode n)
{
	while (!ts_node_is_null(n) && !node_in(n, "identifier field_identifier type_identifier"))
		n = node_is(n, "parenthesized_declarator") ? ts_node_named_child(n, 0) : node_field(n, "declarator");
	return n;
}

struct str called(const struct parse *p, TSNode call)
{
	TSNode function = node_bare(node_field(call, "function"));

	return node_is(function, "identifier") ? node_text(p, function) : (struct str){ "", 0 };
}
