#include "config.h"

#include "watch/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/texts.h"
#include "exec/services.h"
#include "exec/watcher.h"
#include "os/loop.h"
#include "os/notify.h"
#include "plan/step.h"
#include "service/writes.h"
#include "text/path.h"
#include "watch/inside.h"
#include "workspace/workspace.h"

enum {
	WATCH_QUIET_MS = 25,           /* a run starts when nothing has changed for so long */
	WATCH_MOST_MS = 1000,          /* but at most so long after the first change, while changes go on */
	WATCH_HALF_MS = 10000,         /* the same while git writes the working tree, or a writer has an empty file open */
	WATCH_EMPTIED = 64,            /* how many unfinished files are looked at */
	WATCH_QUEUE = 1 << 17,         /* events of a run, at most */
	WATCH_TICK_MS = 50             /* the clock of file systems is at most so late */
};

/* ---- paths ---- */

void paths_init(struct paths *p)
{
	p->arena = arena_new();
	map_init(&p->set);
}

void paths_add(struct paths *p, const char *path)
{
	if (!map_gets(&p->set, path))
		*map_puts(&p->set, arena_str(p->arena, path)) = p;
}

bool paths_have(const struct paths *p, const char *path)
{
	return map_gets(&p->set, path) != NULL;
}

void paths_clear(struct paths *p)
{
	map_free(&p->set);
	arena_free(p->arena);
	paths_init(p);
}

/* Removes a path that is in the set. */
static void paths_drop(struct paths *p, const char *path)
{
	*map_puts(&p->set, path) = NULL;       /* the key stays */
}

static void paths_free(struct paths *p)
{
	map_free(&p->set);
	arena_free(p->arena);
}

/* ---- what the run tells ---- */

static struct record *record_of(struct watch *w, const struct step *step)
{
	return map_gets(&w->by_name, step_name(w->scratch, step));
}

static struct record *record_new(struct watch *w, const char *name)
{
	struct record *r = xcalloc(1, sizeof *r);

	r->name = xstrdup(name);
	r->arena = arena_new();
	r->next = w->records;
	w->records = r;
	*map_puts(&w->by_name, r->name) = r;
	return r;
}

/* The record of a persistent step, which depends on all files of its package. */
static struct record *record_service(struct watch *w, const char *name, const char *dir)
{
	const char *own = arena_printf(w->scratch, "persistent %s", name);
	struct record *r = map_gets(&w->by_name, own);

	if (!r) {
		r = record_new(w, own);
		r->service = true;
		record_package(w, r, dir);
	}
	return r;
}

static enum watched look(void *ctx, const struct step *step, int *ret_code)
{
	struct watch *w = ctx;
	struct record *r = w->by_name.n ? record_of(w, step) : NULL;

	if (!r)
		return WATCHED_CHANGED;
	r->used = true;
	if (r->dirty || w->lost || w->root_changed || (r->cached && w->config_changed))
		return WATCHED_CHANGED;
	*ret_code = r->exit_code;
	return r->good ? WATCHED_GOOD : r->exit_code ? WATCHED_FAILED : WATCHED_CHANGED;
}

static bool may_trace(void *ctx, const struct step *step)
{
	struct watch *w = ctx;
	const struct record *r = w->by_name.n ? record_of(w, step) : NULL;

	return !r || !r->setuid;
}

/* Notes that a tracer took the rights of a set-uid program. If it followed only the writing, the step runs without a tracer from now
 * on. */
static void note_setuid(struct watch *w, struct record *r, const struct step_trail *trail)
{
	if (!r->setuid && trail->wrote && trail->wrote != trail->seen && !trail->kept && trail->wrote->setuid)
		r->setuid = r->dirty = w->again = true;
}

static bool note(void *ctx, const struct step *step, const struct step_trail *trail)
{
	struct watch *w = ctx;
	struct record *r = record_of(w, step);

	if (!r)
		r = record_new(w, step_name(w->scratch, step));
	r->used = true;
	r->dirty = trail->changed;
	r->good = trail->good;
	r->exit_code = trail->exit_code;
	note_setuid(w, r, trail);
	r->cached = trail->cached;
	w->again = w->again || trail->changed;
	note_written(w, step, trail);
	return record_fill(w, r, step, trail);
}

static void begins(void *ctx, const struct step *step, const struct workspace *workspace)
{
	struct watch *w = ctx;

	if (!w->first)
		return;
	if (!w->packages.n)
		packages_list(w, workspace);
	index_early(w, step->task->package->dir);
}

static void serves(void *ctx, const char *name, const char *dir, bool followed)
{
	record_service(ctx, name, dir)->asleep = true;
	served_add(ctx, dir, followed);
}

