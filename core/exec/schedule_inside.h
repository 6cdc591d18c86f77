/* Shared by schedule.c and schedule_services.c alone. */
#ifndef EXEC_SCHEDULE_INSIDE_H
#define EXEC_SCHEDULE_INSIDE_H

#include "exec/schedule.h"

/* schedule.c: the place's item may be looked at. A persistent step needs no slot, and so is taken at once. */
void schedule_queue(struct place *p);

/* schedule_services.c: lists the persistent nodes of a level, and which nodes wait for each. In `a`. */
void schedule_list_services(struct level *l, struct arena *a);
#endif
