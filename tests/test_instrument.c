/* test_instrument.c - an adapter with probes does what it did, counts what was executed, and is
 * each mutant when that is switched on. */
#include "contract.h"
#include "file.h"
#include "gate/instrument.h"
#include "gate/replay.h"
#include "loop.h"
#include "program.h"
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>

/* What whoever links an instrumented text defines. */
static const char there[] =
	"\n"
	"unsigned __probe_area[4096], *__probe_hits = __probe_area, __probe_on = %s; unsigned long __probe_left = %s;\n"
	"static void (*__probe_told)(void); void __probe_tell(void (*told)(void)) { __probe_told = told; }\n"
	"void __probe_spent(void) { if (__probe_told) __probe_told(); __builtin_trap(); }\n";

static struct instrument *instrumented(const char *text, const char *file)
{
	struct instrument *i = NULL;
	const char *why = instrument(str_of(text), file, &i);

	ck_assert_msg(!why, "%s", why);
	ck_assert_ptr_nonnull(i->text);
	return i;
}

static void write_text(const char *path, const char *text, const char *mutant, const char *left)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fprintf(f, there, mutant, left);
	fclose(f);
}

static void cc(const char *how, const char *from, const char *to)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0) {
		execlp("cc", "cc", "-std=gnu17", "-O0", "-w", "-fPIC", "-Icore/adapter", how, from, "-o", to, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
}

/* ---- small functions ------------------------------------------------------ */

static const char *const lines[] = {
	"#include <string.h>",
	"#include <stdbool.h>",
	"#include <assert.h>",
	"int minus(int a, int b);",
	"struct adapter { int x, y : 3, z; char text[8], other[8]; };",
	"static int twice(int n) { int m = n; return m + n; }",
	"int equal(int a, int b) { return a == b; }",
	"int above(int a, int b) { return a > b; }",
	"int at_most(unsigned a, int b) { return (short)a <= (signed char)b; }",
	"int both(int a, int b) { if (a && b) return 7; return 8; }",
	"int either(int a, int b) { return a || (b && 1) ? 5 : 6; }",
	"int neither(int a, int b) { return !(a || b); }",
	"int lazy(int a, int b) { char *c = a ? \"x\" : 0; return c && c[0] == 'x' || b; }",
	"int number(int a, int b) { return a * 10 + b * 0x10; }",
	"int letters(int a, int b) { return \"abcd\"[a] - 'a' + b; }",
	"int put(int a, int b) { struct adapter s = { 0 }, *p = &s; p->x = a; p->z += b; return p->x * 10 + p->z; }",
	"int chars(int a, int b) { struct adapter s = { 0 }; s.text[0] = a; s.other[0] = b; return s.text[0]; }",
	"int call(int a, int b) { return minus(a, b); }",
	"int choose(int a, int b) { switch (a) { case 1: return 10; case 2: b += 1; case 3: b += 2; break; default: b = 9; } return b; }",
	"int words(int a, int b) { return strlen(a ? \"one\" : \"three\") + b; }",
	"int loop(int a, int b) { int n = 0; for (int i = a; i < b; i++) { if (i == 3) continue; n += i; } return n; }",
	"int pointers(int a, int b) { char t[9], *p = t + a, *q = t + b; return q - p + (p < q); }",
	"int truth(int a, int b) { bool t = true; return t ? a : b; }",
	"int table(int a, int b) { static const struct { int n; bool t; const char *s; } rows[] = { { 4, true, \"a\" }, { 5, false, \"bb\" } }; return rows[a].n + rows[a].t + (int)strlen(rows[a].s) + b; }",
	"int array(int a, int b) { char t[] = \"abc\"; return sizeof t * 10 + t[a] - 'a' + b; }",
	"int early(int a, int b) { if (a) return b; b++; return b; }",
	"int macro(int a, int b) { return a",
	"	// a comment (",
	"	+ /* and \" one */ b; }",
	"enum { MOST = 30, A_TAG = 2 }; void host_close(unsigned tag, int code);",
	"int limit(int a, int b) { char t[MOST]; assert(a < 100 && b); return a < MOST && sizeof t == MOST; }",
	"void tag(int a) { if (a) host_close(A_TAG, 1000); (void)a; }",
	"int nested(int a, int b) { return twice(a == b ? twice(a) : b) < 10 && !(a + 1 == b); }",
	"int whiles(int a, int b) { do { a--; if (a == 5) break; } while (a > b); while (1) { if (a++ > 6) return a; } }",
	"int elvis(int a, int b) { return a ?: b; }",
	"int odd(int a, int b) { if (a) ; else if (b) return 1; else { return 2; } return 3; }",
	"int inside(int a, int b) { switch (a) { case 1: switch (b) { case 1: return 11; case 2: return 12; } return 13; } return 14; }",
};
static const char before[] = "int minus(int a, int b) { return a - b; } void host_close(unsigned tag, int code) { }\n";
static void *small;
static struct instrument *small_probes;

static void make_small(void)
{
	struct buf text = buf_new(1 << 20);
	DEFER(text_free) char *source = NULL, *object = NULL;

	for (size_t i = 0; i < COUNT(lines); i++)
		buf_addf(&text, "%s\n", lines[i]);
	folders_begin();
	source = text_fmt("%s/small.c", folders);
	object = text_fmt("%s/small.so", folders);
	small_probes = instrumented(buf_text(&text), "small.c");
	buf_cut(&text, 0);
	buf_addf(&text, "%s%s", before, small_probes->text);
	write_text(source, buf_text(&text), "-1", "-1");
	buf_free(&text);
	cc("-shared", source, object);
	small = dlopen(object, RTLD_NOW | RTLD_LOCAL);
	ck_assert_msg(small != NULL, "%s", dlerror());
}

static void drop_small(void)
{
	dlclose(small);
	instrument_free(small_probes);
	folders_end();
}

static int line_of(const char *function)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		const char *at = strstr(lines[i], function);

		if (at && at > lines[i] && at[-1] == ' ' && at[strlen(function)] == '(' && at - lines[i] < 12)
			return (int)i + 1;
	}
	ck_abort_msg("no function %s", function);
}

