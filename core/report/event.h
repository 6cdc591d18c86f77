/* report: shows what happens. exec sends events to listeners (live, summary, tail), which decide what
 * is shown. Report calls no other room back. Uses plan and workspace (labels), fact (changes), os, text,
 * base. */
#ifndef REPORT_EVENT_H
#define REPORT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "fact/change.h"

struct step;

/* What the command line of a step shows behind the command. */
enum start_status {
	START_DISABLED,            /* ⊘ cache disabled */
	START_HIT,                 /* ◉ cache hit, replaying */
	START_MISS,                /* ○ cache miss: <reason>, executing */
	START_FIRST                /* nothing: the step never ran before */
};

struct step_start {
	enum start_status status;
	const struct changes *why;         /* MISS */
	const char *because;               /* MISS: the reason in words, instead of `why`; or NULL */
	const char *origin;                /* HIT: the far store that it came from; or NULL */
	bool inherits;                     /* the child writes to vt's own stdout and stderr (uncached, interleaved) */
};

enum end_result {
	END_DONE,                  /* the step ran; see exit_code */
	END_HIT,
	END_BUILTIN,
	END_NOT_STARTED            /* the step could not be started; see trouble */
};

/* One time that a step was run. */
struct attempt {
	int exit_code;             /* 128 + n for signals */
	int64_t ms;
	bool timed_out;            /* the step was ended because its time was over */
};

/* The result of a step. Borrowed for the call; `summary` copies what it keeps. */
struct outcome {
	enum end_result result;
	enum start_status status;
	int exit_code;             /* 128 + n for signals */
	int64_t ms, saved_ms;
	struct changes why;        /* reason of a miss */
	const char *because;       /* reason of a miss in words, instead of `why`; or NULL */
	const char *origin;        /* of a hit: the far store that it came from in this run; or NULL. Good until the cache is closed */
	const char *not_cached;    /* the text after "Not cached: ", or NULL */
	const char *not_shared;    /* why far stores do not get its result, or NULL */
	bool notice;               /* the compact summary shows not_cached */
	bool read_and_wrote;       /* ... in the words "modified its input" */
	const char *trouble;       /* an error, one line without the mark; or NULL */
	bool failed;               /* the step counts as failed */
	bool cancelled;            /* the step was ended because the run was stopped; not failed */
	struct texts inputs, outputs;      /* for -vv; n 0: not known */
	struct texts effects;              /* the same: what else the step left */
	uint32_t missing;          /* of a hit: files that its task made, that were removed since and that are not restored */
	const struct attempt *attempts;    /* of a step that was run more than once: each, in order */
	uint32_t attempts_n;               /* 0: it was run once, or not at all */
	int64_t began_ns, ended_ns;        /* monotonic: when it was told as started and as finished; 0: exec_setup.timed is off */
};

/* Work for a step besides its command. */
enum span_kind { SPAN_LOOKUP, SPAN_RESTORE, SPAN_STORE };

struct span {
	enum span_kind kind;
	int64_t began_ns, ended_ns;        /* monotonic */
};

/* The events of a step come in this order. ENDED: its process is over; what it printed follows, if that was
 * held back. It comes for steps that ran in grouped mode only. SPAN: any time, and only if exec_setup.timed is on.
 * STILL_FAILING comes alone, of a step that is not run, for it failed before and nothing has changed for it. */
enum event_kind { EVENT_STARTED, EVENT_ENDED, EVENT_OUTPUT, EVENT_FINISHED, EVENT_SPAN, EVENT_RUN_FINISHED, EVENT_WARNING,
		  EVENT_STILL_FAILING };

struct event {
	enum event_kind kind;
	const struct step *step;           /* of STARTED, ENDED, OUTPUT, FINISHED, SPAN, STILL_FAILING */
	const struct step_start *start;
	int stream;                        /* OUTPUT: 1 or 2 */
	struct bytes output;
	bool failed;                       /* ENDED: it counts as failed */
	const struct outcome *outcome;     /* FINISHED */
	const struct span *span;           /* SPAN */
	int exit_code;                     /* RUN_FINISHED; STILL_FAILING: then */
	uint32_t not_run;                  /* RUN_FINISHED: tasks left out because others had failed, and the run went on */
	const char *text;                  /* WARNING: the whole line, newline included */
};

/* A listener; the caller owns it. */
struct listener {
	void (*on_event)(void *self, const struct event *e);
	void *self;
};

enum log_mode { LOG_INTERLEAVED, LOG_LABELED, LOG_GROUPED };

/* Which steps are shown: all; all, but with output only of those that are no hits; those that failed; none. */
enum shown { SHOWN_FULL, SHOWN_NEW, SHOWN_ERRORS, SHOWN_NONE };
#endif
