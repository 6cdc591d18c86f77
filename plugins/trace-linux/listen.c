/* listen: the thread. Receive, ask which file it meant, continue, remember.
 *
 * Between receiving and continuing a thread of the task stands still; so nothing
 * here waits for the task, for the rest of vt, or for memory it could do without. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "trace.h"
#include "vt-plugin.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

enum {
	GRACE_MS = 50,        /* for stragglers, after the task has ended */
	NOTICE_MAX = 512,     /* more than any kernel's struct seccomp_notif so far */
};

/* The kernel's structs may be longer than those this was built with. */
union notice { struct seccomp_notif is; char room[NOTICE_MAX]; };
union answer { struct seccomp_notif_resp is; char room[NOTICE_MAX]; };

void watch_escape(struct watch *w, enum escape why, int64_t value, uint32_t process)
{
	char file[64];
	ssize_t n = -1;
	int fd;

	if (w->escape != ESCAPE_NONE)
		return;
	w->escape = why;
	w->escape_value = value;
	w->escape_process = process;
	w->escape_name[0] = '\0';
	if (!process)
		return;
	snprintf(file, sizeof file, "/proc/%u/comm", process);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, w->escape_name, sizeof w->escape_name - 1);
		close(fd);
	}
	w->escape_name[n > 0 ? n - 1 : 0] = '\0';
}

bool watch_has(const struct watch *w, const char *path, size_t length)
{
	return length >= w->root_length && !memcmp(path, w->root, w->root_length) &&
	       (length == w->root_length || path[w->root_length] == '/' || w->root_length == 1);
}

static void touch(struct touched *t, uint32_t tid)
{
	uint32_t slot;

	if (t->n * 2 >= t->size) {
		struct touched bigger = { .size = t->size ? t->size * 2 : 256 };

		bigger.at = calloc(bigger.size, sizeof *bigger.at);
		if (!bigger.at)
			return;
		for (uint32_t i = 0; i < t->size; i++)
			if (t->at[i])
				touch(&bigger, t->at[i]);
		free(t->at);
		*t = bigger;
	}
	for (slot = tid * 0x9e3779b1u & (t->size - 1); t->at[slot]; slot = (slot + 1) & (t->size - 1))
		if (t->at[slot] == tid)
			return;
	t->at[slot] = tid;
	t->n++;
}

/* ---- one call ---------------------------------------------------------------- */

struct event {
	uint32_t tid;
	const struct call *call;     /* NULL: not known here */
	struct call_meaning means;
	struct path path[CALL_PATHS];
	enum path_found found[CALL_PATHS];
};

/* Reading what the call itself makes is no reading; and a call that will find its
 * file in the way makes nothing. No later moment can tell. */
