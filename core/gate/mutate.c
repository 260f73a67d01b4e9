/* mutate.c - see instrument_parts.h
 *
 * Whatever is written here is one primary expression, of the type that it takes the place of,
 * so that it fits wherever that stood. Operands with effects stand in it once. */
#include "gate/instrument_parts.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ON "__probe_on == %u"

/* ---- literals ------------------------------------------------------------ */

/* "ON ? to : ". The words tell what became what; `why` instead, where it is not NULL. */
static void put_choice(struct writer *w, TSNode n, const char *to, const char *why)
{
	DEFER(text_free) char *from = shown(w->p, n);

	put(w, ON " ? %s : ", why ? add_mutant(w, n, "%s", why) : add_mutant(w, n, "`%s` became `%s`", from, to), to);
}

/* The string literal `text` with an x at its end. */
static char *longer(const char *text)
{
	return text_fmt("%.*sx\"", (int)strlen(text) - 1, text);
}

/* A number that is so much more; in figures where we can read it. */
static char *number_plus(const char *text, int plus)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 0);
	if (*end || errno)
		return text_fmt("%s %c 1", text, plus < 0 ? '-' : '+');
	return text_fmt("%lld", value + plus);
}

static bool is_number(const char *text, long long value)
{
	char *end;

	return strtoll(text, &end, 0) == value && end > text && strspn(end, "uUlL") == strlen(end);
}

static void mutate_number(struct writer *w, TSNode n)
{
	DEFER(text_free) char *text = flat(w->p, n);
	DEFER(text_free) char *more = number_plus(text, 1), *less = number_plus(text, -1);

	put(w, "(");
	put_choice(w, n, more, NULL);
	put_choice(w, n, less, NULL);
	if (!is_number(text, 0) && !is_number(more, 0) && !is_number(less, 0))
		put_choice(w, n, "0", NULL);
	write_still(w, n);
	put(w, ")");
}

/* Which argument of which call it is; false: of none. */
static bool argument_of(const struct parse *p, TSNode n, struct str *ret_function, uint32_t *ret_i)
{
	TSNode list = ts_node_parent(n);

	if (!node_is(list, "argument_list") || !node_is(ts_node_parent(list), "call_expression"))
		return false;
	*ret_function = called(p, ts_node_parent(list));
	for (*ret_i = 0; !ts_node_eq(node_part(list, *ret_i), n); ++*ret_i)
		;
	return ret_function->len > 0;
}

/* The next literal that is given to that function in that place, in the whole text round. */
static char *other_literal(const struct known *k, const struct parse *p, TSNode n, struct str function, uint32_t i)
{
	DEFER(text_free) char *own = flat(p, n);
	char *first = NULL;

	for (size_t c = 0; c < k->calls_n; c++) {
		TSNode a = str_same(k->calls[c].name, function) ? node_part(k->calls[c].at, i) : (TSNode){ 0 };
		bool later = !ts_node_is_null(a) && ts_node_start_byte(a) > ts_node_start_byte(n);

		if (!node_is(a, "string_literal") || node_says(p, a, own) || (first && !later))
			continue;
		free(first);
		first = str_dup(node_text(p, a));
		if (later)
			break;
	}
	return first;
}

/* Each name and each fixed word of a guide of json_make() becomes another. */
static void mutate_guide(struct writer *w, TSNode n)
{
	DEFER(text_free) char *text = flat(w->p, n);

	put(w, "(");
	for (size_t at = 0, len; text[at]; at += len ? len : 1) {
		for (len = 0; isalnum((unsigned char)text[at + len]) || text[at + len] == '_'; len++)
			;
		if (len && at > 0 && (text[at + len] == ':' || text[at + len] == '\'') && text[at - 1] != '%') {
			DEFER(text_free) char *to = text_fmt("%.*sx%s", (int)(at + len), text, text + at + len);
			DEFER(text_free) char *why = text_fmt("%s `%.*s` became `%.*sx`", text[at + len] == ':' ? "member" : "word",
							      (int)len, text + at, (int)len, text + at);

			put_choice(w, n, to, why);
		}
	}
	write_still(w, n);
	put(w, ")");
}

static void mutate_string(struct writer *w, TSNode n)
{
	DEFER(text_free) char *other = NULL, *own = flat(w->p, n), *from = shown(w->p, n);
	DEFER(text_free) char *why = text_fmt("`%s` got an `x` at its end", from);
	struct str function = { 0 };
	uint32_t i = 0;
	bool given = argument_of(w->p, n, &function, &i);

	if (given && parameter_is(&w->known, function, i, "guide")) {
		mutate_guide(w, n);
		return;
	}
	if (given && !parameter_is(&w->known, function, i, "fmt"))
		other = other_literal(&w->known, w->p, n, function, i);
	put(w, "(");
	if (other) {
		put_choice(w, n, other, NULL);
	} else {
		other = longer(own);
		put_choice(w, n, other, why);
	}
	write_still(w, n);
	put(w, ")");
}

