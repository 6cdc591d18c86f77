/* together: one run on several machines. Uses base, text, os, workspace (structs), query/options.h, plan, far, exec.
 *
 * shard: parts the tasks of a run, without any service. A pure function of the plan, the number of parts and the
 * durations that it is given: each machine comes to the same parts by itself. On the loop, before anything runs. */
#ifndef TOGETHER_SHARD_H
#define TOGETHER_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"

struct plan;

enum { SHARD_TIMES_MAX = 256 << 20 };  /* bytes of a file with durations */

/* How long tasks took. Labels and numbers live in the arena that it was read into. */
struct shard_times {
	struct map ms;                 /* label -> uint64_t *: milliseconds of all its commands */
};

/* Reads a file of --summary-file or of `vt cache stat --json`. -1: err. */
int shard_times_read(const char *path, struct arena *a, struct shard_times *ret, struct err *err);
void shard_times_free(struct shard_times *t);

/* The part, from 0, of each requested node; UINT32_MAX: the node was not requested. In `a`; plan->n long.
 * The longest node is placed first. Each goes to the part that ends the earliest with it and its dependencies that the
 * part lacks. `times`: NULL: all take the same time. */
uint32_t *shard_assign(const struct plan *plan, uint32_t parts, const struct shard_times *times, struct arena *a);
/* Reduces the plan to the part (from 0) and its dependencies. Returns how many requested tasks are left. */
uint32_t shard_cut(struct plan *plan, uint32_t part, uint32_t parts, const struct shard_times *times, struct arena *a);
#endif
