/* test_play.c - a page as a fake service, over real sockets: what fits a rule, HTTP and
 * WebSocket as strangers speak them, rules, typed lines and sections. */
#include "gate/fit.h"
#include "gate/play.h"
#include "folder.h"
#include "gate/step.h"
#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct manifest *porch(void)
{
	struct manifest *m = NULL;
	const char *why = manifest_read("tests/language/porch/manifest.json", &m);

	ck_assert_msg(!why, "%s", why);
	return m;
}

/* ---- what fits ----------------------------------------------------------- */

#define POST "http POST /rooms/$room/messages "
static const struct {
	const char *name, *rule, *method, *host, *target, *type, *auth, *body, *vars;	/* vars NULL: it does not fit */
} fits[] = {
	{ "path and value", POST "as token {\"text\": \"$t\"}", "POST", "api.porch.example", "/v1/rooms/r1/messages",
	  "application/json", "Bearer played-token", "{\"text\":\"hi\"}", "{\"$room\":\"r1\",\"$t\":\"hi\"}" },
	{ "by our own address any host", POST, "POST", "127.0.0.1", "/v1/rooms/r1/messages", "", "", "", "{\"$room\":\"r1\"}" },
	{ "a form", POST "form {\"text\": \"a b&c\"}", "POST", "127.0.0.1", "/v1/rooms/r1/messages",
	  "application/x-www-form-urlencoded; charset=utf-8", "", "text=a+b%26c", "{\"$room\":\"r1\"}" },
	{ "a form where JSON would do", POST "{\"text\": \"x\"}", "POST", "127.0.0.1", "/v1/rooms/r1/messages",
	  "application/x-www-form-urlencoded", "", "text=x", "{\"$room\":\"r1\"}" },
	{ "more members after like", POST "like {\"text\": \"x\"}", "POST", "127.0.0.1", "/v1/rooms/r1/messages",
	  "application/json", "", "{\"text\":\"x\",\"n\":1}", "{\"$room\":\"r1\"}" },
	{ "a name is decoded", "http PUT /rooms/$r/messages/$m/marks/$k", "PUT", "127.0.0.1",
	  "/v1/rooms/a%20b/messages/m1/marks/%F0%9F%91%80", "", "", "", "{\"$r\":\"a b\",\"$m\":\"m1\",\"$k\":\"👀\"}" },
	{ "a query, and more of it", "http GET https://x.example/a?k=$v&l=1", "GET", "x.example", "/a?z=9&l=1&k=a%2Fb", "", "", "",
	  "{\"$v\":\"a/b\"}" },
	{ "no path", "http GET https://x.example?k=1", "GET", "x.example", "/?k=1", "", "", "", "{}" },
	{ "any body where no value stands", "http POST /x", "POST", "127.0.0.1", "/v1/x", "text/plain", "", "anything", "{}" },
	{ "like {} and no body", "http POST /x like {}", "POST", "127.0.0.1", "/v1/x", "", "", "", "{}" },
	{ "another method", POST, "GET", "127.0.0.1", "/v1/rooms/r1/messages", "", "", "", NULL },
	{ "another path", POST, "POST", "127.0.0.1", "/v1/rooms/r1/messages/m1", "", "", "", NULL },
	{ "without the base", POST, "POST", "127.0.0.1", "/rooms/r1/messages", "", "", "", NULL },
	{ "nothing for the name", POST, "POST", "127.0.0.1", "/v1/rooms//messages", "", "", "", NULL },
	{ "another host", POST, "POST", "api.porch.example.evil.example", "/v1/rooms/r1/messages", "", "", "", NULL },
	{ "a query that lacks a field", "http GET /a?k=1&l=2", "GET", "127.0.0.1", "/v1/a?k=1", "", "", "", NULL },
	{ "two values for one name", "http PUT /rooms/$r/messages/$r/marks/x", "PUT", "127.0.0.1", "/v1/rooms/a/messages/b/marks/x",
	  "", "", "", NULL },
	{ "no secret", POST "as token", "POST", "127.0.0.1", "/v1/rooms/r1/messages", "", "", "", NULL },
	{ "a real secret", POST "as token", "POST", "127.0.0.1", "/v1/rooms/r1/messages", "", "Bearer played-tokens", "", NULL },
	{ "JSON where a form must be", POST "form {\"text\": \"x\"}", "POST", "127.0.0.1", "/v1/rooms/r1/messages",
	  "application/json", "", "{\"text\":\"x\"}", NULL },
	{ "more members", POST "{\"text\": \"x\"}", "POST", "127.0.0.1", "/v1/rooms/r1/messages", "application/json", "",
	  "{\"text\":\"x\",\"n\":1}", NULL },
	{ "no JSON", POST "{\"text\": \"x\"}", "POST", "127.0.0.1", "/v1/rooms/r1/messages", "application/json", "", "{\"text\":",
	  NULL },
	{ "a header that lacks", POST "\n  x-y: 1", "POST", "127.0.0.1", "/v1/rooms/r1/messages", "", "", "", NULL },
};

