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
	bool absent;               /* `auto` is set, but the environment names no server */
	pthread_mutex_t lock;      /* guards all below */
	struct lane *idle[LANES];
	uint32_t idle_n;
	bool no_put;               /* the server takes nothing from this user; reported once */
	bool full;                 /* reported once */
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
	vt_status down;            /* VT_DOWN: an answer said that further requests are of no use */
};

/* Reports the text with the server's name in front. */
void store_tell(const struct store *s, vt_call *call, uint32_t level, const char *text);
/* Both take the lock. store_mark marks *told, and says whether it was so before. */
bool store_mark(struct store *s, bool *told);
bool store_is_marked(struct store *s, const bool *told);

/* false: reported why. n requests, all zeroed. */
bool work_begin(struct work *w, struct store *s, vt_call *call, uint32_t n);
void work_end(struct work *w);
/* Writes the request for an object; one that cannot be made is skipped, as failed. The caller set its `from`, `into`, `once`. */
void work_ask(struct work *w, uint32_t i, enum method method, uint32_t space, const vt_id *name);
/* Makes all requests that are not to be skipped. */
void work_run(struct work *w);

/* Return what an answer means: work_got for a GET or HEAD, work_put for a PUT. */
vt_status work_got(struct work *w, const struct transfer *t);
vt_status work_put(struct work *w, const struct transfer *t);
#endif