bool mutate_literal(struct writer *w, TSNode n)
{
	DEFER(text_free) char *text = NULL;

	if (node_in(n, "string_literal concatenated_string")) {
		mutate_string(w, n);
		return true;
	}
	if (node_is(n, "number_literal")) {
		mutate_number(w, n);
		return true;
	}
	if (!node_in(n, "true false char_literal"))
		return false;
	text = node_is(n, "char_literal") ? flat(w->p, n) : NULL;
	put(w, "(");
	if (text) {
		DEFER(text_free) char *next = text_fmt("%s + 1", text);

		put_choice(w, n, next, NULL);
	} else {
		put_choice(w, n, node_is(n, "true") ? "false" : "true", NULL);
	}
	write_still(w, n);
	put(w, ")");
	return true;
}

/* ---- cells of tables ----------------------------------------------------- */

static bool is_apart(struct writer *w, TSNode n, const char *to)
{
	DEFER(text_free) char *from = shown(w->p, n);
	bool longer_one = node_in(n, "string_literal concatenated_string");
	uint32_t id = longer_one ? add_mutant(w, n, "`%s` got an `x` at its end", from)
				 : add_mutant(w, n, "`%s` became `%s`", from, to);

	w->out->mutants[id].apart = true;
	if (w->apart == id)
		put(w, "%s", to);
	return w->apart == id;
}

/* What stands in the same column of the next row that has something else there. */
static char *other_cell(const struct parse *p, TSNode n)
{
	TSNode row = ts_node_parent(n), table = ts_node_parent(row), one = row;
	DEFER(text_free) char *own = flat(p, n);
	uint32_t column = 0;

	if (!node_is(row, "initializer_list") || !node_is(table, "initializer_list"))
		return NULL;
	while (!ts_node_eq(node_part(row, column), n))
		column++;
	for (uint32_t i = node_parts(table); i > 0; i--) {
		DEFER(text_free) char *text = NULL;
		TSNode cell;

		one = ts_node_next_named_sibling(one);
		if (ts_node_is_null(one))
			one = node_part(table, 0);
		cell = node_part(one, column);
		text = node_is(one, "initializer_list") && node_is(cell, "identifier") ? flat(p, cell) : NULL;
		if (text && strcmp(text, own) != 0)
			return text_dup(text);
	}
	return NULL;
}

bool mutate_cell(struct writer *w, TSNode n)
{
	DEFER(text_free) char *text = flat(w->p, n), *to = NULL, *less = NULL;

	if (node_is(n, "number_literal")) {
		to = number_plus(text, 1);
		less = number_plus(text, -1);
	} else if (node_in(n, "string_literal concatenated_string")) {
		to = longer(text);
	} else if (node_is(n, "char_literal")) {
		to = text_fmt("%s + 1", text);
	} else if (node_in(n, "true false")) {
		to = text_dup(node_is(n, "true") ? "false" : "true");
	} else if (node_is(n, "identifier")) {
		to = other_cell(w->p, n);
	}
	if (!to)
		return false;
	if (!is_apart(w, n, to) && !(less && is_apart(w, n, less)))
		write_still(w, n);
	return true;
}

/* ---- operators ----------------------------------------------------------- */

static const struct { const char *is, *becomes[2]; } comparisons[] = {
	{ "==", { "!=" } }, { "!=", { "==" } }, { "<", { "<=", ">=" } }, { "<=", { "<", ">" } },
	{ ">", { ">=", "<=" } }, { ">=", { ">", "<" } },
};

/* Text to be used again for the operand, which goes into a variable unless it is a literal. */
static char *operand(struct writer *w, TSNode n, uint32_t id, char side)
{
	TSNode bare = node_bare(n);

	if (node_in(bare, "number_literal string_literal char_literal null true false"))
		return write_apart(w, bare);
	put(w, "__auto_type __probe_%u%c = (", id, side);
	write_node(w, n);
	put(w, "); ");
	return text_fmt("__probe_%u%c", id, side);
}

