/* test_line.c - the sockets of core/broker.h, and what is played, over real connections. */
#include "adapter/adapter.h"
#include "broker.h"
#include "fake.h"
#include "file.h"
#include "folder.h"
#include "frames.h"
#include "instance.h"
#include "limits.h"
#include "loop.h"
#include <check.h>
#include <stdio.h>

#define KEY "xapp-0123456789abcdef"
#define ck_assert_has(text, piece) ck_assert_msg(strstr(text, piece), "\"%s\" lacks \"%s\"", text, piece)
#define ck_assert_lacks(text, piece) ck_assert_msg(!strstr(text, piece), "\"%s\" holds \"%s\"", text, piece)

static const char contract[] =
	"{'name':'porch','kind':'channel','abi':1,'about':'A small chat service',"
	"'base':'https://api.porch.example/v1',"
	"'secrets':{'token':{'kind':'bearer','label':'Token','obtain':'porch.example, Settings'}},"
	"'operations':{"
	"'door':{'method':'GET','url':'/door','secret':'token','effects':['read'],'retry':'never','shows':{'/url':'attested'}}},"
	"'sockets':{'line':{'url':'{url}?v=1','frame_max':60,'first':'20s',"
	"'args':{'url':{'type':'url','match':'wss://*.porch.example','seen':['door /url']}},"
	"'frames':{"
	"'hello':{'secret':'token','body':{'token':'{secret}'}},"
	"'ack':{'args':{'id':{'type':'line'}},'body':{'ack':'{id}'}}}},"
	"'gate':{'url':'wss://gate.porch.example/','frame_max':60}},"
	"'me':{'in':'line','at':'/me'},"
	"'inbound':[{'in':'line','id':'{/id}','chat':'{/room}','from':'{/by}','text':{'of':'{/text}'}}],"
	"'acts':{'send':'code'},"
	"'text':{'max':40,'unit':'code point','marks':'plain'}}";

static struct loop *loop;
static struct fake *fake;
static struct secrets *secrets;
static struct broker *broker;
static struct manifest *m;
static struct party party;
static struct buf heard, sent;		/* by the server: what is not whole yet; frames without masks */
static const char *says;

/* ---- an owner ------------------------------------------------------------ */

static struct owner {
	struct line_owner owner;
	struct line *line;
	int up, texts, down, code;
	char *text, *why;
	bool free_in_up, free_in_text, free_in_down, greets;
} o;

static const struct operation *frame(const char *name)
{
	const struct socket_row *row = manifest_socket(m, "line");

	for (size_t i = 0; i < row->frames_n; i++)
		if (strcmp(row->frames[i].name, name) == 0)
			return &row->frames[i];
	abort();
}

static void let_go(void)
{
	line_free(o.line);
	o.line = NULL;
}

static void up(struct line_owner *owner)
{
	ck_assert_ptr_eq(owner, &o.owner);
	o.up++;
	if (o.greets)
		ck_assert_ptr_null(line_write(o.line, frame("hello"), NULL, NULL));
	if (o.free_in_up)
		let_go();
}

static void text(struct line_owner *owner, struct str message)
{
	(void)owner;
	ck_assert_ptr_nonnull(o.line);
	o.texts++;
	free(o.text);
	o.text = str_dup(message);
	if (o.free_in_text)
		let_go();
	ck_assert(str_is(message, o.text));
}

static void down(struct line_owner *owner, int code, const char *why)
{
	(void)owner;
	ck_assert_ptr_nonnull(o.line);
	o.down++;
	o.code = code;
	o.why = text_dup(why);
	if (o.free_in_down)
		let_go();
	o.line = NULL;
}

/* ---- the server ---------------------------------------------------------- */

static void take_frames(struct fake *f, struct str bytes)
{
	const char *why;

	(void)f;
	buf_add(&heard, bytes.at, bytes.len);
	why = frames_hear(&heard, &sent);
	ck_assert_msg(!why, "the server heard %s", why);
}

