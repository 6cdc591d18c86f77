#include "config.h"

#include "ipc/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"
#include "client/wire.h"
#include "os/file.h"
#include "os/loop.h"
#include "os/stream.h"

/*  The folder of FIFOs, which a client finds at the endpoint's path:
 *
 *      connect         both ends are ours, so that it never ends; clients throw 16 bytes in
 *      <32 hex>.req    made by a client before; the hex digits are those 16 bytes
 *      <32 hex>.rep    we open both, write one byte into .rep, and remove the names */
struct acceptor {
	char name[WIRE_MAX_PATH + 1];
	unsigned char token[WIRE_TOKEN];
	struct listening *listening;   /* the socket; NULL: FIFOs */
	struct stream *connect;        /* the read end of `connect` */
	int read, write;               /* both its ends; read belongs to the stream */
	bool held;
	void (*on_connect)(void *ctx, int in, int out);
	void *ctx;
};

static void accept_socket(void *ctx, int fd)
{
	struct acceptor *d = ctx;
	uint32_t uid;

	if (fd < 0) {
		d->held = true;
		d->on_connect(d->ctx, ACCEPT_HELD, ACCEPT_HELD);
	} else if (peer_uid(fd, &uid) < 0 || uid != geteuid()) {
		close(fd);      /* another user's process */
	} else {
		d->on_connect(d->ctx, fd, fd);
	}
}

static void accept_fifos(struct acceptor *d, const unsigned char id[WIRE_TOKEN])
{
	char request[WIRE_MAX_PATH + 48], reply[WIRE_MAX_PATH + 48], hex[2 * WIRE_TOKEN + 1];
	static const char ready = 1;
	bool lost;
	int in, out, i;

	for (i = 0; i < WIRE_TOKEN; i++)
		snprintf(hex + (size_t)2 * (size_t)i, 3, "%02x", id[i]);
	snprintf(request, sizeof request, "%s/%s.req", d->name, hex);
	snprintf(reply, sizeof reply, "%s/%s.rep", d->name, hex);
	in = open(request, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	lost = in < 0 && errno != ENOENT;
	out = open(reply, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	lost = lost || (out < 0 && errno != ENOENT && errno != ENXIO);
	unlink(request);
	unlink(reply);
	if (in >= 0 && out >= 0 && write(out, &ready, 1) == 1) {
		d->on_connect(d->ctx, in, out);
		return;
	}
	/* else the client has left; it says nothing before it gets the byte */
	if (lost)
		d->on_connect(d->ctx, ACCEPT_LOST, ACCEPT_LOST);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
}

static void on_ids(void *ctx, const void *data, size_t size)
{
	const unsigned char *at = data;

	/* clients write 16 bytes at once, and a pipe keeps them together */
	for (; size >= WIRE_TOKEN; at += WIRE_TOKEN, size -= WIRE_TOKEN)
		accept_fifos(ctx, at);
}

static void on_connect_end(void *ctx, int error)
{
	(void)ctx;
	(void)error;
}

static int open_fifos(struct loop *l, struct acceptor *d, struct err *err)
{
	static const struct stream_events events = { on_ids, on_connect_end };
	char path[WIRE_MAX_PATH + 16];

	snprintf(path, sizeof path, "%s/connect", d->name);
	if (mkdir(d->name, 0700) < 0 || mkfifo(path, 0600) < 0 ||
	    (d->read = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0 ||
	    (d->write = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0)
		return err_errno(err, errno, "cannot make FIFOs at '%s'", d->name);
	d->connect = stream_open(l, d->read, &events, d, err);
	if (!d->connect)
		return -1;
	stream_read_start(d->connect);
	return 0;
}

int acceptor_open(struct loop *l, const char *dir, void (*on_connect)(void *ctx, int in, int out), void *ctx, struct acceptor **ret, struct err *err)
{
	struct acceptor *d = xcalloc(1, sizeof *d);
	size_t n = strlen(dir);
	struct err first = { 0 };

	d->read = d->write = -1;
	d->on_connect = on_connect;
	d->ctx = ctx;
	if (n + 1 + WIRE_NAME > WIRE_MAX_PATH) {
		free(d);
		return err_set(err, ERR_SYSTEM, "the path '%s' is too long for a socket", dir);
	}
	digest_random(d->token, sizeof d->token);
	memcpy(d->name, dir, n);
	d->name[n] = '/';
	wire_name(d->name + n + 1, (uint32_t)getpid(), d->token);
	d->listening = listen_start(l, d->name, accept_socket, d, &first);
	if (!d->listening && open_fifos(l, d, NULL) < 0) {
		if (!d->connect && d->read >= 0)
			close(d->read);
		acceptor_close(d);
		/* the socket's error is the one to mend */
		if (err)
			*err = first;
		else
			err_clear(&first);
		return -1;
	}
	err_clear(&first);
	*ret = d;
	return 0;
}

const char *acceptor_name(const struct acceptor *d)
{
	return d->name;
}

const unsigned char *acceptor_token(const struct acceptor *d)
{
	return d->token;
}

void acceptor_drain(struct acceptor *d)
{
	unsigned char ids[64 * WIRE_TOKEN];
	ssize_t n;

	if (d->listening) {
		listen_drain(d->listening);
		return;
	}
	while (!d->held && (n = read(d->read, ids, sizeof ids)) > 0)
		on_ids(d, ids, (size_t)n);
}

void acceptor_hold(struct acceptor *d, bool hold)
{
	if (d->held == hold)
		return;
	d->held = hold;
	if (d->listening)
		listen_hold(d->listening, hold);
	else if (hold)
		stream_read_stop(d->connect);
	else
		stream_read_start(d->connect);
}

bool acceptor_held(const struct acceptor *d)
{
	return d->held;
}

void acceptor_close(struct acceptor *d)
{
	if (!d)
		return;
	if (d->listening) {
		listen_stop(d->listening);
		unlink(d->name);
	} else {
		stream_close(d->connect);
		if (d->write >= 0)
			close(d->write);
		file_remove_tree(d->name, NULL);
	}
	free(d);
}
