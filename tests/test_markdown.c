/* test_markdown.c - what a model says, in the marks of each platform. */
#include "contract.h"
#include "limits.h"
#include "markdown.h"
#include <time.h>

#define ZW "\xE2\x80\x8B"	/* what keeps things apart, and shows nothing */
#define DOT "\xE2\x80\xA2 "

#define P MARKS_PLAIN
#define D MARKS_MARKDOWN
#define M MARKS_MRKDWN
#define W MARKS_WHATSAPP
#define H MARKS_HTML

static const struct {
	const char *name;
	enum marks marks;
	const char *text, *want;
} cases[] = {
	{ "nothing", M, "", "" },
	{ "words", M, "Two apples.", "Two apples." },
	{ "a line break is one", M, "one\ntwo\\\nthree  \nfour", "one\ntwo\nthree\nfour" },
	{ "empty lines stay as many", M, "one\n\n\ntwo", "one\n\n\ntwo" },
	{ "a carriage return", M, "one\r\ntwo\rthree", "one\ntwo\nthree" },

	{ "bold, italic and struck out", M, "**b** *i* __b__ _i_ ~~s~~", "*b* _i_ *b* _i_ ~s~" },
	{ "the same for WhatsApp", W, "**b** *i* ~~s~~ `c`", "*b* _i_ ~s~ `c`" },
	{ "the same in HTML", H, "**b** *i* ~~s~~ `c`", "<b>b</b> <i>i</i> <s>s</s> <code>c</code>" },
	{ "the same in Markdown", D, "__b__ _i_ ~~s~~ `c`", "**b** *i* ~~s~~ `c`" },
	{ "without marks, what is struck out is told from what is not", P, "**b** *i* ~~s~~ `c`", "b i ~~s~~ c" },
	{ "one within the other", M, "**a *b* ~~c~~**", "*a _b_ ~c~*" },
	{ "three stars", M, "***a***", "_*a*_" },
	{ "bold within bold", M, "**a __b__ c**", "*a b c*" },
	{ "bold in a word", M, "un**believ**able", "un" ZW "*believ*" ZW "able" },
	{ "bold in a word of letters of many bytes", M, "\xC3\xA9**b**\xC3\xA9", "\xC3\xA9" ZW "*b*" ZW "\xC3\xA9" },
	{ "bold beside signs", M, "(**b**), \"**b**\"!", "(*b*), \"*b*\"!" },
	{ "bold over two lines", M, "**a\nb** c", "*a*\n*b* c" },
	{ "bold over two lines, in HTML", H, "**a\nb**", "<b>a\nb</b>" },
	{ "two that touch", D, "**a**_b_", "**a**" ZW "*b*" },
	{ "stars that are no marks", M, "2 * 3 * 4, *args", "2 * 3 * 4, *args" },
	{ "stars that are no marks stay none", D, "2 * 3 \\*not\\*", "2 \\* 3 \\*not\\*" },
	{ "a name with a low line", D, "snake_case_name", "snake_case_name" },

	{ "struck out around bold", M, "~~a **b**~~", "~a *b*~" },
	{ "struck out within struck out", M, "~~a *b ~~c~~ d* e~~", "~a _b c d_ e~" },
	{ "a tilde that strikes nothing", M, "~5 and ~~ and ~6 ~~~x~~~", "~5 and ~~ and ~6 ~~~x~~~" },
	{ "one that is never closed", M, "a ~~b", "a ~~b" },
	{ "in code nothing is struck out", M, "`~~a~~`", "`~~a~~`" },
	{ "it begins in one place and ends in another", M, "~~a **b~~ c**", "~~a *b~~ c*" },

	{ "code", M, "`a<b` ``a`b``", "`a&lt;b` `a\xCB\x8B" "b`" },
	{ "code with ticks, where they can be told apart", D, "`` a`b `` `` `x` ``", "``a`b`` `` `x` ``" },
	{ "code in a word", M, "the`x`s", "the" ZW "`x`" ZW "s" },
	{ "a block of code", M, "a\n```c\nif (a < b)\n\n    x();\n```\nb", "a\n```\nif (a &lt; b)\n\n    x();\n```\nb" },
	{ "a block keeps its language where it can be said", D, "```c++\nx\n```", "```c++\nx\n```" },
	{ "a language that is none", D, "~~~c`|\nx\n~~~", "```\nx\n```" },
	{ "in HTML", H, "```c\na && b\n```", "<pre><code class=\"language-c\">a &amp;&amp; b</code></pre>" },
	{ "in HTML, of no language", H, "~~~\na\n~~~", "<pre>a</pre>" },
	{ "without marks", P, "```c\na\n\n  b\n```", "a\n\n  b" },
	{ "a fence within it", M, "~~~\n```\nx\n```\n~~~", "```\n``" ZW "`\nx\n``" ZW "`\n```" },
	{ "one that is empty", M, "```\n```", "```\n```" },
	{ "half of one: it has not been said to its end", M, "so:\n```sh\nls", "so:\n```\nls\n```" },
	{ "code by its indent", M, "a\n\n    b\n    c", "a\n\n```\nb\nc\n```" },
	{ "code in a list stands at the margin", M, "1. a\n   ```\n   x\n   ```\n2. b", "1. a\n```\nx\n```\n2. b" },

	{ "a link", M, "[the *page*](https://a.example/x)", "<https://a.example/x|the page>" },
	{ "a link for WhatsApp", W, "[the *page*](https://a.example/x)", "the _page_ (https://a.example/x)" },
	{ "a link in HTML", H, "[p](https://a.example/?a=1&b=\"2\")", "<a href=\"https://a.example/?a=1&amp;b=%222%22\">p</a>" },
	{ "a link in Markdown", D, "[a\\]b](<https://a.example/x y>)", "[a\\]b](https://a.example/x%20y)" },
	{ "a link that is its own text", M, "<https://a.example/a&b>", "<https://a.example/a&amp;b>" },
	{ "by mail", M, "<ann@a.example>", "<mailto:ann@a.example>" },
	{ "bars and brackets in it", M, "[a|b>c](https://a.example/a|b>c)", "<https://a.example/a%7Cb%3Ec|a\xC2\xA6" "b&gt;c>" },
	{ "bold around it", M, "**[a](https://a.example)**", "*<https://a.example|a>*" },
	{ "an image", M, "![a cat](https://a.example/c.png)", "<https://a.example/c.png|a cat>" },
	{ "an image within a link", M, "[![a cat](https://a.example/c.png)](https://a.example)", "<https://a.example|a cat>" },
	{ "without words", M, "[](https://a.example)", "<https://a.example>" },
	{ "without words, where there are no links", P, "[](https://a.example)", "https://a.example" },
	{ "where it leads nowhere", M, "[a]()", "a" },
	{ "a script is no link", M, "[a](javascript:alert(1))", "a (javascript:alert(1))" },
	{ "a place in a folder is no link", M, "[a](b/c.md)", "a (b/c.md)" },
	{ "definitions alone are words", M, "[a]: <!channel>", "[a]: &lt;!channel&gt;" },
	{ "an address in the text", D, "see https://a.example/a_b*c?d=[e] now", "see https://a.example/a_b*c?d=[e] now" },

	{ "a heading", M, "# One *two*\ntext", "*One _two_*\ntext" },
	{ "a heading in Markdown", D, "## One\n#### Two", "## One\n**Two**" },
	{ "a heading that is all bold", M, "## **One**", "*One*" },
	{ "a heading without words", M, "#\na", "a" },
	{ "a rule", M, "a\n\n---\nb", "a\n\n---\nb" },
	{ "a list", M, "To do:\n- one\n- two\n  more\n\nend", "To do:\n" DOT "one\n" DOT "two\n  more\n\nend" },
	{ "a list in a list", M, "* a\n  * b\n* c", DOT "a\n  " DOT "b\n" DOT "c" },
	{ "a list that counts", M, "3. a\n1. b\n\n   c", "3. a\n4. b\n\n   c" },
	{ "with brackets", W, "1) a\n2) b", "1) a\n2) b" },
	{ "an item without words", P, "- a\n-\n- b", "- a\n-\n- b" },
	{ "a quote", M, "> a\n> **b**\n\nc", "> a\n> *b*\n\nc" },
	{ "a quote of two blocks", M, "> a\n>\n> b", "> a\n>\n> b" },
	{ "a quote in a quote", M, "> a\n>> b", "> a\n> b" },
	{ "a quote in a quote, where that can be said", D, "> a\n>> b", "> a\n> > b" },
	{ "a quote in HTML", H, "> a\n>> b\n\nc", "<blockquote>a\nb</blockquote>\n\nc" },
	{ "a quote in a list", P, "- > a\n  > b", "- > a\n  > b" },

	{ "a table", M, "| a | bb |\n|---|---:|\n| **ccc** | 1 |\nend", "```\na   | bb\n----+---\nccc |  1\n```\nend" },
	{ "a table without marks", P, "a | b\n:-: | -\nccc | `d`\n", " a  | b\n----+--\nccc | d" },
	{ "a bar within a cell", P, "| a \\| b | c |\n|-|-|\n| d | e |", "a | b | c\n------+--\nd     | e" },
	{ "cells that look like blocks", P, "| # | - x |\n|-|-|\n| 1. | > y |\n| _z_ | |", "#  | - x\n---+----\n1. | > y\nz  |" },
	{ "cells too many and too few", P, "|a|b|\n|-|-|\n|c|\n|d|e|f|", "a | b\n--+--\nc\nd | e | f" },
	{ "wide letters", P, "|a|b|\n|-|-|\n|\xE6\x97\xA5|c|", "a  | b\n---+--\n\xE6\x97\xA5 | c" },
	{ "a break in a cell", P, "|a|\n|-|\n|b<br>c|", "a\n---\nb c" },
	{ "a table in a quote", D, "> |a|b|\n> |-|-|\n> |c|d|\n\ne", "```\na | b\n--+--\nc | d\n```\n\ne" },
	{ "a table in a list", M, "- |a|b|\n  |-|-|\n  |c|d|\n- e", "\xE2\x80\xA2\n```\na | b\n--+--\nc | d\n```\n" DOT "e" },
	{ "a table behind a line of text", P, "so:\n|a|b|\n|-|-|\n|c|d|", "so:\na | b\n--+--\nc | d" },
	{ "a table in code is code", M, "```\n|a|\n|-|\n```", "```\n|a|\n|-|\n```" },
	{ "a row without dashes is no table", M, "|a|b|\n|c|d|", "|a|b|\n|c|d|" },
	{ "dashes for another number of cells", M, "|a|b|\n|-|\n", "|a|b|\n|-|" },

	{ "nobody is called in Slack", M, "<!channel> <@U1> <#C1|x> <!subteam^S1> &lt;!here&gt; \\<!here>",
	  "&lt;!channel&gt; &lt;@U1&gt; &lt;#C1|x&gt; &lt;!subteam^S1&gt; &lt;!here&gt; &lt;!here&gt;" },
	{ "nor by code, a label, an address or a table", M, "`<!here>` [<!here>](https://a.example/<!here>) [x](<https://a.example/<!here\\>>)",
	  "`&lt;!here&gt;` <https://a.example/%3C!here%3E|&lt;!here&gt;> [x](&lt;https://a.example/&lt;!here&gt;&gt;)" },
	{ "nor by an address that is not followed", M, "[a](<!here>)", "a (!here)" },
	{ "nor by a block of HTML", M, "<div>\n<!channel>\n</div>", "&lt;div&gt;\n&lt;!channel&gt;\n&lt;/div&gt;" },
	{ "nobody is called in Markdown", D, "@everyone <@1> <@&2> (@here) ann@a.example",
	  "@" ZW "everyone \\<@" ZW "1> \\<@" ZW "&2> (@" ZW "here) ann@a.example" },
	{ "nobody is called in HTML", H, "@ann, ann@a.example", "@" ZW "ann, ann@a.example" },
	{ "tags are words", H, "a <b>x</b> <script>", "a &lt;b&gt;x&lt;/b&gt; &lt;script&gt;" },
	{ "but for a break", H, "a<br>b<br/>c", "a\nb\nc" },
	{ "what would begin a block does not", D, "\\# a\n\\- b\n1\\. c\n\\> d\n- \\# e", "\\# a\n\\- b\n1\\. c\n\\> d\n- \\# e" },
	{ "entities are what they stand for", M, "&copy; &amp;lt;", "\xC2\xA9 &amp;lt;" },
};

