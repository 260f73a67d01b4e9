/* instrument.c - see instrument.h
 *
 * The text is written once from its start to its end; each end of a line of the source is
 * written once, and none is added. A statement becomes `{ __probe_at(3); statement }`, a
 * condition `__probe_if(4, condition)`, and an expression that has mutants a choice between
 * them (mutate.c). */
#include "gate/instrument_parts.h"
#include "limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64 * FILE_MAX, SHOWN_MAX = 60 };

static const char prologue[] =
	"extern unsigned *__probe_hits, __probe_on; extern unsigned long __probe_left; "
	"void __probe_spent(void) __attribute__((noreturn)); "
	"static inline void __probe_at(unsigned spot) { __probe_hits[spot]++; if (__probe_left-- == 0) __probe_spent(); } "
	"static inline _Bool __probe_if(unsigned spot, _Bool is) { __probe_at(spot + !is); return is; }\n"
	"#define __probe_is_pointer(x) (__builtin_classify_type(x) == 5)\n"
	"#define __probe_minus(x, y) __builtin_choose_expr(__probe_is_pointer(y), x, "
		"-__builtin_choose_expr(__probe_is_pointer(y), 0, y))\n";

/* ---- texts --------------------------------------------------------------- */

void put(struct writer *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&w->text, fmt, ap);
	va_end(ap);
}

char *flat(const struct parse *p, TSNode n)
{
	DEFER(buf_free) struct buf b = buf_new(FILE_MAX);
	DEFER(walk_end) struct walk w = walk_in(n);
	uint32_t end = 0;

	while (walk_on(&w)) {
		bool whole = node_in(w.at, "string_literal char_literal comment") || ts_node_child_count(w.at) == 0;
		struct str text = node_text(p, w.at);

		if (whole && !node_is(w.at, "comment")) {
			buf_adds(&b, b.len && ts_node_start_byte(w.at) > end ? " " : "");
			buf_add(&b, text.at, text.len);
			end = ts_node_end_byte(w.at);
		}
		if (whole)
			walk_past(&w);
	}
	return str_dup(buf_str(&b));
}

char *shown(const struct parse *p, TSNode n)
{
	DEFER(text_free) char *text = flat(p, n);
	size_t fit = utf8_fit(str_of(text), SHOWN_MAX);

	return text[fit] ? text_fmt("%.*s...", (int)fit, text) : text_dup(text);
}

void write_between(struct writer *w, uint32_t from, uint32_t to)
{
	buf_add(&w->text, w->p->text.at + from, to - from);
}

void write_still(struct writer *w, TSNode n)
{
	write_between(w, ts_node_start_byte(n), ts_node_end_byte(n));
}

void write_around(struct writer *w, TSNode n)
{
	TSNode operator = node_field(n, "operator");

	write_between(w, ts_node_end_byte(node_field(n, "left")), ts_node_start_byte(operator));
	write_between(w, ts_node_end_byte(operator), ts_node_start_byte(node_field(n, "right")));
}

char *write_apart(struct writer *w, TSNode n)
{
	size_t len = w->text.len;
	char *text;

	write_node(w, n);
	text = str_dup((struct str){ w->text.at + len, w->text.len - len });
	buf_cut(&w->text, len);
	return text;
}

/* Each child by `write`, and what stands between them as it is. */
static void write_each(struct writer *w, TSNode n, void (*write)(struct writer *, TSNode))
{
	uint32_t at = ts_node_start_byte(n);

	for (uint32_t i = 0; i < ts_node_child_count(n); i++) {
		TSNode child = ts_node_child(n, i);

		write_between(w, at, ts_node_start_byte(child));
		write(w, child);
		at = ts_node_end_byte(child);
	}
	write_between(w, at, ts_node_end_byte(n));
}

static void write_as(struct writer *w, enum mode mode, TSNode n)
{
	enum mode before = w->mode;

	w->mode = mode;
	write_node(w, n);
	w->mode = before;
}

