/* clock: the time that the workspace's file system would give a file that changed now. Its
 * grain may be coarser than the kernel's clock, and a network file system has a clock of its own. */
#ifndef FACT_CLOCK_H
#define FACT_CLOCK_H

#include <stdint.h>

struct clock;

/* `dir`: an fd of the cache's own folder, or -1; `root`: the workspace's fd. Both borrowed. */
struct clock *clock_new(int dir, int root);
void clock_free(struct clock *c);
/* Nanoseconds since 1970. A file that changes after the call gets this time or a later one. [any] */
int64_t clock_now(struct clock *c);
/* What is written from now on has this time or a later one, and, where the clock ticks slowly, what was written before may
 * have it, too. [any] */
int64_t clock_mark(struct clock *c);
/* The same when no process of a run is left, and the kernel has perhaps not closed its files yet. 0: it cannot be told: on this file
 * system (NFS, FUSE) what was written may get its time when the file is closed. [any] */
int64_t clock_gone(struct clock *c);
#endif