START_TEST(what_a_model_says_is_written_in_each_kind_of_marks)
{
	DEFER(text_free) char *made = markdown_render(cases[_i].text, cases[_i].marks);

	ck_assert_msg(strcmp(made, cases[_i].want) == 0, "%s:\n%s\nand not\n%s", cases[_i].name, made, cases[_i].want);
}
END_TEST

/* ---- what is no Markdown ------------------------------------------------- */

static const char *const plain_texts[] = {
	"Two.", "It costs $5 & change; a < b > c.", "2 * 3 = 6, 4*5", "snake_case and __ and _", "~5 minutes, ~/bin and 5~",
	"100% sure? (Yes!) \"Really\": it's so...", "C:\\dir\\file", "a-b - c -- d", "ann@a.example, @ann", "Fish & chips &c.", "#1 of 3, # is a number sign: issue#5",
	"x -> y => z <- w", "1.5 and 2)", "$PATH and ${HOME}", "one\ntwo\n\nthree\n\n\n\nfour", "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7 \xF0\x9F\x87\xA9\xF0\x9F\x87\xAA",
	"\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7", "\xE3\x80\x8C\xE3\x81\xAF\xE3\x81\x84\xE3\x80\x82\xE3\x80\x8D", "e\xCC\x81 nai\xCC\x88ve", "a|b|c", "|a|b|", "`one tick", "[x] and [ ] and [1]",
	"f(x)[i] = {a: 1}", "a\tb", "see https://a.example/a_b?c=1&d=%20#e", "<", "<>", "a<b", "a <!> b", "& &; &x", "!important", "+49 30 1234", "=> so", "-5 degrees", "-", "1.", "***",
};

