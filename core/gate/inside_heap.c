/* inside_heap.c - memory of an adapter in our process: whatever it, or a helper of adapter.h for
 * it, asks malloc() for is remembered, and goes when its event does. */
#include "gate/inside_parts.h"
#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#ifdef SANITIZED
#include <sanitizer/allocator_interface.h>
#endif

struct pile {
	struct piece { void *at; size_t size; } *pieces;
	size_t n, room;
};

static struct pile piles[HEAPS];
static enum heap current;
static size_t limit = SIZE_MAX, used, peak;

enum heap heap_use(enum heap h)
{
	enum heap before = current;

	current = h;
	return before;
}

enum heap heap_used_by(void)
{
	return current;
}

void heap_limit(size_t bytes)
{
	limit = bytes;
}

size_t heap_peak(void)
{
	size_t most = peak;

	peak = used;
	return most;
}

static void remember(void *at, size_t size)
{
	enum heap h = heap_use(HEAP_OURS);
	struct pile *p = &piles[h];

	if (h == HEAP_OURS || !at)
		return;
	if (size > limit - used)
		end_told("do not make more than the answer needs", "it needs more than the %zu bytes of memory that it may have",
			 limit);
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 64;
		p->pieces = realloc(p->pieces, p->room * sizeof *p->pieces);
		assert(p->pieces);
	}
	p->pieces[p->n++] = (struct piece){ at, size };
	used += size;
	peak = used > peak ? used : peak;
	current = h;
}

/* Freed early: nearly always what was asked for last. */
static void forget(const void *at)
{
	if (current == HEAP_OURS || !at)
		return;
	for (int h = HEAP_EVENT; h < HEAPS; h++)
		for (size_t i = piles[h].n; i-- > 0;)
			if (piles[h].pieces[i].at == at) {
				used -= piles[h].pieces[i].size;
				piles[h].pieces[i] = piles[h].pieces[--piles[h].n];
				return;
			}
}

void heap_empty(enum heap h)
{
	enum heap before = heap_use(HEAP_OURS);
	struct pile *p = &piles[h];

	while (p->n > 0) {
		struct piece last = p->pieces[--p->n];

		used -= last.size;
		memset(last.at, 0xA5, last.size);
		free(last.at);
	}
	current = before;
}

#ifdef SANITIZED

static void was_given(const volatile void *at, size_t size)
{
	remember((void *)at, size);
}

static void is_freed(const volatile void *at)
{
	forget((const void *)at);
}

static __attribute__((constructor)) void hook(void)
{
	int hooked = __sanitizer_install_malloc_and_free_hooks(was_given, is_freed);

	assert(hooked);
}

#else

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *at, size_t n);
void __libc_free(void *at);

void *malloc(size_t n)
{
	void *at = __libc_malloc(n);

	if (current != HEAP_OURS)
		remember(at, n);
	return at;
}

void *calloc(size_t count, size_t n)
{
	void *at = __libc_calloc(count, n);

	if (current != HEAP_OURS)
		remember(at, count * n);
	return at;
}

void *realloc(void *at, size_t n)
{
	void *moved;

	forget(at);
	moved = __libc_realloc(at, n);
	if (current != HEAP_OURS)
		remember(moved, n);
	return moved;
}

void free(void *at)
{
	forget(at);
	__libc_free(at);
}

#endif
