/* test_sanitize.c - adapters in process: each sin is found, and its line; what is found does not
 * depend on who finds it; and the adapters of this project have none. */
#include "file.h"
#include "gate/crew.h"
#include "gate/inside.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char bad[] = "tests/bad/sins.c";

static const struct sin { const char *name, *what; bool plain; } sins[] = {
	{ "table", "index 7 out of bounds", false },
	{ "past the text", "past the end of a text", false },
	{ "past the array", "past the end of an array on its stack", false },
	{ "past the state", "past the end of a text or of JSON", false },
	{ "sum", "signed integer overflow", false },
	{ "shift", "shift exponent 47 is too large", false },
	{ "null", "null pointer", true },
	{ "division", "division by zero", true },
	{ "conversion", "outside the range of representable values", false },
	{ "recursion", "call one another without end", true },
	{ "loop", "it goes on and on", true },
	{ "loop of ours", "memory that it may have", true },
	{ "hunger", "memory that it may have", true },
	{ "exit", "it called exit()", true },
	{ "abort", "abort() was called", true },
	{ "socket", "it made a system call", true },
	{ "kill", "it made a system call", true },
	{ "misuse", "assertion failed: operation", true },
	{ "returned", "AddressSanitizer: stack-use-after-", false },
	{ "boolean", "load of value 170", false },
	{ "kept", "used memory that was gone", false },
	{ "kept event", "used memory that was gone", false },
};
enum { SINS = COUNT(sins) };

static const char manifest_text[] =
	"{\"name\": \"bird\", \"kind\": \"model\", \"abi\": 1, \"about\": \"A bird\",\n"
	" \"operations\": {\"talk\": {\"method\": \"POST\", \"url\": \"https://bird.example/talk\",\n"
	"   \"effects\": [], \"retry\": \"never\", \"shows\": {\"/say\": \"foreign\"}}}}\n";

static char folder[64], *root, *build, *plain, *sanitized;
static struct instance instance;
static struct manifest *manifest;
static struct page *page;

/* The project's folder is where we are; build/ is where this test lies. */
static void places_find(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0';
	build = text_dup(self);
	root = realpath(".", NULL);
	instance = (struct instance){ .root = root, .build = build };
}

static void page_make(void)
{
	DEFER(buf_free) struct buf b = buf_new(65536);
	const char *why;

	buf_adds(&b, "# Sins\n");
	for (int i = -1; i <= SINS; i++)
		buf_addf(&b, "## Section %d\n```transcript\n"
			 "< turn {\"model\": \"%s\", \"max_tokens\": 7, \"system\": \"Be kind.\", \"messages\": []}\n"
			 "> http POST https://bird.example/talk\n< http 200 {\"say\": \"hi\"}\n"
			 "> result {\"stop\": \"end\", \"text\": \"hi\", \"calls\": []}\n```\n",
			 i, i < 0 || i == SINS ? "none" : sins[i].name);
	why = page_parse(&(struct page_text){ .text = buf_str(&b), .file = "sins.md", .folder = "." }, manifest, &page, NULL);
	ck_assert_msg(!why, "%s", why);
}

static char *library_make(const char *name, enum harness mode)
{
	char *library = text_fmt("%s/%s.so", folder, name);
	struct failure f = { 0 };

	ck_assert_msg(adapter_library(&instance, bad, library, mode, &f), "%s: %s", f.what, f.happened);
	return library;
}

static void all_make(void)
{
	const char *why = manifest_parse(STR(manifest_text), "manifest.json", &manifest);

	ck_assert_msg(!why, "%s", why);
	snprintf(folder, sizeof folder, "/tmp/chela-sins-XXXXXX");
	ck_assert(mkdtemp(folder));
	places_find();
	page_make();
	plain = library_make("plain", HARNESS_PLAIN);
	sanitized = library_make("sanitized", HARNESS_SANITIZED);
}

static void all_drop(void)
{
	unlink(plain);
	unlink(sanitized);
	rmdir(folder);
	free(plain);
	free(sanitized);
	free(root);
	free(build);
	page_free(page);
	manifest_free(manifest);
}

static struct crew *crew(enum harness mode)
{
	struct failure f = { 0 };
	struct crew *c = crew_new(&instance, mode, mode == HARNESS_PLAIN ? plain : sanitized, manifest, &f);

	ck_assert_msg(c, "%s", f.what);
	return c;
}

/* Those of the page, from one to before another. */
static const struct section **sections(size_t from, size_t to)
{
	const struct section **list = mem_new(to - from, sizeof *list);

	for (size_t i = from; i < to; i++)
		list[i - from] = &page->sections[i];
	return list;
}

