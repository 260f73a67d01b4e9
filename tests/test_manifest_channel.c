/* test_manifest_channel.c - what only a channel's manifest has: one change to a good one, and
 * the sentence that refuses it. */
#include "contract.h"
#include "file.h"
#include "instance.h"
#include "limits.h"

static const struct {
	const char *name, *from, *to;
	const char *why;		/* NULL: it is taken */
} changes[] = {
	{ "nothing", "", "", NULL },
	{ "a whole address", "\"url\": \"{url}?v=1\",\n\t\t\t\"args\": {\"url\": {\"type\": \"url\", \"match\": \"wss://*.porch.example\", \"seen\": [\"door /url\"]}}",
	  "\"url\": \"wss://w.porch.example/x?v=1\"", NULL },
	{ "an address alone", "{url}?v=1", "{url}", NULL },
	{ "one host", "wss://*.porch", "wss://w.porch", NULL },
	{ "a place among answers and messages", "[\"door /url\"]", "[\"door /url\", \"line /url\"]", NULL },
	{ "no first", "\"first\": \"20s\",", "", NULL },
	{ "an act of two operations", "[\"mark\"]", "[\"mark\", \"door\"]", NULL },
	{ "a frame with an effect", "\"beat\": {\"args\"", "\"beat\": {\"effects\": [\"write\"], \"args\"", NULL },
	{ "what is filled in for no act", "\"send\": \"code\", ", "", "is filled in for the act \"send\", which \"acts\" does not have" },

	{ "https for a socket", "wss://*.porch.example", "https://*.porch.example", "is not wss: write wss://HOST or wss://*.HOST" },
	{ "a match with a path", "wss://*.porch.example", "wss://*.porch.example/x", "goes on after its host: write wss://HOST" },
	{ "an address of a number", "wss://*.porch.example", "wss://127.0.0.1", "has a number as its host" },
	{ "a path behind an argument", "{url}?v=1", "{url}/x", "only a query can follow" },
	{ "an address that is no url", "\"{url}?v=1\"", "\"{urk}\"", "unknown argument \"urk\"" },
	{ "ws", "\"{url}?v=1\"", "\"ws://w.porch.example\"", "is no socket's: write wss://HOST/PATH" },
	{ "a place of nothing", "door /url", "window /url", "names no place: write an operation or a socket, a space and a pointer" },
	{ "a place without a pointer", "door /url", "door", "names no place" },
	{ "a place that is a pattern", "door /url", "door /*", "write it without \"*\"" },
	{ "a number that was seen", "{\"type\": \"int\", \"min\": 1}", "{\"type\": \"int\", \"seen\": [\"line /n\"]}", "only a text without a default" },
	{ "an operation's argument that was seen", "\"is\": \"send.chat\"", "\"seen\": [\"door /url\"]", "unknown member \"seen\"" },
	{ "a frame's argument that is filled in", "{\"type\": \"int\", \"min\": 1}", "{\"type\": \"int\", \"is\": \"send.n\"}", "unknown member \"is\"" },
	{ "a first of no time", "\"20s\"", "\"20\"", "is no time that can be: write \"1s\" to \"300s\"" },
	{ "a first of nothing", "\"20s\"", "\"0s\"", "is no time that can be" },
	{ "a first of for ever", "\"20s\"", "\"99999999999999999999s\"", "is no time that can be" },
	{ "frames without an end", "\"frame_max\": 400", "\"frame_max\": 65537", "out of bounds" },
	{ "a frame that sends", "\"beat\": {\"args\"", "\"beat\": {\"effects\": [\"send\"], \"args\"", "a frame belongs to no request" },
	{ "a secret that is used nowhere", "\"token\": \"{secret}\", ", "", "is used nowhere: write {secret} into its body" },
	{ "a secret in a frame that has none", "{\"ack\": \"{id}\"}", "{\"ack\": \"{id}\", \"t\": \"{secret}\"}", "unknown argument \"secret\"" },
	{ "a frame that is text", "{\"ack\": \"{id}\"}", "\"{id}\"", "it must be an object" },
	{ "an argument that is used nowhere", "{\"ack\": \"{id}\"}", "{\"ack\": 1}", "is used nowhere" },
	{ "a socket that is an operation too", "\"line\": {\n", "\"door\": {\n", "is a socket and an operation" },

	{ "us, of nowhere", "\"me\": {\"in\": \"line\"", "\"me\": {\"in\": \"lime\"", "is no socket and no operation" },
	{ "us, at many places", "\"at\": \"/me\"", "\"at\": \"/*/me\"", "write a pointer to one place" },
	{ "a place of any depth", "/said/*\"", "/said/**\"", "names too much" },
	{ "a choice of places", "/said/*\"", "/{said,seen}/*\"", "names too much" },
	{ "a condition with a star that \"at\" has not", "{\"/type\": \"marked\"}", "{\"/*/type\": \"marked\"}", "write a pointer to one place" },
	{ "or more stars than it has", "{\"/type\": \"said\"}", "{\"/*/*\": \"said\"}", "only as many * as" },
	{ "a condition that is a tree", "{\"/type\": \"marked\"}", "{\"/type\": {}}", "is compared with what stands there" },
	{ "an unknown kind", "\"reaction\"", "\"reactions\"", "unknown kind \"reactions\"" },
	{ "a kind without what it has", ", \"mark\": \"{/mark}\"", "", "missing member \"mark\" in /inbound/1: a row of the kind reaction has it" },
	{ "what belongs to another kind", ", \"mark\": \"{/mark}\"", ", \"mark\": \"{/mark}\", \"value\": \"{/v}\"", "does not belong to the kind reaction" },
	{ "a template that is none", "\"{@/room}\"", "\"{room}\"", "has a brace that begins no" },
	{ "a template that is a number", "\"{@/room}\"", "7", "is no text, and no list of texts" },
	{ "a mention of nobody", "@{me}", "@you", "mentions nobody: write {me}" },
	{ "an escape that nobody has", "\"unescape\": \"html\"", "\"unescape\": \"xml\"", "unknown escape \"xml\"" },
	{ "half of a condition", ", \"is\": \"two\"}", "}", "says nothing: write {\"absent\"" },

	{ "an act that is neither", "\"send\": \"code\"", "\"send\": \"core\"", "unknown act \"core\"" },
	{ "an act of an unknown operation", "[\"mark\"]", "[\"mork\"]", "unknown operation \"mork\"" },
	{ "an act with what is filled in for another", "[\"mark\"]", "[\"post\"]", "nobody gives \"post\" its argument \"room\" there" },
	{ "an act of nothing", "[\"mark\"]", "[]", "has 0 operations" },
	{ "an argument that nobody gives", "\"is\": \"react.mark\"", "\"about\": \"which\"", "nobody gives \"mark\" its argument \"mark\"" },
	{ "an id of no pointer", "\"gives\": {\"id\": \"/id\"}", "\"gives\": {\"id\": \"id\"}", "begin it with \"/\"" },
	{ "a text without an end", "\"max\": 40", "\"max\": 0", "out of bounds" },
	{ "a unit that nobody counts in", "code point", "word", "unknown unit \"word\"" },
	{ "marks that nobody knows", "\"plain\"", "\"rtf\"", "unknown marks \"rtf\"" },
	{ "no text", "\"text\": {\"max\": 40, \"unit\": \"code point\", \"marks\": \"plain\"},", "", "missing member \"text\" in the file" },
};