static struct page *rule_page(const char *rule, const struct manifest *m)
{
	DEFER(text_free) char *text = text_fmt("# T\n```transcript platform\nwhenever %s\n```\n## S\n```transcript\n> result {}\n```\n", rule);
	struct page_text t = { .text = str_of(text), .file = "page.md", .folder = ".", .line = 1 };
	struct page *p = NULL;
	const char *why = page_parse(&t, m, &p, NULL);

	ck_assert_msg(!why, "%s", why);
	return p;
}

START_TEST(a_request_fits_a_rule_or_does_not)
{
	struct manifest *m = porch();
	struct page *p = rule_page(fits[_i].rule, m);
	DEFER(json_drop) cJSON *headers = json_build("{host:%s}", fits[_i].host), *vars = cJSON_CreateObject();
	struct came came = { .word = DO_HTTP, .method = fits[_i].method, .host = fits[_i].host, .target = fits[_i].target,
			     .local = strcmp(fits[_i].host, "127.0.0.1") == 0, .headers = headers };
	DEFER(json_drop) cJSON *body = NULL;
	DEFER(text_free) char *why = NULL;
	bool near;

	cJSON_AddStringToObject(headers, "content-type", fits[_i].type);
	cJSON_AddStringToObject(headers, "authorization", fits[_i].auth);
	came.value = body = body_value(headers, str_of(fits[_i].body), &came.form);
	why = step_fits(&p->rules[0].when, &came, m, vars, &near);
	if (fits[_i].vars) {
		DEFER(text_free) char *grown = json_print(vars);

		ck_assert_msg(!why, "%s: %s", fits[_i].name, why);
		ck_assert_msg(strcmp(grown, fits[_i].vars) == 0, "%s: %s", fits[_i].name, grown);
	} else {
		ck_assert_msg(why != NULL, "%s: it fits", fits[_i].name);
		ck_assert_msg(!vars->child, "%s: a name has kept a value", fits[_i].name);
	}
	page_free(p);
	manifest_free(m);
}
END_TEST

START_TEST(what_is_invented_is_new_each_time)
{
	DEFER(json_drop) cJSON *vars = NULL, *value = NULL, *first = NULL, *second = NULL;
	DEFER(text_free) char *a = NULL;
	DEFER(text_free) char *b = NULL;
	int count = 0;

	ck_assert(!json_decode(STR("{\"id\":\"$id\",\"same\":\"$id\",\"url\":\"wss://x.example/?t=$t\",\"text\":\"for $t\"}"), &value));
	first = value_invent(value, vars = cJSON_CreateObject(), &count);
	a = json_print(first);
	json_drop(&vars);
	second = value_invent(value, vars = cJSON_CreateObject(), &count);
	b = json_print(second);
	ck_assert_str_eq(a, "{\"id\":\"id-1\",\"same\":\"id-1\",\"url\":\"wss://x.example/?t=t-2\",\"text\":\"for $t\"}");
	ck_assert_str_eq(b, "{\"id\":\"id-3\",\"same\":\"id-3\",\"url\":\"wss://x.example/?t=t-4\",\"text\":\"for $t\"}");
}
END_TEST

/* ---- a fake that runs ---------------------------------------------------- */

static pid_t fake;
static int typed, port;
static FILE *told;
static char first[200];		/* line that it told */

