#include "config.h"

#include "exec/capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/file.h"

enum { CAPTURE_HEAD = 5, CAPTURE_MEMORY = 1 << 20, REPLAY_PIECE = 64 << 10 };

/*  file (once there is one)          tail (in memory)
 *  [chunk][chunk] ... [chunk]        [chunk] ... [last chunk, still growing]
 */
struct capture {
	struct buf tail;           /* chunks that are not in the file; never much more than CAPTURE_MEMORY */
	size_t last;               /* where the last chunk's head begins in tail; tail.size: there is none */
	capture_spool *spool;      /* where the file is made */
	void *spool_ctx;
	uint64_t most;             /* bytes that are taken */
	int fd;                    /* the unlinked file, or -1 */
	uint64_t written;          /* whole chunks in the file, in bytes */
	void *map;                 /* of the file, as it was last lent */
	size_t map_size;
	bool failed;               /* the file could not be written, or is full: what came later is lost */
	bool full;                 /* `most` was reached */
};

struct capture *capture_new(capture_spool *spool, void *ctx, uint64_t most)
{
	struct capture *c = xcalloc(1, sizeof *c);

	buf_init(&c->tail, (size_t)4 * CAPTURE_MEMORY);
	c->spool = spool;
	c->spool_ctx = ctx;
	c->most = most;
	c->fd = -1;
	return c;
}

static void unmap(struct capture *c)
{
	if (c->map)
		munmap(c->map, c->map_size);
	c->map = NULL;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	unmap(c);
	if (c->fd >= 0)
		close(c->fd);
	buf_free(&c->tail);
	free(c);
}

bool capture_is_full(const struct capture *c)
{
	return c->full;
}

/* A file without a name in the folder for long outputs. */
static int open_spool(const struct capture *c)
{
	const int folder = c->spool(c->spool_ctx);

	return folder < 0 ? -1 : file_open_unnamed(folder);
}

