/* test_source.c - what the source of an adapter may say. */
#include "gate/source.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *name, *text; } good[] = {
	{ "nothing", "" },
	{ "an adapter", "#include \"adapter.h\"\n#include <string.h>\n#define N 3\nint f(void) { return N; }\n" },
	{ "words in comments and strings", "/* asm ## */ // __asm__\nconst char *s = \"asm \\\" ## #pragma [[\"; char c = '\"';\n" },
	{ "lines of another system", "#include \"adapter.h\"\r\nint a;\r\n" },
	{ "a macro over two lines, which makes a string", "#define S(x) \\\n\t#x\n" },
	{ "conditions", "#ifdef A\n# if 1\n#elif 0\n#else\n#endif\n#endif\n#\n" },
	{ "a quote that is not closed", "#if 0\nit's no word\n#endif\nint a;\n" },
	{ "arrays of arrays", "int a[2][3] = { { b[c[0]] } };\n" },
	{ "no newline at the end", "int a;" },
	{ "a comment that is not closed", "/* asm" },
	{ "words that only hold others", "int asmx, xasm, a__b, R = 1; char *s = \"x\";\n" },
};

START_TEST(plain_c_is_taken)
{
	const char *why = source_check(str_of(good[_i].text), "a.c");

	ck_assert_msg(!why, "%s: %s", good[_i].name, why ? why : "");
}
END_TEST

static const struct { const char *name, *text, *want; } bad[] = {
	{ "assembly", "int a;\nasm(\"x\");\n", "a.c:2: asm is not allowed" },
	{ "assembly by its other name", "__asm__(\"x\");\n", "a.c:1: __asm__ is a word" },
	{ "a word over two lines", "as\\\nm(\"x\");\n", "a.c:2: asm is not" },
	{ "a word over two lines, and a blank", "as\\ \nm(\"x\");\n", "a.c:2: asm is not" },
	{ "a word behind a comment", "/* x */asm(\"x\");\n", "a.c:1: asm is not" },
	{ "a word behind a string", "\"\\\\\"asm\n", "a.c:1: asm is not" },
	{ "a word behind a character", "'\\''asm\n", "a.c:1: asm is not" },
	{ "a word behind an unclosed quote", "\"\nasm\n", "a.c:2: asm is not" },
	{ "a word behind a comment of one line", "// x\nasm\n", "a.c:2: asm is not" },
	{ "a comment that ends in a slashed star", "/*/ */asm\n", "a.c:1: asm is not" },
	{ "a word in a macro", "#define A asm\n", "a.c:1: asm is not" },
	{ "a word that is pasted", "#define A(x) x##m\n", "a.c:1: ## is not" },
	{ "pasted, in other signs", "#define A(x) x%:%:m\n", "a.c:1: %: is not" },
	{ "an attribute", "int a __attribute__((section(\"x\")));\n", "a.c:1: __attribute__ is" },
	{ "a new attribute", "[[gnu::section(\"x\")]] int a;\n", "a.c:1: attributes are not" },
	{ "a new attribute, apart", "[ /* */\n[gnu::section(\"x\")]] int a;\n", "a.c:2: attributes are not" },
	{ "a new attribute, in other signs", "<:<:x:>:> int a;\n", "a.c:1: <: is not" },
	{ "a macro of the C library's", "int __REDIRECT(f, (void), x; .incbin);\n", "a.c:1: __REDIRECT is" },
	{ "a pragma", "#pragma GCC dependency \"/etc/passwd\"\n", "a.c:1: #pragma is not" },
	{ "a pragma as a word", "_Pragma(\"x\")\n", "a.c:1: _Pragma is not" },
	{ "a file", "#include \"/etc/passwd\"\n", "a.c:1: it includes a file" },
	{ "a file beside", "#include \"../offline/adapter.c\"\n", "a.c:1: it includes" },
	{ "a header of the system's", "#include <stdlib.h>\n", "a.c:1: it includes" },
	{ "a header in the wrong quotes", "#include \"string.h\"\n", "a.c:1: it includes" },
	{ "a file by a macro", "#define F <string.h>\n#include F\n", "a.c:2: it includes" },
	{ "a file behind a comment", "/**/ # /*\n*/ include \"x\"\n", "a.c:2: it includes" },
	{ "a file over two lines", "#inc\\\nlude \"x\"\n", "a.c:2: it includes" },
	{ "a file behind the mark of UTF-8", "\xEF\xBB\xBF#include \"x\"\n", "a.c:1: it includes" },
	{ "a file in other signs", "%:include \"x\"\n", "a.c:1: %: is not" },
	{ "a file, by another word", "#import \"x\"\n", "a.c:1: #import is not" },
	{ "the next of a header", "#include_next <string.h>\n", "a.c:1: #include_next is not" },
	{ "a false name", "#line 1 \"x\"\n", "a.c:1: #line is not" },
	{ "a false name, in short", "# 1 \"x\"\n", "a.c:1: #1 is not" },
	{ "a raw string", "const char *a = R\"(\")\"; asm\n", "a.c:1: raw strings are not" },
	{ "a raw string in UTF-8", "u8R\"(\")\"\n", "a.c:1: raw strings" },
	{ "a line that ends in another way", "int a;\r#include \"x\"\n", "a.c:1: there is a control" },
	{ "a form feed", "int a;\n\f", "a.c:2: there is a control" },
};

START_TEST(what_could_reach_a_file_is_refused_by_its_line)
{
	const char *why = source_check(str_of(bad[_i].text), "a.c");

	ck_assert_msg(why && str_starts(str_of(why), bad[_i].want), "%s: %s", bad[_i].name, why ? why : "taken");
	ck_assert_msg(strstr(strchr(why, ' '), ": ") || strstr(why, "; "), "%s has no remedy: %s", bad[_i].name, why);
}
END_TEST

START_TEST(a_zero_byte_is_refused)
{
	ck_assert_ptr_nonnull(source_check((struct str){ "int a;\0asm\n", 11 }, "a.c"));
}
END_TEST

START_TEST(each_beginning_of_each_text_is_read_to_its_end)
{
	for (size_t i = 0; i < COUNT(bad); i++)
		for (size_t n = 0; n < strlen(bad[i].text); n++) {
			DEFER(text_free) char *part = str_dup((struct str){ bad[i].text, n });

			source_check(str_of(part), "a.c");
		}
}
END_TEST

static void put(const char *folder, const char *name, const char *text)
{
	DEFER(text_free) char *path = text_fmt("%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(a_header_beside_an_adapter_is_not_taken_for_ours)
{
	char folder[] = "/tmp/test_source.XXXXXX";
	DEFER(text_free) char *source = NULL, *header = NULL;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	source = text_fmt("%s/adapter.c", folder);
	header = text_fmt("%s/adapter.h", folder);
	ck_assert_ptr_nonnull(source_check_file(source));
	put(folder, "adapter.c", "#include \"adapter.h\"\n");
	ck_assert_ptr_null(source_check_file(source));
	put(folder, "adapter.h", "asm(\"\");\n");
	ck_assert_ptr_nonnull(strstr(source_check_file(source), "adapter.h:1: a header beside"));
	remove(header);
	remove(source);
	remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("source");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, plain_c_is_taken, 0, COUNT(good));
	tcase_add_loop_test(t, what_could_reach_a_file_is_refused_by_its_line, 0, COUNT(bad));
	tcase_add_test(t, a_zero_byte_is_refused);
	tcase_add_test(t, a_header_beside_an_adapter_is_not_taken_for_ours);
	tcase_add_test(t, each_beginning_of_each_text_is_read_to_its_end);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
