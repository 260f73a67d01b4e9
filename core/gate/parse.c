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

bool str_same(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
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

TSNode node_part(TSNode n, uint32_t i)
{
	for (uint32_t k = 0; !ts_node_is_null(n) && k < ts_node_named_child_count(n); k++) {
		TSNode child = ts_node_named_child(n, k);

		if (!node_is(child, "comment") && i-- == 0)
			return child;
	}
	return (TSNode){ 0 };
}

uint32_t node_parts(TSNode n)
{
	uint32_t i = 0;

	while (!ts_node_is_null(node_part(n, i)))
		i++;
	return i;
}

TSNode node_bare(TSNode n)
{
	while (node_is(n, "parenthesized_expression") && node_parts(n) > 0)
		n = node_part(n, 0);
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
		n = node_is(n, "parenthesized_declarator") ? node_part(n, 0) : node_field(n, "declarator");
	return n;
}

struct str called(const struct parse *p, TSNode call)
{
	TSNode function = node_bare(node_field(call, "function"));

	return node_is(function, "identifier") ? node_text(p, function) : (struct str){ "", 0 };
}

/* ---- walking ------------------------------------------------------------- */

struct walk walk_in(TSNode within)
{
	return (struct walk){ .at = within };
}

bool walk_on(struct walk *w)
{
	bool first = !w->begun, into = !w->past;

	if (ts_node_is_null(w->at))
		return false;
	w->begun = true;
	w->past = false;
	if (first) {
		w->cursor = ts_tree_cursor_new(w->at);
		return true;
	}
	if (into && ts_tree_cursor_goto_first_child(&w->cursor))
		w->depth++;
	else
		while (w->depth == 0 || !ts_tree_cursor_goto_next_sibling(&w->cursor))
			if (w->depth-- == 0 || !ts_tree_cursor_goto_parent(&w->cursor)) {
				walk_end(w);
				return false;
			}
	w->at = ts_tree_cursor_current_node(&w->cursor);
	return true;
}

void walk_past(struct walk *w)
{
	w->past = true;
}

void walk_end(struct walk *w)
{
	if (w->begun)
		ts_tree_cursor_delete(&w->cursor);
	*w = (struct walk){ 0 };
}

TSNode parse_error(const struct parse *p)
{
	DEFER(walk_end) struct walk w = walk_in(parse_root(p));

	if (!ts_node_has_error(parse_root(p)))
		return (TSNode){ 0 };
	while (walk_on(&w) && !node_is(w.at, "ERROR") && !ts_node_is_missing(w.at))
		;
	return w.at;
}
