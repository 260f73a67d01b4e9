/* puppet.h - adapter programs for tests: made of a source in tests/attack/ and the
 * runner as it is shipped, then started and told events, one at a time. */
#ifndef PUPPET_H
#define PUPPET_H
#include "adapter/adapter.h"
#include "adapter/process.h"
#include "buf.h"
#include "gate/object.h"
#include "loop.h"
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct puppet {
	struct process_owner owner;
	struct loop *loop;
	struct process *process;
	char heard[4096];		/* a line for each output of the last event */
	size_t outputs;			/* how many */
	int times;			/* how often heard() was called */
	bool ended;
	enum process_end end;
	char why[1024];
};

/* A folder of our own, gone with folder_drop(). */
static char folder[] = "/tmp/chela-test-XXXXXX";

static inline void folder_make(void)
{
	if (!mkdtemp(folder))
		abort();
}

static inline void sh(const char *command)
{
	if (system(command) != 0) {
		fprintf(stderr, "failed: %s\n", command);
		abort();
	}
}

static inline void folder_drop(void)
{
	DEFER(text_free) char *command = text_fmt("rm -rf %s", folder);

	sh(command);
}

/* The runner beside the tests that run, so that each build tests its own. */
static inline char *built(const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n < 0)
		abort();
	self[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0';
	return text_fmt("%s/%s", self, name);
}

static inline char *compiled(const char *from, const char *source)
{
	char *object = text_fmt("%s/%s.o", folder, source);
	DEFER(text_free) char *command =
		text_fmt("cc -std=gnu17 -D_GNU_SOURCE -O1 -w -fPIE -fno-builtin -fstack-protector-strong -Icore -Icore/adapter "
			 "-c %s/%s.c -o %s", from, source, object);

	sh(command);
	return object;
}

/* The descriptor of a program made of FROM/SOURCE.c, whatever object_check() says. */
static inline int program_of(const char *from, const char *source, const char *runner)
{
	DEFER(text_free) char *object = compiled(from, source);
	DEFER(text_free) char *program = text_fmt("%s/%s", folder, source);
	const char *why = object_link(runner, object, program);
	int fd = open(program, O_RDONLY | O_CLOEXEC);

	if (why || fd < 0) {
		fprintf(stderr, "%s\n", why ? why : program);
		abort();
	}
	return fd;
}

static inline void puppet_heard(struct process_owner *o, const struct wire_message *outputs, size_t n)
{
	struct puppet *p = container_of(o, struct puppet, owner);
	struct buf b = buf_new(sizeof p->heard - 1);

	p->times++;
	p->outputs = n;
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s ref=%u tag=%u a=%lld b=%lld %s%s%s\n", wire_name(outputs[i].kind), outputs[i].ref,
			 outputs[i].tag, (long long)outputs[i].a, (long long)outputs[i].b,
			 outputs[i].name.len ? outputs[i].name.at : "", outputs[i].text.len ? outputs[i].text.at : "",
			 outputs[i].json.len ? outputs[i].json.at : "");
	snprintf(p->heard, sizeof p->heard, "%s", buf_text(&b));
	buf_free(&b);
}

static inline void puppet_ended(struct process_owner *o, enum process_end end, const char *why)
{
	struct puppet *p = container_of(o, struct puppet, owner);

	ck_assert_msg(!p->ended, "its end is told twice");
	p->ended = true;
	p->end = end;
	snprintf(p->why, sizeof p->why, "%s", why);
}

static inline void puppet_stop(struct puppet *p)
{
	process_free(p->process);
	loop_free(p->loop);
}

/* Tells it an event; waits until it has handled it, or has ended. */
static inline void puppet_tell(struct puppet *p, int kind, const char *name, const char *json)
{
	int times = p->times;

	ck_assert_msg(!p->ended, "it had ended before: %s", p->why);
	process_tell(p->process, &(struct adapter_event_out){ .kind = kind, .ref = 1, .name = name, .json = json });
	while (!p->ended && p->times == times)
		loop_once(p->loop);
}

static inline void puppet_do(struct puppet *p, const char *act, const char *json)
{
	puppet_tell(p, EVENT_CALL, act, json);
}

/* Starts it, and waits until it has heard of the start. */
static inline void puppet_start(struct puppet *p, int fd, bool job, struct process_limits limits)
{
	*p = (struct puppet){ .owner = { puppet_heard, puppet_ended } };
	p->loop = loop_new();
	p->process = process_new(p->loop, fd, job, limits, &p->owner);
	puppet_tell(p, EVENT_START, NULL, "{\"config\":{}}");
	p->times = 0;
	p->heard[0] = '\0';
}

#endif
