#include "config.h"

#include "cache/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "cache/history.h"
#include "cache/inside.h"
#include "fact/stat_cache.h"
#include "text/path.h"

enum { AHEAD_LEAST = 128 << 10 };      /* bytes of the stat index from which on a thread is worth its start */

struct cache_ahead {
	struct stat_cache *stats;      /* NULL: taken */
	struct history *history;       /* NULL: taken */
	pthread_t reader;
	bool reading;                  /* the reader was not waited for */
	struct reading {               /* what the reader works on: those that were taken, too */
		struct stat_cache *stats;
		struct history *history;
	} of;
};

static void *read_both(void *ctx)
{
	const struct reading *r = ctx;

	history_load(r->history);
	stat_cache_load(r->stats);
	return NULL;
}

struct cache_ahead *cache_ahead_start(const char *dir)
{
	struct arena *a = arena_new();
	const char *stats = path_join(a, dir, "v" CACHE_FORMAT "/stat");
	struct cache_ahead *ahead = NULL;
	struct stat st;

	if (lstat(stats, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= AHEAD_LEAST) {
		ahead = xcalloc(1, sizeof *ahead);
		ahead->of.stats = ahead->stats = stat_cache_new(stats);
		ahead->of.history = ahead->history = history_new(path_join(a, dir, "v" CACHE_FORMAT "/history"));
		ahead->reading = pthread_create(&ahead->reader, NULL, read_both, &ahead->of) == 0;
	}
	arena_free(a);
	return ahead;
}

struct stat_cache *cache_ahead_stats(struct cache_ahead *a)
{
	struct stat_cache *s = a->stats;

	a->stats = NULL;
	return s;
}

struct history *cache_ahead_history(struct cache_ahead *a)
{
	struct history *h = a->history;

	a->history = NULL;
	return h;
}

void cache_ahead_join(struct cache_ahead *a)
{
	if (!a || !a->reading)
		return;
	pthread_join(a->reader, NULL);
	a->reading = false;
}

void cache_ahead_free(struct cache_ahead *a)
{
	if (!a)
		return;
	cache_ahead_join(a);
	stat_cache_close(a->stats, false);
	history_free(a->history, false);
	free(a);
}
