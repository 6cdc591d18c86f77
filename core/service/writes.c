#include "config.h"

#include "service/writes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "process/process.h"
#include "service/write_calls.h"
#include "service/written.h"

enum {
	WRITES_PATHS = 1 << 15,        /* paths of a generation; two are kept */
	WRITES_WAIT_MS = 200,          /* for the thread to look up a path of a call that goes on already */
	WRITES_PROCESSES = 32,         /* processes that are asked for open files */
	WRITES_ROWS = 2,               /* paths of one call */
	WRITES_LINKS = 16,             /* links from one to the next */
	NOTICE_MOST = 512,             /* bytes: more than any kernel's struct seccomp_notif so far */
	HOW_NOTIFY = 1                 /* VT_FILTER_NOTIFY */
};

struct change {
	uint32_t n;                    /* how often, since it was taken */
	uint64_t mark;                 /* of the last change */
	int64_t ms;                    /* its time */
	bool tree;                     /* renamed: all below it changed, too */
};

/* Paths that changed, of a stretch of time. */
struct generation {
	struct arena *arena;
	struct map changes;            /* path -> struct change */
};

struct followed {
	int listener;                  /* -1: its last process has ended */
	uint32_t number;
	bool leaves;                   /* writes_leave waits */
	bool setuid;
};

struct writes {
	char *root;                    /* the workspace */
	size_t root_size;
	pthread_t thread;
	bool started;                  /* the thread exists */
	int wake;                      /* an eventfd: `followed` or `ended` has changed */
	pthread_mutex_t lock;          /* of all below */
	pthread_cond_t moved;          /* `pending` or `followed` has changed */
	struct followed *followed;
	uint32_t followed_n, last;     /* last: the newest number */
	bool ended;
	bool partial;                  /* not all that changed is known */
	bool pending;                  /* a call goes on whose path is being looked up */
	uint64_t mark;                 /* changes so far */
	uint32_t processes[WRITES_PROCESSES];      /* processes that changed something, the newest first */
	uint32_t processes_n;
	struct generation now, before;
};

/* ---- what is known ---- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void generation_begin(struct generation *g)
{
	g->arena = arena_new();
	map_init(&g->changes);
}

static void generation_end(struct generation *g)
{
	map_free(&g->changes);
	arena_free(g->arena);
}

static bool is_below(const struct writes *w, const char *path)
{
	return strncmp(path, w->root, w->root_size) == 0 && (path[w->root_size] == '/' || !path[w->root_size] || w->root_size == 1);
}

/* Moves a process to the front; the one that changed nothing for longest is forgotten. */
static void add_process(struct writes *w, uint32_t process)
{
	uint32_t i;

	for (i = 0; i < w->processes_n && w->processes[i] != process; i++)
		;
	if (i == WRITES_PROCESSES)
		i--;
	else if (i == w->processes_n)
		w->processes_n++;
	memmove(w->processes + 1, w->processes, i * sizeof *w->processes);
	w->processes[0] = process;
}

static void add(struct writes *w, const char *path, uint32_t process, bool tree)
{
	struct change *c;

	if (!is_below(w, path))
		return;
	c = map_gets(&w->now.changes, path);
	if (!c && w->now.changes.n >= WRITES_PATHS) {
		generation_end(&w->before);
		w->before = w->now;
		generation_begin(&w->now);
	}
	if (!c) {
		c = arena_alloc(w->now.arena, sizeof *c);
		*map_puts(&w->now.changes, arena_str(w->now.arena, path)) = c;
	}
	c->n++;
	add_process(w, process);
	c->mark = ++w->mark;
	c->ms = now_ms();
	c->tree = tree;
}

/* Waits until the path of each call that went on is known; with the lock. */
static void settle(struct writes *w)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += WRITES_WAIT_MS * 1000000L;
	end.tv_sec += end.tv_nsec / 1000000000L;
	end.tv_nsec %= 1000000000L;
	while (w->pending && pthread_cond_timedwait(&w->moved, &w->lock, &end) == 0)
		;
}

/* The change of the path in one generation, if it came since then and was not taken. */
static struct change *recent(const struct generation *g, const char *path, size_t size, int64_t since_ms)
{
	struct change *c = map_get(&g->changes, path, size);

