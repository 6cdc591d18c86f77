/* sender: the thread of a far store that sends offered results, in groups, until the run and its budget are over. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/wait.h"
#include "far/inside.h"
#include "os/loop.h"           /* for os_now_ns */

enum { COLLECT_MS = 300 };             /* how long a first result waits for others */

/* With the lock. Waits a little for more offers, which are sent together with the first. */
static void collect_more(struct far_sender *s)
{
	int64_t until = os_now_ns() + COLLECT_MS * INT64_C(1000000);

	while (!s->far->ending && !s->awaited && s->n - s->taken < SENDER_GROUP && wait_until(&s->far->changed, &s->far->lock, until) == 0)
		;
}

/* With the lock. Notes which results of the group the store has now. */
static void note_sent(struct far_sender *s, const vt_id *bodies, const bool *there, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (there[i] && !map_get(&s->sent, bodies[i].byte, sizeof bodies[i].byte))
			*map_put(&s->sent, arena_copy(s->arena_sent, bodies[i].byte, sizeof bodies[i].byte), sizeof bodies[i].byte) = s;
}

static void *send_all(void *ctx)
{
	struct far_sender *s = ctx;
	struct far *f = s->far;
	struct far_store *store = f->stores[s->store];
	vt_id bodies[SENDER_GROUP];
	bool there[SENDER_GROUP];
	uint32_t failed, n;

	pthread_mutex_lock(&f->lock);
	for (;;) {
		while (s->taken == s->n && !f->ending)
			pthread_cond_wait(&f->changed, &f->lock);
		if (s->taken == s->n)
			break;
		collect_more(s);
		for (n = 0; n < SENDER_GROUP && s->taken < s->n; n++) {
			bodies[n] = s->offers[s->taken++];
			there[n] = false;
		}
		s->busy = true;
		pthread_mutex_unlock(&f->lock);
		failed = far_store_is_well(store) ? 0 : n;     /* a store that is well declines: no failure */
		if (far_store_writes(store))
			failed = sender_send(s, bodies, n, there);
		pthread_mutex_lock(&f->lock);
		s->busy = false;
		note_sent(s, bodies, there, n);
		s->failed += failed;
		pthread_cond_broadcast(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	sender_complete_steps(s);
	pthread_mutex_lock(&f->lock);
	s->complete = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

void sender_start(struct far_sender *s)
{
	if (!s->runs)
		s->runs = pthread_create(&s->thread, NULL, send_all, s) == 0;
}

void sender_clear(struct far_sender *s)
{
	map_free(&s->there);
	map_free(&s->small);
	map_free(&s->steps);
	map_free(&s->sent);
	arena_free(s->arena_sent);
	arena_free(s->arena);
	free(s->offers);
}

void far_offer(struct far *f, const vt_id *body)
{
	uint32_t i;

	pthread_mutex_lock(&f->lock);
	for (i = 0; i < f->stores_n && !f->ending; i++) {
		struct far_sender *s = &f->senders[i];

		if (!far_store_takes(f->stores[i]) || !(f->setup.keys->keyed || f->setup.keys->signs || far_store_unsealed(f->stores[i])))
			continue;
		if (s->n == s->room) {
			s->room = s->room ? s->room * 2 : 64;
			s->offers = xrealloc(s->offers, s->room, sizeof *s->offers);
		}
		s->offers[s->n++] = *body;
		sender_start(s);
		pthread_cond_broadcast(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
}

/* With the lock. Is the result offered, and neither sent nor given up yet? */
static bool is_pending(const struct far_sender *s, const vt_id *body)
{
	uint32_t i;

	if (!s->runs || s->complete || map_get(&s->sent, body->byte, sizeof body->byte))
		return false;
	for (i = s->busy && s->taken > SENDER_GROUP ? s->taken - SENDER_GROUP : s->busy ? 0 : s->taken; i < s->n; i++)
		if (memcmp(s->offers[i].byte, body->byte, sizeof body->byte) == 0)
			return true;
	return false;
}

bool far_await_sent(struct far *f, uint32_t store, const vt_id *body, const volatile int *stop)
{
	struct far_sender *s = &f->senders[store];
	bool ret;

	pthread_mutex_lock(&f->lock);
	s->awaited++;
	pthread_cond_broadcast(&f->changed);
	while (is_pending(s, body) && !__atomic_load_n(stop, __ATOMIC_RELAXED))
		wait_until(&f->changed, &f->lock, os_now_ns() + COLLECT_MS * INT64_C(1000000));
	s->awaited--;
	ret = map_get(&s->sent, body->byte, sizeof body->byte) != NULL;
	pthread_mutex_unlock(&f->lock);
	return ret;
}

uint32_t far_flush(struct far *f, uint32_t *ret_n)
{
	bool waits = true;
	uint32_t i, ret = 0;

	*ret_n = 0;
	pthread_mutex_lock(&f->lock);
	while (waits) {
		waits = false;
		for (i = 0; i < f->stores_n; i++)
			waits = waits || (f->senders[i].runs && (f->senders[i].busy || f->senders[i].taken < f->senders[i].n));
		if (waits)
			pthread_cond_wait(&f->changed, &f->lock);
	}
	for (i = 0; i < f->stores_n; i++) {
		ret = f->senders[i].failed > ret ? f->senders[i].failed : ret;
		*ret_n = f->senders[i].n > *ret_n ? f->senders[i].n : *ret_n;
	}
	pthread_mutex_unlock(&f->lock);
	return ret;
}