/* ---- the lists ----------------------------------------------------------- */

uint32_t add_mutant(struct writer *w, TSNode n, const char *fmt, ...)
{
	struct instrument *o = w->out;
	struct buf words = buf_new(TEXT_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&words, fmt, ap);
	va_end(ap);
	o->mutants = realloc(o->mutants, (o->mutants_n + 1) * sizeof *o->mutants);
	if (!o->mutants)
		abort();
	o->mutants[o->mutants_n++] = (struct mutant){ .line = node_line(n), .what = buf_take(&words) };
	return (uint32_t)o->mutants_n - 1;
}

static uint32_t add_spot(struct writer *w, TSNode n, enum spot_kind kind, TSNode what)
{
	struct instrument *o = w->out;

	o->spots = realloc(o->spots, (o->spots_n + 1) * sizeof *o->spots);
	if (!o->spots)
		abort();
	o->spots[o->spots_n] = (struct spot){ .line = node_line(n), .kind = kind, .what = shown(w->p, what) };
	return (uint32_t)o->spots_n++;
}

/* ---- expressions --------------------------------------------------------- */

static void write_truth(struct writer *w, TSNode n);

/* "a && b": decided by a where that is what the operator looks for, else by b. */
static void write_logic(struct writer *w, TSNode n)
{
	TSNode operator = node_field(n, "operator");
	bool both = node_is(operator, "&&");
	uint32_t id;

	if (w->quiet) {
		write_truth(w, node_field(n, "left"));
		write_between(w, ts_node_end_byte(node_field(n, "left")), ts_node_start_byte(node_field(n, "right")));
		write_truth(w, node_field(n, "right"));
		return;
	}
	id = add_mutant(w, operator, "`%s` became `%s`", both ? "&&" : "||", both ? "||" : "&&");
	put(w, "({ _Bool __probe_%u = ", id);
	write_truth(w, node_field(n, "left"));
	put(w, "; __probe_%u %s (__probe_on == %u) ? __probe_%u : (_Bool)", id, both ? "==" : "!=", id, id);
	write_around(w, n);
	write_truth(w, node_field(n, "right"));
	put(w, "; })");
}

/* A condition without && || ! around it: both outcomes are counted. */
static void write_leaf(struct writer *w, TSNode n)
{
	uint32_t spot = add_spot(w, n, SPOT_TRUE, n);

	add_spot(w, n, SPOT_FALSE, n);
	put(w, "__probe_if(%u, ", spot);
	if (w->quiet || !node_is(n, "binary_expression") || !mutate_comparison(w, n)) {
		DEFER(text_free) char *what = shown(w->p, n);

		if (!w->quiet)
			put(w, "(__probe_on == %u) != ", add_mutant(w, n, "the condition `%s` was negated", what));
		put(w, "(_Bool)(");
		write_node(w, n);
		put(w, ")");
	}
	put(w, ")");
}

static void write_truth(struct writer *w, TSNode n)
{
	if (node_is(n, "parenthesized_expression"))
		write_each(w, n, write_truth);
	else if (!ts_node_is_named(n) || node_in(n, "comment number_literal true false"))
		write_still(w, n);
	else if (node_in(node_field(n, "operator"), "&& ||"))
		write_logic(w, n);
	else if (node_is(n, "unary_expression") && node_is(node_field(n, "operator"), "!"))
		write_each(w, n, write_truth);
	else
		write_leaf(w, n);
}

void write_argument(struct writer *w, TSNode n, struct str function, uint32_t i)
{
	bool quiet = w->quiet;

	w->quiet |= str_is(function, "host_log") || parameter_is(&w->known, function, i, "tag");
	write_node(w, n);
	w->quiet = quiet;
}

