#include "config.h"

#include "ipc/door.h"

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
struct door {
	char name[WIRE_MAX_PATH + 1];
	unsigned char token[WIRE_TOKEN];
	struct listening *listening;   /* the socket; NULL: FIFOs */
	struct stream *connect;        /* the read end of `connect` */
	int read, write;               /* both its ends; read belongs to the stream */
	bool held;
	void (*on_come)(void *ctx, int in, int out);
	void *ctx;
};

static void come_by_socket(void *ctx, int fd)
{
	struct door *d = ctx;
	uint32_t uid;

	if (fd < 0) {
		d->held = true;
		d->on_come(d->ctx, DOOR_HELD, DOOR_HELD);
	} else if (peer_uid(fd, &uid) < 0 || uid != geteuid()) {
		close(fd);      /* somebody else's; no concern of the task */
	} else {
		d->on_come(d->ctx, fd, fd);
	}
}

static void come_by_fifos(struct door *d, const unsigned char id[WIRE_TOKEN])
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
		d->on_come(d->ctx, in, out);
		return;
	}
	/* else it has gone again, and had said nothing yet: nobody does before the byte */
	if (lost)
		d->on_come(d->ctx, DOOR_LOST, DOOR_LOST);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
}

static void on_ids(void *ctx, const void *data, size_t size)
{
	const unsigned char *at = data;

	/* written 16 bytes at once, and so read */
	for (; size >= WIRE_TOKEN; at += WIRE_TOKEN, size -= WIRE_TOKEN)
		come_by_fifos(ctx, at);
}

static void on_connect_end(void *ctx, int error)
{
	(void)ctx;
	(void)error;
}

static int open_fifos(struct loop *l, struct door *d, struct err *err)
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

int door_open(struct loop *l, const char *dir, void (*on_come)(void *ctx, int in, int out), void *ctx, struct door **ret, struct err *err)
{
	struct door *d = xcalloc(1, sizeof *d);
	size_t n = strlen(dir);
	struct err first = { 0 };

	d->read = d->write = -1;
	d->on_come = on_come;
	d->ctx = ctx;
	if (n + 1 + WIRE_NAME > WIRE_MAX_PATH) {
		free(d);
		return err_set(err, ERR_SYSTEM, "the path '%s' is too long for a socket", dir);
	}
	digest_random(d->token, sizeof d->token);
	memcpy(d->name, dir, n);
	d->name[n] = '/';
	wire_name(d->name + n + 1, (uint32_t)getpid(), d->token);
	d->listening = listen_start(l, d->name, come_by_socket, d, &first);
	if (!d->listening && open_fifos(l, d, NULL) < 0) {
		if (!d->connect && d->read >= 0)
			close(d->read);
		door_close(d);
		/* of two causes the first: sockets are what should work */
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

const char *door_name(const struct door *d)
{
	return d->name;
}

const unsigned char *door_token(const struct door *d)
{
	return d->token;
}

void door_drain(struct door *d)
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

void door_hold(struct door *d, bool hold)
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

bool door_held(const struct door *d)
{
	return d->held;
}

void door_close(struct door *d)
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