static void answer(struct fake *f, const char *request)
{
	DEFER(buf_free) struct buf b = buf_new(100000);
	DEFER(text_free) char *accept = strstr(request, "Sec-WebSocket-Key") ? frames_accept(request) : NULL;

	fake_script(f);
	if (!accept) {
		fake_answer(f, 200, "", "{\"url\":\"wss://a.porch.example/\"}");
		return;
	}
	fake_sendf(f, "%s", accept);
	frames_write(&b, says);
	fake_send(f, buf_str(&b));
	fake_talk(f, take_frames);
}

static void sends(const char *notation)
{
	DEFER(buf_free) struct buf want = buf_new(100000);

	frames_write(&want, notation);
	ck_assert_msg(sent.len == want.len && memcmp(buf_text(&sent), buf_text(&want), want.len) == 0, "not %s but %s", notation,
		      sent.len > 2 ? buf_text(&sent) + 2 : "nothing");
}

/* ---- before and after ---------------------------------------------------- */

static void set_up(void)
{
	DEFER(text_free) char *json = text_dup(contract);
	const char *why;
	char bytes[32];

	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	why = manifest_parse(str_of(json), "porch", &m);
	ck_assert_msg(!why, "%s", why);
	folder_make();
	memset(bytes, 'k', sizeof bytes);
	ck_assert_int_eq(file_write(in_folder("key"), (struct str){ bytes, sizeof bytes }, 0600), OK);
	loop = loop_new();
	fake = fake_new(loop);
	fake_when_out(fake, answer);
	secrets = secrets_open(folder);
	broker = broker_new(loop, secrets);
	party = (struct party){ m, "work", fake_origin(fake), NULL };
	o = (struct owner){ .owner = { up, text, down } };
	heard = buf_new(100000);
	sent = buf_new(100000);
	says = "";
}

static void tear_down(void)
{
	broker_free(broker);
	secrets_free(secrets);
	fake_free(fake);
	loop_free(loop);
	manifest_free(m);
	free(o.text);
	free(o.why);
	buf_free(&heard);
	buf_free(&sent);
}

static void too_long(struct timer *t)
{
	(void)t;
	ck_abort_msg("nothing came of it");
}

static void wait_until(const int *what, int n)
{
	struct timer guard = { .fired = too_long };

	timer_set(loop, &guard, 10000);
	while (*what < n)
		loop_once(loop);
	timer_stop(&guard);
}

static void wait_for_bytes(size_t n)
{
	struct timer guard = { .fired = too_long };

	timer_set(loop, &guard, 10000);
	while (sent.len < n)
		loop_once(loop);
	timer_stop(&guard);
}

static void counted(struct timer *t)
{
	(void)t;
	loop_stop(loop);
}

static void run_for(int64_t ms)
{
	struct timer end = { .fired = counted };

	timer_set(loop, &end, ms);
	loop_run(loop);
	timer_stop(&end);
}

static void open_url(const char *socket, const char *url)
{
	struct request r = { .url = text_dup(url) };

	o.line = broker_open(broker, &party, manifest_socket(m, socket), &r, &o.owner);
	ck_assert_int_eq(o.up + o.down, 0);
	ck_assert_ptr_null(r.url);
}

/* Straight to the fake, which the owner's file names. */
static void open_line(void)
{
	DEFER(text_free) char *url = text_fmt("ws%s/link", fake_origin(fake) + strlen("http"));

	open_url("line", url);
}

static void be_played(void)
{
	party.played_at = fake_origin(fake) + strlen("http://");
	party.base_origin = NULL;
}

static void give_key(const char *origin)
{
	const char *why = secret_set(secrets, "work.token", origin, STR(KEY));

	ck_assert_msg(!why, "%s", why);
}

/* ---- a line -------------------------------------------------------------- */

START_TEST(a_line_comes_up_says_what_it_says_and_goes_down)
{
	says = "T:{\"a\":1}|X4004:bye";
	open_line();
	wait_until(&o.down, 1);
	ck_assert_int_eq(o.up, 1);
	ck_assert_int_eq(o.texts, 1);
	ck_assert_str_eq(o.text, "{\"a\":1}");
	ck_assert_int_eq(o.code, 4004);
	ck_assert_has(o.why, "closed the line with 4004: bye");
	ck_assert_has(o.why, fake_origin(fake));
	run_for(20);
	ck_assert_int_eq(o.up + o.texts + o.down, 3);
}
END_TEST

