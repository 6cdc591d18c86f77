/* Shared by service.c and services.c alone. */
#ifndef EXEC_SERVICES_INSIDE_H
#define EXEC_SERVICES_INSIDE_H

#include "base/digest.h"
#include "base/map.h"
#include "exec/services.h"
#include "plan/step.h"
#include "workspace/workspace.h"

enum {
	SERVICE_GRACE_MS = 5000            /* from TERM to KILL */
};

enum service_state { SERVICE_WAITING, SERVICE_CHECKING, SERVICE_STARTING, SERVICE_UP, SERVICE_ENDING };

struct services {
	struct loop *loop;
	char *supervisor;
	struct processes *processes;       /* made for the first */
	struct run *run;                   /* NULL: between runs */
	const struct listener *listeners;
	uint32_t listeners_n;
	struct service *first;
	struct timer *last;                /* of services_finish */
	bool paused;
	bool dead;                         /* the supervisor died */
	struct arena *arena;               /* of `alone` */
	struct map alone;                  /* names of services that start set-uid programs: nothing may follow them */
};

/* One persistent step. `step` and what it points to are copies of what is shown of it: the plan is freed with its run. */
struct service {
	struct service *next, **link;      /* in of->first */
	struct services *of;
	struct place *place;               /* in the run that started it, or found it running; NULL: that run is over */
	const struct step *planned;        /* the plan's step; NULL: that run is over */
	struct arena *arena;
	struct step step;
	struct task task;
	struct ready ready;
	const char *dir;                   /* of its package, absolute */
	const struct exec_watcher *watcher;        /* of the session, which it outlives; NULL: none */
	const char *name;                  /* which step of which task: a path, a task, what it is within the command */
	struct digest how;                 /* how it is started */
	enum service_state state;
	bool told;                         /* listeners were told of its start */
	int64_t began_ns;                  /* when; run_clock's */
	bool cancelled;                    /* the run was stopped */
	bool again;                        /* the service failed because it was followed, and is started once more */
	bool requested;                    /* the user asked for it */
	const char *program;               /* absolute; NULL: not found */
	const char *trouble;               /* an error line, or NULL */
	struct readiness *readiness;       /* while CHECKING or STARTING; NULL: nothing tells when it is ready */
	struct child *child;               /* NULL: not started */
	struct timer *grace;
};

/* service.c. Makes a service for the step of a place, and puts it at the front of the list. */
struct service *service_new(struct services *ss, struct place *p, const struct step *step);
void service_free(struct service *s);
/* Begins a service once the earlier one of the same place has ended. */
void service_begin(struct service *s);
/* TERM, and KILL 5 s later; frees one that was not started, and begins the one that waits for its end. */
void service_end(struct service *s);

/* services.c. The connection to the supervisor; one that died in an earlier run is replaced. */
struct processes *services_processes(struct services *ss);
#endif
