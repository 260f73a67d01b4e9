/* test_gate.c - a whole check, in a project of its own: what passes is put in place and
 * sealed, what is refused changes nothing, and every report says so. */
#include "file.h"
#include "gate/checks.h"
#include "gate/report.h"
#include "prepare.h"
#include "seal.h"
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64];
static struct instance *instance;

/* ---- a project ----------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void put(const char *path, const char *text)
{
	enum err e = file_write(path, str_of(text), 0600);

	ck_assert_msg(e == OK, "%s", path);
}

static char *get(const char *path)
{
	struct buf text;

	return file_read(path, (size_t)1 << 24, &text) == OK ? buf_take(&text) : NULL;
}

/* build/, where the runner stands beside the tests that run. */
static char *build_folder(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0';
	return text_dup(self);
}

static const char manifest[] =
	"{\"name\": \"bird\", \"kind\": \"model\", \"abi\": 1, \"about\": \"A bird\",\n"
	" \"operations\": {\"talk\": {\"method\": \"POST\", \"url\": \"https://bird.example/talk\",\n"
	"   \"effects\": [], \"retry\": \"never\", \"shows\": {\"/say\": \"foreign\"}}}}\n";

static const char page[] =
	"# The bird\n"
	"## It talks\n"
	"```transcript\n"
	"< turn {\"model\": \"m\", \"messages\": []}\n"
	"> http POST https://bird.example/talk\n"
	"< http 200 {\"say\": \"hi\"}\n"
	"> result {\"stop\": \"end\", \"text\": \"hi\", \"calls\": []}\n"
	"```\n"
	"## It is ill\n"
	"```transcript\n"
	"< turn {\"model\": \"m\", \"messages\": []}\n"
	"> http POST https://bird.example/talk\n"
	"< http 500\n"
	"> failed like {\"class\": \"platform\"}\n"
	"```\n";

#define ADAPTER(body) \
	"#include \"adapter.h\"\n" \
	"struct adapter { uint32_t ref; };\n" \
	"const size_t adapter_size = sizeof(struct adapter);\n" \
	"void adapter_event(struct adapter *a, const struct event *ev)\n" \
	"{\n" body \
	"	if (ev->kind == EVENT_TURN) {\n" \
	"		a->ref = ev->ref;\n" \
	"		host_call(a->ref, 1, \"talk\", NULL);\n" \
	"	} else if (ev->kind == EVENT_HTTP && ev->failure) {\n" \
	"		host_failed(a->ref, ev->failure, \"%s\", ev->text);\n" \
	"	} else if (ev->kind == EVENT_HTTP) {\n" \
	"		host_result(a->ref, json_make(\"{stop:'end',text:%s,calls:%j}\", json_text(ev->json, \"/say\"), json_list()));\n" \
	"	}\n" \
	"}\n"

static const char adapter[] = ADAPTER("");

/* Each test begins with a contract that is good and a program that has passed. */
static void project_mend(void)
{
	put("specs/bird/manifest.json", manifest);
	put("specs/bird/talk.md", page);
	put("generated/bird/adapter.c", adapter);
	unlink("specs/bird/more.md");
}

static void link_to(const char *from, const char *name)
{
	DEFER(text_free) char *target = realpath(from, NULL);

	ck_assert_msg(target && symlink(target, name) == 0, "%s", name);
}

static void project_make(void)
{
	DEFER(text_free) char *here = realpath(".", NULL);
	DEFER(text_free) char *build = build_folder();
	DEFER(text_free) char *header = text_fmt("%s/core/adapter/adapter.h", here);
	DEFER(text_free) char *runner = text_fmt("%s/runner.o", build);
	DEFER(text_free) char *harness = text_fmt("%s/harness-sanitized", build);
	DEFER(buf_free) struct buf said = buf_new(65536);
	static const char *const folders[] = {
		"specs", "specs/bird", "generated", "generated/bird", "core", "core/adapter", "build",
	};
	struct check *c;
	const char *why;

	snprintf(root, sizeof root, "/tmp/chela-gate-XXXXXX");
	ck_assert(mkdtemp(root) && chdir(root) == 0);
	for (size_t i = 0; i < COUNT(folders); i++)
		ck_assert_int_eq(mkdir(folders[i], 0700), 0);
	project_mend();
	link_to(header, "core/adapter/adapter.h");
	link_to(runner, "build/runner.o");
	link_to(harness, "build/harness-sanitized");
	why = instance_find(root, NULL, &instance);
	ck_assert_msg(!why, "%s", why);
	free(instance->build);
	instance->build = text_fmt("%s/build", root);
	why = prepare_instance(instance, &said);
	ck_assert_msg(!why, "%s", why);
	c = check_new(instance, "bird", false);
	ck_assert(check_run(c));
	check_free(c);
}