static void replace(char *text, const char *what, const char *with)
{
	for (char *at = text; (at = strstr(at, what)); at += strlen(with)) {
		memmove(at + strlen(with), at + strlen(what), strlen(at + strlen(what)) + 1);
		memcpy(at, with, strlen(with));
	}
}

/* Markdown's own: every backslash before a sign. */
static void drop_backslashes(char *text)
{
	char *to = text;

	for (const char *from = text; *from; *to++ = *from++)
		from += *from == '\\' && from[1] && strchr("\\`*_[]<~|#>=+-.)", from[1]);
	*to = '\0';
}

static const struct { const char *name; enum marks marks; } all_marks[] = {
	{ "plain", P }, { "markdown", D }, { "mrkdwn", M }, { "whatsapp", W }, { "html", H },
};

static void read_back(char *text, enum marks marks)
{
	replace(text, ZW, "");
	if (marks == D)
		drop_backslashes(text);
	if (marks != M && marks != H)
		return;
	replace(text, "&lt;", "<");
	replace(text, "&gt;", ">");
	replace(text, "&amp;", "&");
}

static bool is_block(const char *text)
{
	return strcmp(text, "-") == 0 || strcmp(text, "1.") == 0 || strcmp(text, "***") == 0;
}

START_TEST(text_that_is_no_markdown_comes_out_as_it_went_in)
{
	for (size_t i = 0; i < COUNT(plain_texts); i++) {
		DEFER(text_free) char *made = markdown_render(plain_texts[i], all_marks[_i].marks);

		if (is_block(plain_texts[i]))	/* an empty list, a rule */
			continue;
		read_back(made, all_marks[_i].marks);
		ck_assert_msg(strcmp(made, plain_texts[i]) == 0, "%s: %s\nand not\n%s", all_marks[_i].name, made, plain_texts[i]);
	}
}
END_TEST