static const char page[] =
	"# The porch\n"
	"```transcript\n< start\n> http GET /door as token\n< http 200 {}\n> ws open wss://w1.porch.example/?v=1\n```\n"
	"```transcript platform\n"
	"whenever http GET /door as token\n< http 200 {\"url\": \"wss://$w.porch.example/?t=$t\"}\n"
	"whenever http GET /slow\n+30ms\n< http 503 \"later\"\n  retry-after: 2\n"
	"whenever http GET /broken\n! http reset\n"
	"whenever http GET /never\n! http timeout\n"
	"whenever ws open wss://w1.porch.example/?v=1\n< ws {\"type\": \"welcome\"}\n"
	"whenever ws as token {\"token\": \"<token>\"}\n< ws {\"type\": \"known\"}\n"
	"whenever ws \"break\"\n! ws reset\n"
	"whenever ws like {\"size\": 1}\n< ws {\"much\": \"$70000xA\"}\n"
	"whenever http POST /rooms/$r/messages like {\"text\": \"$t\"}\n< http 200 {\"id\": \"$id\"}\n< ws {\"posted\": \"$t\"}\n"
	"whenever say \"bye\"\n< ws close 4001\n"
	"whenever say \"$text\"\n< ws {\"said\": \"$text\", \"id\": \"$id\"}\n"
	"```\n"
	"## It holds\n```transcript\n+5ms\n< ws {\"n\": 1}\n> deliver {}\n> ws {\"ack\": \"$a\"}\n> http POST /rooms/r1/messages {\"text\": \"$a\"}\n"
	"< http 429\n  retry-after: 1\n< send {\"ref\": 7}\n> http #b POST /rooms/r1/messages {\"text\": \"b\"}\n< http #b 200 {\"id\": \"m1\"}\n"
	"> result {}\n```\n"
	"## It ends\n```transcript\n< ws {\"n\": 2}\n> ws close 1000\n```\n"
	"## It hurries\n```transcript\n< ws {\"n\": 3}\n+<50ms\n> ws {\"ack\": 3}\n```\n"
	"## It waits\n```transcript\n+1999ms\n+2ms\n> ws {}\n```\n"
	"## It restarts\n```transcript\n! restart\n> ws {}\n```\n";

static void write_page(void)
{
	FILE *from = fopen("tests/language/porch/manifest.json", "r"), *to = fopen(in_folder("manifest.json"), "w");
	char bytes[8192];
	size_t n = fread(bytes, 1, sizeof bytes, from);

	fwrite(bytes, 1, n, to);
	fclose(from);
	fclose(to);
	to = fopen(in_folder("porch.md"), "w");
	fputs(page, to);
	fclose(to);
}

static void start(const char *section, const char *other)
{
	int in[2], out[2];

	write_page();
	ck_assert(pipe(in) == 0 && pipe(out) == 0);
	fflush(NULL);
	fake = fork();
	if (fake == 0) {
		char *args[] = { folder, (char[]){ "--json" }, (char[]){ "--section" }, (char *)section, (char[]){ "--section" }, (char *)other };

		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		close(in[1]);
		close(out[0]);
		_exit(play_run(other ? 6 : section ? 4 : 2, args));
	}
	close(in[0]);
	close(out[1]);
	typed = in[1];
	told = fdopen(out[0], "r");
	ck_assert_ptr_nonnull(fgets(first, sizeof first, told));
	port = str_starts(str_of(first), "http://127.0.0.1:") ? (int)strtol(strrchr(first, ':') + 1, NULL, 10) : 0;
}

static void started(void)
{
	start(NULL, NULL);
	ck_assert_int_gt(port, 0);
}

