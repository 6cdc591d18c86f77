/* Work: the requests of one call, on a lane that is its own until the call ends, and what their answers mean for vt. [work] */
#ifndef WORK_H
#define WORK_H

#include <pthread.h>

#include "layout.h"
#include "settings.h"
#include "transfer.h"

/* The component. */
struct store {
	const struct layout *layout;
	struct settings settings;
	struct server server;
	bool absent;               /* the environment was to name a server, and does not */
	pthread_mutex_t lock;      /* all below */
	struct lane *idle[LANES];
	uint32_t idle_n;
	bool no_put;               /* the server takes nothing from this user; told once */
	bool full;                 /* told once */
	bool no_once;              /* the server does not know If-None-Match */
	bool clock_known;          /* settings.clock_s was taken from the server */
};

/* Requests of one call. */
struct work {
	struct store *store;
	vt_call *call;
	struct lane *lane;
	struct transfer *list;
	uint32_t n;
	vt_status down;            /* VT_DOWN: an answer said that all else is of no use */
};

/* What is reported is told with the server's name in front. */
void store_tell(const struct store *s, vt_call *call, uint32_t level, const char *text);
/* Both take the lock. store_mark marks *told, and says whether it was so before. */
bool store_mark(struct store *s, bool *told);
bool store_is_marked(struct store *s, const bool *told);

/* false: told why. n requests, all zeroed. */
bool work_begin(struct work *w, struct store *s, vt_call *call, uint32_t n);
void work_end(struct work *w);
/* Writes the request for an object; one that cannot be made is skipped, as failed. Its `from`, `into` and `once` were set before. */
void work_ask(struct work *w, uint32_t i, enum method method, uint32_t space, const vt_id *name);
/* Makes all requests that are not to be skipped. */
void work_run(struct work *w);

/* What the answer means: of a request for an object, or for whether it is there; of a PUT. */
vt_status work_got(struct work *w, const struct transfer *t);
vt_status work_put(struct work *w, const struct transfer *t);
#endif
