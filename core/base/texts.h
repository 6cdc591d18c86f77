/* Lists of strings that are kept in an arena. */
#ifndef BASE_TEXTS_H
#define BASE_TEXTS_H

#include <stdbool.h>

#include "base/mem.h"

/* Adds `s` itself, not a copy: it must live as long as the list. The list must have been
 * built by texts_add alone: its room follows from its length. */
void texts_add(struct arena *a, struct texts *t, const char *s);
/* Sorts by bytes and drops repetitions. */
void texts_sort(struct texts *t);
/* Is `s` in a list that texts_sort has sorted? */
bool texts_has(const struct texts *sorted, const char *s);
#endif
