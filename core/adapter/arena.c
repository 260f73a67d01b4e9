/* arena.c - see arena.h */
#include "adapter/arena.h"
#include "adapter/end.h"
#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	ALIGN = 16,
	START_ROOM = 64 * 1024,		/* what the loader asks for before main() */
};

/* What memory that was given back is overwritten with: as an address it is none, as a text
 * it is not UTF-8, and as a cJSON node it is an object whose members stand nowhere. */
static unsigned char poison[ALIGN];

struct piece { size_t size, pad; };		/* stands before what malloc() gave */

static _Alignas(ALIGN) char start_room[START_ROOM];
static struct half { char *at; size_t used; } halves[ARENA_HALVES] = { { .at = start_room } };
static enum arena_half current;
static size_t limit = START_ROOM, peak;

/* Room for n bytes between two pages that nobody may touch. */
static char *fenced(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (n + page - 1) / page * page;
	char *at = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED || mprotect(at + page, room, PROT_READ | PROT_WRITE) != 0)
		return NULL;
	return at + page;
}

bool arena_make(size_t bytes)
{
	for (int i = 0; i < ARENA_HALVES; i++) {
		halves[i] = (struct half){ .at = fenced(bytes) };
		if (!halves[i].at)
			return false;
	}
	memset(poison, 0xA5, sizeof poison);
	poison[offsetof(cJSON, type) % sizeof poison] = cJSON_Object;
	limit = bytes;
	return true;
}

void arena_use(enum arena_half half)
{
	current = half;
}

size_t arena_used(enum arena_half half)
{
	return halves[half].used;
}

void arena_empty(enum arena_half half, size_t to)
{
	struct half *h = &halves[half];

	assert(to <= h->used);
	for (size_t at = to; at < h->used; at += sizeof poison)
		memcpy(h->at + at, poison, sizeof poison);
	h->used = to;
}

static size_t in_use(void)
{
	return halves[EVENT_MEMORY].used + halves[OWN_MEMORY].used;
}

size_t arena_peak(void)
{
	size_t most = peak > in_use() ? peak : in_use();

	peak = 0;
	return most;
}

/* Moves the end of a half, or ends the process. */
static void extend(struct half *h, size_t n)
{
	if (n > limit - in_use())
		last_words(EXIT_LIMIT, "it needs more than the %zu bytes of memory that it may have", limit);
	h->used += n;
	if (in_use() > peak)
		peak = in_use();
}

static size_t rounded(size_t n)
{
	if (n > PTRDIFF_MAX)
		n = PTRDIFF_MAX;
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static struct piece *piece_of(void *p)
{
	return (struct piece *)p - 1;
}

/* The half whose last piece this is, or NULL. */
static struct half *ends_with(struct piece *piece)
{
	for (int i = 0; i < ARENA_HALVES; i++)
		if ((char *)(piece + 1) + piece->size == halves[i].at + halves[i].used)
			return &halves[i];
	return NULL;
}

static void *take(size_t n)
{
	struct half *h = &halves[current];
	struct piece *piece = (struct piece *)(h->at + h->used);

	n = rounded(n);
	extend(h, sizeof *piece + n);
	piece->size = n;
	return piece + 1;
}

void *malloc(size_t n)
{
	return take(n);
}

void *calloc(size_t count, size_t n)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, n, &bytes))
		bytes = SIZE_MAX;
	return memset(take(bytes), 0, bytes);
}

void free(void *p)
{
	struct half *h = p ? ends_with(piece_of(p)) : NULL;

	if (h)
		h->used = (size_t)((char *)piece_of(p) - h->at);
}

void *realloc(void *p, size_t n)
{
	struct piece *piece = p ? piece_of(p) : NULL;
	struct half *h = piece ? ends_with(piece) : NULL;
	size_t size = rounded(n);

	if (!p)
		return take(n);
	if (size <= piece->size)
		return p;
	if (h) {
		extend(h, size - piece->size);
		piece->size = size;
		return p;
	}
	return memcpy(take(n), p, piece->size);
}
