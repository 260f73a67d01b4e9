/* test_stream.c - a streamed answer, cut anywhere, gives the same pieces. */
#include "contract.h"
#include "stream.h"

enum { MAX = 64 };

/* Pieces as "[one][two]", and "!" where one was too large. */
static const struct {
	const char *name;
	enum answer_kind kind;
	const char *bytes, *want;
} streams[] = {
	{ "one event", ANSWER_SSE, "data: {\"a\":1}\n\n", "[{\"a\":1}]" },
	{ "two events", ANSWER_SSE, "data: 1\n\ndata: 2\n\n", "[1][2]" },
	{ "CRLF", ANSWER_SSE, "data: 1\r\n\r\ndata: 2\r\n\r\n", "[1][2]" },
	{ "CR", ANSWER_SSE, "data: 1\r\rdata: 2\r\r", "[1][2]" },
	{ "all three", ANSWER_SSE, "data: 1\r\n\ndata: 2\n\r\ndata: 3\r\n\r", "[1][2][3]" },
	{ "CR, then LF", ANSWER_SSE, "data: 1\rdata: 2\n\n", "[1\n2]" },
	{ "CRLF is one line break", ANSWER_SSE, "data: 1\r\ndata: 2\r\n\r\n", "[1\n2]" },
	{ "a byte order mark", ANSWER_SSE, "\xEF\xBB\xBF" "data: 1\n\n", "[1]" },
	{ "a mark that comes later is no mark", ANSWER_SSE, "\n\xEF\xBB\xBF" "data: 1\n\n", "" },
	{ "two marks", ANSWER_SSE, "\xEF\xBB\xBF\xEF\xBB\xBF" "data: 1\n\n", "" },
	{ "a mark and nothing", ANSWER_SSE, "\xEF\xBB\xBF", "" },
	{ "a mark and an end", ANSWER_SSE, "\xEF\xBB\xBF\ndata: 1\n\n", "[1]" },
	{ "a mark that is cut", ANSWER_SSE, "\xEF\xBB", "" },
	{ "comments", ANSWER_SSE, ": ping\n\ndata: 1\n: x\n\n:\n\n", "[1]" },
	{ "data of two lines", ANSWER_SSE, "data: a\ndata: b\n\n", "[a\nb]" },
	{ "data of three lines, one empty", ANSWER_SSE, "data: a\ndata:\ndata: b\n\n", "[a\n\nb]" },
	{ "empty data", ANSWER_SSE, "data:\n\n", "[]" },
	{ "data without a colon", ANSWER_SSE, "data\n\n", "[]" },
	{ "two of them", ANSWER_SSE, "data\ndata\n\n", "[\n]" },
	{ "one space goes", ANSWER_SSE, "data:  a \n\n", "[ a ]" },
	{ "no space", ANSWER_SSE, "data:a\n\n", "[a]" },
	{ "other fields", ANSWER_SSE, "event: x\nid: 1\nretry: 5\ndata: 1\n\n", "[1]" },
	{ "an event without data", ANSWER_SSE, "event: ping\n\ndata: 1\n\n", "[1]" },
	{ "a field that begins like data", ANSWER_SSE, "database: x\n\ndata : y\n\n data: z\n\nDATA: w\n\n", "" },
	{ "colons in data", ANSWER_SSE, "data: a: b\n\n", "[a: b]" },
	{ "the last event does not end", ANSWER_SSE, "data: 1\n\ndata: 2\n", "[1]" },
	{ "the last line does not end", ANSWER_SSE, "data: 1\n\ndata: 2", "[1]" },
	{ "nothing", ANSWER_SSE, "", "" },
	{ "empty lines", ANSWER_SSE, "\n\r\r\n\n", "" },
	{ "text that is no event", ANSWER_SSE, "<html>\n\n</html>\n\n", "" },
	{ "umlauts", ANSWER_SSE, "data: \xC3\xA4\xE2\x82\xAC\n\n", "[\xC3\xA4\xE2\x82\xAC]" },
	{ "a piece as large as may be", ANSWER_SSE, "data: 0123456789012345678901234567890123456789012345678901234567890123\n\n",
	  "[0123456789012345678901234567890123456789012345678901234567890123]" },
	{ "a larger piece", ANSWER_SSE, "data: 1\n\ndata: 01234567890123456789012345678901234567890123456789012345678901234\n\ndata: 2\n\n", "[1]!" },
	{ "a piece of lines that is larger", ANSWER_SSE, "data: 01234567890123456789012345678901\ndata: 01234567890123456789012345678901\n\n", "!" },
	{ "a piece of lines as large as may be", ANSWER_SSE, "data: 01234567890123456789012345678901\ndata: 0123456789012345678901234567890\n\n",
	  "[01234567890123456789012345678901\n0123456789012345678901234567890]" },
	{ "a line without end", ANSWER_SSE, ":01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789", "!" },
	{ "lines", ANSWER_NDJSON, "{\"a\":1}\n{\"b\":2}\n", "[{\"a\":1}][{\"b\":2}]" },
	{ "lines with CRLF", ANSWER_NDJSON, "1\r\n2\r\n", "[1][2]" },
	{ "empty lines between them", ANSWER_NDJSON, "\n1\n\n \t\n2\n", "[1][2]" },
	{ "the last line is whole", ANSWER_NDJSON, "1\n{\"a\":2}", "[1][{\"a\":2}]" },
	{ "the last line is not", ANSWER_NDJSON, "1\n{\"a\":2", "[1]" },
	{ "a line that is no JSON", ANSWER_NDJSON, "oops\n1\n", "[oops][1]" },
	{ "lines after a mark", ANSWER_NDJSON, "\xEF\xBB\xBF" "1\n", "[1]" },
	{ "only the last line, after a mark", ANSWER_NDJSON, "\xEF\xBB\xBF" "1", "[1]" },
	{ "a line that is too large", ANSWER_NDJSON, "1\n01234567890123456789012345678901234567890123456789012345678901234\n2\n", "[1]!" },
	{ "a last line as large as may be", ANSWER_NDJSON, "1234567890123456789012345678901234567890123456789012345678901234",
	  "[1234567890123456789012345678901234567890123456789012345678901234]" },
	{ "a last line that is too large", ANSWER_NDJSON, "12345678901234567890123456789012345678901234567890123456789012345", "!" },
	{ "the largest line after a mark", ANSWER_NDJSON, "\xEF\xBB\xBF" "1234567890123456789012345678901234567890123456789012345678901234\n",
	  "[1234567890123456789012345678901234567890123456789012345678901234]" },
	{ "a text", ANSWER_TEXT, "one\r\ntwo\n\n", "[one\r\ntwo\n\n]" },
	{ "no text", ANSWER_TEXT, "", "" },
	{ "a text that is too large", ANSWER_TEXT, "01234567890123456789012345678901234567890123456789012345678901234", "!" },
};

