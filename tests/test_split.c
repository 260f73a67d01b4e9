/* test_split.c - texts cut to what a platform takes. */
#include "contract.h"
#include "markdown.h"
#include "split.h"
#include <time.h>
#include <unigbrk.h>

#define P MARKS_PLAIN
#define D MARKS_MARKDOWN
#define M MARKS_MRKDWN
#define H MARKS_HTML

#define FAMILY "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7"	/* three faces, two joiners */
#define FLAG "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA"
#define HAND "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD"		/* with a skin tone */
#define HEART "\xE2\x9D\xA4\xEF\xB8\x8F"			/* with a variation selector */
#define ACUTE "e\xCC\x81"

static const struct {
	const char *name;
	int64_t max;
	enum text_unit unit;
	enum marks marks;
	const char *text, *want;		/* pieces, a "¦" between them */
} cases[] = {
	{ "what fits is left as it stands", 20, UNIT_CODE_POINT, M, "  two words \n", "  two words \n" },
	{ "nothing is one piece", 20, UNIT_CODE_POINT, M, "", "" },
	{ "blanks alone are one piece", 3, UNIT_CODE_POINT, M, "      ", "" },
	{ "between blocks", 20, UNIT_CODE_POINT, M, "One. Two.\n\nThree. Four.", "One. Two.¦Three. Four." },
	{ "rather than between lines", 18, UNIT_CODE_POINT, M, "One. Two.\n\nThree.\nFour. Five.", "One. Two.¦Three.\nFour. Five." },
	{ "between lines", 18, UNIT_CODE_POINT, M, "One. Two.\nThree. Four.", "One. Two.¦Three. Four." },
	{ "between sentences", 20, UNIT_CODE_POINT, M, "One and. Two three four five", "One and. Two three¦four five" },
	{ "between sentences where that fills half", 20, UNIT_CODE_POINT, M, "One and two. Three four five", "One and two.¦Three four five" },
	{ "between words", 10, UNIT_CODE_POINT, M, "one two  three four", "one two¦three four" },
	{ "rather before a long word than within it", 10, UNIT_CODE_POINT, M, "a bcdefghijkl", "a¦bcdefghijk¦l" },
	{ "an indent stays", 12, UNIT_CODE_POINT, M, "one two\n  three four", "one two¦  three four" },
	{ "a word without end", 5, UNIT_CODE_POINT, M, "abcdefghijkl", "abcde¦fghij¦kl" },
	{ "Chinese sentences", 6, UNIT_CODE_POINT, M, "\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\xE3\x80\x82\xE5\x9B\x9B\xE4\xBA\x94\xE5\x85\xAD\xE3\x80\x82",
	  "\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\xE3\x80\x82¦\xE5\x9B\x9B\xE4\xBA\x94\xE5\x85\xAD\xE3\x80\x82" },
	{ "a carriage return", 4, UNIT_CODE_POINT, P, "one\r\ntwo\r\n", "one¦two" },

	{ "code points", 2, UNIT_CODE_POINT, P, "\xC3\xA9\xF0\x9F\xA6\x80\xC3\xA9", "\xC3\xA9\xF0\x9F\xA6\x80¦\xC3\xA9" },
	{ "UTF-16", 2, UNIT_UTF16, P, "\xC3\xA9\xF0\x9F\xA6\x80\xC3\xA9", "\xC3\xA9¦\xF0\x9F\xA6\x80¦\xC3\xA9" },
	{ "bytes", 5, UNIT_BYTE, P, "\xC3\xA9\xF0\x9F\xA6\x80\xC3\xA9", "\xC3\xA9¦\xF0\x9F\xA6\x80¦\xC3\xA9" },
	{ "a letter and its mark", 3, UNIT_CODE_POINT, P, "a" ACUTE ACUTE, "a" ACUTE "¦" ACUTE },
	{ "a family", 6, UNIT_CODE_POINT, P, "ab" FAMILY, "ab¦" FAMILY },
	{ "two flags", 3, UNIT_CODE_POINT, P, FLAG FLAG, FLAG "¦" FLAG },
	{ "a hand of a colour", 2, UNIT_CODE_POINT, P, "a" HAND, "a¦" HAND },
	{ "a heart that is an emoji", 2, UNIT_CODE_POINT, P, "a" HEART, "a¦" HEART },
	{ "a family that fits nowhere", 3, UNIT_CODE_POINT, P, "a" FAMILY, "a¦\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9¦\xE2\x80\x8D\xF0\x9F\x91\xA7" },
	{ "a character that fits nowhere", 2, UNIT_BYTE, P, "a\xF0\x9F\xA6\x80" "b", "a¦\xF0\x9F\xA6\x80¦b" },

	{ "a fence is closed and opened again", 20, UNIT_CODE_POINT, M, "```\none two\nthree four\n```", "```\none two\n```¦```\nthree four\n```" },
	{ "with its language", 20, UNIT_CODE_POINT, D, "```c\none two\nthree four\n```", "```c\none two\n```¦```c\nthree four\n```" },
	{ "without one that is too long", 21, UNIT_CODE_POINT, D, "```abcdef\none two\nthree\n```\n", "```abcdef\none two\n```¦```\nthree\n```\n" },
	{ "before a fence rather than within it", 20, UNIT_CODE_POINT, M, "a b c d e f\n```\nx y\nz\n```", "a b c d e f¦```\nx y\nz\n```" },
	{ "behind it", 20, UNIT_CODE_POINT, M, "```\na b c\nd e\n```\nx y z", "```\na b c\nd e\n```¦x y z" },
	{ "an empty line of code", 16, UNIT_CODE_POINT, M, "```\na\n\n\n  bcdef\n```", "```\na\n\n\n```¦```\n  bcdef\n```" },
	{ "a line of code that is too long", 16, UNIT_CODE_POINT, M, "```\nabcdefghijkl\n```", "```\nabcdefgh\n```¦```\nijkl\n```" },
	{ "an entity in code", 19, UNIT_CODE_POINT, M, "```\nabcdefgh&lt;\n```", "```\nabcdefgh\n```¦```\n&lt;\n```" },
	{ "blanks in code are no piece", 18, UNIT_CODE_POINT, M, "```\nabc\n\n\n\n\n\n\n\n\n\n\n```\nd", "```\nabc\n\n\n\n\n\n\n\n```¦d" },
	{ "blanks within a line of code stay", 16, UNIT_CODE_POINT, M, "```\nabcdef  ghijkl\n```", "```\nabcdef\n```¦```\n  ghijkl\n```" },
	{ "its first line is not cut", 26, UNIT_CODE_POINT, D, "```c d e\nabcdefghijklmnopqrst\n```", "```c d e\nabcdefghijklm\n```¦```c d e\nnopqrst\n```" },
	{ "nor said twice", 18, UNIT_CODE_POINT, D, "```c\n" FAMILY FAMILY "\n```", "```c\n" FAMILY "\n```¦```c\n" FAMILY "\n```" },
	{ "nor where nothing fits behind it", 21, UNIT_BYTE, D, "```c\n" FAMILY "\n```",
	  "```c\n\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\n```¦```c\n\xE2\x80\x8D\xF0\x9F\x91\xA7\n```" },
	{ "a fence within a longer one", 22, UNIT_CODE_POINT, D, "````\na b\n```\nc d e f\n````", "````\na b\n```\n````¦````\nc d e f\n````" },
	{ "one that is never closed", 16, UNIT_CODE_POINT, M, "```\nabcdef\nghi\njkl", "```\nabcdef\n```¦```\nghi\njkl" },
	{ "no room for fences", 15, UNIT_CODE_POINT, M, "```\nabc def ghi\n```\n", "```\nabc def ghi¦```\n" },
	{ "ticks within a line are no fence", 20, UNIT_CODE_POINT, M, "a ``` b c d e f g h i j k", "a ``` b c d e f g h¦i j k" },
	{ "without marks there are no fences", 20, UNIT_CODE_POINT, P, "```\none two\nthree four\n```", "```\none two¦three four\n```" },

	{ "an entity", 6, UNIT_CODE_POINT, M, "abc&amp;d", "abc¦&amp;d" },
	{ "a link", 30, UNIT_CODE_POINT, M, "see <https://a.example|one two> now", "see¦<https://a.example|one two>¦now" },
	{ "a link in Markdown that fits nowhere", 26, UNIT_CODE_POINT, D, "see [one two](https://a.example) now", "see¦[one¦two](https://a.example)¦now" },
	{ "a link in Markdown", 30, UNIT_CODE_POINT, D, "see [one two](https://a.example) now", "see¦[one two](https://a.example)¦now" },
	{ "an ampersand that is none", 4, UNIT_CODE_POINT, P, "ab&amp;", "ab&a¦mp;" },
	{ "tags", 24, UNIT_CODE_POINT, H, "<b>one two three four</b>", "<b>one two three</b>¦<b>four</b>" },
	{ "tags within tags", 40, UNIT_CODE_POINT, H, "<b>one <i>two three four five</i></b> and so on", "<b>one <i>two three four five</i></b>¦and so on" },
	{ "tags that are open together", 36, UNIT_CODE_POINT, H, "<b>one <i>two three four five</i></b>", "<b>one <i>two three four</i></b>¦<b><i>five</i></b>" },
	{ "code in HTML", 36, UNIT_CODE_POINT, H, "<pre>one two three\n  four five six seven</pre>", "<pre>one two three</pre>¦<pre>  four five six seven</pre>" },
	{ "a tag that is too long to be opened twice", 27, UNIT_CODE_POINT, H, "a <a href=\"https://a.b\">x</a>", "a¦<a href=\"https://a.b\">x</a>" },
};

