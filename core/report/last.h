/* last: the summary of the last run, kept for `vt run --last-details`. */
#ifndef REPORT_LAST_H
#define REPORT_LAST_H

#include "report/summary.h"

/* Writes <dir>/last-summary, whole or not at all. A failure is not reported. */
void last_save(const struct summary *s, const char *dir);

enum last_state { LAST_READ, LAST_NONE, LAST_OTHER };      /* OTHER: another version of vt wrote it, or it is damaged */
enum last_state last_read(const char *dir, struct summary **ret);
#endif
