/* content: finds the content ids of regular files. The stat index knows most of them; the
 * fingerprint reads the others, on several threads. For state.c and state_glob.c alone. */
#ifndef FACT_CONTENT_H
#define FACT_CONTENT_H

#include "fact/state.h"

/* A regular file whose id is wanted. */
struct wanted {
	struct bytes *state;           /* where the state goes */
	struct bytes before;           /* the part before the 'c': a link, or nothing */
	struct bytes path;             /* root-relative, or absolute; lent until the index was asked, then in the arena and with a NUL */
	bool follow;                   /* the last component is a link */
	bool executable;               /* its owner may execute it, and that counts */
	struct stamp stamp;            /* when it was looked at */
	bool *settled;                 /* set by content_find: the id is the content at `stamp`; NULL: not asked */
};

struct contents {
	const struct state_world *w;
	struct arena *arena;           /* the states' */
	int64_t now;                   /* ns, the file system's; set before the first file is read */
	struct wanted young[STAT_AT_ONCE];     /* the stat index has not been asked for these */
	uint32_t young_n;
	struct wanted *wanted;         /* the stat index does not know these; n of them, in the arena */
	uint32_t n;
};

/* Asks for the state of a regular file that was stat'ed: *want->state is set by content_find at
 * the latest. want->path is lent until then. */
void content_want(struct contents *c, const struct wanted *want);
/* Sets all states that were asked for. -1: the fingerprint failed. */
int content_find(struct contents *c, struct err *err);
#endif
