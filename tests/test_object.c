/* test_object.c - what an adapter's object may hold. */
#include "adapter/adapter.h"
#include "gate/object.h"
#include "puppet.h"
#include <ctype.h>
#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#define ADAPTER "#include \"adapter.h\"\nstruct adapter { int n; };\nconst size_t adapter_size = sizeof(struct adapter);\n"
#define EVENT "void adapter_event(struct adapter *a, const struct event *ev) { a->n += ev->kind; "
#define WHOLE ADAPTER EVENT "}\n"

static const struct { const char *name, *source, *why; } objects[] = {
	{ "the smallest adapter", WHOLE, NULL },
	{ "a table that it uses", ADAPTER "static const char *const t[] = { \"a\", \"b\" };\n" EVENT
	  "host_log(\"%s\", t[a->n & 1]); }\n", NULL },
	{ "what adapter.h offers", ADAPTER EVENT "host_result(1, json_make(\"{a:%s}\", text_make(\"%d\", a->n))); }\n", NULL },
	{ "a large struct that the compiler clears", ADAPTER EVENT "char b[9000] = { 0 }; b[a->n & 7] = 1; host_log(\"%s\", b); }\n", NULL },
	{ "an assertion", "#include <assert.h>\n" ADAPTER EVENT "assert(a->n); }\n", NULL },
	{ "nothing", "", "does not define adapter_event" },
	{ "no size", "#include \"adapter.h\"\nvoid adapter_event(struct adapter *a, const struct event *ev) { (void)a; (void)ev; }\n",
	  "does not define adapter_size" },
	{ "no event", ADAPTER, "does not define adapter_event" },
	{ "a variable", WHOLE "static int counter = 3; static int *get(void) { return &counter; }\n"
	  "static int *(*const keep)(void) __attribute__((used)) = get;\n", "counter can change" },
	{ "a zero variable", WHOLE "static int zeroed __attribute__((used));\n", "zeroed can change" },
	{ "a variable within a function", ADAPTER EVENT "static int times; a->n = ++times; }\n", "times can change" },
	{ "a table that lacks a const", ADAPTER "static const char *names[] = { \"a\", \"b\" };\n" EVENT
	  "names[a->n & 1] = ev->name; a->n += names[ev->tag & 1][0]; }\n", "names can change" },
	{ "a variable of a thread", WHOLE "static __thread int mine __attribute__((used));\n", "can change" },
	{ "a common variable", WHOLE "int common __attribute__((common));\n", "common" },
	{ "a constant that all can see", WHOLE "const int answer = 42;\n", "answer can be seen" },
	{ "a function that all can see", WHOLE "int more(void); int more(void) { return 1; }\n", "more can be seen" },
	{ "a weak function", WHOLE "__attribute__((weak)) int feeble(void); int feeble(void) { return 1; }\n", "feeble can be seen" },
	{ "its own sandbox", WHOLE "int seccomp_load(void *f); int seccomp_load(void *f) { (void)f; return 0; }\n",
	  "seccomp_load can be seen" },
	{ "a main", WHOLE "int main(void) { return 0; }\n", "main can be seen" },
	{ "a constructor", WHOLE "__attribute__((constructor)) static void early(void) { host_log(\"early\"); }\n", "init_array" },
	{ "a destructor", WHOLE "__attribute__((destructor)) static void late(void) { host_log(\"late\"); }\n", "fini_array" },
	{ "code for before the start", WHOLE "static void early(void) { }\n"
	  "__attribute__((section(\".preinit_array\"), used)) static void (*const p)(void) = early;\n", "preinit_array" },
	{ "code in .init", WHOLE "__attribute__((section(\".init\"), used)) static void early(void) { }\n", ".init" },
	{ "a function found at start", WHOLE "static int one(void) { return 1; }\n"
	  "static int (*choose(void))(void) { return one; }\n"
	  "static int chosen(void) __attribute__((ifunc(\"choose\"), used));\n", "of a kind that is not allowed" },
	{ "a section of its own", WHOLE "__attribute__((section(\"mine\"), used)) static const int x = 1;\n", "\"mine\"" },
	{ "constants that can change", WHOLE "__attribute__((section(\".rodata.x\"), used)) static int changing = 1;\n", "changing can change" },
	{ "a variable that looks like a constant", WHOLE "__attribute__((section(\".data.rel.rot\"), used)) static int rotten = 1;\n",
	  "rotten can change" },
	{ "code that can change", WHOLE "__asm__(\".section .text.w,\\\"awx\\\"\\n nop\\n .text\");\n", "may not be executable" },
	{ "constants that can run", WHOLE "__asm__(\".section .rodata.x,\\\"ax\\\"\\n nop\\n .text\");\n", "may not be executable" },
	{ "an executable stack", WHOLE "__asm__(\".section .note.GNU-stack,\\\"x\\\",@progbits\\n .text\");\n", "executable stack" },
	{ "open", ADAPTER EVENT "extern int open(const char *, int); a->n = open(\"/\", 0); }\n", "it calls open," },
	{ "malloc", ADAPTER EVENT "extern void *malloc(unsigned long); host_log(\"%p\", malloc(ev->tag)); }\n", "it calls malloc," },
	{ "a variable of the C library", ADAPTER EVENT "extern char **environ; host_log(\"%s\", environ[0]); }\n", "it calls environ," },
	{ "the runner's own functions", ADAPTER EVENT "extern void last_words_heard(_Bool); last_words_heard(0); }\n",
	  "it calls last_words_heard," },
	{ "cJSON past our helpers", ADAPTER EVENT "cJSON_Delete((cJSON *)ev->json); }\n", "it calls cJSON_Delete," },
	{ "a weak call", ADAPTER "extern int getpid(void) __attribute__((weak));\n" EVENT "a->n = getpid ? getpid() : 0; }\n",
	  "it calls getpid," },
	{ "an event that is no function", "#include <stddef.h>\nconst size_t adapter_size = 4; const int adapter_event = 1;\n", "must be a function" },
	{ "a size that can change", "#include <stddef.h>\nsize_t adapter_size = 4; struct adapter; struct event;\n"
	  "void adapter_event(struct adapter *a, const struct event *ev) { (void)a; (void)ev; }\n", "adapter_size can change" },
	{ "a size of another type", "#include <stddef.h>\nconst char adapter_size = 4; struct adapter; struct event;\n"
	  "void adapter_event(struct adapter *a, const struct event *ev) { (void)a; (void)ev; }\n", "const size_t" },
	{ "a weak event", ADAPTER "__attribute__((weak)) void adapter_event(struct adapter *a, const struct event *ev) { (void)a; (void)ev; }\n",
	  "ordinary global name" },
};