static void write_choice(struct writer *w, TSNode n)
{
	TSNode condition = node_field(n, "condition");

	write_truth(w, condition);
	for (uint32_t i = 1, at = ts_node_end_byte(condition); i < ts_node_child_count(n); i++) {
		TSNode child = ts_node_child(n, i);

		write_between(w, at, ts_node_start_byte(child));
		write_node(w, child);
		at = ts_node_end_byte(child);
	}
}

/* What reads no value, or is fixed when it is compiled. */
static bool is_still(const struct parse *p, TSNode n)
{
	return node_in(n, "sizeof_expression offsetof_expression alignof_expression generic_expression type_descriptor "
			  "array_declarator parameter_list field_declaration_list subscript_designator "
			  "attribute_specifier ms_declspec_modifier gnu_asm_expression preproc_include preproc_def "
			  "preproc_function_def preproc_call preproc_if preproc_ifdef ERROR") ||
	       (node_is(n, "call_expression") && str_is(called(p, n), "assert")) ||
	       (node_is(n, "initializer_list") && node_parts(n) == 1 && node_says(p, node_part(n, 0), "0"));
}

static void write_run(struct writer *w, TSNode n)
{
	const char *type = ts_node_type(n);

	if (node_in(node_field(n, "operator"), "&& ||"))
		write_logic(w, n);
	else if (node_is(n, "unary_expression") && node_is(node_field(n, "operator"), "!"))
		write_truth(w, n);
	else if (node_is(n, "conditional_expression") && !ts_node_is_null(node_field(n, "consequence")))
		write_choice(w, n);
	else if (node_is(n, "call_expression"))
		mutate_arguments(w, n);
	else if (w->quiet ||
		 !(mutate_literal(w, n) ||
		   (strcmp(type, "binary_expression") == 0 && (mutate_comparison(w, n) || mutate_sum(w, n))) ||
		   (strcmp(type, "field_expression") == 0 && mutate_member(w, n))))
		write_each(w, n, write_node);
}

void write_node(struct writer *w, TSNode n)
{
	bool tag = node_is(n, "enumerator") && known_tag(&w->known, node_text(w->p, node_field(n, "name")));

	if (w->mode == STILL || is_still(w->p, n) || tag)
		write_still(w, n);
	else if (w->mode == RUN)
		write_run(w, n);
	else if (!mutate_cell(w, n))
		write_each(w, n, write_node);
}

/* ---- statements ---------------------------------------------------------- */

static void write_statement(struct writer *w, TSNode n);

static bool tells(const struct parse *p, TSNode n)
{
	DEFER(walk_end) struct walk w = walk_in(n);

	while (walk_on(&w))
		if (node_is(w.at, "call_expression") && str_starts(called(p, w.at), "host_"))
			return true;
	return false;
}

/* What tells by itself whether it was executed has no spot of its own. */
static void put_spot(struct writer *w, TSNode n)
{
	uint32_t spot;

	if (node_in(n, "if_statement while_statement do_statement break_statement") ||
	    (node_is(n, "for_statement") && !ts_node_is_null(node_field(n, "condition"))))
		return;
	spot = add_spot(w, n, SPOT_STATEMENT, n);
	w->out->spots[spot].tells = tells(w->p, n) && !node_in(n, "for_statement switch_statement");
	put(w, "__probe_at(%u); ", spot);
}

/* Is this the last of what its function does? */
static bool is_last(TSNode n)
{
	TSNode parent = ts_node_parent(n), next = ts_node_next_named_sibling(n);

	while (node_is(next, "comment"))
		next = ts_node_next_named_sibling(next);
	return ts_node_is_null(next) && node_is(ts_node_parent(parent), "function_definition");
}

static bool only_breaks(TSNode case_statement)
{
	TSNode last = node_part(case_statement, node_parts(case_statement) - 1);

	uint32_t labels = !ts_node_is_null(node_field(case_statement, "value"));

	return node_is(last, "break_statement") && node_parts(case_statement) == labels + 1;
}

