#include "config.h"

#include "vt-client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
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

enum { CLIENT_READY_POLL_MS = 100 };    /* between looks whether a server behind FIFOs still lives */

struct vt_client {
	/* Held for one request and its answer: 0, or the pid of the process whose
	 * thread holds it. A pid that is not ours was copied by fork and holds nothing. */
	atomic_int lock;
	pid_t pid;                      /* who opened the fds; another one opens its own */
	int in, out;                    /* one socket, or two FIFOs; -1: not connected */
	int trouble;                    /* an errno: the stream is no longer in step, every call fails with it; 0: fine */
	int timeout;                    /* ms; 0: none */
	uint32_t max_request;           /* told by the server */
	char name[WIRE_MAX_PATH + 1];   /* the endpoint */
};

static void lock(vt_client *c)
{
	int self = (int)getpid(), held = 0;

	while (!atomic_compare_exchange_strong_explicit(&c->lock, &held, self, memory_order_acquire, memory_order_relaxed)) {
		if (held != self) {
			/* left behind by fork: take it from a holder that is not here */
			if (held && atomic_compare_exchange_strong_explicit(&c->lock, &held, self, memory_order_acquire,
									     memory_order_relaxed))
				return;
		} else {
			syscall(SYS_futex, &c->lock, FUTEX_WAIT_PRIVATE, held, NULL, NULL, 0);
		}
		held = 0;
	}
}

static void unlock(vt_client *c)
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

/* Whatever came before, the next byte cannot be trusted. */
static int broken(vt_client *c, int error)
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

/* A write to a FIFO raises SIGPIPE where a socket can be told not to: hold it back. */
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

static int send_all(vt_client *c, const unsigned char *at, size_t size, int64_t until)
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
				return broken(c, error);
		} else if (n == 0 || errno != EINTR) {
			return broken(c, n == 0 ? EPIPE : errno);
		}
	}
	return 0;
}

static int receive_all(vt_client *c, unsigned char *at, size_t size, int64_t until)
{
	while (size) {
		ssize_t n;
		int error = until ? wait_for(c->in, POLLIN, until) : 0;

		if (error)
			return broken(c, error);
		n = read(c->in, at, size);
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			error = wait_for(c->in, POLLIN, until);
			if (error)
				return broken(c, error);
		} else if (n == 0 || errno != EINTR) {
			return broken(c, n == 0 ? ECONNRESET : errno);
		}
	}
	return 0;
}

/* ---- connecting -------------------------------------------------------------- */

/* An fd that cannot be taken for stdin, stdout or stderr. */
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
	/* waits only while the backlog is full; what a signal interrupts has not begun */
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

