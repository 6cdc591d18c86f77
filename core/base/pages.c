/* pages: memory in large pieces.
 *
 * A program that has taken PAGES_SMALL of them is likely to take as much again. From then on
 * they are cut from regions that the kernel may back with one huge page each: a third of what
 * small pages cost when they are touched for the first time, most of it in a virtual machine.
 * Small runs never get there, and pay for no more than they use. */
#include "config.h"

#include "base/mem.h"
#include "base/pages.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_POPULATE
#define MAP_POPULATE 0
#endif

enum {
	PAGES_SMALL = 1 << 20,     /* bytes */
	PAGES_HUGE = 2 << 20,      /* the size and the alignment of a region */
	PAGES_WORTH = 3 << 19,     /* a piece of that size gets regions of its own */
	PAGES_LEAST = 32 << 10,    /* the smallest piece that is cut from a region ... */
	PAGES_SIZES = 6,           /* ... and how many sizes there are, each twice the one before */
	PAGES_REGIONS = 4096       /* at most; then small pages again */
};

/* A piece that was given back. */
struct piece {
	struct piece *next;
};

static struct {
	pthread_mutex_t lock;      /* all below */
	size_t taken;              /* bytes that were handed out as small pages */
	char *at;                  /* what is left of the newest region */
	size_t left;
	struct piece *free[PAGES_SIZES];
	char *region[PAGES_REGIONS];       /* they are never given back */
	uint32_t regions;
} pages = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_bool ending;

void mem_ends(void)
{
#if !defined VT_DEBUG && !defined VT_SANITIZED
	ending = true;
#endif
}

bool pages_stay(void)
{
	return ending;
}

static char *map(size_t size, int flags)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED)
		out_of_memory();
	return p;
}

/* ---- huge pages --------------------------------------------------------------- */

static bool huge_works;

static void ask_huge(void)
{
	char text[64];
	ssize_t n = -1;
	int fd = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		n = read(fd, text, sizeof text - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	huge_works = n > 0 && !strstr(text, "[never]");
}

/* Does the kernel give huge pages to who asks? Else regions would be had one small page at a time. */
static bool can_huge(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, ask_huge);
	return huge_works;
}

/* So much that no part of it ends inside of a region. */
static size_t in_regions(size_t size)
{
	return (size + PAGES_HUGE - 1) & ~(size_t)(PAGES_HUGE - 1);
}

/* Zeroed, aligned; `size`: of whole regions. */
static char *map_huge(size_t size)
{
	char *start = map(size + PAGES_HUGE, 0), *p = (char *)in_regions((uintptr_t)start);

	if (p > start)
		munmap(start, (size_t)(p - start));
	munmap(p + size, (size_t)(start + PAGES_HUGE - p));
	(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}

/* ---- pieces -------------------------------------------------------------------- */

int size_number(size_t size, size_t least, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (size == least << i)
			return i;
	return -1;
}

/* With the lock. NULL: there can be no more regions. */
static char *cut(size_t size)
{
	char *p;

	if (pages.left < size) {
		if (pages.regions == PAGES_REGIONS)
			return NULL;
		pages.at = pages.region[pages.regions++] = map_huge(PAGES_HUGE);
		pages.left = PAGES_HUGE;
	}
	p = pages.at;
	pages.at += size;
	pages.left -= size;
	return p;
}

/* NULL: this is to be of small pages. */
static void *take_piece(size_t size)
{
	int number = size_number(size, PAGES_LEAST, PAGES_SIZES);
	struct piece *p = NULL;
	bool used = false;

	pthread_mutex_lock(&pages.lock);
	if (number >= 0 && (p = pages.free[number])) {
		pages.free[number] = p->next;
		used = true;
	} else if (pages.taken < PAGES_SMALL) {
		pages.taken += size;
	} else if (number >= 0 && can_huge()) {
		p = (struct piece *)(void *)cut(size);
	}
	pthread_mutex_unlock(&pages.lock);
	return used ? memset(p, 0, size) : p;
}

/* False: it was cut from no region. */
static bool put_piece(void *at, size_t size)
{
	int number = size_number(size, PAGES_LEAST, PAGES_SIZES);
	char *region = (char *)((uintptr_t)at & ~(uintptr_t)(PAGES_HUGE - 1));
	struct piece *p = at;
	bool ours = false;
	uint32_t i;

	if (number < 0)
		return false;
	pthread_mutex_lock(&pages.lock);
	for (i = 0; !ours && i < pages.regions; i++)
		ours = pages.region[i] == region;
	if (ours) {
		p->next = pages.free[number];
		pages.free[number] = p;
	}
	pthread_mutex_unlock(&pages.lock);
	return ours;
}

void *xpages(size_t size)
{
	void *p;

	if (size >= PAGES_WORTH && can_huge())
		return map_huge(in_regions(size));
	p = take_piece(size);
	return p ? p : map(size ? size : 1, MAP_POPULATE);
}

void pages_free(void *p, size_t size)
{
	if (!p || ending)
		return;
	if (size >= PAGES_WORTH && can_huge())
		munmap(p, in_regions(size));
	else if (!put_piece(p, size))
		munmap(p, size ? size : 1);
}