static enum err refuse_commit(void *store)
{
	(void)store;
	return ERR_SYSTEM;
}

START_TEST(where_the_commit_fails_no_line_is_opened)
{
	loop_at_end(loop, refuse_commit, NULL);
	open_line();
	run_for(30);
	loop_at_end(loop, NULL, NULL);
	run_for(30);
	ck_assert_uint_eq(fake_connections(fake), 0);
	line_free(o.line);
}
END_TEST

START_TEST(where_the_commit_fails_no_frame_leaves_then_or_later)
{
	DEFER(json_drop) cJSON *first = json_build("{id:'first'}"), *second = json_build("{id:'second'}");

	open_line();
	wait_until(&o.up, 1);
	loop_at_end(loop, refuse_commit, NULL);
	ck_assert_ptr_null(line_write(o.line, frame("ack"), NULL, first));
	run_for(20);
	loop_at_end(loop, NULL, NULL);
	ck_assert_ptr_null(line_write(o.line, frame("ack"), NULL, second));
	wait_for_bytes(18);
	sends("T:{\"ack\":\"second\"}");
	line_free(o.line);
}
END_TEST

START_TEST(frames_leave_in_their_order_and_a_close_behind_them)
{
	open_line();
	wait_until(&o.up, 1);
	for (int i = 0; i < 3; i++) {
		DEFER(json_drop) cJSON *args = json_build("{id:%d}", i);
		DEFER(json_drop) cJSON *word = json_build("{id:%s}", i == 0 ? "a" : i == 1 ? "b" : "c");

		ck_assert_ptr_nonnull(line_write(o.line, frame("ack"), NULL, args));	/* no number */
		ck_assert_ptr_null(line_write(o.line, frame("ack"), NULL, word));
	}
	line_close(o.line, 4000);
	o.line = NULL;
	wait_for_bytes(3 * 13 + 4);
	sends("T:{\"ack\":\"a\"}|T:{\"ack\":\"b\"}|T:{\"ack\":\"c\"}|X4000");
	fake_say(fake, STR("\x81\x02{}\x88\x02\x0F\xA0"));
	while (fake_connections_open(fake))
		loop_once(loop);
	ck_assert_int_eq(o.texts + o.down, 0);
}
END_TEST

enum { CLOSE_AT_ONCE, CLOSE_CONNECTING, CLOSE_UNCOMMITTED, CLOSE_BARRED };

START_TEST(a_line_that_is_closed_before_it_is_up_goes_without_a_word)
{
	if (_i == CLOSE_UNCOMMITTED)
		loop_at_end(loop, refuse_commit, NULL);
	if (_i == CLOSE_BARRED)
		open_url("line", "wss://127.0.0.1/");
	else
		open_line();
	while (_i == CLOSE_CONNECTING && !fake_connections(fake))
		loop_once(loop);
	line_close(o.line, 1000);
	run_for(30);
	ck_assert_int_eq(o.up + o.down, 0);
	ck_assert_uint_eq(fake_connections_open(fake), 0);
}
END_TEST

enum { FREE_IN_UP, FREE_IN_TEXT, FREE_IN_DOWN, FREE_NEVER };

START_TEST(an_owner_may_free_it_from_any_call)
{
	says = "T:one|T:two|X1000";
	o.free_in_up = _i == FREE_IN_UP;
	o.free_in_text = _i == FREE_IN_TEXT;
	o.free_in_down = _i == FREE_IN_DOWN;
	open_line();
	wait_until(_i == FREE_IN_DOWN || _i == FREE_NEVER ? &o.down : _i == FREE_IN_TEXT ? &o.texts : &o.up, 1);
	run_for(20);
	ck_assert_int_eq(o.up, 1);
	ck_assert_int_eq(o.texts, _i == FREE_IN_UP ? 0 : _i == FREE_IN_TEXT ? 1 : 2);
	ck_assert_int_eq(o.down, _i == FREE_IN_DOWN || _i == FREE_NEVER);
}
END_TEST

