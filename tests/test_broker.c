/* test_broker.c - core/broker.h over real sockets, against a server that fails in real
 * ways, and owners that let go at every moment. */
#include "adapter/adapter.h"
#include "broker.h"
#include "fake.h"
#include "file.h"
#include "folder.h"
#include "instance.h"
#include "limits.h"
#include "loop.h"
#include "transfer.h"
#include <arpa/inet.h>
#include <assert.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY "sk-0123456789abcdef"
#define ck_assert_has(text, piece) ck_assert_msg(strstr(text, piece), "\"%s\" lacks \"%s\"", text, piece)
#define ck_assert_lacks(text, piece) ck_assert_msg(!strstr(text, piece), "\"%s\" holds \"%s\"", text, piece)

static struct loop *loop;
static struct fake *fake;
static struct secrets *secrets;
static struct broker *broker;
static const char *base;		/* what the owner's file says */
static const char *whose;		/* the connection */
static struct manifest m;
static struct secret_slot slot;
static struct operation op;

/* ---- an owner ------------------------------------------------------------ */

struct ask {
	struct exchange_owner owner;
	struct exchange *exchange;
	int done, parts_n;
	int status, failure;
	char *why, *json, *text, *whole;	/* whole: and what it gives */
	struct buf parts;		/* "[json]" or "(text)", failures as "!class" */
	bool free_in_part, free_in_done;
	struct ask *also;		/* freed with it */
	int64_t after_ms;
};

static void let_go(struct ask *a)
{
	exchange_free(a->exchange);
	a->exchange = NULL;
	if (!a->also)
		return;
	exchange_free(a->also->exchange);
	a->also->exchange = NULL;
}

static void part(struct exchange_owner *o, const struct answer *piece)
{
	struct ask *a = container_of(o, struct ask, owner);
	DEFER(text_free) char *json = piece->json ? json_print(piece->json) : NULL;

	ck_assert_int_eq(a->done, 0);
	ck_assert_ptr_nonnull(a->exchange);
	a->parts_n++;
	if (piece->failure)
		buf_addf(&a->parts, "!%d:%s", piece->failure, piece->why);
	else
		buf_addf(&a->parts, json ? "[%s]" : "(%s)", json ? json : piece->text);
	if (a->free_in_part)
		let_go(a);
}

static void done(struct exchange_owner *o, const struct answer *answer)
{
	struct ask *a = container_of(o, struct ask, owner);
	DEFER(json_drop) cJSON *both = NULL;

	ck_assert_ptr_nonnull(a->exchange);
	a->done++;
	a->status = answer->status;
	a->after_ms = answer->after_ms;
	a->failure = answer->failure;
	a->why = text_dup(answer->why ? answer->why : "");
	a->json = answer->json ? json_print(answer->json) : text_dup("");
	both = json_build("{whole:%j,gives:%j}", answer->whole, answer->gives);
	a->whole = json_print(both);
	a->text = text_dup(answer->text ? answer->text : "");
	if (a->free_in_done)
		let_go(a);
	a->exchange = NULL;
}

static struct ask *ask_url(const char *url, cJSON *headers, const char *body)
{
	struct ask *a = calloc(1, sizeof *a);
	struct request r = { .op = &op, .secret = op.secret, .url = text_dup(url), .headers = headers,
			     .body = text_dup(body) };

	assert(a);
	a->owner = (struct exchange_owner){ part, done };
	a->parts = buf_new(16 * 1024 * 1024);
	a->exchange = broker_send(broker, &(struct party){ &m, whose, base, NULL }, &r, &a->owner);
	ck_assert_int_eq(a->done, 0);
	ck_assert_ptr_null(r.url);
	return a;
}

static struct ask *ask(const char *path, const char *body)
{
	DEFER(text_free) char *url = text_fmt("%s%s", fake_origin(fake), path);

	return ask_url(url, NULL, body);
}

