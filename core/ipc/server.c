#include "config.h"

#include "ipc/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/wire.h"
#include "fact/seen.h"
#include "ipc/acceptor.h"
#include "ipc/endpoint.h"
#include "ipc/outer_runner.h"
#include "os/loop.h"
#include "os/stream.h"
#include "text/env_match.h"
#include "text/shown.h"

enum {
	SERVER_CONNECTIONS = 1024,             /* at once; others wait in the backlog */
	SERVER_GRACE_MS = 2000,                /* for connections that are open when the task has ended */
	SERVER_RETRY_MS = 100,                 /* after running out of fds */
	SERVER_CHUNK = 1 << 16,                /* more than one read brings */
	SERVER_QUEUED = WIRE_MAX_REPLY + (1 << 20), /* bytes one client may leave unread */
	SERVER_PATTERN = 1 << 16,              /* the longest glob */
	SERVER_NAMES = 100000,                 /* distinct names, queries and paths of one task */
	SERVER_NOTED = 64 << 20,               /* their bytes */
	SERVER_SHOWN = 200                     /* bytes of a tool's text in a message */
};

/* The words of "task communication failed (...)". */
static const char READ_FAILED[] = "failed to read message from the task";
static const char INVALID[] = "invalid message from the task";
static const char SEND_FAILED[] = "failed to send response to the task";
static const char STILL_THERE[] = "a background process was still connected when the task ended";

struct connection {
	struct server *server;
	struct connection *next, *before;
	struct stream *in, *out;       /* the same one, but for FIFOs */
	struct buf got;                /* from the start of a frame that is not whole yet */
	bool greeted;                  /* its HELLO was right */
	bool busy;                     /* its frames are being handled: it must not be freed */
	bool leaving;                  /* the connection was refused; nothing more is read */
};

struct server {
	struct loop *loop;
	const struct env *full;
	struct seen *seen;
	struct outer_runner *outer;           /* the run's; NULL: none */
	struct arena *arena;           /* noted keys */
	struct acceptor *acceptor;             /* NULL: closed */
	struct connection *first;
	unsigned connections;
	struct map noted;              /* "<op>text" of all that went into seen: once is enough */
	size_t noted_bytes;
	struct timer *grace, *retry;   /* running, or NULL */
	bool stopping;
	void (*done)(void *ctx);       /* after server_stop, until it was called */
	void *ctx;
	char name[WIRE_MAX_PATH + 1];
	unsigned char token[WIRE_TOKEN];
};

/* Records the first failure. A tool that was not heard to the end might have said anything, so
 * neither this step nor the outer one is stored. */
static void fail(struct server *s, const char *message)
{
	if (!s->seen->broken)
		s->seen->broken = message;
	outer_runner_opt_out(s->outer);
}

/* The same with a tool's text in quotes, shortened. */
static void fail_naming(struct server *s, const char *message, const char *text, size_t size)
{
	char shown[4 * SERVER_SHOWN + 1];      /* "\x1b" for each byte */

	shown_cut(shown, sizeof shown, text, size < SERVER_SHOWN ? size : SERVER_SHOWN);
	fail(s, arena_printf(s->seen->arena, "%s: \"%s%s\"", message, shown, size > SERVER_SHOWN ? "..." : ""));
}

/* ---- connections ------------------------------------------------------------- */

static void settle(struct server *s);

static void drop(struct connection *c)
{
	struct server *s = c->server;

	if (c->next)
		c->next->before = c->before;
	*(c->before ? &c->before->next : &s->first) = c->next;
	s->connections--;
	if (c->out != c->in)
		stream_close(c->out);
	stream_close(c->in);
	buf_free(&c->got);
	free(c);
}

static void send(struct connection *c, const void *data, size_t size)
{
	stream_write(c->out, data, size);
	if (stream_queued(c->out) > SERVER_QUEUED) {
		fail(c->server, SEND_FAILED);
		c->leaving = true;
	}
}

static void send_error(struct connection *c, enum wire_error code, const char *message)
{
	unsigned char frame[WIRE_HEAD + 2 + 4 + 256];
	struct wire_out o;

	wire_begin(&o, frame, sizeof frame, WIRE_ERROR, 0);
	wire_u16(&o, code);
	wire_str(&o, message, strlen(message));
	send(c, frame, wire_end(&o));
}

static void refuse(struct connection *c, const char *message)
{
	fail(c->server, message);
	send_error(c, WIRE_E_PROTOCOL, "protocol error");
	c->leaving = true;
}

/* ---- requests ---------------------------------------------------------- */

