/* fingerprint-content: identifies a file by the XXH3-128 of its bytes. That finds changes; it
 * does not resist an attacker who makes two files with one hash. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "vt-plugin.h"

enum {
	CONTENT_SMALL = 16 << 10,      /* bytes of a file that are read onto the stack */
	CONTENT_LARGE = 256 << 10,     /* bytes of a larger file that are read at a time */
	CONTENT_PATH = 4096
};

/* Reads `size` bytes, fewer only at the end of the file. -1: it cannot be read. */
static ssize_t read_full(int fd, char *data, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, data + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* What a call needs for large files; made for the first of them. */
struct large {
	char *buffer;                  /* CONTENT_LARGE bytes; NULL: not made yet */
	XXH3_state_t *state;
	bool failed;                   /* there was no memory for them */
};

static bool large_make(struct large *l)
{
	if (!l->buffer) {
		l->buffer = malloc(CONTENT_LARGE);
		l->state = XXH3_createState();
		l->failed = !l->buffer || !l->state;
	}
	return !l->failed;
}

/* Hashes a file whose first CONTENT_SMALL bytes were read. 0; -1: it could not be read to its end. */
static int hash_large(int fd, vt_call *call, const char *first, struct large *l, XXH128_hash_t *ret)
{
	ssize_t n = CONTENT_SMALL;

	if (!large_make(l))
		return -1;
	XXH3_128bits_reset(l->state);
	XXH3_128bits_update(l->state, first, CONTENT_SMALL);
	while (n > 0 && !call->stopping(call)) {
		n = read_full(fd, l->buffer, CONTENT_LARGE);
		if (n > 0)
			XXH3_128bits_update(l->state, l->buffer, (size_t)n);
	}
	*ret = XXH3_128bits_digest(l->state);
	return n ? -1 : 0;
}

/* 0; -1: the file could not be read to its end. */
static int hash_file(int fd, vt_call *call, struct large *l, XXH128_hash_t *ret)
{
	char first[CONTENT_SMALL];
	ssize_t n = read_full(fd, first, sizeof first);

	if (n < 0)
		return -1;
	if (n == CONTENT_SMALL)
		return hash_large(fd, call, first, l, ret);
	*ret = XXH3_128bits(first, (size_t)n);
	return 0;
}

static void set_id(vt_id *ret, XXH128_hash_t hash)
{
	XXH128_canonical_t bytes;

	XXH128_canonicalFromHash(&bytes, hash);
	memcpy(ret->byte, bytes.digest, sizeof bytes.digest);
	ret->byte[31] = 1;             /* never all zero */
}

/* Opens a file of the workspace; root_fd < 0: by its whole path, which fits. */
static int open_file(int root_fd, vt_bytes root, vt_bytes name)
{
	char path[CONTENT_PATH];
	size_t before = 0;

	if (!name.size || name.size >= CONTENT_PATH)
		return -1;
	if (root_fd < 0 && *(const char *)name.data != '/') {
		memcpy(path, root.data, root.size);
		path[root.size] = '/';
		before = root.size + 1;
	}
	memcpy(path + before, name.data, name.size);
	path[before + name.size] = '\0';
	return openat(root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static void digest_one(int fd, vt_call *call, struct large *l, vt_id *ret)
{
	XXH128_hash_t hash;

	memset(ret, 0, sizeof *ret);
	if (fd < 0)
		return;
	if (hash_file(fd, call, l, &hash) == 0)
		set_id(ret, hash);
	close(fd);
}

static vt_status fail(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "system", (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

static int open_root(vt_bytes root)
{
	char path[CONTENT_PATH];

	memcpy(path, root.data, root.size);
	path[root.size] = '\0';
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Is the whole path of the file short enough for one call? */
static bool fits(vt_bytes root, vt_bytes name)
{
	return root.size + 1 + name.size < CONTENT_PATH;
}

/* One file is opened by its whole path: that spares opening the workspace. */
static vt_status digest(void *self, vt_call *call, vt_bytes root, const vt_file *files, uint32_t n, vt_id *ret)
{
	struct large large = { .buffer = NULL };
	vt_status status = VT_OK;
	int root_fd = -1;
	uint32_t i;

	(void)self;
	if (root.size >= CONTENT_PATH)
		return fail(call, "the path of the workspace is too long");
	if ((n != 1 || !fits(root, files[0].path)) && (root_fd = open_root(root)) < 0)
		return fail(call, "the workspace cannot be opened");
	for (i = 0; status == VT_OK && i < n; i++) {
		if (call->stopping(call))
			status = VT_CANCELLED;
		else
			digest_one(open_file(root_fd, root, files[i].path), call, &large, &ret[i]);
		if (large.failed)
			status = fail(call, "out of memory");
	}
	if (status == VT_OK && call->stopping(call))
		status = VT_CANCELLED;     /* the last file may be half read */
	XXH3_freeState(large.state);
	free(large.buffer);
	if (root_fd >= 0)
		close(root_fd);
	return status;
}

static const vt_fingerprint_ops ops = { .struct_size = sizeof ops, .digest = digest };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_FINGERPRINT,
	.name = "fingerprint-content",
	.summary = "a file is what it holds (XXH3-128)",
	.threads = VT_THREADS_MANY,
	.format = 1,
	.ops = &ops,
};

VT_PLUGIN("fingerprint-content", "0.1.0", "recognises files by their content", "MIT", NULL, &component);
