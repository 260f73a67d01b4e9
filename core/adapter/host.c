/* host.c - the host_* functions of adapter.h: each is one message to the core.
 *
 * Nothing is judged here but what would be an adapter's own mistake; the core, which
 * trusts none of this, judges all of it again. */
#include "adapter/adapter.h"
#include "adapter/end.h"
#include "adapter/queue.h"
#include "json.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t messages, bytes, log_lines;

void queue_begin(void)
{
	messages = bytes = log_lines = 0;
}

void queue_put(const struct wire_message *m)
{
	int err;

	messages++;
	bytes += m->name.len + m->text.len + m->json.len;
	if (messages > OUTPUT_MAX || bytes > OUTPUT_BYTES_MAX)
		last_words(EXIT_LIMIT, "it queued more than %d messages or %d bytes for one event", OUTPUT_MAX,
			   OUTPUT_BYTES_MAX);
	err = wire_pack(m, send_frame, NULL);
	if (err == ERR_LIMIT)
		last_words(EXIT_BUG, "a name, text or JSON that it gave with %s is too long", wire_name(m->kind));
	if (err == ERR_INPUT)
		last_words(EXIT_BUG, "a text that it gave with %s is not UTF-8", wire_name(m->kind));
	assert(err == 0);
}

/* A tree that shares what is put into it can be put into itself. */
static bool fits(const cJSON *json, int depth)
{
	if (depth > JSON_DEPTH_MAX || (cJSON_IsNumber(json) && !isfinite(json->valuedouble)))
		return false;
	for (const cJSON *c = json_first(json); c; c = c->next)
		if (!fits(c, depth + 1))
			return false;
	return true;
}

static void put_json(struct wire_message m, const cJSON *json)
{
	struct buf b = buf_new(MESSAGE_MAX);

	if (json) {
		if (!fits(json, 1))
			last_words(EXIT_BUG, "JSON that it gave with %s is nested too deeply", wire_name(m.kind));
		json_encode(&b, json);
		if (buf_status(&b) != OK)
			last_words(EXIT_LIMIT, "JSON that it gave with %s is too long", wire_name(m.kind));
		m.json = buf_str(&b);
	}
	queue_put(&m);
	buf_free(&b);
}

/* Only what is no character, nor the start of one that was cut, becomes '?'. */
static struct str readable(char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0, n; i < len; i += n) {
		for (n = 1; n < 4 && i + n < len && !wire_text_valid((struct str){ text + i, n }); n++)
			;
		if (!wire_text_valid((struct str){ text + i, n })) {
			text[i] = '?';
			n = 1;
		}
	}
	return (struct str){ text, len };
}

static PRINTF(3, 0) void put_text(struct wire_message m, size_t max, const char *fmt, va_list ap)
{
	char text[LOG_MAX + 1];

	assert(fmt && max < sizeof text);
	vsnprintf(text, max + 1, fmt, ap);
	m.text = readable(text);
	queue_put(&m);
}

void host_call(uint32_t ref, uint32_t tag, const char *operation, const cJSON *args)
{
	assert(operation);
	put_json((struct wire_message){ .kind = WIRE_CALL, .ref = ref, .tag = tag, .name = str_of(operation) }, args);
}

void host_open(uint32_t tag, const char *socket, const cJSON *args)
{
	assert(socket);
	put_json((struct wire_message){ .kind = WIRE_OPEN, .tag = tag, .name = str_of(socket) }, args);
}

void host_frame(uint32_t tag, const char *frame, const cJSON *args)
{
	assert(frame);
	put_json((struct wire_message){ .kind = WIRE_FRAME, .tag = tag, .name = str_of(frame) }, args);
}

void host_close(uint32_t tag, int code)
{
	queue_put(&(struct wire_message){ .kind = WIRE_CLOSE, .tag = tag, .a = code });
}

void host_timer(uint32_t tag, uint32_t from_ms, uint32_t to_ms)
{
	queue_put(&(struct wire_message){ .kind = WIRE_TIMER, .tag = tag, .a = from_ms, .b = to_ms });
}

void host_deliver(const char *at)
{
	assert(at);
	queue_put(&(struct wire_message){ .kind = WIRE_DELIVER, .name = str_of(at) });
}

void host_ready(const char *me_at)
{
	queue_put(&(struct wire_message){ .kind = WIRE_READY, .a = me_at != NULL, .name = str_of(me_at) });
}

void host_broken(enum failure class, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_text((struct wire_message){ .kind = WIRE_BROKEN, .a = class }, REASON_MAX, fmt, ap);
	va_end(ap);
}

void host_keep(const cJSON *state)
{
	put_json((struct wire_message){ .kind = WIRE_KEEP }, state);
}

void host_delta(uint32_t ref, const char *text)
{
	assert(text);
	queue_put(&(struct wire_message){ .kind = WIRE_DELTA, .ref = ref, .text = str_of(text) });
}

void host_result(uint32_t ref, const cJSON *result)
{
	put_json((struct wire_message){ .kind = WIRE_RESULT, .ref = ref }, result);
}

void host_failed(uint32_t ref, enum failure class, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_text((struct wire_message){ .kind = WIRE_FAILED, .ref = ref, .a = class }, REASON_MAX, fmt, ap);
	va_end(ap);
}

void host_again(uint32_t ref, uint32_t after_ms)
{
	queue_put(&(struct wire_message){ .kind = WIRE_AGAIN, .ref = ref, .a = after_ms });
}

void host_log(const char *fmt, ...)
{
	va_list ap;

	if (++log_lines > LOG_LINES_MAX)
		return;
	va_start(ap, fmt);
	put_text((struct wire_message){ .kind = WIRE_LOG }, LOG_MAX, fmt, ap);
	va_end(ap);
}