/* Is it said for the first time? false also beyond the limits. */
static bool note(struct connection *c, unsigned op, const char *text, size_t size)
{
	struct server *s = c->server;
	char small[256], *key = size < sizeof small ? small : xmalloc(size + 1);
	void **noted;
	bool fresh;

	key[0] = (char)op;
	memcpy(key + 1, text, size);
	fresh = !map_get(&s->noted, key, size + 1);
	if (fresh && (s->noted_bytes + size > SERVER_NOTED || s->noted.n >= SERVER_NAMES)) {
		fail(s, "the task told more than can be recorded");
		fresh = false;
	} else if (fresh) {
		s->noted_bytes += size;
		noted = map_put(&s->noted, arena_copy(s->arena, key, size + 1), size + 1);
		*noted = s;
	}
	if (key != small)
		free(key);
	return fresh;
}

static void track(struct connection *c, uint16_t op, const char *text, size_t size)
{
	struct server *s = c->server;

	if (!note(c, op, text, size))
		return;
	seen_env(s->seen, op, text, size);
	outer_runner_env(s->outer, op, text, size);
	if (s->seen->broken)
		outer_runner_opt_out(s->outer);
}

static void hello(struct connection *c, struct wire_frame *f)
{
	unsigned char frame[WIRE_HEAD + 8];
	const unsigned char *magic = wire_get_raw(&f->in, 4);
	unsigned min = wire_get_u16(&f->in), max = wire_get_u16(&f->in);
	const unsigned char *token = wire_get_raw(&f->in, WIRE_TOKEN);
	struct wire_out o;

	if (!wire_done(&f->in) || f->flags || memcmp(magic, "VTI1", 4) != 0) {
		refuse(c, INVALID);
		return;
	}
	if (min > WIRE_VERSION || max < WIRE_VERSION || memcmp(token, c->server->token, WIRE_TOKEN) != 0) {
		/* a stale name or a client of another version: it acts as if outside a task */
		send_error(c, WIRE_E_HELLO, "unknown version or token");
		c->leaving = true;
		return;
	}
	c->greeted = true;
	wire_begin(&o, frame, sizeof frame, WIRE_HELLO_OK, 0);
	wire_u16(&o, WIRE_VERSION);
	wire_u16(&o, 0);
	wire_u32(&o, WIRE_MAX_REQUEST);
	send(c, frame, wire_end(&o));
}

static void ignore(struct connection *c, struct wire_frame *f, uint16_t op)
{
	struct server *s = c->server;
	uint32_t size;
	const char *path = wire_get_str(&f->in, &size);

	if (!wire_done(&f->in) || f->flags) {
		refuse(c, INVALID);
	} else if (!size || *path != '/') {
		fail_naming(s, "non-absolute path from the task", path, size);
		refuse(c, INVALID);
	} else if (note(c, op, path, size)) {
		seen_add(s->seen, &(vt_seen){ .op = op, .name = { path, size }, .other = { "", 0 } });
	}
}

static void get_env(struct connection *c, struct wire_frame *f)
{
	struct server *s = c->server;
	uint32_t size;
	const char *name = wire_get_str(&f->in, &size), *value;
	char few[256], *text = few;
	unsigned char small[1024], *frame = small;
	struct wire_out o;
	size_t value_size, room;

	if (!wire_done(&f->in) || (f->flags & ~(unsigned)WIRE_TRACKED)) {
		refuse(c, INVALID);
		return;
	}
	if (size >= sizeof few)
		text = xmalloc((size_t)size + 1);
	memcpy(text, name, size);
	text[size] = 0;
	if (f->flags & WIRE_TRACKED)
		track(c, VT_SEEN_ENV, text, size);
	value = env_get(s->full, text);
	value_size = value ? strlen(value) : 0;
	room = WIRE_HEAD + 4 + value_size;
	if (room > sizeof small)
		frame = xmalloc(room);
	wire_begin(&o, frame, room > sizeof small ? room : sizeof small, WIRE_ENV_VALUE, value ? WIRE_SET : 0);
	if (value)
		wire_str(&o, value, value_size);
	send(c, frame, wire_end(&o));
	if (frame != small)
		free(frame);
	if (text != few)
		free(text);
}

static void put_list(struct wire_out *o, void *at, size_t room, const struct env_list *list)
{
	uint32_t i;

	wire_begin(o, at, room, WIRE_ENV_LIST, 0);
	wire_u32(o, list->n);
	for (i = 0; i < list->n; i++) {
		wire_str(o, list->at[i].name, strlen(list->at[i].name));
		wire_str(o, list->at[i].value, strlen(list->at[i].value));
	}
}