	return c && c->n && c->ms >= since_ms ? c : NULL;
}

/* Was a folder above the path renamed since then? */
static bool is_moved(const struct writes *w, const char *path, int64_t since_ms)
{
	const struct change *c;
	size_t size;

	for (size = strlen(path); size > w->root_size; size--) {
		if (path[size] != '/')
			continue;
		c = recent(&w->now, path, size, since_ms);
		if (!c)
			c = recent(&w->before, path, size, since_ms);
		if (c && c->tree)
			return true;
	}
	return false;
}

bool writes_know(struct writes *w, const char *path, int64_t since_ms)
{
	size_t size = strlen(path);
	bool ret;

	pthread_mutex_lock(&w->lock);
	settle(w);
	ret = recent(&w->now, path, size, since_ms) || recent(&w->before, path, size, since_ms) || is_moved(w, path, since_ms);
	pthread_mutex_unlock(&w->lock);
	return ret;
}

static uint32_t take(struct generation *g, const char *path, int64_t since_ms)
{
	struct change *c = recent(g, path, strlen(path), since_ms);
	uint32_t ret = c ? c->n : 0;

	if (c && !c->tree)
		c->n = 0;
	return ret;
}

uint32_t writes_take(struct writes *w, const char *path, int64_t since_ms)
{
	uint32_t ret;

	pthread_mutex_lock(&w->lock);
	settle(w);
	ret = take(&w->now, path, since_ms) + take(&w->before, path, since_ms);
	pthread_mutex_unlock(&w->lock);
	return ret;
}

