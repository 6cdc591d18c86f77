#include "config.h"

#include "os/notify.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "os/loop.h"

#define NOTIFY_MASK (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | \
		     IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK)

struct notify {
	int fd;
	uv_poll_t uv;
	void (*on_event)(void *ctx, int watch, unsigned what, const char *name);
	void *ctx;
	_Alignas(struct inotify_event) char bytes[64 * 1024];
};

static void tell(struct notify *n, const struct inotify_event *e)
{
	unsigned what = 0;

	if (e->mask & IN_Q_OVERFLOW)
		what |= NOTIFY_LOST;
	if (e->mask & (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB))
		what |= NOTIFY_CONTENT;
	if (e->mask & IN_MODIFY)
		what |= NOTIFY_WRITING;
	if (e->mask & IN_CREATE)
		what |= NOTIFY_CREATED;
	if (e->mask & IN_MOVED_TO)
		what |= NOTIFY_MOVED;
	if (e->mask & IN_CLOSE_WRITE)
		what |= NOTIFY_CLOSED;
	if (e->mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO))
		what |= NOTIFY_NAME;
	if (e->mask & IN_ISDIR)
		what |= NOTIFY_FOLDER;
	if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT))
		what |= NOTIFY_GONE;
	n->on_event(n->ctx, e->wd, what, e->len ? e->name : NULL);
}

void notify_drain(struct notify *n)
{
	const char *at;
	ssize_t size;

	while ((size = read(n->fd, n->bytes, sizeof n->bytes)) > 0)
		for (at = n->bytes; at < n->bytes + size; at += sizeof(struct inotify_event) + ((const struct inotify_event *)(const void *)at)->len)
			tell(n, (const void *)at);
}

static void on_readable(uv_poll_t *uv, int status, int events)
{
	(void)status, (void)events;
	notify_drain(uv->data);
}

struct notify *notify_new(struct loop *l, void (*on_event)(void *ctx, int watch, unsigned what, const char *name), void *ctx)
{
	struct notify *n = xcalloc(1, sizeof *n);
	int r;

	n->on_event = on_event;
	n->ctx = ctx;
	n->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	r = n->fd < 0 ? -errno : uv_poll_init(loop_uv(l), &n->uv, n->fd);
	if (r < 0) {
		if (n->fd >= 0)
			close(n->fd);
		free(n);
		errno = -r;
		return NULL;
	}
	n->uv.data = n;
	uv_poll_start(&n->uv, UV_READABLE, on_readable);
	return n;
}

static void free_notify(uv_handle_t *h)
{
	struct notify *n = h->data;

	close(n->fd);
	free(n);
}

void notify_free(struct notify *n)
{
	if (n)
		uv_close((uv_handle_t *)&n->uv, free_notify);
}

int notify_add(struct notify *n, const char *dir)
{
	int watch = inotify_add_watch(n->fd, dir, NOTIFY_MASK);

	return watch < 0 ? -errno : watch;
}

void notify_remove(struct notify *n, int watch)
{
	inotify_rm_watch(n->fd, watch);
}