static int run(const char *function, int a, int b)
{
	int (*f)(int, int) = (int (*)(int, int))dlsym(small, function);

	ck_assert_msg(f != NULL, "no function %s", function);
	return f(a, b);
}

static uint32_t mutant(int line, const char *what)
{
	for (size_t i = 0; i < small_probes->mutants_n; i++)
		if (small_probes->mutants[i].line == line && strcmp(small_probes->mutants[i].what, what) == 0)
			return (uint32_t)i;
	ck_abort_msg("line %d has no mutant: %s", line, what);
}

static const struct { const char *function; int a, b, was; const char *what; int is; } rows[] = {
	{ "equal", 1, 1, 1, "`==` became `!=`", 0 },
	{ "equal", 1, 1, 1, "`equal` returned at once", 0 },
	{ "above", 2, 2, 0, "`>` became `>=`", 1 },
	{ "above", 2, 1, 1, "`>` became `<=`", 0 },
	{ "at_most", 3, 3, 1, "`<=` became `<`", 0 },
	{ "at_most", 0x1FFFF, 255, 1, "`<=` became `>`", 0 },
	{ "both", 1, 0, 8, "`&&` became `||`", 7 },
	{ "both", 1, 1, 7, "the condition `a` was negated", 8 },
	{ "both", 1, 0, 8, "the condition `b` was negated", 7 },
	{ "both", 1, 1, 7, "`return 7;` was deleted", 8 },
	{ "both", 1, 1, 7, "`7` became `6`", 6 },
	{ "both", 0, 0, 8, "`8` became `0`", 0 },
	{ "either", 1, 0, 5, "`||` became `&&`", 6 },
	{ "either", 0, 0, 6, "`&&` became `||`", 5 },
	{ "either", 1, 1, 5, "`5` became `6`", 6 },
	{ "neither", 0, 0, 1, "`||` became `&&`", 1 },
	{ "neither", 1, 0, 0, "`||` became `&&`", 1 },
	{ "neither", 0, 0, 1, "the condition `b` was negated", 0 },
	{ "lazy", 0, 0, 0, "`'x'` became `'x' + 1`", 0 },
	{ "lazy", 1, 0, 1, "`'x'` became `'x' + 1`", 0 },
	{ "lazy", 1, 0, 1, "`==` became `!=`", 0 },
	{ "lazy", 1, 0, 1, "`\"x\"` got an `x` at its end", 1 },
	{ "number", 1, 1, 26, "`10` became `11`", 27 },
	{ "number", 1, 1, 26, "`0x10` became `15`", 25 },
	{ "number", 1, 1, 26, "`+` became `-`", -6 },
	{ "letters", 2, 1, 3, "`'a'` became `'a' + 1`", 2 },
	{ "letters", 2, 1, 3, "`+` became `-`", 1 },
	{ "put", 1, 2, 12, "`p->x` became `p->z`", 3 },
	{ "put", 1, 2, 12, "`p->z` became `p->x`", 30 },
	{ "put", 1, 2, 12, "`p->x = a;` was deleted", 2 },
	{ "put", 1, 2, 12, "`p->z += b;` was deleted", 10 },
	{ "chars", 1, 2, 1, "`s.text` became `s.other`", 0 },
	{ "call", 3, 1, 2, "arguments 1 and 2 of `minus` changed places", -2 },
	{ "choose", 1, 0, 10, "`case 1` was left out", 9 },
	{ "choose", 2, 0, 3, "`case 2` was left out", 9 },
	{ "choose", 2, 0, 3, "`b += 1;` was deleted", 2 },
	{ "choose", 3, 0, 2, "`break;` was deleted", 9 },
	{ "choose", 7, 0, 9, "`9` became `8`", 8 },
	{ "words", 1, 0, 3, "`\"one\"` got an `x` at its end", 4 },
	{ "loop", 2, 5, 6, "`<` became `<=`", 11 },
	{ "loop", 2, 5, 6, "`<` became `>=`", 0 },
	{ "loop", 2, 5, 6, "`continue;` was deleted", 9 },
	{ "pointers", 1, 4, 4, "`-` became `+`", 1 },
	{ "pointers", 4, 4, 0, "`<` became `<=`", 1 },
	{ "truth", 1, 2, 1, "`true` became `false`", 2 },
	{ "truth", 1, 2, 1, "the condition `t` was negated", 2 },
	{ "early", 1, 4, 4, "`return b;` was deleted", 5 },
	{ "early", 0, 4, 5, "`b++;` was deleted", 4 },
	{ "nested", 1, 1, 1, "`==` became `!=`", 1 },
	{ "nested", 1, 2, 0, "`+` became `-`", 1 },
	{ "whiles", 9, 4, 8, "`break;` was deleted", 8 },
	{ "inside", 1, 2, 12, "`case 2` was left out", 13 },
	{ "inside", 1, 2, 12, "`case 1` was left out", 14 },
	{ "elvis", 0, 2, 2, "`elvis` returned at once", 0 },
	{ "odd", 0, 1, 1, "`return 1;` was deleted", 3 },
	{ "odd", 0, 0, 2, "the condition `b` was negated", 1 },
};

