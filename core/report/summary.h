/* The end of a run: what became of its steps, compact or full. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "base/buf.h"
#include "report/event.h"

struct tail;

/* One executed step, with everything in words: this is what last.c writes and reads. */
struct summary_step {
	const char *label;         /* "pkg#task" */
	const char *command;       /* "~/packages/a$ node ok.js" */
	enum end_result result;
	enum start_status status;
	int exit_code;
	int64_t ms, saved_ms;
	const char *reason;        /* of a miss: words_details, or NULL: never seen before */
	const char *not_cached;    /* or NULL */
	const char *trouble;       /* or NULL */
	bool notice, read_and_wrote, failed, cancelled;
	uint32_t missing;              /* files that it made, that are gone and are not put back */
	struct texts inputs, outputs;      /* only when asked for */
};

struct summary {
	struct arena *arena;       /* owns all of it */
	struct summary_step *at;   /* in order of completion */
	uint32_t n;
	int exit_code;             /* of the run */
	bool lists;                /* keep inputs and outputs */
	const struct tail *tail;   /* what the first that failed printed last; NULL: not listened to, and it is not named */
};

struct summary *summary_new(bool lists);
void summary_free(struct summary *s);
struct listener summary_listener(struct summary *s);

/* The lines at the end of a run; nothing where there is nothing to say. */
void summary_compact(const struct summary *s, struct buf *b);
/* `lists`: with inputs and outputs (-vv). */
void summary_full(const struct summary *s, bool lists, struct buf *b);
#endif
