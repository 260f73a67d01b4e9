/* test_type.c - what fits an argument's type, and the one form it then has. */
#include "contract.h"
#include "limits.h"
#include "pattern.h"
#include "type.h"

/* want NULL: refused */
static const struct {
	const char *name, *argument, *given, *want;
} values[] = {
	{ "an id", "{\"type\":\"id\"}", "\"C1_x.y:z@a+b=c-d/e\"", "\"C1_x.y:z@a+b=c-d/e\"" },
	{ "an empty id", "{\"type\":\"id\"}", "\"\"", NULL },
	{ "an id with a space", "{\"type\":\"id\"}", "\"a b\"", NULL },
	{ "an id with a question mark", "{\"type\":\"id\"}", "\"a?b\"", NULL },
	{ "an id that is a number", "{\"type\":\"id\"}", "12", NULL },
	{ "an id of a number no double holds", "{\"type\":\"id\"}", "9007199254740993", "\"9007199254740993\"" },

	{ "a word", "{\"type\":\"word\"}", "\"meta/llama-3.2:free\"", "\"meta/llama-3.2:free\"" },
	{ "a word of signs", "{\"type\":\"word\"}", "\"!~\"", "\"!~\"" },
	{ "a word with a space", "{\"type\":\"word\"}", "\"a b\"", NULL },
	{ "a word with an umlaut", "{\"type\":\"word\"}", "\"\xC3\xA4\"", NULL },
	{ "a word with a tab", "{\"type\":\"word\"}", "\"a\\tb\"", NULL },
	{ "an empty word", "{\"type\":\"word\"}", "\"\"", NULL },
	{ "a word with DEL", "{\"type\":\"word\"}", "\"a\x7F\"", NULL },

	{ "a line", "{\"type\":\"line\"}", "\"Gr\xC3\xBC\xC3\x9F\x65, you\"", "\"Gr\xC3\xBC\xC3\x9F\x65, you\"" },
	{ "a line with signs near the controls", "{\"type\":\"line\"}", "\"\xC2\xA0\xE2\x80\xA6\xE2\x82\xA8\xE1\x80\xA8\"",
	  "\"\xC2\xA0\xE2\x80\xA6\xE2\x82\xA8\xE1\x80\xA8\"" },
	{ "a line with the first of C1", "{\"type\":\"line\"}", "\"a\\u0080\"", NULL },
	{ "a line with the last of C1", "{\"type\":\"line\"}", "\"a\\u009f\"", NULL },
	{ "a line with a paragraph separator", "{\"type\":\"line\"}", "\"a\\u2029\"", NULL },
	{ "two lines", "{\"type\":\"line\"}", "\"a\\nb\"", NULL },
	{ "a line with a return", "{\"type\":\"line\"}", "\"a\\rb\"", NULL },
	{ "a line with a tab", "{\"type\":\"line\"}", "\"a\\tb\"", NULL },
	{ "a line with NEL", "{\"type\":\"line\"}", "\"a\\u0085\"", NULL },
	{ "a line with a line separator", "{\"type\":\"line\"}", "\"a\\u2028\"", NULL },
	{ "a line with half a pair", "{\"type\":\"line\"}", "\"a\\ud83d\"", "\"a\xEF\xBF\xBD\"" },
	{ "a line that is a list", "{\"type\":\"line\"}", "[\"a\"]", NULL },
	{ "a text", "{\"type\":\"text\"}", "\"a\\n\\tb\"", "\"a\\n\\tb\"" },
	{ "a text that is an object", "{\"type\":\"text\"}", "{}", NULL },
	{ "a text of exactly its most bytes", "{\"type\":\"text\",\"max\":4}", "\"\xC3\xA4\xC3\xA4\"", "\"\xC3\xA4\xC3\xA4\"" },
	{ "a text of more bytes", "{\"type\":\"text\",\"max\":4}", "\"\xC3\xA4\xC3\xA4.\"", NULL },
	{ "a text of exactly its least bytes", "{\"type\":\"text\",\"min\":2}", "\"ab\"", "\"ab\"" },
	{ "no text where some must be", "{\"type\":\"text\",\"min\":1}", "\"\"", NULL },
	{ "a text of fewer bytes", "{\"type\":\"text\",\"min\":2}", "\"a\"", NULL },

	{ "a whole number", "{\"type\":\"int\"}", "-12", "-12" },
	{ "written with a point", "{\"type\":\"int\"}", "10.0", "10" },
	{ "the largest exact one", "{\"type\":\"int\"}", "9007199254740992", "9007199254740992" },
	{ "one more, which a double cannot hold", "{\"type\":\"int\"}", "9007199254740993", NULL },
	{ "a number with a part", "{\"type\":\"int\"}", "1.5", NULL },
	{ "a number in quotes", "{\"type\":\"int\"}", "\"1\"", NULL },
	{ "a number is not measured in bytes", "{\"type\":\"int\",\"min\":2,\"max\":9}", "5", "5" },
	{ "the least", "{\"type\":\"int\",\"min\":1,\"max\":3}", "1", "1" },
	{ "less", "{\"type\":\"int\",\"min\":1,\"max\":3}", "0", NULL },
	{ "the most", "{\"type\":\"int\",\"min\":1,\"max\":3}", "3", "3" },
	{ "more", "{\"type\":\"int\",\"min\":1,\"max\":3}", "4", NULL },

	{ "an amount", "{\"type\":\"amount\"}", "\"12.30 EUR\"", "\"12.30 EUR\"" },
	{ "an amount without its last digit", "{\"type\":\"amount\"}", "\"12.3 EUR\"", "\"12.30 EUR\"" },
	{ "an amount without a point", "{\"type\":\"amount\"}", "\"12 EUR\"", "\"12.00 EUR\"" },
	{ "yen have no minor unit", "{\"type\":\"amount\"}", "\"12 JPY\"", "\"12 JPY\"" },
	{ "dinars have three digits", "{\"type\":\"amount\"}", "\"1.5 KWD\"", "\"1.500 KWD\"" },
	{ "less than one", "{\"type\":\"amount\"}", "\"0.05 USD\"", "\"0.05 USD\"" },
	{ "yen with a part", "{\"type\":\"amount\"}", "\"12.5 JPY\"", NULL },
	{ "three digits of a euro", "{\"type\":\"amount\"}", "\"1.234 EUR\"", NULL },
	{ "a point and nothing", "{\"type\":\"amount\"}", "\"1. EUR\"", NULL },
	{ "a comma", "{\"type\":\"amount\"}", "\"12,30 EUR\"", NULL },
	{ "less than nothing", "{\"type\":\"amount\"}", "\"-1.00 EUR\"", NULL },
	{ "a zero before it", "{\"type\":\"amount\"}", "\"012.00 EUR\"", NULL },
	{ "a zero before a digit", "{\"type\":\"amount\"}", "\"01.00 EUR\"", NULL },
	{ "as many digits as may be", "{\"type\":\"amount\"}", "\"1234567890123.45 EUR\"", "\"1234567890123.45 EUR\"" },
	{ "no currency", "{\"type\":\"amount\"}", "\"12.00\"", NULL },
	{ "a currency in small letters", "{\"type\":\"amount\"}", "\"12.00 eur\"", NULL },
	{ "two spaces", "{\"type\":\"amount\"}", "\"12.00  EUR\"", NULL },
	{ "a number", "{\"type\":\"amount\"}", "12.3", NULL },
	{ "too many digits", "{\"type\":\"amount\"}", "\"12345678901234.00 EUR\"", NULL },

	{ "a time", "{\"type\":\"time\"}", "\"2026-01-31T09:30:00Z\"", "\"2026-01-31T09:30:00Z\"" },
	{ "a time in small letters", "{\"type\":\"time\"}", "\"2026-01-31t09:30:00z\"", "\"2026-01-31T09:30:00Z\"" },
	{ "a time with a space", "{\"type\":\"time\"}", "\"2026-01-31 09:30:00Z\"", "\"2026-01-31T09:30:00Z\"" },
	{ "a time with idle zeros", "{\"type\":\"time\"}", "\"2026-01-31T09:30:00.500Z\"", "\"2026-01-31T09:30:00.5Z\"" },
	{ "a time with a part of zeros", "{\"type\":\"time\"}", "\"2026-01-31T09:30:00.000Z\"", "\"2026-01-31T09:30:00Z\"" },
	{ "a time with an offset", "{\"type\":\"time\"}", "\"2026-01-31T09:30:00+02:00\"", "\"2026-01-31T09:30:00+02:00\"" },
	{ "an offset of nothing", "{\"type\":\"time\"}", "\"2026-01-31T09:30:00-00:00\"", "\"2026-01-31T09:30:00Z\"" },
	{ "a leap day", "{\"type\":\"time\"}", "\"2024-02-29T00:00:00Z\"", "\"2024-02-29T00:00:00Z\"" },
	{ "a leap day in the fourth century", "{\"type\":\"time\"}", "\"2000-02-29T00:00:00Z\"", "\"2000-02-29T00:00:00Z\"" },
	{ "the last second of a year", "{\"type\":\"time\"}", "\"2026-12-31T23:59:59.123456789+23:59\"", "\"2026-12-31T23:59:59.123456789+23:59\"" },
	{ "the first second of a month", "{\"type\":\"time\"}", "\"2026-12-01T00:00:00-00:30\"", "\"2026-12-01T00:00:00-00:30\"" },
	{ "day 0", "{\"type\":\"time\"}", "\"2026-12-00T00:00:00Z\"", NULL },
	{ "two days after a leap day's eve", "{\"type\":\"time\"}", "\"2024-02-30T00:00:00Z\"", NULL },
	{ "month 0", "{\"type\":\"time\"}", "\"2026-00-01T00:00:00Z\"", NULL },
	{ "a second too many", "{\"type\":\"time\"}", "\"2026-12-31T23:59:60Z\"", NULL },
	{ "a part of no digits", "{\"type\":\"time\"}", "\"2026-12-31T23:59:59.Z\"", NULL },
	{ "a part of too many", "{\"type\":\"time\"}", "\"2026-12-31T23:59:59.1234567890Z\"", NULL },
	{ "an offset with a minute too many", "{\"type\":\"time\"}", "\"2026-12-31T23:59:59+02:60\"", NULL },
	{ "an offset without a sign", "{\"type\":\"time\"}", "\"2026-12-31T23:59:59x02:00\"", NULL },
	{ "a letter among digits", "{\"type\":\"time\"}", "\"2026-0a-31T23:59:59Z\"", NULL },
	{ "no leap day", "{\"type\":\"time\"}", "\"2026-02-29T00:00:00Z\"", NULL },
	{ "no leap day in a whole century", "{\"type\":\"time\"}", "\"2100-02-29T00:00:00Z\"", NULL },
	{ "no zone", "{\"type\":\"time\"}", "\"2026-01-31T09:30:00\"", NULL },
	{ "a month too many", "{\"type\":\"time\"}", "\"2026-13-01T09:30:00Z\"", NULL },
	{ "an hour too many", "{\"type\":\"time\"}", "\"2026-01-31T24:00:00Z\"", NULL },
	{ "a minute too many", "{\"type\":\"time\"}", "\"2026-01-31T23:60:00Z\"", NULL },
	{ "an offset of a day", "{\"type\":\"time\"}", "\"2026-01-31T09:30:00+24:00\"", NULL },
	{ "something behind it", "{\"type\":\"time\"}", "\"2026-01-31T09:30:00Zx\"", NULL },
	{ "something behind its offset", "{\"type\":\"time\"}", "\"2026-01-31T09:30:00+02:00x\"", NULL },
	{ "a day only", "{\"type\":\"time\"}", "\"2026-01-31\"", NULL },
	{ "cut short", "{\"type\":\"time\"}", "\"2026-01-31T09:3\"", NULL },
	{ "an empty time", "{\"type\":\"time\"}", "\"\"", NULL },

	{ "true", "{\"type\":\"bool\"}", "true", "true" },
	{ "false", "{\"type\":\"bool\"}", "false", "false" },
	{ "one is not true", "{\"type\":\"bool\"}", "1", NULL },
	{ "the word is not true", "{\"type\":\"bool\"}", "\"true\"", NULL },
	{ "one of the words", "{\"type\":\"enum\",\"values\":[\"low\",\"high\"]}", "\"high\"", "\"high\"" },
	{ "none of the words", "{\"type\":\"enum\",\"values\":[\"low\",\"high\"]}", "\"hig\"", NULL },
	{ "a word in capitals", "{\"type\":\"enum\",\"values\":[\"low\",\"high\"]}", "\"HIGH\"", NULL },

	{ "one address", "{\"type\":\"emails\"}", "\"Anna.B+x@Example.ORG\"", "[\"Anna.B+x@example.org\"]" },
	{ "a list of addresses", "{\"type\":\"emails\"}", "[\"a@b.c\",\"d@e.f\"]", "[\"a@b.c\",\"d@e.f\"]" },
	{ "an address twice", "{\"type\":\"emails\"}", "[\"a@b.c\",\"a@B.C\"]", "[\"a@b.c\"]" },
	{ "two addresses in one text", "{\"type\":\"emails\"}", "\"a@b.c, d@e.f\"", NULL },
	{ "an address with a name", "{\"type\":\"emails\"}", "\"Anna <a@b.c>\"", NULL },
	{ "a line break and a header", "{\"type\":\"emails\"}", "\"a@b.c\\r\\nBcc: x@y.z\"", NULL },
	{ "a domain of other letters", "{\"type\":\"emails\"}", "\"a@ex\xC3\xA4mple.org\"", NULL },
	{ "a user of other letters", "{\"type\":\"emails\"}", "\"\xC3\xA4@example.org\"", NULL },
	{ "no domain", "{\"type\":\"emails\"}", "\"a@\"", NULL },
	{ "no user", "{\"type\":\"emails\"}", "\"@b.c\"", NULL },
	{ "two signs", "{\"type\":\"emails\"}", "\"a@b@c.d\"", NULL },
	{ "a domain of one label", "{\"type\":\"emails\"}", "\"a@localhost\"", NULL },
	{ "a domain with an empty label", "{\"type\":\"emails\"}", "\"a@b..c\"", NULL },
	{ "a domain with a dash before it", "{\"type\":\"emails\"}", "\"a@-b.c\"", NULL },
	{ "two dots in a user", "{\"type\":\"emails\"}", "\"a..b@c.d\"", NULL },
	{ "a user that ends in a dot", "{\"type\":\"emails\"}", "\"a.@c.d\"", NULL },
	{ "a sign before a user", "{\"type\":\"emails\"}", "\"(a@b.c\"", NULL },
	{ "a user that begins with a dot", "{\"type\":\"emails\"}", "\".a@b.c\"", NULL },
	{ "a domain with a dash behind it", "{\"type\":\"emails\"}", "\"a@b-.c\"", NULL },
	{ "a domain that begins with a sign", "{\"type\":\"emails\"}", "\"a@_b.c\"", NULL },
	{ "no addresses", "{\"type\":\"emails\"}", "[]", NULL },
	{ "a number among them", "{\"type\":\"emails\"}", "[\"a@b.c\",1]", NULL },
	{ "an object of addresses", "{\"type\":\"emails\"}", "{\"a\":\"a@b.c\"}", NULL },

	{ "a Message-ID", "{\"type\":\"message_id\"}", "\"<1.x@mail.example.org>\"", "\"<1.x@mail.example.org>\"" },
	{ "a bare Message-ID", "{\"type\":\"message_id\"}", "\"1.x@mail.example.org\"", "\"<1.x@mail.example.org>\"" },
	{ "two Message-IDs", "{\"type\":\"message_id\"}", "\"<a@b> <c@d>\"", NULL },
	{ "a Message-ID with a line break", "{\"type\":\"message_id\"}", "\"<a@b>\\r\\nBcc: x@y.z\"", NULL },
	{ "a Message-ID without a host", "{\"type\":\"message_id\"}", "\"<a@>\"", NULL },
	{ "a Message-ID with two signs", "{\"type\":\"message_id\"}", "\"<a@b@c>\"", NULL },
	{ "a Message-ID with two signs together", "{\"type\":\"message_id\"}", "\"a@@b\"", NULL },
	{ "a Message-ID that only ends", "{\"type\":\"message_id\"}", "\"a@b>\"", NULL },
	{ "brackets alone", "{\"type\":\"message_id\"}", "\"<>\"", NULL },
	{ "a Message-ID that does not end", "{\"type\":\"message_id\"}", "\"<a@b\"", NULL },

	{ "a URL", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://files.example.com/a?b=c\"",
	  "\"https://files.example.com/a?b=c\"" },
	{ "a URL in capitals with its port", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}",
	  "\"HTTPS://Files.Example.COM:443/A\"", "\"https://files.example.com/A\"" },
	{ "a host below", "{\"type\":\"url\",\"match\":\"https://*.example.com\"}", "\"https://a.b.example.com/\"",
	  "\"https://a.b.example.com/\"" },
	{ "the host itself is not below it", "{\"type\":\"url\",\"match\":\"https://*.example.com\"}", "\"https://example.com/\"", NULL },
	{ "a host that ends the same", "{\"type\":\"url\",\"match\":\"https://*.example.com\"}", "\"https://badexample.com/\"", NULL },
	{ "a host that goes on", "{\"type\":\"url\",\"match\":\"https://*.example.com\"}", "\"https://a.example.com.evil.org/\"", NULL },
	{ "another host", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://evil.example.org/\"", NULL },
	{ "another port", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://files.example.com:8443/\"", NULL },
	{ "a user who looks like a host", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}",
	  "\"https://files.example.com@evil.org/\"", NULL },
	{ "a host that ends as the one", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://xfiles.example.com/\"", NULL },
	{ "braces", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://files.example.com/{a}\"", NULL },
	{ "plain http", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"http://files.example.com/\"", NULL },
	{ "a fragment", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://files.example.com/#x\"", NULL },
	{ "a number for a host", "{\"type\":\"url\",\"match\":\"https://*.example.com\"}", "\"https://127.0.0.1/\"", NULL },
	{ "a backslash", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://files.example.com\\\\@evil.org/\"", NULL },
	{ "a line break in a URL", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://files.example.com/a\\nb\"", NULL },
	{ "a step up", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://files.example.com/a/../b\"", NULL },
	{ "a hidden step up", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"https://files.example.com/a/%2e%2e/b\"", NULL },
	{ "a socket where a page was meant", "{\"type\":\"url\",\"match\":\"https://*.example.com\"}", "\"wss://a.example.com/\"", NULL },
	{ "no URL", "{\"type\":\"url\",\"match\":\"https://files.example.com\"}", "\"files.example.com\"", NULL },

	{ "json is cut down", "{\"type\":\"json\",\"members\":[\"/*/{role,text}\"]}",
	  "[{\"role\":\"user\",\"text\":\"hi\",\"url\":\"https://evil\"}]", "[{\"role\":\"user\",\"text\":\"hi\"}]" },
	{ "no tree comes in for a word", "{\"type\":\"json\",\"members\":[\"/*/text\"]}",
	  "[{\"text\":{\"url\":\"https://evil\"}},{\"text\":\"a\"}]", "[{\"text\":\"a\"}]" },
	{ "nothing is left of json", "{\"type\":\"json\",\"members\":[\"/*/text\"]}", "[{\"url\":\"https://evil\"}]", NULL },
	{ "json of another shape", "{\"type\":\"json\",\"members\":[\"/*/text\"]}", "\"text\"", NULL },
};

static const struct argument *argument_of(struct manifest **m, const char *argument)
{
	DEFER(text_free) char *whole = text_fmt(
		"{\"name\":\"x\",\"kind\":\"tool\",\"abi\":1,\"about\":\"X\",\"operations\":{\"o\":{\"method\":\"POST\","
		"\"url\":\"https://api.example.com/\",\"args\":{\"a\":%s},\"body\":{\"a\":\"{a}\"},\"effects\":[\"send\"],"
		"\"retry\":\"never\"}},\"tools\":{\"o\":{\"about\":\"O\",\"is\":\"o\"}}}", argument);

	*m = contract(whole);
	return (*m)->operations[0].args;
}

START_TEST(a_value_has_one_normal_form_or_is_refused)
{
	DEFER(contract_drop) struct manifest *m = NULL;
	const struct argument *a = argument_of(&m, values[_i].argument);
	DEFER(json_drop) cJSON *given = tree(values[_i].given);
	DEFER(json_drop) cJSON *normal = NULL, *again = NULL;
	const char *why = type_check(a, given, &normal);
	DEFER(text_free) char *text = printed(normal);

	ck_assert_msg(!why == !!values[_i].want, "%s: %s", values[_i].name, why ? why : text);
	if (why) {
		ck_assert_ptr_null(normal);
		return;
	}
	ck_assert_msg(strcmp(text, values[_i].want) == 0, "%s: %s", values[_i].name, text);
	why = type_check(a, normal, &again);
	ck_assert_msg(!why && json_same(normal, again), "%s: its normal form has another: %s", values[_i].name, why);
}
END_TEST

/* n letters between two texts */
static const struct {
	const char *name, *type, *before, *after;
	size_t n;
	bool want;
} lengths[] = {
	{ "the longest id", "id", "", "", 256, true }, { "a longer id", "id", "", "", 257, false },
	{ "the longest word", "word", "", "", 128, true }, { "a longer word", "word", "", "", 129, false },
	{ "a long line", "line", "", "", 100000, true },
	{ "the longest user", "emails", "", "@b.c", 64, true }, { "a longer user", "emails", "", "@b.c", 65, false },
	{ "the longest label", "emails", "a@", ".c", 63, true }, { "a longer label", "emails", "a@", ".c", 64, false },
	{ "the longest Message-ID", "message_id", "<", "@b>", 896, true }, { "a longer Message-ID", "message_id", "<", "@b>", 897, false },
};

START_TEST(some_types_have_a_length)
{
	DEFER(contract_drop) struct manifest *m = NULL;
	DEFER(text_free) char *argument = text_fmt("{\"type\":\"%s\"}", lengths[_i].type), *letters = mem_new(lengths[_i].n + 1, 1);
	DEFER(text_free) char *text = NULL;
	DEFER(json_drop) cJSON *given = NULL, *normal = NULL;
	const struct argument *a = argument_of(&m, argument);

	memset(letters, 'a', lengths[_i].n);
	text = text_fmt("%s%s%s", lengths[_i].before, letters, lengths[_i].after);
	given = cJSON_CreateString(text);
	ck_assert_msg((type_check(a, given, &normal) == NULL) == lengths[_i].want, "%s", lengths[_i].name);
}
END_TEST

START_TEST(an_address_has_a_length)
{
	DEFER(contract_drop) struct manifest *m = NULL;
	const struct argument *a = argument_of(&m, "{\"type\":\"emails\"}");

	for (int more = 0; more <= 1; more++) {
		struct buf b = buf_new(300);
		DEFER(json_drop) cJSON *given = NULL, *normal = NULL;

		buf_adds(&b, "a@");
		while (b.len < 252)
			buf_adds(&b, "a.");
		buf_adds(&b, more ? "aaa" : "aa");
		given = cJSON_CreateString(buf_text(&b));
		ck_assert((type_check(a, given, &normal) == NULL) == !more);
		buf_free(&b);
	}
}
END_TEST

/* want NULL: refused */
static const struct {
	const char *name, *given, *want;
} sockets[] = {
	{ "a socket", "WSS://a.Example.com:443/link?t=1", "wss://a.example.com/link?t=1" },
	{ "a socket elsewhere", "wss://evil.org/link", NULL },
	{ "a page", "https://a.example.com/link", NULL },
	{ "a socket at another port", "wss://a.example.com:22/link", NULL },
	{ "a socket with a user", "wss://a.example.com@evil.org/", NULL },
	{ "a socket with another user", "wss://evil.org@a.example.com/", NULL },
	{ "a socket at a number", "wss://127.0.0.1/", NULL },
	{ "a socket at another number", "wss://[::1].example.com/", NULL },
	{ "a socket whose host ends in a dot", "wss://a.example.com./", NULL },
	{ "a socket whose host goes on", "wss://a.example.com.evil.org/", NULL },
	{ "a socket whose host ends the same", "wss://evilexample.com/", NULL },
	{ "a socket with no name below", "wss://.example.com/", NULL },
	{ "a socket with a wide dot", "wss://evil.org\xE3\x80\x82" ".example.com/", NULL },
	{ "a socket with a line break", "wss://a.example.com/\r\nx: y", NULL },
	{ "a socket with a line break in its host", "wss://a\r\n.example.com/", NULL },
	{ "a socket with a backslash", "wss://evil.org\\.example.com/", NULL },
	{ "a socket with a fragment", "wss://evil.org#.example.com/", NULL },
	{ "a socket with a blank", "wss://evil.org .example.com/", NULL },
	{ "a socket of a percent", "wss://evil.org%2F.example.com/", NULL },
	{ "a socket in the clear", "ws://a.example.com/link", NULL },
};

START_TEST(a_sockets_address_is_a_url)
{
	struct argument a = { .name = "a", .type = TYPE_URL, .match = "wss://*.example.com", .max = INT64_MAX };
	DEFER(json_drop) cJSON *given = cJSON_CreateString(sockets[_i].given), *normal = NULL;
	const char *why = type_check(&a, given, &normal);

	ck_assert_msg(!why == !!sockets[_i].want, "%s: %s", sockets[_i].name, why);
	ck_assert_msg(why || strcmp(normal->valuestring, sockets[_i].want) == 0, "%s: %s", sockets[_i].name,
		      why ? why : normal->valuestring);
}
END_TEST

START_TEST(each_month_has_its_days)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	DEFER(contract_drop) struct manifest *m = NULL;
	const struct argument *a = argument_of(&m, "{\"type\":\"time\"}");

	for (int month = 1; month <= 12; month++)
		for (int more = 0; more <= 1; more++) {
			DEFER(text_free) char *text = text_fmt("2026-%02d-%02dT00:00:00Z", month, days[month - 1] + more);
			DEFER(json_drop) cJSON *given = cJSON_CreateString(text), *normal = NULL;

			ck_assert_msg((type_check(a, given, &normal) == NULL) == !more, "%s", text);
		}
}
END_TEST

START_TEST(a_letter_goes_to_a_hundred_at_most)
{
	DEFER(contract_drop) struct manifest *m = NULL;
	const struct argument *a = argument_of(&m, "{\"type\":\"emails\"}");

	for (int n = EMAILS_MAX; n <= EMAILS_MAX + 1; n++) {
		DEFER(json_drop) cJSON *list = cJSON_CreateArray(), *normal = NULL;

		for (int i = 0; i < n; i++) {
			DEFER(text_free) char *address = text_fmt("a%d@b.c", i);

			cJSON_AddItemToArray(list, cJSON_CreateString(address));
		}
		ck_assert((type_check(a, list, &normal) == NULL) == (n <= EMAILS_MAX));
	}
}
END_TEST

/* ---- all arguments ------------------------------------------------------- */

static const char table[] =
	"{\"name\":\"x\",\"kind\":\"tool\",\"abi\":1,\"about\":\"X\",\"operations\":{\"o\":{\"method\":\"POST\","
	"\"url\":\"https://api.example.com/\",\"args\":{"
	"\"to\":{\"type\":\"emails\",\"role\":\"destination\",\"about\":\"Who gets it.\"},"
	"\"text\":{\"type\":\"text\",\"max\":1000},"
	"\"level\":{\"type\":\"enum\",\"values\":[\"low\",\"high\"],\"optional\":true},"
	"\"max\":{\"type\":\"int\",\"min\":1,\"max\":25,\"default\":10},"
	"\"chat\":{\"type\":\"id\",\"is\":\"send.chat\"}"
	"},\"body\":{\"a\":\"{to}\",\"b\":\"{text}\",\"c\":\"{level}\",\"d\":\"{max}\",\"e\":\"{chat}\"},\"effects\":[\"send\"],"
	"\"retry\":\"never\"},\"none\":{\"method\":\"POST\",\"url\":\"https://api.example.com/\",\"effects\":[\"send\"],\"retry\":\"never\"},"
	"\"more\":{\"method\":\"POST\",\"url\":\"https://api.example.com/\",\"args\":{"
	"\"id\":{\"type\":\"id\",\"max\":300,\"optional\":true},\"word\":{\"type\":\"word\",\"max\":20,\"optional\":true},"
	"\"line\":{\"type\":\"line\",\"min\":2,\"optional\":true},\"url\":{\"type\":\"url\",\"match\":\"https://a.example.com\",\"optional\":true},"
	"\"sum\":{\"type\":\"amount\",\"about\":\"How much.\",\"optional\":true},\"at\":{\"type\":\"time\",\"optional\":true},"
	"\"on\":{\"type\":\"bool\",\"optional\":true},\"mail\":{\"type\":\"message_id\",\"optional\":true},"
	"\"any\":{\"type\":\"json\",\"members\":[\"/a\"],\"optional\":true}},"
	"\"body\":{\"a\":\"{id}\",\"b\":\"{word}\",\"c\":\"{line}\",\"d\":\"{url}\",\"e\":\"{sum}\",\"f\":\"{at}\",\"g\":\"{on}\",\"h\":\"{mail}\","
	"\"i\":\"{any}\"},\"effects\":[\"send\"],\"retry\":\"never\"}},"
	"\"tools\":{\"o\":{\"about\":\"O\",\"is\":\"o\"}}}";

static const struct {
	const char *name, *operation, *args, *want;	/* the normal forms, or the complaint */
	bool good;
} calls[] = {
	{ "all of them, in another order", "o", "{\"max\":3,\"level\":\"low\",\"text\":\"t\",\"to\":\"a@b.c\"}",
	  "{\"to\":[\"a@b.c\"],\"text\":\"t\",\"level\":\"low\",\"max\":3}", true },
	{ "a default is filled in", "o", "{\"to\":\"a@b.c\",\"text\":\"t\"}", "{\"to\":[\"a@b.c\"],\"text\":\"t\",\"max\":10}", true },
	{ "null is not given", "o", "{\"to\":\"a@b.c\",\"text\":\"t\",\"level\":null,\"max\":null}",
	  "{\"to\":[\"a@b.c\"],\"text\":\"t\",\"max\":10}", true },
	{ "none are needed", "none", NULL, "{}", true },
	{ "none are needed, none are given", "none", "{}", "{}", true },
	{ "one is missing", "o", "{\"to\":\"a@b.c\"}", "\"text\" is missing", false },
	{ "one is null", "o", "{\"to\":\"a@b.c\",\"text\":null}", "\"text\" is missing", false },
	{ "all are missing", "o", NULL, "\"to\" is missing", false },
	{ "one too many", "o", "{\"to\":\"a@b.c\",\"text\":\"t\",\"bcc\":\"x@y.z\"}",
	  "\"bcc\" is not known here: there is to, text, level, max", false },
	{ "one where none is", "none", "{\"a\":1}", "\"a\" is not known here: there is nothing to give", false },
	{ "one that we fill in", "o", "{\"to\":\"a@b.c\",\"text\":\"t\",\"chat\":\"C1\"}", "\"chat\" is filled in by the core: leave it out", false },
	{ "one that does not fit", "o", "{\"to\":\"a@b.c\",\"text\":\"t\",\"max\":26}", "\"max\" is greater than 25", false },
	{ "none of the words", "o", "{\"to\":\"a@b.c\",\"text\":\"t\",\"level\":\"x\"}", "\"level\" is none of low, high", false },
	{ "a list", "o", "[1]", "the arguments are no JSON object", false },
	{ "a name that breaks lines", "none", "{\"a\\nb\":1}", "\"a?b\" is not known here: there is nothing to give", false },
	{ "names in other letters", "o", "{\"To\":\"a@b.c\",\"text\":\"t\"}", "\"To\" is not known here: there is to, text, level, max", false },
	{ "a long name", "none", "{\"abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghi\xC3\xA4xyz\":1}",
	  "\"abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghi\" is not known here: there is nothing to give", false },
	{ "a URL is not the owner's", "more", "{\"url\":\"http://a.example.com/\"}",
	  "\"url\" is a URL that is not encrypted: write https:// for http://", false },
	{ "nothing where two bytes must be", "more", "{\"line\":\"\"}", "\"line\" is empty", false },
	{ "one byte where two must be", "more", "{\"line\":\"a\"}", "\"line\" is shorter than 2 bytes", false },
};

START_TEST(arguments_are_all_there_and_no_others)
{
	DEFER(contract_drop) struct manifest *m = contract(table);
	const struct operation *op = manifest_operation(m, calls[_i].operation);
	DEFER(json_drop) cJSON *args = tree(calls[_i].args);
	DEFER(json_drop) cJSON *normal = NULL;
	const char *why = arguments_check(op->args, op->args_n, args, &normal);
	DEFER(text_free) char *text = printed(normal);

	ck_assert_msg(!why == calls[_i].good, "%s: %s", calls[_i].name, why);
	if (why)
		ck_assert_msg(strcmp(why, calls[_i].want) == 0 && !normal, "%s: %s", calls[_i].name, why);
	else
		ck_assert_msg(strcmp(text, calls[_i].want) == 0, "%s: %s", calls[_i].name, text);
}
END_TEST

START_TEST(a_model_is_told_names_types_and_bounds)
{
	DEFER(contract_drop) struct manifest *m = contract(table);
	const struct operation *op = manifest_operation(m, "o");
	DEFER(json_drop) cJSON *schema = arguments_schema(op->args, op->args_n);
	DEFER(json_drop) cJSON *none = arguments_schema(NULL, 0);
	const struct operation *other = manifest_operation(m, "more");
	DEFER(json_drop) cJSON *types = arguments_schema(other->args, other->args_n);
	DEFER(text_free) char *text = printed(schema), *empty = printed(none), *more = printed(json_at(types, "/properties"));

	ck_assert_str_eq(text, "{\"type\":\"object\",\"properties\":{"
		"\"to\":{\"type\":\"array\",\"description\":\"Who gets it. Plain e-mail addresses such as anna@example.org.\","
		"\"items\":{\"type\":\"string\",\"format\":\"email\"}},"
		"\"text\":{\"type\":\"string\",\"maxLength\":1000},"
		"\"level\":{\"type\":\"string\",\"enum\":[\"low\",\"high\"]},"
		"\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":25,\"default\":10}},"
		"\"required\":[\"to\",\"text\"],\"additionalProperties\":false}");
	ck_assert_str_eq(more, "{\"id\":{\"type\":\"string\",\"maxLength\":256},\"word\":{\"type\":\"string\",\"maxLength\":20},"
		"\"line\":{\"type\":\"string\"},\"url\":{\"type\":\"string\",\"format\":\"uri\"},"
		"\"sum\":{\"type\":\"string\",\"description\":\"How much. An amount such as 12.30 EUR.\"},"
		"\"at\":{\"type\":\"string\",\"format\":\"date-time\",\"description\":\"A time with its zone, such as 2026-01-31T09:30:00+02:00.\"},"
		"\"on\":{\"type\":\"boolean\"},\"mail\":{\"type\":\"string\",\"description\":\"A Message-ID such as <1234@example.org>.\"},"
		"\"any\":{}}");
	ck_assert_str_eq(empty, "{\"type\":\"object\",\"properties\":{},\"required\":[],\"additionalProperties\":false}");
}
END_TEST

/* ---- the owner's values -------------------------------------------------- */

static const char model[] =
	"{\"name\":\"x\",\"kind\":\"model\",\"abi\":1,\"about\":\"X\",\"config\":{"
	"\"base\":{\"type\":\"url\",\"default\":\"https://api.example.com/v1\"},"
	"\"model\":{\"type\":\"word\"},\"max_tokens\":{\"type\":\"int\",\"min\":1,\"default\":4096},"
	"\"effort\":{\"type\":\"enum\",\"values\":[\"low\",\"high\"],\"optional\":true}},"
	"\"operations\":{\"turn\":{\"method\":\"POST\",\"url\":\"{config.base}/chat\",\"effects\":[],\"retry\":\"busy\"}}}";

static const struct {
	const char *name, *given, *want;
	bool good;
} settings[] = {
	{ "defaults", "{\"model\":\"m\"}", "{\"base\":\"https://api.example.com/v1\",\"model\":\"m\",\"max_tokens\":4096}", true },
	{ "a machine of one's own", "{\"model\":\"m\",\"base\":\"http://127.0.0.1:11434/v1\"}",
	  "{\"base\":\"http://127.0.0.1:11434/v1\",\"model\":\"m\",\"max_tokens\":4096}", true },
	{ "slashes behind it", "{\"model\":\"m\",\"base\":\"http://[::1]:80//\"}",
	  "{\"base\":\"http://[::1]\",\"model\":\"m\",\"max_tokens\":4096}", true },
	{ "a host in capitals", "{\"model\":\"m\",\"base\":\"HTTP://LocalHost/V1/\"}",
	  "{\"base\":\"http://localhost/V1\",\"model\":\"m\",\"max_tokens\":4096}", true },
	{ "no model", "{}", "\"model\" is missing", false },
	{ "no URL", "{\"model\":\"m\",\"base\":\"localhost:11434\"}", "\"base\" is a URL that", false },
	{ "a user", "{\"model\":\"m\",\"base\":\"https://me:pw@api.example.com\"}", "\"base\" is a URL that", false },
	{ "a query", "{\"model\":\"m\",\"base\":\"https://api.example.com?key=1\"}", "\"base\" is a URL that", false },
	{ "a file", "{\"model\":\"m\",\"base\":\"file:///etc/passwd\"}", "\"base\" is a URL that", false },
	{ "an unknown setting", "{\"model\":\"m\",\"temperature\":1}", "\"temperature\" is not known", false },
	{ "a number of another sort", "{\"model\":\"m\",\"max_tokens\":\"many\"}", "\"max_tokens\" is no whole number", false },
};

START_TEST(the_owner_may_point_at_a_machine_of_their_own)
{
	DEFER(contract_drop) struct manifest *m = contract(model);
	DEFER(json_drop) cJSON *given = tree(settings[_i].given), *normal = NULL;
	const char *why = config_check(m, given, &normal);
	DEFER(text_free) char *text = printed(normal);

	ck_assert_msg(!why == settings[_i].good, "%s: %s", settings[_i].name, why);
	ck_assert_msg(why ? !!strstr(why, settings[_i].want) : strcmp(text, settings[_i].want) == 0, "%s: %s", settings[_i].name,
		      why ? why : text);
}
END_TEST

/* ---- within text --------------------------------------------------------- */

static const struct {
	const char *json, *want;
} texts[] = {
	{ "\"a b\"", "a b" }, { "12", "12" }, { "true", "true" }, { "[\"a@b.c\",\"d@e.f\"]", "a@b.c, d@e.f" },
	{ "[]", "" }, { "[1,\"a\"]", "[1,\"a\"]" }, { "{\"a\":1}", "{\"a\":1}" }, { "[\"\",\"a\"]", ", a" },
};

START_TEST(a_value_within_text_is_text)
{
	DEFER(json_drop) cJSON *json = tree(texts[_i].json);
	DEFER(text_free) char *text = type_text(json);

	ck_assert_str_eq(text, texts[_i].want);
}
END_TEST

START_TEST(only_unreserved_signs_stand_in_a_url_as_they_are)
{
	for (int sign = 1; sign < 256; sign++) {
		DEFER(buf_free) struct buf b = buf_new(16);
		char one[2] = { (char)sign, '\0' }, want[4];

		type_encode(&b, one);
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", sign))
			snprintf(want, sizeof want, "%s", one);
		else
			snprintf(want, sizeof want, "%%%02X", (unsigned)sign);
		ck_assert_str_eq(buf_text(&b), want);
	}
}
END_TEST

/* ---- patterns ------------------------------------------------------------ */

#define TREE "{\"a\":{\"b\":1,\"c\":[{\"d\":2,\"e\":3},{\"e\":4}],\"x/y\":5,\"~\":6},\"f\":null,\"g\":[],\"h\":{}}"

static const struct {
	const char *name, *patterns, *json, *places, *closed;	/* closed NULL: the same */
} cuts[] = {
	{ "a name", "[\"/a/b\"]", TREE, "{\"a\":{\"b\":1}}", NULL },
	{ "no name", "[\"/b\"]", TREE, "", NULL },
	{ "nothing is named", "[]", TREE, "", NULL },
	{ "a name does not open what it holds", "[\"/a\"]", TREE, "", NULL },
	{ "all of it", "[\"/**\"]", TREE, TREE, NULL },
	{ "any depth, also none", "[\"/**/e\",\"/**/f\"]", TREE,
	  "{\"a\":{\"c\":[{\"e\":3},{\"e\":4}]},\"f\":null,\"g\":[],\"h\":{}}", NULL },
	{ "any one step", "[\"/*/b\"]", TREE, "{\"a\":{\"b\":1},\"g\":[],\"h\":{}}", NULL },
	{ "any one step is one", "[\"/*\"]", TREE, "{\"f\":null,\"g\":[],\"h\":{}}", NULL },
	{ "one of two", "[\"/a/{b,~0}\"]", TREE, "{\"a\":{\"b\":1,\"~\":6}}", NULL },
	{ "one of two that begin alike", "[\"/{ab,abc}\"]", "{\"a\":1,\"ab\":2,\"abc\":3,\"abcd\":4}", "{\"ab\":2,\"abc\":3}", NULL },
	{ "a name with a slash", "[\"/a/x~1y\"]", TREE, "{\"a\":{\"x/y\":5}}", NULL },
	{ "two patterns in one object", "[\"/a/b\",\"/a/c/*/e\"]", TREE, "{\"a\":{\"b\":1,\"c\":[{\"e\":3},{\"e\":4}]}}", NULL },
	{ "what is left out of an array", "[\"/a/c/*/d\"]", TREE, "{\"a\":{\"c\":[{\"d\":2},null]}}", "{\"a\":{\"c\":[{\"d\":2}]}}" },
	{ "one place", "[\"/a/c/1/e\"]", TREE, "{\"a\":{\"c\":[null,{\"e\":4}]}}", "{\"a\":{\"c\":[{\"e\":4}]}}" },
	{ "an array of which nothing is left", "[\"/a/c/*/z\"]", TREE, "", NULL },
	{ "an empty array on the way", "[\"/g/*/id\"]", TREE, "{\"g\":[]}", NULL },
	{ "an empty object at the end", "[\"/h\"]", TREE, "{\"h\":{}}", NULL },
	{ "null is a value", "[\"/f\"]", TREE, "{\"f\":null}", NULL },
	{ "names of an object are patterns too", "{\"/a/b\":\"own\"}", TREE, "{\"a\":{\"b\":1}}", NULL },
	{ "depth, then depth", "[\"/**/a/**/z\"]", "{\"a\":{\"a\":{\"z\":1}},\"z\":2}", "{\"a\":{\"a\":{\"z\":1}}}", NULL },
	{ "any depth, three times over", "[\"/**/**/**/a\",\"/**/**/a/**\"]", "{\"a\":{\"b\":{\"a\":{\"a\":1,\"b\":2}}},\"b\":3}",
	  "{\"a\":{\"b\":{\"a\":{\"a\":1,\"b\":2}}}}", NULL },
	{ "a leaf at the root", "[\"/**\"]", "\"x\"", "\"x\"", NULL },
	{ "a leaf at the root is no member", "[\"/*\"]", "\"x\"", "", NULL },
	{ "a number is no text of it", "[\"/01\"]", "[1,2]", "", NULL },
};

START_TEST(only_what_a_pattern_names_is_kept)
{
	DEFER(json_drop) cJSON *patterns = tree(cuts[_i].patterns), *json = tree(cuts[_i].json);
	DEFER(json_drop) cJSON *places = pattern_cut(patterns, json, true), *closed = pattern_cut(patterns, json, false);
	DEFER(text_free) char *with = printed(places), *without = printed(closed);

	ck_assert_msg(strcmp(with, cuts[_i].places) == 0, "%s: %s", cuts[_i].name, with);
	ck_assert_msg(strcmp(without, cuts[_i].closed ? cuts[_i].closed : cuts[_i].places) == 0, "%s: %s", cuts[_i].name, without);
}
END_TEST

START_TEST(the_deepest_json_is_cut_too)
{
	DEFER(json_drop) cJSON *patterns = tree("[\"/**\"]"), *json = NULL, *kept = NULL;
	struct buf b = buf_new(1000);

	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_addc(&b, '[');
	buf_addc(&b, '1');
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_addc(&b, ']');
	json = tree(buf_text(&b));
	kept = pattern_cut(patterns, json, true);
	ck_assert(json_same(json, kept));
	buf_free(&b);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("type");
	Suite *s = suite_create("type");

	tcase_add_loop_test(t, a_value_has_one_normal_form_or_is_refused, 0, COUNT(values));
	tcase_add_loop_test(t, some_types_have_a_length, 0, COUNT(lengths));
	tcase_add_test(t, an_address_has_a_length);
	tcase_add_loop_test(t, a_sockets_address_is_a_url, 0, COUNT(sockets));
	tcase_add_test(t, each_month_has_its_days);
	tcase_add_test(t, a_letter_goes_to_a_hundred_at_most);
	tcase_add_loop_test(t, arguments_are_all_there_and_no_others, 0, COUNT(calls));
	tcase_add_test(t, a_model_is_told_names_types_and_bounds);
	tcase_add_loop_test(t, the_owner_may_point_at_a_machine_of_their_own, 0, COUNT(settings));
	tcase_add_loop_test(t, a_value_within_text_is_text, 0, COUNT(texts));
	tcase_add_test(t, only_unreserved_signs_stand_in_a_url_as_they_are);
	tcase_add_loop_test(t, only_what_a_pattern_names_is_kept, 0, COUNT(cuts));
	tcase_add_test(t, the_deepest_json_is_cut_too);
	return verdict(s, t);
}