static void project_drop(void)
{
	instance_free(instance);
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- checks -------------------------------------------------------------- */

/* The report, owned. */
static char *check(const char *name, enum report_kind kind, bool *ret_passed)
{
	struct check *c = check_new(instance, name, false);
	struct buf out = buf_new((size_t)1 << 20);
	struct report r = { .kind = kind, .n = 1 };

	*ret_passed = check_run(c);
	report_begin(&r, &out);
	report_add(&r, c, *ret_passed, &out);
	report_end(&r, &out);
	check_free(c);
	return buf_take(&out);
}

static cJSON *check_json(const char *name)
{
	bool passed;
	DEFER(text_free) char *text = check(name, REPORT_JSON, &passed);
	cJSON *json = NULL;
	const char *why = json_decode(str_of(text), &json);

	ck_assert_msg(!why, "%s: %s", why, text);
	ck_assert(json_true(json, "/ok") == passed);
	return json;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* All that is here is committed. */
static int git_commit(void)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "git init -q . && git add specs && git -c user.name=a -c user.email=a@b.example commit -qm x",
		      (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status;
}

static const cJSON *stage(const cJSON *json, const char *name)
{
	for (const cJSON *s = json_first(json_at(json, "/stages")); s; s = s->next)
		if (json_is(s, "/name", name))
			return cJSON_GetObjectItemCaseSensitive(s, "ok");
	ck_abort_msg("there is no stage %s", name);
	return NULL;
}

START_TEST(what_passes_is_put_in_place_and_sealed)
{
	static const char *const later[] = { "lint", "laws", "cover", "fuzz", "mutants" };
	DEFER(json_drop) cJSON *json = NULL;
	DEFER(text_free) char *why = NULL;
	int64_t sections = 0;
	int fd = -1;

	ck_assert(unlink("build/adapters/bird") == 0 && unlink("instance/seals/bird.json") == 0);
	json = check_json("bird");

	ck_assert_msg(json_true(json, "/ok"), "%s", json_text(json, "/failure/what"));
	ck_assert_ptr_null(json_at(json, "/failure"));
	ck_assert(cJSON_IsTrue(stage(json, "contract")) && cJSON_IsTrue(stage(json, "build")));
	ck_assert(cJSON_IsTrue(stage(json, "pages")) && cJSON_IsTrue(stage(json, "seal")));
	for (size_t i = 0; i < COUNT(later); i++)
		ck_assert_msg(cJSON_IsNull(stage(json, later[i])), "%s was not run, and has not passed", later[i]);
	ck_assert(json_number(json, "/stages/2/pages/0/sections", 0, 10, &sections) && sections == 2);
	ck_assert(json_number(json, "/stages/2/pages/0/like", 0, 10, &sections) && sections == 1);
	ck_assert_int_eq(access("build/adapters/bird", X_OK), 0);
	ck_assert_int_ne(access("build/adapters/bird.new", F_OK), 0);
	ck_assert_msg(seal_verify(instance, "bird", &fd, &why) == SEAL_FITS, "%s", why);
	close(fd);
}
END_TEST

START_TEST(another_gate_is_seen_whenever_it_is_looked_for)
{
	static const struct { const char *gate; bool more; enum seal_state state; } looks[] = {
		{ "one", false, SEAL_FITS }, { "one", false, SEAL_FITS }, { "two of them", false, SEAL_STALE }, { "one", false, SEAL_FITS },
		{ NULL, false, SEAL_STALE }, { "one", false, SEAL_FITS }, { NULL, true, SEAL_STALE },
	};
	DEFER(json_drop) cJSON *json = NULL;

	put("build/chela-gate", "one");
	json = check_json("bird");
	ck_assert(json_true(json, "/ok"));
	for (size_t i = 0; i < COUNT(looks); i++) {
		DEFER(text_free) char *why = NULL;

		if (looks[i].gate)
			put("build/chela-gate", looks[i].gate);
		else if (looks[i].more)
			ck_assert_int_eq(truncate("build/chela-gate", 20), 0);
		else
			ck_assert_int_eq(unlink("build/chela-gate"), 0);
		ck_assert_msg(seal_verify(instance, "bird", NULL, &why) == looks[i].state, "%zu: %s", i, why ? why : "it fits");
	}
}
END_TEST

static const struct {
	const char *name, *file, *text;	/* NULL: the file is taken away */
	const char *stage, *at;
	int line;
	const char *what, *remedy;
} refusals[] = {
	{ "no contract", "specs/bird/manifest.json", NULL, "contract", "specs/bird/manifest.json", 1, "cannot be read", NULL },
	{ "no page", "specs/bird/talk.md", NULL, "contract", "specs/bird", 0, "the contract has no page", "specs/README.md" },
	{ "a page that is none", "specs/bird/more.md", "# More\n", "contract", "specs/bird/more.md", 1, "the page has no section", "add" },
	{ "a page that is not UTF-8", "specs/bird/more.md", "# \xff\n", "contract", "specs/bird/more.md", 1, "cannot be read", NULL },
	{ "a page that leaves much open", "specs/bird/more.md", "# More\n## It sings\n```transcript\n> result like {}\n```\n", "contract",
	  "specs/bird/more.md", 4, "1 of the 1 \">\" of this page have \"like\"", "write the values whole" },
	{ "a MUST that nobody quotes", "specs/bird/more.md", "# More\n## It sings\nIt MUST sing.\n```transcript\n> delta \"la\"\n```\n", "contract",
	  "specs/bird/more.md", 3, "generated/bird/adapter.c quotes this nowhere: \"It MUST sing.\"", "/* specs/bird/more.md: \"It MUST sing.\" */" },
	{ "a quote that stands in no page", "generated/bird/adapter.c", "\n/* specs/bird/talk.md: \"It MUST sing.\" */\n" ADAPTER(""), "contract",
	  "generated/bird/adapter.c", 2, "this quote does not stand in specs/bird/talk.md", "or quote none" },
	{ "a page that does not hold", "specs/bird/more.md", "# More\n## It sings\n```transcript\n> delta \"la\"\n```\n", "pages",
	  "specs/bird/more.md", 4, "nothing happened", "let the adapter" },
	{ "no adapter", "generated/bird/adapter.c", NULL, "build", "generated/bird/adapter.c", 0, "there is no adapter",
	  "write generated/bird/adapter.c from skills/bird/SKILL.md" },
	{ "it does not compile", "generated/bird/adapter.c", ADAPTER("	int x = \"1\";\n"), "build", "generated/bird/adapter.c", 6,
	  "initialization", "warnings count" },
	{ "a warning", "generated/bird/adapter.c", ADAPTER("	int x = 1;\n"), "build", "generated/bird/adapter.c", 6, "unused variable", NULL },
	{ "another header of ours", "generated/bird/adapter.c", "#include \"wire.h\"\n", "build", "generated/bird/adapter.c", 1,
	  "includes a file that adapters may not read", NULL },
	{ "a variable", "generated/bird/adapter.c", ADAPTER("	static int n;\n	if (n++ > 9)\n		return;\n"), "build",
	  "generated/bird/adapter.c", 0, "can change", NULL },
	{ "a function that it may not call", "generated/bird/adapter.c", "int getpid(void);\n" ADAPTER("	if (getpid() == 1)\n		return;\n"),
	  "build", "generated/bird/adapter.c", 0, "getpid", NULL },
	{ "it does something else", "generated/bird/adapter.c", ADAPTER("	if (ev->kind == EVENT_HTTP)\n		host_delta(a->ref, \"la\");\n"),
	  "pages", "specs/bird/talk.md", 7, "something else happened", "let the adapter" },
	{ "it crashes", "generated/bird/adapter.c", ADAPTER("	if (ev->status == 500)\n		*(volatile char *)0 = 1;\n"), "pages",
	  "specs/bird/talk.md", 13, "it crashed", NULL },
	{ "what the language does not define", "generated/bird/adapter.c",
	  ADAPTER("	volatile int most = 2147483647;\n\n	most += ev->kind == EVENT_TURN;\n"), "sanitize", "generated/bird/adapter.c", 8,
	  "signed integer overflow", "rule it out" },
	{ "what was never written", "generated/bird/adapter.c",
	  "static void fill(unsigned *n, int status)\n{\n	if (status == 999)\n		n[0] = n[1] = 1;\n}\n"
	  ADAPTER("	unsigned n[2];\n\n	fill(n, ev->status);\n	if (n[ev->kind == EVENT_TURN] == 0xAAAAAAAAu)\n		return;\n"),
	  "sanitize", "generated/bird/adapter.c", 14, "garbage", "its value before it is read" },
};

START_TEST(what_is_refused_is_told_and_changes_nothing)
{
	DEFER(text_free) char *program = get("build/adapters/bird");
	DEFER(text_free) char *seal = get("instance/seals/bird.json");
	DEFER(json_drop) cJSON *json = NULL;
	const char *what, *remedy;
	int64_t line = 0;

	if (refusals[_i].text)
		put(refusals[_i].file, refusals[_i].text);
	else
		ck_assert_int_eq(remove(refusals[_i].file), 0);
	json = check_json("bird");
	what = json_text(json, "/failure/what");
	remedy = json_text(json, "/failure/remedy");
	json_number(json, "/failure/line", 0, INT32_MAX, &line);
	ck_assert_msg(!json_true(json, "/ok"), "%s", refusals[_i].name);
	ck_assert_msg(cJSON_IsFalse(stage(json, refusals[_i].stage)), "%s: %s", refusals[_i].name, what);
	ck_assert_msg(cJSON_IsNull(stage(json, "seal")), "%s: the seal was not reached", refusals[_i].name);
	ck_assert_msg(json_is(json, "/failure/file", refusals[_i].at), "%s: %s", refusals[_i].name, json_text(json, "/failure/file"));
	ck_assert_msg(line == refusals[_i].line, "%s: line %d: %s", refusals[_i].name, (int)line, what);
	ck_assert_msg(strstr(what, refusals[_i].what), "%s: %s", refusals[_i].name, what);
	ck_assert_msg(remedy && (!refusals[_i].remedy || strstr(remedy, refusals[_i].remedy)), "%s: %s", refusals[_i].name, remedy);

	DEFER(text_free) char *program_now = get("build/adapters/bird");
	DEFER(text_free) char *seal_now = get("instance/seals/bird.json");

	ck_assert_str_eq(program, program_now);
	ck_assert_str_eq(seal, seal_now);
	ck_assert_msg(access("build/adapters/bird.new", F_OK) != 0, "%s: its program is left behind", refusals[_i].name);
}
END_TEST

/* ---- it is not the source ------------------------------------------------- */

static void refused_at_build(const char *name, const char *what, const char *remedy)
{
	DEFER(json_drop) cJSON *json = check_json("bird");
	const char *w = json_text(json, "/failure/what"), *r = json_text(json, "/failure/remedy");

	ck_assert_msg(cJSON_IsFalse(stage(json, "build")), "%s", name);
	ck_assert_msg(w && strstr(w, what), "%s: %s", name, w);
	ck_assert_msg(r && strstr(r, remedy) && !strstr(r, "mend it"), "%s: %s", name, r);
}

static const char *const folders_in_the_way[] = { "build/adapters", "build/abi" };

START_TEST(a_folder_that_cannot_be_written_is_named)
{
	const char *folder = folders_in_the_way[_i];
	DEFER(text_free) char *what = text_fmt("cannot write %s/%s: Not a directory", root, folder);

	ck_assert_int_eq(rename(folder, "build/aside"), 0);
	put(folder, "");
	refused_at_build(folder, what, "a folder that you may write to");
	ck_assert(unlink(folder) == 0 && rename("build/aside", folder) == 0);
}
END_TEST

START_TEST(an_adapter_that_is_too_large_is_told_so)
{
	put("generated/bird/adapter.c", "static const char big[80 << 20] = { 1 };\n" ADAPTER("	if (big[ev->ref] == 7)\n		return;\n"));
	refused_at_build("80 MB", "its output grew past 64 MB", "less data");
}
END_TEST

static const struct { const char *says, *what, *remedy; } compilers[] = {
	{ "cc: fatal error: CPU time limit exceeded signal terminated program cc1", "stopped after 60 seconds", "shorter functions" },
	{ "cc1: out of memory allocating 65536 bytes after a total of 9 bytes", "more memory than 4 GB", "less data" },
	{ "cc: fatal error: Killed signal terminated program cc1", "was killed", "memory free" },
	{ "cc: fatal error: Cannot create temporary file in /tmp/: Read-only file system", "the compiler cannot work here", "/tmp" },
	{ "Assembler messages:\nFatal error: can't create x.o: No space left on device", "the compiler cannot work here", "have room" },
	{ NULL, "the compiler cannot work here", "cc is installed" },
};

START_TEST(a_compiler_that_cannot_work_is_not_the_adapters_fault)
{
	DEFER(text_free) char *path = text_dup(getenv("PATH"));
	DEFER(text_free) char *script = text_fmt("#!/bin/sh\nprintf '%%s\\n' \"%s\"\nexit 1\n", compilers[_i].says ? compilers[_i].says : "");

	mkdir("bin", 0700);
	put("bin/cc", script);
	ck_assert(chmod("bin/cc", compilers[_i].says ? 0700 : 0600) == 0 && setenv("PATH", "bin", 1) == 0);
	refused_at_build(compilers[_i].says, compilers[_i].what, compilers[_i].remedy);
	setenv("PATH", path, 1);
}
END_TEST

START_TEST(a_tool_that_is_operations_needs_no_code)
{
	DEFER(json_drop) cJSON *json = NULL;

	ck_assert_int_eq(mkdir("specs/shelf", 0700), 0);
	put("specs/shelf/manifest.json", "{\"name\": \"shelf\", \"kind\": \"tool\", \"abi\": 1, \"about\": \"Books\", \"operations\": {\"lend\":\n"
	    "{\"method\": \"POST\", \"url\": \"https://shelf.example/loans\", \"effects\": [\"write\"], \"retry\": \"never\"}},\n"
	    "\"tools\": {\"lend\": {\"about\": \"Lends.\", \"is\": \"lend\"}}}");
	put("specs/shelf/lend.md", "# Books\n## Lent\n```transcript\n< call lend {}\n> http POST https://shelf.example/loans\n< http 200 {}\n"
	    "> result null\n```\n");
	json = check_json("shelf");
	ck_assert_msg(json_true(json, "/ok"), "%s:%s", json_text(json, "/failure/file"), json_text(json, "/failure/what"));
}
END_TEST

/* ---- reports ------------------------------------------------------------- */

static int times(const char *text, const char *word)
{
	int n = 0;

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		n++;
	return n;
}

START_TEST(the_failure_stands_first)
{
	static const char first[] = "specs/bird/talk.md:7: the value differs: /text: \"hi\" was expected, \"ho\" came\n"
				    "  expected  > result {\"stop\":\"end\",\"text\":\"hi\",\"calls\":[]}\n"
				    "  instead   > result {\"stop\":\"end\",\"text\":\"ho\",\"calls\":[]}\n"
				    "  remedy    let the adapter do exactly this here\n"
				    "  also      specs/bird/talk.md:14: something else happened\n"
				    "\n"
				    "bird is refused\n";
	bool passed;
	DEFER(text_free) char *text = NULL;

	put("generated/bird/adapter.c", ADAPTER("	if (ev->kind == EVENT_HTTP) {\n"
						"		host_result(a->ref, json_make(\"{stop:'end',text:'ho',calls:%j}\", json_list()));\n"
						"		return;\n	}\n"));
	text = check("bird", REPORT_TEXT, &passed);
	ck_assert_msg(strncmp(text, first, strlen(first)) == 0, "%s", text);
	ck_assert_msg(strstr(text, "  pages     REFUSED  2 of 2 sections failed\n"), "%s", text);
	ck_assert_msg(strstr(text, "talk.md   0 of   2 sections, 25 % like\n"), "%s", text);
}
END_TEST

START_TEST(what_this_version_does_not_have_is_one_line)
{
	bool passed;
	DEFER(text_free) char *text = NULL;

	put("specs/bird/more.md", "# More\n## It talks\n```transcript\n< turn {\"model\": \"m\", \"messages\": []}\n"
	    "> http POST https://bird.example/talk\n```\n");
	text = check("bird", REPORT_TEXT, &passed);
	ck_assert_msg(strstr(text, "\n  not run   cover, fuzz, mutants: not part of this version\n  seal "),
		      "%s", text);
	ck_assert_msg(strstr(text, "more.md   1 of   1 sections\n"), "%s", text);
	put("generated/bird/adapter.c", "int x;\n");
	free(text);
	text = check("bird", REPORT_TEXT, &passed);
	ck_assert_msg(strstr(text, "\n  pages     not run  a stage before it refused\n  not run   lint, laws"), "%s", text);
}
END_TEST

START_TEST(tap_counts_every_stage)
{
	bool passed;
	DEFER(text_free) char *good = check("bird", REPORT_TAP, &passed);
	DEFER(text_free) char *bad = NULL;

	ck_assert(passed && strncmp(good, "TAP version 13\n1..10\nok 1 - bird contract\n", 41) == 0);
	ck_assert_int_eq(times(good, "\nok "), 10);
	ck_assert_int_eq(times(good, "# SKIP"), 5);
	put("generated/bird/adapter.c", "int x;\n");
	bad = check("bird", REPORT_TAP, &passed);
	ck_assert_msg(!passed && times(bad, "\nnot ok ") == 1 && times(bad, "# SKIP") == 8, "%s", bad);
}
END_TEST

START_TEST(junit_tells_failures_from_what_was_not_run)
{
	bool passed;
	DEFER(text_free) char *text = NULL;

	put("specs/bird/more.md", "# More\n## \"<&>\"\n```transcript\n> delta \"<&\\u0001>\"\n```\n");
	text = check("bird", REPORT_JUNIT, &passed);
	ck_assert_msg(!passed && strstr(text, "tests=\"10\" failures=\"1\" errors=\"0\" skipped=\"7\""), "%s", text);
	ck_assert_int_eq(times(text, "<testcase "), 10);
	ck_assert_int_eq(times(text, "<skipped "), 7);
	ck_assert_msg(strstr(text, "&gt; delta &quot;&lt;&amp;\\u0001&gt;&quot;"), "%s", text);
}
END_TEST

START_TEST(a_contract_that_is_not_the_committed_one_is_told_loudly)
{
	bool passed;
	DEFER(text_free) char *unknown = check("bird", REPORT_TEXT, &passed);
	DEFER(text_free) char *same = NULL;
	DEFER(text_free) char *other = NULL;
	DEFER(json_drop) cJSON *json = NULL;

	ck_assert_msg(strstr(unknown, "bird passed\n  note      whether this contract is the committed one is not known: "), "%s", unknown);
	ck_assert_int_eq(git_commit(), 0);
	same = check("bird", REPORT_TEXT, &passed);
	ck_assert_msg(strstr(same, "bird passed\n  contract "), "%s", same);
	put("specs/bird/more.md", "# More\n## It talks\n```transcript\n< turn {\"model\": \"m\", \"messages\": []}\n"
	    "> http POST https://bird.example/talk\n```\n");
	other = check("bird", REPORT_TEXT, &passed);
	ck_assert_msg(strstr(other, "bird passed\n  WARNING   this contract is NOT the committed one: specs/bird/more.md is new\n"), "%s", other);
	json = check_json("bird");
	ck_assert_msg(strstr(json_text(json, "/warning"), "more.md is new"), "%s", json_text(json, "/warning"));
	ck_assert(cJSON_IsFalse(json_at(json, "/stages/0/committed")));
	remove_tree(".git");
}
END_TEST

/* ---- several ------------------------------------------------------------- */

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }

static char *checks(const char *const *words, enum checked *ret_verdict)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int n = 0;

	while (words[n])
		n++;
	*ret_verdict = checks_run(instance, n, (char **)words, out);
	fclose(out);
	return text;
}

