/* listen: the thread that receives each call of the task, looks at it, lets it go on and
 * notes it.
 *
 * A thread of the task stands still from RECV to SEND. So the code in between waits
 * neither for the task nor for another part of vt.
 *
 * While the step runs, the thread waits in RECV itself: a poll before each RECV would
 * add a fourth kernel call to each event. The wait ends when the last process ends
 * (Linux 6.11), or by WAKE_SIGNAL, which listen_stop sends. Where the host does not
 * catch that signal, the thread polls from the start. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "procs.h"
#include "settle.h"
#include "trace.h"
#include "vt-plugin.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

enum {
	GRACE_MS = 50,        /* how long events of background processes are noted after the task's end */
	NOTICE_MAX = 512,     /* bytes: more than any kernel's struct seccomp_notif so far */
	WAKE_MS = 2,          /* between two signals: a signal just before the wait is lost */
	PART_MS = 200,        /* how long a cancelled step waits for a look at a file */
	LATE_MAX = 1000,      /* calls after the grace time that are received only to find a lost one */
};

/* The running kernel's structs may be longer than those of the header. Only the kernel's
 * length is cleared, to keep the task's data in the processor's cache. */
union notice { struct seccomp_notif is; char room[NOTICE_MAX]; };
union answer { struct seccomp_notif_resp is; char room[NOTICE_MAX]; };

void watch_escape_named(struct watch *w, enum escape why, uint32_t process, const char *name)
{
	if (w->escape != ESCAPE_NONE)
		return;
	w->escape = why;
	w->escape_process = process;
	snprintf(w->escape_name, sizeof w->escape_name, "%s", name);
}

void watch_escape(struct watch *w, enum escape why, int64_t value, uint32_t process)
{
	if (w->escape != ESCAPE_NONE)
		return;
	w->escape = why;
	w->escape_value = value;
	w->escape_process = process;
	if (process)
		procs_name(process, w->escape_name, sizeof w->escape_name);
}

bool watch_has(const struct watch *w, const char *path, size_t length)
{
	return length >= w->root_length && memcmp(path, w->root, w->root_length) == 0 &&
	       (length == w->root_length || path[w->root_length] == '/' || w->root_length == 1);
}

/* ---- the two channels -------------------------------------------------------- */

/* What poll tells of the listener now; 0: nothing. */
static int state_of(struct watch *w)
{
	struct pollfd at = { .fd = atomic_load(&w->listener), .events = POLLIN };

	return poll(&at, 1, 0) > 0 ? at.revents : 0;
}

static bool hung_up(struct watch *w)
{
	const int state = state_of(w);

	return state && !(state & POLLIN);
}

/* Notes that a signal or a kill took away a call before its answer. No call counts after the end, when another
 * thread settles the notes. */
static void interrupted(struct watch *w)
{
	if (!atomic_load(&w->heard) && gates_interrupted(&w->gates))
		watch_escape_named(w, ESCAPE_INTERRUPTED, w->gates.now.process, w->gates.now.name);
}

/* Receives one event. 1: received; 0: none; -1: the channel failed, or, with errno 0, the
 * last process is gone. */
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
	/* ENOENT: a kill or a signal took the call away, or no process is left */
	if (errno == ENOENT && !hung_up(w)) {
		interrupted(w);
		return 0;
	}
	return errno == ENOENT || errno == EINTR || errno == EAGAIN ? 0 : -1;
}

/* The next wake-up, of the tracer or of a caller, is on the CPU of the one who wakes it, or where the scheduler
 * puts it. False: the scheduler places all, by a kernel before 6.6. */
static bool set_wake_up(int listener, bool on_this_cpu)
{
	return !ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, on_this_cpu ? SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP : 0UL);
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
		/* ENOENT: a kill or a signal took the call away */
		if (errno == ENOENT && !w->killable)
			interrupted(w);
		return errno == ENOENT ? 0 : -1;
	}
	return 0;
}

/* ---- lost calls -------------------------------------------------------------- */

static bool may_lose(const struct watch *w)
{
	return w->gates.now.fragile && w->how == VT_FILTER_NOTIFY && !w->escape;
}

/* Finds calls that were lost so far, and makes ready to find later ones. Comes before the answer: while the
 * caller stands still the kernel knows of lost calls. */
static void guard(struct watch *w)
{
	if (may_lose(w) && bell_arm(&w->bell, atomic_load(&w->listener)))
		interrupted(w);
}

