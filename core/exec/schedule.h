/* schedule: decides which step is next, by dependencies, slots and levels. Pure: it knows
 * no clock, no process and no cache. Called on the loop.
 *
 *   level (the plan, or a nested one)
 *     ready: places whose turn it is        ──take──►  in hand  ──hold──►  with a slot
 *                 ▲                                       │ │                 │
 *                 ├────────────── back ───────────────────┘ park              done: next item, or the end
 *                 └────────────── back ──── parked ◄────────┘
 */
#ifndef EXEC_SCHEDULE_H
#define EXEC_SCHEDULE_H

#include <stdbool.h>

#include "plan/step.h"

struct job;
struct level;

/* One node of one level, and how far it is. */
struct place {
	struct level *level;
	uint32_t node;             /* index into the level's plan */
	uint32_t item;             /* the item whose turn it is, or that runs */
	uint32_t waits;            /* nodes that must be complete before */
	uint64_t weight;           /* cost of the longest chain of nodes from here to the end; the heaviest place is taken first */
	uint32_t slots;            /* how many of the level's slots it takes */
	bool holds;                /* the place has its slots */
	bool doomed;               /* complete: what it waits for has failed, and it is not run */
	bool in_hand;              /* taken, and neither put back nor given a slot yet */
	bool announced;            /* taken once, or named by schedule_upcoming */
	bool complete;             /* its last item succeeded, or one has failed; of a persistent node: no node waits for it any more */
	bool parked;               /* taken, and laid aside until schedule_back */
	bool must_run;             /* another machine has run it, and what it left stays there */
	bool got;                  /* another machine has run it in this run, and what it left was fetched: --force is obeyed */
	bool ran;                  /* a step of it, or of a level in it, ran; set by the caller */
	bool behind;               /* so did one of a node that it waits for */
	bool dirty;                /* ... or of a node that it waits for through others */
	uint32_t mark;             /* schedule_follow's: the walk that reached it ... */
	uint8_t reached;           /* ... and what became of it there: enum reached */
	/* persistent nodes */
	bool lazy;                 /* pulled in: complete when its turn comes, and started when a node that uses it must run */
	bool asked;                /* lazy: a node that uses it must run */
	bool up;                   /* the service of the place can be used */
	bool running;              /* its process is there; set by the caller */
	struct job *lookahead;     /* queue.c's: the job that is looked up before its turn; NULL: none */
};

struct level {
	struct level *next;        /* the level made after this one */
	const struct plan *plan;
	struct place *parent;      /* whose item this level is; NULL: the top */
	struct place *places;      /* as plan->nodes */
	uint32_t *first, *waiters; /* row i: waiters[first[i]] .. waiters[first[i + 1] - 1] wait for node i */
	struct place **ready;      /* a heap: heaviest first, then in the plan's order */
	uint32_t ready_n;
	struct place **going;      /* places that hold a slot and continue with their next item; taken before all others */
	uint32_t going_n;
	uint32_t used;             /* slots taken */
	uint32_t in_hand;          /* slots that places need which were taken and have none yet */
	bool failed;               /* one of its nodes has failed */
	uint32_t left;             /* nodes not complete */
	uint32_t rotation;         /* of equal nodes this one comes first */
	uint32_t mark, passed;     /* schedule_follow's: the walk, and how many nodes it passed */
	struct place **order;      /* all places as they would come if nothing took time; made when it is first asked for */
	uint32_t upcoming;         /* in order: the first that schedule_upcoming has not passed */
	/* only where the plan serves */
	struct place **services;   /* persistent nodes */
	uint32_t services_n;
	bool *uses;                /* row i: does node k wait for services[i], directly or through others? uses[i * plan->n + k] */
	struct place **unserved;   /* places whose services are not all up */
	uint32_t unserved_n;
};

struct schedule {
	struct arena *arena;
	const uint64_t *costs;
	struct level *levels, **end;
	struct level *upcoming;    /* the first with places that schedule_upcoming has not passed */
	uint32_t left;             /* levels not complete */
	uint32_t dropped;          /* nodes that are not run, for what they wait for has failed */
	uint32_t mark;             /* of the last walk */
	uint32_t rotation;         /* where the order of equal nodes begins: other machines begin elsewhere */
};

