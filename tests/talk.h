/* talk.h - what the tests of jobs and turns share: a real store, broker and adapter program,
 * and a service on a loopback socket that answers with what the test has laid ready. */
#ifndef CHELA_TALK_H
#define CHELA_TALK_H
#include "fake.h"
#include "fixture.h"
#include "job.h"
#include "loop.h"
#include "program.h"
#include <fcntl.h>

/* ---- the service --------------------------------------------------------- */

enum { ASKED = 64 };

static struct service {
	struct fake *fake;
	const char *const *script;	/* the answers that lie ready, in order */
	size_t script_n, next;
	const char *(*think)(const cJSON *turn);	/* when none is left; NULL: it breaks down */
	cJSON *asked[ASKED];		/* what it was asked, {"turn"} each */
	size_t asked_n;
} service;

static const char *choose(const cJSON *asked)
{
	if (service.next < service.script_n)
		return service.script[service.next++];
	return service.think ? service.think(json_at(asked, "/turn")) : "500 {}";
}

/* A stream of pieces, each the data of an event; "hang": it goes no further. */
static void stream(struct fake *f, const char *pieces)
{
	DEFER(buf_free) struct buf b = buf_new(1 << 22);

	buf_adds(&b, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
	while (*pieces && strcmp(pieces, "hang")) {
		size_t n = strcspn(pieces, "\n");

		buf_addf(&b, "data: %.*s\n\n", (int)n, pieces);
		pieces += n + (pieces[n] == '\n');
	}
	fake_send(f, buf_str(&b));
	if (*pieces)
		fake_stall(f);
	else
		fake_close(f);
}

/* An answer is "STATUS BODY", or pieces, a line each; "hang" never comes, "close" is none. */
static void give_answer(struct fake *f, const char *request)
{
	cJSON *asked = parsed(strstr(request, "\r\n\r\n") + 4);
	const char *answer;
	int status;

	ck_assert(service.asked_n < ASKED);
	service.asked[service.asked_n++] = asked;
	answer = choose(asked);
	status = (int)strtol(answer, NULL, 10);
	fake_script(f);
	if (status)
		fake_answer(f, status, "content-type: application/json\r\n", answer + 4);
	else if (!strcmp(answer, "hang"))
		fake_stall(f);
	else if (!strcmp(answer, "close"))
		fake_close(f);
	else
		stream(f, answer);
}

static void service_open(struct loop *loop)
{
	service = (struct service){ .fake = fake_new(loop) };
	fake_when_out(service.fake, give_answer);
}

static void service_close(void)
{
	fake_free(service.fake);
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

/* ---- the adapter --------------------------------------------------------- */

static void program_build(void)
{
	program_make("plain");
}

static const char manifest_text[] =
	"{\"name\":\"plain\",\"kind\":\"model\",\"abi\":1,\"about\":\"speaks our own words\","
	"\"config\":{\"base\":{\"type\":\"url\",\"default\":\"https://plain.example\",\"about\":\"where\"},"
	"\"model\":{\"type\":\"word\",\"default\":\"m-1\",\"about\":\"which\"},"
	"\"max_tokens\":{\"type\":\"int\",\"min\":1,\"max\":100000,\"default\":1000,\"about\":\"how long\"}},"
	"\"operations\":{\"turn\":{\"about\":\"asks\",\"method\":\"POST\",\"url\":\"{config.base}/turn\","
	"\"args\":{\"turn\":{\"type\":\"json\",\"members\":[\"/**\"]}},\"body\":{\"turn\":\"{turn}\"},"
	"\"answer\":\"sse\",\"effects\":[],\"retry\":\"never\",\"shows\":{\"/**\":\"foreign\"}}},"
	"\"errors\":[{\"status\":\"part\",\"at\":\"/error\",\"has\":\"over\",\"class\":\"busy\"}],"
	"\"why\":[\"/error\"],\"limits\":{\"requests_per_job\":1}}";

/* The configuration: the models "one" and "two" at the service, and what else is given. */
static struct conf *configure(const char *lines)
{
	const char *at = fake_origin(service.fake);
	DEFER(text_free) char *text = text_fmt("name Chela\nmodel one = plain at %s\nmodel two = plain at %s\n"
					       "use one else two\n%s", at, at, lines);
	struct conf *conf = NULL;
	const char *why = conf_parse(str_of(text), "assistant.conf", &conf);

	ck_assert_msg(!why, "%s", why);
	return conf;
}

/* What integration_open() makes, without a seal. */
static struct integration *talker(const struct conf *conf, const char *name)
{
	const struct conf_model *c = conf_model(conf, name);
	struct integration *m = calloc(1, sizeof *m);
	const char *why;

	m->name = text_dup(name);
	why = manifest_parse(str_of(manifest_text), "manifest.json", &m->manifest);
	ck_assert_msg(!why, "%s", why);
	why = config_check(m->manifest, c->config, &m->config);
	ck_assert_msg(!why, "%s", why);
	m->base_origin = url_origin(json_text(m->config, "/base"));
	m->party = (struct party){ m->manifest, m->name, m->base_origin, NULL };
	m->program = open(program, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(m->program, 0);
	return m;
}

#endif