/* Its exit status. */
static int ended(void)
{
	int status;

	close(typed);
	while (fgetc(told) != EOF)
		;
	fclose(told);
	waitpid(fake, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

/* The next line that says this; NULL: there is none. */
static const char *tells(const char *what)
{
	static char line[100000];

	while (fgets(line, sizeof line, told))
		if (strstr(line, what))
			return line;
	return NULL;
}

static int dial(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void write_all(int fd, const void *bytes, size_t n)
{
	ck_assert_int_eq(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* What comes until this, or until the end; a zero byte is shown as 'o'. */
static const char *hear(int fd, const char *until)
{
	static char heard[200000];
	size_t n = 0, m = until ? strlen(until) : 0;

	while (n < sizeof heard - 1 && recv(fd, heard + n, 1, 0) > 0) {
		heard[n] = heard[n] ? heard[n] : 'o';
		if (++n >= m && m && memcmp(heard + n - m, until, m) == 0)
			break;
	}
	heard[n] = '\0';
	return heard;
}

static void post(int fd, const char *text)
{
	DEFER(text_free) char *request = text_fmt("POST /v1/rooms/r1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n"
						  "{\"text\":\"%s\"}", strlen(text) + 11, text);

	write_all(fd, request, strlen(request));
}

/* ---- HTTP ---------------------------------------------------------------- */

#define DOOR "GET /v1/door HTTP/1.1\r\nHost: api.porch.example\r\nAuthorization: Bearer played-token\r\n"
static const struct { const char *name, *bytes, *answer; } requests[] = {
	{ "the service's host is given its own sockets", DOOR "\r\n", "{\"url\":\"wss://w-1.porch.example/?t=t-2\"}" },
	{ "who calls us is given ours", "GET /v1/door HTTP/1.1\r\nhost: localhost:80\r\nauthorization: Bearer played-token\r\n\r\n",
	  "{\"url\":\"ws://127.0.0.1:PORT/?t=t-2\"}" },
	{ "two at once", DOOR "\r\n" DOOR "\r\n", "t-4\"}" },
	{ "a later one too", "GET /v1/slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" DOOR "\r\n", "t-2\"}" },
	{ "headers of an answer", "GET /v1/slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 503 Played\r\nretry-after: 2\r\n" },
	{ "a body", "POST /v1/rooms/r/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 12\r\n\r\n{\"text\":\"a\"}", "id-1" },
	{ "chunks", "POST /v1/rooms/r/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "5\r\n{\"tex\r\n7;x=y\r\nt\":\"a\"}\r\n0\r\n\r\n", "id-1" },
	{ "what no rule knows", "GET /v1/else HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 404 " },
	{ "a socket no rule knows", "GET /v1/else HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n",
	  "HTTP/1.1 404 " },
	{ "no HTTP", "hello\r\n\r\n", "HTTP/1.1 400 " },
	{ "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400 " },
	{ "a chunk of no size", "POST /v1/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", "HTTP/1.1 400 " },
	{ "a chunk that is too large", "POST /v1/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n", "HTTP/1.1 400 " },
	{ "a body that is too large", "POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", "HTTP/1.1 400 " },
	{ "bytes that are no text", "POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n\xFF\xFE", "HTTP/1.1 404 " },
};

static void answered(int i, bool apart)
{
	int fd = dial();
	const char *bytes = requests[i].bytes, *mark = strstr(requests[i].answer, "PORT"), *heard;
	DEFER(text_free) char *want = mark ? text_fmt("%.*s%d%s", (int)(mark - requests[i].answer), requests[i].answer, port, mark + 4)
					   : text_dup(requests[i].answer);

	for (size_t k = 0; k < strlen(bytes); k += apart ? 1 : strlen(bytes))
		if (send(fd, bytes + k, apart ? 1 : strlen(bytes), MSG_NOSIGNAL) < 0)
			break;
	heard = hear(fd, want);
	ck_assert_msg(strstr(heard, want) != NULL, "%s: %s", requests[i].name, heard);
	close(fd);
}

START_TEST(http_is_answered)
{
	started();
	answered(_i, false);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(http_that_comes_in_pieces_is_answered)
{
	started();
	answered(_i, true);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(a_head_without_an_end_is_refused)
{
	char line[1000] = "x: ";
	int fd;

	memset(line + 3, 'y', sizeof line - 5);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	started();
	fd = dial();
	write_all(fd, "GET / HTTP/1.1\r\n", 16);
	for (int i = 0; i < 70; i++)
		if (send(fd, line, sizeof line, MSG_NOSIGNAL) < 0)
			break;
	while (recv(fd, line, sizeof line, 0) > 0)
		;
	close(fd);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(a_request_may_break_or_never_be_answered)
{
	int broken, never;

	started();
	broken = dial();
	write_all(broken, "GET /v1/broken HTTP/1.1\r\nHost: h\r\n\r\n", 36);
	never = dial();
	write_all(never, "GET /v1/never HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 43);
	ck_assert_str_eq(hear(broken, "404"), "HTTP/1.1 404");
	write_all(broken, "GET /v1/broken HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 44);
	while (recv(broken, (char[1]){ 0 }, 1, 0) > 0)
		;
	ck_assert_ptr_nonnull(tells("\"fault\":\"reset\""));
	ck_assert_int_eq(recv(never, (char[1]){ 0 }, 1, MSG_DONTWAIT), -1);
	close(broken);
	close(never);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

/* ---- WebSocket ----------------------------------------------------------- */

static void frame(int fd, int head, const char *text, size_t n)
{
	unsigned char bytes[2 + 4] = { (unsigned char)head, (unsigned char)(0x80 | n) };

	ck_assert_uint_lt(n, 126);		/* masked with zeros */
	write_all(fd, bytes, sizeof bytes);
	if (n)
		write_all(fd, text, n);
}

static void say_frame(int fd, const char *text)
{
	frame(fd, 0x81, text, strlen(text));
}

static int open_socket(void)
{
	static const char upgrade[] = "GET /?v=1 HTTP/1.1\r\nHost: w1.porch.example\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"
				      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	int fd = dial();

	write_all(fd, upgrade, strlen(upgrade));
	return fd;
}

/* Signed in, as the background of the page wants it. */
static int sign_in(void)
{
	int door = dial(), fd;

	write_all(door, DOOR "\r\n", strlen(DOOR "\r\n"));
	hear(door, "}");
	close(door);
	fd = open_socket();
	hear(fd, "welcome\"}");
	return fd;
}

START_TEST(a_socket_is_opened_as_the_standard_says)
{
	int fd;

	started();
	fd = open_socket();
	ck_assert_ptr_nonnull(strstr(hear(fd, "\r\n\r\n"), "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	ck_assert_str_eq(hear(fd, "}"), "\x81\x12{\"type\":\"welcome\"}");
	say_frame(fd, "{\"token\":\"played-token\"}");
	ck_assert_str_eq(hear(fd, "}"), "\x81\x10{\"type\":\"known\"}");
	frame(fd, 0x89, "?", 1);
	ck_assert_str_eq(hear(fd, "?"), "\x8A\x01?");
	frame(fd, 0x01, "{\"token\":\"pl", 12);
	frame(fd, 0x80, "ayed-token\"}", 12);
	ck_assert_str_eq(hear(fd, "}"), "\x81\x10{\"type\":\"known\"}");
	say_frame(fd, "{\"size\":1}");
	ck_assert_ptr_nonnull(tells("much"));
	ck_assert_ptr_nonnull(strstr(hear(fd, "AA\"}"), "{\"much\":\"AAAA"));
	close(fd);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(a_socket_ends_in_each_way)
{
	int fd;

	started();
	fd = open_socket();
	say_frame(fd, "break");
	while (recv(fd, (char[1]){ 0 }, 1, 0) > 0)
		;
	close(fd);
	fd = open_socket();
	hear(fd, "welcome\"}");
	write_all(fd, "\x81\x01x", 3);		/* without a mask */
	ck_assert_ptr_nonnull(tells("1006"));
	close(fd);
	fd = open_socket();
	hear(fd, "welcome\"}");
	frame(fd, 0x88, "\x03\xE8", 2);
	ck_assert_ptr_nonnull(tells("\"code\":1000"));
	ck_assert_int_eq((unsigned char)hear(fd, NULL)[0], 0x88);
	close(fd);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

/* ---- rules and lines ----------------------------------------------------- */

START_TEST(what_is_typed_is_said_once_somebody_listens)
{
	int fd;

	started();
	ck_assert_int_eq(write(typed, "one\ntw", 6), 6);
	fd = open_socket();
	ck_assert_ptr_nonnull(strstr(hear(fd, "id-1"), "{\"said\":\"one\",\"id\":\"id-1"));
	ck_assert_int_eq(write(typed, "o\n\nbye\n", 7), 7);
	ck_assert_ptr_nonnull(strstr(hear(fd, "\x0F\xA1"), "{\"said\":\"two\",\"id\":\"id-2\"}\x88"));
	close(fd);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(what_no_rule_knows_is_told_with_the_nearest)
{
	const char *line;
	int fd;

	started();
	fd = open_socket();
	say_frame(fd, "{\"token\":\"xoxb-1\"}");
	line = tells("no rule fits");
	ck_assert_ptr_nonnull(line);
	ck_assert_msg(strstr(line, "/token: \\\"played-token\\\" was expected, \\\"xoxb-1\\\" came"), "%s", line);
	close(fd);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(a_message_to_people_is_told_as_one)
{
	int fd;

	started();
	fd = dial();
	post(fd, "Two.");
	ck_assert_ptr_nonnull(tells("\"act\":\"send\",\"words\":\"Two.\"}"));
	close(fd);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

/* ---- sections ------------------------------------------------------------ */

START_TEST(sections_hold_in_real_time)
{
	int fd, api;

	start("It holds", "It ends");
	fd = sign_in();
	ck_assert_str_eq(hear(fd, "}"), "\x81\x07{\"n\":1}");
	api = dial();
	post(api, "a");		/* what stands together comes in any order */
	say_frame(fd, "{\"ack\":\"a\"}");
	ck_assert_ptr_nonnull(strstr(hear(api, "\r\n\r\n"), "HTTP/1.1 429 Played\r\nretry-after: 1\r\n"));
	post(api, "b");
	ck_assert_ptr_nonnull(strstr(hear(api, "}"), "{\"id\":\"m1\"}"));
	ck_assert_str_eq(hear(fd, "}"), "\x81\x07{\"n\":2}");
	frame(fd, 0x88, "\x03\xE8", 2);
	ck_assert_ptr_nonnull(tells("\"held\":true,\"why\":\"2 sections held\""));
	close(fd);
	close(api);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(a_section_that_does_not_hold_names_its_line)
{
	const char *line;
	int fd;

	start("It hurries", NULL);
	fd = sign_in();
	hear(fd, "}");
	say_frame(fd, "{\"ack\":4}");
	line = tells("\"held\"");
	ck_assert_ptr_nonnull(line);
	ck_assert_msg(strstr(line, "porch.md:58: ") && strstr(line, "/ack: 3 was expected, 4 came"), "%s", line);
	close(fd);
	ck_assert_int_eq(ended(), 1);
}
END_TEST

static const struct { const char *title, *why; } unplayable[] = {
	{ "It waits", "porch.md:63: \"It waits\" waits for more than 2 s" },
	{ "It restarts", "porch.md:68: \"It restarts\" needs what a service cannot do: ! restart" },
	{ "It is not there", "no page has a section \"It is not there\": name one as it stands after ##" },
};

START_TEST(a_section_that_cannot_be_played_is_refused_before_it_begins)
{
	start(unplayable[_i].title, NULL);
	ck_assert_msg(strstr(first, unplayable[_i].why) != NULL, "%s", first);
	ck_assert_int_eq(ended(), 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("play");
	TCase *t = tcase_create("play");

	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
	tcase_add_checked_fixture(t, folder_make, NULL);
	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, a_request_fits_a_rule_or_does_not, 0, COUNT(fits));
	tcase_add_test(t, what_is_invented_is_new_each_time);
	tcase_add_loop_test(t, http_is_answered, 0, COUNT(requests));
	tcase_add_loop_test(t, http_that_comes_in_pieces_is_answered, 0, COUNT(requests));
	tcase_add_test(t, a_head_without_an_end_is_refused);
	tcase_add_test(t, a_request_may_break_or_never_be_answered);
	tcase_add_test(t, a_socket_is_opened_as_the_standard_says);
	tcase_add_test(t, a_socket_ends_in_each_way);
	tcase_add_test(t, what_is_typed_is_said_once_somebody_listens);
	tcase_add_test(t, what_no_rule_knows_is_told_with_the_nearest);
	tcase_add_test(t, a_message_to_people_is_told_as_one);
	tcase_add_test(t, sections_hold_in_real_time);
	tcase_add_test(t, a_section_that_does_not_hold_names_its_line);
	tcase_add_loop_test(t, a_section_that_cannot_be_played_is_refused_before_it_begins, 0, COUNT(unplayable));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