static void look_before(struct watch *w, struct event *e)
{
	int act = e->means.depends == DEPENDS_READ ? 0 : e->means.acts - 1, missing;
	const struct path *p = &e->path[e->means.act[act].path];

	if (e->found[e->means.act[act].path] != PATH_OK || !watch_has(w, p->text, p->length))
		return;
	missing = faccessat(AT_FDCWD, p->text, F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT;
	if (e->means.depends == DEPENDS_READ && missing) {
		e->means.act[0].op = VT_SEEN_PROBE;
		if (e->means.acts == 1) {            /* made by opening it for reading */
			e->means.act[1] = e->means.act[0];
			e->means.act[1].op = VT_SEEN_WRITE;
			e->means.acts = 2;
		}
	} else if (e->means.depends == DEPENDS_WRITE && !missing)
		e->means.acts--;
}

/* Everything that must be asked while the thread stands still. */
static void look(struct watch *w, const struct seccomp_notif *notice, struct event *e)
{
	uint64_t how[3] = { 0 };     /* struct open_how: flags, mode, resolve */

	e->tid = notice->pid;
	e->call = call_find(notice->data.arch, notice->data.nr);
	if (!e->call) {
		watch_escape(w, ESCAPE_FOREIGN, notice->data.arch, e->tid);
		return;
	}
	if (e->call->does == DOES_OPEN_HOW &&
	    path_peek((pid_t)e->tid, notice->data.args[e->call->extra], how, sizeof how) != sizeof how)
		memset(how, 0, sizeof how);
	if (how[2] & RESOLVE_IN_ROOT)
		watch_escape(w, ESCAPE_ROOT, 0, e->tid);
	call_decode(e->call, (const uint64_t *)notice->data.args, how[0], &e->means);
	if (e->means.chroot || e->means.mount)
		path_world_look(&w->world);
	if (e->means.by_handle)
		watch_escape(w, ESCAPE_HANDLE, 0, e->tid);
	for (int i = 0; i < e->means.paths; i++) {
		e->found[i] = path_find(&w->world, (pid_t)e->tid, &e->means.path[i], &e->path[i]);
		if (e->found[i] == PATH_UNREADABLE)
			watch_escape(w, ESCAPE_MEMORY, errno, e->tid);
		else if (e->found[i] == PATH_ELSEWHERE)
			watch_escape(w, ESCAPE_MOUNTS, 0, e->tid);
		else if (e->found[i] == PATH_LONG)
			watch_escape(w, ESCAPE_LONG, 0, e->tid);
	}
	if (e->means.depends)
		look_before(w, e);
}

/* What was there when the task first asked: if it is not there in the end, and the task
 * did not take it away, somebody else did. What comes back meanwhile has new times. The
 * thread runs again, but what it does itself comes as a call of its own. The newest
 * note is of this path. */
static void sight(struct watch *w, const struct path *p)
{
	struct note *note = &w->notes.at[w->notes.n - 1];
	struct name *name = &w->notes.names[note->name];

	if (name->sighted)
		return;
	name->sighted = true;
	if (!faccessat(AT_FDCWD, p->text, F_OK, AT_SYMLINK_NOFOLLOW))
		note->flags |= VT_SEEN_THERE;
	else if (errno == ENOENT || errno == ENOTDIR)
		note->flags |= VT_SEEN_ABSENT;
}

/* The thread runs again. */
static void remember(struct watch *w, const struct event *e)
{
	const struct call_meaning *m = &e->means;

	for (int i = 0; i < m->acts; i++) {
		const struct path *p = &e->path[m->act[i].path], *other = &e->path[!m->act[i].path];
		bool two = m->act[i].op == VT_SEEN_RENAME, fresh;

		if (e->found[m->act[i].path] != PATH_OK || (two && e->found[!m->act[i].path] != PATH_OK))
			continue;
		fresh = notes_add(&w->notes, m->act[i].op, m->act[i].flags, e->tid, p->text, p->length,
				  two ? other->text : NULL, two ? other->length : 0);
		if (watch_has(w, p->text, p->length)) {
			touch(&w->touched, e->tid);
			if (fresh && m->act[i].op != VT_SEEN_WRITE && !two)
				sight(w, p);
		}
		if (fresh && m->exec && !exec_note(w, e->tid, p->text, false))
			w->notes.at[w->notes.n - 1].flags |= NOTE_LATER;
	}
	if (w->notes.full)
		watch_escape(w, ESCAPE_FULL, 0, 0);
}

/* ---- the two channels -------------------------------------------------------- */

/* 1: one is here; 0: none after all; -1: the channel is of no use any more, errno 0:
 * because there is no process left. */
static int receive(struct watch *w, union notice *notice)
{
	ssize_t n;

	memset(notice, 0, sizeof *notice);
	if (w->how == VT_FILTER_PTRACE) {
		n = recv(atomic_load(&w->listener), notice, sizeof *notice, MSG_DONTWAIT);
		if (n >= (ssize_t)sizeof notice->is)
			return 1;
		if (n >= 0)
			errno = n ? EBADMSG : 0;
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
	}
	if (!ioctl(atomic_load(&w->listener), SECCOMP_IOCTL_NOTIF_RECV, notice))
		return 1;
	/* ENOENT: killed before it was received */
	return errno == ENOENT || errno == EINTR || errno == EAGAIN ? 0 : -1;
}

static int proceed(struct watch *w, uint64_t id)
{
	union answer answer;

	memset(&answer, 0, sizeof answer);
	answer.is.id = id;
	answer.is.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (w->how == VT_FILTER_PTRACE)
		return send(atomic_load(&w->listener), &answer.is, sizeof answer.is, MSG_NOSIGNAL) < 0 ? -1 : 0;
	while (ioctl(atomic_load(&w->listener), SECCOMP_IOCTL_NOTIF_SEND, &answer)) {
		if (errno == EINTR)
			continue;
		/* ENOENT: it was interrupted or killed meanwhile */
		return errno == ENOENT ? 0 : -1;
	}
	return 0;
}

/* ---- the loop ---------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Takes back what `wake` gave, before looking at what it was for. */
static void woken(struct watch *w)
{
	uint64_t n;

	while (read(w->wake, &n, sizeof n) < 0 && errno == EINTR)
		;
}

/* Before there is anything to hear: until attach or the end. */
static bool wait_for_listener(struct watch *w)
{
	struct pollfd at = { .fd = w->wake, .events = POLLIN };

	while (atomic_load(&w->listener) < 0 && !atomic_load(&w->ended)) {
		if (poll(&at, 1, -1) < 0 && errno != EINTR)
			return false;
		woken(w);
	}
	return atomic_load(&w->listener) >= 0;
}

/* One call, from end to end. False: the channel is of no use any more. */
static bool serve(struct watch *w, struct event *e)
{
	union notice notice;
	int got = receive(w, &notice);

	if (got > 0) {
		w->events++;
		e->means.acts = 0;
		look(w, &notice.is, e);
		got = proceed(w, notice.is.id);
		remember(w, e);
	}
	if (got >= 0)
		return true;
	w->alone = !errno;
	if (errno)
		watch_escape(w, ESCAPE_THREAD, errno, 0);
	return false;
}

static void *listen_loop(void *arg)
{
	struct watch *w = arg;
	struct event e;
	struct pollfd at[2] = { { .events = POLLIN }, { .fd = w->wake, .events = POLLIN } };
	int64_t end = 0, left = -1;
	int n = 0;

	prctl(PR_SET_NAME, "vt-trace");
	if (!wait_for_listener(w))
		return NULL;
	at[0].fd = atomic_load(&w->listener);
	for (;;) {
		/* `ended` is looked at after the wake-up was taken back, so none is lost */
		if (!end && atomic_load(&w->ended))
			end = now_ms() + GRACE_MS;
		if (end) {
			left = end - now_ms();
			if (w->abandoned || left < 0)
				break;
		}
		n = poll(at, end ? 1 : 2, (int)left);
		if (n < 0 && errno != EINTR) {
			watch_escape(w, ESCAPE_THREAD, errno, 0);
			break;
		}
		if (n <= 0)
			continue;
		if (!end && at[1].revents)
			woken(w);
		if (at[0].revents & POLLIN) {
			if (!serve(w, &e))
				break;
		} else if (at[0].revents) {
			w->alone = true;             /* hung up: no process is left */
			break;
		}
	}
	return NULL;
}

static void wake(struct watch *w)
{
	uint64_t one = 1;

	while (write(w->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

int listen_start(struct watch *w)
{
	sigset_t all, before;
	int error;

	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake < 0)
		return errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&w->thread, NULL, listen_loop, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->listening = !error;
	return error;
}

void listen_to(struct watch *w, int listener)
{
	if (w->how == VT_FILTER_NOTIFY)
		/* Wake the other side on this CPU; kernels before 6.6 do not know it. */
		(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	atomic_store(&w->listener, listener);
	wake(w);
}

void listen_stop(struct watch *w)
{
	if (!w->listening)
		return;
	atomic_store(&w->ended, true);
	wake(w);
	pthread_join(w->thread, NULL);
	w->listening = false;
}
