#include "config.h"

#include "client-inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

enum { CLIENT_READY_POLL_MS = 100 };    /* how often to check that a server behind FIFOs still lives */

static void lock(vt_client *c)
{
	int self = (int)getpid(), held = 0;

	while (!atomic_compare_exchange_strong_explicit(&c->lock, &held, self, memory_order_acquire, memory_order_relaxed)) {
		if (held != self) {
			/* fork copied the lock, but not the thread that holds it: take it */
			if (held && atomic_compare_exchange_strong_explicit(&c->lock, &held, self, memory_order_acquire,
									     memory_order_relaxed))
				return;
		} else {
			syscall(SYS_futex, &c->lock, FUTEX_WAIT_PRIVATE, held, NULL, NULL, 0);
		}
		held = 0;
	}
}

void client_leave(vt_client *c)
{
	int saved = errno;

	atomic_store_explicit(&c->lock, 0, memory_order_release);
	syscall(SYS_futex, &c->lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	errno = saved;
}

static void hang_up(vt_client *c)
{
	if (c->in >= 0)
		close(c->in);
	if (c->out >= 0 && c->out != c->in)
		close(c->out);
	c->in = c->out = -1;
}

int client_broken(vt_client *c, int error)
{
	c->trouble = error;
	hang_up(c);
	errno = error;
	return VT_CLIENT_FAILED;
}

/* ---- bytes ------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for `events`. 0, or an errno. */
static int wait_for(int fd, short events, int64_t until)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = until ? until - now_ms() : -1;
		int n;

		if (until && left < 0)
			left = 0;
		n = poll(&p, 1, (int)left);
		if (n > 0)
			return 0;
		if (n == 0 && left == 0)
			return ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return errno;
	}
}

/* Holds back SIGPIPE for a write to a FIFO; for sockets MSG_NOSIGNAL does it. */
static ssize_t write_quietly(int fd, const void *data, size_t size)
{
	sigset_t pipe, pending, before;
	static const struct timespec at_once;
	ssize_t n;
	int error;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigemptyset(&pending);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	n = write(fd, data, size);
	error = errno;
	if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return n;
}

int client_send(vt_client *c, const unsigned char *at, size_t size, int64_t until)
{
	while (size) {
		ssize_t n = c->in == c->out ? send(c->out, at, size, MSG_NOSIGNAL | (until ? MSG_DONTWAIT : 0))
					    : write_quietly(c->out, at, size);

		if (n > 0) {
			at += n;
			size -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			int error = wait_for(c->out, POLLOUT, until);

			if (error)
				return client_broken(c, error);
		} else if (n == 0 || errno != EINTR) {
			return client_broken(c, n == 0 ? EPIPE : errno);
		}
	}
	return 0;
}

int client_receive(vt_client *c, unsigned char *at, size_t size, int64_t until)
{
	while (size) {
		ssize_t n;
		int error = until ? wait_for(c->in, POLLIN, until) : 0;

		if (error)
			return client_broken(c, error);
		n = read(c->in, at, size);
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			error = wait_for(c->in, POLLIN, until);
			if (error)
				return client_broken(c, error);
		} else if (n == 0 || errno != EINTR) {
			return client_broken(c, n == 0 ? ECONNRESET : errno);
		}
	}
	return 0;
}

/* ---- connecting -------------------------------------------------------------- */

/* Moves the fd above those of stdin, stdout and stderr. */
static int off_the_floor(int fd)
{
	int up, error;

	if (fd < 0 || fd > 2)
		return fd;
	up = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	error = errno;
	close(fd);
	errno = error;
	return up;
}