START_TEST(a_mutant_is_there_only_while_it_is_switched_on)
{
	uint32_t *on = dlsym(small, "__probe_on");
	uint32_t number = mutant(line_of(rows[_i].function), rows[_i].what);
	int is;

	ck_assert_int_eq(run(rows[_i].function, rows[_i].a, rows[_i].b), rows[_i].was);
	*on = number;
	is = run(rows[_i].function, rows[_i].a, rows[_i].b);
	*on = PROBE_NONE;
	ck_assert_msg(is == rows[_i].is, "%s: %s: %d", rows[_i].function, rows[_i].what, is);
	ck_assert_int_eq(run(rows[_i].function, rows[_i].a, rows[_i].b), rows[_i].was);
}
END_TEST

static const struct { const char *function; int a, b; const char *want; } counts[] = {
	{ "equal", 1, 1, "" },
	{ "both", 1, 1, "`a` was never false; `b` was never false; `return 8;` was never executed; " },
	{ "both", 0, 1, "`a` was never true; `b` was never true; `b` was never false; `return 7;` was never executed; " },
	{ "neither", 0, 1, "`a` was never true; `b` was never false; " },
	{ "choose", 2, 0, "`case 1` was never taken; `case 3` was never taken; `default` was never taken; "
			  "`return 10;` was never executed; `b = 9;` was never executed; " },
	{ "choose", 5, 0, "`case 1` was never taken; `case 2` was never taken; `case 3` was never taken; "
			  "`return 10;` was never executed; `b += 1;` was never executed; `b += 2;` was never executed; " },
	{ "loop", 4, 5, "`i == 3` was never true; `continue;` was never executed; " },
	{ "truth", 0, 0, "`t` was never false; " },
	{ "odd", 1, 0, "`a` was never false; `b` was never true; `b` was never false; `return 1;` was never executed; "
		       "`return 2;` was never executed; " },
	{ "inside", 1, 1, "`case 2` was never taken; `return 12;` was never executed; `return 13;` was never executed; "
			  "`return 14;` was never executed; " },
	{ "whiles", 9, 8, "`a == 5` was never true; `a > b` was never true; `a++ > 6` was never false; " },
};

