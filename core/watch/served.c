#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "os/loop.h"
#include "os/notify.h"
#include "service/writes.h"
#include "watch/inside.h"

/* served: tells whether a persistent task made a change in a package of which all files count.
 *
 *   a change ──► did a persistent task change the path a moment ago? ──no──► an edit
 *                  │ yes
 *                  ▼
 *               suspect ──► SERVED_QUIET_MS later: more arrivals than the task made? ──yes──► an edit, too
 *                                      └── no ──► the task's
 *
 * A call of a persistent task is known before it is done, so a change by it is never taken for an edit. A file that the task has open for
 * longer stays its own until it is closed. Where not all is known, a change counts as an edit, but not again and again. */

enum {
	SERVED_QUIET_MS = 25,          /* from a change to the look */
	SERVED_MOMENT_MS = 5000,       /* what was changed longer before is not the cause of a change that is told now */
	SERVED_SOON_MS = 5000,         /* a change so soon after a run may follow from it */
	SERVED_LOOKS = 40,             /* a file that changes from look to look is the persistent task's */
	SERVED_DECIDED = 256,          /* suspects that were decided, before they are freed */
	SERVED_PATHS = 1 << 14         /* suspects at once, and open files; further ones are the persistent task's */
};

/* A path that a persistent task has changed, and perhaps a user, too. */
struct suspect {
	const char *path;
	uint32_t arrivals;             /* how often its writer closed it, or it was moved there */
	uint32_t changes;              /* how often persistent tasks and the steps of a run changed it */
	bool decided;
	int64_t since_ms;              /* earlier changes by persistent tasks do not count */
	uint32_t looks;                /* how many looks found it changed again */
	struct told *told;             /* whom it concerns */
};

struct told {
	struct told *next;
	struct record *record;
};

static const char held_yes, held_no;

static bool is_held(const struct watch *w, const char *path)
{
	return map_gets(&w->held.set, path) == &held_yes;
}

static void hold(struct watch *w, const char *path, bool held)
{
	if (!held && !map_gets(&w->held.set, path))
		return;
	if (w->held.set.n >= SERVED_PATHS)
		paths_clear(&w->held);
	*map_puts(&w->held.set, map_gets(&w->held.set, path) ? path : arena_str(w->held.arena, path)) = (void *)(held ? &held_yes : &held_no);
}

static struct suspect *suspect_of(const struct watch *w, const char *path)
{
	struct suspect *s = map_gets(&w->suspects.set, path);

	return s && !s->decided ? s : NULL;
}

static void concern(struct watch *w, struct suspect *s, struct record *r)
{
	struct told *t;

	for (t = s->told; t; t = t->next)
		if (t->record == r)
			return;
	t = arena_alloc(w->suspects.arena, sizeof *t);
	*t = (struct told){ s->told, r };
	s->told = t;
}

static void look(void *ctx);

static void expect(struct watch *w)
{
	if (!w->served_timer)
		w->served_timer = timer_start(w->setup.loop, SERVED_QUIET_MS, look, w);
}

/* Since when a change by a persistent task may be the cause of one that is told now. What happens during a run is told at its end. */
static int64_t since(const struct watch *w)
{
	return (w->running ? w->began_ms : os_now_ms()) - SERVED_MOMENT_MS;
}

bool served_has(const struct watch *w, const char *path)
{
	return w->serving && (is_held(w, path) || writes_know(w->writes, path, since(w)));
}

bool served_suspects(struct watch *w, struct record *r, const char *path)
{
	struct suspect *s = suspect_of(w, path);
	const struct left *left = w->running ? map_gets(&w->written.set, path) : NULL;

	if (!s && !served_has(w, path))
		return false;
	if (!s && w->suspects.set.n >= SERVED_PATHS)
		return true;
	if (!s) {
		s = arena_alloc(w->suspects.arena, sizeof *s);
		s->path = arena_str(w->suspects.arena, path);
		s->since_ms = since(w);
		s->changes = (left ? left->steps : 0) + is_held(w, path);
		*map_puts(&w->suspects.set, s->path) = s;
	}
	concern(w, s, r);
	if (!w->running)
		expect(w);
	return true;
}

