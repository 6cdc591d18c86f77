#include "config.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*before_end)(void);       /* set once, by mem_before_end */

void mem_before_end(void (*fn)(void))
{
	before_end = fn;
}

static _Noreturn void out_of_memory(void)
{
	static const char text[] = "error: out of memory\n";

	if (before_end)
		before_end();
	fwrite(text, 1, sizeof text - 1, stderr);
	_exit(1);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory();
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *xstrdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(xmalloc(size), s, size);
}

void free_p(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

/* Blocks in a chain, newest first. A piece never moves. With VT_DEBUG each piece
 * is a block of its own, so that valgrind and ASan see an overrun. */
struct block {
	struct block *next;
	size_t used, size;                           /* bytes of data[] */
	_Alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *blocks;
	size_t total;                                /* bytes handed out */
	size_t next_size;                            /* of the next block, with its head */
};

enum { MEM_FIRST_BLOCK = 1 << 12, MEM_LARGEST_BLOCK = 1 << 18 };

struct arena *arena_new(void)
{
	struct arena *a = xcalloc(1, sizeof *a);

	a->next_size = MEM_FIRST_BLOCK;
	return a;
}

void arena_free(struct arena *a)
{
	struct block *b, *next;

	if (!a)
		return;
	for (b = a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

static size_t aligned(size_t size)
{
	size_t mask = _Alignof(max_align_t) - 1, ret;

	if (__builtin_add_overflow(size, mask, &ret))
		out_of_memory();
	return ret & ~mask;
}

/* A block with room for `size`. */
static struct block *block_add(struct arena *a, size_t size)
{
	size_t bytes;
	struct block *b;

	if (__builtin_add_overflow(sizeof *b, size, &bytes))
		out_of_memory();
	b = xmalloc(bytes);
	b->used = 0;
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

/* A piece, not zeroed. */
static void *take(struct arena *a, size_t size)
{
	struct block *b = a->blocks;
	void *p;

	size = aligned(size ? size : 1);
	a->total += size;
#ifdef VT_DEBUG
	b = block_add(a, size);
#else
	if (!b || b->size - b->used < size) {
		b = block_add(a, size > a->next_size / 4 ? size : a->next_size - sizeof *b);
		if (b->size > size && a->next_size < MEM_LARGEST_BLOCK)
			a->next_size *= 2;
		/* a large piece has a block of its own: go on filling the block before it */
		if (b->size == size && b->next) {
			a->blocks = b->next;
			b->next = a->blocks->next;
			a->blocks->next = b;
		}
	}
#endif
	p = b->data + b->used;
	b->used += size;
	return p;
}

/* Zeroed here, not block by block: most blocks are never filled. */
void *arena_alloc(struct arena *a, size_t size)
{
	return memset(take(a, size), 0, size);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory();
	return arena_alloc(a, bytes);
}

void *arena_copy(struct arena *a, const void *data, size_t size)
{
	size_t bytes;
	char *p;

	if (__builtin_add_overflow(size, 1, &bytes))
		out_of_memory();
	p = take(a, bytes);
	if (size)
		memcpy(p, data, size);
	p[size] = '\0';
	return p;
}

char *arena_str(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s));
}

char *arena_strn(struct arena *a, const char *s, size_t n)
{
	return arena_copy(a, s, strnlen(s, n));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char short_one[256], *p;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(short_one, sizeof short_one, fmt, again);
	va_end(again);
	if (n < 0)
		out_of_memory();
	if ((size_t)n < sizeof short_one)
		return arena_copy(a, short_one, (size_t)n);
	p = take(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

char *arena_concat(struct arena *a, ...)
{
	const char *s;
	size_t n = 0;
	va_list ap;
	char *ret, *to;

	va_start(ap, a);
	while ((s = va_arg(ap, const char *)))
		n += strlen(s);
	va_end(ap);
	ret = to = take(a, n + 1);
	va_start(ap, a);
	while ((s = va_arg(ap, const char *)))
		to = stpcpy(to, s);
	va_end(ap);
	*to = '\0';
	return ret;
}

size_t arena_size(const struct arena *a)
{
	return a->total;
}

void *arena_grow(struct arena *a, void *at, uint32_t n, size_t size)
{
	size_t old, bytes;
	char *more;

	/* room is 4, 8, 16, ...: full exactly when n is one of these (or 0) */
	if (n != 0 && (n < 4 || (n & (n - 1)) != 0))
		return at;
	if (__builtin_mul_overflow(n ? (size_t)n * 2 : 4, size, &bytes))
		out_of_memory();
	more = take(a, bytes);
	old = (size_t)n * size;
	if (n)
		memcpy(more, at, old);
	memset(more + old, 0, bytes - old);
	return more;
}