static void send_list(struct connection *c, const struct env_list *list)
{
	struct wire_out o;
	unsigned char *frame;

	put_list(&o, NULL, 0, list);
	if (o.size - WIRE_LENGTH > WIRE_MAX_REPLY) {
		fail(c->server, SEND_FAILED);
		send_error(c, WIRE_E_LIMIT, "the answer is too long");
		return;
	}
	frame = xmalloc(o.size);
	put_list(&o, frame, o.size, list);
	send(c, frame, wire_end(&o));
	free(frame);
}

static void get_envs(struct connection *c, struct wire_frame *f)
{
	unsigned kind = wire_get_u8(&f->in);
	uint32_t size;
	const char *text = wire_get_str(&f->in, &size);
	struct env_list list;
	struct arena *a;

	if (!wire_done(&f->in) || (f->flags & ~(unsigned)WIRE_TRACKED) || kind > WIRE_PREFIX) {
		refuse(c, INVALID);
		return;
	}
	a = arena_new();
	if ((kind == WIRE_GLOB && size > SERVER_PATTERN) ||
	    env_match(a, c->server->full, kind == WIRE_PREFIX, arena_strn(a, text, size), &list, NULL) < 0) {
		fail_naming(c->server, "invalid glob pattern from the task", text, size);
		send_error(c, WIRE_E_GLOB, "invalid glob pattern");
	} else {
		if (f->flags & WIRE_TRACKED)
			track(c, kind == WIRE_PREFIX ? VT_SEEN_ENV_PREFIX : VT_SEEN_ENV_GLOB, text, size);
		send_list(c, &list);
	}
	arena_free(a);
}

static void take_frame(struct connection *c, struct wire_frame *f)
{
	struct server *s = c->server;
	unsigned char ok[WIRE_HEAD];
	struct wire_out o;

	if (c->greeted != (f->type != WIRE_HELLO)) {
		refuse(c, INVALID);
		return;
	}
	switch (f->type) {
	case WIRE_HELLO:
		hello(c, f);
		return;
	case WIRE_IGNORE_INPUT:
		ignore(c, f, VT_SEEN_IGNORE_INPUT);
		return;
	case WIRE_IGNORE_OUTPUT:
		ignore(c, f, VT_SEEN_IGNORE_OUTPUT);
		return;
	case WIRE_GET_ENV:
		get_env(c, f);
		return;
	case WIRE_GET_ENVS:
		get_envs(c, f);
		return;
	case WIRE_DISABLE_CACHE:
	case WIRE_SYNC:
		if (!wire_done(&f->in) || f->flags)
			break;
		if (f->type == WIRE_DISABLE_CACHE) {
			s->seen->opted_out = true;
			outer_runner_opt_out(s->outer);
		} else {
			wire_begin(&o, ok, sizeof ok, WIRE_SYNC_OK, 0);
			send(c, ok, wire_end(&o));
		}
		return;
	}
	refuse(c, INVALID);
}

/* Handles the whole frames at the front; returns their size. */
static size_t take_frames(struct connection *c, const unsigned char *at, size_t size)
{
	size_t taken = 0;

	while (!c->leaving && size - taken >= WIRE_LENGTH) {
		uint32_t length = wire_length(at + taken);
		struct wire_frame f;
		int64_t payload;

		if (length > WIRE_MAX_REQUEST || length < WIRE_HEAD - WIRE_LENGTH) {
			refuse(c, INVALID);
			break;
		}
		if (size - taken - WIRE_LENGTH < length)
			break;
		payload = wire_head(at + taken, &f);
		if (payload < 0) {
			refuse(c, INVALID);
			break;
		}
		f.in = (struct wire_in){ at + taken + WIRE_HEAD, (size_t)payload, 0 };
		take_frame(c, &f);
		taken += WIRE_LENGTH + length;
	}
	return taken;
}

static void on_bytes(void *ctx, const void *data, size_t size)
{
	struct connection *c = ctx;
	size_t taken = 0;

	c->busy = true;
	if (!c->got.size)
		taken = take_frames(c, data, size);
	if (!c->leaving && taken < size) {
		bool fresh = !c->got.size;

		if (buf_add(&c->got, (const char *)data + taken, size - taken) < 0)
			refuse(c, INVALID);
		else if (!fresh)
			buf_drop(&c->got, take_frames(c, (const unsigned char *)c->got.data, c->got.size));
	}
	c->busy = false;
	if (c->leaving) {
		struct server *s = c->server;

		drop(c);
		settle(s);
	}
}