START_TEST(a_broker_takes_its_lines_along)
{
	open_line();
	wait_until(&o.up, 1);
	o.up = 0;
	open_line();
	broker_free(broker);
	broker = NULL;
	run_for(20);
	ck_assert_uint_eq(fake_connections_open(fake), 0);
	ck_assert_int_eq(o.down, 0);
}
END_TEST

/* ---- where to ------------------------------------------------------------ */

/* PORT stands for the fake's. */
static const struct { const char *name, *socket, *url, *base, *why; } bars[] = {
	{ "in the clear, and nobody names it", "line", "ws://127.0.0.1:PORT/", NULL, "plain http" },
	{ "in the clear, under another name", "line", "ws://localhost:PORT/", "http://127.0.0.1:PORT", "plain http" },
	{ "in the clear, on another port", "line", "ws://127.0.0.1:PORT/", "http://127.0.0.1:1", "plain http" },
	{ "a number", "line", "wss://127.0.0.1:PORT/", NULL, "is a number" },
	{ "a short number", "line", "wss://2130706433:PORT/", NULL, "is a number" },
	{ "IPv6", "line", "wss://[::1]:PORT/", NULL, "is a number" },
	{ "a name that leads inside", "line", "wss://localhost:PORT/", NULL, "no public address" },
	{ "a host that the row does not name", "gate", "wss://evil.example/", NULL, "neither in porch's manifest" },
	{ "another port than the row's", "gate", "wss://gate.porch.example:444/", NULL, "neither in porch's manifest" },
	{ "no URL", "line", "link", NULL, "the URL is none" },
	{ "a file", "line", "file:///etc/passwd", NULL, "the URL is none" },
};

static char *with_port(const char *given)
{
	const char *at = given ? strstr(given, "PORT") : NULL;

	if (!at)
		return text_dup(given);
	return text_fmt("%.*s%s%s", (int)(at - given), given, strrchr(fake_origin(fake), ':') + 1, at + 4);
}

START_TEST(a_line_that_may_not_go_there_goes_down_and_no_byte_leaves)
{
	DEFER(text_free) char *url = with_port(bars[_i].url), *base = with_port(bars[_i].base);

	party.base_origin = base;
	open_url(bars[_i].socket, url);
	wait_until(&o.down, 1);
	ck_assert_msg(o.code == -1, "%s: %d %s", bars[_i].name, o.code, o.why);
	ck_assert_msg(strstr(o.why, bars[_i].why), "%s: %s", bars[_i].name, o.why);
	ck_assert_uint_eq(fake_connections(fake), 0);
}
END_TEST

START_TEST(a_line_that_is_refused_says_so_without_its_ticket)
{
	DEFER(text_free) char *url = text_fmt("ws%s/link?ticket=abc", fake_origin(fake) + strlen("http"));

	fake_script(fake);
	fake_answer(fake, 403, "", "");
	open_url("line", url);
	wait_until(&o.down, 1);
	ck_assert_int_eq(o.code, 0);
	ck_assert_has(o.why, "answered the upgrade with 403");
	ck_assert_lacks(o.why, "ticket");
}
END_TEST

/* ---- secrets ------------------------------------------------------------- */

START_TEST(a_secret_is_put_into_the_frame_that_names_it)
{
	DEFER(text_free) char *origin = url_origin(fake_origin(fake));

	give_key(origin);
	o.greets = true;
	open_line();
	wait_for_bytes(10);
	sends("T:{\"token\":\"" KEY "\"}");
	line_free(o.line);
}
END_TEST

static const struct { const char *name, *origin, *why; } keyless[] = {
	{ "none is kept", NULL, "chela secret set work.token" },
	{ "it is another origin's", "https://other.example:443", "does not go to" },
};

START_TEST(without_its_secret_a_frame_does_not_leave)
{
	const char *why;

	if (keyless[_i].origin)
		give_key(keyless[_i].origin);
	open_line();
	wait_until(&o.up, 1);
	why = line_write(o.line, frame("hello"), NULL, NULL);
	ck_assert_ptr_nonnull(why);
	ck_assert_has(why, keyless[_i].why);
	run_for(20);
	ck_assert_uint_eq(sent.len, 0);
	line_free(o.line);
}
END_TEST

