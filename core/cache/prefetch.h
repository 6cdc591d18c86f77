/* prefetch: a thread reads the stat index and the history while the plan is still being
 * made, by descriptors of its own. cache_open takes over what was read. */
#ifndef CACHE_PREFETCH_H
#define CACHE_PREFETCH_H

struct cache_prefetch;
struct history;
struct ledger;
struct stat_cache;

/* `dir`: from directory_place; `root`: the workspace's. NULL: the stat index is too small to be worth a thread, or the
 * directory may not be used. */
struct cache_prefetch *cache_prefetch_start(const char *dir, const char *root);
/* Waits for the thread and frees. NULL is fine. */
void cache_prefetch_free(struct cache_prefetch *a);

/* For cache.c: hands over the index, the history or the ledger, which the thread may still be reading (each
 * has a lock of its own). The caller closes it, after cache_prefetch_join and before
 * cache_prefetch_free. */
struct stat_cache *cache_prefetch_stats(struct cache_prefetch *a);
struct history *cache_prefetch_history(struct cache_prefetch *a);
struct ledger *cache_prefetch_ledger(struct cache_prefetch *a);
void cache_prefetch_join(struct cache_prefetch *a);              /* NULL is fine */
#endif
