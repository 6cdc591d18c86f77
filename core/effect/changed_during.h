/* changed_during: did another program change an input while the task ran? The states of
 * inputs are read after the run, so without this check a state that the task never saw
 * would be stored as the state it saw.
 *
 * Evidence: what the tracer saw when the task asked for a path (there, or absent), and the
 * file system's times. A file's or link's own mtime and ctime tell of its content, its
 * directory's mtime tells of names that came or went, and a directory whose ctime is newer
 * than its mtime was moved. */
#ifndef EFFECT_CHANGED_DURING_H
#define EFFECT_CHANGED_DURING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "fact/fact.h"

struct arena;
struct seen;

struct changed_during {
	int root_fd;
	int64_t started_ns;            /* the run's start by the file system's clock */
	int64_t now_ns;                /* the moment after the states were read, by the same clock; set by the caller */
	bool copies_up;                /* an overlay: directories' ctimes say nothing */
	struct map written;            /* paths that the task wrote, moved or removed, as it was seen */
	struct map moved;              /* paths that it moved, with all below them */
	struct map within;             /* directories of these paths */
	struct map sights;             /* path: VT_SEEN_THERE, VT_SEEN_ABSENT or both */
	struct map inodes;             /* files with several names, of which the task wrote one: "y"; found when first asked for */
	struct bytes *renames;         /* the first of the task, in pairs: from, to */
	uint32_t renames_n;
	struct arena *keys;            /* of inodes; NULL: not found yet */
	struct map folders;            /* directories already looked at: "y": changed, "n" */
};

void changed_during_init(struct changed_during *m, int root_fd, int64_t started_ns, const struct seen *seen);
void changed_during_free(struct changed_during *m);
bool changed_during_written(const struct changed_during *m, struct bytes path);
/* Is there content at `path` that is newer than the start? */
bool changed_during_newer(struct changed_during *m, struct bytes path);
/* Is at most the ctime at `path` newer than the start? */
bool changed_during_touched(struct changed_during *m, struct bytes path);
/* `then` and `now`: states of a folder's listing. Did a name go that the task did not remove? */
bool changed_during_lost(const struct changed_during *m, struct bytes dir, struct bytes then, struct bytes now);
/* Did another program change the path of `f`, which carries the state after the run? `old`: of state_fill_since. */
bool changed_during_run(struct changed_during *m, const struct fact *f, bool old);
#endif
