/* objects: finds where libraries lie, and keeps the shim out of the list that the sanitizer
 * for addresses reads.
 *
 * Such a sanitizer must be the first library of a program, and ends the program where another
 * one is. The shim may well stand before it, because it passes calls on to it. So
 * the sanitizer gets the list without the shim, and decides as it does without vt: a program
 * that loads it too late still ends. All others get the whole list: they look for the
 * tables by which the stack is unwound.
 *
 * This file is also all that a program of another word length loads in place of the shim. */
#include "objects.h"

#include <stddef.h>

#define NEXT_OF_ALL ((void *)-1L)        /* RTLD_NEXT */

/* weak: a program without a C library has none */
extern void *dlsym(void *handle, const char *name) __attribute__((weak));

/* An entry of the table of a library. */
struct part {
#if defined(__LP64__)
	unsigned type, flags;
	unsigned long offset, at, physical, in_file, size, align;
#else
	unsigned type;
	unsigned long offset, at, physical, in_file, size;
	unsigned flags, align;
#endif
};
enum { PART_LOADED = 1 };

/* A library as dl_iterate_phdr tells it: the beginning of the struct. */
struct object {
	unsigned long base;
	const char *name;
	const struct part *part;
	unsigned short parts;
};

typedef int each_object(struct object *, size_t, void *);
typedef int list(each_object *, void *);

/* All that lies between two functions of one library belongs to it. */
static struct range range_of(const struct object *o)
{
	struct range r = { -1UL, 0 };
	unsigned long at;
	int i;

	for (i = 0; i < o->parts; i++) {
		if (o->part[i].type != PART_LOADED)
			continue;
		at = o->base + o->part[i].at;
		r.from = at < r.from ? at : r.from;
		r.to = at + o->part[i].size > r.to ? at + o->part[i].size : r.to;
	}
	return r;
}

static int is_in(struct range r, unsigned long at)
{
	return at >= r.from && at < r.to;
}

/* Found before main: nothing can be looked up in a signal handler. */
static list *next_list;

__attribute__((constructor)) static void find_list(void)
{
	if (dlsym)
		next_list = (list *)dlsym(NEXT_OF_ALL, "dl_iterate_phdr");
}

/* A sanitizer, and the constructor of next.c, ask before find_list() has run. */
static int list_objects(each_object *each, void *ctx)
{
	if (!next_list)
		find_list();
	return next_list ? next_list(each, ctx) : 0;
}

struct search {
	unsigned long inside;
	struct range found;
};

static int find_around(struct object *o, size_t size, void *ctx)
{
	struct search *s = ctx;
	struct range r = range_of(o);

	(void)size;
	if (!is_in(r, s->inside))
		return 0;
	s->found = r;
	return 1;
}

struct range objects_around(unsigned long inside)
{
	struct search s = { inside, { 0, 0 } };

	if (inside)
		list_objects(find_around, &s);
	return s.found;
}

/* ---- the list without the shim -------------------------------------------------------- */

static int has(const char *text, const char *part)
{
	size_t i;

	for (; text && *text; text++) {
		for (i = 0; part[i] && text[i] == part[i]; i++)
			;
		if (!part[i])
			return 1;
	}
	return 0;
}

/* Finds the sanitizer by the names by which it knows itself. */
static int find_sanitizer(struct object *o, size_t size, void *ctx)
{
	(void)size;
	if (!has(o->name, "libasan.so") && !has(o->name, "libclang_rt.asan"))
		return 0;
	*(struct range *)ctx = range_of(o);
	return 1;
}

struct listing {
	each_object *each;
	void *ctx;
	unsigned long own;               /* an address in the shim */
};

static int tell_others(struct object *o, size_t size, void *ctx)
{
	const struct listing *l = ctx;

	return is_in(range_of(o), l->own) ? 0 : l->each(o, size, l->ctx);
}

__attribute__((visibility("default"))) int dl_iterate_phdr(each_object *each, void *ctx);
int dl_iterate_phdr(each_object *each, void *ctx)
{
	/* looked for once: where it is loaded later, the shim is not the library that is in its way */
	static struct range sanitizer;
	static int searched;
	struct listing others = { each, ctx, (unsigned long)&find_sanitizer };
	struct range found = { 0, 0 };

	if (!__atomic_load_n(&searched, __ATOMIC_ACQUIRE)) {
		list_objects(find_sanitizer, &found);
		if (found.to)
			sanitizer = found;
		__atomic_store_n(&searched, 1, __ATOMIC_RELEASE);
	}
	if (is_in(sanitizer, (unsigned long)__builtin_return_address(0)))
		return list_objects(tell_others, &others);
	return list_objects(each, ctx);
}