uint64_t writes_mark(struct writes *w)
{
	uint64_t ret;

	pthread_mutex_lock(&w->lock);
	ret = w->mark;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

static void forget(struct generation *g, uint64_t mark)
{
	uint32_t i;

	for (i = 0; i < g->changes.n; i++) {
		struct change *c = g->changes.at[i].value;

		if (c->mark <= mark)
			c->n = 0;
	}
}

void writes_forget(struct writes *w, uint64_t mark)
{
	pthread_mutex_lock(&w->lock);
	forget(&w->now, mark);
	forget(&w->before, mark);
	pthread_mutex_unlock(&w->lock);
}

uint32_t writes_count(struct writes *w)
{
	uint32_t ret;

	pthread_mutex_lock(&w->lock);
	ret = w->now.changes.n + w->before.changes.n;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

bool writes_are_whole(struct writes *w)
{
	bool ret;

	pthread_mutex_lock(&w->lock);
	ret = !w->partial;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

bool writes_saw_setuid(struct writes *w, uint32_t number)
{
	bool ret = false;
	uint32_t i;

	pthread_mutex_lock(&w->lock);
	settle(w);
	for (i = 0; i < w->followed_n; i++)
		ret = ret || (w->followed[i].number == number && w->followed[i].setuid);
	pthread_mutex_unlock(&w->lock);
	return ret;
}

/* ---- open files ---- */

/* Is the descriptor of a process one for writing? */
static bool is_for_writing(uint32_t process, const char *fd)
{
	char name[32 + 256], text[256];
	const char *flags;
	ssize_t n = -1;
	int info;

	snprintf(name, sizeof name, "/proc/%u/fdinfo/%s", process, fd);
	info = open(name, O_RDONLY | O_CLOEXEC);
	if (info >= 0) {
		n = read(info, text, sizeof text - 1);
		close(info);
	}
	text[n > 0 ? n : 0] = '\0';
	flags = strstr(text, "flags:");
	return flags && (strtoul(flags + 6, NULL, 8) & O_ACCMODE) != O_RDONLY;
}

/* Adds the files of the workspace that a process has open for writing. */
static void add_open(const struct writes *w, uint32_t process, struct arena *a, struct map *ret)
{
	char name[64], target[PATH_MAX];
	const struct dirent *entry;
	DIR *fds;
	ssize_t n;

	snprintf(name, sizeof name, "/proc/%u/fd", process);
	fds = opendir(name);
	while (fds && (entry = readdir(fds)) != NULL) {
		n = readlinkat(dirfd(fds), entry->d_name, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		if (n > 0 && is_below(w, target) && !map_gets(ret, target) && is_for_writing(process, entry->d_name))
			*map_puts(ret, arena_str(a, target)) = ret;
	}
	if (fds)
		closedir(fds);
}

void writes_open(struct writes *w, struct arena *a, struct map *ret)
{
	uint32_t processes[WRITES_PROCESSES], n, i;

	pthread_mutex_lock(&w->lock);
	settle(w);
	n = w->processes_n;
	memcpy(processes, w->processes, sizeof processes);
	pthread_mutex_unlock(&w->lock);
	for (i = 0; i < n; i++)
		add_open(w, processes[i], a, ret);
}

/* ---- the thread ---- */

union notice { struct seccomp_notif is; char room[NOTICE_MOST]; };
union answer { struct seccomp_notif_resp is; char room[NOTICE_MOST]; };

/* Notes a path and, if it is a link, where that leads. */
static void note(struct writes *w, const struct written *what, uint32_t process)
{
	char path[PATH_MAX];
	uint32_t links = 0;

	if (!what->path[0] || !written_resolve(what->path, path))
		return;
	do {
		pthread_mutex_lock(&w->lock);
		add(w, path, process, what->tree);
		pthread_mutex_unlock(&w->lock);
	} while (!what->tree && links++ < WRITES_LINKS && written_follow(path));
}

static void proceed(int listener, uint64_t id, size_t size)
{
	union answer answer;

	memset(&answer, 0, size);
	answer.is.id = id;
	answer.is.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	while (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0 && errno == EINTR)
		;
}

static void note_partial(struct writes *w)
{
	pthread_mutex_lock(&w->lock);
	w->partial = true;
	pthread_mutex_unlock(&w->lock);
}

static void note_setuid(struct writes *w, int listener)
{
	uint32_t i;

	pthread_mutex_lock(&w->lock);
	for (i = 0; i < w->followed_n; i++)
		if (w->followed[i].listener == listener)
			w->followed[i].setuid = true;
	pthread_mutex_unlock(&w->lock);
}

static void set_pending(struct writes *w, bool pending)
{
	pthread_mutex_lock(&w->lock);
	w->pending = pending;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

/* Receives one call, lets it go on, and notes it. What is read from the caller is read before, what is looked up in the file
 * system after: the caller may serve that file system. */
static void serve(struct writes *w, int listener, const struct seccomp_notif_sizes *sizes)
{
	struct written written[WRITES_ROWS];
	const struct write_call *row;
	union notice ask;
	uint32_t n = 0, i, process;
	bool starts = false;

	memset(&ask, 0, sizes->seccomp_notif);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0)
		return;
	row = write_call_find(ask.is.data.nr);
	for (; row && n < WRITES_ROWS; row = write_call_next(row), n++) {
		written[n].path[0] = '\0';
		if (row->kind == WRITE_RING || !written_read(row, &ask.is, &written[n]))
			note_partial(w);
		starts = row->kind == WRITE_EXEC;
	}
	set_pending(w, true);
	proceed(listener, ask.is.id, sizes->seccomp_notif_resp);
	process = written_process(ask.is.pid);
	if (starts && written_is_setuid(written[0].path))
		note_setuid(w, listener);
	for (i = 0; i < n && !starts; i++)
		note(w, &written[i], process);
	set_pending(w, false);
}

/* Drops a followed process; with the lock. */
static void drop(struct writes *w, uint32_t i)
{
	if (w->followed[i].listener >= 0)
		close(w->followed[i].listener);
	w->followed[i] = w->followed[--w->followed_n];
	pthread_cond_broadcast(&w->moved);
}

/* What to wait for: the eventfd and all listeners. Returns how many, 0: the end. */
static uint32_t gather(struct writes *w, struct pollfd **at)
{
	uint32_t i, n = 0;

	pthread_mutex_lock(&w->lock);
	for (i = w->followed_n; i > 0; i--)
		if (w->followed[i - 1].leaves)
			drop(w, i - 1);
	if (!w->ended) {
		*at = xrealloc(*at, w->followed_n + 1, sizeof **at);
		(*at)[n++] = (struct pollfd){ .fd = w->wake, .events = POLLIN };
		for (i = 0; i < w->followed_n; i++)
			(*at)[n++] = (struct pollfd){ .fd = w->followed[i].listener, .events = POLLIN };     /* a negative one is passed over */
	}
	pthread_mutex_unlock(&w->lock);
	return n;
}

/* The last process of a listener has ended. */
static void hung_up(struct writes *w, int listener)
{
	uint32_t i;

	pthread_mutex_lock(&w->lock);
	for (i = 0; i < w->followed_n; i++)
		if (w->followed[i].listener == listener)
			w->followed[i].listener = -1;
	close(listener);
	pthread_mutex_unlock(&w->lock);
}

static void *follow(void *arg)
{
	struct writes *w = arg;
	struct seccomp_notif_sizes sizes = { sizeof(struct seccomp_notif), sizeof(struct seccomp_notif_resp), sizeof(struct seccomp_data) };
	struct pollfd *at = NULL;
	uint64_t count;
	uint32_t n, i;

	prctl(PR_SET_NAME, "vt-writes");
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0 || sizes.seccomp_notif > NOTICE_MOST || sizes.seccomp_notif_resp > NOTICE_MOST)
		sizes.seccomp_notif = sizes.seccomp_notif_resp = NOTICE_MOST;
	while ((n = gather(w, &at)) > 0) {
		if (poll(at, n, -1) < 0)
			continue;
		if (at[0].revents && read(w->wake, &count, sizeof count) > 0)
			continue;              /* a listener may have to be left */
		for (i = 1; i < n; i++) {
			if (at[i].revents & POLLIN)
				serve(w, at[i].fd, &sizes);
			else if (at[i].revents)
				hung_up(w, at[i].fd);
		}
	}
	free(at);
	return NULL;
}

/* ---- its life ---- */

static void wake(struct writes *w)
{
	uint64_t one = 1;

	while (write(w->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* Starts the thread, which gets no signals. */
static int start_thread(struct writes *w)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&w->thread, NULL, follow, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static void release(struct writes *w)
{
	if (w->wake >= 0)
		close(w->wake);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->moved);
	generation_end(&w->now);
	generation_end(&w->before);
	free(w->followed);
	free(w->root);
	free(w);
}

struct writes *writes_new(const char *root)
{
	struct writes *w = xcalloc(1, sizeof *w);

	w->root = xstrdup(root);
	w->root_size = strlen(root);
	generation_begin(&w->now);
	generation_begin(&w->before);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->moved, NULL);
	w->wake = -1;
	return w;
}

void writes_free(struct writes *w)
{
	uint32_t i;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	pthread_mutex_unlock(&w->lock);
	if (w->started) {
		wake(w);
		pthread_join(w->thread, NULL);
	}
	for (i = w->followed_n; i > 0; i--)
		drop(w, i - 1);
	release(w);
}

const struct process_filter *writes_filter(struct writes *w)
{
	static struct sock_filter program[WRITE_FILTER_MOST];
	static struct process_filter filter;

	if (w->wake < 0)
		w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->started = w->started || (w->wake >= 0 && start_thread(w) == 0);
	if (!w->started)
		return NULL;
	if (!filter.size)
		filter = (struct process_filter){ HOW_NOTIFY, program, write_filter_make(program) * sizeof *program };
	return &filter;
}

uint32_t writes_follow(struct writes *w, int listener)
{
	uint32_t ret;

	pthread_mutex_lock(&w->lock);
	w->followed = xrealloc(w->followed, w->followed_n + 1, sizeof *w->followed);
	w->followed[w->followed_n++] = (struct followed){ .listener = listener, .number = ret = ++w->last };
	pthread_mutex_unlock(&w->lock);
	wake(w);
	return ret;
}

static bool is_followed(const struct writes *w, uint32_t number, uint32_t *ret_at)
{
	for (*ret_at = 0; *ret_at < w->followed_n; ++*ret_at)
		if (w->followed[*ret_at].number == number)
			return true;
	return false;
}

void writes_leave(struct writes *w, uint32_t number)
{
	uint32_t at;

	pthread_mutex_lock(&w->lock);
	if (is_followed(w, number, &at)) {
		w->followed[at].leaves = true;
		wake(w);
	}
	while (is_followed(w, number, &at))
		pthread_cond_wait(&w->moved, &w->lock);
	pthread_mutex_unlock(&w->lock);
}