static const char *const others[] = { "specs/ant", "specs/core", "specs/empty", "specs/.hidden", "specs/a b", "specs/shelf" };

static void only_the_bird(void)
{
	for (size_t i = 0; i < COUNT(others); i++)
		nftw(others[i], remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A second contract, refused; and what is no contract. */
static void an_ant(void)
{
	only_the_bird();
	for (size_t i = 0; i < 5; i++) {
		DEFER(text_free) char *file = text_fmt("%s/manifest.json", others[i]);

		ck_assert_int_eq(mkdir(others[i], 0700), 0);
		if (strcmp(others[i], "specs/empty") != 0)
			put(file, "{}");
	}
}

START_TEST(all_are_one_document)
{
	enum checked verdict;
	DEFER(text_free) char *xml = NULL;
	DEFER(text_free) char *tap = NULL;
	DEFER(text_free) char *text = NULL;
	DEFER(json_drop) cJSON *json = NULL;

	an_ant();
	xml = checks(WORDS("--all", "--junit"), &verdict);
	ck_assert_int_eq(verdict, CHECKED_REFUSED);
	ck_assert_msg(times(xml, "<?xml ") == 1 && times(xml, "<testsuites>") == 1 && times(xml, "</testsuites>") == 1, "%s", xml);
	ck_assert_msg(times(xml, "<testsuite ") == 2 && times(xml, "</testsuite>") == 2, "%s", xml);
	ck_assert_msg(strstr(xml, "name=\"ant\"") < strstr(xml, "name=\"bird\""), "%s", xml);
	tap = checks(WORDS("--tap", "--all"), &verdict);
	ck_assert_msg(strncmp(tap, "TAP version 13\n1..20\nnot ok 1 - ant contract\n", 45) == 0, "%s", tap);
	ck_assert_msg(times(tap, "TAP ") == 1 && strstr(tap, "\nok 11 - bird contract\n") && strstr(tap, "\nok 20 - bird seal\n"), "%s", tap);
	text = checks(WORDS("--all", "--json"), &verdict);
	ck_assert_msg(!json_decode(str_of(text), &json) && cJSON_GetArraySize(json) == 2, "%s", text);
	ck_assert_msg(json_is(json, "/0/name", "ant") && json_is(json, "/1/name", "bird") && json_true(json, "/1/ok"), "%s", text);
}
END_TEST

START_TEST(one_name_is_one_object_and_all_of_one_is_a_list)
{
	enum checked verdict;
	DEFER(text_free) char *one = checks(WORDS("bird", "--json"), &verdict);
	DEFER(text_free) char *all = NULL;
	DEFER(text_free) char *two = NULL;

	ck_assert_int_eq(verdict, CHECKED_PASSED);
	ck_assert_msg(strncmp(one, "{\"name\":\"bird\"", 14) == 0, "%s", one);
	only_the_bird();
	all = checks(WORDS("--all", "--json"), &verdict);
	ck_assert_int_eq(verdict, CHECKED_PASSED);
	ck_assert_msg(strncmp(all, "[{\"name\":\"bird\"", 15) == 0, "%s", all);
	two = checks(WORDS("bird", "ant"), &verdict);
	ck_assert_int_eq(verdict, CHECKED_REFUSED);
	ck_assert_msg(strncmp(two, "bird passed\n", 12) == 0 && strstr(two, "\nant is refused\n"), "%s", two);
}
END_TEST

static const char *const *const senseless[] = {
	WORDS("--json"), WORDS("--all", "bird"), WORDS("bird", "--xml"), WORDS("bird", "--json", "--tap"), WORDS("../bird"),
	WORDS(""), WORDS("-bird"), WORDS("bird", "--json", "--json"),
};

START_TEST(words_that_make_no_sense_check_nothing)
{
	enum checked verdict;
	DEFER(text_free) char *text = checks(senseless[_i], &verdict);

	ck_assert_msg(verdict == CHECKED_USAGE && !*text, "%s: %s", senseless[_i][0], text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gate");
	TCase *t = tcase_create("gate");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, project_make, project_drop);
	tcase_add_checked_fixture(t, project_mend, NULL);
	tcase_add_test(t, what_passes_is_put_in_place_and_sealed);
	tcase_add_test(t, another_gate_is_seen_whenever_it_is_looked_for);
	tcase_add_loop_test(t, what_is_refused_is_told_and_changes_nothing, 0, COUNT(refusals));
	tcase_add_loop_test(t, a_folder_that_cannot_be_written_is_named, 0, COUNT(folders_in_the_way));
	tcase_add_test(t, an_adapter_that_is_too_large_is_told_so);
	tcase_add_loop_test(t, a_compiler_that_cannot_work_is_not_the_adapters_fault, 0, COUNT(compilers));
	tcase_add_test(t, a_tool_that_is_operations_needs_no_code);
	tcase_add_test(t, the_failure_stands_first);
	tcase_add_test(t, tap_counts_every_stage);
	tcase_add_test(t, junit_tells_failures_from_what_was_not_run);
	tcase_add_test(t, what_this_version_does_not_have_is_one_line);
	tcase_add_test(t, a_contract_that_is_not_the_committed_one_is_told_loudly);
	tcase_add_test(t, all_are_one_document);
	tcase_add_test(t, one_name_is_one_object_and_all_of_one_is_a_list);
	tcase_add_loop_test(t, words_that_make_no_sense_check_nothing, 0, COUNT(senseless));
	tcase_set_timeout(t, 30);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
