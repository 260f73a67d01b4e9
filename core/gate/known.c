/* known.c - see instrument_parts.h */
#include "embed.h"
#include "gate/instrument_parts.h"
#include <stdlib.h>
#include <string.h>

EMBED(adapter_header, "core/adapter/adapter.h");

/* ---- what there is ------------------------------------------------------- */

static void add(struct named **list, size_t *n, struct named one)
{
	*list = realloc(*list, (*n + 1) * sizeof **list);
	if (!*list)
		abort();
	(*list)[(*n)++] = one;
}

static void collect(struct known *k, const struct parse *p)
{
	DEFER(walk_end) struct walk w = walk_in(parse_root(p));

	while (walk_on(&w)) {
		bool function = node_is(w.at, "function_declarator"), is_struct = node_is(w.at, "struct_specifier");
		TSNode name = function ? declared_name(w.at) : node_field(w.at, "name"), body = node_field(w.at, "body");

		if (function && node_is(name, "identifier"))
			add(&k->functions, &k->functions_n,
			    (struct named){ node_text(p, name), p, node_field(w.at, "parameters") });
		if (is_struct && !ts_node_is_null(name) && !ts_node_is_null(body))
			add(&k->structs, &k->structs_n, (struct named){ node_text(p, name), p, body });
	}
}

static void collect_calls(struct known *k, const struct parse *p)
{
	DEFER(walk_end) struct walk w = walk_in(parse_root(p));

	while (walk_on(&w)) {
		TSNode list = node_field(w.at, "arguments");
		struct str name = node_is(w.at, "call_expression") ? called(p, w.at) : (struct str){ 0 };

		if (name.len == 0)
			continue;
		add(&k->calls, &k->calls_n, (struct named){ name, p, list });
		for (uint32_t i = 0; i < node_parts(list); i++)
			if (node_is(node_part(list, i), "identifier") && parameter_is(k, name, i, "tag"))
				add(&k->tags, &k->tags_n, (struct named){ node_text(p, node_part(list, i)), p, w.at });
	}
}

void known_read(struct known *k, const struct parse *p)
{
	k->abi = parse_open(str_of(adapter_header));
	collect(k, &k->abi);
	collect(k, p);
	collect_calls(k, p);
}

void known_free(struct known *k)
{
	parse_free(&k->abi);
	free(k->functions);
	free(k->structs);
	free(k->calls);
	free(k->tags);
}

static const struct named *find(const struct named *list, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_same(list[i].name, name))
			return &list[i];
	return NULL;
}

bool known_tag(const struct known *k, struct str name)
{
	return find(k->tags, k->tags_n, name);
}

/* ---- types --------------------------------------------------------------- */

static void add_type(struct buf *b, const struct parse *p, TSNode n, TSNode name)
{
	for (uint32_t i = 0; i < ts_node_child_count(n); i++) {
		TSNode child = ts_node_child(n, i);
		struct str text = node_text(p, child);

		if (ts_node_eq(child, name) || node_in(child, "comment , ;"))
			continue;
		if (ts_node_child_count(child))
			add_type(b, p, child, name);
		else
			buf_addf(b, "%.*s ", (int)text.len, text.at);
	}
}

/* Of what is declared by that declarator in a declaration: all its words but the name. */
static char *type_of(const struct parse *p, TSNode declaration, TSNode declarator)
{
	struct buf b = buf_new(4096);
	TSNode name = declared_name(declarator);

	for (uint32_t i = 0; i < ts_node_child_count(declaration); i++) {
		TSNode child = ts_node_child(declaration, i);
		struct str text = node_text(p, child);

		if (node_in(child, "type_qualifier") || ts_node_eq(child, node_field(declaration, "type")))
			buf_addf(&b, "%.*s ", (int)text.len, text.at);
	}
	if (!ts_node_is_null(declarator) && !ts_node_eq(name, declarator))
		add_type(&b, p, declarator, name);
	return buf_take(&b);
}

/* ---- parameters ---------------------------------------------------------- */