static void write_source(const char *name, const char *source)
{
	DEFER(text_free) char *path = text_fmt("%s/%s.c", folder, name);
	FILE *f = fopen(path, "we");

	if (!f || fputs(source, f) < 0 || fclose(f) != 0)
		abort();
}

static char *object_named(const char *name)
{
	return text_fmt("%s/%s.o", folder, name);
}

/* All at once, for each call of the compiler costs. */
static void compile_sources(void)
{
	DEFER(text_free) char *command =
		text_fmt("include=$PWD/core/adapter; cd %s && ls *.c | xargs -P 2 -n 12 cc -std=gnu17 -O1 -w -fPIE -fno-common "
			 "-Wa,--noexecstack -fstack-protector-strong -I$include -c", folder);

	sh(command);
}

START_TEST(an_object_holds_only_what_it_may)
{
	DEFER(text_free) char *name = text_fmt("%d", _i);
	DEFER(text_free) char *object = object_named(name);
	const char *why = object_check(object);

	ck_assert_msg(objects[_i].why ? why && strstr(why, objects[_i].why) : !why, "%s: %s", objects[_i].name,
		      why ? why : "taken");
}
END_TEST

/* ---- every function of adapter.h ----------------------------------------- */

/* The next name in the header that a function is declared with. */
static const char *next_function(const char *at, char *ret_name, size_t size)
{
	static const char *const prefixes[] = { "host_", "json_", "text_" };

	for (; *at; at++)
		for (size_t i = 0; i < COUNT(prefixes); i++) {
			size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz_");

			if (!str_starts(str_of(at), prefixes[i]) || (at[-1] != ' ' && at[-1] != '*') || at[n] != '(' ||
			    at[n + 1] == ')' || n >= size || strchr("%\"", at[n + 1]))
				continue;
			snprintf(ret_name, size, "%.*s", (int)n, at);
			return at + n;
		}
	return NULL;
}

/* An adapter that uses each of them. */
static void write_user_of_all(void)
{
	static char header[64 * 1024];
	struct buf source = buf_new(64 * 1024);
	FILE *f = fopen("core/adapter/adapter.h", "re");
	const char *at = header + 1;
	char name[64];
	int n = 0;

	if (!f || fread(header, 1, sizeof header - 1, f) < 1000 || fclose(f) != 0)
		abort();
	buf_adds(&source, WHOLE "static const void *const uses[] __attribute__((used)) = {\n");
	while ((at = next_function(at, name, sizeof name)) != NULL && ++n)
		buf_addf(&source, "\t(const void *)%s,\n", name);
	buf_adds(&source, "};\n");
	if (n < 36)
		abort();
	write_source("all", buf_text(&source));
	buf_free(&source);
}

START_TEST(every_function_of_adapter_h_may_be_called)
{
	DEFER(text_free) char *object = object_named("all");
	const char *why = object_check(object);

	ck_assert_msg(!why, "%s", why);
}
END_TEST

/* ---- files that are damaged ---------------------------------------------- */

static char good[256 * 1024];
static size_t good_n;

