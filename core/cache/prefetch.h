/* prefetch: a thread reads the stat index and the history while the plan is still being
 * made. It only reads: cache_open decides later whether the directory may be trusted, and
 * takes over what was read. */
#ifndef CACHE_PREFETCH_H
#define CACHE_PREFETCH_H

struct cache_prefetch;
struct history;
struct ledger;
struct stat_cache;

/* `dir`: from directory_place. NULL: the stat index is too small to be worth a thread. */
struct cache_prefetch *cache_prefetch_start(const char *dir);
/* Waits for the thread and frees. NULL is fine. */
void cache_prefetch_free(struct cache_prefetch *a);

/* For cache.c: hands over the index, the history or the ledger, which the thread may still be reading (each
 * has a lock of its own). The caller closes it, after cache_prefetch_join. */
struct stat_cache *cache_prefetch_stats(struct cache_prefetch *a);
struct history *cache_prefetch_history(struct cache_prefetch *a);
struct ledger *cache_prefetch_ledger(struct cache_prefetch *a);
void cache_prefetch_join(struct cache_prefetch *a);              /* NULL is fine */
#endif
