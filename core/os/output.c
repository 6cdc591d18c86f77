#include "config.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/loop.h"
#include "os/stream.h"

/* Shell, pagers and children share fds 1 and 2, and would all see O_NONBLOCK: so vt sets nothing on
 * them. Sockets and pipes take one write without blocking, if asked for each write. For terminals
 * and older kernels poll tells of some room, and vt writes a piece that always fits. The rest
 * waits in the queue. The loop watches an epoll of our own in the fd's place: libuv would make
 * the fd itself non-blocking. */

enum {
	PIECE_TTY = 256,               /* a terminal that polls writable takes as much (WAKEUP_CHARS) */
	QUEUE_MAX = 16 << 20           /* above it output_write waits for the reader */
};

enum how { AT_ONCE, SOCKET, PIPE, PIPE_POLL, TTY };

struct output {
	int fd;                        /* not ours: never closed */
	enum how how;
	int error;                     /* the first errno; from then on everything is dropped */
	int epoll;                     /* ours, watches fd; -1: every write is immediate */
	bool watched;                  /* the loop waits for room */
	uv_poll_t uv;                  /* of epoll */
	struct buf queue;
	size_t sent;                   /* bytes at the front of queue that were written */
	void (*on_drained)(void *ctx);
	void *ctx;
};

static enum how how_to_write(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return AT_ONCE;
	if (S_ISSOCK(st.st_mode))
		return SOCKET;
	if (S_ISFIFO(st.st_mode))
		return PIPE;
	return isatty(fd) ? TTY : AT_ONCE;
}

struct output *output_open(struct loop *l, int fd)
{
	struct output *o = xcalloc(1, sizeof *o);
	struct epoll_event e = { .events = EPOLLOUT | EPOLLERR };

	o->fd = fd;
	o->how = how_to_write(fd);
	o->epoll = -1;
	buf_init(&o->queue, QUEUE_MAX);
	if (o->how == AT_ONCE)
		return o;
	o->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (o->epoll >= 0 && epoll_ctl(o->epoll, EPOLL_CTL_ADD, fd, &e) < 0) {
		close(o->epoll);
		o->epoll = -1;
	}
	if (o->epoll >= 0 && uv_poll_init(loop_uv(l), &o->uv, o->epoll) < 0) {
		close(o->epoll);
		o->epoll = -1;
	}
	if (o->epoll < 0) {
		o->how = AT_ONCE;
		return o;
	}
	o->uv.data = o;
	return o;
}

static bool has_room(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, timeout) > 0;
}

static ssize_t write_when_room(struct output *o, const char *data, size_t size, size_t piece)
{
	if (!has_room(o->fd, 0)) {
		errno = EAGAIN;
		return -1;
	}
	return write(o->fd, data, size < piece ? size : piece);
}

/* Writes without blocking. -1 with EAGAIN: there is no room. */
static ssize_t write_some(struct output *o, const char *data, size_t size)
{
	struct iovec v = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	ssize_t n;

	switch (o->how) {
	case SOCKET:
		return send(o->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	case PIPE:
		n = pwritev2(o->fd, &v, 1, -1, RWF_NOWAIT);
		if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
			return n;
		o->how = PIPE_POLL;
		/* fall through */
	case PIPE_POLL:
		return write_when_room(o, data, size, PIPE_BUF);
	case TTY:
		return write_when_room(o, data, size, PIECE_TTY);
	default:
		return write(o->fd, data, size);
	}
}

/* Writes as much as possible without blocking. Returns the bytes written. */
static size_t write_now(struct output *o, const char *data, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size && o->error == 0) {
		n = write_some(o, data + done, size - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN && o->how == AT_ONCE)
			has_room(o->fd, 1000);     /* another program made the fd non-blocking */
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			o->error = errno;
	}
	return done;
}

static void drop_queue(struct output *o)
{
	buf_free(&o->queue);
	o->sent = 0;
}

/* Writes from the queue as much as possible without blocking. */
static void flush_some(struct output *o)
{
	if (output_queued(o) == 0)
		return;
	o->sent += write_now(o, o->queue.data + o->sent, o->queue.size - o->sent);
	if (o->error != 0 || o->sent == o->queue.size)
		drop_queue(o);
	else if (o->sent > o->queue.size / 2) {
		buf_drop(&o->queue, o->sent);
		o->sent = 0;
	}
}

static void on_room(uv_poll_t *uv, int status, int events)
{
	struct output *o = uv->data;

	(void)status, (void)events;
	flush_some(o);
	if (output_queued(o) > 0)
		return;
	o->watched = false;
	uv_poll_stop(uv);
	if (o->on_drained)
		o->on_drained(o->ctx);
}

static void flush_all(struct output *o)
{
	while (output_queued(o) > 0) {
		has_room(o->fd, 1000);
		flush_some(o);
	}
}

int output_write(struct output *o, const void *data, size_t size)
{
	const char *at = data;
	size_t n;

	if (o->error != 0)
		return o->error;
	if (output_queued(o) == 0) {
		n = write_now(o, at, size);
		at += n;
		size -= n;
	}
	while (size > 0 && o->error == 0) {
		n = size < (1 << 20) ? size : 1 << 20;
		if (buf_add(&o->queue, at, n) < 0) {
			o->queue.full = 0;
			flush_all(o);
			continue;
		}
		at += n;
		size -= n;
	}
	if (output_queued(o) > 0 && !o->watched) {
		o->watched = true;
		uv_poll_start(&o->uv, UV_READABLE, on_room);
	}
	return o->error;
}

size_t output_queued(const struct output *o)
{
	return o->queue.size - o->sent;
}

unsigned output_columns(const struct output *o)
{
	struct winsize w;

	return ioctl(o->fd, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

void output_on_drained(struct output *o, void (*fn)(void *ctx), void *ctx)
{
	o->on_drained = fn;
	o->ctx = ctx;
}

static void free_output(uv_handle_t *h)
{
	free(h->data);
}

int output_close(struct output *o)
{
	int r;

	if (!o)
		return 0;
	flush_all(o);
	r = o->error;
	drop_queue(o);
	if (o->epoll < 0) {
		free(o);
		return r;
	}
	uv_close((uv_handle_t *)&o->uv, free_output);
	close(o->epoll);
	return r;
}