static void run(struct crew *c, struct crew_job *jobs, size_t n)
{
	struct failure f = { 0 };

	ck_assert_msg(crew_run(c, jobs, n, &f), "%s", f.what);
}

/* The line of the source that ends with this sin's name. */
static int line_of_sin(const char *name)
{
	DEFER(text_free) char *mark = text_fmt("/* %s */\n", name);
	DEFER(buf_free) struct buf text = { 0 };
	const char *at;
	int line = 1;

	ck_assert_int_eq(file_read(bad, 1 << 20, &text), OK);
	at = strstr(text.at, mark);
	ck_assert_msg(at != NULL, "%s", name);
	for (const char *c = text.at; c < at; c++)
		line += *c == '\n';
	return line;
}

static void is_found(const struct crew *c, const struct sin *sin, struct crew_red *r)
{
	crew_place(c, r);
	ck_assert_msg(r->died, "%s: %s", sin->name, r->outcome.what);
	ck_assert_msg(strstr(r->outcome.what, sin->what), "%s: %s", sin->name, r->outcome.what);
	ck_assert_msg(r->source && strcmp(r->source, bad) == 0, "%s: %s", sin->name, r->source);
	ck_assert_msg(r->source_line == line_of_sin(sin->name), "%s: line %d", sin->name, r->source_line);
	ck_assert_str_eq(r->outcome.file, "sins.md");
	ck_assert_msg(r->outcome.remedy && *r->outcome.remedy, "%s", sin->name);
}

START_TEST(each_sin_is_found_with_its_line)
{
	struct crew *c = crew(HARNESS_SANITIZED);
	const struct section **all = sections(0, page->n);
	struct crew_job j = { .sections = all, .n = page->n, .dice = 0.5, .all = true };

	run(c, &j, 1);
	for (size_t i = 0; i < j.reds_n && i < SINS; i++) {
		const struct section *s = &page->sections[i + 1];

		ck_assert_msg(j.reds[i].section == s, "%s was not found, but %s", sins[i].name, j.reds[i].section->title);
		is_found(c, &sins[i], &j.reds[i]);
		ck_assert_msg(j.reds[i].outcome.line == s->steps[strstr(sins[i].name, "kept") ? 2 : 0].line, "%s", sins[i].name);
	}
	ck_assert_uint_eq(j.reds_n, SINS);
	crew_job_free(&j);
	free(all);
	crew_free(c);
}
END_TEST

START_TEST(without_sanitizers_what_ends_the_process_is_found)
{
	struct crew *c = crew(HARNESS_PLAIN);
	const struct section **all = sections(0, page->n);
	struct crew_job j = { .sections = all, .n = page->n, .dice = 0.5, .all = true };
	size_t found = 0;

	run(c, &j, 1);
	for (size_t i = 0; i < j.reds_n; i++) {
		const struct sin *sin = &sins[j.reds[i].section - page->sections - 1];

		if (!sin->plain)
			continue;
		crew_place(c, &j.reds[i]);
		ck_assert_msg(j.reds[i].died && j.reds[i].source_line == line_of_sin(sin->name), "%s: line %d: %s", sin->name,
			      j.reds[i].source_line, j.reds[i].outcome.what);
		found++;
	}
	for (size_t i = 0; i < SINS; i++)
		found -= sins[i].plain;
	ck_assert_uint_eq(found, 0);
	crew_job_free(&j);
	free(all);
	crew_free(c);
}
END_TEST

START_TEST(a_job_ends_at_its_first_red_section)
{
	struct crew *c = crew(HARNESS_PLAIN);
	const struct section **all = sections(0, page->n);
	struct crew_job j = { .sections = all + 7, .n = page->n - 7, .dice = 0.5 };

	run(c, &j, 1);
	ck_assert_uint_eq(j.reds_n, 1);
	ck_assert_ptr_eq(j.reds[0].section, &page->sections[7]);
	crew_job_free(&j);
	free(all);
	crew_free(c);
}
END_TEST

START_TEST(a_mutant_runs_alone_and_what_is_counted_is_seen)
{
	enum { JOBS = 40 };
	struct crew *c = crew(HARNESS_PLAIN);
	const struct section **first = sections(0, 1);
	struct crew_job jobs[JOBS];

	for (uint32_t i = 0; i < JOBS; i++)
		jobs[i] = (struct crew_job){ .sections = first, .n = 1, .dice = 0.5, .mutant = i % 4 };
	run(c, jobs, JOBS);
	for (uint32_t i = 0; i < JOBS; i++) {
		ck_assert_msg(jobs[i].reds_n == (i % 4 > 0), "job %u", i);
		if (i % 4)
			ck_assert_msg(strstr(jobs[i].reds[0].outcome.what, "\"hi\" was expected, \"again\" came"), "%s",
				      jobs[i].reds[0].outcome.what);
		crew_job_free(&jobs[i]);
	}
	ck_assert_uint_gt(crew_hits(c)[12], 0);		/* EVENT_TURN */
	ck_assert_uint_eq(crew_hits(c)[8], 0);		/* EVENT_TIMER */
	free(first);
	crew_free(c);
}
END_TEST