static const char *check_bytes(const char *bytes, size_t n)
{
	DEFER(text_free) char *path = text_fmt("%s/%d.damaged", folder, (int)getpid());
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert(fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
	return object_check(path);
}

START_TEST(an_object_that_is_cut_is_refused)
{
	for (size_t n = 0; n < good_n; n += n < sizeof(ElfW(Ehdr)) || n > good_n - 64 ? 1 : 97)
		ck_assert_msg(check_bytes(good, n) != NULL, "%zu of %zu bytes", n, good_n);
	ck_assert_ptr_null(check_bytes(good, good_n));
}
END_TEST

/* Where the name runs on, the file ends, and after it a page that is none. */
START_TEST(a_name_that_does_not_end_is_refused)
{
	static char bytes[sizeof good + 4096];
	ElfW(Ehdr) *head = (ElfW(Ehdr) *)(void *)bytes;
	ElfW(Shdr) *names;
	const char *why;
	size_t n = (good_n / 4096 + 1) * 4096;

	memcpy(bytes, good, good_n);
	memset(bytes + good_n, 'x', n - good_n);
	names = (ElfW(Shdr) *)(void *)(bytes + head->e_shoff) + head->e_shstrndx;
	names->sh_offset = n - names->sh_size;
	why = check_bytes(bytes, n);
	ck_assert_msg(why && strstr(why, "has no name"), "%s", why ? why : "taken");
}
END_TEST

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Where the tables are, so that most blows land there. */
START_TEST(an_object_that_is_damaged_does_no_harm)
{
	static const char odd[] = { 0, 1, 0x7F, (char)0x80, (char)0xFF };
	static char bytes[sizeof good];
	const ElfW(Ehdr) *head = (const ElfW(Ehdr) *)(const void *)good;
	uint32_t seed = 7;

	for (int round = 0; round < 4000; round++) {
		memcpy(bytes, good, good_n);
		for (int blows = 0; blows < 3; blows++) {
			size_t from = round % 3 == 0 ? 0 : head->e_shoff, n = round % 3 == 0 ? sizeof *head : good_n - from;

			bytes[from + next_random(&seed) % n] = odd[next_random(&seed) % sizeof odd];
		}
		if (check_bytes(bytes, good_n))
			continue;
	}
}
END_TEST

static const struct { const char *name, *path, *why; } files[] = {
	{ "no file", "/nowhere/at/all.o", "No such file" },
	{ "a folder", "/tmp", "" },
	{ "a program", "/proc/self/exe", "no object file" },
	{ "an empty file", "/dev/null", "empty" },
	{ "a text", "Makefile", "no object file" },
};

START_TEST(what_is_no_object_is_refused)
{
	const char *why = object_check(files[_i].path);

	ck_assert_msg(why && strstr(why, files[_i].why), "%s: %s", files[_i].name, why ? why : "taken");
}
END_TEST

/* ---- linking ------------------------------------------------------------- */

START_TEST(a_program_is_made_and_nothing_is_left_over)
{
	DEFER(text_free) char *object = object_named("whole"), *runner = built("runner.o");
	DEFER(text_free) char *program = text_fmt("%s/%d", folder, (int)getpid());
	DEFER(text_free) char *kept = text_fmt("%s.kept.o", program);

	ck_assert_ptr_null(object_link(runner, object, program));
	ck_assert_int_eq(access(program, X_OK), 0);
	ck_assert_int_ne(access(kept, F_OK), 0);
}
END_TEST

START_TEST(a_link_that_fails_says_why)
{
	DEFER(text_free) char *object = object_named("half"), *runner = built("runner.o");
	DEFER(text_free) char *program = text_fmt("%s/%d", folder, (int)getpid());
	const char *why = object_link(runner, object, program);

	ck_assert_msg(why && strstr(why, "cc failed") && strstr(why, "adapter_event"), "%s", why ? why : "linked");
	why = object_link(runner, "/nowhere.o", program);
	ck_assert_msg(why && strstr(why, "objcopy failed") && strstr(why, "nowhere"), "%s", why ? why : "linked");
}
END_TEST

static void read_good(void)
{
	DEFER(text_free) char *object = object_named("whole");
	FILE *f = fopen(object, "re");

	good_n = f ? fread(good, 1, sizeof good, f) : 0;
	if (f)
		fclose(f);
}

static void make_objects(void)
{
	for (size_t i = 0; i < COUNT(objects); i++) {
		DEFER(text_free) char *name = text_fmt("%zu", i);

		write_source(name, objects[i].source);
	}
	write_source("whole", WHOLE);
	write_source("half", ADAPTER);
	write_user_of_all();
	compile_sources();
}

int main(void)
{
	Suite *s = suite_create("object");
	TCase *t = tcase_create("object");
	SRunner *r = srunner_create(s);
	int failed;

	folder_make();
	make_objects();
	read_good();
	tcase_set_timeout(t, 30);
	suite_add_tcase(s, t);
	tcase_add_loop_test(t, an_object_holds_only_what_it_may, 0, COUNT(objects));
	tcase_add_test(t, every_function_of_adapter_h_may_be_called);
	tcase_add_test(t, an_object_that_is_cut_is_refused);
	tcase_add_test(t, a_name_that_does_not_end_is_refused);
	tcase_add_test(t, an_object_that_is_damaged_does_no_harm);
	tcase_add_loop_test(t, what_is_no_object_is_refused, 0, COUNT(files));
	tcase_add_test(t, a_program_is_made_and_nothing_is_left_over);
	tcase_add_test(t, a_link_that_fails_says_why);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	folder_drop();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
