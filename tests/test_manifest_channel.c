/* test_manifest_channel.c - what only a channel's manifest has: one change to a good one, and
 * the sentence that refuses it. */
#include "contract.h"
#include "file.h"
#include "instance.h"
#include "limits.h"

#define LONG50 "0123456789012345678901234567890123456789 and so on"
#define LONG LONG50 LONG50 LONG50 LONG50 LONG50 LONG50

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
	{ "a list of what may stand there", "{\"/type\": \"taken\"}", "{\"/type\": [\"taken\", null, 7]}", NULL },
	{ "a delete that says by whom", "\"kind\": \"delete\", \"of\"", "\"kind\": \"delete\", \"thread\": \"{/t}\", \"of\"", NULL },
	{ "a delete that does not", "\"of\": \"{/id}\", \"chat\": \"{/room}\", \"from\": \"{#/by}\"}", "\"of\": \"{/id}\", \"chat\": \"{/room}\"}", NULL },
	{ "only one rate", "\"chat\": \"1s\", \"all\": \"200ms\"", "\"all\": \"0s\"", NULL },
	{ "a remedy as long as can be", "it may have been taken back", LONG, NULL },
	{ "no more names of ours", ", \"also\": {\"bot\": \"/bot\", \"house\": \"door /house\"}", "", "/inbound/0/mine/{@~1bot} is no name of ours" },
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
	{ "a kind without what it has", ", \"mark\": \"{/mark}\"", "", "missing member \"mark\" in /inbound/5: a row of the kind reaction has it" },
	{ "what belongs to another kind", ", \"mark\": \"{/mark}\"", ", \"mark\": \"{/mark}\", \"value\": \"{/v}\"", "does not belong to the kind reaction" },
	{ "a template that is none", "\"{@/room}\"", "\"{room}\"", "has a brace that begins no" },
	{ "a template that is a number", "\"{@/room}\"", "7", "is no text, and no list of texts" },
	{ "a mention of nobody", "@{me}", "@you", "mentions nobody: write {me}" },
	{ "an escape that nobody has", "\"unescape\": \"mrkdwn\"", "\"unescape\": \"xml\"", "unknown escape \"xml\"" },
	{ "half of a condition", ", \"is\": \"two\"}", "}", "says nothing: write {\"absent\"" },

	{ "a name of ours that is the id", "{\"bot\": \"/bot\"", "{\"id\": \"/bot\"", "\"id\" is what \"at\" points at" },
	{ "a name of ours without its place", "\"/bot\"", "\"bot\"", "\"bot\" in /me/also/bot names no place" },
	{ "a name of ours of an unknown source", "door /house", "window /house", "names no place" },
	{ "a name of ours at many places", "door /house", "door /*/house", "write it without \"*\"" },
	{ "a name that we do not have", "{\"{/house}\": \"house\"}", "{\"{/house}\": \"home\"}", "is no name of ours: write \"id\", or one that \"also\"" },
	{ "a name that is a number", "{\"{/house}\": \"house\"}", "{\"{/house}\": 7}", "is no name of ours" },
	{ "a place of ours that is no template", "{\"{/house}\"", "{\"{house}\"", "has a brace that begins no" },
	{ "a list of nothing that may stand there", "[\"edited\", \"corrected\"]", "[]", "is compared with what stands there" },
	{ "a list of a tree", "[\"edited\", \"corrected\"]", "[\"edited\", {}]", "or a list of these" },
	{ "an edit without a version", "\"version\": \"{#/at}\", ", "", "missing member \"version\"" },
	{ "an edit compared with nothing", "[\"{/text}\", \"{/before}\"]", "[\"{/text}\"]", "compares two places" },
	{ "a command without a name", "\"name\": \"{/name}\", ", "", "missing member \"name\"" },
	{ "a handle of another kind", "\"kind\": \"delete\", ", "\"kind\": \"delete\", \"handle\": \"{/h}\", ", "does not belong to the kind delete" },
	{ "a message without its chat", "\"chat\": \"{@/room}\", ", "", "missing member \"chat\" in /inbound/0" },
	{ "a chat that moved, by somebody", "\"new\": \"{/to}\"", "\"new\": \"{/to}\", \"from\": \"{#/by}\"", "does not belong to the kind moved" },
	{ "a chat that moved nowhere", ", \"new\": \"{/to}\"", "", "missing member \"new\"" },
	{ "an empty else", "(a picture)", "", "is empty" },

	{ "an unknown act", "\"edit\": [\"change\"]", "\"edits\": [\"change\"]", "unknown act \"edits\": did you mean \"edit\"?" },
	{ "what the core does not give", "\"is\": \"edit.id\"", "\"is\": \"edit.mark\"", "is nothing that the core gives: the act edit has chat thread id text" },
	{ "an address that the adapter would choose", "\"is\": \"reply.handle\", ", "", "let the core fill it in" },
	{ "an address that may be absent", "\"is\": \"reply.handle\", ", "\"is\": \"reply.handle\", \"optional\": true, ", "is no address: let its argument be of the type url" },
	{ "an address that is no url", "{\"type\": \"url\", \"role\": \"destination\", \"is\": \"reply.handle\", \"match\": \"https://*.porch.example\"}", "{\"type\": \"line\", \"is\": \"reply.handle\"}", "is no address" },
	{ "an address that goes on", "\"{address}\"", "\"{address}/x\"", "only a query can follow" },
	{ "an address without an end", "\"{address}\"", "\"{address\"", "a brace that stands alone" },
	{ "an address that was told, and a secret", "\"url\": \"{address}\",", "\"url\": \"{address}\", \"secret\": \"token\",", "no secret goes there" },
	{ "what is found at one place", "\"/messages/*\"", "\"/messages\"", "names one place: write * for each message" },
	{ "what is found at any depth", "\"/messages/*\"", "\"/messages/**\"", "names too much" },
	{ "what is found in lists of lists", "\"/messages/*\"", "\"/messages/*/*\"", "names too much" },
	{ "what is found without its id", ", \"id\": \"/id\"}\n\t\t},\n\t\t\"mark\"", "}\n\t\t},\n\t\t\"mark\"", "missing member \"id\" in /operations/lately/finds" },
	{ "what is found by writing", "\"effects\": [\"read\"],\n\t\t\t\"retry\": \"always\",\n\t\t\t\"finds\"", "\"effects\": [\"write\"],\n\t\t\t\"retry\": \"always\",\n\t\t\t\"finds\"", "that only reads" },
	{ "what is asked for is not found", ",\n\t\t\t\"finds\": {\"at\": \"/messages/*\", \"key\": \"/key\", \"id\": \"/id\"}", "", "write both, or neither" },
	{ "a remedy that is a page", "it may have been taken back", LONG "x", "one sentence is enough" },
	{ "a rate of no time", "\"chat\": \"1s\"", "\"chat\": \"1\"", "is no time that can be: write \"0s\" to \"60s\"" },
	{ "a rate in minutes", "\"chat\": \"1s\"", "\"chat\": \"1m\"", "is no time that can be" },
	{ "a rate that is a number", "\"chat\": \"1s\"", "\"chat\": 1", "it must be a line of text" },
	{ "an answer that grows all the time", "\"every\": \"1s\"", "\"every\": \"0s\"", "is no time that can be" },
	{ "typing for no time", "\"typing\": {\"lasts\": \"10s\"},\n", "", "belong together: write both, or neither" },
	{ "a word for two marks", "{\"👀\": \"eyes\"}", "{\"👀\": \"eyes\", \"👁\": \"eyes\"}", "stands for two marks" },
	{ "a mark without a word", "{\"👀\": \"eyes\"}", "{\"👀\": 7}", "it must be a line of text" },
	{ "no marks", "{\"👀\": \"eyes\"}", "{}", "has 0 marks: write 1 to" },

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
	ck_assert_msg(strstr(buf_text(&words), "talks to   api.porch.example, *.porch.example, news.example.com over a socket, *.porch.example over a socket; nowhere else"), "%s", buf_text(&words));
	ck_assert_msg(strstr(buf_text(&words), "goes to api.porch.example and *.porch.example;"), "%s", buf_text(&words));
	ck_assert_msg(strstr(buf_text(&words), "by POST *.porch.example, at an address that came with what is answered"), "%s", buf_text(&words));
}
END_TEST

