/* runner.c - main() of every adapter program: shuts itself in, then tells the adapter
 * one event after the other.
 *
 * An adapter program is build/runner.o with one adapter object (core/gate/object.h says
 * how they are linked). The core starts it with the socket as descriptor 0, no
 * environment, and the arguments {"adapter", "job" or "channel", bytes of arena}. */
#include "adapter/adapter.h"
#include "adapter/arena.h"
#include "adapter/end.h"
#include "adapter/queue.h"
#include "adapter/sandbox.h"
#include "json.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void send_message(const struct wire_message *m)
{
	if (wire_pack(m, send_frame, NULL) != 0)
		_exit(EXIT_BUG);
}

static struct str read_frame(void)
{
	static char frame[FRAME_MAX + 1];
	ssize_t n;

	do
		n = read(STDIN_FILENO, frame, sizeof frame);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(EXIT_GONE);
	return (struct str){ frame, (size_t)n };
}

/* Waits for the next event; its bytes stand in the arena. */
static struct wire_message next_message(void)
{
	struct wire_inbox in = { .from = CORE };
	struct wire_message m;

	for (bool whole = false; !whole;) {
		const char *why = wire_take(&in, read_frame(), IDLE, &m, &whole);

		if (why)
			last_words(EXIT_BUG, "the core %s", why);
	}
	return m;
}

static cJSON *event_json(struct str text)
{
	cJSON *json = NULL;
	const char *why = text.at ? json_decode(text, &json) : NULL;

	if (why)
		last_words(EXIT_BUG, "the core sent JSON that is none: %s", why);
	if (json)
		json->prev = json;		/* see help.c */
	return json;
}

static void handle(struct adapter *a, const struct wire_message *m)
{
	struct event ev = {
		.kind = (enum event_kind)(m->a & 0xFF), .failure = (enum failure)(m->a >> 8),
		.ref = m->ref, .tag = m->tag, .status = (int)m->b, .name = m->name.at, .text = m->text.at,
	};

	last_words_heard(true);
	queue_begin();
	ev.json = event_json(m->json);
	arena_use(OWN_MEMORY);
	adapter_event(a, &ev);
	last_words_heard(false);
	send_message(&(struct wire_message){ .kind = WIRE_DONE, .a = (int64_t)arena_peak() });
}

int main(int argc, char **argv)
{
	bool job = argc == 3 && strcmp(argv[1], "job") == 0;
	struct adapter *a;
	size_t kept;

	if (argc != 3 || !arena_make(strtoul(argv[2], NULL, 10)))
		_exit(EXIT_ARENA);
	sandbox_enter(job);
	arena_empty(EVENT_MEMORY, 0);
	arena_use(OWN_MEMORY);
	a = calloc(1, adapter_size);
	kept = arena_used(OWN_MEMORY);
	arena_peak();
	send_message(&(struct wire_message){ .kind = WIRE_HELLO, .a = ADAPTER_ABI, .b = (int64_t)adapter_size });
	for (;;) {
		struct wire_message m;

		arena_use(EVENT_MEMORY);
		m = next_message();
		handle(a, &m);
		arena_empty(EVENT_MEMORY, 0);
		if (!job)
			arena_empty(OWN_MEMORY, kept);
	}
}
