/* writes: which paths of the workspace persistent tasks change while they run.
 *
 * The kernel asks before each call of their processes that may change a path (a system call filter with a listener); a
 * thread of this file notes the path and lets the call go on. So a change that is seen in the file system is known here already.
 *
 *   process_start(writes_filter) ──► writes_follow(listener) ──► calls are noted ──► writes_leave ──► process_release
 *
 * Only calls that change something are asked about: to read costs a followed process nothing. Not seen is what does
 * not go by a path that vt can see: a root or mounts of its own, a program of another architecture. */
#ifndef SERVICE_WRITES_H
#define SERVICE_WRITES_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct map;
struct process_filter;
struct writes;

/* `root`: absolute, without links; copied. */
struct writes *writes_new(const char *root);
void writes_free(struct writes *w);                        /* NULL is fine */

/* The filter of a process that is to be followed; it stays valid. NULL: nothing can be followed. */
const struct process_filter *writes_filter(struct writes *w);
/* Follows the process whose filter has this listener, which is the callee's from now on. Returns a number for the next two. */
uint32_t writes_follow(struct writes *w, int listener);
/* Follows it no more: from its return on another program may answer. */
void writes_leave(struct writes *w, uint32_t number);
/* Did it start a set-uid program, which has no rights of its own under the filter? */
bool writes_saw_setuid(struct writes *w, uint32_t number);

/* Is everything known that followed processes change? false: one of them uses io_uring, or its memory cannot be read. */
bool writes_are_whole(struct writes *w);
/* Was the path, or a folder above it that was renamed, changed since then (monotonic ms), and not taken? */
bool writes_know(struct writes *w, const char *path, int64_t since_ms);
/* How often the path was changed since this was asked last; 0: the last time was before `since_ms`. */
uint32_t writes_take(struct writes *w, const char *path, int64_t since_ms);
/* Adds the files that processes which changed something lately have open for writing: absolute paths in `a`. */
void writes_open(struct writes *w, struct arena *a, struct map *ret);
/* A point in time for writes_forget. */
uint64_t writes_mark(struct writes *w);
/* Forgets what was noted before the mark. */
void writes_forget(struct writes *w, uint64_t mark);
uint32_t writes_count(struct writes *w);                   /* paths in memory, for tests */
#endif
