/* base: the ground of the house. libc and libsodium; nothing of ours.
 *
 * mem: owned memory and arenas. In planning, running out of memory ends the
 * program with one line; the plugins, the client and the supervisor do not use
 * this file for that reason, plug only to read settings and to check a plugin. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes with a length; they may hold anything, and belong to somebody else. */
struct bytes {
	const void *data;
	size_t size;
};

/* A list of strings; the list and the strings belong to one arena. */
struct texts {
	const char **at;
	uint32_t n;
};

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);               /* zeroed; n * size is checked */
void *xrealloc(void *p, size_t n, size_t size);     /* n * size is checked */
char *xstrdup(const char *s);

/* Many bytes at once: zeroed, whole pages, all of them there before the first is
 * used (a page asked for one at a time costs ten times as much). Not for sizes that
 * somebody else decides: what is not used is taken all the same. */
void *xpages(size_t size);
void pages_free(void *p, size_t size);              /* NULL is fine; the size it was made with */

/* An arena: many pieces, one lifetime, freed in one go. Not thread-safe. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a);                   /* NULL is fine */
void *arena_alloc(struct arena *a, size_t size);    /* zeroed, aligned for anything */
void *arena_array(struct arena *a, size_t n, size_t size);
void *arena_copy(struct arena *a, const void *data, size_t size); /* ends with an extra NUL */
char *arena_str(struct arena *a, const char *s);
char *arena_strn(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
size_t arena_size(const struct arena *a);           /* bytes handed out, for tests and limits */

/* The program is about to end, and whoever frees only tidies up: from now on arenas and pages
 * stay where they are, and the kernel takes them in one go. Builds that look for leaks go on. */
void mem_ends(void);

/* Grows a list kept in an arena: makes room for one more item of `size` bytes in
 * `at`, which holds n; returns the list's (perhaps new) place. */
void *arena_grow(struct arena *a, void *at, uint32_t n, size_t size);

/* `_clean_(free_p) char *s = NULL;` frees s where its block ends. */
#define _clean_(f) __attribute__((cleanup(f)))
void free_p(void *pointer_to_pointer);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
