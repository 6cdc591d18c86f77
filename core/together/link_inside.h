/* Shared by link.c (life and answers), asker.c and publisher.c. */
#ifndef TOGETHER_LINK_INSIDE_H
#define TOGETHER_LINK_INSIDE_H

#include <pthread.h>
#include <string.h>

#include "base/wait.h"
#include "far/far.h"
#include "os/loop.h"
#include "together/link.h"

/* A lease that the asker is to take. */
struct ask {
	struct ask *next;
	void *task;
	vt_id name;
	char *label;
	bool once;
};

/* A lease that this runner has. */
struct held {
	vt_id name;
	int64_t renew_ms;              /* when it is renewed */
};

struct awaited {
	void *task;
	vt_id name;
};

/* An answer on its way to the loop. */
struct answer {
	struct answer *next;
	struct link_answer is;
	struct arena *arena;           /* its texts */
};

/* A finished task on its way to the other runners. */
struct telling {
	struct telling *next;
	struct link_done is;
	struct arena *arena;
};

struct link {
	struct link_setup setup;
	struct far_store *store;
	vt_id owner;
	vt_id failure, alive;          /* names of the notice of a failure that ends the run, and of this runner's own lease */
	pthread_t asker, publisher;
	bool asks, publishes;          /* the threads were started */
	pthread_mutex_t lock;          /* guards all below */
	pthread_cond_t changed;
	struct ask *first, **last;
	struct held *held;
	uint32_t held_n;
	struct awaited *awaited;
	uint32_t awaited_n;
	int64_t poll_ms, pace_ms;      /* when the next look for notices is due, and the time between two looks */
	struct answer *answers, **answers_end;
	bool posted;                   /* `deliver` was posted to the loop */
	struct telling *todo, **todo_end;
	bool busy;                     /* the publisher is telling a task */
	bool broken;                   /* the store failed */
	bool quiet, ending;            /* quiet: the asker is to end; ending: both threads are */
	volatile int give_up;          /* the publisher drops what it has not told yet */
	bool failed_before;            /* `ignored` is set */
	vt_id ignored;                 /* the runner whose failure was answered, or belongs to an earlier attempt */
};

static inline bool link_same(const vt_id *a, const vt_id *b)
{
	return memcmp(a->byte, b->byte, sizeof a->byte) == 0;
}

/* With the lock: until something has changed, or the monotonic clock shows ms. */
static inline void link_wait(struct link *l, int64_t ms)
{
	wait_until(&l->changed, &l->lock, ms * 1000000);
}

/* link.c, on both threads */
/* Hands an answer to the loop. The texts of the notice are copied; NULL: there is none. */
void link_post(struct link *l, enum link_what what, void *task, const struct notice *r, const char *text);
/* The store failed: what it did, behind its name. Only the first failure is an answer; none is while the run ends. */
void link_trouble(struct link *l, const char *what);
/* Reads n notices. Missing, damaged or unproven ones have state 0. -1: the store fails. */
int link_get_notices(struct link *l, const vt_id *names, uint32_t n, struct arena *a, struct notice *ret);
int link_put_notice(struct link *l, const vt_id *name, const struct notice *r);       /* -1: the store does not take it */

/* asker.c */
void *link_ask_all(void *ctx);                     /* the asker; ctx: the link */
void link_ask_free(struct ask *q);
void link_hold(struct link *l, const vt_id *name);         /* the lease is this runner's, and is renewed from now on */
void link_let_go(struct link *l, const vt_id *name);       /* gives it back */
/* With the lock, which is free during the call: renews the first lease whose time has come. false: none has. */
bool link_renew(struct link *l);

/* publisher.c */
void *link_tell_all(void *ctx);                    /* the publisher; ctx: the link */
void link_telling_free(struct telling *t);
#endif
