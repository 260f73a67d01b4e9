/* inside.c - see inside.h */
#include "gate/inside_parts.h"
#include "adapter/adapter.h"
#include "adapter/end.h"
#include "adapter/process.h"
#include "adapter/queue.h"
#include "json.h"
#include "limits.h"
#include <assert.h>
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>

struct process {
	struct process_owner *owner;
	bool job;
	size_t limit;
	struct adapter *adapter;
	struct wire_inbox in;		/* what it queues */
	struct outputs { struct wire_message *list; char **bytes; size_t n, size; } outputs;
	int64_t arena;
};

static size_t (*size_of_state);
static void (*adapter_told)(struct adapter *a, const struct event *ev);
static struct process *busy;		/* handles an event */

/* ---- loading ------------------------------------------------------------- */

struct span { uintptr_t base, from, to; };

static int span_of(struct dl_phdr_info *object, size_t size, void *ret)
{
	struct span *s = ret;

	(void)size;
	if (object->dlpi_addr != s->base)
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &object->dlpi_phdr[i];
		uintptr_t end = object->dlpi_addr + h->p_vaddr + h->p_memsz;

		if (h->p_type == PT_LOAD && end > s->to)
			s->to = end;
	}
	s->from = s->base;
	return 1;
}

const char *inside_load(const char *library)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL), *size, *event;
	struct span s = { 0 };
	struct link_map *map;

	if (!handle || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
		return dlerror();
	size = dlsym(handle, "adapter_size");
	event = dlsym(handle, "adapter_event");
	if (!size || !event)
		return dlerror();
	s.base = map->l_addr;
	dl_iterate_phdr(span_of, &s);
	size_of_state = size;
	*(void **)&adapter_told = event;
	end_catch(s.from, s.to);
	return NULL;
}

/* ---- what it queues ------------------------------------------------------ */

static void keep(struct outputs *o, const struct wire_message *m, char *bytes)
{
	if (o->n == o->size) {
		o->size = o->size ? 2 * o->size : 8;
		o->list = realloc(o->list, o->size * sizeof *o->list);
		o->bytes = realloc(o->bytes, o->size * sizeof *o->bytes);
		assert(o->list && o->bytes);
	}
	o->list[o->n] = *m;
	o->bytes[o->n++] = bytes;
}

static void outputs_free(struct outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->bytes[i]);
	free(o->bytes);
	free(o->list);
	*o = (struct outputs){ 0 };
}

int send_frame(void *to, const void *frame, size_t n)
{
	enum heap before = heap_use(HEAP_OURS);
	struct wire_message m;
	bool whole;
	const char *why;

	(void)to;
	if (!busy)
		end_told("call host functions from adapter_event()", "it queued something while no event was being handled");
	why = wire_take(&busy->in, (struct str){ frame, n }, BUSY, &m, &whole);
	if (why)
		end_told("use host functions as adapter.h says", "it %s", why);
	if (whole)
		keep(&busy->outputs, &m, buf_take(&busy->in.bytes));
	heap_use(before);
	return 0;
}

/* ---- what it is told ----------------------------------------------------- */

static int receive_frame(void *to, const void *frame, size_t n)
{
	struct wire_inbox *in = to;
	struct wire_message m;
	bool whole;

	return wire_take(in, (struct str){ frame, n }, IDLE, &m, &whole) ? -1 : 0;
}

/* Each of these is a piece of its own, of its very length. */
static char *piece(const char *text)
{
	return text ? str_dup(str_of(text)) : NULL;
}

static cJSON *piece_json(const char *text)
{
	cJSON *json = NULL;
	const char *why = text ? json_decode(str_of(text), &json) : NULL;

	if (why)
		end_told("this is the gate's mistake: tell its authors", "the core told it JSON that is none: %s", why);
	if (json)
		json->prev = json;		/* see help.c */
	return json;
}

static void handle(struct process *p, const struct adapter_event_out *out)
{
	struct event *ev;

	heap_limit(p->limit);
	heap_use(HEAP_EVENT);
	ev = mem_new(1, sizeof *ev);
	*ev = (struct event){
		.kind = (enum event_kind)out->kind, .ref = out->ref, .tag = out->tag, .status = out->status,
		.failure = (enum failure)out->failure, .name = piece(out->name), .text = piece(out->text),
		.json = piece_json(out->json),
	};
	queue_begin();
	busy = p;
	end_watch(true);
	heap_use(HEAP_OWN);
	adapter_told(p->adapter, ev);
	heap_use(HEAP_OURS);
	end_watch(false);
	busy = NULL;
	p->arena = (int64_t)heap_peak();
	heap_empty(HEAP_EVENT);
	if (!p->job)
		heap_empty(HEAP_OWN);
}

/* What the wire does not take is not told. */
void process_tell(struct process *p, const struct adapter_event_out *ev)
{
	const struct wire_message m = { .kind = WIRE_EVENT, .a = ev->kind | (int64_t)ev->failure << 8, .b = ev->status,
					.name = str_of(ev->name), .text = str_of(ev->text), .json = str_of(ev->json) };
	struct wire_inbox in = { .from = CORE };
	bool fits = wire_pack(&m, receive_frame, &in) == 0;
	struct outputs outputs;

	wire_inbox_free(&in);
	if (!fits) {
		p->owner->ended(p->owner, END_LIMIT, "an event for it was too large, or not UTF-8");
		return;
	}
	handle(p, ev);
	outputs = p->outputs;
	p->outputs = (struct outputs){ 0 };
	p->owner->heard(p->owner, outputs.list, outputs.n);
	outputs_free(&outputs);
}

/* ---- its life ------------------------------------------------------------ */

struct process *process_new(struct loop *loop, int fd, bool job, struct process_limits limits, struct process_owner *owner)
{
	struct process *p = mem_new(1, sizeof *p);

	(void)loop;
	(void)fd;
	*p = (struct process){ .owner = owner, .job = job, .in = { .from = ADAPTER } };
	p->limit = (size_t)(limits.arena_bytes ? limits.arena_bytes : job ? ARENA_JOB : ARENA_CHANNEL);
	if (*size_of_state > p->limit)
		end_told("keep less", "struct adapter is larger than the %zu bytes of memory that it may have", p->limit);
	p->adapter = mem_new(1, *size_of_state);
	return p;
}

bool process_idle(const struct process *p)
{
	return p != busy;
}

void process_free(struct process *p)
{
	if (!p)
		return;
	heap_empty(HEAP_OWN);
	free(p->adapter);
	wire_inbox_free(&p->in);
	outputs_free(&p->outputs);
	free(p);
}

void process_usage(const struct process *p, int64_t *ret_cpu_us, int64_t *ret_arena)
{
	*ret_cpu_us = 0;
	*ret_arena = p->arena;
}
