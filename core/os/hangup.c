#include "config.h"

#include "os/hangup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "os/loop.h"

struct hangup {
	uv_poll_t uv;
	int fd;                        /* of its own: the other one may be closed by another thread */
	void (*fn)(void *ctx);
	void *ctx;
};

static void closed(uv_handle_t *uv)
{
	struct hangup *h = uv->data;

	close(h->fd);
	free(h);
}

void hangup_stop(struct hangup *h)
{
	if (h)
		uv_close((uv_handle_t *)&h->uv, closed);
}

static void on_event(uv_poll_t *uv, int status, int events)
{
	struct hangup *h = uv->data;

	(void)status;
	(void)events;
	hangup_stop(h);
	h->fn(h->ctx);
}

struct hangup *hangup_watch(struct loop *l, int fd, void (*fn)(void *ctx), void *ctx)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct hangup *h;

	if (own < 0)
		return NULL;
	h = xcalloc(1, sizeof *h);
	*h = (struct hangup){ .fd = own, .fn = fn, .ctx = ctx };
	if (uv_poll_init(loop_uv(l), &h->uv, own) < 0) {
		close(own);
		free(h);
		return NULL;
	}
	h->uv.data = h;
	/* for reading nobody asks: each call of a traced program would wake the loop */
	uv_poll_start(&h->uv, UV_DISCONNECT, on_event);
	return h;
}
