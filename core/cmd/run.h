/* run: `vt run`. run.c turns the words into a plan, execute.c runs it. */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "cmd/cmd.h"
#include "report/event.h"

struct arena;
struct backend;
struct err;
struct plan;
struct query_options;
struct workspace;

/* What the runs of --watch share. */
struct repeated {
	struct loop *loop;
	struct watch *watch;
	struct workspace *workspace;   /* as the last run had it; NULL: there was none, or it could not be read */
	struct services *services;     /* made in the first run that comes so far, like the rest */
	struct screen *screen;
	enum log_mode mode;
	struct live *live;
	struct listener listener;      /* live's: told of persistent steps between runs */
	const char *reason;            /* what the present run is for; NULL: it is the first, or that was shown */
	bool shown;                    /* the present run has shown something */
	int signum;                    /* of the signal that ended it all, or 0 */
	bool typed;
};

/* The plan that the options ask for, in `a`. The backend has its workspace. -1: err. */
int run_make_plan(struct backend *b, const struct query_options *options, struct arena *a, struct plan **ret, struct err *err);
/* Leaves only what --shard says in the plan. -1: err. */
int run_cut_plan(struct backend *b, const struct query_options *o, struct arena *a, struct plan *plan, struct err *err);
/* Runs the plan to its end and returns the exit code. The plan may be empty. */
int run_plan(struct backend *b, const struct plan *plan, const struct query_options *options);
/* `--last-details`: prints the stored summary and returns its exit code. `root`: absolute. */
int run_last_details(const struct session *s, const char *root);
#endif
