#include "config.h"

#include "os/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "os/loop.h"

enum {
	WORKERS_LEAST = 2,         /* two, however few processors: one may wait for a disk */
	WORKERS_MOST = 64
};

struct item {
	struct item *next;
	void (*fn)(void *ctx);
	void *ctx;
};

struct workers {
	pthread_mutex_t lock;          /* guards all below but threads */
	pthread_cond_t more;           /* an item was added, or `ending` was set */
	struct item *first, **end;     /* items that no thread has taken yet */
	unsigned waiting;              /* how many items those are */
	unsigned idle;                 /* threads that wait for an item */
	bool ending;
	unsigned n, most;              /* threads; the caller's alone */
	pthread_t threads[WORKERS_MOST];
};

/* Each thread has a stack of megabytes: few where memory is limited. */
static unsigned most_threads(void)
{
	struct rlimit memory;
	unsigned cpus = os_cpus();

	if (getrlimit(RLIMIT_AS, &memory) == 0 && memory.rlim_cur != RLIM_INFINITY)
		return WORKERS_LEAST;
	return cpus < WORKERS_LEAST ? WORKERS_LEAST : cpus > WORKERS_MOST ? WORKERS_MOST : cpus;
}

struct workers *workers_new(void)
{
	struct workers *w = xcalloc(1, sizeof *w);

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	w->end = &w->first;
	return w;
}

/* With the lock held. NULL: the workers end. */
static struct item *take(struct workers *w)
{
	struct item *i;

	w->idle++;
	while (!w->first && !w->ending)
		pthread_cond_wait(&w->more, &w->lock);
	w->idle--;
	i = w->first;
	if (!i)
		return NULL;
	w->first = i->next;
	if (!w->first)
		w->end = &w->first;
	w->waiting--;
	return i;
}

static void *worker(void *ctx)
{
	struct workers *w = ctx;
	struct item *i;

	pthread_mutex_lock(&w->lock);
	while ((i = take(w))) {
		pthread_mutex_unlock(&w->lock);
		i->fn(i->ctx);
		free(i);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* A thread that was started and has not come to its first item yet does not count as idle:
 * at worst one more is started than was needed. */
static void start_thread(struct workers *w)
{
	if (w->most == 0)
		w->most = most_threads();
	if (w->n < w->most && pthread_create(&w->threads[w->n], NULL, worker, w) == 0)
		w->n++;
}

bool workers_run(struct workers *w, void (*fn)(void *ctx), void *ctx)
{
	struct item *i;
	bool enough;

	pthread_mutex_lock(&w->lock);
	enough = w->idle > w->waiting;
	pthread_mutex_unlock(&w->lock);
	if (!enough)
		start_thread(w);
	if (w->n == 0)
		return false;
	i = xcalloc(1, sizeof *i);
	i->fn = fn;
	i->ctx = ctx;
	pthread_mutex_lock(&w->lock);
	*w->end = i;
	w->end = &i->next;
	w->waiting++;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	return true;
}

void workers_free(struct workers *w)
{
	unsigned i;

	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_broadcast(&w->more);
	pthread_mutex_unlock(&w->lock);
	for (i = 0; i < w->n; i++)
		pthread_join(w->threads[i], NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->more);
	free(w);
}