/* Pieces, a "¦" between them; owned. */
static char *joined(const cJSON *pieces)
{
	struct buf b = buf_new(1 << 22);

	for (const cJSON *p = json_first(pieces); p; p = p->next)
		buf_addf(&b, "%s%s", b.len || p != pieces->child ? "¦" : "", p->valuestring);
	return buf_take(&b);
}

START_TEST(a_text_is_cut_where_a_reader_would)
{
	DEFER(json_drop) cJSON *pieces = split_text(cases[_i].text, cases[_i].max, cases[_i].unit, cases[_i].marks);
	DEFER(text_free) char *got = joined(pieces);

	ck_assert_msg(strcmp(got, cases[_i].want) == 0, "%s:\n%s\nand not\n%s", cases[_i].name, got, cases[_i].want);
}
END_TEST

/* ---- what holds of every text -------------------------------------------- */

static char *without_blanks(const char *text, size_t n)
{
	struct buf b = buf_new(1 << 22);

	for (size_t i = 0; i < n; i++)
		if (!strchr(" \t\r\n", text[i]))
			buf_addc(&b, text[i]);
	return buf_take(&b);
}

struct reading {
	const char *text, *breaks;	/* without blanks */
	bool whole;			/* no cluster is cut */
};

/* Do these pieces go on with the text from here, blanks apart, and end it? A fence that may have
 * been added is tried as such and as the text's own. */
