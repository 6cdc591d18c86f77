#include "config.h"

#include "cache/prefetch.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "cache/inside.h"
#include "fact/stat_cache.h"
#include "record/history.h"
#include "text/path.h"

enum { PREFETCH_LEAST = 128 << 10 };      /* bytes of the stat index from which a thread is worth its start */

struct cache_prefetch {
	struct directory dir;          /* the files' */
	struct stat_cache *stats;      /* NULL: taken */
	struct history *history;       /* NULL: taken */
	struct ledger *ledger;         /* NULL: taken */
	pthread_t reader;
	bool reading;                  /* the reader has not been joined */
	struct reading {               /* the reader's own pointers: to all, taken or not */
		struct stat_cache *stats;
		struct history *history;
		struct ledger *ledger;
	} of;
};

static void *read_all(void *ctx)
{
	const struct reading *r = ctx;

	history_load(r->history);
	stat_cache_load(r->stats);
	ledger_load(r->ledger);
	return NULL;
}

struct cache_prefetch *cache_prefetch_start(const char *dir, const char *root)
{
	struct arena *a = arena_new();
	const char *stats = path_join(a, dir, "v" CACHE_FORMAT "/stat");
	struct cache_prefetch *prefetch = NULL;
	struct stat st;

	if (lstat(stats, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= PREFETCH_LEAST) {
		prefetch = xcalloc(1, sizeof *prefetch);
		directory_init(&prefetch->dir, dir, root, true);
		/* why it cannot be used is reported when the cache is opened */
		if (directory_open(&prefetch->dir, NULL)) {
			cache_prefetch_free(prefetch);
			arena_free(a);
			return NULL;
		}
		prefetch->of.stats = prefetch->stats = stat_cache_new(prefetch->dir.inner_fd, "stat");
		prefetch->of.history = prefetch->history = history_new(prefetch->dir.inner_fd, "history");
		prefetch->of.ledger = prefetch->ledger = ledger_new(prefetch->dir.inner_fd, "ledger");
		prefetch->reading = pthread_create(&prefetch->reader, NULL, read_all, &prefetch->of) == 0;
	}
	arena_free(a);
	return prefetch;
}

struct stat_cache *cache_prefetch_stats(struct cache_prefetch *a)
{
	struct stat_cache *s = a->stats;

	a->stats = NULL;
	return s;
}

struct history *cache_prefetch_history(struct cache_prefetch *a)
{
	struct history *h = a->history;

	a->history = NULL;
	return h;
}

struct ledger *cache_prefetch_ledger(struct cache_prefetch *a)
{
	struct ledger *l = a->ledger;

	a->ledger = NULL;
	return l;
}

void cache_prefetch_join(struct cache_prefetch *a)
{
	if (!a || !a->reading)
		return;
	pthread_join(a->reader, NULL);
	a->reading = false;
}

void cache_prefetch_free(struct cache_prefetch *a)
{
	if (!a)
		return;
	cache_prefetch_join(a);
	stat_cache_close(a->stats, false);
	history_free(a->history, false);
	ledger_close(a->ledger, false);
	directory_free(&a->dir);
	free(a);
}
