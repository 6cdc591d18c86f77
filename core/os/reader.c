#include "config.h"

#include "os/reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "os/file.h"

enum {
	READER_MOST = 16 << 20,        /* bytes that wait to be taken: then the thread stops */
	READER_FRESH = 1 << 18         /* bytes of texts of which all was made */
};

enum item_state { ITEM_FREE, ITEM_BEING_READ, ITEM_READ };

struct reader_item {
	_Atomic int state;             /* who sets BEING_READ reads it */
	int found;                     /* what file_read said: 0 or 1; READ by the thread only */
	struct bytes bytes;
	void *made;
};

struct reader {
	struct reader_setup setup;
	struct reader_item *items;
	struct arena *arena;           /* the thread's: texts that are to be taken */
	struct arena *scratch;         /* the thread's: texts of which something is being made */
	pthread_t thread;
	bool started;
	_Atomic bool stop;
	pthread_mutex_t lock;          /* for the wait below */
	pthread_cond_t read;           /* an item became READ, or FREE again */
};

static bool claim(struct reader_item *item)
{
	int was = ITEM_FREE;

	return atomic_compare_exchange_strong(&item->state, &was, ITEM_BEING_READ);
}

static int read_text(struct reader *r, uint32_t i, struct reader_item *item)
{
	struct arena *a = r->setup.make ? r->scratch : r->arena;
	int found = file_read(r->setup.paths[i], r->setup.max, a, &item->bytes, NULL);

	if (found || !r->setup.make)
		return found;
	item->made = r->setup.make(r->setup.ctx, i, item->bytes);
	if (!item->made)
		item->bytes.data = arena_copy(r->arena, item->bytes.data, item->bytes.size);
	if (arena_size(r->scratch) > READER_FRESH) {
		arena_free(r->scratch);
		r->scratch = arena_new();
	}
	return 0;
}

/* What cannot be read is left to the owner, who tells why. */
static void read_one(struct reader *r, uint32_t i)
{
	struct reader_item *item = &r->items[i];

	item->found = read_text(r, i, item);
	pthread_mutex_lock(&r->lock);
	atomic_store(&item->state, item->found < 0 ? ITEM_FREE : ITEM_READ);
	pthread_cond_signal(&r->read);
	pthread_mutex_unlock(&r->lock);
}

static void *read_backwards(void *ctx)
{
	struct reader *r = ctx;
	uint32_t i;

	for (i = r->setup.n; i-- > 0 && !atomic_load(&r->stop) && arena_size(r->arena) < READER_MOST;) {
		if (!claim(&r->items[i]))
			break;         /* the owner came from the other side */
		read_one(r, i);
	}
	return NULL;
}

struct reader *reader_start(const struct reader_setup *setup)
{
	struct reader *r = xcalloc(1, sizeof *r);

	r->setup = *setup;
	r->items = xcalloc(setup->n, sizeof *r->items);
	r->arena = arena_new();
	r->scratch = arena_new();
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->read, NULL);
	r->started = pthread_create(&r->thread, NULL, read_backwards, r) == 0;
	return r;
}

static void wait_for(struct reader *r, struct reader_item *item)
{
	pthread_mutex_lock(&r->lock);
	while (atomic_load(&item->state) == ITEM_BEING_READ)
		pthread_cond_wait(&r->read, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

int reader_take(struct reader *r, uint32_t i, struct arena *a, struct bytes *ret, void **ret_made, struct err *err)
{
	struct reader_item *item = &r->items[i];

	*ret_made = NULL;
	if (!claim(item)) {
		wait_for(r, item);
		if (atomic_load(&item->state) == ITEM_READ) {
			*ret_made = item->made;
			if (item->found == 0 && !item->made)
				*ret = item->bytes;
			return item->found;
		}
	}
	return file_read(r->setup.paths[i], r->setup.max, a, ret, err);
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	atomic_store(&r->stop, true);
	if (r->started)
		pthread_join(r->thread, NULL);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->read);
	arena_free(r->arena);
	arena_free(r->scratch);
	free(r->items);
	free(r);
}