bool mutate_comparison(struct writer *w, TSNode n)
{
	DEFER(text_free) char *op = flat(w->p, node_field(n, "operator")), *left = NULL, *right = NULL;
	uint32_t id;
	size_t k;

	for (k = 0; k < COUNT(comparisons) && strcmp(comparisons[k].is, op) != 0; k++)
		;
	if (k == COUNT(comparisons))
		return false;
	id = (uint32_t)w->out->mutants_n;
	for (size_t i = 0; i < 2 && comparisons[k].becomes[i]; i++)
		add_mutant(w, node_field(n, "operator"), "`%s` became `%s`", op, comparisons[k].becomes[i]);
	put(w, "({ ");
	left = operand(w, node_field(n, "left"), id, 'a');
	write_around(w, n);
	right = operand(w, node_field(n, "right"), id, 'b');
	for (uint32_t i = 0; i < 2 && comparisons[k].becomes[i]; i++)
		put(w, ON " ? %s %s %s : ", id + i, left, comparisons[k].becomes[i], right);
	put(w, "%s %s %s; })", left, op, right);
	return true;
}

/* "a + b" and "a - b"; a difference of pointers becomes 0. */
bool mutate_sum(struct writer *w, TSNode n)
{
	DEFER(text_free) char *op = flat(w->p, node_field(n, "operator")), *left = NULL, *right = NULL;
	bool plus = strcmp(op, "+") == 0;
	uint32_t id;

	if (!plus && strcmp(op, "-") != 0)
		return false;
	id = add_mutant(w, node_field(n, "operator"), "`%s` became `%s`", op, plus ? "-" : "+");
	put(w, "({ ");
	left = operand(w, node_field(n, "left"), id, 'a');
	write_around(w, n);
	right = operand(w, node_field(n, "right"), id, 'b');
	put(w, "%s %s (" ON " ? __probe_minus(%s, %s) : %s); })", left, op, id, plus ? right : left, right, right);
	return true;
}

/* ---- members and arguments ----------------------------------------------- */

bool mutate_member(struct writer *w, TSNode n)
{
	DEFER(text_free) char *other = other_member(&w->known, w->p, n), *from = NULL, *to = NULL;
	struct str base = node_text(w->p, node_field(n, "argument")), op = node_text(w->p, node_field(n, "operator"));

	if (!other)
		return false;
	from = flat(w->p, n);
	to = text_fmt("%.*s%.*s%s", (int)base.len, base.at, (int)op.len, op.at, other);
	put(w, "(*(" ON " ? &%s : &%s))", add_mutant(w, n, "`%s` became `%s`", from, to), to, from);
	return true;
}

/* It can stand twice: nothing happens in it. */
static bool is_plain(TSNode n)
{
	DEFER(walk_end) struct walk w = walk_in(n);

	while (walk_on(&w))
		if (node_in(w.at, "call_expression assignment_expression update_expression binary_expression comment "
				  "conditional_expression unary_expression compound_literal_expression"))
			return false;
	return ts_node_start_point(n).row == ts_node_end_point(n).row;
}

/* The first of two neighbours that could be taken for one another; n: there are none. */
static uint32_t swappable(struct writer *w, TSNode list, struct str function, uint32_t n)
{
	if (n == 0 || str_is(function, "text_is") || str_is(function, "strcmp") || str_is(function, "memcmp"))
		return n;			/* (these are as well the other way round) */
	for (uint32_t i = 0; i + 1 < n; i++) {
		DEFER(text_free) char *a = flat(w->p, node_part(list, i)), *b = flat(w->p, node_part(list, i + 1));

		if (parameters_alike(&w->known, function, i, i + 1) && is_plain(node_part(list, i)) &&
		    is_plain(node_part(list, i + 1)) && strcmp(a, b) != 0 &&
		    !parameter_is(&w->known, function, i, "tag") && !parameter_is(&w->known, function, i + 1, "tag"))
			return i;
	}
	return n;
}

void mutate_arguments(struct writer *w, TSNode call)
{
	TSNode list = node_field(call, "arguments"), callee = node_field(call, "function");
	struct str function = called(w->p, call);
	uint32_t n = node_parts(list), first = w->quiet ? n : swappable(w, list, function, n), id = 0;
	uint32_t at = ts_node_end_byte(callee);
	DEFER(text_free) char *a = NULL, *b = NULL;

	if (first < n) {
		id = add_mutant(w, call, "arguments %u and %u of `%.*s` changed places", first + 1, first + 2,
				(int)function.len, function.at);
		a = write_apart(w, node_part(list, first));
		b = write_apart(w, node_part(list, first + 1));
	}
	write_node(w, callee);
	for (uint32_t i = 0; i < n; i++) {
		TSNode one = node_part(list, i);

		write_between(w, at, ts_node_start_byte(one));
		if (first < n && i - first < 2)
			put(w, "(" ON " ? %s : %s)", id, i == first ? b : a, i == first ? a : b);
		else
			write_argument(w, one, function, i);
		at = ts_node_end_byte(one);
	}
	write_between(w, at, ts_node_end_byte(call));
}