START_TEST(a_frame_that_is_too_large_does_not_leave)
{
	DEFER(json_drop) cJSON *most = json_build("{id:%s}", "01234567890123456789012345678901234567890123456789");
	DEFER(json_drop) cJSON *more = json_build("{id:%s}", "012345678901234567890123456789012345678901234567890");

	open_line();
	ck_assert_str_eq(line_write(o.line, frame("ack"), NULL, most), "the line is not up");
	wait_until(&o.up, 1);
	ck_assert_str_eq(line_write(o.line, frame("ack"), NULL, more), "the frame is larger than 60 bytes");
	ck_assert_ptr_null(line_write(o.line, frame("ack"), NULL, most));
	wait_for_bytes(62);
	line_free(o.line);
}
END_TEST

static const struct { const char *name, *says, *want; } echoes[] = {
	{ "as it is", "T:{\"said\":\"" KEY "\"}", "{\"said\":\"<work.token>\"}" },
	{ "not JSON", "T:you sent " KEY " to me", "you sent <work.token> to me" },
	{ "escaped", "T:{\"n\":5,\"said\":\"\\u0078app-0123456789abcde\\u0066\"}",
	  "{\"n\":5,\"said\":\"<work.token>\"}" },
	{ "escaped as a name", "T:{\"\\u0078app-0123456789abcdef\":1}", "{\"<work.token>\":1}" },
	{ "in base64", "T:{\"said\":\"eGFwcC0wMTIzNDU2Nzg5YWJjZGVm\"}", "{\"said\":\"<work.token>\"}" },
	{ "other escapes stay", "T:{\"said\":\"caf\\u00e9 \\/\"}", "{\"said\":\"caf\\u00e9 \\/\"}" },
};

START_TEST(a_secret_that_comes_back_is_seen_by_nobody)
{
	DEFER(text_free) char *origin = url_origin(fake_origin(fake));
	DEFER(text_free) char *whole = text_fmt("%s|X4000:%s", echoes[_i].says, KEY);

	give_key(origin);
	says = whole;
	open_line();
	wait_until(&o.down, 1);
	ck_assert_msg(strcmp(o.text, echoes[_i].want) == 0, "%s: %s", echoes[_i].name, o.text);
	ck_assert_lacks(o.why, KEY);
	ck_assert_has(o.why, "<work.token>");
}
END_TEST

/* ---- played -------------------------------------------------------------- */

START_TEST(a_played_line_goes_to_the_fake_with_a_made_up_secret)
{
	be_played();
	give_key("https://api.porch.example:443");
	o.greets = true;
	open_url("line", "wss://a.porch.example/link?ticket=1&v=1");
	wait_for_bytes(10);
	ck_assert_has(fake_request(fake, 0), "GET /link?ticket=1&v=1 HTTP/1.1\r\nHost: a.porch.example\r\n");
	sends("T:{\"token\":\"played-token\"}");
	line_free(o.line);
}
END_TEST

static struct { struct exchange_owner owner; int done, failure; char *why; } asked;

static void part(struct exchange_owner *owner, const struct answer *piece)
{
	(void)owner;
	(void)piece;
}

static void done(struct exchange_owner *owner, const struct answer *a)
{
	(void)owner;
	asked.done++;
	asked.failure = a->failure;
	asked.why = text_dup(a->why);
}

static void ask(const char *url)
{
	const struct operation *op = manifest_operation(m, "door");
	struct request r = { .op = op, .secret = op->secret, .url = text_dup(url) };

	asked.owner = (struct exchange_owner){ part, done };
	asked.done = 0;
	broker_send(broker, &party, &r, &asked.owner);
	wait_until(&asked.done, 1);
}