/* The steps that would run one after the other if each were a hit, from the given places on. */
struct following {
	const struct step **steps; /* looked-up steps, echoes and cds, in an order in which they may run */
	uint32_t n;
	struct place **parked;     /* parked places that have to join: some of what follows waits for them, too */
	uint32_t parked_n;
	bool open;                 /* more follows, which waits for places that are on their way */
	bool starts;               /* a process starts behind some of the steps */
};

/* `costs`: of each step by its ordinal, 0: short or not known; kept by the caller. NULL: nothing is known. */
void schedule_init(struct schedule *s, const struct plan *plan, const uint64_t *costs);
/* The same, for one of several machines: of equal nodes it takes that with the number `rotation` first. */
void schedule_init_rotated(struct schedule *s, const struct plan *plan, const uint64_t *costs, uint32_t rotation);
void schedule_free(struct schedule *s);
/* The next place of the level whose item may be looked at; NULL: none is ready. */
struct place *schedule_take(struct level *l);
/* Puts a taken place back: it could not continue. */
void schedule_back(struct place *p);
/* Lays a taken place aside; schedule_back brings it back. */
void schedule_park(struct place *p);
/* Takes its slots, if it has none; false: too few are free. */
bool schedule_hold(struct place *p);
uint32_t schedule_free_slots(const struct level *l);
const struct item *place_item(const struct place *p);
/* The place's item is a plan: makes its level. An empty one is complete at once. */
void schedule_enter(struct schedule *s, struct place *p);
/* The place's item succeeded: its next item, or the nodes that waited, become ready. Or it failed: the rest of its node is not
 * run, and neither is what waits for it, unless its plan runs all. false: the run is over, for the plan stops at a failure, or
 * one around it does in which a nested plan is complete by this, with a failure. */
bool schedule_done(struct schedule *s, struct place *p, bool failed);
/* How many slots the next place that schedule_take returns will need; 0: it has them, or there is none. */
uint32_t schedule_needed(const struct level *l);
/* The place's item succeeded and there is a next one, which the caller continues with. */
void schedule_go_on(struct place *p);
/* The place whose turn would be next if every step were a hit. Each place is named once, and not
 * after it was taken. NULL: none is left. */
struct place *schedule_upcoming(struct schedule *s);
/* Is this step one that the cache may answer? */
typedef bool schedule_looked_up(const void *ctx, const struct step *step);
/* follow.c: what follows from the present item of each place on. In `a`. */
void schedule_follow(struct schedule *s, struct place *const *from, uint32_t n, schedule_looked_up *looked_up, const void *ctx,
		     struct arena *a, struct following *ret);
/* All that comes after the place's next `first` items, whatever else it waits for: `steps` alone is filled. In `a`. */
void schedule_all_after(struct schedule *s, struct place *from, uint32_t first, schedule_looked_up *looked_up, const void *ctx,
			struct arena *a, struct following *ret);
bool schedule_complete(const struct schedule *s);

/* The rest of the place's node is done elsewhere. */
void schedule_skip(struct schedule *s, struct place *p);
/* Does something of the run come after the place's node? */
bool schedule_is_followed(const struct place *p);
/* The place's item is passed over: it is as it was in an earlier run. */
void schedule_pass(struct schedule *s, struct place *p);

/* Persistent nodes. One that is requested has its turn like any other. One that is pulled in by
 * those that wait for it is complete when its turn comes; it is started when the first of them must run. */
/* Something of the place's node must run. false: not all services that it uses are up; those are asked
 * for, and the place has been put away until they are. */
bool schedule_served(struct schedule *s, struct place *p);
/* The place's persistent step goes on running: it takes no slot. */
void schedule_leave(struct place *p);
/* The service can be used. false: as schedule_done. */
bool schedule_up(struct schedule *s, struct place *p);
/* Is the service still needed: by a node that uses it and has not ended, or by the user? */
bool schedule_needs(const struct schedule *s, const struct place *p);
/* Does a node still need it, whatever the user asked for? */
bool schedule_is_used(const struct schedule *s, const struct place *p);
#endif
