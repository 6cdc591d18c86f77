/* progress: the foot of the screen while a run goes on: how much is done, and what runs for how long. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdint.h>

#include "report/event.h"

struct loop;
struct progress;
struct screen;

/* The screen has its foot on (screen_foot_on). `total`: steps and echos of the plan. */
struct progress *progress_new(struct loop *l, struct screen *screen, uint32_t total);
void progress_free(struct progress *p);            /* takes the foot away; NULL is fine */
struct listener progress_listener(struct progress *p);
#endif
