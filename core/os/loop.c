#include "config.h"

#include "os/loop.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "os/workers.h"

enum { END_WAIT_MS = 5000 };

struct posted {
	struct posted *next;
	void (*fn)(void *ctx);
	void *ctx;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;               /* unref'd unless `works`: waiting for posts alone does not keep loop_run going */
	struct workers *workers;
	uint32_t works;                /* loop_work calls whose `after` was not called yet */
	pthread_mutex_t lock;          /* guards first, last */
	struct posted *first, *last;   /* in order of loop_post */
	bool stopped;                  /* loop_stop during this loop_run */
};

struct timer {
	uv_timer_t uv;
	void (*fn)(void *ctx);
	void *ctx;
};

struct work {
	struct loop *loop;
	void (*work)(void *ctx);
	void (*after)(void *ctx);
	void *ctx;
};

static void run_posted(struct loop *l)
{
	struct posted *p, *next;

	pthread_mutex_lock(&l->lock);
	p = l->first;
	l->first = l->last = NULL;
	pthread_mutex_unlock(&l->lock);
	for (; p; p = next) {
		next = p->next;
		p->fn(p->ctx);
		free(p);
	}
}

static void on_wake(uv_async_t *wake)
{
	run_posted(wake->data);
}

/* Checks for a few free descriptors and threads: libuv aborts where its own are refused. */
static int check_limits(struct err *err)
{
	static const struct { int what; rlim_t least; const char *name, *set_by; unsigned unit; } limits[] = {
		{ RLIMIT_NOFILE, 32, "open files", "ulimit -n", 1 },
		{ RLIMIT_AS, 32 << 20, "KiB of memory", "ulimit -v", 1024 },
	};
	struct rlimit now;
	size_t i;

	for (i = 0; i < COUNT(limits); i++)
		if (getrlimit(limits[i].what, &now) == 0 && now.rlim_cur != RLIM_INFINITY && now.rlim_cur < limits[i].least)
			return err_set(err, ERR_USER, "vt may use no more than %llu %s, and needs %llu; see `%s`",
				       (unsigned long long)now.rlim_cur / limits[i].unit, limits[i].name,
				       (unsigned long long)limits[i].least / limits[i].unit, limits[i].set_by);
	return 0;
}

static void *resize(void *p, size_t size)
{
	return xrealloc(p, 1, size);
}

int loop_new(struct loop **ret, struct err *err)
{
	struct loop *l;
	int r;

	if (check_limits(err) < 0)
		return -1;
	/* where memory is short libuv would abort without a word */
	uv_replace_allocator(xmalloc, resize, xcalloc, free);
	l = xcalloc(1, sizeof *l);
	r = uv_loop_init(&l->uv);
	if (r < 0) {
		free(l);
		return err_errno(err, -r, "the event loop cannot be set up");
	}
	r = uv_async_init(&l->uv, &l->wake, on_wake);
	if (r < 0) {
		uv_loop_close(&l->uv);
		free(l);
		return err_errno(err, -r, "the event loop cannot be set up");
	}
	l->wake.data = l;
	uv_unref((uv_handle_t *)&l->wake);
	pthread_mutex_init(&l->lock, NULL);
	l->workers = workers_new();
	/* a write to a closed pipe is an error of that write, not a deadly signal */
	signal(SIGPIPE, SIG_IGN);
	*ret = l;
	return 0;
}

static bool posts_wait(struct loop *l)
{
	bool r;

	pthread_mutex_lock(&l->lock);
	r = l->first != NULL;
	pthread_mutex_unlock(&l->lock);
	return r;
}

void loop_run(struct loop *l)
{
	l->stopped = false;
	do {
		run_posted(l);
		if (!l->stopped)
			uv_run(&l->uv, UV_RUN_DEFAULT);
	} while (!l->stopped && posts_wait(l));
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
	uv_stop(&l->uv);
}

/* Runs the loop until closing handles and workers have returned, for a bounded time. */
static void run_to_the_end(struct loop *l)
{
	int64_t until = os_now_ns() + END_WAIT_MS * INT64_C(1000000);

	do {
		run_posted(l);
		while (uv_run(&l->uv, UV_RUN_NOWAIT) != 0 && os_now_ns() < until)
			usleep(200);
	} while (posts_wait(l) && os_now_ns() < until);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	run_to_the_end(l);
	if (l->works > 0)
		return;                /* a worker still uses the loop */
	workers_free(l->workers);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_run(&l->uv, UV_RUN_NOWAIT);
	if (uv_loop_close(&l->uv) != 0) {
		/* A handle was left open, which is a bug. Leaking the loop is harmless, freeing it is not. */
#ifdef VT_DEBUG
		uv_print_all_handles(&l->uv, stderr);
		abort();
#endif
		return;
	}
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void after_work(void *ctx)
{
	struct work *w = ctx;
	struct loop *l = w->loop;

	if (--l->works == 0)
		uv_unref((uv_handle_t *)&l->wake);
	w->after(w->ctx);
	free(w);
}

static void on_worker(void *ctx)
{
	struct work *w = ctx;

	w->work(w->ctx);
	loop_post(w->loop, after_work, w);
}

void loop_work(struct loop *l, void (*work)(void *ctx), void (*after)(void *ctx), void *ctx)
{
	struct work *w = xcalloc(1, sizeof *w);

	w->loop = l;
	w->work = work;
	w->after = after;
	w->ctx = ctx;
	if (l->works++ == 0)
		uv_ref((uv_handle_t *)&l->wake);
	/* Where no thread can be had, the loop does it itself, a little later. */
	if (!workers_run(l->workers, on_worker, w))
		loop_post(l, on_worker, w);
}

void loop_post(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct posted *p = xcalloc(1, sizeof *p);

	p->fn = fn;
	p->ctx = ctx;
	pthread_mutex_lock(&l->lock);
	if (l->last)
		l->last->next = p;
	else
		l->first = p;
	l->last = p;
	/* Inside the lock: once the post has run, the loop may be freed. */
	uv_async_send(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

static void free_timer(uv_handle_t *h)
{
	free(h->data);
}

static void on_timer(uv_timer_t *uv)
{
	struct timer *t = uv->data;

	t->fn(t->ctx);
	uv_close((uv_handle_t *)uv, free_timer);
}

struct timer *timer_start(struct loop *l, int64_t ms, void (*fn)(void *ctx), void *ctx)
{
	struct timer *t = xcalloc(1, sizeof *t);

	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	t->fn = fn;
	t->ctx = ctx;
	uv_update_time(&l->uv);
	uv_timer_start(&t->uv, on_timer, ms < 0 ? 0 : (uint64_t)ms, 0);
	return t;
}

void timer_stop(struct timer *t)
{
	if (t)
		uv_close((uv_handle_t *)&t->uv, free_timer);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t os_now_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

int64_t os_real_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}

int64_t os_now_ms(void)
{
	return os_now_ns() / 1000000;
}

unsigned os_cpus(void)
{
	static _Atomic unsigned known; /* 0: not asked yet; all threads find the same number */

	if (!known) {
		cpu_set_t set;
		long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);

		known = n < 1 ? 1 : (unsigned)n;
	}
	return known;
}

struct uv_loop_s *loop_uv(struct loop *l)
{
	return &l->uv;
}