static void drain(struct stream *s, struct buf *told)
{
	struct str piece;

	while (stream_next(s, &piece)) {
		buf_addc(told, '[');
		buf_add(told, piece.at, piece.len);
		buf_addc(told, ']');
	}
	ck_assert(!stream_next(s, &piece));
}

/* Each chunk in memory of its own, so that a sanitizer sees what is read beyond it. */
static void feed(struct stream *s, const char *bytes, size_t n, struct buf *told, bool *failed)
{
	DEFER(text_free) char *chunk = mem_new(n, 1);

	memcpy(chunk, bytes, n);
	if (stream_feed(s, (struct str){ chunk, n }) != OK && !*failed) {
		drain(s, told);
		buf_addc(told, '!');
		*failed = true;
	}
	drain(s, told);
}

/* In chunks of `size` after a first one of `first`. */
static void check_cut(int i, size_t first, size_t size)
{
	const char *bytes = streams[i].bytes;
	size_t n = strlen(bytes), at = first < n ? first : n;
	struct stream *s = stream_new(streams[i].kind, MAX);
	struct buf told = buf_new(4096);
	bool failed = false;

	feed(s, bytes, at, &told, &failed);
	for (; at < n; at += size)
		feed(s, bytes + at, size < n - at ? size : n - at, &told, &failed);
	stream_end(s);
	drain(s, &told);
	ck_assert_msg(strcmp(buf_text(&told), streams[i].want) == 0, "%s, cut at %zu, then by %zu: %s", streams[i].name, first, size,
		      buf_text(&told));
	buf_free(&told);
	stream_free(s);
}

START_TEST(pieces_do_not_depend_on_where_bytes_are_cut)
{
	size_t n = strlen(streams[_i].bytes);

	for (size_t first = 0; first <= n; first++) {
		check_cut(_i, first, n + 1);
		check_cut(_i, first, 1);
	}
	for (size_t size = 1; size <= n; size++)
		check_cut(_i, size, size);
}
END_TEST

START_TEST(pieces_may_be_taken_late)
{
	struct stream *s = stream_new(ANSWER_SSE, MAX);
	struct buf told = buf_new(1 << 20);

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(stream_feed(s, STR("data: x\n\n")), OK);
	drain(s, &told);
	ck_assert_int_eq(told.len, 3000);
	buf_free(&told);
	stream_free(s);
}
END_TEST

START_TEST(what_failed_stays_failed)
{
	struct stream *s = stream_new(ANSWER_NDJSON, 4);
	struct str piece;

	ck_assert_int_eq(stream_feed(s, STR("12345\n")), ERR_LIMIT);
	ck_assert_int_eq(stream_feed(s, STR("1\n")), ERR_LIMIT);
	stream_end(s);
	ck_assert(!stream_next(s, &piece));
	stream_free(s);
	stream_free(NULL);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("stream");
	Suite *s = suite_create("stream");

	tcase_add_loop_test(t, pieces_do_not_depend_on_where_bytes_are_cut, 0, COUNT(streams));
	tcase_add_test(t, pieces_may_be_taken_late);
	tcase_add_test(t, what_failed_stays_failed);
	return verdict(s, t);
}
