/* summary: the end of a run, compact or full. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "base/buf.h"
#include "report/event.h"

struct tail;

/* An executed step, all in words. last.c writes and reads it. */
struct summary_step {
	const char *label;         /* "pkg#task" */
	const char *command;       /* "~/packages/a$ node ok.js" */
	enum end_result result;
	enum start_status status;
	int exit_code;
	int64_t ms, saved_ms;
	const char *reason;        /* of a miss, from words_details; NULL: it never ran before */
	const char *not_cached;    /* or NULL */
	const char *not_shared;    /* or NULL */
	const char *trouble;       /* or NULL */
	bool notice, read_and_wrote, failed, cancelled;
	uint32_t missing;              /* files that it made, that are gone and are not restored */
	struct texts inputs, outputs, effects;     /* of -vv; else empty */
	/* the rest: not kept by last.c */
	const char *package;           /* its folder, "" for the root */
	const char *origin;            /* of a hit: the far store that it came from in this run; or NULL */
	const char *cwd, *line;        /* of struct step: where it ran, and its command alone */
	const struct attempt *attempts;        /* as struct outcome has them */
	uint32_t attempts_n;
	int64_t began_ns, ended_ns;    /* as struct outcome has them */
};

/* Of a run that several machines share: how many tasks it has, and where they ran. The other tasks were hits here, or did not run. */
struct summary_shared {
	uint32_t tasks, here, elsewhere;
};

struct summary {
	struct arena *arena;       /* owns everything here */
	struct summary_step *at;   /* in order of completion */
	uint32_t n;
	int exit_code;             /* of the run */
	uint32_t not_run;          /* tasks left out because others had failed */
	struct texts still_failing;        /* tasks that failed in an earlier run, and were not run again as nothing had changed for them */
	bool lists;                /* keep inputs and outputs */
	bool is_shared;            /* `shared` is set */
	struct summary_shared shared;
	const struct tail *tail;   /* the last lines of failed steps; NULL: the end does not name failed steps */
	bool names_only;           /* failed steps are named without their last lines, which are in view or not wanted */
};

struct summary_counts {
	uint32_t tasks, hits, misses, disabled, failed, cancelled;
	uint32_t not_run;          /* tasks left out because others had failed */
	int64_t saved_ms;
	unsigned rate;             /* hits, per cent, rounded down */
};

struct summary *summary_new(bool lists);
void summary_free(struct summary *s);
struct listener summary_listener(struct summary *s);

/* Fills a step from its outcome; all of it in `a`. */
void summary_step_of(struct arena *a, const struct step *step, const struct outcome *o, bool lists, struct summary_step *ret);
struct summary_counts summary_count(const struct summary *s);

/* Adds the lines at the end of a run; none if there is nothing to say. */
void summary_compact(const struct summary *s, struct buf *b);
/* Adds the full summary. `lists`: with inputs and outputs (-vv). */
void summary_full(const struct summary *s, bool lists, struct buf *b);
#endif