/* Moves the tail into the file, whole or not at all. */
static int spill(struct capture *c)
{
	size_t done = 0;

	if (c->fd < 0)
		c->fd = open_spool(c);
	if (c->fd < 0)
		return -1;
	while (done < c->tail.size) {
		ssize_t n = pwrite(c->fd, c->tail.data + done, c->tail.size - done, (off_t)(c->written + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	c->written += done;
	buf_clear(&c->tail);
	c->last = 0;
	return 0;
}

static uint32_t size_at(const unsigned char *head)
{
	return (uint32_t)head[1] | (uint32_t)head[2] << 8 | (uint32_t)head[3] << 16 | (uint32_t)head[4] << 24;
}

static void put_size(unsigned char *head, uint32_t size)
{
	head[1] = (unsigned char)size;
	head[2] = (unsigned char)(size >> 8);
	head[3] = (unsigned char)(size >> 16);
	head[4] = (unsigned char)(size >> 24);
}

static int add_piece(struct capture *c, int stream, const void *data, uint32_t size)
{
	unsigned char head[CAPTURE_HEAD] = { (unsigned char)stream, 0, 0, 0, 0 };

	if (c->written + c->tail.size + size > c->most) {
		c->full = true;
		return -1;
	}
	if (c->tail.size >= CAPTURE_MEMORY && spill(c) < 0)
		return -1;
	if (c->last < c->tail.size && c->tail.data[c->last] == stream) {
		unsigned char *last;

		if (buf_add(&c->tail, data, size) < 0)
			return -1;
		last = (unsigned char *)c->tail.data + c->last;
		put_size(last, size_at(last) + size);
		return 0;
	}
	c->last = c->tail.size;
	put_size(head, size);
	if (buf_add(&c->tail, head, sizeof head) < 0)
		return -1;
	return buf_add(&c->tail, data, size);
}

int capture_add(struct capture *c, int stream, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0 && !c->failed) {
		uint32_t n = size > CAPTURE_MEMORY ? CAPTURE_MEMORY : (uint32_t)size;

		if (add_piece(c, stream, at, n) < 0)
			c->failed = true;
		at += n;
		size -= n;
	}
	return c->failed ? -1 : 0;
}

void capture_add_last(struct capture *c, int stream, const void *data, size_t size)
{
	unsigned char head[CAPTURE_HEAD] = { (unsigned char)stream, 0, 0, 0, 0 };

	put_size(head, (uint32_t)size);
	if (buf_add(&c->tail, head, sizeof head) == 0)
		(void)buf_add(&c->tail, data, size);
}

void capture_restart(struct capture *c)
{
	unmap(c);
	if (c->fd >= 0 && ftruncate(c->fd, 0) < 0) {
		close(c->fd);
		c->fd = -1;
	}
	buf_clear(&c->tail);
	c->last = 0;
	c->written = 0;
	c->failed = c->full = false;
}

/* Maps what is in the file. */
static int map_file(struct capture *c, struct bytes *ret)
{
	unmap(c);
	*ret = (struct bytes){ "", 0 };
	if (c->written == 0)
		return 0;
	c->map = mmap(NULL, (size_t)c->written, PROT_READ, MAP_PRIVATE, c->fd, 0);
	if (c->map == MAP_FAILED) {
		c->map = NULL;
		return -1;
	}
	c->map_size = (size_t)c->written;
	*ret = (struct bytes){ c->map, c->map_size };
	return 0;
}

int capture_bytes(struct capture *c, struct bytes *ret, bool *ret_mapped)
{
	*ret_mapped = c->fd >= 0;
	if (c->failed)
		return -1;
	if (c->fd < 0) {
		*ret = (struct bytes){ buf_str(&c->tail), c->tail.size };
		return 0;
	}
	if (spill(c) < 0 || map_file(c, ret) < 0)
		c->failed = true;
	return c->failed ? -1 : 0;
}

/* The next chunk of [*at, end): 1; 0: the end; -1: damaged. */
static int next_chunk(const unsigned char **at, const unsigned char *end, int *ret_stream, struct bytes *ret)
{
	size_t left = (size_t)(end - *at);
	uint32_t size;

	if (left == 0)
		return 0;
	if (left < CAPTURE_HEAD || ((*at)[0] != 1 && (*at)[0] != 2))
		return -1;
	size = size_at(*at);
	if (size > left - CAPTURE_HEAD)
		return -1;
	*ret_stream = (*at)[0];
	*ret = (struct bytes){ *at + CAPTURE_HEAD, size };
	*at += CAPTURE_HEAD + size;
	return 1;
}

/* Gives back the memory of what was read from *held on, once it is worth it. */
static void forget(bool mapped, const unsigned char **held, const unsigned char *at)
{
	if (!mapped || at - *held < CAPTURE_MEMORY)
		return;
	file_forget_pages(*held, (size_t)(at - *held));
	*held = at;
}

int replay_begin(struct replay *p, struct bytes bytes, bool mapped)
{
	const unsigned char *at = bytes.data, *held = at;
	struct bytes data;
	int stream, r;

	*p = (struct replay){ .at = at, .end = at + bytes.size, .held = at, .mapped = mapped };
	/* Nothing is shown of damaged bytes: look at the heads first. */
	while ((r = next_chunk(&at, p->end, &stream, &data)) > 0)
		forget(mapped, &held, at);
	if (r < 0)
		p->at = p->end;
	return r;
}

bool replay_next(struct replay *p, int *ret_stream, struct bytes *ret)
{
	struct bytes chunk;

	forget(p->mapped, &p->held, p->at);
	while (p->left == 0) {
		const unsigned char *at = p->at;

		if (at == p->end && p->more.size) {
			*p = (struct replay){ .at = p->more.data, .end = (const unsigned char *)p->more.data + p->more.size, .held = p->more.data };
			continue;
		}
		if (next_chunk(&at, p->end, &p->stream, &chunk) <= 0)
			return false;
		p->at = chunk.data;
		p->left = (uint32_t)chunk.size;
	}
	*ret_stream = p->stream;
	*ret = (struct bytes){ p->at, p->left < REPLAY_PIECE ? p->left : REPLAY_PIECE };
	p->at += ret->size;
	p->left -= (uint32_t)ret->size;
	return true;
}

void capture_replay(struct capture *c, struct replay *ret)
{
	struct bytes file;

	if (map_file(c, &file) < 0)
		file.size = 0;
	*ret = (struct replay){ .at = file.data, .end = (const unsigned char *)file.data + file.size, .held = file.data, .mapped = true,
				.more = { buf_str(&c->tail), c->tail.size } };
}