static bool reads(const struct reading *r, const cJSON *p, size_t at)
{
	const char *piece = p ? p->valuestring : "", *first = strchr(piece, '\n'), *last = strrchr(piece, '\n');
	size_t n = strlen(piece), from[] = { 0, 0 }, to[] = { n, n };

	if (!p)		/* (a fence that begins at the very end is nothing) */
		return !r->text[at] || strcmp(r->text + at, "```") == 0 || strcmp(r->text + at, "```c") == 0;
	if (r->whole && r->text[at] && !r->breaks[at])
		return false;
	if (str_starts(str_of(piece), "```") && first)
		from[1] = (size_t)(first - piece) + 1;
	if (last && str_starts(str_of(last + 1), "```"))
		to[1] = (size_t)(last - piece);
	for (int i = 0; i < 4; i++) {
		size_t begin = from[i & 1], end = to[i >> 1];
		DEFER(text_free) char *part = begin <= end ? without_blanks(piece + begin, end - begin) : NULL;

		if ((i & 1 && !from[1]) || (i >> 1 && to[1] == n) || !part)
			continue;
		if (str_starts(str_of(r->text + at), part) && reads(r, p->next, at + strlen(part)))
			return true;
	}
	return false;
}

static void is_fit(const char *piece, int64_t max, enum text_unit unit)
{
	struct str s = str_of(piece);

	ck_assert_msg(utf8_valid(s), "not UTF-8: %s", piece);
	ck_assert_msg(text_units(s, unit) <= max || text_units(s, UNIT_CODE_POINT) == 1, "longer than %d: %s", (int)max, piece);
}

static size_t fence_behind(size_t open, const char *line)
{
	size_t n = strspn(line, "`"), end = n + strspn(line + n, " \t");
	bool bare = line[end] == '\n' || !line[end];

	if (n < 3 || n > 4)
		return open;
	return !open ? n : n >= open && bare ? 0 : open;
}

