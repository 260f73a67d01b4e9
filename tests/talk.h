/* talk.h - what the tests of jobs and turns share: a real store, broker and adapter program,
 * and a service on a loopback socket that answers with what the test has laid ready. */
#ifndef CHELA_TALK_H
#define CHELA_TALK_H
#include "fixture.h"
#include "gate/object.h"
#include "job.h"
#include "loop.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* ---- the service --------------------------------------------------------- */

enum { PEERS = 32, ASKED = 64 };

static struct service {
	struct loop *loop;
	struct watch door;
	int port;
	struct peer { struct watch watch; struct buf in; bool open; } peers[PEERS];
	const char *const *script;	/* the answers that lie ready, in order */
	size_t script_n, next;
	const char *(*think)(const cJSON *turn);	/* when none is left; NULL: it breaks down */
	cJSON *asked[ASKED];		/* the turns it was shown */
	size_t asked_n;
} service;

/* An answer is "STATUS BODY", or pieces, a line each; "hang" never comes, "close" is none. */
static void answer_peer(struct peer *p, const char *answer)
{
	struct buf b = buf_new(1 << 22);
	int status = (int)strtol(answer, NULL, 10);

	if (status)
		buf_addf(&b, "HTTP/1.1 %d X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n%s", status,
			 answer + 4);
	else
		buf_adds(&b, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
	while (!status && *answer) {
		size_t n = strcspn(answer, "\n");

		buf_addf(&b, "data: %.*s\n\n", (int)n, answer);
		answer += n + (answer[n] == '\n');
	}
	for (size_t sent = 0; sent < b.len;) {
		ssize_t n = send(p->watch.fd, b.at + sent, b.len - sent, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	buf_free(&b);
}

static void peer_close(struct peer *p)
{
	watch_set(service.loop, &p->watch, false, false);
	close(p->watch.fd);
	buf_free(&p->in);
	p->open = false;
}

static void peer_asked(struct peer *p, const char *body)
{
	const char *answer = "500 {}";
	cJSON *json = parsed(body);

	ck_assert(service.asked_n < ASKED);
	service.asked[service.asked_n++] = json;
	if (service.next < service.script_n)
		answer = service.script[service.next++];
	else if (service.think)
		answer = service.think(json_at(json, "/turn"));
	if (!strcmp(answer, "hang"))
		return;
	if (strcmp(answer, "close"))
		answer_peer(p, answer);
	peer_close(p);
}

static void peer_ready(struct watch *w, bool readable, bool writable)
{
	struct peer *p = container_of(w, struct peer, watch);
	char bytes[65536];
	ssize_t n = recv(w->fd, bytes, sizeof bytes, 0);
	const char *length, *body;

	(void)readable;
	(void)writable;
	if (n <= 0) {
		peer_close(p);
		return;
	}
	buf_add(&p->in, bytes, (size_t)n);
	body = strstr(buf_text(&p->in), "\r\n\r\n");
	length = strcasestr(buf_text(&p->in), "content-length:");
	if (body && length && strlen(body + 4) >= strtoul(length + 15, NULL, 10))
		peer_asked(p, body + 4);
}

static void door_ready(struct watch *w, bool readable, bool writable)
{
	struct peer *p = service.peers;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)readable;
	(void)writable;
	while (p->open)
		p++;
	ck_assert(fd >= 0 && p < service.peers + PEERS);
	*p = (struct peer){ .watch = { .ready = peer_ready, .fd = fd }, .in = buf_new(1 << 24), .open = true };
	watch_set(service.loop, &p->watch, true, false);
}

static void service_open(struct loop *loop)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;

	service = (struct service){ .loop = loop, .door = { .ready = door_ready } };
	service.door.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(service.door.fd, (struct sockaddr *)&a, n), 0);
	ck_assert_int_eq(listen(service.door.fd, 16), 0);
	getsockname(service.door.fd, (struct sockaddr *)&a, &n);
	service.port = ntohs(a.sin_port);
	watch_set(loop, &service.door, true, false);
}

