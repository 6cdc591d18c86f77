/* tracked: does the git index name a path? It tells whether a folder came with the repository. Runs no git. [any] */
#ifndef RECORD_TRACKED_H
#define RECORD_TRACKED_H

#include <stdbool.h>

/* Is `path` (absolute, clean), or anything below it, in the index of the repository around `dir` (absolute)? true
 * also for an index that cannot be read, and for what a split index has taken out of its shared part; false where there is no repository. */
bool tracked_below(const char *dir, const char *path);
#endif