/* A break that changes nothing: what comes after it in the switch does not do anything either. */
static bool is_idle_break(TSNode n)
{
	TSNode in = ts_node_parent(n), next;

	while (node_is(in, "compound_statement"))
		in = ts_node_parent(in);
	if (!node_is(n, "break_statement") || !node_is(in, "case_statement"))
		return false;
	next = ts_node_next_named_sibling(in);
	while (node_is(next, "comment"))
		next = ts_node_next_named_sibling(next);
	return ts_node_is_null(next) || only_breaks(next);
}

/* What does something, and whose want is a mutant. */
static bool is_deed(struct writer *w, TSNode n)
{
	TSNode what = node_bare(node_part(n, 0));
	struct str function = called(w->p, what);

	if (node_is(n, "expression_statement"))
		return node_in(what, "call_expression assignment_expression update_expression") &&
		       !str_is(function, "assert") && !str_is(function, "host_log");
	if (node_is(n, "return_statement"))
		return w->zero && !is_last(n);
	return node_in(n, "break_statement continue_statement") && !is_idle_break(n);
}

/* The next label of a switch, none of a switch within it. */
static bool next_label(struct walk *w)
{
	while (walk_on(w)) {
		if (node_is(w->at, "switch_statement"))
			walk_past(w);
		if (node_is(w->at, "case_statement"))
			return true;
	}
	return false;
}

/* The value decides which label is counted; a mutant makes it another value. */
static void write_switch(struct writer *w, TSNode n)
{
	TSNode body = node_field(n, "body"), condition = node_field(n, "condition");
	uint32_t id = ts_node_start_byte(n);
	DEFER(buf_free) struct buf choices = buf_new(FILE_MAX), rest = buf_new(FILE_MAX);
	DEFER(walk_end) struct walk labels = walk_in(body);

	write_between(w, ts_node_start_byte(n), ts_node_start_byte(condition));
	put(w, "(({ __auto_type __probe_s%u = ", id);
	write_node(w, condition);
	put(w, "; ");
	while (next_label(&labels)) {
		TSNode c = labels.at, value = node_field(c, "value");
		DEFER(text_free) char *label = flat(w->p, value);

		if (ts_node_is_null(value)) {
			if (!only_breaks(c))
				buf_addf(&rest, "__probe_at(%u)", add_spot(w, c, SPOT_CASE, ts_node_child(c, 0)));
			continue;
		}
		put(w, "if (__probe_s%u == (%s)) __probe_at(%u); else ", id, label, add_spot(w, c, SPOT_CASE, value));
		if (!w->quiet && !known_tag(&w->known, str_of(label)))
			buf_addf(&choices, "__probe_on == %u && __probe_s%u == (%s) ? (__typeof__(__probe_s%u))-77 : ",
				 add_mutant(w, c, "`case %s` was left out", label), id, label, id);
	}
	put(w, "%s; %s__probe_s%u; }))", buf_text(&rest), buf_text(&choices), id);
	write_between(w, ts_node_end_byte(condition), ts_node_start_byte(body));
	write_statement(w, body);
}

/* A child of an if, a loop, a block or a label. */
static void write_part(struct writer *w, TSNode n)
{
	TSNode parent = ts_node_parent(n);

	if (node_is(n, "else_clause"))
		write_each(w, n, write_part);
	else if (ts_node_eq(n, node_field(parent, "condition")))
		write_truth(w, n);
	else if (!ts_node_is_named(n) || node_in(n, "comment statement_identifier"))
		write_still(w, n);
	else if (node_is(parent, "for_statement") && !ts_node_eq(n, node_field(parent, "body")))
		write_node(w, n);
	else
		write_statement(w, n);
}

