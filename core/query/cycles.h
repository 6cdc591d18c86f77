/* Breaks cycles of packages that depend on each other. */
#ifndef QUERY_CYCLES_H
#define QUERY_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

/* A node of a graph waits for another one. */
struct wait {
	uint32_t on;
	bool derived;                      /* the wait follows only from a dependency between the packages */
	bool order;                        /* derived from package order, not from a `dependsOn` */
};

struct waits {
	struct wait *at;
	uint32_t n;
};

/* Takes derived waits out of `of` (one list for each of the n nodes) until none is part of a cycle:
 * first those of the last node of each cycle, then those of the last node that is still in one. `tell` gets a
 * closed path of each group of nodes that is cut: n nodes, each waiting for the next and the
 * last for the first. */
void cycles_cut(struct waits *of, uint32_t n, struct arena *a,
		void (*tell)(void *ctx, const uint32_t *path, uint32_t n), void *ctx);
#endif