/* ---- the loop ---------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Empties the eventfd. Comes before the look at `listener` and `ended`. */
static void woken(struct watch *w)
{
	uint64_t n;

	while (read(w->wake, &n, sizeof n) < 0 && errno == EINTR)
		;
}

/* Waits for attach or the end. False: there is no listener. */
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

/* Is it the shim that opens its log? A process with a filter of its own gets none: the
 * filter may forbid what the gate needs. */
static bool asks_for_log(const struct watch *w, const struct event *e)
{
	return w->how == VT_FILTER_NOTIFY && e->native && e->means.acts && e->found[0] == PATH_OK &&
	       log_is_asked(e->path[0].text, e->path[0].length) && procs_status(e->tid, "\nSeccomp_filters:") == w->filters;
}

/* ret_before: what was blocked before; NULL: it stays blocked. */
static void block_wake_signal(sigset_t *ret_before)
{
	sigset_t wake;

	sigemptyset(&wake);
	sigaddset(&wake, WAKE_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &wake, ret_before);
}

/* The answer that hands over the log must not be interrupted. */
static bool offer_log(struct watch *w, uint64_t id)
{
	sigset_t before;
	bool ret;

	block_wake_signal(&before);
	ret = log_offer(&w->log, atomic_load(&w->listener), id);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret;
}

/* Lets the call go on. Of threads side by side, each runs where the scheduler puts it. */
static int answer(struct watch *w, uint64_t id, bool with_log)
{
	const bool apart = w->turns.mixed && w->places;
	int ret = 0;

	if (apart)
		set_wake_up(atomic_load(&w->listener), false);
	if (!with_log || !offer_log(w, id))
		ret = proceed(w, id);
	if (apart)
		set_wake_up(atomic_load(&w->listener), true);
	return ret;
}

/* Serves one event. False: the channel is of no use any more. */
static bool serve(struct watch *w, struct event *e)
{
	union notice notice;
	int got = receive(w, &notice);

	if (got > 0) {
		w->events++;
		if (!w->above)
			procs_statuses(notice.is.pid, "\nPPid:", &w->above, "\nSeccomp_filters:", &w->filters);
		turns_count(&w->turns, notice.is.pid);
		e->means.acts = 0;
		stamps_called(&w->stamps, notice.is.pid);
		event_read_log(w);
		event_look(w, &notice.is, e);
		guard(w);
		got = answer(w, notice.is.id, asks_for_log(w, e));
		event_remember(w, e);
	}
	if (got >= 0)
		return true;
	w->alone = !errno;
	if (errno)
		watch_escape(w, ESCAPE_THREAD, errno, 0);
	return false;
}

/* Serves events while the step runs, and waits in RECV. False: no process is left. */
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
		if (stamps_due(&w->stamps) && !atomic_load(&w->ended))
			stamps_look(w);
	}
	return true;
}

/* Serves events with a poll before each, and after the step's end for GRACE_MS. */
static void listen_polling(struct watch *w, struct event *e)
{
	struct pollfd at[2] = { { .fd = atomic_load(&w->listener), .events = POLLIN }, { .fd = w->wake, .events = POLLIN } };
	int64_t end = 0, left = -1;
	int n;

	for (;;) {
		/* this look at `ended` comes after woken(): no wake-up is lost */
		if (!end && atomic_load(&w->ended))
			end = now_ms() + GRACE_MS;
		if (end) {
			left = end - now_ms();
			if (atomic_load(&w->abandoned) || left < 0)
				return;
		}
		n = poll(at, end ? 1 : 2, end ? (int)left : stamps_wait_ms(&w->stamps));
		if (n < 0 && errno != EINTR) {
			watch_escape(w, ESCAPE_THREAD, errno, 0);
			return;
		}
		if (!end && stamps_due(&w->stamps))
			stamps_look(w);
		if (n <= 0)
			continue;
		if (!end && at[1].revents)
			woken(w);
		if (at[0].revents & POLLIN) {
			if (!serve(w, e))
				return;
		} else if (at[0].revents) {
			w->alone = true;             /* the listener hung up: no process is left */
			return;
		}
	}
}

