/* The last run's summary, kept for `vt run --last-details`. */
#ifndef REPORT_LAST_H
#define REPORT_LAST_H

#include "report/summary.h"

/* As <dir>/last-summary.json, whole or not at all. Nobody is told when that fails. */
void last_save(const struct summary *s, const char *dir);

enum last_state { LAST_READ, LAST_NONE, LAST_OTHER };      /* OTHER: it cannot be understood */
enum last_state last_read(const char *dir, struct summary **ret);
#endif