START_TEST(state_and_memory_do_not_outlive_their_section)
{
	enum { TIMES = 300 };
	struct crew *c = crew(HARNESS_SANITIZED);
	const struct section *many[TIMES];
	struct crew_job j = { .sections = many, .n = TIMES, .dice = 0.5, .all = true };

	for (size_t i = 0; i < TIMES; i++)
		many[i] = &page->sections[i % 2 ? 0 : page->n - 1];
	run(c, &j, 1);
	ck_assert_msg(j.reds_n == 0, "%s", j.reds_n ? j.reds[0].outcome.what : "");
	crew_job_free(&j);
	crew_free(c);
}
END_TEST

START_TEST(what_is_no_library_is_told)
{
	struct failure f = { 0 };
	DEFER(text_free) char *nowhere = text_fmt("%s/nowhere.so", folder);

	ck_assert_ptr_null(crew_new(&instance, HARNESS_PLAIN, nowhere, manifest, &f));
	ck_assert_msg(f.what && strstr(f.what, "does not work") && strstr(f.what, "nowhere.so"), "%s", f.what);
	failure_free(&f);
	instance.build = folder;
	ck_assert_ptr_null(crew_new(&instance, HARNESS_PLAIN, plain, manifest, &f));
	instance.build = build;
	ck_assert_msg(f.what && strstr(f.what, "cannot be started"), "%s", f.what);
	failure_free(&f);
}
END_TEST

static const struct { const char *name, *text, *what; int line; } paths[] = {
	{ "a branch", "static bool f(int *n, int s)\n{\n\tif (s == 9)\n\t\t*n = 1;\n\treturn s;\n}\n"
		      "int g(int s);\nint g(int s)\n{\n\tint n;\n\treturn f(&n, s) && n > 3;\n}\n", "garbage", 11 },
	{ "a member", "struct p { int a, b; };\nint g(int s);\nint g(int s)\n{\n\tstruct p p;\n\tif (s)\n\t\tp.a = 1;\n\tp.b = 2;\n"
		      "\treturn p.b + p.a;\n}\n", "garbage", 9 },
	{ "every path writes", "int g(int s);\nint g(int s)\n{\n\tint n;\n\tif (s)\n\t\tn = 1;\n\telse\n\t\tn = 2;\n\treturn n;\n}\n", NULL, 0 },
	{ "null is none of it", "int g(const char *s);\nint g(const char *s)\n{\n\tif (s)\n\t\treturn 1;\n\treturn *s;\n}\n", NULL, 0 },
};

START_TEST(a_path_that_reads_what_was_never_written_is_found)
{
	DEFER(text_free) char *source = text_fmt("%s/path.c", folder);
	DEFER(text_free) char *text = text_fmt("#include \"adapter.h\"\n%s", paths[_i].text);
	struct failure f = { 0 };

	ck_assert_int_eq(file_write(source, str_of(text), 0600), OK);
	ck_assert_msg(adapter_paths(&instance, source, &f) == !paths[_i].what, "%s: %s", paths[_i].name, f.what);
	if (paths[_i].what)
		ck_assert_msg(strstr(f.what, paths[_i].what) && f.line == paths[_i].line + 1 && strstr(f.remedy, "its value"),
			      "%s: line %d: %s", paths[_i].name, f.line, f.what);
	failure_free(&f);
	unlink(source);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sanitize");
	TCase *t = tcase_create("sanitize");
	SRunner *r = srunner_create(s);

	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, all_make, all_drop);
	tcase_add_test(t, each_sin_is_found_with_its_line);
	tcase_add_test(t, without_sanitizers_what_ends_the_process_is_found);
	tcase_add_test(t, a_job_ends_at_its_first_red_section);
	tcase_add_test(t, a_mutant_runs_alone_and_what_is_counted_is_seen);
	tcase_add_test(t, state_and_memory_do_not_outlive_their_section);
	tcase_add_test(t, what_is_no_library_is_told);
	tcase_add_loop_test(t, a_path_that_reads_what_was_never_written_is_found, 0, COUNT(paths));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	return srunner_ntests_failed(r) ? (srunner_free(r), EXIT_FAILURE) : (srunner_free(r), EXIT_SUCCESS);
}