/* ---- what somebody writes to see us at work for hours -------------------- */

enum { LONG = 250 * 1000, CPU_S = 2 };

static const char *const units[] = {
	"*a ", "[", "![[]()", "**a *b", "`a``", "> ", "<", "<a ", "&", "~~", "~~a ", "a~~*", "|", "a|b\n-|-\n", "|a|b|\n|-|-|\n", "- a\n", "[a]: b\n", "[a](b", "*a_ ", "\\", "\n",
	"**x* ", "a\n\n", "![a](https://b.example) ", "#\n", "@a ", "1. ", "> - ", "```\n", "_a__", "<!--", "a **b** ", "1", "1)", "\\1. ", "http://", "@", " \n",
};

static char *repeated(const char *unit, size_t len)
{
	struct buf b = buf_new(2 * len);

	while (b.len < len)
		buf_adds(&b, unit);
	return buf_take(&b);
}

START_TEST(time_grows_with_the_text_and_no_faster)
{
	DEFER(text_free) char *text = repeated(units[_i], LONG), *made = NULL;
	clock_t begun = clock();

	made = markdown_render(text, M);
	ck_assert_msg(clock() - begun < CPU_S * CLOCKS_PER_SEC, "%s", units[_i]);
}
END_TEST

START_TEST(a_list_of_great_depth_that_goes_on_for_many_lines_is_shown_as_it_stands)
{
	DEFER(text_free) char *marks = repeated("- ", 20000), *lines = repeated("\n", 100000);
	DEFER(text_free) char *text = text_fmt("%sa%s<!here>", marks, lines), *made = markdown_render(text, M);

	ck_assert_msg(str_starts(str_of(made), "- - - "), "%.20s", made);
	ck_assert_ptr_nonnull(strstr(made, "&lt;!here&gt;"));
}
END_TEST

