/* Shared by record.c and touched.c alone. */
#ifndef EFFECT_RECORD_INSIDE_H
#define EFFECT_RECORD_INSIDE_H

#include "base/map.h"
#include "effect/record.h"

/* One path that the run changed or asked about. */
struct touched {
	struct bytes path;
	struct bytes found, left;  /* states of FACT_LEFT before and after the run */
	const struct touched *from;        /* the path that the last rename took the file from; NULL: none */
	bool hidden;               /* the step counts it as not there yet (layer.h) */
	bool written;              /* the tracer saw a write, a move or a removal; else only a question */
	bool target;               /* a rename ended here */
	bool moved;                /* a rename began here: the content may have been read under the new name */
	bool folder;               /* made as a directory */
	bool somebodys;            /* a file, link or folder that no step made, under another name */
	bool stays;                /* the last call that the tracer saw left something here */
	bool cut;                  /* the content or the name was written, not only attributes */
};

struct recording {
	struct record *r;
	struct map known;          /* path -> struct touched */
	struct map asked;          /* folders of products */
	uint64_t caches;           /* bits: caches of tools in which the run wrote */
	bool consumes;             /* the run read and removed a file that no step had made: what it left may hold the content */
	int64_t now_ns;            /* the file system's clock after the states were read */
	struct err *err;
};

/* touched.c. Lists the paths that the run changed or asked about. */
void touched_find(struct recording *k);
/* Reads the states left, in one batch, and derives the states found. -1: k->err. */
int touched_fill(struct recording *k);
/* The times and the size of a path now. false: nothing is there. */
bool touched_stamp(const struct record *r, struct bytes path, struct stamp *ret);
#endif
