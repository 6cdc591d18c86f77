/* last: the summary of the last run, kept for `vt run --last-details`. */
#ifndef REPORT_LAST_H
#define REPORT_LAST_H

#include "report/summary.h"

/* Writes last-summary in the folder `dir`, whole or not at all. A failure is not reported. */
void last_save(const struct summary *s, int dir);

enum last_state { LAST_READ, LAST_NONE, LAST_OTHER };      /* OTHER: another version of vt wrote it, or it is damaged */
enum last_state last_read(int dir, struct summary **ret);
#endif