START_TEST(depth_is_not_indented_without_end)
{
	DEFER(text_free) char *marks = repeated("> - ", 800), *made = NULL, *text = text_fmt("%sa\nb\nc", marks);
	const char *last;

	made = markdown_render(text, D);
	last = strrchr(made, '\n');
	ck_assert_ptr_nonnull(last);
	ck_assert_uint_le(strlen(last), 4 * MARKUP_INDENT_MAX);
}
END_TEST

/* ---- at random, from a seed ---------------------------------------------- */

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* No "<" of Slack's but a link's; no name within it. */
static void nobody_is_called(const char *made, const char *text)
{
	for (const char *at = made; (at = strchr(at, '<')); at++) {
		const char *end = strchr(at, '>');

		ck_assert_msg(str_starts(str_of(at + 1), "http") || str_starts(str_of(at + 1), "mailto:"), "%s\nmade of\n%s", made, text);
		ck_assert_msg(end && !memchr(at + 1, '<', (size_t)(end - at - 1)), "%s\nmade of\n%s", made, text);
	}
}

START_TEST(whatever_is_said_nobody_is_called)
{
	static const char *const bits[] = {
		"<!channel>", "<@U1>", "[", "](", ")", "https://a.example/", "|", "*", "**", "_", "~~", "`", "```", "\n", "\n\n", "> ", "- ", "1. ", "a", " ", "<", ">", "!", "&lt;", "#",
		"\\", "\"", "'", "mailto:", "|-|-|", "    ", "<https://", "\xC3\xA9", "@here", "<br>", "\t", "~~~",
	};
	uint64_t seed = (uint64_t)_i + 1;
	struct buf b = buf_new(4096);

	for (int run = 0; run < 100; run++) {
		buf_cut(&b, 0);
		for (size_t n = 1 + next_random(&seed) % 60; n-- > 0;)
			buf_adds(&b, bits[next_random(&seed) % COUNT(bits)]);
		for (size_t k = 0; k < COUNT(all_marks); k++) {
			DEFER(text_free) char *made = markdown_render(buf_text(&b), all_marks[k].marks);

			ck_assert(utf8_valid(str_of(made)));
			if (all_marks[k].marks == M)
				nobody_is_called(made, buf_text(&b));
		}
	}
	buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("markdown");
	TCase *t = tcase_create("markdown");

	tcase_add_loop_test(t, what_a_model_says_is_written_in_each_kind_of_marks, 0, COUNT(cases));
	tcase_add_loop_test(t, text_that_is_no_markdown_comes_out_as_it_went_in, 0, COUNT(all_marks));
	tcase_add_loop_test(t, time_grows_with_the_text_and_no_faster, 0, COUNT(units));
	tcase_add_test(t, a_list_of_great_depth_that_goes_on_for_many_lines_is_shown_as_it_stands);
	tcase_add_test(t, depth_is_not_indented_without_end);
	tcase_add_loop_test(t, whatever_is_said_nobody_is_called, 0, 10);
	return verdict(s, t);
}
