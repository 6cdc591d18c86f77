/* Breaks cycles of packages that depend on each other. */
#ifndef QUERY_CYCLES_H
#define QUERY_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

/* A node of a graph waits for another one. */
struct wait {
	uint32_t on;
	bool derived;                      /* only because one package depends on the other */
	bool order;                        /* likewise, and no `dependsOn` says so */
};

struct waits {
	struct wait *at;
	uint32_t n;
};

/* Takes derived waits out of `of` (one list for each of the n nodes) until none is part of a cycle:
 * of each cycle those of its last node first, then those of the last one that is left. `tell` gets a
 * closed path of each group of nodes in which it does so: n nodes, each waiting for the next and the
 * last for the first. */
void cycles_cut(struct waits *of, uint32_t n, struct arena *a,
		void (*tell)(void *ctx, const uint32_t *path, uint32_t n), void *ctx);
#endif
