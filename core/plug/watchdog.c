/* watchdog: ends a run whose plugin hangs. A thread cannot be taken out of a plugin, so the whole
 * program ends: when a call has neither returned nor called vt for a minute, plug_setup.hangs gets
 * a line that names the plugin. Time is counted in ticks of this thread, so that a stopped process
 * or a debugger costs one tick only. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/env.h"
#include "plug/inside.h"

enum { LIMIT_S = 60, LIMIT_MAX = 86400 };

static uint32_t limit_of(const struct env *env)
{
	const char *word = env_get(env, "VT_PLUGIN_PATIENCE");
	char *end;
	long n = word ? strtol(word, &end, 10) : LIMIT_S;

	return word && (*end || end == word || n < 1 || n > LIMIT_MAX) ? LIMIT_S : (uint32_t)n;
}

/* Adds a tick to a call without a new sign. Returns whether the call has been quiet too long. */
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
	struct watchdog *w = &p->watchdog;
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

void watchdog_init(struct plug *p)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&p->watchdog.lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->watchdog.wake, &attr);
	pthread_condattr_destroy(&attr);
}

void watchdog_begin(struct plug_call *c)
{
	struct plug *p = c->component->plug;
	struct watchdog *w = &p->watchdog;

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

void watchdog_end(struct plug_call *c)
{
	struct plug *p = c->component->plug;

	/* neighbours in the list write c->prev: it is not read without the lock */
	if (!p->setup.hangs)
		return;
	pthread_mutex_lock(&p->watchdog.lock);
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	pthread_mutex_unlock(&p->watchdog.lock);
}

void watchdog_free(struct plug *p)
{
	struct watchdog *w = &p->watchdog;

	pthread_mutex_lock(&w->lock);
	w->ends = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (w->runs)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
}