START_TEST(a_played_request_goes_to_the_fake_with_a_made_up_secret)
{
	be_played();
	give_key("https://api.porch.example:443");
	ask("https://api.porch.example/v1/door?x=1");
	ck_assert_msg(asked.failure == FAIL_NONE, "%s", asked.why);
	ck_assert_has(fake_request(fake, 0), "GET /v1/door?x=1 HTTP/1.1\r\n");
	ck_assert_has(fake_request(fake, 0), "\r\nHost: api.porch.example\r\n");
	ck_assert_has(fake_request(fake, 0), "\r\nauthorization: Bearer played-token\r\n");
	ck_assert_lacks(fake_request(fake, 0), KEY);
}
END_TEST

START_TEST(what_the_manifest_does_not_name_is_not_played_either)
{
	be_played();
	ask("https://evil.example/v1/door");
	ck_assert_int_eq(asked.failure, FAIL_PERMISSION);
	free(asked.why);
	open_url("gate", "wss://evil.example/");
	wait_until(&o.down, 1);
	ck_assert_int_eq(o.code, -1);
	ck_assert_uint_eq(fake_connections(fake), 0);
}
END_TEST

static const char *const elsewheres[] = { "192.0.2.1:80", "10.0.0.1:80", "0.0.0.0:80", "[2001:db8::1]:80", "[::]:80", "169.254.169.254:80" };

START_TEST(what_is_played_anywhere_but_here_is_barred)
{
	party.base_origin = NULL;
	party.played_at = elsewheres[_i];
	ask("https://api.porch.example/v1/door");
	ck_assert_msg(asked.failure == FAIL_PERMISSION, "%s: %d %s", elsewheres[_i], asked.failure, asked.why);
	ck_assert_has(asked.why, "is played at");
	open_url("gate", "wss://gate.porch.example/");
	wait_until(&o.down, 1);
	ck_assert_int_eq(o.code, -1);
	ck_assert_has(o.why, "is played at");
	free(asked.why);
}
END_TEST

START_TEST(a_fake_may_stand_on_the_other_loopback_addresses)
{
	DEFER(text_free) char *mapped = text_fmt("[::ffff:127.0.0.1]%s", strrchr(fake_origin(fake), ':'));

	party.base_origin = NULL;
	party.played_at = mapped;
	ask("https://api.porch.example/v1/door");
	ck_assert_msg(asked.failure == FAIL_NONE, "%s", asked.why);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("line");
	TCase *t = tcase_create("line");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_line_comes_up_says_what_it_says_and_goes_down);
	tcase_add_test(t, where_the_commit_fails_no_line_is_opened);
	tcase_add_test(t, where_the_commit_fails_no_frame_leaves_then_or_later);
	tcase_add_test(t, frames_leave_in_their_order_and_a_close_behind_them);
	tcase_add_loop_test(t, a_line_that_is_closed_before_it_is_up_goes_without_a_word, 0, CLOSE_BARRED + 1);
	tcase_add_loop_test(t, an_owner_may_free_it_from_any_call, 0, FREE_NEVER + 1);
	tcase_add_test(t, a_broker_takes_its_lines_along);
	tcase_add_loop_test(t, a_line_that_may_not_go_there_goes_down_and_no_byte_leaves, 0, COUNT(bars));
	tcase_add_test(t, a_line_that_is_refused_says_so_without_its_ticket);
	tcase_add_test(t, a_secret_is_put_into_the_frame_that_names_it);
	tcase_add_loop_test(t, without_its_secret_a_frame_does_not_leave, 0, COUNT(keyless));
	tcase_add_test(t, a_frame_that_is_too_large_does_not_leave);
	tcase_add_loop_test(t, a_secret_that_comes_back_is_seen_by_nobody, 0, COUNT(echoes));
	tcase_add_test(t, a_played_line_goes_to_the_fake_with_a_made_up_secret);
	tcase_add_test(t, a_played_request_goes_to_the_fake_with_a_made_up_secret);
	tcase_add_test(t, what_the_manifest_does_not_name_is_not_played_either);
	tcase_add_loop_test(t, what_is_played_anywhere_but_here_is_barred, 0, COUNT(elsewheres));
	tcase_add_test(t, a_fake_may_stand_on_the_other_loopback_addresses);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