TSNode parameter(const struct known *k, struct str function, uint32_t i, const struct parse **ret)
{
	const struct named *f = find(k->functions, k->functions_n, function);
	TSNode one = f ? node_part(f->at, i) : (TSNode){ 0 };

	if (f)
		*ret = f->p;
	return node_is(one, "parameter_declaration") ? one : (TSNode){ 0 };
}

bool parameter_is(const struct known *k, struct str function, uint32_t i, const char *name)
{
	const struct parse *p = NULL;
	TSNode one = parameter(k, function, i, &p);

	return node_says(p, declared_name(node_field(one, "declarator")), name);
}

bool parameters_alike(const struct known *k, struct str function, uint32_t i, uint32_t j)
{
	const struct parse *p = NULL;
	TSNode one = parameter(k, function, i, &p), two = parameter(k, function, j, &p);
	DEFER(text_free) char *a = NULL, *b = NULL;

	if (ts_node_is_null(one) || ts_node_is_null(two))
		return false;
	a = type_of(p, one, node_field(one, "declarator"));
	b = type_of(p, two, node_field(two, "declarator"));
	return a && b && strcmp(a, b) == 0;
}

/* ---- members ------------------------------------------------------------- */

/* Does this declaration, or parameter, declare that name? */
static bool declares(const struct parse *p, TSNode declaration, struct str name)
{
	for (uint32_t i = 0; i < node_parts(declaration); i++) {
		TSNode found = declared_name(node_part(declaration, i));

		if (node_is(found, "identifier") && str_same(node_text(p, found), name))
			return true;
	}
	return false;
}

/* The struct that a variable of the function around it is one of, or points at. */
static const struct named *struct_of(const struct known *k, const struct parse *p, TSNode variable)
{
	TSNode found = { 0 };
	DEFER(walk_end) struct walk w = walk_in(node_above(variable, "function_definition"));

	while (walk_on(&w) && ts_node_start_byte(w.at) <= ts_node_start_byte(variable)) {
		if (node_in(w.at, "declaration parameter_declaration") && declares(p, w.at, node_text(p, variable)))
			found = node_field(w.at, "type");
		if (node_in(w.at, "expression_statement return_statement"))
			walk_past(&w);
	}
	if (!node_is(found, "struct_specifier"))
		return NULL;
	return find(k->structs, k->structs_n, node_text(p, node_field(found, "name")));
}

struct member { TSNode name; char *type; };

/* Those of the struct whose place can be taken by another; in order. */
static size_t members_of(const struct named *s, struct member *ret, size_t room)
{
	size_t n = 0;

	for (uint32_t i = 0; i < node_parts(s->at); i++) {
		TSNode declaration = node_part(s->at, i);

		for (uint32_t j = 0; j < ts_node_child_count(declaration) && n < room; j++) {
			TSNode one = ts_node_child(declaration, j), name = declared_name(one);

			if (node_is(name, "field_identifier") && !node_is(ts_node_next_sibling(one), "bitfield_clause"))
				ret[n++] = (struct member){ name, type_of(s->p, declaration, one) };
		}
	}
	return n;
}

char *other_member(const struct known *k, const struct parse *p, TSNode field_expression)
{
	enum { MEMBERS_MAX = 64 };
	TSNode base = node_bare(node_field(field_expression, "argument"));
	struct str field = node_text(p, node_field(field_expression, "field"));
	const struct named *s = node_is(base, "identifier") ? struct_of(k, p, base) : NULL;
	struct member members[MEMBERS_MAX];
	size_t n = s ? members_of(s, members, MEMBERS_MAX) : 0, at;
	char *other = NULL;

	for (at = 0; at < n && !str_same(node_text(s->p, members[at].name), field); at++)
		;
	for (size_t i = 1; at < n && i < n && !other; i++) {
		const struct member *m = &members[(at + i) % n];

		if (strcmp(m->type, members[at].type) == 0)
			other = str_dup(node_text(s->p, m->name));
	}
	for (size_t i = 0; i < n; i++)
		free(members[i].type);
	return other;
}