/* Wakes for all files of its package: one of them is mended, or what it found in its way is gone. */
static void ended(void *ctx, const char *name, const char *dir)
{
	record_service(ctx, name, dir)->asleep = false;
}

/* ---- events ---- */

static void on_time(void *ctx);

static void expect(struct watch *w, int64_t ms)
{
	if (!w->timer)
		w->timer = timer_start(w->setup.loop, ms, on_time, w);
}

/* Does git change the working tree now? */
static bool git_writes(const struct watch *w)
{
	struct arena *a = arena_new();
	bool ret = access(path_join(a, w->setup.root, ".git/index.lock"), F_OK) == 0;

	arena_free(a);
	return ret;
}

/* Is it a file of 0 bytes? */
static bool is_empty(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/* Is a file unfinished: emptied or made, and not yet filled? */
static bool has_emptied(const struct watch *w)
{
	const struct map *set = &w->unfinished.set;
	uint32_t i;

	for (i = 0; i < set->n && i < WATCH_EMPTIED; i++)
		if (set->at[i].value && is_empty(set->at[i].key.data))
			return true;
	return false;
}

static void on_time(void *ctx)
{
	struct watch *w = ctx;
	int64_t now = os_now_ms(), quiet = w->last_ms + WATCH_QUIET_MS - now;

	w->timer = NULL;
	if (now < w->first_ms + WATCH_MOST_MS && (quiet > 0 || w->unfinished_n > 0)) {
		expect(w, quiet > 0 ? quiet : WATCH_QUIET_MS);
	} else if (now < w->first_ms + WATCH_HALF_MS && (git_writes(w) || has_emptied(w))) {
		expect(w, WATCH_QUIET_MS);
	} else {
		w->awake = true;
		loop_stop(w->setup.loop);
	}
}

void watch_mute(struct watch *w, const char *path)
{
	const char *below = path_below(w->setup.root, path);
	char text[4300];

	if (w->muted_told)
		return;
	w->muted_told = true;
	snprintf(text, sizeof text, "'%s' is written whenever the tasks run: it starts them no more until something else changes", below ? below : path);
	w->setup.warn(w->setup.ctx, text);
}

void watch_changed(struct watch *w, const char *path)
{
	/* the tasks, or processes that they left, write there again and again */
	if (w->loops >= WATCH_LOOPS && paths_have(&w->habits, path)) {
		watch_mute(w, path);
		return;
	}
	paths_add(&w->changed, path);
	w->last_ms = os_now_ms();
	if (!w->first_ms)
		w->first_ms = w->last_ms;
	expect(w, WATCH_QUIET_MS);
}

static void forget_queue(struct watch *w)
{
	struct queued *q;

	while ((q = w->queue)) {
		w->queue = q->next;
		free(q);
	}
	w->queue_end = &w->queue;
	w->queued_n = 0;
}

static void queue(struct watch *w, const char *path, unsigned what)
{
	size_t n = strlen(path) + 1;
	struct queued *q;

	if (++w->queued_n > WATCH_QUEUE) {
		w->lost = true;
		return;
	}
	q = xmalloc(sizeof *q + n);
	q->next = NULL;
	q->what = what;
	memcpy(q->path, path, n);
	*w->queue_end = q;
	w->queue_end = &q->next;
}

static void wake_for_all(struct watch *w)
{
	w->lost = true;
	if (!w->running)
		watch_changed(w, w->setup.root);
}

/* Notes a file that was emptied or made: no run starts before its writer has filled it. */
static void note_writer(struct watch *w, const char *path, unsigned what)
{
	bool was = paths_have(&w->unfinished, path);
	bool is = ((what & NOTIFY_WRITING) || ((what & NOTIFY_CREATED) && is_empty(path))) && paths_have(&w->changed, path);

	if (is && !was)
		paths_add(&w->unfinished, path);
	else if (was && (what & (NOTIFY_CLOSED | NOTIFY_NAME)))
		paths_drop(&w->unfinished, path);
	else
		return;
	w->unfinished_n += is ? 1 : -1;
}

/* A path came, went or changed. */
static void touch(struct watch *w, const char *path, unsigned what)
{
	index_touch(w, path, what);
	served_arrived(w, path, what);
	note_writer(w, path, what);
}

static void on_event(void *ctx, int number, unsigned what, const char *name)
{
	struct watch *w = ctx;
	struct dir *d = map_get(&w->watches, &number, sizeof number);
	struct arena *a;
	const char *path;

	if (what & NOTIFY_LOST) {
		wake_for_all(w);
		return;
	}
	if (!d || d->watch != number)
		return;
	if (what & NOTIFY_GONE) {
		notify_remove(w->notify, number);
		d->watch = -1;
		return;
	}
	if (!name)
		return;
	a = arena_new();
	path = path_join(a, d->path, name);
	if (w->running)
		queue(w, path, what);
	else
		touch(w, path, what);
	arena_free(a);
}

/* ---- a run ---- */

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* The earliest time that a file may get which changes now. */
static int64_t coarse_ns(void)
{
	return clock_ns(CLOCK_REALTIME_COARSE);
}

/* Waits until no file that changed before has a time at which another might still change: a file's time is that of the coarse clock, or
 * that of the fine one, which runs some ticks ahead. */
static void await_tick(void)
{
	const struct timespec pause = { 0, 500000 };
	int64_t begun = os_now_ms(), now = clock_ns(CLOCK_REALTIME);

	while (coarse_ns() <= now && os_now_ms() < begun + WATCH_TICK_MS)
		nanosleep(&pause, NULL);
}

void watch_begin(struct watch *w)
{
	struct record *r;

	w->first = !w->built;
	if (w->first)
		await_tick();          /* later changes are told by the kernel, and a run follows some time after them */

	w->running = true;
	w->config_changed = w->config->dirty;
	w->watcher->anew = w->first || w->config_changed || w->lost;
	w->config->dirty = false;
	w->started_ns = coarse_ns();
	w->config->fresh = false;
	w->was_again = w->again;
	w->again = false;
	for (r = w->records; r; r = r->next) {
		r->used = r->fresh = r->touched = false;
		r->asleep = r->service;
	}
	writer_begin(w);
	served_begin(w);
	paths_clear(&w->changed);
	paths_clear(&w->unfinished);
	w->unfinished_n = 0;
	arena_free(w->scratch);
	w->scratch = arena_new();
}

const struct exec_watcher *watch_watcher(struct watch *w)
{
	return w->watcher;
}

/* Drops the records of steps that are gone. After a run that was cut short none is: its other steps may come again. */
static void sweep(struct watch *w)
{
	struct record *r, **at;
	bool any = false, good = true;

	for (r = w->records; r; r = r->next)
		good = good && (r->good || !r->used);
	for (at = &w->records; good && (r = *at); ) {
		if (r->used || r->service) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		served_forget(w, r);
		arena_free(r->arena);
		free(r->name);
		free(r);
		any = true;
	}
	if (!any)
		return;
	w->renewed = true;
	map_free(&w->by_name);
	for (r = w->records; r; r = r->next)
		*map_puts(&w->by_name, r->name) = r;
}

static void settle_events(struct watch *w)
{
	struct queued *q;

	paths_clear(&w->habits);
	for (q = w->queue; q; q = q->next) {
		if (q->what & NOTIFY_NAME)
			paths_add(&w->named, q->path);
		note_arrival(w, q->path, q->what);
	}
	for (q = w->queue; q; q = q->next)
		touch(w, q->path, q->what);
	forget_queue(w);
}

/* Marks records that were touched during the run as dirty for the next one. */
static void settle_records(struct watch *w)
{
	struct record *r;

	for (r = w->records; r; r = r->next)
		r->dirty = r->dirty || r->touched;
	w->config->dirty = w->config->dirty || w->config->touched;
	w->config->touched = false;
}

void watch_end(struct watch *w, const struct workspace *workspace, bool all)
{
	bool lost = w->lost;

	w->lost = false;
	if (w->notify)
		notify_drain(w->notify);
	w->lost = w->lost || (lost && !workspace);
	if (workspace)
		sweep(w);
	record_config(w, workspace, all);
	if (w->renewed || !w->built)
		index_build(w);
	settle_events(w);
	missed_find(w, w->notify == NULL);
	settle_records(w);
	served_end(w);
	w->running = false;
	if (!w->notify)
		poll_baseline(w);
}

/* ---- waiting ---- */

static bool must_run(const struct watch *w)
{
	return w->changed.set.n > 0 || w->lost || (w->again && !w->was_again);
}

static void note_reason(struct watch *w)
{
	const struct map *set = &w->changed.set;
	const char *path = w->setup.root, *below;
	uint32_t i, habits = 0;

	/* names a path that exists rather than one that came and went */
	for (i = 0; i < set->n && access(set->at[i].key.data, F_OK) < 0; i++)
		;
	if (set->n)
		path = set->at[i < set->n ? i : 0].key.data;
	below = path_below(w->setup.root, path);
	free(w->reason);
	if (asprintf(&w->reason, set->n > 1 ? "'%s' changed (and %u more)" : "'%s' changed", below && *below ? below : path, set->n - 1) < 0)
		w->reason = NULL;
	w->root_changed = false;
	for (i = 0; i < set->n; i++) {
		const char *at = path_below(w->setup.root, set->at[i].key.data);

		habits += paths_have(&w->habits, set->at[i].key.data) || paths_have(&w->edits, set->at[i].key.data);
		w->root_changed = w->root_changed || !at || (w->config->dirty && !strchr(at, '/') && strchr(at, '.'));
	}
	w->loops = habits == set->n && set->n ? w->loops + 1 : 0;
	if (w->loops == 0)
		w->muted_told = false;
}

bool watch_wait(struct watch *w)
{
	w->first_ms = w->last_ms = 0;
	w->awake = false;
	if (!w->interrupted && must_run(w)) {
		w->first_ms = w->last_ms = os_now_ms();
		expect(w, WATCH_QUIET_MS);
	}
	served_wait(w);
	if (!w->notify)
		poll_start(w);
	while (!w->awake && !w->interrupted)
		loop_run(w->setup.loop);
	poll_stop(w);
	served_stop(w);
	timer_stop(w->timer);
	w->timer = NULL;
	note_reason(w);
	return !w->interrupted;
}

const char *watch_reason(const struct watch *w)
{
	return w->reason;
}

bool watch_is_config(const struct watch *w)
{
	return w->config_changed || w->lost;
}

void watch_interrupt(struct watch *w)
{
	w->interrupted = true;
	loop_stop(w->setup.loop);
}

/* ---- the session ---- */

struct watch *watch_new(const struct watch_setup *setup)
{
	struct watch *w = xcalloc(1, sizeof *w);
	uint32_t i;

	w->arena = arena_new();
	w->setup = *setup;
	w->setup.own = (struct texts){ 0 };
	for (i = 0; i < setup->own.n; i++)
		texts_add(w->arena, &w->setup.own, arena_str(w->arena, setup->own.at[i]));
	w->setup.root = arena_str(w->arena, setup->root);
	w->setup.cache_dir = arena_str(w->arena, setup->cache_dir);
	w->setup.user_config = setup->user_config ? arena_str(w->arena, setup->user_config) : NULL;
	w->watcher = arena_alloc(w->arena, sizeof *w->watcher);
	*w->watcher = (struct exec_watcher){ .look = look, .may_trace = may_trace, .begins = begins, .note = note, .serves = serves, .ended = ended, .ctx = w };
	w->config = xcalloc(1, sizeof *w->config);
	w->config->arena = arena_new();
	w->queue_end = &w->queue;
	w->scratch = arena_new();
	paths_init(&w->written);
	paths_init(&w->writers);
	paths_init(&w->blind);
	paths_init(&w->rewritten);
	paths_init(&w->changed);
	paths_init(&w->named);
	paths_init(&w->edits);
	paths_init(&w->habits);
	paths_init(&w->own);
	paths_init(&w->unfinished);
	paths_init(&w->early);
	paths_init(&w->servers);
	paths_init(&w->suspects);
	paths_init(&w->held);
	w->writes = w->watcher->writes = writes_new(w->setup.root);
	w->notify = notify_new(setup->loop, on_event, w);
	if (!w->notify) {
		w->told = true;
		setup->warn(setup->ctx, "the system gives no watches of folders (fs.inotify.max_user_instances): vt looks at the files itself, again and again");
	}
	return w;
}

void watch_free(struct watch *w)
{
	struct record *r;

	if (!w)
		return;
	poll_stop(w);
	served_stop(w);
	timer_stop(w->timer);
	writes_free(w->writes);
	notify_free(w->notify);
	index_free(w);
	while ((r = w->records)) {
		w->records = r->next;
		arena_free(r->arena);
		free(r->name);
		free(r);
	}
	arena_free(w->config->arena);
	free(w->config);
	forget_queue(w);
	paths_free(&w->written);
	paths_free(&w->writers);
	paths_free(&w->blind);
	paths_free(&w->rewritten);
	map_free(&w->arrivals);
	paths_free(&w->changed);
	paths_free(&w->named);
	paths_free(&w->edits);
	paths_free(&w->habits);
	paths_free(&w->own);
	paths_free(&w->unfinished);
	paths_free(&w->early);
	paths_free(&w->servers);
	paths_free(&w->suspects);
	paths_free(&w->held);
	map_free(&w->folders);
	map_free(&w->by_name);
	map_free(&w->packages);
	arena_free(w->scratch);
	free(w->reason);
	arena_free(w->arena);
	free(w);
}
