/* link: connects a runner with the others through one far store, on two threads of its own (asker.c, publisher.c):
 *
 *     asker       takes leases, renews them, looks for notices of awaited tasks (once for all of them, every 0.25 to 2 s)
 *     publisher   waits until the results of a task are sent, tells that it is done, gives its lease back
 *
 *   loop ── link_take, link_await, link_tell ──► threads ── far store
 *     ▲                                             │
 *     └────────────── on_answer, on the loop ◄──────┘
 *
 * No function here waits but link_settle and link_free. The first failure of the store ends it all: LINK_TROUBLE. */
#ifndef TOGETHER_LINK_H
#define TOGETHER_LINK_H

#include "together/notice.h"

struct cache;
struct far;
struct link;
struct loop;

enum {
	LINK_TTL_MS = 15000,           /* life of a lease; it is renewed after a third of it */
	LINK_LINGER_MS = 30000,        /* how long a runner's own lease outlives it */
	LINK_POLL_MS = 250, LINK_POLL_MOST_MS = 2000
};

enum link_what {
	LINK_MINE,                     /* the lease is this runner's */
	LINK_THEIRS,                   /* `notice.owner` has it */
	LINK_NOBODYS,                  /* `notice.owner` has it, which does not take part in the run, or no longer */
	LINK_OVER,                     /* the task is over: `notice` */
	LINK_DIED,                     /* `notice` names the runner that ran it and is gone */
	LINK_TROUBLE                   /* the store fails, and this is the last answer; text says why */
};

/* Borrowed for the call. */
struct link_answer {
	enum link_what what;
	void *task;                    /* as given; NULL: a failure that ends the run for all, or TROUBLE */
	struct notice notice;
	const char *text;
};

struct link_setup {
	struct loop *loop;
	struct cache *cache;
	struct far *far;
	const struct far_keys *keys;
	const volatile int *stop;      /* *stop != 0: the run is ending */
	const char *runner;            /* the name of this runner */
	vt_id run;                     /* the name of all (notice_run) */
	void (*on_answer)(void *ctx, const struct link_answer *answer);
	void *ctx;
};

/* A task that is over here. All is copied. */
struct link_done {
	vt_id name;
	const char *label;
	int code;                      /* not 0: the task failed, and tasks that wait for it do not run */
	bool ends;                     /* its failure ends the whole run */
	bool kept;                     /* `results` hold all that it left, if they can be sent */
	const struct digest *results;
	uint32_t results_n;
	struct bytes key;
};

/* NULL: no far store gives leases. */
struct link *link_new(const struct link_setup *setup);
/* Asks for the task's lease: MINE, THEIRS, OVER or DIED follows. `once`: the task must not run twice, so a notice says that it
 * starts before it does. */
void link_take(struct link *l, void *task, const vt_id *name, const char *label, bool once);
/* Begins, or ends, to look for a notice of the task: OVER may follow. */
void link_await(struct link *l, void *task, const vt_id *name);
void link_await_no_more(struct link *l, void *task);
/* The task is over here: tells the others, then gives its lease back. */
void link_tell(struct link *l, const struct link_done *done);
/* No answer comes any more: ends the asker. */
void link_quiet(struct link *l);
/* Ends the asker, and waits until all is told, most_ms milliseconds at most. */
void link_settle(struct link *l, int64_t most_ms);
void link_free(struct link *l);
#endif
