/* events: --events: a line of JSON for each start and end of a step, written as they come, and a file with what each
 * step printed, so that a script or an assistant reads one line and opens what it needs. */
#ifndef REPORT_EVENTS_H
#define REPORT_EVENTS_H

#include <stdint.h>

#include "base/err.h"
#include "report/account.h"
#include "report/event.h"

struct events;
struct sink;

#define EVENTS_LOGS ".logs"            /* what the name of the folder of logs has more than the file's */

struct events_setup {
	struct sink *sink;             /* borrowed */
	const struct account_start *start;
	const struct summary *summary; /* for the counts at the end: its listener must come before */
	uint32_t total;                /* steps and echos of the plan */
	const char *temporary;         /* where the folder of logs is made if the sink is no file */
};

/* Makes the folder of the logs: FILE.logs beside the sink's file, emptied of older logs. */
int events_new(const struct events_setup *setup, struct events **ret, struct err *err);
/* -1: err tells that a log was lost. NULL is fine. */
int events_free(struct events *v, struct err *err);
struct listener events_listener(struct events *v);
#endif