START_TEST(what_was_not_executed_is_named)
{
	uint32_t *hits = dlsym(small, "__probe_area");
	DEFER(buf_free) struct buf got = buf_new(4096);
	int line = line_of(counts[_i].function);

	memset(hits, 0, 4096 * sizeof *hits);
	run(counts[_i].function, counts[_i].a, counts[_i].b);
	for (size_t i = 0; i < small_probes->spots_n; i++) {
		DEFER(text_free) char *words = spot_words(&small_probes->spots[i]);

		if (small_probes->spots[i].line == line && !hits[i])
			buf_addf(&got, "%s; ", strstr(words, ": ") + 2);
	}
	ck_assert_str_eq(buf_text(&got), counts[_i].want);
}
END_TEST

START_TEST(only_what_calls_the_host_tells)
{
	for (size_t i = 0; i < small_probes->spots_n; i++)
		ck_assert_int_eq(small_probes->spots[i].tells, strcmp(small_probes->spots[i].what, "host_close(A_TAG, 1000);") == 0);
}
END_TEST

static const struct { const char *name, *line, *words; } never[] = {
	{ "the size of an array, or of a bit-field", "struct adapter", "" },
	{ "an assertion", "int limit", "`100`" },
	{ "an assertion as a whole", "int limit", "`assert" },
	{ "an assertion's condition", "int limit", "the condition `b`" },
	{ "the value of a tag", "enum { MOST", "`2`" },
	{ "the tag of a socket", "void tag", "`A_TAG`" },
	{ "a member of another type", "int put", "`p->x` became `p->text`" },
	{ "what is made of nothing", "int put", "`0`" },
	{ "what is ignored", "void tag", "`(void)a;`" },
	{ "the last return", "int early", "`return 5;`" },
	{ "the size of a variable", "int array", "`t`" },
};

START_TEST(what_is_left_out_has_no_mutant)
{
	for (size_t i = 0; i < small_probes->mutants_n; i++) {
		const struct mutant *m = &small_probes->mutants[i];

		ck_assert_msg(!str_starts(str_of(lines[m->line - 1]), never[_i].line) ||
			      !str_starts(str_of(m->what), never[_i].words), "%s: %s", never[_i].name, m->what);
	}
}
END_TEST

static void spent(void)
{
	_exit(42);
}

START_TEST(a_loop_without_an_end_is_ended_when_its_steps_are_spent)
{
	unsigned long *left = dlsym(small, "__probe_left");
	void (*tell)(void (*)(void)) = (void (*)(void (*)(void)))dlsym(small, "__probe_tell");
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		tell(spent);
		*left = 1000;
		run("loop", 0, 1 << 30);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 42);
}
END_TEST

