/* A plugin that does not come back must not keep vt for ever. Nobody can take a thread
 * out of a plugin, so the rule is about the whole: a call that for a minute neither
 * returned nor asked vt for anything is the end of the run, told by name. Time is
 * counted in ticks of this thread: a process that is stopped, or a debugger, costs one. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/env.h"
#include "plug/inside.h"

enum { PATIENCE_S = 60, PATIENCE_MAX = 86400 };

static uint32_t limit_of(const struct env *env)
{
	const char *word = env_get(env, "VT_PLUGIN_PATIENCE");
	char *end;
	long n = word ? strtol(word, &end, 10) : PATIENCE_S;

	return word && (*end || end == word || n < 1 || n > PATIENCE_MAX) ? PATIENCE_S : (uint32_t)n;
}

/* Counts one more tick for each call that gave no sign. true: this one is too much. */
static bool hangs(struct plug_call *c, uint32_t tick, uint32_t limit)
{
	uint32_t signs = atomic_load_explicit(&c->signs, memory_order_relaxed);

	c->quiet = signs == c->signs_then ? c->quiet + tick : 0;
	c->signs_then = signs;
	return c->quiet >= limit;
}

static void *watch(void *ctx)
{
	struct plug *p = ctx;
	struct patience *w = &p->patience;
	const uint32_t tick = w->limit / 20 ? w->limit / 20 : 1;
	struct timespec until;
	char text[300];
	bool found = false;
	struct plug_call *c;

	pthread_mutex_lock(&w->lock);
	while (!w->ends && !found) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += tick;
		pthread_cond_timedwait(&w->wake, &w->lock, &until);
		for (c = w->calls; c && !w->ends && !found; c = c->next) {
			found = hangs(c, tick, w->limit);
			if (found)
				snprintf(text, sizeof text, "plugin '%s': %s has neither returned nor asked for anything for %u s",
					 c->component->choice.name, c->operation, w->limit);
		}
	}
	pthread_mutex_unlock(&w->lock);
	if (found)
		p->setup.hangs(p->setup.ctx, text);
	return NULL;
}

void patience_init(struct plug *p)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&p->patience.lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->patience.wake, &attr);
	pthread_condattr_destroy(&attr);
}

void patience_begin(struct plug_call *c)
{
	struct plug *p = c->component->plug;
	struct patience *w = &p->patience;

	if (!p->setup.hangs)
		return;
	pthread_mutex_lock(&w->lock);
	if (!w->limit) {
		w->limit = limit_of(p->setup.env);
		w->runs = !pthread_create(&w->thread, NULL, watch, p);
	}
	c->next = w->calls;
	c->prev = &w->calls;
	if (c->next)
		c->next->prev = &c->next;
	w->calls = c;
	pthread_mutex_unlock(&w->lock);
}

void patience_end(struct plug_call *c)
{
	struct plug *p = c->component->plug;

	/* c->prev is the neighbours' as well: nothing may be asked of it without the lock. */
	if (!p->setup.hangs)
		return;
	pthread_mutex_lock(&p->patience.lock);
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	pthread_mutex_unlock(&p->patience.lock);
}

void patience_free(struct plug *p)
{
	struct patience *w = &p->patience;

	pthread_mutex_lock(&w->lock);
	w->ends = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (w->runs)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
}
