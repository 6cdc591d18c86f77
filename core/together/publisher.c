/* publisher: the thread that waits until the results of a finished task are sent, and then tells the other runners. */
#include "config.h"

#include <stdlib.h>

#include "cache/cache.h"
#include "together/link_inside.h"

/* Is the result in one of the stores? */
static bool is_sent(struct link *l, const struct digest *result)
{
	uint32_t i;
	vt_id body;

	memcpy(body.byte, result->byte, sizeof body.byte);
	for (i = 0; i < far_stores(l->setup.far); i++)
		if (far_await_sent(l->setup.far, i, &body, &l->give_up))
			return true;
	return false;
}

static void tell(struct link *l, struct telling *t)
{
	struct notice r = { .state = t->is.code ? NOTICE_FAILED : NOTICE_DONE, .code = t->is.code, .kept = t->is.kept && !t->is.code,
			    .owner = l->owner, .runner = l->setup.runner, .label = t->is.label, .key = t->is.key };
	uint32_t i;

	if (r.kept)
		cache_flush(l->setup.cache);
	for (i = 0; i < t->is.results_n && r.kept; i++)
		r.kept = is_sent(l, &t->is.results[i]);
	if (t->is.ends && link_put_notice(l, &l->failure, &r) < 0)
		link_trouble(l, "takes nothing");
	if (link_put_notice(l, &t->is.name, &r) < 0)
		link_trouble(l, "takes nothing");
	link_let_go(l, &t->is.name);
}

void link_telling_free(struct telling *t)
{
	arena_free(t->arena);
	free(t);
}

void *link_tell_all(void *ctx)
{
	struct link *l = ctx;
	struct telling *t;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		t = l->todo;
		if (!t && l->ending)
			break;
		if (!t) {
			pthread_cond_wait(&l->changed, &l->lock);
			continue;
		}
		if (!(l->todo = t->next))
			l->todo_end = &l->todo;
		l->busy = true;
		pthread_mutex_unlock(&l->lock);
		if (!l->give_up)
			tell(l, t);
		link_telling_free(t);
		pthread_mutex_lock(&l->lock);
		l->busy = false;
		pthread_cond_broadcast(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

void link_tell(struct link *l, const struct link_done *done)
{
	struct telling *t = xcalloc(1, sizeof *t), **at;

	t->arena = arena_new();
	t->is = *done;
	t->is.label = arena_str(t->arena, done->label);
	t->is.results = arena_copy(t->arena, done->results_n ? (const void *)done->results : "", done->results_n * sizeof *done->results);
	t->is.key = (struct bytes){ arena_copy(t->arena, done->key.size ? done->key.data : "", done->key.size), done->key.size };
	pthread_mutex_lock(&l->lock);
	/* a failure overtakes results that are still being sent */
	at = done->code ? &l->todo : l->todo_end;
	t->next = *at;
	*at = t;
	if (!t->next)
		l->todo_end = &t->next;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}