static void on_end(void *ctx, int error)
{
	struct connection *c = ctx;
	struct server *s = c->server;

	if (error == EPIPE)
		fail(s, SEND_FAILED);
	else if (error || c->got.size)
		fail(s, READ_FAILED);
	if (c->busy) {
		c->leaving = true;
		return;
	}
	drop(c);
	settle(s);
}

/* ---- accepting and ending -------------------------------------------------------- */

static void on_retry(void *ctx)
{
	struct server *s = ctx;

	s->retry = NULL;
	settle(s);
}

static void on_connect(void *ctx, int in, int out)
{
	static const struct stream_events events = { on_bytes, on_end };
	struct server *s = ctx;
	struct connection *c;

	if (in == ACCEPT_LOST) {
		fail(s, READ_FAILED);
		return;
	}
	if (in == ACCEPT_HELD) {
		if (!s->retry)
			s->retry = timer_start(s->loop, SERVER_RETRY_MS, on_retry, s);
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->server = s;
	buf_init(&c->got, WIRE_LENGTH + WIRE_MAX_REQUEST + SERVER_CHUNK);
	c->in = stream_open(s->loop, in, &events, c, NULL);
	c->out = !c->in || in == out ? c->in : stream_open(s->loop, out, &events, c, NULL);
	if (!c->in || !c->out) {
		if (!c->in)
			close(in);
		if (in != out)
			close(out);
		stream_close(c->in);
		free(c);
		fail(s, READ_FAILED);
		return;
	}
	c->next = s->first;
	if (s->first)
		s->first->before = c;
	s->first = c;
	if (++s->connections == SERVER_CONNECTIONS)
		acceptor_hold(s->acceptor, true);
	stream_read_start(c->in);
}

static void finish(void *ctx)
{
	struct server *s = ctx;
	void (*done)(void *ctx) = s->done;

	s->grace = NULL;
	s->done = NULL;
	done(s->ctx);
}

static void close_acceptor(struct server *s)
{
	acceptor_close(s->acceptor);
	s->acceptor = NULL;
	timer_stop(s->retry);
	s->retry = NULL;
}

/* Accepts again where there is room; ends a server that is stopping and has nothing left. */
static void settle(struct server *s)
{
	if (s->acceptor && s->connections < SERVER_CONNECTIONS && !s->retry)
		acceptor_hold(s->acceptor, false);
	if (!s->stopping || !s->done)
		return;
	if (s->acceptor) {
		acceptor_drain(s->acceptor);
		if (acceptor_held(s->acceptor))
			return;
		close_acceptor(s);
	}
	if (s->connections)
		return;
	/* by a timer, which server_free can stop */
	timer_stop(s->grace);
	s->grace = timer_start(s->loop, 0, finish, s);
	s->stopping = false;
}

static void on_grace_over(void *ctx)
{
	struct server *s = ctx;

	s->grace = NULL;
	fail(s, STILL_THERE);
	if (s->acceptor)
		close_acceptor(s);
	while (s->first)
		drop(s->first);
	settle(s);
}

int server_start(struct loop *l, struct endpoint *e, struct outer_runner *outer, const struct env *full, struct seen *seen,
		 struct server **ret, struct err *err)
{
	struct server *s = xcalloc(1, sizeof *s);

	s->loop = l;
	s->full = full;
	s->seen = seen;
	s->outer = outer;
	if (acceptor_open(l, endpoint_dir(e), on_connect, s, &s->acceptor, err) < 0) {
		free(s);
		return err_wrap(err, "Failed to set up task communication");
	}
	s->arena = arena_new();
	map_init(&s->noted);
	memcpy(s->name, acceptor_name(s->acceptor), strlen(acceptor_name(s->acceptor)) + 1);
	memcpy(s->token, acceptor_token(s->acceptor), sizeof s->token);
	*ret = s;
	return 0;
}

const char *server_name(const struct server *s)
{
	return s->name;
}

void server_stop(struct server *s, void (*done)(void *ctx), void *ctx)
{
	s->done = done;
	s->ctx = ctx;
	s->stopping = true;
	s->grace = timer_start(s->loop, SERVER_GRACE_MS, on_grace_over, s);
	settle(s);
}

void server_free(struct server *s)
{
	if (!s)
		return;
	timer_stop(s->grace);
	if (s->acceptor)
		close_acceptor(s);
	while (s->first)
		drop(s->first);
	map_free(&s->noted);
	arena_free(s->arena);
	free(s);
}