static const struct { const char *name, *function, *what; int a, b, was, is; } apart[] = {
	{ "a cell that is a number", "table", "`4` became `5`", 0, 0, 6, 7 },
	{ "a cell that is true", "table", "`true` became `false`", 0, 0, 6, 5 },
	{ "a cell that is a text", "table", "`\"bb\"` got an `x` at its end", 1, 0, 7, 8 },
	{ "what an array is made of", "array", "`\"abc\"` got an `x` at its end", 0, 0, 40, 50 },
	{ "an enumerator", "limit", "`30` became `31`", 30, 1, 0, 1 },
	{ "an enumerator, less", "limit", "`30` became `29`", 29, 1, 1, 0 },
};

static int line_of_apart(const char *function)
{
	return strcmp(function, "limit") == 0 ? line_of("limit") - 1 : line_of(function);
}

START_TEST(a_mutant_that_no_switch_reaches_is_a_text_of_its_own)
{
	uint32_t number = mutant(line_of_apart(apart[_i].function), apart[_i].what);
	DEFER(text_free) char *text = instrument_apart(small_probes, number), *whole = text_fmt("%s%s", before, text);
	DEFER(text_free) char *source = text_fmt("%s/apart%d.c", folders, _i), *object = text_fmt("%s/apart%d.so", folders, _i);
	void *kept = small;

	ck_assert(small_probes->mutants[number].apart);
	ck_assert_int_eq(run(apart[_i].function, apart[_i].a, apart[_i].b), apart[_i].was);
	write_text(source, whole, "-1", "-1");
	cc("-shared", source, object);
	small = dlopen(object, RTLD_NOW | RTLD_LOCAL);
	ck_assert_msg(small != NULL, "%s", dlerror());
	ck_assert_int_eq(run(apart[_i].function, apart[_i].a, apart[_i].b), apart[_i].is);
	dlclose(small);
	small = kept;
}
END_TEST

START_TEST(lines_stay_where_they_are)
{
	const char *text = strstr(small_probes->text, "#line 1 \"small.c\"\n");
	int line = 0;

	ck_assert_ptr_nonnull(text);
	for (const char *at = strchr(text, '\n') + 1; *at; at = strchr(at, '\n') + 1) {
		const char *name = strchr(lines[line], '('), *from = name;

		while (from && from > lines[line] && from[-1] != ' ')
			from--;
		if (from && strstr(lines[line], "int ") == lines[line])
			ck_assert_msg(memmem(at, (size_t)(strchr(at, '\n') - at), from, (size_t)(name - from)) != NULL, "line %d", line + 1);
		line++;
	}
	ck_assert_int_eq(line, (int)COUNT(lines));
}
END_TEST

START_TEST(what_is_no_c_is_refused_by_its_line)
{
	struct instrument *i = NULL;
	const char *why = instrument(STR("int a;\nint f(void) { return ); }\n"), "x/adapter.c", &i);

	ck_assert_ptr_nonnull(why);
	ck_assert_msg(str_starts(str_of(why), "x/adapter.c:2: "), "%s", why);
	ck_assert_ptr_null(i);
}
END_TEST

START_TEST(each_beginning_of_an_adapter_is_read_or_refused)
{
	DEFER(buf_free) struct buf text = { 0 };

	ck_assert_int_eq(file_read("generated/slack/adapter.c", 1 << 20, &text), OK);
	for (size_t n = 0; n < text.len; n += 97) {
		struct instrument *i = NULL;
		const char *why = instrument((struct str){ text.at, n }, "a.c", &i);

		ck_assert(why || i->text);
		instrument_free(i);
	}
}
END_TEST

/* ---- the adapters of the project ------------------------------------------ */

static const char *const names[] = { "anthropic", "offline", "openai", "slack" };