/* The server is a folder of FIFOs (where sockets are forbidden): we make a pair,
 * throw its name through the door and wait until the server holds the other ends. */
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
			errno = ECONNREFUSED;   /* nobody holds the other end */
		return -1;
	}
	snprintf(request, sizeof request, "%s/%s.req", c->name, hex);
	snprintf(reply, sizeof reply, "%s/%s.rep", c->name, hex);
	if (mkfifo(request, 0600) < 0 || mkfifo(reply, 0600) < 0)
		goto out;
	c->in = off_the_floor(open(reply, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	/* a reader of our own for a moment, so that there is a writer before the server looks */
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
		return broken(c, EINVAL);
	if (send_all(c, frame, wire_hello(frame, sizeof frame, token), until) < 0 ||
	    receive_all(c, head, sizeof head, until) < 0)
		return VT_CLIENT_FAILED;
	if (wire_head(head, &f) != sizeof rest || f.type != WIRE_HELLO_OK)
		return broken(c, f.type == WIRE_ERROR ? ECONNREFUSED : EPROTO);
	if (receive_all(c, rest, sizeof rest, until) < 0)
		return VT_CLIENT_FAILED;
	f.in = (struct wire_in){ rest, sizeof rest, 0 };
	if (wire_get_u16(&f.in) != WIRE_VERSION || wire_get_u16(&f.in) != 0)
		return broken(c, EPROTO);
	c->max_request = wire_get_u32(&f.in);
	return 0;
}

static int64_t deadline(const vt_client *c)
{
	return c->timeout ? now_ms() + c->timeout : 0;
}

static int reach(vt_client *c)
{
	int64_t until = deadline(c);
	struct stat s;

	c->pid = getpid();
	c->trouble = 0;
	if (stat(c->name, &s) < 0)
		return broken(c, errno);
	if ((S_ISDIR(s.st_mode) ? connect_fifos(c, until) : connect_socket(c)) < 0)
		return broken(c, errno);
	return greet(c, until);
}

/* Locked from here to leave(). 0, or what the call returns. */
static int enter(vt_client *c)
{
	lock(c);
	if (c->pid != getpid()) {
		hang_up(c);             /* our copies of the parent's; its connection stays */
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

/* ---- requests ---------------------------------------------------------------- */

/* What one request says besides its type. */
struct request {
	unsigned type, flags;
	int kind;                       /* of GET_ENVS; -1: no kind */
	const char *before, *text;      /* one str, in two pieces; text NULL: no payload */
};

static size_t put(const struct request *r, void *at, size_t room)
{
	size_t before = r->before ? strlen(r->before) : 0;
	struct wire_out o;

	wire_begin(&o, at, room, r->type, r->flags);
	if (r->kind >= 0)
		wire_u8(&o, (unsigned)r->kind);
	if (r->text) {
		size_t size = strlen(r->text);

		if (size > UINT32_MAX / 2 || before > UINT32_MAX / 2)
			return SIZE_MAX;
		wire_u32(&o, (uint32_t)(before + size));
		wire_raw(&o, r->before, before);
		wire_raw(&o, r->text, size);
	}
	return room ? wire_end(&o) : o.size;
}

/* Sends one frame whole. The client is locked. */
static int say(vt_client *c, const struct request *r)
{
	unsigned char few[512], *frame = few;
	size_t size = put(r, NULL, 0);
	int ret;

	if (size == SIZE_MAX || size - WIRE_LENGTH > c->max_request) {
		errno = E2BIG;
		return VT_CLIENT_ARGUMENT;
	}
	if (size > sizeof few) {
		frame = malloc(size);
		if (!frame)
			return VT_CLIENT_MEMORY;
	}
	put(r, frame, size);
	ret = send_all(c, frame, size, deadline(c));
	if (frame != few) {
		int error = errno;

		free(frame);
		errno = error;
	}
	return ret;
}

static int say_alone(vt_client *c, const struct request *r)
{
	int ret = enter(c);

	if (!ret)
		ret = say(c, r);
	unlock(c);
	return ret;
}

static int refused(vt_client *c, struct wire_frame *f)
{
	unsigned code = wire_get_u16(&f->in);
	uint32_t size;

	wire_get_str(&f->in, &size);
	if (!wire_done(&f->in))
		return broken(c, EPROTO);
	switch (code) {
	case WIRE_E_GLOB:
		errno = EINVAL;
		return VT_CLIENT_PATTERN;
	case WIRE_E_LIMIT:
		errno = EOVERFLOW;
		return VT_CLIENT_LIMIT;
	default:
		return broken(c, EPROTO);
	}
}

/* Skips an answer there is no memory for, so that the stream stays in step. */
static int skip(vt_client *c, size_t size, int64_t until)
{
	unsigned char some[4096];

	while (size) {
		size_t n = size < sizeof some ? size : sizeof some;

		if (receive_all(c, some, n, until) < 0)
			return VT_CLIENT_FAILED;
		size -= n;
	}
	errno = ENOMEM;
	return VT_CLIENT_MEMORY;
}

/* One answer of that type into a block of its own (+1 byte), *ret_block. The client is locked. */
static int hear(vt_client *c, unsigned type, struct wire_frame *f, unsigned char **ret_block)
{
	int64_t until = deadline(c), size;
	unsigned char head[WIRE_HEAD], *block;
	int ret;

	if (receive_all(c, head, sizeof head, until) < 0)
		return VT_CLIENT_FAILED;
	size = wire_head(head, f);
	if (size < 0 || size > WIRE_MAX_REPLY || (f->type != type && f->type != WIRE_ERROR))
		return broken(c, EPROTO);
	block = malloc((size_t)size + 1);
	if (!block)
		return skip(c, (size_t)size, until);
	if (receive_all(c, block, (size_t)size, until) < 0) {
		ret = VT_CLIENT_FAILED;
		goto out;
	}
	f->in = (struct wire_in){ block, (size_t)size, 0 };
	if (f->type == WIRE_ERROR) {
		ret = refused(c, f);
		goto out;
	}
	*ret_block = block;
	return 0;
out:
	{
		int error = errno;

		free(block);
		errno = error;
	}
	return ret;
}

static int ignore(vt_client *c, unsigned type, const char *path)
{
	char here[PATH_MAX + 1];
	struct request r = { .type = type, .kind = -1, .text = path };

	if (!path || !*path) {
		errno = EINVAL;
		return VT_CLIENT_ARGUMENT;
	}
	if (*path != '/') {
		size_t n;

		if (!getcwd(here, sizeof here - 1) || *here != '/')
			return VT_CLIENT_ARGUMENT;
		n = strlen(here);
		if (n > 1)
			memcpy(here + n, "/", 2);
		r.before = here;
	}
	return say_alone(c, &r);
}

int vt_client_ignore_input(vt_client *c, const char *path)
{
	return ignore(c, WIRE_IGNORE_INPUT, path);
}

int vt_client_ignore_output(vt_client *c, const char *path)
{
	return ignore(c, WIRE_IGNORE_OUTPUT, path);
}

int vt_client_disable_cache(vt_client *c)
{
	return say_alone(c, &(struct request){ .type = WIRE_DISABLE_CACHE, .kind = -1 });
}

int vt_client_sync(vt_client *c)
{
	struct wire_frame f;
	unsigned char *block = NULL;
	int ret = enter(c);

	if (!ret)
		ret = say(c, &(struct request){ .type = WIRE_SYNC, .kind = -1 });
	if (!ret)
		ret = hear(c, WIRE_SYNC_OK, &f, &block);
	if (!ret && !wire_done(&f.in))
		ret = broken(c, EPROTO);
	unlock(c);
	free(block);
	return ret;
}

int vt_client_get_env(vt_client *c, const char *name, int tracked, char **ret_value, size_t *ret_size)
{
	struct request r = { .type = WIRE_GET_ENV, .flags = tracked ? WIRE_TRACKED : 0, .kind = -1, .text = name };
	struct wire_frame f;
	unsigned char *block = NULL;
	const char *value = "";
	uint32_t size = 0;
	int ret = name ? enter(c) : VT_CLIENT_ARGUMENT;

	if (!name) {
		errno = EINVAL;
		return ret;
	}
	if (!ret)
		ret = say(c, &r);
	if (!ret)
		ret = hear(c, WIRE_ENV_VALUE, &f, &block);
	if (!ret) {
		if (f.flags & WIRE_SET)
			value = wire_get_str(&f.in, &size);
		if (!wire_done(&f.in) || (f.flags & ~(unsigned)WIRE_SET))
			ret = broken(c, EPROTO);
		else if (!(f.flags & WIRE_SET))
			ret = VT_CLIENT_NONE;
	}
	unlock(c);
	if (ret) {
		int error = errno;

		free(block);
		errno = error;
		return ret;
	}
	/* the answer's own block becomes the value */
	memmove(block, value, size);
	block[size] = 0;
	*ret_value = (char *)block;
	if (ret_size)
		*ret_size = size;
	return VT_CLIENT_OK;
}

/* Is it the list it says it is? Turns each length in front of a text into the NUL
 * behind the text before it is read: done in a second walk, so nothing here changes. */
static int list_is_whole(struct wire_in in)
{
	uint32_t n = wire_get_u32(&in), size, i;

	for (i = 0; i < n && !in.bad; i++) {
		wire_get_str(&in, &size);
		wire_get_str(&in, &size);
	}
	return wire_done(&in);
}

static int walk(struct wire_in in, int (*each)(void *, const char *, const char *, size_t), void *ctx)
{
	uint32_t n = wire_get_u32(&in), i, name_size, value_size;
	int ret = 0;

	for (i = 0; i < n && !ret; i++) {
		char *name = (char *)(uintptr_t)wire_get_str(&in, &name_size);
		char *value = (char *)(uintptr_t)wire_get_str(&in, &value_size);
		char *end = value + value_size;
		char kept = *end;       /* the next pair's length, or the spare byte of the block */

		name[name_size] = 0;    /* was the value's length, which has been read */
		*end = 0;
		ret = each(ctx, name, value, value_size);
		*end = kept;
	}
	return ret;
}

int vt_client_get_envs(vt_client *c, int kind, const char *text, int tracked,
		       int (*each)(void *ctx, const char *name, const char *value, size_t value_size), void *ctx)
{
	struct request r = { .type = WIRE_GET_ENVS, .flags = tracked ? WIRE_TRACKED : 0, .kind = kind, .text = text };
	struct wire_frame f;
	unsigned char *block = NULL;
	int ret;

	if (!text || !each || (kind != VT_CLIENT_GLOB && kind != VT_CLIENT_PREFIX)) {
		errno = EINVAL;
		return VT_CLIENT_ARGUMENT;
	}
	ret = enter(c);
	if (!ret)
		ret = say(c, &r);
	if (!ret)
		ret = hear(c, WIRE_ENV_LIST, &f, &block);
	if (!ret && (f.flags || !list_is_whole(f.in)))
		ret = broken(c, EPROTO);
	unlock(c);
	if (!ret) {
		block[f.in.left] = 0;
		ret = walk(f.in, each, ctx);
	}
	{
		int error = errno;

		free(block);
		errno = error;
	}
	return ret;
}

void vt_client_free(void *value)
{
	free(value);
}

const char *vt_client_words(int result)
{
	switch (result) {
	case VT_CLIENT_OK:
		return "done";
	case VT_CLIENT_NONE:
		return "nothing there";
	case VT_CLIENT_FAILED:
		return "the task runner cannot be reached";
	case VT_CLIENT_MEMORY:
		return "out of memory";
	case VT_CLIENT_ARGUMENT:
		return "an argument cannot be sent to the task runner";
	case VT_CLIENT_PATTERN:
		return "invalid glob pattern";
	case VT_CLIENT_LIMIT:
		return "the task runner's limit is reached";
	default:
		return "unknown result";
	}
}