static void write_case(struct writer *w, TSNode n)
{
	TSNode colon = node_child(n, ":");

	write_between(w, ts_node_start_byte(n), ts_node_end_byte(colon));
	for (TSNode before = colon, c = ts_node_next_sibling(colon); !ts_node_is_null(c); before = c, c = ts_node_next_sibling(c)) {
		write_between(w, ts_node_end_byte(before), ts_node_start_byte(c));
		if (only_breaks(n) && !node_is(c, "comment"))
			write_still(w, c);
		else
			write_part(w, c);
	}
}

static void write_declarator(struct writer *w, TSNode n)
{
	bool array = !ts_node_is_null(node_child(n, "array_declarator"));

	if (node_is(n, "init_declarator") && array && node_in(node_field(n, "value"), "string_literal concatenated_string"))
		write_as(w, TABLE, n);		/* (which no expression can be) */
	else
		write_node(w, n);
}

static void write_declaration(struct writer *w, TSNode n)
{
	TSNode class = node_child(n, "storage_class_specifier");

	if (node_says(w->p, class, "static") || ts_node_is_null(node_child(n, "init_declarator"))) {
		write_as(w, TABLE, n);
		return;
	}
	put_spot(w, n);
	write_each(w, n, write_declarator);
}

static void write_simple(struct writer *w, TSNode n)
{
	bool nothing = node_is(n, "expression_statement") && node_is(node_part(n, 0), "cast_expression");

	if (nothing) {			/* "(void)a;" */
		write_still(w, n);
		return;
	}
	put(w, "{ ");
	put_spot(w, n);
	if (!w->quiet && is_deed(w, n)) {
		DEFER(text_free) char *what = shown(w->p, n);

		put(w, "if (__probe_on != %u) ", add_mutant(w, n, "`%s` was deleted", what));
	}
	if (node_is(n, "switch_statement"))
		write_switch(w, n);
	else
		write_each(w, n, node_in(n, "if_statement while_statement do_statement for_statement") ? write_part : write_node);
	put(w, " }");
}

static void write_statement(struct writer *w, TSNode n)
{
	if (node_in(n, "compound_statement labeled_statement"))
		write_each(w, n, write_part);
	else if (node_is(n, "case_statement"))
		write_case(w, n);
	else if (node_is(n, "declaration"))
		write_declaration(w, n);
	else if (ts_node_is_named(n) && strstr(ts_node_type(n), "_statement"))
		write_simple(w, n);
	else
		write_as(w, TABLE, n);
}

/* ---- functions ----------------------------------------------------------- */

/* What it returns, made of nothing; "" where it returns nothing, NULL where that cannot be said. */
static char *zero_of(const struct parse *p, TSNode function)
{
	DEFER(buf_free) struct buf b = buf_new(FILE_MAX);
	TSNode declarator = node_field(function, "declarator");
	int stars = 0;

	for (uint32_t i = 0; i < ts_node_child_count(function); i++) {
		TSNode child = ts_node_child(function, i);
		DEFER(text_free) char *word = flat(p, child);

		if (node_is(child, "type_qualifier") || ts_node_eq(child, node_field(function, "type")))
			buf_addf(&b, "%s ", word);
	}
	for (; node_is(declarator, "pointer_declarator"); stars++)
		declarator = node_field(declarator, "declarator");
	if (!node_is(node_field(declarator, "declarator"), "identifier"))
		return NULL;
	if (stars == 0 && strcmp(buf_text(&b), "void ") == 0)
		return text_dup("");
	return text_fmt("(%s%.*s){ 0 }", buf_text(&b), stars, "****************");
}

/* It does too little for its want to be told from that of its one statement. */
static bool is_small(struct writer *w, TSNode body)
{
	TSNode only = node_part(body, 0);

	return node_parts(body) < 2 && (!*w->zero || node_in(node_part(only, 0), "null false true number_literal"));
}

