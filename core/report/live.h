/* live: shows a run while it goes on: interleaved, labeled or grouped. */
#ifndef REPORT_LIVE_H
#define REPORT_LIVE_H

#include "report/ci.h"
#include "report/event.h"

struct live;
struct screen;
struct step;
struct buf;

struct live_setup {
	enum log_mode mode;
	enum shown shown;          /* ERRORS: exec holds output back until a step has ended, as if mode were GROUPED; but not a service's */
	enum ci ci;                /* grouped: folds what a step printed, unless it failed */
	struct screen *screen;
};

struct live *live_new(const struct live_setup *setup);
void live_free(struct live *l);
struct listener live_listener(struct live *l);

/* Adds "~/packages/a$ node ok.js", coloured, as command lines and the summary show it. */
void live_command(const struct step *step, struct buf *b);
/* Adds the status behind a command, without a newline. `executing`: false for `vt run --dry-run`. */
void live_status(const struct step *step, const struct step_start *start, bool executing, struct buf *b);
#endif
