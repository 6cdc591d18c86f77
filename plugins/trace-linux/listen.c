/* listen: the thread. Receive, ask which file it meant, continue, remember.
 *
 * Between receiving and continuing a thread of the task stands still; so nothing
 * here waits for the task, for the rest of vt, or for memory it could do without.
 *
 * While the step runs the thread waits where it receives: a poll before it would be
 * one of the four kernel calls that an event costs. That wait ends with the last
 * process (Linux 6.11), or by WAKE_SIGNAL, with which `stop` brings the thread back
 * to a poll that has an end. A host that does not catch that signal gets the poll
 * all the time. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
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
	WAKE_SIGNAL = SIGURG, /* ignored where nobody knows it */
	WAKE_MS = 2,          /* to the next signal: one that comes just before the wait is lost */
};

/* The kernel's structs may be longer than those this was built with; no more than they
 * are long is touched, for the task's data is what the caches were filled with. */
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
	return length >= w->root_length && memcmp(path, w->root, w->root_length) == 0 &&
	       (length == w->root_length || path[w->root_length] == '/' || w->root_length == 1);
}

static void touch(struct touched *t, uint32_t tid)
{
	uint32_t slot, i;

	if (t->n * 2 >= t->size) {
		struct touched bigger = { .size = t->size ? t->size * 2 : 256 };

		bigger.at = calloc(bigger.size, sizeof *bigger.at);
		if (!bigger.at)
			return;
		for (i = 0; i < t->size; i++)
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
	bool told[CALL_PATHS];       /* nothing is to be told of what is there before the call ... */
	enum look_answer there[CALL_PATHS];
	struct look_state before[CALL_PATHS];   /* ... else this */
	ssize_t target_length;       /* of the link that is made: else < 0 */
	char target[PATH_MAX];
};

/* Does the call write this path? Then *follow says whether it is followed at the end. */
static bool writes(const struct call_meaning *m, int path, bool *follow)
{
	int i;

	for (i = 0; i < m->acts; i++) {
		if (m->act[i].op != VT_SEEN_WRITE && m->act[i].op != VT_SEEN_RENAME)
			continue;
		if (m->act[i].path == path || m->act[i].op == VT_SEEN_RENAME) {
			*follow = !(m->act[i].flags & VT_SEEN_NOFOLLOW);
			return true;
		}
	}
	return false;
}

/* Was it told what is there, as far as this call asks for it? */
static bool is_told(const struct watch *w, const struct path *p, bool content)
{
	uint32_t name = notes_find(&w->notes, p->text, p->length);

	return name && w->notes.names[name].before >= (content ? BEFORE_ALL : BEFORE_OUTSIDE);
}

static void only_look(struct call_meaning *m)
{
	for (m->acts = 0; m->acts < m->paths; m->acts++) {
		m->act[m->acts].op = VT_SEEN_PROBE;
		m->act[m->acts].flags = VT_SEEN_NOFOLLOW;
		m->act[m->acts].path = m->acts;
	}
}

/* Reading what the call itself makes is no reading; and a call that will find its
 * file in the way makes nothing. */
static void apply_depends(struct call_meaning *m, const enum look_answer there[CALL_PATHS])
{
	switch (m->depends) {
	case DEPENDS_READ:
		if (there[0] != LOOK_ABSENT)
			break;
		m->act[0].op = VT_SEEN_PROBE;
		if (m->acts == 1) {                  /* made by opening it for reading */
			m->act[1] = m->act[0];
			m->act[1].op = VT_SEEN_WRITE;
			m->acts = 2;
		}
		break;
	case DEPENDS_WRITE:
		if (there[m->act[m->acts - 1].path] == LOOK_THERE)
			m->acts--;
		break;
	case DEPENDS_MKDIR:
		if (there[0] == LOOK_THERE)
			only_look(m);
		break;
	case DEPENDS_RENAME:
		if (there[0] == LOOK_ABSENT || (m->keeps && there[1] == LOOK_THERE))
			only_look(m);
		break;
	default:
		break;
	}
}

/* What is there before the call; no later moment can tell. */
static void look_before(struct watch *w, struct event *e)
{
	struct call_meaning *m = &e->means;
	enum look_answer there[CALL_PATHS] = { LOOK_UNKNOWN, LOOK_UNKNOWN };
	bool follow;
	int i;

	for (i = 0; i < m->paths; i++) {
		const struct path *p = &e->path[i];

		e->told[i] = true;
		if (e->found[i] != PATH_OK || !watch_has(w, p->text, p->length))
			continue;
		follow = !(m->acts && (m->act[0].flags & VT_SEEN_NOFOLLOW));
		if (writes(m, i, &follow) && !is_told(w, p, m->content)) {
			there[i] = look_at(&w->ground, p->text, follow, m->content, &e->before[i]);
			e->told[i] = false;
		} else if (m->depends) {
			there[i] = look_for(&w->ground, p->text, follow);
		}
		e->there[i] = there[i];
	}
	if (m->depends)
		apply_depends(m, there);
	for (i = 0; i < m->paths; i++)
		if (!writes(m, i, &follow))
			e->told[i] = true;
}

static bool may_write(const struct call_meaning *m)
{
	bool follow;

	return m->depends || writes(m, 0, &follow) || (m->paths > 1 && writes(m, 1, &follow));
}

/* Everything that must be asked while the thread stands still. */
static void look(struct watch *w, const struct seccomp_notif *notice, struct event *e)
{
	uint64_t how[3] = { 0 };     /* struct open_how: flags, mode, resolve */
	int i;

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
	e->target_length = e->means.target ? path_text((pid_t)e->tid, e->means.target, e->target) : -1;
	if (e->means.by_handle)
		watch_escape(w, ESCAPE_HANDLE, 0, e->tid);
	for (i = 0; i < e->means.paths; i++) {
		e->found[i] = path_find(&w->world, (pid_t)e->tid, &e->means.path[i], &e->path[i]);
		if (e->found[i] == PATH_UNREADABLE)
			watch_escape(w, ESCAPE_MEMORY, errno, e->tid);
		else if (e->found[i] == PATH_ELSEWHERE)
			watch_escape(w, ESCAPE_MOUNTS, 0, e->tid);
		else if (e->found[i] == PATH_LONG)
			watch_escape(w, ESCAPE_LONG, 0, e->tid);
	}
	e->told[0] = e->told[1] = true;
	if (may_write(&e->means))
		look_before(w, e);
}

static uint16_t seen_of(enum look_answer there)
{
	return there == LOOK_THERE ? VT_SEEN_THERE : there == LOOK_ABSENT ? VT_SEEN_ABSENT : 0;
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
	note->flags |= seen_of(look_for(&w->ground, p->text, false));
}

/* Once for each path, before the first note that may change what is there. */
static void remember_before(struct watch *w, struct event *e, int i)
{
	const struct look_state *state = &e->before[i];
	uint16_t flags = seen_of(e->there[i]);
	bool only_attributes = e->means.act[0].flags & VT_SEEN_ATTRIBUTE, follow = false;
	uint32_t text = 0;

	if (e->told[i])
		return;
	e->told[i] = true;
	writes(&e->means, i, &follow);
	if (!follow)
		flags |= VT_SEEN_NOFOLLOW;
	if (e->there[i] == LOOK_THERE) {
		text = notes_name(&w->states, state->bytes, state->size);
		if (!text)
			w->notes.full = true;
	}
	notes_before(&w->notes, flags, e->tid, e->path[i].text, e->path[i].length, text,
		     text && state->bytes[0] == 'f' && only_attributes ? BEFORE_OUTSIDE : BEFORE_ALL);
}

/* The link may be gone when the step has ended; what was reached through it is not. */
static void remember_link(struct watch *w, const struct event *e)
{
	const struct path *p = &e->path[0];
	uint32_t name, text;

	if (e->target_length <= 0 || e->found[0] != PATH_OK)
		return;
	text = notes_name(&w->states, e->target, (size_t)e->target_length);
	name = notes_name(&w->notes, p->text, p->length);
	w->links_made = true;
	if (text && name)
		w->notes.names[name].link = text;
	else
		w->notes.full = true;
}

/* The thread runs again. */
static void remember(struct watch *w, struct event *e)
{
	const struct call_meaning *m = &e->means;
	int i;

	for (i = 0; i < m->acts; i++) {
		const struct path *p = &e->path[m->act[i].path], *other = &e->path[!m->act[i].path];
		bool two = m->act[i].op == VT_SEEN_RENAME, fresh;

		if (e->found[m->act[i].path] != PATH_OK || (two && e->found[!m->act[i].path] != PATH_OK))
			continue;
		if (two || m->act[i].op == VT_SEEN_WRITE)
			remember_before(w, e, m->act[i].path);
		if (two)
			remember_before(w, e, !m->act[i].path);
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
	if (m->target)
		remember_link(w, e);
	if (w->notes.full)
		watch_escape(w, ESCAPE_FULL, 0, 0);
}

/* ---- the two channels -------------------------------------------------------- */

/* 1: one is here; 0: none after all; -1: the channel is of no use any more, errno 0:
 * because there is no process left. */
static int receive(struct watch *w, union notice *notice)
{
	ssize_t n;

	memset(notice, 0, w->notice_size);
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
	/* ENOENT: killed before it was received, or nobody is left */
	return errno == ENOENT || errno == EINTR || errno == EAGAIN ? 0 : -1;
}

static bool hung_up(struct watch *w)
{
	struct pollfd at = { .fd = atomic_load(&w->listener), .events = POLLIN };

	return poll(&at, 1, 0) > 0 && !(at.revents & POLLIN);
}

static int proceed(struct watch *w, uint64_t id)
{
	union answer answer;

	memset(&answer, 0, w->answer_size);
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

/* While the step runs, where receiving may wait. False: nobody is left. */
static bool listen_waiting(struct watch *w, struct event *e)
{
	uint64_t before;

	while (!atomic_load(&w->ended)) {
		before = w->events;
		if (!serve(w, e))
			return false;
		if (w->events == before && hung_up(w)) {
			w->alone = true;
			return false;
		}
	}
	return true;
}

/* The same with a poll; and after the end, for GRACE_MS. */
static void listen_polling(struct watch *w, struct event *e)
{
	struct pollfd at[2] = { { .fd = atomic_load(&w->listener), .events = POLLIN }, { .fd = w->wake, .events = POLLIN } };
	int64_t end = 0, left = -1;
	int n;

	for (;;) {
		/* `ended` is looked at after the wake-up was taken back, so none is lost */
		if (!end && atomic_load(&w->ended))
			end = now_ms() + GRACE_MS;
		if (end) {
			left = end - now_ms();
			if (w->abandoned || left < 0)
				return;
		}
		n = poll(at, end ? 1 : 2, (int)left);
		if (n < 0 && errno != EINTR) {
			watch_escape(w, ESCAPE_THREAD, errno, 0);
			return;
		}
		if (n <= 0)
			continue;
		if (!end && at[1].revents)
			woken(w);
		if (at[0].revents & POLLIN) {
			if (!serve(w, e))
				return;
		} else if (at[0].revents) {
			w->alone = true;             /* hung up: no process is left */
			return;
		}
	}
}

/* Nothing more to wait for without an end. */
static void leave(struct watch *w)
{
	atomic_store(&w->left, 1);
	syscall(SYS_futex, &w->left, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *listen_loop(void *arg)
{
	struct watch *w = arg;
	struct event e;
	bool more = true;

	prctl(PR_SET_NAME, "vt-trace");
	if (!wait_for_listener(w)) {
		leave(w);
		return NULL;
	}
	if (w->wakes && w->how == VT_FILTER_NOTIFY)
		more = listen_waiting(w, &e);
	leave(w);
	if (more)
		listen_polling(w, &e);
	return NULL;
}

static void wake(struct watch *w)
{
	uint64_t one = 1;

	while (write(w->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* Does the signal end a wait, and nothing else? */
static bool signal_wakes(void)
{
	struct sigaction a;

	return !sigaction(WAKE_SIGNAL, NULL, &a) && a.sa_handler != SIG_DFL && a.sa_handler != SIG_IGN &&
	       !(a.sa_flags & SA_RESTART);
}

static void ask_sizes(struct watch *w)
{
	struct seccomp_notif_sizes sizes;

	w->notice_size = w->answer_size = NOTICE_MAX;
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes))
		return;
	if (sizes.seccomp_notif >= sizeof(struct seccomp_notif) && sizes.seccomp_notif < NOTICE_MAX)
		w->notice_size = sizes.seccomp_notif;
	if (sizes.seccomp_notif_resp >= sizeof(struct seccomp_notif_resp) && sizes.seccomp_notif_resp < NOTICE_MAX)
		w->answer_size = sizes.seccomp_notif_resp;
}

int listen_start(struct watch *w)
{
	sigset_t others, before;
	int error;

	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake < 0)
		return errno;
	w->wakes = signal_wakes();
	ask_sizes(w);
	sigfillset(&others);
	sigdelset(&others, WAKE_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &others, &before);
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
	static const struct timespec pause = { 0, WAKE_MS * 1000000 };

	if (!w->listening)
		return;
	atomic_store(&w->ended, true);
	wake(w);
	while (w->wakes && !atomic_load(&w->left)) {
		pthread_kill(w->thread, WAKE_SIGNAL);
		syscall(SYS_futex, &w->left, FUTEX_WAIT_PRIVATE, 0, &pause, NULL, 0);
	}
	pthread_join(w->thread, NULL);
	w->listening = false;
}