void served_arrived(struct watch *w, const char *path, unsigned what)
{
	struct suspect *s = w->suspects.set.n && (what & (NOTIFY_CLOSED | NOTIFY_MOVED)) ? suspect_of(w, path) : NULL;

	if (s)
		s->arrivals++;
}

void served_forget(struct watch *w, const struct record *r)
{
	uint32_t i;

	for (i = 0; i < w->suspects.set.n; i++) {
		struct told **at = &((struct suspect *)w->suspects.set.at[i].value)->told;

		while (*at)
			if ((*at)->record == r)
				*at = (*at)->next;
			else
				at = &(*at)->next;
	}
}

bool served_doubts(struct watch *w, const char *path)
{
	if (!w->serving)
		return false;
	return served_has(w, path) || ((w->unseen || !writes_are_whole(w->writes)) && paths_above(&w->servers, path));
}

bool served_is_soon(const struct watch *w)
{
	return w->running || os_now_ms() < w->waits_ms + SERVED_SOON_MS;
}

/* ---- the look ---- */

/* Decides about a suspect, unless it was changed again just now. `held`: a persistent task had it open before the events were read. */
static void decide(struct watch *w, struct suspect *s, bool held)
{
	uint32_t more = writes_take(w->writes, s->path, s->since_ms);
	struct told *t;

	s->changes += more;
	if (more && ++s->looks < SERVED_LOOKS)
		return;
	held = held || more;
	s->decided = true;
	hold(w, s->path, held);
	if (held || s->arrivals <= s->changes)
		return;
	for (t = s->told; t; t = t->next)
		tell_doubtful(w, t->record, s->path);
}

/* Frees the suspects that were decided. */
static void drop_decided(struct watch *w)
{
	struct paths all = w->suspects;
	const struct told *t;
	uint32_t i;

	paths_init(&w->suspects);
	for (i = 0; i < all.set.n; i++) {
		const struct suspect *from = all.set.at[i].value;
		struct suspect *s;

		if (from->decided)
			continue;
		s = arena_copy(w->suspects.arena, from, sizeof *from);
		s->path = arena_str(w->suspects.arena, from->path);
		s->told = NULL;
		for (t = from->told; t; t = t->next)
			concern(w, s, t->record);
		*map_puts(&w->suspects.set, s->path) = s;
	}
	map_free(&all.set);
	arena_free(all.arena);
}

/* Order matters: a file that is not open any more has its last event in the queue, and for each event that is read the change
 * is known. */
static void look(void *ctx)
{
	struct watch *w = ctx;
	uint32_t i, n = w->suspects.set.n, open = 0;
	struct suspect **at = xcalloc(n + 1, sizeof *at);
	struct arena *a = arena_new();
	struct map files;

	w->served_timer = NULL;
	for (i = 0; i < n; i++)
		at[i] = w->suspects.set.at[i].value;
	map_init(&files);
	writes_open(w->writes, a, &files);
	if (w->notify)
		notify_drain(w->notify);
	for (i = 0; i < n; i++) {
		if (!at[i]->decided)
			decide(w, at[i], map_gets(&files, at[i]->path) != NULL);
	}
	map_free(&files);
	arena_free(a);
	free(at);
	for (i = 0; i < w->suspects.set.n; i++)
		open += !((const struct suspect *)w->suspects.set.at[i].value)->decided;
	if (open)
		expect(w);
	if (w->suspects.set.n - open > (open ? SERVED_DECIDED : 0))
		drop_decided(w);
}

void served_begin(struct watch *w)
{
	uint32_t i;

	w->began_ms = os_now_ms();
	for (i = 0; i < w->suspects.set.n; i++) {
		struct suspect *s = w->suspects.set.at[i].value;

		if (!s->decided)
			s->changes += writes_take(w->writes, s->path, s->since_ms);
	}
}

void served_end(struct watch *w)
{
	writes_forget(w->writes, w->mark);
	w->mark = writes_mark(w->writes);
}

void served_wait(struct watch *w)
{
	w->waits_ms = os_now_ms();
	if (w->suspects.set.n)
		expect(w);
}

void served_stop(struct watch *w)
{
	timer_stop(w->served_timer);
	w->served_timer = NULL;
}

void served_add(struct watch *w, const char *dir, bool followed)
{
	w->serving = true;
	w->unseen = w->unseen || !followed;
	paths_add(&w->servers, dir);
}