START_TEST(a_person_reads_what_is_heard_asked_for_and_how_often)
{
	DEFER(buf_free) struct buf words = buf_new(65536), text = buf_new(FILE_MAX);
	struct manifest *m;

	change("nothing", "", "", &text);
	m = contract(buf_text(&text));
	manifest_describe(m, &words);
	manifest_free(m);
	ck_assert_msg(strstr(buf_text(&words), "hears      what people in its chats write, change, take back, mark with an emoji, give as a command\n"), "%s", buf_text(&words));
	ck_assert_msg(strstr(buf_text(&words), "is asked   to send messages, change what it sent, answer commands,"), "%s", buf_text(&words));
	ck_assert_msg(strstr(buf_text(&words), "at most    one message in 1 s in each chat, one message in 200 ms in all,"), "%s", buf_text(&words));
}
END_TEST

#define SMALL(operation, more) \
	"{\"name\":\"c\",\"kind\":\"channel\",\"abi\":1,\"about\":\"C\",\"operations\":{\"post\":{\"method\":\"GET\"," \
	"\"url\":\"https://c.example/\",\"retry\":\"never\",\"effects\":[\"read\"]" operation "}}," more "\"text\":{\"max\":9,\"unit\":\"byte\",\"marks\":\"plain\"}}"
