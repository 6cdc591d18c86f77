/* watchdog: ends a run whose plugin hangs. A thread cannot be taken out of a plugin, so the whole
 * program ends: when a call has neither returned nor called vt for a minute, or has not returned some
 * seconds after a signal told vt to end, plug_setup.hangs gets a line that names the plugin. Time is
 * counted in ticks of this thread, so that a stopped process or a debugger costs one tick only. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/wait.h"
#include "os/loop.h"           /* for os_now_ns */
#include "plug/inside.h"

enum {
	LIMIT_S = 60, LIMIT_MAX = 86400,
	TICK_S = 1,
	STOP_S = 6, STOP_AGAIN_S = 1       /* after a signal; a bit more than signalled tasks get */
};

uint32_t watchdog_limit(const struct plug *p)
{
	const char *word = env_get(p->setup.env, "VT_PLUGIN_PATIENCE");
	char *end;
	long n = word ? strtol(word, &end, 10) : LIMIT_S;

	return word && (*end || end == word || n < 1 || n > LIMIT_MAX) ? LIMIT_S : (uint32_t)n;
}

/* Adds a tick to a call without a new sign. Returns whether the call has been quiet too long. */
static bool hangs(struct plug_call *c, uint32_t limit)
{
	uint32_t signs = atomic_load_explicit(&c->signs, memory_order_relaxed);

	c->quiet = signs == c->signs_then ? c->quiet + TICK_S : 0;
	c->signs_then = signs;
	return c->quiet >= limit;
}

/* The call that does not return, in words. */
static bool find_hanging(struct watchdog *w, int signum, char *ret, size_t room)
{
	bool late = signum != 0 && w->stopping >= (signum < 0 ? STOP_AGAIN_S : STOP_S);
	struct plug_call *c;

	for (c = w->calls; c; c = c->next) {
		if (hangs(c, w->limit)) {
			snprintf(ret, room, "plugin '%s': %s has neither returned nor asked for anything for %u s",
				 c->scene.who, c->operation, w->limit);
			return true;
		}
		if (late) {
			snprintf(ret, room, "plugin '%s': %s has not returned since vt was told to end", c->scene.who, c->operation);
			return true;
		}
	}
	return false;
}

static void *watch(void *ctx)
{
	struct plug *p = ctx;
	struct watchdog *w = &p->watchdog;
	char text[300];
	bool found = false;
	int signum = 0;

	pthread_mutex_lock(&w->lock);
	while (!w->ends && !found) {
		wait_until(&w->wake, &w->lock, os_now_ns() + TICK_S * INT64_C(1000000000));
		signum = __atomic_load_n(&p->stopping, __ATOMIC_RELAXED);
		w->stopping += signum ? TICK_S : 0;
		found = !w->ends && find_hanging(w, signum, text, sizeof text);
	}
	pthread_mutex_unlock(&w->lock);
	if (found)
		p->setup.hangs(p->setup.ctx, text, signum < 0 ? -signum : signum);
	return NULL;
}

void watchdog_init(struct plug *p)
{
	pthread_mutex_init(&p->watchdog.lock, NULL);
	wait_init(&p->watchdog.wake);
}

void watchdog_begin(struct plug *p, struct plug_call *c)
{
	struct watchdog *w = &p->watchdog;

	if (!p->setup.hangs)
		return;
	pthread_mutex_lock(&w->lock);
	if (!w->limit) {
		w->limit = watchdog_limit(p);
		w->runs = !pthread_create(&w->thread, NULL, watch, p);
	}
	c->next = w->calls;
	c->prev = &w->calls;
	if (c->next)
		c->next->prev = &c->next;
	w->calls = c;
	pthread_mutex_unlock(&w->lock);
}

void watchdog_end(struct plug *p, struct plug_call *c)
{
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