/* Finds a call that was lost after the last received one. */
static void look_back(struct watch *w, struct event *e)
{
	int i;

	if (atomic_load(&w->abandoned))
		return;
	/* a call that still waits has rung, too */
	for (i = 0; i < LATE_MAX && may_lose(w) && bell_rang(&w->bell) && (state_of(w) & POLLIN); i++)
		if (!serve(w, e))
			return;
	if (!may_lose(w))
		return;
	if (bell_rang(&w->bell)) {
		interrupted(w);
	} else if (w->bell.error) {
		watch_escape_named(w, ESCAPE_INTERRUPTIBLE, w->gates.now.process, w->gates.now.name);
		w->escape_value = w->bell.error;
	}
}

static void tell(atomic_uint *flag)
{
	atomic_store(flag, 1);
	syscall(SYS_futex, flag, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void await(atomic_uint *flag)
{
	while (!atomic_load(flag))
		syscall(SYS_futex, flag, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

/* Lets calls of background processes go on, unnoted, while the notes are settled: such a
 * process may serve a file system that settling asks. */
static void answer_on(struct watch *w)
{
	struct pollfd at[2] = { { .fd = atomic_load(&w->listener), .events = POLLIN }, { .fd = w->wake, .events = POLLIN } };
	union notice notice;

	while (!atomic_load(&w->settled)) {
		if (poll(at, 2, -1) < 0 && errno != EINTR)
			return;
		if (at[1].revents)
			woken(w);
		if (at[0].revents && !(at[0].revents & POLLIN))
			return;
		if ((at[0].revents & POLLIN) && receive(w, &notice) > 0)
			proceed(w, notice.is.id);
	}
}

/* The last process has left its filter, and the kernel takes down its memory now: that lasts as long as settling the notes of a
 * large program. No signal may end a look at a file. */
static void settle_meanwhile(struct watch *w)
{
	if (!w->alone || w->how != VT_FILTER_NOTIFY || atomic_load(&w->abandoned))
		return;
	block_wake_signal(NULL);
	w->settling = settle_find(w);
}

/* The end of the thread, and, where a cancelled step did not wait for it, of the watch: then the component may be gone. */
static void *end(struct watch *w)
{
	bell_spare own = 0;
	bool left;

	tell(&w->found);
	left = atomic_exchange(&w->parted, true);
	if (left)
		w->bell.spare = &own;
	bell_close(&w->bell);
	bell_spare_free(&own);
	if (left)
		watch_free(w);
	return NULL;
}

static void *listen_loop(void *arg)
{
	struct watch *w = arg;
	struct event e;
	bool more = true;

	prctl(PR_SET_NAME, "vt-trace");
	if (!wait_for_listener(w)) {
		tell(&w->left);
		tell(&w->heard);
		return end(w);
	}
	if (w->wakes && w->how == VT_FILTER_NOTIFY)
		more = listen_waiting(w, &e);
	tell(&w->left);          /* no more signals are needed */
	if (more)
		listen_polling(w, &e);
	look_back(w, &e);
	stamps_end(&w->stamps);
	log_close(&w->log);
	event_read_log(w);
	if (gates_hurt(&w->gates, log_interruptions(&w->log)))
		watch_escape_named(w, ESCAPE_INTERRUPTED_WITHIN, w->gates.now.process, w->gates.now.name);
	tell(&w->heard);
	settle_meanwhile(w);
	if (!w->alone && !atomic_load(&w->abandoned) && w->how) {
		tell(&w->found);
		answer_on(w);
	}
	return end(w);
}

static void wake(struct watch *w)
{
	uint64_t one = 1;

	while (write(w->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* Has the host a handler for WAKE_SIGNAL that ends a wait? */
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
	w->bell.error = w->wakes ? 0 : EOPNOTSUPP;
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
		w->places = set_wake_up(listener, true);
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
	await(&w->heard);
}

void listen_settled(struct watch *w)
{
	if (w->listening)
		await(&w->found);
}

bool listen_abandon(struct watch *w)
{
	static const struct timespec limit = { 0, PART_MS * 1000000 };

	if (w->listening && !atomic_load(&w->found)) {
		syscall(SYS_futex, &w->found, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0);
		if (!atomic_load(&w->found) && !atomic_exchange(&w->parted, true)) {
			pthread_detach(w->thread);
			return false;
		}
	}
	listen_end(w);
	return true;
}

void listen_end(struct watch *w)
{
	if (!w->listening)
		return;
	atomic_store(&w->settled, true);
	wake(w);
	pthread_join(w->thread, NULL);
	w->listening = false;
}
