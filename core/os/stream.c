#include "config.h"

#include "os/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "os/loop.h"

enum { CHUNK = 8192 };

struct stream {
	uv_pipe_t uv;
	struct stream_events events;
	void *ctx;
	bool reading;          /* between read_start and read_stop */
	bool ended;            /* on_end was called, or must not be any more */
	char chunk[CHUNK];     /* where libuv reads to; on_bytes borrows it */
};

struct writing {
	uv_write_t uv;
	char data[];
};

static void end(struct stream *s, int error)
{
	if (s->ended)
		return;
	s->ended = true;
	uv_read_stop((uv_stream_t *)&s->uv);
	s->events.on_end(s->ctx, error);
}

static void on_alloc(uv_handle_t *h, size_t wanted, uv_buf_t *ret)
{
	struct stream *s = h->data;

	(void)wanted;
	*ret = uv_buf_init(s->chunk, sizeof s->chunk);
}

static void on_read(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
	struct stream *s = uv->data;

	(void)buf;
	if (n == UV_EOF)
		end(s, 0);
	else if (n < 0)
		end(s, (int)-n);
	else if (n > 0)
		s->events.on_bytes(s->ctx, s->chunk, (size_t)n);
}

static void free_stream(uv_handle_t *h)
{
	free(h->data);
}

struct stream *stream_open(struct loop *l, int fd, const struct stream_events *events, void *ctx, struct err *err)
{
	struct stream *s = xcalloc(1, sizeof *s);
	int r = uv_pipe_init(loop_uv(l), &s->uv, 0);

	s->uv.data = s;
	s->events = *events;
	s->ctx = ctx;
	if (r == 0)
		r = uv_pipe_open(&s->uv, fd);
	if (r < 0) {
		uv_close((uv_handle_t *)&s->uv, free_stream);
		err_errno(err, -r, "file descriptor %d cannot be read", fd);
		return NULL;
	}
	return s;
}

void stream_read_start(struct stream *s)
{
	int r;

	if (s->ended || s->reading)
		return;
	s->reading = true;
	r = uv_read_start((uv_stream_t *)&s->uv, on_alloc, on_read);
	if (r < 0)
		end(s, -r);
}

void stream_read_stop(struct stream *s)
{
	s->reading = false;
	uv_read_stop((uv_stream_t *)&s->uv);
}

static void on_written(uv_write_t *uv, int status)
{
	struct stream *s = uv->handle->data;

	free(uv->data);
	if (status < 0)
		end(s, -status);
}

void stream_write(struct stream *s, const void *data, size_t size)
{
	struct writing *w;
	uv_buf_t buf;
	int r;

	if (s->ended || size == 0)
		return;
	w = xmalloc(sizeof *w + size);
	memcpy(w->data, data, size);
	w->uv.data = w;
	buf = uv_buf_init(w->data, (unsigned)size);
	r = uv_write(&w->uv, (uv_stream_t *)&s->uv, &buf, 1, on_written);
	if (r < 0) {
		free(w);
		end(s, -r);
	}
}

size_t stream_queued(const struct stream *s)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&s->uv);
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	s->ended = true;
	uv_close((uv_handle_t *)&s->uv, free_stream);
}

/* ---- listening ------------------------------------------------------------- */

struct listening {
	uv_poll_t uv;
	int fd;
	bool held, stopped;
	void (*on_connect)(void *ctx, int fd);
	void *ctx;
};

void listen_drain(struct listening *s)
{
	int fd, error;

	while (!s->stopped && !s->held) {
		fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		error = errno;
		if (fd >= 0) {
			s->on_connect(s->ctx, fd);
		} else if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS) {
			/* connections go on waiting; asking again at once would spin */
			listen_hold(s, true);
			s->on_connect(s->ctx, -error);
		} else if (error != EINTR && error != ECONNABORTED) {
			return;
		}
	}
}

static void on_listen(uv_poll_t *uv, int status, int events)
{
	(void)events;
	if (status == 0)
		listen_drain(uv->data);
}

static int listen_socket(const char *path, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof a.sun_path)
		return err_set(err, ERR_SYSTEM, "the socket path '%s' is longer than %zu bytes; set TMPDIR to a shorter folder",
			       path, sizeof a.sun_path - 1);
	memcpy(a.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, errno, "no socket for '%s'", path);
	/* before bind, so that the name never has another mode */
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, SOMAXCONN) < 0) {
		err_errno(err, errno, "cannot listen at '%s'", path);
		close(fd);
		return -1;
	}
	return fd;
}

struct listening *listen_start(struct loop *l, const char *path, void (*on_connect)(void *ctx, int fd), void *ctx, struct err *err)
{
	struct listening *s;
	int fd = listen_socket(path, err), r;

	if (fd < 0)
		return NULL;
	s = xcalloc(1, sizeof *s);
	r = uv_poll_init(loop_uv(l), &s->uv, fd);
	if (r < 0) {
		err_errno(err, -r, "the socket '%s' cannot be watched", path);
		close(fd);
		unlink(path);
		free(s);
		return NULL;
	}
	s->fd = fd;
	s->on_connect = on_connect;
	s->ctx = ctx;
	s->uv.data = s;
	uv_poll_start(&s->uv, UV_READABLE, on_listen);
	return s;
}

void listen_hold(struct listening *s, bool hold)
{
	if (s->stopped || s->held == hold)
		return;
	s->held = hold;
	if (hold)
		uv_poll_stop(&s->uv);
	else
		uv_poll_start(&s->uv, UV_READABLE, on_listen);
}

static void free_listening(uv_handle_t *h)
{
	free(h->data);
}

void listen_stop(struct listening *s)
{
	if (!s)
		return;
	s->stopped = true;
	/* in this order, so that no other file has the number when libuv lets go of it */
	uv_close((uv_handle_t *)&s->uv, free_listening);
	close(s->fd);
}

int peer_uid(int fd, uint32_t *ret)
{
	struct ucred c;
	socklen_t n = sizeof c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) < 0)
		return -1;
	*ret = c.uid;
	return 0;
}