/* The file with the first `from` replaced. */
static void change(const char *name, const char *from, const char *to, struct buf *text)
{
	DEFER(buf_free) struct buf file = buf_new(FILE_MAX);
	const char *at;

	ck_assert_int_eq(file_read("tests/language/porch/manifest.json", FILE_MAX, &file), OK);
	at = strstr(buf_text(&file), from);
	ck_assert_msg(at, "%s: nothing to change", name);
	buf_add(text, file.at, (size_t)(at - file.at));
	buf_adds(text, to);
	buf_adds(text, at + strlen(from));
}

START_TEST(a_change_is_taken_or_refused_in_one_sentence)
{
	DEFER(buf_free) struct buf text = buf_new(FILE_MAX);
	struct manifest *m = NULL;
	const char *why;

	change(changes[_i].name, changes[_i].from, changes[_i].to, &text);
	why = manifest_parse(buf_str(&text), "manifest.json", &m);
	manifest_free(m);
	ck_assert_msg(changes[_i].why ? why && strstr(why, changes[_i].why) : !why, "%s: %s", changes[_i].name, why ? why : "it is taken");
}
END_TEST

START_TEST(a_person_reads_where_a_socket_leads_and_which_secret_goes_there)
{
	DEFER(buf_free) struct buf words = buf_new(65536), text = buf_new(FILE_MAX);
	struct manifest *m;

	change("a second socket", "\"sockets\": {", "\"sockets\": {\"news\": {\"url\": \"wss://news.example.com/\", \"frame_max\": 1},", &text);
	m = contract(buf_text(&text));
	manifest_describe(m, &words);
	manifest_free(m);
	ck_assert_msg(strstr(buf_text(&words), "talks to   api.porch.example, news.example.com over a socket, *.porch.example over a socket; nowhere else"), "%s", buf_text(&words));
	ck_assert_msg(strstr(buf_text(&words), "goes to api.porch.example and *.porch.example;"), "%s", buf_text(&words));
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("manifest_channel");

	tcase_add_loop_test(t, a_change_is_taken_or_refused_in_one_sentence, 0, COUNT(changes));
	tcase_add_test(t, a_person_reads_where_a_socket_leads_and_which_secret_goes_there);
	return verdict(suite_create("manifest_channel"), t);
}
