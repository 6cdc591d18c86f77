/* What is shown while the tasks run: interleaved, labeled or grouped. */
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

/* "~/packages/a$ node ok.js", coloured: as it stands on command lines and in the summary. */
void live_command(const struct step *step, struct buf *b);
/* The command line with its status (without label and newline): `vt run --dry-run`
 * shows it too, with `executing` false. */
void live_status(const struct step *step, const struct step_start *start, bool executing, struct buf *b);
#endif