static void write_body(struct writer *w, TSNode n)
{
	if (node_is(n, "{") && w->zero) {
		TSNode body = ts_node_parent(n), function = ts_node_parent(body);
		struct str name = node_text(w->p, declared_name(node_field(function, "declarator")));

		write_still(w, n);
		if (!is_small(w, body))
			put(w, " if (__probe_on == %u) return %s;",
			    add_mutant(w, function, "`%.*s` returned at once", (int)name.len, name.at), w->zero);
		return;
	}
	if (node_is(n, "}") && w->zero && *w->zero)
		put(w, "return %s; ", w->zero);
	write_part(w, n);
}

static void write_top(struct writer *w, TSNode n)
{
	TSNode body = node_field(n, "body");

	if (!node_is(n, "function_definition")) {
		write_as(w, TABLE, n);
		return;
	}
	w->zero = zero_of(w->p, n);
	write_between(w, ts_node_start_byte(n), ts_node_start_byte(body));
	write_each(w, body, write_body);
	text_free(&w->zero);
}

/* ---- the whole ----------------------------------------------------------- */

static void write_name(struct writer *w, const char *file)
{
	put(w, "#line 1 \"");
	for (; *file; file++)
		put(w, *file == '"' || *file == '\\' ? "\\%c" : "%c", *file);
	put(w, "\"\n");
}

/* NULL where it is no C. */
static char *write_all(struct instrument *out, uint32_t apart)
{
	struct parse p = parse_open(str_of(out->source));
	struct writer w = { .p = &p, .out = out, .text = buf_new(TEXT_MAX), .apart = apart };
	bool fine = ts_node_is_null(parse_error(&p));

	if (fine) {
		known_read(&w.known, &p);
		put(&w, "%s", prologue);
		write_name(&w, out->file);
		write_between(&w, 0, ts_node_start_byte(parse_root(&p)));
		write_each(&w, parse_root(&p), write_top);
		write_between(&w, ts_node_end_byte(parse_root(&p)), (uint32_t)p.text.len);
		known_free(&w.known);
	}
	parse_free(&p);
	return fine && buf_status(&w.text) == OK ? buf_take(&w.text) : NULL;
}

const char *instrument(struct str source, const char *file, struct instrument **ret)
{
	static char complaint[600];
	struct parse p = parse_open(source);
	TSNode error = parse_error(&p);
	struct instrument *i;

	if (!ts_node_is_null(error)) {
		snprintf(complaint, sizeof complaint, "%.250s:%d: this is not C as we read it: write it in plain words, without macros",
			 file, node_line(error));
		parse_free(&p);
		return complaint;
	}
	parse_free(&p);
	i = mem_new(1, sizeof *i);
	i->file = text_dup(file);
	i->source = str_dup(source);
	i->text = write_all(i, PROBE_NONE);
	*ret = i;
	return NULL;
}

static void lists_free(struct instrument *i)
{
	for (size_t k = 0; k < i->spots_n; k++)
		free(i->spots[k].what);
	for (size_t k = 0; k < i->mutants_n; k++)
		free(i->mutants[k].what);
	free(i->spots);
	free(i->mutants);
}

char *instrument_apart(const struct instrument *i, size_t mutant)
{
	struct instrument again = { .file = i->file, .source = i->source };
	char *text = write_all(&again, (uint32_t)mutant);

	lists_free(&again);
	return text;
}

void instrument_free(struct instrument *i)
{
	if (!i)
		return;
	lists_free(i);
	free(i->text);
	free(i->file);
	free(i->source);
	free(i);
}

char *spot_words(const struct spot *s)
{
	static const char *const never[] = {
		[SPOT_STATEMENT] = "executed", [SPOT_TRUE] = "true", [SPOT_FALSE] = "false", [SPOT_CASE] = "taken",
	};
	const char *before = s->kind == SPOT_CASE && strcmp(s->what, "default") != 0 ? "case " : "";

	return text_fmt("line %d: `%s%s` was never %s", s->line, before, s->what, never[s->kind]);
}