static const struct { const char *name, *text, *why; } smalls[] = {
	{ "an answer that grows, without edits", SMALL("", "\"acts\":{\"send\":\"code\"},\"stream\":{\"every\":\"1s\"},"), "sent and edited; write both acts" },
	{ "an answer that grows, without being sent", SMALL("", "\"acts\":{\"edit\":\"code\"},\"stream\":{\"every\":\"1s\"},"), "sent and edited; write both acts" },
	{ "typing that lasts, and is no act", SMALL("", "\"typing\":{\"lasts\":\"1s\"},"), "belong together" },
	{ "nobody asks what is found", SMALL(",\"finds\":{\"at\":\"/*\",\"key\":\"/k\",\"id\":\"/i\"}", ""), "write both, or neither" },
	{ "a list at the top is looked at", SMALL(",\"finds\":{\"at\":\"/*\",\"key\":\"/k\",\"id\":\"/i\"}", "\"acts\":{\"confirm\":[\"post\"]},"), NULL },
	{ "a channel that only listens", SMALL("", ""), NULL },
	{ "rates of a tool", "{\"name\":\"c\",\"kind\":\"tool\",\"abi\":1,\"about\":\"C\",\"tools\":{\"t\":{\"about\":\"T\",\"is\":\"o\"}},\"operations\":{\"o\":{\"method\":\"GET\","
	  "\"url\":\"https://c.example/\",\"retry\":\"never\",\"effects\":[\"read\"]}},\"rates\":{}}", "belongs to the kind channel only" },
};

START_TEST(what_needs_one_another_is_written_together)
{
	struct manifest *m = NULL;
	const char *why = manifest_parse(str_of(smalls[_i].text), "manifest.json", &m);

	manifest_free(m);
	ck_assert_msg(smalls[_i].why ? why && strstr(why, smalls[_i].why) : !why, "%s: %s", smalls[_i].name, why ? why : "it is taken");
}
END_TEST

START_TEST(times_and_names_are_read)
{
	DEFER(buf_free) struct buf text = buf_new(FILE_MAX);
	struct manifest *m;

	change("nothing", "", "", &text);
	m = contract(buf_text(&text));
	ck_assert_int_eq(m->chat_gap_ms, 1000);
	ck_assert_int_eq(m->all_gap_ms, 200);
	ck_assert_int_eq(m->stream_ms, 1000);
	ck_assert_int_eq(m->typing_ms, 10000);
	ck_assert_str_eq(emoji_word(m, "👀"), "eyes");
	ck_assert_str_eq(emoji_mark(m, "eyes"), "👀");
	ck_assert_str_eq(emoji_word(m, "👁"), "👁");
	ck_assert_str_eq(emoji_mark(m, "eye"), "eye");
	manifest_free(m);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("manifest_channel");

	tcase_add_loop_test(t, a_change_is_taken_or_refused_in_one_sentence, 0, COUNT(changes));
	tcase_add_test(t, a_person_reads_what_is_heard_asked_for_and_how_often);
	tcase_add_loop_test(t, what_needs_one_another_is_written_together, 0, COUNT(smalls));
	tcase_add_test(t, times_and_names_are_read);
	tcase_add_test(t, a_person_reads_where_a_socket_leads_and_which_secret_goes_there);
	return verdict(suite_create("manifest_channel"), t);
}
