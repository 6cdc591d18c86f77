/* bell: polls the listener by AIO, with the kernel's calls themselves: libc has none for them. */
#include "config.h"

#include "bell.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum {
	ARMED_MAX = 16,       /* a poll is over when the next one begins, except after a rare delay in the kernel */
	FIRST_NS = 4000,      /* until a signal ends RECV, which begins its wait in less time */
	AGAIN_NS = 50000,     /* until the next signal, if the first one came before the wait */
};

static bool fail(struct bell *b)
{
	b->error = errno ? errno : EINVAL;
	return false;
}

static bool make(struct bell *b)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WAKE_SIGNAL };
	const long size = sysconf(_SC_PAGESIZE);

	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	b->page_size = size > 0 ? (size_t)size : 4096;
	b->page = mmap(NULL, b->page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b->page == MAP_FAILED) {
		b->page = NULL;
		return fail(b);
	}
	if (timer_create(CLOCK_MONOTONIC, &event, &b->timer))
		return fail(b);
	b->context = atomic_exchange(b->spare, 0);
	if (!b->context && syscall(SYS_io_setup, ARMED_MAX, &b->context)) {
		fail(b);
		b->context = 0;
		timer_delete(b->timer);
		return false;
	}
	return true;
}

/* Takes the results of the polls that are over. */
static void take(struct bell *b)
{
	struct io_event events[ARMED_MAX];
	long now[2] = { 0, 0 }, n, i;

	if (!b->context || b->error)
		return;
	n = syscall(SYS_io_getevents, b->context, 0L, (long)ARMED_MAX, events, now);
	if (n < 0 && errno != EINTR)
		fail(b);
	for (i = 0; i < n; i++) {
		b->armed--;
		/* a failed poll tells as little as a lost one */
		if (events[i].data == b->arming && (events[i].res < 0 || (events[i].res & POLLIN)))
			b->rang = true;
	}
}

static bool submit(struct bell *b, int listener)
{
	struct iocb poll = { .aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = (uint32_t)listener, .aio_buf = POLLIN };
	struct iocb *list[] = { &poll };

	poll.aio_data = ++b->arming;
	b->rang = false;
	if (syscall(SYS_io_submit, b->context, 1L, list) != 1)
		return fail(b);
	b->armed++;
	return true;
}

/* Asks RECV for a lost call. If there is none RECV waits, until the timer's signal. RECV cannot write a call
 * that comes meanwhile to the page, and puts it back. */
static bool is_lost(struct bell *b, int listener)
{
	static const struct itimerspec soon = { .it_value = { 0, FIRST_NS }, .it_interval = { 0, AGAIN_NS } }, never;
	int error;

	if (timer_settime(b->timer, 0, &soon, NULL))
		return fail(b);
	error = ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, b->page) ? errno : 0;
	timer_settime(b->timer, 0, &never, NULL);
	if (error != ENOENT && error != EINTR && error != EFAULT) {
		errno = error;
		return fail(b);
	}
	return error == ENOENT;
}

bool bell_rang(struct bell *b)
{
	take(b);
	return b->rang;
}

bool bell_arm(struct bell *b, int listener)
{
	if (b->error || (!b->context && !make(b)))
		return false;
	take(b);
	if (b->armed == ARMED_MAX) {
		errno = EAGAIN;
		return fail(b);
	}
	if (b->error || !submit(b, listener))
		return false;
	/* another call waits, and is received next */
	return !bell_rang(b) && is_lost(b, listener);
}

void bell_close(struct bell *b)
{
	aio_context_t none = 0;

	take(b);
	if (b->context) {
		timer_delete(b->timer);
		if (b->armed || b->error || !atomic_compare_exchange_strong(b->spare, &none, b->context))
			syscall(SYS_io_destroy, b->context);
	}
	if (b->page)
		munmap(b->page, b->page_size);
	b->context = 0;
	b->page = NULL;
	b->armed = 0;
}

void bell_spare_free(bell_spare *spare)
{
	aio_context_t context = atomic_exchange(spare, 0);

	if (context)
		syscall(SYS_io_destroy, context);
}
