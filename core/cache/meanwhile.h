/* meanwhile: did somebody else change an input while the task ran? What a run
 * depends on is looked at after it; so whatever was changed in between by others
 * than the task would be kept as if the task had seen it.
 *
 * Told by what the tracer saw when the task asked (there, or absent) and by times
 * of the file system: contents and links by their own, names by their directory's,
 * and a directory that was moved has a newer ctime than mtime. */
#ifndef CACHE_MEANWHILE_H
#define CACHE_MEANWHILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "fact/fact.h"

struct seen;

struct meanwhile {
	int root_fd;
	int64_t started_ns;            /* what the file system called the run's start */
	int64_t now_ns;                /* ... and calls the moment after the states were found; set by the caller */
	bool copies_up;                /* an overlay: directories' ctimes say nothing */
	struct map written;            /* paths that the task wrote, moved or removed, as it was seen */
	struct map moved;              /* ... moved: all below them goes with them */
	struct map within;             /* directories in which it did that */
	struct map sights;             /* path: VT_SEEN_THERE, VT_SEEN_ABSENT or both */
	struct map folders;            /* directories already looked at: "y": changed, "n" */
};

void meanwhile_init(struct meanwhile *m, int root_fd, int64_t started_ns, const struct seen *seen);
void meanwhile_free(struct meanwhile *m);
bool meanwhile_written(const struct meanwhile *m, struct bytes path);
/* Is there content at `path` that is newer than the start? */
bool meanwhile_newer(const struct meanwhile *m, struct bytes path);
/* A fact with the state it has after the run: did others touch it? */
bool meanwhile_changed(struct meanwhile *m, const struct fact *f);
#endif