static int connect_socket(vt_client *c)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = off_the_floor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (fd < 0)
		return -1;
	c->in = c->out = fd;
	memcpy(a.sun_path, c->name, strlen(c->name) + 1);
	if (c->timeout) {
		struct timeval t = { c->timeout / 1000, c->timeout % 1000 * 1000 };

		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
	}
	/* blocks only while the backlog is full; a call that a signal interrupts has not begun */
	while (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* Waits for the byte that says the server has opened our FIFOs. */
static int await_ready(vt_client *c, int door, int64_t until)
{
	for (;;) {
		struct pollfd p[2] = { { .fd = c->in, .events = POLLIN }, { .fd = door } };
		unsigned char ready;
		ssize_t n;

		if (poll(p, 2, CLIENT_READY_POLL_MS) < 0 && errno != EINTR)
			return -1;
		n = read(c->in, &ready, 1);
		if (n == 1)
			return 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (p[1].revents & (POLLERR | POLLHUP | POLLNVAL)) {
			errno = ECONNREFUSED;
			return -1;
		}
		if (n == 0)
			/* no writer yet: poll would return at once, for ever */
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		if (until && now_ms() > until) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
}

/* Connects to a server that is a folder of FIFOs (where sockets are forbidden): makes a pair of
 * FIFOs, writes its name to the server, and waits until the server has opened both. */
static int connect_fifos(vt_client *c, int64_t until)
{
	char request[WIRE_MAX_PATH + 48], reply[WIRE_MAX_PATH + 48];
	unsigned char id[WIRE_TOKEN];
	char hex[2 * sizeof id + 1];
	int door = -1, dummy = -1, ret = -1, error;
	size_t i;

	if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
		return -1;
	for (i = 0; i < sizeof id; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	snprintf(request, sizeof request, "%s/connect", c->name);
	door = off_the_floor(open(request, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
	if (door < 0) {
		if (errno == ENXIO)
			errno = ECONNREFUSED;   /* the server is gone */
		return -1;
	}
	snprintf(request, sizeof request, "%s/%s.req", c->name, hex);
	snprintf(reply, sizeof reply, "%s/%s.rep", c->name, hex);
	if (mkfifo(request, 0600) < 0 || mkfifo(reply, 0600) < 0)
		goto out;
	c->in = off_the_floor(open(reply, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	/* opens a reader for a moment, so that the writer can be opened before the server is there */
	dummy = off_the_floor(open(request, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	c->out = off_the_floor(open(request, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
	if (c->in < 0 || dummy < 0 || c->out < 0)
		goto out;
	if (write_quietly(door, id, sizeof id) != (ssize_t)sizeof id)
		goto out;
	ret = await_ready(c, door, until);
out:
	error = errno;
	if (ret < 0) {
		unlink(request);
		unlink(reply);
	}
	if (dummy >= 0)
		close(dummy);
	close(door);
	errno = error;
	return ret;
}

static int greet(vt_client *c, int64_t until)
{
	unsigned char frame[WIRE_HELLO_SIZE], head[WIRE_HEAD], rest[8];
	unsigned char token[WIRE_TOKEN];
	struct wire_frame f;
	uint32_t pid;

	if (wire_parse_name(c->name, &pid, token) < 0)
		return client_broken(c, EINVAL);
	if (client_send(c, frame, wire_hello(frame, sizeof frame, token), until) < 0 ||
	    client_receive(c, head, sizeof head, until) < 0)
		return VT_CLIENT_FAILED;
	if (wire_head(head, &f) != sizeof rest || f.type != WIRE_HELLO_OK)
		return client_broken(c, f.type == WIRE_ERROR ? ECONNREFUSED : EPROTO);
	if (client_receive(c, rest, sizeof rest, until) < 0)
		return VT_CLIENT_FAILED;
	f.in = (struct wire_in){ rest, sizeof rest, 0 };
	if (wire_get_u16(&f.in) != WIRE_VERSION || wire_get_u16(&f.in) != 0)
		return client_broken(c, EPROTO);
	c->max_request = wire_get_u32(&f.in);
	return 0;
}

int64_t client_deadline(const vt_client *c)
{
	return c->timeout ? now_ms() + c->timeout : 0;
}

static int reach(vt_client *c)
{
	int64_t until = client_deadline(c);
	struct stat s;

	c->pid = getpid();
	c->trouble = 0;
	if (stat(c->name, &s) < 0)
		return client_broken(c, errno);
	if ((S_ISDIR(s.st_mode) ? connect_fifos(c, until) : connect_socket(c)) < 0)
		return client_broken(c, errno);
	return greet(c, until);
}

/* ---- one at a time ------------------------------------------------------------ */

int client_enter(vt_client *c)
{
	lock(c);
	if (c->pid != getpid()) {
		hang_up(c);             /* closes our copies; the parent's connection stays */
		if (reach(c) < 0)
			return VT_CLIENT_FAILED;
	}
	if (c->trouble) {
		errno = c->trouble;
		return VT_CLIENT_FAILED;
	}
	return 0;
}

int vt_client_open(const char *endpoint, int timeout_ms, vt_client **ret)
{
	unsigned char token[WIRE_TOKEN];
	uint32_t pid;
	vt_client *c;
	int error;

	if (!endpoint)
		endpoint = getenv("VP_RUN_IPC_NAME");
	if (!endpoint || wire_parse_name(endpoint, &pid, token) < 0)
		return VT_CLIENT_NONE;
	c = calloc(1, sizeof *c);
	if (!c)
		return VT_CLIENT_MEMORY;
	c->in = c->out = -1;
	c->timeout = timeout_ms > 0 ? timeout_ms : 0;
	memcpy(c->name, endpoint, strlen(endpoint) + 1);
	if (reach(c) < 0) {
		error = errno;
		free(c);
		errno = error;
		return VT_CLIENT_FAILED;
	}
	*ret = c;
	return VT_CLIENT_OK;
}

void vt_client_close(vt_client *c)
{
	if (!c)
		return;
	hang_up(c);
	free(c);
}