static int make_probed(const char *name, const char *mutant_words)
{
	DEFER(text_free) char *file = text_fmt("generated/%s/adapter.c", name), *runner = built("runner.o");
	DEFER(text_free) char *source = text_fmt("%s/%s.c", folders, name), *object = text_fmt("%s/%s.o", folders, name);
	DEFER(text_free) char *made = text_fmt("%s/%s", folders, name), *on = text_dup("-1");
	DEFER(buf_free) struct buf text = { 0 };
	struct instrument *i;
	const char *why;

	ck_assert_int_eq(file_read(file, 1 << 20, &text), OK);
	i = instrumented(buf_text(&text), file);
	for (size_t k = 0; mutant_words && k < i->mutants_n; k++)
		if (strcmp(i->mutants[k].what, mutant_words) == 0) {
			free(on);
			on = text_fmt("%zu", k);
		}
	write_text(source, i->text, on, "-1");
	instrument_free(i);
	cc("-c", source, object);
	why = object_link(runner, object, made);
	ck_assert_msg(!why, "%s", why);
	return open(made, O_RDONLY | O_CLOEXEC);
}

static int failed_sections(struct replay *r, const char *file, size_t *ret_all)
{
	struct page *page = NULL;
	const char *why = page_read(file, r->manifest, &page);
	int failed = 0;

	ck_assert_msg(!why, "%s", why);
	for (size_t i = 0; i < page->n; i++) {
		struct outcome o;

		replay_section(r, &page->sections[i], &o);
		failed += !o.ok;
		outcome_free(&o);
	}
	*ret_all += page->n;
	page_free(page);
	return failed;
}

static int failed_of(const char *name, const char *mutant_words)
{
	DEFER(text_free) char *file = text_fmt("specs/%s/manifest.json", name), *folder_of = text_fmt("specs/%s", name);
	struct replay r = { .program = make_probed(name, mutant_words), .dice = 0.5 };
	struct manifest *m = NULL;
	const char *why = manifest_read(file, &m);
	DIR *pages = opendir(folder_of);
	size_t all = 0;
	int failed = 0;

	ck_assert_msg(!why, "%s", why);
	r.manifest = m;
	r.loop = loop_new();
	for (struct dirent *d = readdir(pages); d; d = readdir(pages)) {
		DEFER(text_free) char *page = text_fmt("%s/%s", folder_of, d->d_name);

		if (strstr(d->d_name, ".md"))
			failed += failed_sections(&r, page, &all);
	}
	closedir(pages);
	loop_free(r.loop);
	close(r.program);
	manifest_free(m);
	ck_assert_uint_gt(all, 5);
	return failed;
}

START_TEST(with_probes_an_adapter_does_what_every_page_says)
{
	ck_assert_int_eq(failed_of(names[_i], NULL), 0);
}
END_TEST

START_TEST(a_page_notices_a_mutant)
{
	ck_assert_int_gt(failed_of("offline", "member `text` became `textx`"), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("instrument");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, make_small, drop_small);
	tcase_add_loop_test(t, a_mutant_is_there_only_while_it_is_switched_on, 0, COUNT(rows));
	tcase_add_loop_test(t, what_was_not_executed_is_named, 0, COUNT(counts));
	tcase_add_test(t, only_what_calls_the_host_tells);
	tcase_add_loop_test(t, what_is_left_out_has_no_mutant, 0, COUNT(never));
	tcase_add_test(t, a_loop_without_an_end_is_ended_when_its_steps_are_spent);
	tcase_add_loop_test(t, a_mutant_that_no_switch_reaches_is_a_text_of_its_own, 0, COUNT(apart));
	tcase_add_test(t, lines_stay_where_they_are);
	tcase_add_test(t, what_is_no_c_is_refused_by_its_line);
	tcase_add_test(t, each_beginning_of_an_adapter_is_read_or_refused);
	tcase_add_loop_test(t, with_probes_an_adapter_does_what_every_page_says, 0, COUNT(names));
	tcase_add_test(t, a_page_notices_a_mutant);
	return verdict(s, t);
}