/* Where there is room for what belongs together. */
static void is_whole(const char *piece, enum marks marks, bool last)
{
	size_t fence = fence_behind(0, piece);

	for (const char *at = piece; (at = strchr(at, '\n')); at++)
		fence = fence_behind(fence, at + 1);
	ck_assert_msg(last || !fence, "a fence is open: %s", piece);
	for (const char *at = piece; marks == M && (at = strchr(at, '&')); at++)
		ck_assert_msg(memchr(at, ';', strnlen(at, 5)), "an entity is cut: %s", piece);
	for (const char *at = piece; marks == M && (at = strchr(at, '<')); at++)
		ck_assert_msg(strchr(at, '>'), "a link is cut: %s", piece);
}

enum { ROOM = 48 };		/* for the longest link and the longest family, in bytes, within a fence */

static void holds(const char *text, int64_t max, enum text_unit unit, enum marks marks)
{
	DEFER(json_drop) cJSON *pieces = split_text(text, max, unit, marks);
	DEFER(text_free) char *rest = without_blanks(text, strlen(text)), *breaks = mem_new(strlen(rest) + 1, 1);
	struct reading r = { rest, breaks, max >= ROOM };

	u8_grapheme_breaks((const uint8_t *)rest, strlen(rest), breaks);
	ck_assert_int_ge(json_count(pieces), 1);
	for (const cJSON *p = json_first(pieces); p; p = p->next) {
		is_fit(p->valuestring, max, unit);
		if (max >= ROOM && marks != P)
			is_whole(p->valuestring, marks, !p->next);
	}
	if (!reads(&r, json_first(pieces), 0)) {
		DEFER(text_free) char *all = joined(pieces);

		ck_abort_msg("not the text (max %d):\n%s\nbut\n%s", (int)max, text, all);
	}
}

static const char *const nasty[] = {
	"", " ", "\n\n\n", "a", "a ", " a", FAMILY FAMILY, FLAG FLAG FLAG, ACUTE ACUTE ACUTE ACUTE, HAND HEART HAND, "\xF0\x9F\xA6\x80\xF0\x9F\xA6\x80",
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "                                              a                                         b",
	"```\n```", "```", "```\n", "```c", "```\na\n```", "```c\nint main(void)\n{\n\treturn 0;\n}\n```\nand so on", "a\n```\nb\n\n\n\nc\n```\n```\nd\n```\ne", "```\n                                                         x\n```",
	"``` a very long line of information that nobody can want to read twice, but here it is\nx\n```\ny", "````\n```\na\n```\n````\nb", "```\n" FAMILY FAMILY "\n```", "a\n```\nhalf of it\nand no more",
	"```````````````````````````````````````````````````````````\na\nb", "a. b! c? d: e) f\n\n\ng\r\nh\r\n\r\ni", "&amp;&lt;&gt;&amp;&amp;", "a <https://a.example|b c d e> f", "<https://a.example/abcdefghijklmnopqrstuvwxyz>",
	"> a\n> b\n>\n> c", "  a\n    b\n      c d e f g\n  h", "[a](https://a.example) [b](https://b.example)", "e\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81",
};

START_TEST(whatever_the_greatest_length_nothing_is_lost)
{
	for (int64_t max = 1; max <= 60; max++)
		for (enum text_unit unit = UNIT_CODE_POINT; unit <= UNIT_BYTE; unit++)
			for (enum marks marks = MARKS_PLAIN; marks <= MARKS_WHATSAPP; marks++)
				holds(nasty[_i], max, unit, marks);
}
END_TEST

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

START_TEST(at_random_nothing_is_lost)
{
	static const char *const bits[] = {
		"a", "bcd", " ", " ", "\n", "\n\n", "  ", ". ", "word ", "longer words ", FAMILY, FLAG, ACUTE, HAND, HEART, "&amp;", "&lt;", "<https://a.example|one two>", "\n```\n", "\n```c\n", "\r\n",
		"\xE3\x80\x82", "\xE6\x97\xA5\xE6\x9C\xAC", "\n- ", "\n> ", "*b*", "`c`", "\t", "abcdefghijklmnopqrstuvwxyz",
	};
	uint64_t seed = (uint64_t)_i + 1;
	struct buf b = buf_new(1 << 16);

	for (int run = 0; run < 500; run++) {
		buf_cut(&b, 0);
		for (size_t n = 1 + next_random(&seed) % 80; n-- > 0;)
			buf_adds(&b, bits[next_random(&seed) % COUNT(bits)]);
		holds(buf_text(&b), 1 + (int64_t)(next_random(&seed) % 120), (enum text_unit)(next_random(&seed) % 3),
		      (enum marks)(next_random(&seed) % 4));
	}
	buf_free(&b);
}
END_TEST

