/* services: persistent steps that run. They may outlive the run that started them. On the loop.
 *
 *   WAITING ──► CHECKING ──► STARTING ──► UP ──► ENDING ──► over
 *      │  the old one ended    │ nothing     │ ready           ▲
 *      └───────────────────────┴─ in the way ┴─────────────────┘ TERM, 5 s, KILL
 */
#ifndef EXEC_SERVICES_H
#define EXEC_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

struct listener;
struct loop;
struct place;
struct run;
struct services;

/* `supervisor`: absolute path of its program. */
struct services *services_new(struct loop *l, const char *supervisor);
/* Kills what still runs. */
void services_free(struct services *ss);
/* How many there are, in whatever state. NULL: none. */
uint32_t services_count(const struct services *ss);

/* During a run: it is told of all that happens. */
void services_attach(struct services *ss, struct run *r);
/* The run is over; what it started and is not up yet is dropped, the rest runs on. */
void services_detach(struct services *ss);
/* Between runs: who is told. The listener must outlive them. */
void services_listen(struct services *ss, const struct listener *listeners, uint32_t n);

/* The place's persistent step is to run. One of the same task that runs already is taken, if it was started in the same
 * way, and else ended first. */
void services_start(struct services *ss, struct place *p);
/* Ends the services that no node needs any more. */
void services_end_unneeded(struct services *ss);
/* Ends all, in order. */
void services_end(struct services *ss);
/* A signal has come to vt: typed at the terminal, or sent to it alone. They get it too. */
void services_signal(struct services *ss, int signum, bool typed);
void services_kill(struct services *ss);
/* Between runs: passes a signal on, and waits on the loop until all have ended, 5 s at most and then with KILL. */
void services_finish(struct services *ss, int signum, bool typed);
void services_pause(struct services *ss, bool pause);      /* stops or continues reading their pipes */
#endif
