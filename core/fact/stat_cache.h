/* stat_cache: the stat index. It maps (device, inode, size, mtime, ctime) to a content id, so an
 * unchanged file is not read again. It is one file, read once; at the end, when something changed,
 * records are appended or the file is replaced. [any] */
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
struct stat_cache *stat_cache_new(int dir, const char *name);      /* `dir`: the file's folder, borrowed */
/* Reads the file, unless it was read. */
void stat_cache_load(struct stat_cache *s);
/* Call it before the first ask or put. `backend` names the fingerprint; ids of another one are forgotten. */
void stat_cache_use(struct stat_cache *s, const char *backend);
/* One answer for each stamp. Asking for several at once is cheaper: the processor fetches the
 * next records while one is compared. */
struct stat_answer {
	vt_id id;
	bool known;                    /* id is set */
};
enum { STAT_AT_ONCE = 16 };
void stat_cache_ask(struct stat_cache *s, const struct stamp *stamps, uint32_t n, struct stat_answer *ret);
/* `now_ns`: the file system's time (clock.h) before the file was stat'ed and read. A file that
 * changed just before that is not remembered: it could change again and keep the same times. */
void stat_cache_put(struct stat_cache *s, const struct stamp *stamp, const vt_id *id, int64_t now_ns);
/* `and_save`: write what changed; false after a dry run. */
void stat_cache_close(struct stat_cache *s, bool and_save);

void stamp_of(const struct stat *st, struct stamp *ret);
bool stamp_equal(const struct stamp *a, const struct stamp *b);
/* Did the file change so shortly before `now_ns`, or after it, that another change might get the same times? */
bool stamp_is_young(const struct stamp *s, int64_t now_ns);
#endif