/* Each piece of what is rendered as HTML closes what it opens. */
static void is_balanced(const char *piece)
{
	struct str open[16];
	size_t n = 0;

	for (const char *at = piece; (at = strchr(at, '<')); at++) {
		struct str name = { at + 1 + (at[1] == '/'), 0 };

		ck_assert_msg(strchr(at, '>'), "a tag is cut: %s", piece);
		name.len = strcspn(name.at, " >");
		if (at[1] != '/') {
			open[n++] = name;
			continue;
		}
		ck_assert_msg(n && open[n - 1].len == name.len && memcmp(open[n - 1].at, name.at, name.len) == 0, "not closed in order: %s", piece);
		n--;
	}
	ck_assert_msg(n == 0, "a tag is open: %s", piece);
}

START_TEST(what_is_rendered_as_html_is_cut_to_pieces_that_are_whole)
{
	static const char *const bits[] = {
		"**", "*", "~~", "`code` ", "word ", "and more words ", "\n", "\n\n", "\n```c\nint x;\n  y &&= z;\n```\n", "[a link](https://a.example) ", "> ", "# ", "- ", "<b>", "& ", FAMILY, "@all ",
	};
	uint64_t seed = (uint64_t)_i + 1;
	struct buf b = buf_new(1 << 16);

	for (int run = 0; run < 60; run++) {
		DEFER(text_free) char *made = NULL;
		DEFER(json_drop) cJSON *pieces = NULL;
		int64_t max = 150 + (int64_t)(next_random(&seed) % 200);

		buf_cut(&b, 0);
		for (size_t n = 1 + next_random(&seed) % 120; n-- > 0;)
			buf_adds(&b, bits[next_random(&seed) % COUNT(bits)]);
		made = markdown_render(buf_text(&b), H);
		pieces = split_text(made, max, UNIT_UTF16, H);
		for (const cJSON *p = json_first(pieces); p; p = p->next) {
			is_fit(p->valuestring, max, UNIT_UTF16);
			is_balanced(p->valuestring);
		}
	}
	buf_free(&b);
}
END_TEST

/* ---- a megabyte ---------------------------------------------------------- */

enum { CPU_S = 2 };

static const struct { const char *unit; int64_t max; enum marks marks; } longs[] = {
	{ "a", 4000, M }, { "a", 1, M }, { "a ", 4000, P }, { "\n", 4000, M }, { "word. ", 40, P }, { "<", 4000, M }, { "<", 4000, H }, { "&", 4000, M }, { "[", 2000, D }, { "[a](", 2000, D },
	{ "`", 4000, D }, { "```\n", 4000, D }, { "```\na\n", 2000, M }, { " ", 10, P }, { "<b>", 4000, H }, { "</b>", 4000, H }, { FAMILY, 4096, H }, { "\xCC\x81", 4000, P }, { "```\n\n", 60, M },
};

START_TEST(time_grows_with_the_text_and_no_faster)
{
	struct buf b = buf_new(1 << 20);
	DEFER(json_drop) cJSON *pieces = NULL;
	clock_t begun = clock();

	while (b.len < 400 * 1000)
		buf_adds(&b, longs[_i].unit);
	pieces = split_text(buf_text(&b), longs[_i].max, UNIT_CODE_POINT, longs[_i].marks);
	ck_assert_ptr_nonnull(pieces);
	ck_assert_msg(clock() - begun < CPU_S * CLOCKS_PER_SEC, "%s", longs[_i].unit);
	buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("split");
	TCase *t = tcase_create("split");

	tcase_add_loop_test(t, a_text_is_cut_where_a_reader_would, 0, COUNT(cases));
	tcase_add_loop_test(t, whatever_the_greatest_length_nothing_is_lost, 0, COUNT(nasty));
	tcase_add_loop_test(t, at_random_nothing_is_lost, 0, 8);
	tcase_add_loop_test(t, what_is_rendered_as_html_is_cut_to_pieces_that_are_whole, 0, 4);
	tcase_add_loop_test(t, time_grows_with_the_text_and_no_faster, 0, COUNT(longs));
	return verdict(s, t);
}
