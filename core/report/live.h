/* live: shows a run while it goes on: interleaved, labeled or grouped. */
#ifndef REPORT_LIVE_H
#define REPORT_LIVE_H

#include "report/event.h"

struct live;
struct screen;
struct step;
struct buf;

struct live *live_new(enum log_mode mode, struct screen *screen);
void live_free(struct live *l);
struct listener live_listener(struct live *l);

/* Adds "~/packages/a$ node ok.js", coloured, as command lines and the summary show it. */
void live_command(const struct step *step, struct buf *b);
/* Adds the status behind a command, without a newline. `executing`: false for `vt run --dry-run`. */
void live_status(const struct step *step, const struct step_start *start, bool executing, struct buf *b);
#endif
