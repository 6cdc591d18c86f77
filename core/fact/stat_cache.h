/* stat_cache: an unchanged file is not read again. From (device, inode, size,
 * mtime, ctime) to a content id; one file, read once, added to or written anew (by
 * rename) at the end when something changed. [any] */
#ifndef FACT_STAT_CACHE_H
#define FACT_STAT_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "vt-plugin.h"

struct stat_cache;

struct stamp {
	uint64_t device, inode, size;
	int64_t mtime_ns, ctime_ns;
};

/* Reads nothing yet. A missing or damaged file is an empty index. */
struct stat_cache *stat_cache_new(const char *file);
/* Reads the file, unless that was done. */
void stat_cache_load(struct stat_cache *s);
/* Before the first ask and put. `backend`: whose ids they are; another's are forgotten. */
void stat_cache_use(struct stat_cache *s, const char *backend);
/* One answer per stamp. Several at once cost less than one by one: the index is large, and
 * where to look next is fetched while the one before is looked at. */
struct stat_answer {
	vt_id id;
	bool known;                    /* id is set */
};
enum { STAT_AT_ONCE = 16 };
void stat_cache_ask(struct stat_cache *s, const struct stamp *stamps, uint32_t n, struct stat_answer *ret);
/* `now_ns`: what the file system called now, before the file was stat'ed and read.
 * A file that changed too shortly before is not remembered: it could change again
 * and look the same. */
void stat_cache_put(struct stat_cache *s, const struct stamp *stamp, const vt_id *id, int64_t now_ns);
/* `and_save`: false after a dry run. Writes as much as changed. */
void stat_cache_close(struct stat_cache *s, bool and_save);

void stamp_of(const struct stat *st, struct stamp *ret);
bool stamp_equal(const struct stamp *a, const struct stamp *b);
/* Did it change at `now_ns` or too shortly before to be told apart from then? */
bool stamp_is_young(const struct stamp *s, int64_t now_ns);
#endif
