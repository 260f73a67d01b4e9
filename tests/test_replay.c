/* test_replay.c - a page turns red at the right line, whatever an adapter does wrong, and
 * whatever the page itself says that cannot be. */
#include "gate/replay.h"
#include "gate/compile.h"
#include "gate/report.h"
#include "loop.h"
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/chela-replay-XXXXXX";
static struct { const char *name; struct manifest *manifest; int program; } demos[] = {
	{ "liar", NULL, -1 }, { "parrot", NULL, -1 }, { "shelf", NULL, -1 },
	{ "porch", NULL, -1 },
};

/* ---- programs, made once ------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void must(bool good, const char *place, const char *why)
{
	if (good)
		return;
	fprintf(stderr, "%s: %s\n", place, why);
	exit(1);
}

/* build/, where the runner stands beside the tests that run. */
static char *build_folder(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	must(n > 0, "/proc/self/exe", strerror(errno));
	self[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0';
	return text_dup(self);
}

static void make_demo(const struct instance *i, size_t k)
{
	DEFER(text_free) char *source = text_fmt("tests/language/%s/adapter.c", demos[k].name);
	DEFER(text_free) char *file = text_fmt("tests/language/%s/manifest.json", demos[k].name);
	DEFER(text_free) char *program = text_fmt("%s/%s", folder, demos[k].name);
	struct failure why = { 0 };
	const char *bad = manifest_read(file, &demos[k].manifest);

	must(!bad, file, bad);
	bool compiled = adapter_compile(i, source, program, &why);

	must(compiled, source, why.what);
	demos[k].program = open(program, O_RDONLY | O_CLOEXEC);
	must(demos[k].program >= 0, program, strerror(errno));
}

static void make_demos(void)
{
	DEFER(text_free) char *build = build_folder();
	DEFER(text_free) char *here = realpath(".", NULL);
	struct instance i = { .root = here, .dir = folder, .build = build, .lock = -1 };

	must(mkdtemp(folder) != NULL, folder, strerror(errno));
	for (size_t k = 0; k < COUNT(demos); k++)
		make_demo(&i, k);
}

static void drop_demos(void)
{
	for (size_t k = 0; k < COUNT(demos); k++) {
		manifest_free(demos[k].manifest);
		if (demos[k].program >= 0)
			close(demos[k].program);
	}
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- running a page ------------------------------------------------------ */

struct seen { bool ok; int line, held; char what[2000]; };

static void look(struct seen *seen, const struct outcome *o)
{
	*seen = (struct seen){ .ok = o->ok, .line = o->line, .held = o->expectations };
	if (!o->ok)
		snprintf(seen->what, sizeof seen->what, "%s|%s|%s", o->what, o->expected ? o->expected : "",
			 o->happened ? o->happened : "");
}

/* The first section of the page against this demonstration adapter. */
static struct seen run_page(const char *demo, const char *text)
{
	struct page_text t = { .text = str_of(text), .file = "page.md", .folder = "tests/language/parrot", .line = 1 };
	struct replay r = { .loop = loop_new(), .dice = 0.5 };
	struct outcome o;
	struct page *p;
	struct seen seen;
	const char *why;

	for (size_t k = 0; k < COUNT(demos); k++) {
		if (strcmp(demos[k].name, demo) != 0)
			continue;
		r.manifest = demos[k].manifest;
		r.program = demos[k].program;
	}
	why = page_parse(&t, r.manifest, &p, NULL);
	ck_assert_msg(!why, "%s", why);
	replay_section(&r, &p->sections[0], &o);
	look(&seen, &o);
	outcome_free(&o);
	page_free(p);
	loop_free(r.loop);
	return seen;
}

/* ---- an adapter that lies ------------------------------------------------ */

static const struct {
	const char *lie;
	int line;			/* 0: the page holds */
	const char *what;
} lies[] = {
	{ "honest", 0, "" },
	{ "wrong-url", 5, "the URL is https://api.liar.example/walk, and https://api.liar.example/talk was expected" },
	{ "wrong-secret", 5, "the secret is other, and key was expected" },
	{ "wrong-method", 5, "the method is GET, and POST was expected" },
	{ "extra-member", 5, "/more was not expected, and is \"there\"" },
	{ "missing-member", 5, "/n is missing" },
	{ "wrong-member", 5, "/say: \"hi\" was expected, \"ho\" came" },
	{ "bad-argument", 5, "something else happened" },
	{ "unknown-operation", 4, "it asked for the operation \"pay\"" },
	{ "asks-twice", 5, "after this step something happened that no \">\" expects||> http GET" },
	{ "crashes", 6, "the adapter was ended (a bug): it crashed" },
	{ "calls-the-kernel", 6, "the adapter was ended (an attack): it made a system call that is forbidden" },
	{ "says-nothing", 7, "nothing happened|> delta \"x\"" },
	{ "merges", 7, "nothing happened|> delta \"x\"" },
	{ "never-answers", 11, "nothing happened|> result" },
	{ "wrong-result", 11, "/text: \"xy\" was expected, \"yx\" came" },
	{ "nonsense", 10, "it gave a result that is none" },
	{ "answers-twice", 10, "it said that it failed for request 1 after it had answered it" },
	{ "talks-after", 10, "after it had answered it" },
};

START_TEST(every_lie_turns_the_page_red_at_its_line)
{
	DEFER(text_free) char *page = text_fmt(
		"# Liar\n"
		"## Truth\n"
		"```transcript\n"
		"< turn {\"model\": \"%s\", \"messages\": []}\n"
		"> http POST /talk as key {\"say\": \"hi\", \"n\": 1}\n"
		"< part {\"say\": \"x\"}\n"
		"> delta \"x\"\n"
		"< part {\"say\": \"y\"}\n"
		"> delta \"y\"\n"
		"< part \"[DONE]\"\n"
		"> result {\"stop\": \"end\", \"text\": \"xy\", \"calls\": []}\n"
		"```\n", lies[_i].lie);
	struct seen seen = run_page("liar", page);

	ck_assert_msg(seen.ok == (lies[_i].line == 0), "%s: %s", lies[_i].lie, seen.what);
	ck_assert_msg(seen.line == lies[_i].line, "%s: line %d: %s", lies[_i].lie, seen.line, seen.what);
	ck_assert_msg(strstr(seen.what, lies[_i].what), "%s: %s", lies[_i].lie, seen.what);
	ck_assert_msg(!seen.ok || seen.held == 4, "%s: %d expectations", lies[_i].lie, seen.held);
}
END_TEST

/* ---- pages that cannot hold ---------------------------------------------- */

#define TURN "< turn {\"model\": \"m\", \"messages\": [{\"role\": \"user\", \"text\": \"hi\"}]}\n"
#define TALK "> http POST /talk as key {\"bird\": \"m\", \"words\": \"hi\", \"stream\": true}\n"
#define FIND "< call find {\"query\": \"a\"}\n> http GET /books?q=a as card\n"

#define DOOR "< start\n> http GET /door as token\n< http 200 {\"url\": \"wss://w1.porch.example\"}\n"
#define OPEN "> ws open wss://w1.porch.example/?v=1\n"
#define HELLO "> ws as token {\"token\": \"<token>\"}\n"
#define SIGNING_IN DOOR OPEN HELLO "< ws {\"type\": \"welcome\", \"me\": \"u1\", \"session\": \"s1\", \"beat_ms\": 10000}\n"
#define SIGN_IN SIGNING_IN "> ready {\"me\": \"u1\"}\n"
#define MOVING "< ws {\"type\": \"moving\"}\n> http GET /door as token\n"
#define SAID "< ws {\"type\": \"said\", \"id\": \"e\", \"said\": [{\"id\": \"1\", \"room\": \"r\", \"by\": 5, \"text\": \"hi\"}]}\n"
#define FORTY "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"
#define SAY "< say {\"ref\": 7, \"chat\": \"r\", \"text\": \"" FORTY " x\"}\n"
#define FIRST "> http POST /rooms/r/messages as token like {\"text\": \"" FORTY "\"}\n"
#define SEND "< send {\"ref\": 7, \"chat\": \"r\", \"text\": \"Two.\"}\n> http POST /rooms/r/messages as token like {\"text\": \"Two.\"}\n"

static const struct {
	const char *name, *demo, *steps;
	int line;			/* of the steps, from 1; 0: it holds */
	const char *what;
} pages[] = {
	{ "a whole turn", "parrot", TURN TALK "< part \"[DONE]\"\n> result like {\"text\": \"\"}\n", 0, "" },
	{ "a body where none was expected", "parrot", TURN "> http POST /talk as key\n", 2, "a body came, and none was expected" },
	{ "no body where one was expected", "shelf", "< call find {\"query\": \"a\"}\n> http GET /books?q=a as card {}\n", 2,
	  "no body came" },
	{ "a secret that the page leaves out", "parrot", TURN "> http POST /talk like {}\n", 2, "the secret is key, and none was expected" },
	{ "a header that differs", "parrot", TURN "> http POST /talk as key like {}\n  parrot-version: 3\n", 2,
	  "the header parrot-version is 2, and 3 was expected" },
	{ "a header that is not there", "parrot", TURN "> http POST /talk as key like {}\n  x-none: 3\n", 2,
	  "the header x-none is not there" },
	{ "a form where JSON was expected", "shelf",
	  "< call lend {\"book\": \"b\", \"to\": \"A\"}\n> http POST /loans as card {\"book\": \"b\", \"to\": \"A\"}\n", 2,
	  "the encoding is form, and none was expected" },
	{ "JSON where a form was expected", "parrot", TURN "> http POST /talk as key form like {}\n", 2,
	  "the encoding is not there, and form was expected" },
	{ "a request that nobody expects, before what arrives", "parrot", TURN "< part {}\n> result {}\n", 1,
	  "after this step something happened that no \">\" expects" },
	{ "and before the clock moves", "parrot", TURN "+1s\n> result {}\n", 1, "after this step" },
	{ "and before a fault", "parrot", TURN "! http lost\n> result {}\n", 1, "after this step" },
	{ "but within a span it may still come", "parrot", TURN "+<1s\n" TALK, 0, "" },
	{ "and at the end", "parrot", TURN TALK "< part {\"say\": \"x\"}\n> delta \"x\"\n< part {\"say\": \"y\"}\n", 5, "after this step" },
	{ "an answer to nothing", "parrot", "< http 200\n> result {}\n", 1, "no request waits for an answer" },
	{ "a second answer", "parrot", TURN TALK "< http 503\n> again {\"after_ms\": 1000}\n< http 200\n", 5,
	  "no request waits for an answer" },
	{ "an answer to a request of a turn that is over", "parrot", TURN TALK "! kill\n< http 200\n", 4, "no request waits" },
	{ "a label whose request is answered", "shelf",
	  "< call find {\"query\": \"a\"}\n> http #a GET /books?q=a as card\n< http #a 200 {}\n> result {\"titles\": []}\n< http #a 200\n", 5,
	  "no request called #a waits" },
	{ "the only request has a label, and the answer none", "shelf",
	  "< call find {\"query\": \"a\"}\n> http #a GET /books?q=a as card\n< http 200 {}\n> result {\"titles\": []}\n", 3,
	  "no request waits for an answer" },
	{ "a label passes over requests without one", "shelf", FIND "< http 200 {\"books\": [{\"id\": \"1\"}, {\"id\": \"2\"}]}\n"
	  "> http GET /books/1 as card\n> http #b GET /books/2 as card\n< http #b 200 {\"title\": \"two\"}\n"
	  "< http 200 {\"title\": \"one\"}\n> result {\"titles\": [\"one\", \"two\"]}\n", 0, "" },
	{ "a piece where the answer comes whole", "shelf", FIND "< part {}\n> result {}\n", 3, "comes in one piece" },
	{ "a whole answer where pieces come", "parrot", TURN TALK "< http 200 {\"say\": \"x\"}\n> result {}\n", 3, "is a stream" },
	{ "a refusal in place of a stream", "parrot", TURN TALK "< http 401 {\"error\": \"who?\"}\n> failed {\"class\": \"auth\", \"why\": \"who?\"}\n", 0, "" },
	{ "a body that is no JSON", "shelf", FIND "< http 502 \"<html>\"\n> failed {\"class\": \"platform\", \"why\": \"HTTP 502\"}\n", 0, "" },
	{ "a turn for a tool", "shelf", TURN "> result {}\n", 1, "a tool is not asked by \"< turn\"" },
	{ "a step of channels", "parrot", "< say \"hi\"\n> result {}\n", 1, "belongs to channels" },
	{ "a socket", "parrot", "> ws open wss://a.example/\n", 1, "belongs to channels" },
	{ "a configuration that the manifest does not have", "parrot", "< start {\"config\": {\"colour\": \"red\"}}\n> result {}\n", 1,
	  "this configuration is refused" },
	{ "a start that brings more than a configuration", "parrot", "< start {\"kept\": 1}\n> result {}\n", 1, "start brings no \"kept\"" },
	{ "another base", "parrot", "< start {\"config\": {\"base\": \"https://b.example\"}}\n" TURN
	  "> http POST https://b.example/talk as key like {}\n", 0, "" },
	{ "a variable that captures", "shelf", FIND "< http 200 {\"books\": [{\"id\": \"$id\"}]}\n> http GET /books/$id as card\n", 4,
	  "the URL is https://api.shelf.example/v1/books/id-7001" },
	{ "a variable that is something else later", "parrot",
	  TURN TALK "< parts [{\"say\": \"x\"}, {\"say\": \"y\"}]\n> delta \"$a\"\n> delta \"$a\"\n", 5, "\"x\" was expected, \"y\" came" },
	{ "a variable that is the same later", "parrot",
	  TURN TALK "< parts [{\"say\": \"x\"}, {\"say\": \"x\"}]\n> delta \"$a\"\n> delta \"$a\"\n", 0, "" },
	{ "a text of several lines in a piece", "parrot", TURN TALK "< part \"a\\nb\"\n< part \"[DONE]\"\n> result like {}\n", 0, "" },
	{ "an argument that does not fit", "shelf", "< call lend {\"book\": \"b\"}\n> failed like {\"class\": \"input\"}\n", 0, "" },
	{ "a tool's failure", "shelf", "< call lend {\"book\": \"b\", \"to\": \"A\"}\n> http POST /loans as card form like {}\n! http lost\n"
	  "> failed {\"class\": \"network\", \"why\": \"no answer\"}\n", 0, "" },
	{ "a channel that signs in", "porch", SIGN_IN, 0, "" },
	{ "a step before it runs", "porch", "< ws {}\n> ready {}\n", 1, "nothing runs" },
	{ "a stop before it runs", "porch", "< stop\n> ready {}\n", 1, "nothing runs that could be stopped" },
	{ "a second start", "porch", SIGN_IN "< start\n> ready {}\n", 8, "it runs already" },
	{ "a turn for a channel", "porch", TURN "> result {}\n", 1, "a channel is not asked by \"< turn\"" },
	{ "another address", "porch", DOOR "> ws open wss://w2.porch.example/?v=1\n", 4, "the URL is wss://w1.porch.example/?v=1" },
	{ "a frame that differs", "porch", DOOR OPEN "> ws as token {\"token\": \"t\"}\n", 5, "\"t\" was expected, \"<token>\" came" },
	{ "a frame without its secret", "porch", DOOR OPEN "> ws like {}\n", 5, "the secret is token, and none was expected" },
	{ "a socket with a label of its own", "porch", DOOR "> ws #x open wss://w1.porch.example/?v=1\n> ws as token like {}\n", 5,
	  "the socket's label is x, and none was expected" },
	{ "what the core read differs", "porch", SIGN_IN SAID "> deliver like {\"text\": \"no\"}\n", 9, "/text: \"no\" was expected, \"hi\" came" },
	{ "another kind", "porch", SIGN_IN SAID "> deliver edit like {}\n", 9, "the kind is message, and edit was expected" },
	{ "an acknowledgement before the delivery", "porch", SIGN_IN SAID "> ws {\"ack\": \"e\"}\n", 9, "something else happened" },
	{ "a delivery that nobody expects", "porch", SIGN_IN SAID, 8, "after this step something happened" },
	{ "a batch of nothing, and what is by nobody", "porch",
	  SIGN_IN "< ws {\"type\": \"marked\"}\n< ws {\"type\": \"said\", \"said\": [{}]}\n+1ms\n", 0, "" },
	{ "another me", "porch", SIGNING_IN "> ready {\"me\": \"u2\"}\n", 7, "\"u2\" was expected, \"u1\" came" },
	{ "a beat within its span", "porch", SIGN_IN "+<10s\n> ws {\"beat\": 1}\n+9999ms\n+1ms\n> ws {\"beat\": 2}\n", 0, "" },
	{ "a beat that comes too early", "porch", SIGN_IN "+10s\n> ws {\"beat\": 1}\n", 8, "after 5000 ms, before this time was over, something happened||> ws {\"beat\":1}" },
	{ "a beat that comes too late", "porch", SIGN_IN "+<4s\n> ws {\"beat\": 1}\n", 8, "nothing happened within this time" },
	{ "the dice at 0", "porch", "! dice 0\n" SIGN_IN "+1ms\n> ws {\"beat\": 1}\n", 0, "" },
	{ "the dice at 1", "porch", "! dice 1\n" SIGN_IN "+9999ms\n+1ms\n> ws {\"beat\": 1}\n", 0, "" },
	{ "a line that never speaks is given up", "porch", DOOR OPEN HELLO "+19999ms\n+1ms\n> http GET /door as token\n", 0, "" },
	{ "and one that has spoken is not", "porch", DOOR OPEN HELLO "< ws {\"type\": \"x\"}\n+1h\n", 0, "" },
	{ "a line that is told twice to move asks once, and once it ended it is over", "porch", SIGN_IN MOVING "< ws {\"type\": \"moving\"}\n"
	  "< http 200 {\"url\": \"wss://w2.porch.example\"}\n> ws #b open wss://w2.porch.example/?v=1\n> ws #b as token like {\"session\": \"s1\"}\n"
	  "< ws {\"type\": \"moving\"}\n< ws close 1000\n< ws #b {\"type\": \"welcome\", \"me\": \"u1\"}\n> ready {\"me\": \"u1\"}\n", 0, "" },
	{ "a line that ends while the next one is asked for", "porch", SIGN_IN MOVING "< ws close 1000\n"
	  "< http 200 {\"url\": \"wss://w2.porch.example\"}\n> ws open wss://w2.porch.example/?v=1\n> ws as token like {}\n"
	  "< ws close 1011\n> http GET /door as token\n", 0, "" },
	{ "a message on a line that is closed", "porch", SIGN_IN "< ws close 4000\n> http GET /door as token\n< ws {}\n", 10, "no socket is open" },
	{ "an address that it was not told", "porch", "< start\n> http GET /door as token\n< http 200 {\"url\": \"wss://evil.example\"}\n> http GET /door as token\n", 0, "" },
	{ "after it is broken nothing arrives", "porch", SIGN_IN "< ws close 4001\n> broken like {\"class\": \"auth\"}\n+1h\n< ws {}\n", 11, "nothing runs" },
	{ "what is kept differs", "porch", SIGN_IN "> keep {\"session\": \"s1\"}\n", 8, "what is kept differs: /url was not expected" },
	{ "nothing is kept yet", "porch", DOOR OPEN HELLO "> keep null\n", 0, "" },
	{ "what is kept comes back", "porch", SIGN_IN "! restart\n< start\n" OPEN "> ws as token {\"token\": \"<token>\", \"session\": \"s1\"}\n", 0, "" },
	{ "and who we are", "porch", SIGN_IN "! restart\n< start\n" OPEN "> ws as token like {}\n"
	  "< ws {\"type\": \"said\", \"said\": [{\"id\": \"1\", \"room\": \"r\", \"by\": 5, \"text\": \"@u1 hi\"}]}\n"
	  "> deliver like {\"text\": \"hi\", \"mentioned\": true}\n", 0, "" },
	{ "but not after an empty one", "porch", SIGN_IN "! restart empty\n> keep null\n< start\n> http GET /door as token\n", 0, "" },
	{ "a crash loses nothing that was committed", "porch", SIGN_IN "! kill\n< start\n" OPEN "> ws as token like {\"session\": \"s1\"}\n", 0, "" },
	{ "an act that the manifest does not claim", "porch", SIGN_IN "< draft {\"ref\": 1}\n> result {}\n", 8, "the manifest's \"acts\" does not have \"draft\"" },
	{ "a key that the page does not give is invented", "porch", SIGN_IN "< send {\"ref\": 7, \"chat\": \"r\", \"text\": \"x\"}\n"
	  "> http POST /rooms/r/messages as token {\"text\": \"x\", \"key\": \"key-7\"}\n", 0, "" },
	{ "one that it gives is used", "porch", SIGN_IN "< send {\"ref\": 7, \"chat\": \"r\", \"key\": \"k\", \"text\": \"x\"}\n"
	  "> http POST /rooms/r/messages as token {\"text\": \"x\", \"key\": \"key-7\"}\n", 9, "\"key-7\" was expected, \"k\" came" },
	{ "a handle shown to the adapter", "porch", SIGN_IN "< ws {\"type\": \"command\", \"id\": \"c\", \"name\": \"/x\", \"room\": \"r\", \"by\": 5, \"answer_to\": \"https://w.porch.example/9\"}\n"
	  "> deliver command like {\"handle\": \"https://w.porch.example/9\"}\n> ws {\"got\": \"https://w.porch.example/9\"}\n", 10, "\"<handle>\" came" },
	{ "a chat that moved elsewhere", "porch", SIGN_IN "< ws {\"type\": \"moved\", \"from\": \"a\", \"to\": \"b\"}\n> deliver moved {\"old\": \"a\", \"new\": \"c\"}\n", 9, "/new: \"c\" was expected, \"b\" came" },
	{ "a mark that the service has no word for", "porch", SIGN_IN "< react {\"ref\": 7, \"chat\": \"r\", \"id\": \"m\", \"mark\": \"eye\"}\n"
	  "> http PUT /rooms/r/messages/m/marks/eyes as token\n", 9, "marks/eye, and" },
	{ "an act without its ref", "porch", SIGN_IN "< send {\"text\": \"x\"}\n> result {}\n", 8, "it has no \"ref\"" },
	{ "a ref that comes again", "porch", SIGN_IN SEND "< http 200 {\"id\": \"m\"}\n> result {\"ref\": 7, \"id\": \"m\"}\n" SEND, 12, "not greater than the one before" },
	{ "an act under another ref", "porch", SIGN_IN SEND "< http 200 {\"id\": \"m\"}\n> result {\"ref\": 8, \"id\": \"m\"}\n", 11, "/ref: 8 was expected, 7 came" },
	{ "an answer without its id", "porch", SIGN_IN SEND "< http 200 {\"id\": null}\n"
	  "> failed {\"ref\": 7, \"class\": \"platform\", \"why\": \"an answer without /id\"}\n", 0, "" },
	{ "another close code", "porch", SIGN_IN "< stop\n> ws close 1001\n", 9, "the close code is 1000, and 1001 was expected" },
	{ "an act that is put off", "porch", SIGN_IN SEND "< http 429\n> again {\"ref\": 7, \"after_ms\": 5000}\n", 0, "" },
	{ "an act whose answer is due at the end", "porch", SIGN_IN SEND, 0, "" },
	{ "a text of the greatest length", "porch", SIGN_IN "< say {\"ref\": 7, \"chat\": \"r\", \"text\": \"$40x\xF0\x9F\xA6\x80\"}\n> http POST /rooms/r/messages as token like {}\n", 0, "" },
	{ "a text that would be split", "porch", SIGN_IN "< send {\"ref\": 7, \"chat\": \"r\", \"text\": \"$41xx\"}\n> result {}\n", 8, "longer than one message can be" },
	{ "one that is said is split", "porch", SIGN_IN SAY FIRST "< http 200 {\"id\": \"a\"}\n> result {\"ref\": 7, \"id\": \"a\"}\n"
	  "> http POST /rooms/r/messages as token like {\"text\": \"x\"}\n< http 200 {\"id\": \"b\"}\n> result {\"ref\": 8, \"id\": \"b\"}\n", 0, "" },
	{ "its second piece waits for the first", "porch", SIGN_IN SAY FIRST "> http POST /rooms/r/messages as token like {\"text\": \"x\"}\n", 10, "nothing happened" },
	{ "its second piece is expected", "porch", SIGN_IN SAY FIRST "< http 200 {\"id\": \"a\"}\n> result {\"ref\": 7, \"id\": \"a\"}\n", 11, "that no \">\" expects" },
	{ "another act in between", "porch", SIGN_IN SAY FIRST "< typing {\"ref\": 8, \"chat\": \"r\", \"on\": true}\n> http #typing POST /rooms/r/typing as token like {}\n"
	  "< http #typing 204\n> result {\"ref\": 8}\n< http 200 {\"id\": \"a\"}\n> result {\"ref\": 7, \"id\": \"a\"}\n"
	  "> http POST /rooms/r/messages as token like {\"text\": \"x\"}\n< http 200 {\"id\": \"b\"}\n> result {\"ref\": 9, \"id\": \"b\"}\n", 0, "" },
	{ "nothing is said behind what failed", "porch", SIGN_IN SAY FIRST "< http 429\n> again {\"ref\": 7, \"after_ms\": 5000}\n", 0, "" },
	{ "a key is the first piece's", "porch", SIGN_IN "< say {\"ref\": 7, \"chat\": \"r\", \"key\": \"k\", \"text\": \"" FORTY " x\"}\n"
	  "> http POST /rooms/r/messages as token like {\"key\": \"k\"}\n< http 200 {\"id\": \"a\"}\n> result like {\"ref\": 7}\n"
	  "> http POST /rooms/r/messages as token like {\"key\": \"key-8\"}\n< http 200 {\"id\": \"b\"}\n> result like {\"ref\": 8}\n", 0, "" },
	{ "what is said has a text", "porch", SIGN_IN "< say {\"ref\": 7, \"chat\": \"r\"}\n> result {}\n", 8, "it has no \"text\"" },
	{ "what is said is rendered", "porch", SIGN_IN "< say {\"ref\": 7, \"chat\": \"r\", \"text\": \"**so**\"}\n"
	  "> http POST /rooms/r/messages as token like {\"text\": \"**so**\"}\n", 9, "\"so\" came" },
	{ "an operation that the core runs", "porch", SIGN_IN "< react {\"ref\": 7, \"chat\": \"r\", \"id\": \"m\", \"mark\": \"x\"}\n"
	  "> http PUT /rooms/r/messages/m/marks/x as token\n< http 200 {}\n> result {\"ref\": 7}\n", 0, "" },
	{ "a step that is not run yet", "porch", SIGN_IN "< webhook /h {}\n> webhook 200\n", 8, "\"< webhook\" is read, and not run yet" },
	{ "a turn that nobody answers", "liar", "< turn {\"model\": \"silent\", \"messages\": []}\n> http POST /talk as key like {}\n< http 200\n", 3,
	  "the turn of page.md:4 was never answered" },
	{ "and before the next one", "liar", "< turn {\"model\": \"silent\", \"messages\": []}\n> http POST /talk as key like {}\n< http 200\n"
	  "< turn {\"model\": \"honest\", \"messages\": []}\n", 4, "the turn of page.md:4 was never answered" },
	{ "the next turn may begin while one still waits", "parrot", TURN TALK TURN TALK, 0, "" },
};

START_TEST(a_page_says_where_it_does_not_hold)
{
	DEFER(text_free) char *page = text_fmt("# T\n## S\n```transcript\n%s```\n", pages[_i].steps);
	struct seen seen = run_page(pages[_i].demo, page);
	int line = pages[_i].line ? pages[_i].line + 3 : 0;

	ck_assert_msg(seen.line == line, "%s: line %d: %s", pages[_i].name, seen.line - 3, seen.what);
	ck_assert_msg(strstr(seen.what, pages[_i].what), "%s: %s", pages[_i].name, seen.what);
}
END_TEST

START_TEST(tools_that_are_operations_run_without_a_program)
{
	int program = demos[2].program;
	struct seen seen;

	demos[2].program = -1;
	seen = run_page("shelf", "# T\n## S\n```transcript\n< call lend {\"book\": \"b\", \"to\": \"A\"}\n"
			"> http POST /loans as card form like {}\n< http 200 {\"loan\": \"l\"}\n> result {\"loan\": \"l\"}\n```\n");
	ck_assert_msg(seen.ok, "%s", seen.what);
	seen = run_page("shelf", "# T\n## S\n```transcript\n< call find {\"query\": \"b\"}\n> result {}\n```\n");
	demos[2].program = program;
	ck_assert_msg(strstr(seen.what, "the tool \"find\" is code, and there is none"), "%s", seen.what);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("replay");
	TCase *t = tcase_create("replay");
	SRunner *r;
	int failed;

	make_demos();
	tcase_add_loop_test(t, every_lie_turns_the_page_red_at_its_line, 0, COUNT(lies));
	tcase_add_loop_test(t, a_page_says_where_it_does_not_hold, 0, COUNT(pages));
	tcase_add_test(t, tools_that_are_operations_run_without_a_program);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	drop_demos();
	return failed != 0;
}