static void service_close(void)
{
	for (size_t i = 0; i < PEERS; i++) {
		if (service.peers[i].open)
			peer_close(&service.peers[i]);
	}
	watch_set(service.loop, &service.door, false, false);
	close(service.door.fd);
	for (size_t i = 0; i < service.asked_n; i++)
		json_drop(&service.asked[i]);
}

/* What lies ready from now on: the given answers, in order. */
#define LAY(...) lay((const char *const[]){ __VA_ARGS__ }, COUNT(((const char *const[]){ __VA_ARGS__ })))
static void lay(const char *const *script, size_t n)
{
	static const char *kept[64];

	ck_assert(n <= COUNT(kept));
	memcpy(kept, script, n * sizeof *script);
	service.script = kept;
	service.script_n = n;
	service.next = 0;
}

/* ---- the adapter program ------------------------------------------------- */

static char program[96];		/* "": it is not built */

/* What was built beside this test; owned. */
static char *built(const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	ck_assert(n > 0);
	self[n] = 0;
	*strrchr(self, '/') = 0;
	*strrchr(self, '/') = 0;
	return text_fmt("%s/%s", self, name);
}

static void compile(const char *source, const char *object)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0) {
		execlp("cc", "cc", "-std=gnu17", "-O1", "-iquote", "core", "-c", source, "-o", object, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
}

/* Once for all tests, before the first. */
static void program_build(void)
{
	DEFER(text_free) char *runner = built("runner.o");
	const char *why;

	folder_make();
	snprintf(program, sizeof program, "%s", in_folder("plain"));
	compile("tests/models/plain.c", in_folder("plain.o"));
	why = object_link(runner, in_folder("plain.o"), program);
	ck_assert_msg(!why, "%s", why);
}

static const char manifest_text[] =
	"{\"name\":\"plain\",\"kind\":\"model\",\"abi\":1,\"about\":\"speaks our own words\","
	"\"config\":{\"base\":{\"type\":\"url\",\"default\":\"https://plain.example\",\"about\":\"where\"},"
	"\"model\":{\"type\":\"word\",\"default\":\"m-1\",\"about\":\"which\"},"
	"\"max_tokens\":{\"type\":\"int\",\"min\":1,\"max\":100000,\"default\":1000,\"about\":\"how long\"}},"
	"\"operations\":{\"turn\":{\"about\":\"asks\",\"method\":\"POST\",\"url\":\"{config.base}/turn\","
	"\"args\":{\"turn\":{\"type\":\"json\",\"members\":[\"/**\"]}},\"body\":{\"turn\":\"{turn}\"},"
	"\"answer\":\"sse\",\"effects\":[],\"retry\":\"never\",\"shows\":{\"/**\":\"foreign\"}}},"
	"\"why\":[\"/error\"],\"limits\":{\"requests_per_job\":1}}";

/* The configuration: the models "one" and "two" at the service, and what else is given. */
static struct conf *configure(const char *lines)
{
	DEFER(text_free) char *text = text_fmt("name Chela\nmodel one = plain at http://127.0.0.1:%d\n"
					       "model two = plain at http://127.0.0.1:%d\nuse one else two\n%s",
					       service.port, service.port, lines);
	struct conf *conf = NULL;
	const char *why = conf_parse(str_of(text), "assistant.conf", &conf);

	ck_assert_msg(!why, "%s", why);
	return conf;
}

/* What model_open() makes, without a seal. */
static struct model *talker(const struct conf *conf, const char *name)
{
	struct model *m = calloc(1, sizeof *m);
	const char *why;

	m->conf = conf_model(conf, name);
	why = manifest_parse(str_of(manifest_text), "manifest.json", &m->manifest);
	ck_assert_msg(!why, "%s", why);
	why = config_check(m->manifest, m->conf->config, &m->config);
	ck_assert_msg(!why, "%s", why);
	m->base_origin = url_origin(json_text(m->config, "/base"));
	m->program = open(program, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(m->program, 0);
	return m;
}

#endif
