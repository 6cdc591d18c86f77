/* left: the state of each path that a run wrote or moved, as records for parts that decide on outputs. */
#ifndef EFFECT_LEFT_H
#define EFFECT_LEFT_H

#include "vt-plugin.h"

struct arena;
struct seen;

/* One VT_SEEN_WRITE with VT_SEEN_LEFT for each path, looked at now: of a folder that was moved, for all that is in it. Sorted
 * by name, each once; in `a`. */
vt_seen *left_records(const struct seen *seen, int root_fd, struct arena *a, uint32_t *ret_n);
#endif