static void ask_free(struct ask *a)
{
	exchange_free(a->exchange);
	free(a->why);
	free(a->json);
	free(a->whole);
	free(a->text);
	buf_free(&a->parts);
	free(a);
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

static void wait_for(struct ask *a)
{
	wait_until(&a->done, 1);
	ck_assert_int_eq(a->done, 1);
}

static void counted(struct timer *t)
{
	(void)t;
	loop_stop(loop);
}

/* Long enough for whatever would wrongly come. */
static void run_for(int64_t ms)
{
	struct timer end = { .fired = counted };

	timer_set(loop, &end, ms);
	loop_run(loop);
	timer_stop(&end);
}

/* Sends, and waits for the last word; to be freed. */
static struct ask *get(const char *path, const char *body)
{
	struct ask *a = ask(path, body);

	wait_for(a);
	return a;
}

/* ---- before and after ---------------------------------------------------- */

static cJSON *tree(const char *text)
{
	cJSON *json = NULL;
	const char *why = json_decode(str_of(text), &json);

	ck_assert_msg(!why, "%s", why);
	return json;
}

static void set_up(void)
{
	char bytes[32];

	folder_make();
	memset(bytes, 'k', sizeof bytes);
	ck_assert_int_eq(file_write(in_folder("key"), (struct str){ bytes, sizeof bytes }, 0600), OK);
	loop = loop_new();
	fake = fake_new(loop);
	secrets = secrets_open(folder);
	broker = broker_new(loop, secrets);
	base = fake_origin(fake);
	whose = "work";
	slot = (struct secret_slot){ .name = "key", .label = "Key", .kind = SECRET_BEARER };
	op = (struct operation){ .name = "op", .method = "POST", .url = "{config.base}/op", .retry = RETRY_NEVER,
				 .shows = tree("{\"/ok\":\"own\",\"/n\":\"own\",\"/list/**\":\"own\"}") };
	m = (struct manifest){ .kind = KIND_MODEL, .name = "fake", .base = "https://api.fake.example/v1",
			       .operations = &op, .operations_n = 1, .why = tree("[\"/error\"]") };
}

static void tear_down(void)
{
	cJSON *shows = (cJSON *)op.shows, *why = (cJSON *)m.why;

	broker_free(broker);
	secrets_free(secrets);
	fake_free(fake);
	loop_free(loop);
	json_drop(&shows);
	json_drop(&why);
}

static void give_key(const char *value)
{
	DEFER(text_free) char *origin = url_origin(fake_origin(fake));
	const char *why = secret_set(secrets, "work.key", origin, str_of(value));

	ck_assert_msg(!why, "%s", why);
	op.secret = &slot;
}

static void answer_ok(void)
{
	fake_script(fake);
	fake_answer(fake, 200, "content-type: application/json\r\n", "{\"ok\":true,\"hidden\":1}");
}

/* ---- a request and its answer -------------------------------------------- */

START_TEST(an_answer_comes_back_sorted_and_trimmed)
{
	struct ask *a;

	answer_ok();
	a = get("/op?x=1", "{\"text\":\"hi\"}");
	ck_assert_int_eq(a->status, 200);
	ck_assert_int_eq(a->failure, FAIL_NONE);
	ck_assert_str_eq(a->json, "{\"ok\":true}");
	ck_assert_int_eq(a->parts_n, 0);
	ask_free(a);
}
END_TEST

START_TEST(a_request_is_what_was_rendered_and_nothing_of_this_machine)
{
	DEFER(text_free) char *url = text_fmt("%s/a/../b/%%2e%%2e/?x=%%20", fake_origin(fake));
	struct ask *a;
	const char *sent;

	answer_ok();
	a = ask_url(url, tree("{\"content-type\":\"application/json\",\"x-empty\":\"\",\"x-n\":\"1\"}"), "{\"a\":1}");
	wait_for(a);
	sent = fake_request(fake, 0);
	ck_assert(strncmp(sent, "POST /a/../b/%2e%2e/?x=%20 HTTP/1.1\r\n", 37) == 0);
	ck_assert_has(sent, "\r\ncontent-type: application/json\r\n");
	ck_assert_has(sent, "\r\nx-empty:\r\n");
	ck_assert_has(sent, "\r\nx-n: 1\r\n");
	ck_assert_has(sent, "\r\nContent-Length: 7\r\n");
	ck_assert_has(sent, "\r\n\r\n{\"a\":1}");
	ck_assert_has(sent, "Accept-Encoding: gzip\r\n");
	ck_assert_lacks(sent, "Upgrade");		/* HTTP/2 is not offered */
	ck_assert_lacks(sent, "xpect");
	ck_assert_lacks(sent, "Cookie");
	ck_assert_lacks(sent, "uthorization");
	ask_free(a);
}
END_TEST

static const struct { const char *method, *body, *want; } methods[] = {
	{ "GET", NULL, "GET /op HTTP/1.1\r\n" },
	{ "POST", "x", "POST /op HTTP/1.1\r\n" },
	{ "POST", NULL, "POST /op HTTP/1.1\r\n" },
	{ "PUT", "x", "PUT /op HTTP/1.1\r\n" },
	{ "PATCH", "x", "PATCH /op HTTP/1.1\r\n" },
	{ "DELETE", NULL, "DELETE /op HTTP/1.1\r\n" },
	{ "DELETE", "x", "DELETE /op HTTP/1.1\r\n" },
};

START_TEST(each_method_goes_out_with_its_body_or_without)
{
	struct ask *a;

	op.method = methods[_i].method;
	answer_ok();
	a = get("/op", methods[_i].body);
	ck_assert_str_eq(a->json, "{\"ok\":true}");
	ck_assert(strncmp(fake_request(fake, 0), methods[_i].want, strlen(methods[_i].want)) == 0);
	ck_assert_lacks(fake_request(fake, 0), "ontent-Type");
	ck_assert_msg(strstr(fake_request(fake, 0), "\r\n\r\n")[4] == (methods[_i].body ? 'x' : '\0'), "body");
	ask_free(a);
}
END_TEST

START_TEST(a_large_body_arrives_whole)
{
	size_t len = 3 * 1024 * 1024;
	char *body = calloc(1, len + 1);
	struct ask *a;

	memset(body, 'b', len);
	answer_ok();
	a = get("/op", body);
	ck_assert_str_eq(a->json, "{\"ok\":true}");
	ck_assert_str_eq(strstr(fake_request(fake, 0), "\r\n\r\n") + 4, body);
	ck_assert_lacks(fake_request(fake, 0), "xpect:");
	free(body);
	ask_free(a);
}
END_TEST

START_TEST(an_answer_without_a_body_is_an_answer)
{
	struct ask *a;

	op.answer = ANSWER_NONE;
	fake_script(fake);
	fake_sendf(fake, "HTTP/1.1 204 Done\r\n\r\n");
	a = get("/op", "x");
	ck_assert_int_eq(a->status, 204);
	ck_assert_int_eq(a->failure, FAIL_NONE);
	ask_free(a);
}
END_TEST

START_TEST(a_head_that_only_informs_is_no_answer)
{
	struct ask *a;

	fake_script(fake);
	fake_sendf(fake, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n");
	fake_answer(fake, 200, "", "{\"ok\":true}");
	a = get("/op", "x");
	ck_assert_int_eq(a->status, 200);
	ck_assert_str_eq(a->json, "{\"ok\":true}");
	ask_free(a);
}
END_TEST

START_TEST(an_answer_may_come_a_byte_at_a_time)
{
	struct ask *a;

	fake_script(fake);
	fake_pace(fake, 1);
	fake_answer(fake, 200, "", "{\"ok\":true}");
	a = get("/op", "x");
	ck_assert_str_eq(a->json, "{\"ok\":true}");
	ask_free(a);
}
END_TEST

START_TEST(a_packed_answer_is_unpacked)
{
	struct buf packed = fake_gzip(1000);
	struct ask *a;

	op.answer = ANSWER_TEXT;
	fake_script(fake);
	fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %zu\r\n\r\n", packed.len);
	fake_send(fake, buf_str(&packed));
	a = get("/op", "x");
	ck_assert_int_eq(a->failure, FAIL_NONE);
	ck_assert_uint_eq(strspn(a->text, "a"), 1000);
	ck_assert_uint_eq(strlen(a->text), 1000);
	buf_free(&packed);
	ask_free(a);
}
END_TEST

/* ---- nothing leaves before the commit ------------------------------------ */

static enum err refuse_commit(void *store)
{
	(void)store;
	return ERR_SYSTEM;
}

START_TEST(where_the_commit_fails_nothing_leaves)
{
	struct ask *a, *b;

	loop_at_end(loop, refuse_commit, NULL);
	a = ask("/op", "x");
	run_for(50);
	ck_assert_uint_eq(fake_connections(fake), 0);
	ck_assert_int_eq(a->done, 0);
	loop_at_end(loop, NULL, NULL);
	answer_ok();
	b = get("/other", "x");			/* and a later turn does not take it along */
	ck_assert_uint_eq(fake_requests(fake), 1);
	ck_assert_has(fake_request(fake, 0), "/other");
	ask_free(a);
	ask_free(b);
}
END_TEST

/* ---- where to ------------------------------------------------------------ */

/* PORT stands for the fake's. */
static const struct { const char *name, *url, *base, *manifest; int failure; const char *why; } places[] = {
	{ "what the owner's file names", "http://127.0.0.1:PORT/op", "http://127.0.0.1:PORT", "https://x.example", FAIL_NONE, "" },
	{ "a name that the owner's file names", "http://localhost:PORT/op", "http://localhost:PORT", "https://x.example",
	  FAIL_NONE, "" },
	{ "a number in the form that it names", "http://2130706433:PORT/op", "http://2130706433:PORT", "https://x.example",
	  FAIL_NONE, "" },
	{ "that number in another form", "http://2130706433:PORT/op", "http://127.0.0.1:PORT", "https://x.example",
	  FAIL_PERMISSION, "plain http" },
	{ "plain http that nobody names", "http://127.0.0.1:PORT/op", NULL, "http://127.0.0.1:PORT", FAIL_PERMISSION, "plain http" },
	{ "another port", "http://127.0.0.1:PORT/op", "http://127.0.0.1:1", "https://x.example", FAIL_PERMISSION, "plain http" },
	{ "another name for it", "http://localhost:PORT/op", "http://127.0.0.1:PORT", "https://x.example",
	  FAIL_PERMISSION, "plain http" },
	{ "another scheme", "https://127.0.0.1:PORT/op", "http://127.0.0.1:PORT", "https://127.0.0.1:PORT",
	  FAIL_PERMISSION, "number" },
	{ "a name that leads inside", "https://localhost:PORT/op", NULL, "https://localhost:PORT/v1", FAIL_PERMISSION,
	  "no public address" },
	{ "a number of the manifest", "https://127.0.0.1:PORT/op", NULL, "https://127.0.0.1:PORT", FAIL_PERMISSION, "number" },
	{ "a short number", "https://127.1:PORT/op", NULL, "https://127.1:PORT", FAIL_PERMISSION, "" },
	{ "a public number", "https://1.1.1.1/op", NULL, "https://1.1.1.1", FAIL_PERMISSION, "number" },
	{ "IPv6", "https://[::1]:PORT/op", NULL, "https://[::1]:PORT", FAIL_PERMISSION, "number" },
	{ "IPv4 as IPv6", "https://[::ffff:127.0.0.1]:PORT/op", NULL, "https://[::ffff:127.0.0.1]:PORT",
	  FAIL_PERMISSION, "number" },
	{ "an origin of nobody's", "https://localhost:PORT/op", NULL, "https://x.example", FAIL_PERMISSION, "manifest" },
	{ "another port of the manifest's host", "https://localhost:PORT/op", NULL, "https://localhost:1",
	  FAIL_PERMISSION, "manifest" },
	{ "plain http to a public address", "http://1.1.1.1/op", "http://1.1.1.1:80", "https://x.example",
	  FAIL_PERMISSION, "not private" },
	{ "a file", "file:///etc/passwd", NULL, "https://x.example", FAIL_INPUT, "" },
	{ "no URL", "/op", NULL, "https://x.example", FAIL_INPUT, "URL" },
};

static char *with_port(const char *text)
{
	const char *at = text ? strstr(text, "PORT") : NULL;

	if (!at)
		return text_dup(text);
	return text_fmt("%.*s%s%s", (int)(at - text), text, strrchr(fake_origin(fake), ':') + 1, at + 4);
}

START_TEST(a_request_goes_where_it_may_and_else_no_byte_leaves)
{
	DEFER(text_free) char *url = with_port(places[_i].url), *file = with_port(places[_i].base);
	DEFER(text_free) char *own = with_port(places[_i].manifest);
	struct ask *a;

	answer_ok();
	base = file;
	m.base = own;
	a = ask_url(url, NULL, "x");
	wait_for(a);
	ck_assert_msg(a->failure == places[_i].failure, "%s: %d: %s", places[_i].name, a->failure, a->why);
	ck_assert_msg(strstr(a->why, places[_i].why), "%s: %s", places[_i].name, a->why);
	ck_assert_msg((fake_connections(fake) == 0) == (a->failure != FAIL_NONE), "%s", places[_i].name);
	ask_free(a);
}
END_TEST

START_TEST(an_operation_names_its_own_host_and_a_configuration_its_default)
{
	DEFER(text_free) char *own = with_port("https://localhost:PORT/{x}/y?z={z}");
	DEFER(text_free) char *url = with_port("https://localhost:PORT/1/y?z=2");
	DEFER(text_free) char *brace = with_port("https://{x}:PORT/");
	cJSON *fallback = cJSON_CreateString(own);
	struct argument config = { .name = "base", .type = TYPE_URL, .fallback = fallback };
	struct ask *a;

	base = NULL;
	op.url = own;
	a = ask_url(url, NULL, NULL);
	wait_for(a);
	ck_assert_has(a->why, "no public address");	/* it got as far as the address */
	ask_free(a);
	op.url = brace;
	a = ask_url(url, NULL, NULL);
	wait_for(a);
	ck_assert_has(a->why, "manifest");
	ask_free(a);
	m.config = &config;
	m.config_n = 1;
	a = ask_url(url, NULL, NULL);
	wait_for(a);
	ck_assert_has(a->why, "no public address");
	ask_free(a);
	ck_assert_uint_eq(fake_connections(fake), 0);
	cJSON_Delete(fallback);
}
END_TEST

START_TEST(a_redirect_is_an_answer_and_is_not_followed)
{
	struct fake *other = fake_new(loop);
	DEFER(text_free) char *line = text_fmt("location: %s/stolen\r\n", fake_origin(other));
	struct ask *a;

	give_key(KEY);
	fake_script(fake);
	fake_answer(fake, 302, line, "");
	a = get("/op", "x");
	ck_assert_int_eq(a->status, 302);
	ck_assert_int_ne(a->failure, FAIL_NONE);
	ck_assert_uint_eq(fake_requests(fake), 1);
	ck_assert_uint_eq(fake_connections(other), 0);
	fake_free(other);
	ask_free(a);
}
END_TEST

START_TEST(a_proxy_of_the_environment_is_not_used)
{
	struct fake *proxy = fake_new(loop);
	struct ask *a;

	setenv("http_proxy", fake_origin(proxy), 1);
	setenv("ALL_PROXY", fake_origin(proxy), 1);
	answer_ok();
	a = get("/op", "x");
	ck_assert_int_eq(a->status, 200);
	ck_assert_uint_eq(fake_connections(proxy), 0);
	fake_free(proxy);
	ask_free(a);
}
END_TEST

START_TEST(a_cookie_is_not_kept)
{
	fake_script(fake);
	fake_answer(fake, 200, "set-cookie: a=b; path=/\r\n", "{\"ok\":true}");
	answer_ok();
	ask_free(get("/op", "x"));
	ask_free(get("/op", "x"));
	ck_assert_uint_eq(fake_requests(fake), 2);
	ck_assert_lacks(fake_request(fake, 1), "ookie");
}
END_TEST

/* A kept connection to an address that only the first of two may use. */
struct pair {
	struct transfer transfer;
	bool may;
	int done;
};

static bool pair_may(struct transfer *t, const struct sockaddr *a)
{
	ck_assert_int_eq(a->sa_family, AF_INET);
	return container_of(t, struct pair, transfer)->may;
}

static void pair_arrived(struct transfer *t) { (void)t; }
static void pair_done(struct transfer *t) { container_of(t, struct pair, transfer)->done++; }

START_TEST(a_kept_connection_is_checked_for_each_request)
{
	struct multi *ts = multi_new(loop, 4);
	struct pair first = { .may = true }, second = { .may = false };

	answer_ok();
	answer_ok();
	first.transfer = (struct transfer){ .method = "GET", .url = fake_origin(fake), .repeatable = true,
		.silence_ms = 1000, .total_ms = 1000, .answer_max = 1000,
		.may_connect = pair_may, .arrived = pair_arrived, .done = pair_done };
	second.transfer = first.transfer;
	transfer_start(ts, &first.transfer);
	wait_until(&first.done, 1);
	transfer_start(ts, &second.transfer);
	wait_until(&second.done, 1);
	ck_assert_int_eq(first.transfer.end, END_WHOLE);
	ck_assert_int_eq(second.transfer.end, END_BARRED);
	ck_assert_str_eq(second.transfer.easy.barred, "127.0.0.1");
	ck_assert_uint_eq(fake_requests(fake), 1);
	transfer_stop(&first.transfer);
	transfer_stop(&second.transfer);
	multi_free(ts);
}
END_TEST

/* ---- TLS ----------------------------------------------------------------- */

static pid_t spawn(const char *const argv[], int out)
{
	pid_t pid = fork();
	int null;

	if (pid != 0)
		return pid;
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(out >= 0 ? out : null, 1);
	dup2(null, 2);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

/* A server whose certificate nobody vouches for; its port. */
static int untrusted_server(const char *cert, const char *key, pid_t *ret_pid)
{
	const char *const make[] = { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
			       "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
			       "-keyout", key, "-out", cert, NULL };
	const char *const serve[] = { "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", cert,
				"-key", key, NULL };
	char said[4096] = "";
	const char *at = NULL;
	size_t n = 0;
	int out[2], status;
	ssize_t got;

	ck_assert_int_eq(waitpid(spawn(make, -1), &status, 0) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, 1);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	*ret_pid = spawn(serve, out[1]);
	close(out[1]);
	while (!(at && strchr(at, '\n')) && (got = read(out[0], said + n, sizeof said - 1 - n)) > 0) {
		n += (size_t)got;
		said[n] = '\0';
		at = strstr(said, "ACCEPT 127.0.0.1:");
	}
	ck_assert_msg(at, "openssl s_server said: %s", said);
	close(out[0]);
	return (int)strtol(at + strlen("ACCEPT 127.0.0.1:"), NULL, 10);
}

START_TEST(a_server_that_cannot_prove_who_it_is_gets_nothing)
{
	DEFER(text_free) char *cert = text_fmt("%s/cert.pem", folder), *key = text_fmt("%s/key.pem", folder);
	pid_t pid;
	int port = untrusted_server(cert, key, &pid);
	DEFER(text_free) char *origin = text_fmt("https://localhost:%d", port);
	DEFER(text_free) char *url = text_fmt("%s/op", origin);
	struct ask *a;

	base = origin;
	op.answer = ANSWER_TEXT;
	op.retry = RETRY_ALWAYS;
	a = ask_url(url, NULL, "x");
	wait_for(a);
	ck_assert_int_eq(a->failure, FAIL_NETWORK);
	ck_assert_int_eq(a->status, 0);
	ck_assert_has(a->why, "did not prove who it is");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ask_free(a);
}
END_TEST

START_TEST(a_server_without_tls_gets_nothing_over_https)
{
	DEFER(text_free) char *origin = with_port("https://localhost:PORT"), *url = text_fmt("%s/op", origin);
	struct ask *a;

	base = origin;
	a = ask_url(url, NULL, "secret payload");
	run_for(20);
	ck_assert_uint_eq(fake_connections(fake), 1);
	ck_assert_uint_eq(fake_requests(fake), 0);
	ask_free(a);
}
END_TEST

/* ---- secrets ------------------------------------------------------------- */

static const struct { const char *name; enum secret_kind kind; const char *field, *value, *path, *want; } kinds[] = {
	{ "header", SECRET_HEADER, "x-api-key", KEY, "/op", "\r\nx-api-key: " KEY "\r\n" },
	{ "authorization of another scheme", SECRET_HEADER, "authorization", "Bot abcdef", "/op", "\r\nauthorization: Bot abcdef\r\n" },
	{ "bearer", SECRET_BEARER, NULL, KEY, "/op", "\r\nauthorization: Bearer " KEY "\r\n" },
	{ "basic", SECRET_BASIC, NULL, "user:password", "/op", "\r\nauthorization: Basic dXNlcjpwYXNzd29yZA==\r\n" },
	{ "query", SECRET_QUERY, "key", "a b&c=d/e+f#g%h", "/op", "POST /op?key=a%20b%26c%3Dd%2Fe%2Bf%23g%25h HTTP/1.1\r\n" },
	{ "query after another", SECRET_QUERY, "key", KEY, "/op?x=1", "POST /op?x=1&key=" KEY " HTTP/1.1\r\n" },
};

START_TEST(a_secret_is_put_in_where_its_kind_says)
{
	struct ask *a;

	slot.kind = kinds[_i].kind;
	slot.field = kinds[_i].field;
	give_key(kinds[_i].value);
	answer_ok();
	a = get(kinds[_i].path, "x");
	ck_assert_int_eq(a->failure, FAIL_NONE);
	ck_assert_msg(strstr(fake_request(fake, 0), kinds[_i].want), "%s: %s", kinds[_i].name, fake_request(fake, 0));
	ask_free(a);
}
END_TEST

START_TEST(without_a_secret_that_it_needs_a_request_does_not_leave)
{
	struct ask *a;

	op.secret = &slot;
	a = get("/op", "x");
	ck_assert_int_eq(a->failure, FAIL_AUTH);
	ck_assert_int_eq(a->status, 0);
	ck_assert_str_eq(a->why, "no key is set for work.key: chela secret set work.key");
	ck_assert_uint_eq(fake_connections(fake), 0);
	ask_free(a);
}
END_TEST

START_TEST(without_one_that_it_may_have_it_leaves)
{
	struct ask *a;

	op.secret = &slot;
	slot.optional = true;
	answer_ok();
	a = get("/op", "x");
	ck_assert_int_eq(a->failure, FAIL_NONE);
	ck_assert_lacks(fake_request(fake, 0), "uthorization");
	ask_free(a);
}
END_TEST

START_TEST(a_secret_of_another_origin_does_not_leave)
{
	struct ask *a;

	for (int optional = 0; optional < 2; optional++) {
		ck_assert_ptr_null(secret_set(secrets, "work.key", "https://other.example:443", STR(KEY)));
		op.secret = &slot;
		slot.optional = optional;
		a = get("/op", "x");
		ck_assert_int_eq(a->failure, FAIL_AUTH);
		ck_assert_has(a->why, "https://other.example:443");
		ck_assert_has(a->why, "chela secret set work.key");
		ck_assert_uint_eq(fake_connections(fake), 0);
		ask_free(a);
	}
}
END_TEST

START_TEST(a_changed_secret_is_used_at_the_next_attempt)
{
	struct ask *a;

	give_key("first-value");
	op.retry = RETRY_BUSY;
	fake_script(fake);
	fake_answer(fake, 429, "retry-after-ms: 20\r\n", "");
	answer_ok();
	a = ask("/op", "x");
	while (fake_requests(fake) < 1)
		loop_once(loop);
	give_key("second-value");
	wait_for(a);
	ck_assert_has(fake_request(fake, 0), "Bearer first-value");
	ck_assert_has(fake_request(fake, 1), "Bearer second-value");
	ask_free(a);
}
END_TEST

static void headers_refused(const char *headers, int failure)
{
	DEFER(text_free) char *url = text_fmt("%s/op", fake_origin(fake));
	struct ask *a = ask_url(url, tree(headers), "x");

	wait_for(a);
	ck_assert_msg(a->failure == failure, "%s: %d %s", headers, a->failure, a->why);
	ck_assert_uint_eq(fake_connections(fake), 0);
	ask_free(a);
}

static const char *const bad_headers[] = {
	"{\"x-a\":\"b\\r\\nx-evil: 1\"}", "{\"x-a\":\"b\\nx-evil: 1\"}", "{\"x-a\":\"b\\r\"}", "{\"x-a\":\"\\u0001\"}",
	"{\"x-a\\r\\nx-evil\":\"1\"}", "{\"x a\":\"1\"}", "{\"x:a\":\"1\"}", "{\"\":\"1\"}", "{\"x-a\":1}",
	"{\"host\":\"evil.example\"}", "{\"Host\":\"evil.example\"}", "{\"content-length\":\"0\"}",
	"{\"transfer-encoding\":\"chunked\"}", "{\"connection\":\"upgrade\"}", "{\"upgrade\":\"h2c\"}",
	"{\"authorization\":\"Bearer x\"}", "{\"cookie\":\"a=b\"}", "{\"proxy-authorization\":\"x\"}",
	"{\"expect\":\"100-continue\"}", "{\"accept-encoding\":\"br\"}", "{\"te\":\"trailers\"}",
};

START_TEST(a_header_that_is_not_an_operations_keeps_the_request_here)
{
	headers_refused(bad_headers[_i], FAIL_INPUT);
}
END_TEST

static const struct { const char *name; enum answer_kind kind; int status; const char *body; } echoes[] = {
	{ "in an answer", ANSWER_JSON, 200, "{\"ok\":\"" KEY "\"}" },
	{ "escaped", ANSWER_JSON, 200, "{\"ok\":\"\\u0073k-0123456789abcdef\"}" },
	{ "deep", ANSWER_JSON, 200, "{\"list\":[{\"" KEY "\":[\"x" KEY "\"]}]}" },
	{ "in base64", ANSWER_JSON, 200, "{\"ok\":\"c2stMDEyMzQ1Njc4OWFiY2RlZg==\"}" },
	{ "as a reason", ANSWER_JSON, 401, "{\"error\":\"the key " KEY " is wrong\"}" },
	{ "as text", ANSWER_TEXT, 200, "you sent Bearer " KEY },
	{ "in a part", ANSWER_SSE, 200, "data: {\"ok\":\"" KEY "\"}\n\n" },
	{ "in a part that is not JSON", ANSWER_SSE, 200, "data: " KEY "\n\n" },
	{ "as the reason of a stream", ANSWER_SSE, 400, "{\"error\":\"" KEY "\"}" },
};

START_TEST(a_secret_that_comes_back_is_seen_by_nobody)
{
	struct ask *a;
	const char *all[5];
	bool marked = false;

	give_key(KEY);
	op.answer = echoes[_i].kind;
	fake_script(fake);
	fake_answer(fake, echoes[_i].status, "", echoes[_i].body);
	a = get("/op", "x");
	all[0] = a->why;
	all[1] = a->json;
	all[2] = a->text;
	all[3] = buf_text(&a->parts);
	all[4] = a->whole;		/* out of which the core reads what people wrote */
	for (size_t i = 0; i < COUNT(all); i++) {
		ck_assert_lacks(all[i], KEY);
		ck_assert_lacks(all[i], "MDEyMzQ1Njc4OWFiY2RlZ");
		marked |= strstr(all[i], "<work.key>") != NULL;
	}
	ck_assert_msg(marked, "%s: nothing came", echoes[_i].name);
	ask_free(a);
}
END_TEST

/* ---- again --------------------------------------------------------------- */

enum fault { HTTP_429, HTTP_429_CUT, HTTP_503, HTTP_529, HTTP_500, HTTP_400, LOST, LOST_IN_BODY };

static void script_fault(enum fault fault)
{
	static const int status[] = { 429, 429, 503, 529, 500, 400 };

	fake_script(fake);
	if (fault == HTTP_429_CUT)
		fake_sendf(fake, "HTTP/1.1 429 Busy\r\nretry-after-ms: 10\r\ncontent-length: 100\r\n\r\n{\"error");
	else if (fault < LOST)
		fake_answer(fake, status[fault], "retry-after-ms: 10\r\n", "{\"error\":\"so\"}");
	if (fault == LOST_IN_BODY)
		fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"ok\":");
	if (fault == HTTP_429_CUT || fault >= LOST)
		fake_reset(fake);
}

static const struct { const char *name; enum retry_rule rule; enum fault fault; size_t requests; int failure; } agains[] = {
	{ "never", RETRY_NEVER, HTTP_429, 1, FAIL_BUSY },
	{ "busy", RETRY_BUSY, HTTP_429, 2, FAIL_NONE },
	{ "busy, and the reason broke off", RETRY_BUSY, HTTP_429_CUT, 2, FAIL_NONE },
	{ "503", RETRY_BUSY, HTTP_503, 2, FAIL_NONE },
	{ "529", RETRY_BUSY, HTTP_529, 2, FAIL_NONE },
	{ "refused", RETRY_ALWAYS, HTTP_400, 1, FAIL_INPUT },
	{ "nobody knows, and never", RETRY_NEVER, LOST, 1, FAIL_NETWORK },
	{ "nobody knows, and only when busy", RETRY_BUSY, LOST, 1, FAIL_NETWORK },
	{ "nobody knows, and always", RETRY_ALWAYS, LOST, 2, FAIL_NONE },
	{ "broke off, and only when busy", RETRY_BUSY, LOST_IN_BODY, 1, FAIL_NETWORK },
	{ "broke off, and always", RETRY_ALWAYS, LOST_IN_BODY, 2, FAIL_NONE },
};

START_TEST(a_request_is_made_again_as_its_rule_says_and_answered_once)
{
	struct ask *a;

	op.retry = agains[_i].rule;
	script_fault(agains[_i].fault);
	answer_ok();
	a = get("/op", "x");
	ck_assert_msg(fake_requests(fake) == agains[_i].requests, "%s: %zu requests", agains[_i].name, fake_requests(fake));
	ck_assert_msg(a->failure == agains[_i].failure, "%s: %d %s", agains[_i].name, a->failure, a->why);
	if (fake_requests(fake) == 2)
		ck_assert_str_eq(a->json, "{\"ok\":true}");
	run_for(20);
	ck_assert_int_eq(a->done, 1);
	ask_free(a);
}
END_TEST

START_TEST(a_wait_that_is_longer_than_ours_is_told_and_not_begun)
{
	struct ask *a;

	op.retry = RETRY_ALWAYS;
	fake_script(fake);
	fake_answer(fake, 429, "retry-after: 600\r\n", "{\"error\":\"slow down\"}");
	a = get("/op", "x");
	ck_assert_uint_eq(fake_requests(fake), 1);
	ck_assert_int_eq(a->failure, FAIL_BUSY);
	ck_assert_int_eq(a->after_ms, 600000);
	ask_free(a);
}
END_TEST

START_TEST(a_server_that_stays_busy_is_asked_a_few_times_and_no_more)
{
	struct ask *a;

	op.retry = RETRY_BUSY;
	for (int i = 0; i < 3 * RETRY_TRIES; i++) {
		fake_script(fake);
		fake_answer(fake, 429, "retry-after: 0\r\n", "{\"error\":\"slow down\"}");
	}
	a = get("/op", "x");
	ck_assert_uint_eq(fake_requests(fake), RETRY_TRIES);
	ck_assert_int_eq(a->failure, FAIL_BUSY);
	ck_assert_has(a->why, "slow down");
	ask_free(a);
}
END_TEST

/* libcurl would send it a second time by itself. */
static void die_on_a_kept_connection(const char *body)
{
	struct ask *a;

	answer_ok();
	fake_script(fake);
	fake_close(fake);
	answer_ok();
	ask_free(get("/op", "warm"));
	a = get("/op", body);
	ck_assert_int_eq(a->failure, FAIL_NETWORK);
	ck_assert_uint_eq(fake_requests(fake), 2);
	run_for(20);
	ck_assert_uint_eq(fake_requests(fake), 2);
	ask_free(a);
}

START_TEST(a_connection_that_dies_does_not_send_a_body_twice) { die_on_a_kept_connection("x"); } END_TEST

START_TEST(a_connection_that_dies_does_not_send_no_body_twice)
{
	op.method = "GET";
	die_on_a_kept_connection(NULL);
}
END_TEST

START_TEST(where_nobody_listens_nothing_was_sent)
{
	DEFER(text_free) char *origin = text_dup(fake_origin(fake)), *url = text_fmt("%s/op", origin);
	struct ask *a;

	fake_free(fake);
	fake = fake_new(loop);
	base = origin;
	a = ask_url(url, NULL, "x");
	wait_for(a);
	ck_assert_int_eq(a->failure, FAIL_NETWORK);
	ck_assert_has(a->why, "no connection to http://127.0.0.1:");
	ask_free(a);
}
END_TEST

/* ---- what breaks --------------------------------------------------------- */

static void silent_head(void) { fake_stall(fake); }
static void silent_in_head(void) { fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-le"); fake_stall(fake); }
static void silent_in_body(void) { fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"); fake_stall(fake); }
static void dripping(void)
{
	fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n");
	for (int i = 0; i < 6; i++) {
		fake_sendf(fake, "x");
		fake_wait(fake, 40);
	}
	fake_stall(fake);
}
static void closes(void) { fake_close(fake); }
static void resets(void) { fake_reset(fake); }
static void closes_in_head(void) { fake_sendf(fake, "HTTP/1.1 200 OK\r\n"); fake_close(fake); }
static void closes_in_body(void) { fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"); fake_close(fake); }
static void closes_in_chunk(void)
{
	fake_sendf(fake, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
	fake_chunks(fake, STR("{\"ok\":true}"), 3);
	fake_close(fake);
}
static void closes_in_second_head(void)
{
	fake_sendf(fake, "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n");
	fake_close(fake);
}
static void bad_chunk(void)
{
	fake_sendf(fake, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n");
	fake_stall(fake);
}
static void no_http(void) { fake_sendf(fake, "SSH-2.0-OpenSSH_9.2\r\n\r\n"); fake_close(fake); }
static void old_http(void) { fake_sendf(fake, "{\"ok\":true}"); fake_close(fake); }
static void bad_status(void) { fake_sendf(fake, "HTTP/1.1 abc OK\r\n\r\n"); fake_close(fake); }
static void other_http(void) { fake_sendf(fake, "HTTP/2 200\r\ncontent-length: 0\r\n\r\n"); }
static void bad_gzip(void)
{
	fake_answer(fake, 200, "content-encoding: gzip\r\n", "this is not gzip at all");
}
static void not_json(void) { fake_answer(fake, 200, "", "<html>"); }
static void huge_headers(void)
{
	char line[4096] = "";

	memset(line, 'h', sizeof line - 1);
	fake_sendf(fake, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 10; i++)
		fake_sendf(fake, "x-a: %s\r\nx-b: %s\r\n", line, line);
	fake_answer(fake, 200, "", "{\"ok\":true}");
}
static void many_headers(void)
{
	struct buf b = buf_new(HEADER_MAX * 2);

	buf_adds(&b, "HTTP/1.1 200 OK\r\n");
	while (b.len < HEADER_MAX)
		buf_adds(&b, "a: b\r\n");
	buf_adds(&b, "content-length: 11\r\n\r\n{\"ok\":true}");
	fake_send(fake, buf_str(&b));
	buf_free(&b);
}
static void huge_body(void)
{
	struct buf b = buf_new(200 * 1024);

	buf_adds(&b, "{\"ok\":true,\"x\":\"");
	while (b.len < 150 * 1024)
		buf_adds(&b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	buf_adds(&b, "\"}");
	fake_answer(fake, 200, "", buf_text(&b));
	buf_free(&b);
}
static void bomb(void)
{
	struct buf b = fake_gzip(6 * 1024 * 1024);

	fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %zu\r\n\r\n", b.len);
	fake_send(fake, buf_str(&b));
	buf_free(&b);
}
static void endless(void)
{
	fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n{");
	fake_stall(fake);
}

static const struct { const char *name; void (*script)(void); int failure; const char *why; } breaks[] = {
	{ "no answer", silent_head, FAIL_NETWORK, "nothing came for 0.1 s" },
	{ "no more of its head", silent_in_head, FAIL_NETWORK, "nothing came" },
	{ "no more of its body", silent_in_body, FAIL_NETWORK, "nothing came" },
	{ "a drip, which is never silent", dripping, FAIL_NETWORK, "timed out" },
	{ "an end before an answer", closes, FAIL_NETWORK, "no answer from" },
	{ "a reset before an answer", resets, FAIL_NETWORK, "no answer from" },
	{ "an end within the head", closes_in_head, FAIL_NETWORK, "broke off" },
	{ "an end after a head that only informs", closes_in_second_head, FAIL_NETWORK, "" },
	{ "an end within the body", closes_in_body, FAIL_NETWORK, "no answer from" },
	{ "an end within the chunks, although the JSON is whole", closes_in_chunk, FAIL_NETWORK, "" },
	{ "a chunk without a length", bad_chunk, FAIL_NETWORK, "" },
	{ "another protocol", no_http, FAIL_NETWORK, "" },
	{ "HTTP/0.9", old_http, FAIL_NETWORK, "" },
	{ "a status that is no number", bad_status, FAIL_NETWORK, "" },
	{ "HTTP/2", other_http, FAIL_PLATFORM, "" },
	{ "gzip that is none", bad_gzip, FAIL_NETWORK, "" },
	{ "no JSON", not_json, FAIL_PLATFORM, "" },
	{ "long headers", huge_headers, FAIL_PLATFORM, "headers are larger" },
	{ "many headers", many_headers, FAIL_PLATFORM, "headers are larger" },
	{ "a long body", huge_body, FAIL_PLATFORM, "larger than 100000 bytes" },
	{ "a body that is small only while packed", bomb, FAIL_PLATFORM, "larger than 100000 bytes" },
	{ "a body that says it has no end", endless, FAIL_NETWORK, "" },
};

START_TEST(an_answer_that_breaks_ends_in_its_failure)
{
	struct ask *a;

	m.limits.silence_ms = 100;
	m.limits.total_ms = 200;
	m.limits.answer_bytes = 100000;
	fake_script(fake);
	breaks[_i].script();
	a = get("/op", "x");
	ck_assert_msg(a->failure == breaks[_i].failure, "%s: %d %s", breaks[_i].name, a->failure, a->why);
	ck_assert_msg(a->why[0] && strstr(a->why, breaks[_i].why), "%s: %s", breaks[_i].name, a->why);
	ck_assert_str_eq(a->json, "");
	ck_assert_uint_eq(fake_requests(fake), 1);
	ask_free(a);
}
END_TEST

START_TEST(an_error_that_is_too_long_to_read_is_that_error)
{
	struct ask *a;
	size_t len = 2 * 1024 * 1024;
	char *body = calloc(1, len + 1);

	memset(body, '<', len);
	for (int streams = 0; streams < 2; streams++) {
		op.answer = streams ? ANSWER_SSE : ANSWER_JSON;
		fake_script(fake);
		fake_answer(fake, 429, "", body);
		a = get("/op", "x");
		ck_assert_int_eq(a->failure, FAIL_BUSY);
		ck_assert_int_eq(a->status, 429);
		ask_free(a);
	}
	free(body);
}
END_TEST

START_TEST(a_request_that_is_too_long_does_not_leave)
{
	struct buf url = buf_new(URL_MAX * 2);
	struct ask *a;

	m.limits.request_bytes = 10;
	a = get("/op", "01234567890");
	ck_assert_int_eq(a->failure, FAIL_TOO_LARGE);
	ask_free(a);
	buf_addf(&url, "%s/", fake_origin(fake));
	while (url.len <= URL_MAX)
		buf_addc(&url, 'u');
	a = ask_url(buf_text(&url), NULL, "x");
	wait_for(a);
	ck_assert_int_eq(a->failure, FAIL_INPUT);
	ask_free(a);
	ck_assert_uint_eq(fake_connections(fake), 0);
	buf_free(&url);
}
END_TEST

/* ---- streams ------------------------------------------------------------- */

#define EVENTS ": hello\r\nevent: a\r\ndata: {\"n\":1}\r\n\r\ndata: {\"n\":\ndata: 2,\"x\":0}\n\ndata: {\"n\":\"\xC3\xA9\"}\n\ndata: [DONE]\n\n"
#define PARTS "[{\"n\":1}][{\"n\":2}][{\"n\":\"\xC3\xA9\"}]([DONE])"

static void script_stream(size_t each, size_t pace)
{
	fake_script(fake);
	fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
	fake_pace(fake, pace);
	fake_chunks(fake, STR(EVENTS), each);
}

START_TEST(a_stream_comes_in_whole_pieces_however_it_was_cut)
{
	op.answer = ANSWER_SSE;
	for (size_t each = 1; each <= strlen(EVENTS); each += each < 12 ? 1 : 9) {
		struct ask *a;

		script_stream(each, each % 3 ? each + 3 : 100000);
		fake_sendf(fake, "0\r\n\r\n");
		a = get("/op", "x");
		ck_assert_msg(strcmp(buf_text(&a->parts), PARTS) == 0, "cut at %zu: %s", each, buf_text(&a->parts));
		ck_assert_int_eq(a->failure, FAIL_NONE);
		ck_assert_int_eq(a->status, 200);
		ask_free(a);
	}
}
END_TEST

/* Wherever it breaks off: what was whole was shown, once, and the end is not an end. */
START_TEST(a_stream_that_breaks_off_is_lost_and_never_asked_for_again)
{
	op.answer = ANSWER_SSE;
	op.retry = RETRY_ALWAYS;
	for (size_t cut = 40; cut < strlen(EVENTS); cut += 7) {
		size_t before = fake_requests(fake);
		struct ask *a;

		fake_script(fake);
		fake_sendf(fake, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
		fake_chunks(fake, (struct str){ EVENTS, cut }, 16);
		fake_wait(fake, 1);
		if (cut % 2)
			fake_reset(fake);
		else
			fake_close(fake);
		a = get("/op", "x");
		ck_assert_int_ge(a->parts_n, 1);
		ck_assert_msg(strncmp(buf_text(&a->parts), PARTS, a->parts.len) == 0, "cut at %zu: %s", cut,
			      buf_text(&a->parts));
		ck_assert_msg(a->failure == FAIL_NETWORK, "cut at %zu: %d", cut, a->failure);
		ck_assert_uint_eq(fake_requests(fake), before + 1);
		ask_free(a);
	}
}
END_TEST

START_TEST(a_stream_that_broke_before_its_first_piece_may_be_asked_for_again)
{
	struct ask *a;

	op.answer = ANSWER_SSE;
	op.retry = RETRY_ALWAYS;
	fake_script(fake);
	fake_sendf(fake, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
	fake_chunks(fake, STR("data: {\"n\":7}\n"), 99);
	fake_reset(fake);
	script_stream(10, 100000);
	fake_sendf(fake, "0\r\n\r\n");
	a = get("/op", "x");
	ck_assert_str_eq(buf_text(&a->parts), PARTS);
	ck_assert_int_eq(a->failure, FAIL_NONE);
	ck_assert_uint_eq(fake_requests(fake), 2);
	ask_free(a);
}
END_TEST

START_TEST(lines_of_json_are_pieces_too)
{
	struct ask *a;

	op.answer = ANSWER_NDJSON;
	fake_script(fake);
	fake_answer(fake, 200, "", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}");
	a = get("/op", "x");
	ck_assert_str_eq(buf_text(&a->parts), "[{\"n\":1}][{\"n\":2}][{\"n\":3}]");
	ck_assert_int_eq(a->failure, FAIL_NONE);
	ask_free(a);
}
END_TEST

START_TEST(a_stream_that_is_refused_has_a_reason_and_no_pieces)
{
	struct ask *a;

	op.answer = ANSWER_SSE;
	fake_script(fake);
	fake_answer(fake, 400, "content-type: application/json\r\n", "{\"error\":\"no such model\"}");
	a = get("/op", "x");
	ck_assert_int_eq(a->parts_n, 0);
	ck_assert_int_eq(a->failure, FAIL_INPUT);
	ck_assert_has(a->why, "no such model");
	ask_free(a);
}
END_TEST

START_TEST(a_stream_that_is_packed_is_unpacked_and_capped)
{
	struct buf b = fake_gzip(6 * 1024 * 1024);
	struct ask *a;

	op.answer = ANSWER_SSE;
	fake_script(fake);
	fake_sendf(fake, "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %zu\r\n\r\n", b.len);
	fake_send(fake, buf_str(&b));
	a = get("/op", "x");
	ck_assert_int_eq(a->failure, FAIL_PLATFORM);
	ck_assert_has(a->why, "piece of the answer is larger");
	buf_free(&b);
	ask_free(a);
}
END_TEST

START_TEST(a_stream_of_small_pieces_without_an_end_is_ended)
{
	struct buf b = buf_new(1024 * 1024);
	struct ask *a;

	m.limits.answer_bytes = 50000;
	op.answer = ANSWER_SSE;
	while (b.len < 200000)
		buf_adds(&b, "data: {\"n\":1}\n\n");
	fake_script(fake);
	fake_answer(fake, 200, "", buf_text(&b));
	a = get("/op", "x");
	ck_assert_int_eq(a->failure, FAIL_PLATFORM);
	ck_assert_has(a->why, "larger than 50000 bytes");
	ck_assert_int_eq(a->parts_n, 50000 / 15);
	buf_free(&b);
	ask_free(a);
}
END_TEST

/* ---- many, and letting go ------------------------------------------------ */

START_TEST(many_requests_go_at_once_and_the_rest_queue)
{
	enum { MANY = EXCHANGES_OPEN_MAX + 20 };
	struct ask *asks[MANY];

	for (int i = 0; i < MANY; i++) {
		fake_script(fake);
		fake_wait(fake, 5);
		fake_answer(fake, 200, "", "{\"ok\":true}");
	}
	for (int i = 0; i < MANY; i++)
		asks[i] = ask("/op", "x");
	for (int i = 0; i < MANY; i++) {
		wait_for(asks[i]);
		ck_assert_str_eq(asks[i]->json, "{\"ok\":true}");
		ask_free(asks[i]);
	}
	ck_assert_uint_eq(fake_requests(fake), MANY);
	ck_assert_uint_gt(fake_most_at_once(fake), 1);
	ck_assert_uint_le(fake_most_at_once(fake), EXCHANGES_OPEN_MAX);
}
END_TEST

START_TEST(a_place_that_is_given_up_goes_to_the_next)
{
	struct ask *asks[EXCHANGES_OPEN_MAX], *last;

	for (int i = 0; i < EXCHANGES_OPEN_MAX; i++) {
		fake_script(fake);
		fake_stall(fake);
	}
	answer_ok();
	for (int i = 0; i < EXCHANGES_OPEN_MAX; i++)
		asks[i] = ask("/op", "x");
	last = ask("/op", "x");
	while (fake_requests(fake) < EXCHANGES_OPEN_MAX)
		loop_once(loop);
	ck_assert_int_eq(last->done, 0);
	ask_free(asks[7]);
	wait_for(last);
	ck_assert_str_eq(last->json, "{\"ok\":true}");
	for (int i = 0; i < EXCHANGES_OPEN_MAX; i++)
		if (i != 7)
			ask_free(asks[i]);
	ask_free(last);
}
END_TEST

START_TEST(a_slow_connection_takes_no_place_of_another)
{
	struct ask *slow[EXCHANGES_OPEN_MAX + 3], *a;

	for (int i = 0; i < EXCHANGES_OPEN_MAX; i++) {
		fake_script(fake);
		fake_stall(fake);
	}
	answer_ok();
	for (size_t i = 0; i < COUNT(slow); i++)
		slow[i] = ask("/op", "x");
	while (fake_requests(fake) < EXCHANGES_OPEN_MAX)
		loop_once(loop);
	whose = "chat";
	a = ask("/send", "hello");
	wait_for(a);
	ck_assert_str_eq(a->json, "{\"ok\":true}");
	ck_assert_uint_eq(fake_requests(fake), EXCHANGES_OPEN_MAX + 1);
	for (size_t i = 0; i < COUNT(slow); i++)
		ask_free(slow[i]);
	ask_free(a);
}
END_TEST

START_TEST(what_is_given_up_before_it_left_never_leaves)
{
	struct ask *a = ask("/op", "x");

	ask_free(a);
	run_for(10);
	ck_assert_uint_eq(fake_connections(fake), 0);
}
END_TEST

START_TEST(what_is_given_up_on_its_way_says_no_more)
{
	struct ask *a;

	op.answer = ANSWER_SSE;
	script_stream(5, 1);
	a = ask("/op", "x");
	while (a->parts_n < 1)
		loop_once(loop);
	exchange_free(a->exchange);
	a->exchange = NULL;		/* part() and done() would see that */
	run_for(20);
	ck_assert_int_eq(a->parts_n, 1);
	ck_assert_int_eq(a->done, 0);
	ask_free(a);
}
END_TEST

START_TEST(what_is_given_up_while_it_waits_is_not_made_again)
{
	struct ask *a;

	op.retry = RETRY_BUSY;
	fake_script(fake);
	fake_answer(fake, 429, "retry-after-ms: 10\r\n", "");
	answer_ok();
	a = ask("/op", "x");
	while (fake_requests(fake) < 1)
		loop_once(loop);
	run_for(3);
	ask_free(a);
	run_for(30);
	ck_assert_uint_eq(fake_requests(fake), 1);
}
END_TEST

START_TEST(an_owner_may_let_go_within_a_piece)
{
	struct ask *a;

	op.answer = ANSWER_SSE;
	script_stream(1000, 100000);
	fake_sendf(fake, "0\r\n\r\n");
	a = ask("/op", "x");
	a->free_in_part = true;
	while (a->parts_n < 1)
		loop_once(loop);
	run_for(10);
	ck_assert_int_eq(a->parts_n, 1);
	ck_assert_int_eq(a->done, 0);
	ask_free(a);
}
END_TEST

START_TEST(an_owner_may_let_go_within_the_last_word_of_itself_and_of_others)
{
	struct ask *a, *b;

	fake_script(fake);
	fake_stall(fake);
	answer_ok();
	b = ask("/stalls", "x");
	while (fake_requests(fake) < 1)
		loop_once(loop);
	a = ask("/op", "x");
	a->free_in_done = true;
	a->also = b;
	wait_for(a);
	run_for(10);
	ck_assert_int_eq(b->done, 0);
	ask_free(a);
	ask_free(b);
}
END_TEST

START_TEST(a_broker_that_ends_takes_its_exchanges_along)
{
	struct ask *a, *b, *c;

	op.retry = RETRY_BUSY;
	fake_script(fake);
	fake_stall(fake);
	fake_script(fake);
	fake_answer(fake, 429, "retry-after-ms: 5000\r\n", "");
	a = ask("/op", "x");
	b = ask("/op", "x");
	while (fake_requests(fake) < 2)
		loop_once(loop);
	run_for(3);
	c = ask("/op", "x");
	broker_free(broker);
	broker = NULL;
	a->exchange = b->exchange = c->exchange = NULL;
	run_for(5);
	ck_assert_int_eq(a->done + b->done + c->done, 0);
	ask_free(a);
	ask_free(b);
	ask_free(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("broker");
	TCase *t = tcase_create("broker");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 30);
	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, an_answer_comes_back_sorted_and_trimmed);
	tcase_add_test(t, a_request_is_what_was_rendered_and_nothing_of_this_machine);
	tcase_add_loop_test(t, each_method_goes_out_with_its_body_or_without, 0, COUNT(methods));
	tcase_add_test(t, a_large_body_arrives_whole);
	tcase_add_test(t, an_answer_without_a_body_is_an_answer);
	tcase_add_test(t, a_head_that_only_informs_is_no_answer);
	tcase_add_test(t, an_answer_may_come_a_byte_at_a_time);
	tcase_add_test(t, a_packed_answer_is_unpacked);
	tcase_add_test(t, where_the_commit_fails_nothing_leaves);
	tcase_add_loop_test(t, a_request_goes_where_it_may_and_else_no_byte_leaves, 0, COUNT(places));
	tcase_add_test(t, an_operation_names_its_own_host_and_a_configuration_its_default);
	tcase_add_test(t, a_redirect_is_an_answer_and_is_not_followed);
	tcase_add_test(t, a_proxy_of_the_environment_is_not_used);
	tcase_add_test(t, a_cookie_is_not_kept);
	tcase_add_test(t, a_kept_connection_is_checked_for_each_request);
	tcase_add_test(t, a_server_that_cannot_prove_who_it_is_gets_nothing);
	tcase_add_test(t, a_server_without_tls_gets_nothing_over_https);
	tcase_add_loop_test(t, a_secret_is_put_in_where_its_kind_says, 0, COUNT(kinds));
	tcase_add_test(t, without_a_secret_that_it_needs_a_request_does_not_leave);
	tcase_add_test(t, without_one_that_it_may_have_it_leaves);
	tcase_add_test(t, a_secret_of_another_origin_does_not_leave);
	tcase_add_test(t, a_changed_secret_is_used_at_the_next_attempt);
	tcase_add_loop_test(t, a_header_that_is_not_an_operations_keeps_the_request_here, 0, COUNT(bad_headers));
	tcase_add_loop_test(t, a_secret_that_comes_back_is_seen_by_nobody, 0, COUNT(echoes));
	tcase_add_loop_test(t, a_request_is_made_again_as_its_rule_says_and_answered_once, 0, COUNT(agains));
	tcase_add_test(t, a_wait_that_is_longer_than_ours_is_told_and_not_begun);
	tcase_add_test(t, a_server_that_stays_busy_is_asked_a_few_times_and_no_more);
	tcase_add_test(t, a_connection_that_dies_does_not_send_a_body_twice);
	tcase_add_test(t, a_connection_that_dies_does_not_send_no_body_twice);
	tcase_add_test(t, where_nobody_listens_nothing_was_sent);
	tcase_add_loop_test(t, an_answer_that_breaks_ends_in_its_failure, 0, COUNT(breaks));
	tcase_add_test(t, an_error_that_is_too_long_to_read_is_that_error);
	tcase_add_test(t, a_request_that_is_too_long_does_not_leave);
	tcase_add_test(t, a_stream_comes_in_whole_pieces_however_it_was_cut);
	tcase_add_test(t, a_stream_that_breaks_off_is_lost_and_never_asked_for_again);
	tcase_add_test(t, a_stream_that_broke_before_its_first_piece_may_be_asked_for_again);
	tcase_add_test(t, lines_of_json_are_pieces_too);
	tcase_add_test(t, a_stream_that_is_refused_has_a_reason_and_no_pieces);
	tcase_add_test(t, a_stream_that_is_packed_is_unpacked_and_capped);
	tcase_add_test(t, a_stream_of_small_pieces_without_an_end_is_ended);
	tcase_add_test(t, many_requests_go_at_once_and_the_rest_queue);
	tcase_add_test(t, a_place_that_is_given_up_goes_to_the_next);
	tcase_add_test(t, a_slow_connection_takes_no_place_of_another);
	tcase_add_test(t, what_is_given_up_before_it_left_never_leaves);
	tcase_add_test(t, what_is_given_up_on_its_way_says_no_more);
	tcase_add_test(t, what_is_given_up_while_it_waits_is_not_made_again);
	tcase_add_test(t, an_owner_may_let_go_within_a_piece);
	tcase_add_test(t, an_owner_may_let_go_within_the_last_word_of_itself_and_of_others);
	tcase_add_test(t, a_broker_that_ends_takes_its_exchanges_along);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
