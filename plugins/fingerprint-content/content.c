/* fingerprint-content: identifies a file by the XXH3-128 of its bytes. That finds changes; it
 * does not resist an attacker who makes two files with one hash. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "vt-plugin.h"

enum { CONTENT_SMALL = 256 << 10, CONTENT_PATH = 4096 };

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

/* 0; -1: the file could not be read to its end. */
static int hash_file(int fd, vt_call *call, char *buffer, XXH3_state_t *state, XXH128_hash_t *ret)
{
	ssize_t n = read_full(fd, buffer, CONTENT_SMALL);

	if (n < 0)
		return -1;
	if (n < CONTENT_SMALL) {
		*ret = XXH3_128bits(buffer, (size_t)n);
		return 0;
	}
	XXH3_128bits_reset(state);
	while (n > 0 && !call->stopping(call)) {
		XXH3_128bits_update(state, buffer, (size_t)n);
		n = read_full(fd, buffer, CONTENT_SMALL);
	}
	*ret = XXH3_128bits_digest(state);
	return n ? -1 : 0;
}

static void set_id(vt_id *ret, XXH128_hash_t hash)
{
	XXH128_canonical_t bytes;

	XXH128_canonicalFromHash(&bytes, hash);
	memcpy(ret->byte, bytes.digest, sizeof bytes.digest);
	ret->byte[31] = 1;             /* never all zero */
}

static void digest_one(int root, vt_call *call, const vt_file *file, char *buffer, XXH3_state_t *state, vt_id *ret)
{
	char path[CONTENT_PATH];
	XXH128_hash_t hash;
	int fd;

	memset(ret, 0, sizeof *ret);
	if (!file->path.size || file->path.size >= sizeof path)
		return;
	memcpy(path, file->path.data, file->path.size);
	path[file->path.size] = '\0';
	fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	if (hash_file(fd, call, buffer, state, &hash) == 0)
		set_id(ret, hash);
	close(fd);
}

static vt_status fail(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "system", (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

static vt_status digest(void *self, vt_call *call, vt_bytes root, const vt_file *files, uint32_t n, vt_id *ret)
{
	char path[CONTENT_PATH], *buffer;
	XXH3_state_t *state;
	vt_status status = VT_OK;
	uint32_t i;
	int fd;

	(void)self;
	if (root.size >= sizeof path)
		return fail(call, "the path of the workspace is too long");
	memcpy(path, root.data, root.size);
	path[root.size] = '\0';
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(call, "the workspace cannot be opened");
	buffer = malloc(CONTENT_SMALL);
	state = XXH3_createState();
	if (!buffer || !state)
		status = fail(call, "out of memory");
	for (i = 0; status == VT_OK && i < n; i++) {
		if (call->stopping(call))
			status = VT_CANCELLED;
		else
			digest_one(fd, call, &files[i], buffer, state, &ret[i]);
	}
	if (status == VT_OK && call->stopping(call))
		status = VT_CANCELLED;     /* the last file may be half read */
	XXH3_freeState(state);
	free(buffer);
	close(fd);
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
