/* ahead: what a run will ask of the core's own files in the cache is read while its
 * plan is still being made. Nothing is made or changed, and nothing is decided: whether
 * the directory may be trusted, and what the numbers mean, is seen to by cache_open,
 * which takes it over. */
#ifndef CACHE_AHEAD_H
#define CACHE_AHEAD_H

struct cache_ahead;
struct history;
struct stat_cache;

/* `dir`: as cache_place tells it. NULL: there is too little to be worth a thread. */
struct cache_ahead *cache_ahead_start(const char *dir);
/* Waits for the reader, where it still reads, and frees. NULL is fine. */
void cache_ahead_free(struct cache_ahead *a);

/* For cache.c: read, or being read (they have locks of their own). The caller's to close
 * from now on, but not before cache_ahead_join. */
struct stat_cache *cache_ahead_stats(struct cache_ahead *a);
struct history *cache_ahead_history(struct cache_ahead *a);
void cache_ahead_join(struct cache_ahead *a);              /* NULL is fine */
#endif
