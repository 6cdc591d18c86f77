#include "config.h"

#include "record/tracked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "text/path.h"

/* The index, in git's own order of bytes (gitformat-index(5)):
 *
 *   "DIRC" version n | n entries | extensions, each: signature[4] size data | check
 *
 *   an entry: 40 bytes of stat data, object name, flags, (version 3: more flags), path. Up to version 3 the path ends
 *   with NULs up to a multiple of eight; in version 4 it is a number of bytes to take from the end of the path before,
 *   and what follows them, NUL. The extension "link" names another index that has most of the entries. */
enum {
	INDEX_MAX = 1 << 30, GITFILE_MAX = 64 << 10, INDEX_HEAD = 12, ENTRY_STAT = 40, ENTRY_MORE = 0x4000, ENTRY_NAME = 0x0fff,
	HASH_MAX = 32
};

struct index {
	const uint8_t *data;
	size_t size, at;               /* of data; read up to here */
	size_t hash;                   /* bytes of an object name: 20, or 32 */
	char path[8192];               /* of the entry before */
	size_t path_n;
};

enum answer { NO, YES, UNKNOWN };

static uint32_t number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Reads how many bytes of the last path are left out. -1: damaged. */
static int64_t read_strip(struct index *x)
{
	uint64_t n = 0;
	uint8_t byte;

	do {
		if (x->at == x->size || n > sizeof x->path)
			return -1;
		byte = x->data[x->at++];
		n = (n << 7) | (byte & 127);
		if (byte & 128)
			n++;
	} while (byte & 128);
	return (int64_t)n;
}

/* Reads an entry; x->path is its path then. -1: damaged. */
static int read_entry(struct index *x, uint32_t version)
{
	size_t begin = x->at, n, keep = 0;
	const uint8_t *end;
	unsigned flags;
	int64_t strip;

	if (x->size - x->at < ENTRY_STAT + x->hash + 4)
		return -1;
	x->at += ENTRY_STAT + x->hash;
	flags = (unsigned)x->data[x->at] << 8 | x->data[x->at + 1];
	x->at += 2;
	if ((flags & ENTRY_MORE) && version < 3)
		return -1;
	x->at += flags & ENTRY_MORE ? 2 : 0;
	if (version == 4) {
		strip = read_strip(x);
		if (strip < 0 || (size_t)strip > x->path_n)
			return -1;
		keep = x->path_n - (size_t)strip;
	}
	end = memchr(x->data + x->at, 0, x->size - x->at);
	n = end ? (size_t)(end - x->data) - x->at : 0;
	if (!end || keep + n >= sizeof x->path || ((flags & ENTRY_NAME) != ENTRY_NAME && (flags & ENTRY_NAME) != keep + n))
		return -1;
	memcpy(x->path + keep, x->data + x->at, n);
	x->path_n = keep + n;
	x->at += n + 1;
	if (version < 4)
		x->at = begin + ((x->at - begin + 7) & ~(size_t)7);
	return x->at > x->size ? -1 : 0;
}

static enum answer look(const char *git, const char *file, const char *path, unsigned depth);

/* Reads the extensions. */
static enum answer look_further(struct index *x, const char *git, const char *path, unsigned depth)
{
	static const uint8_t none[HASH_MAX];
	char name[sizeof "sharedindex." + 2 * HASH_MAX] = "sharedindex.";
	uint32_t size;
	size_t i;

	while (x->size - x->at >= x->hash + 8) {
		const uint8_t *p = x->data + x->at;

		size = number(p + 4);
		if (size > x->size - x->at - 8)
			return UNKNOWN;
		if (memcmp(p, "link", 4) == 0 && size >= x->hash && memcmp(p + 8, none, x->hash) != 0) {
			for (i = 0; i < x->hash; i++) {
				name[12 + 2 * i] = "0123456789abcdef"[p[8 + i] >> 4];
				name[13 + 2 * i] = "0123456789abcdef"[p[8 + i] & 15];
			}
			name[12 + 2 * i] = '\0';
			return depth ? UNKNOWN : look(git, name, path, depth + 1);
		}
		x->at += 8 + size;
	}
	return x->size - x->at == x->hash ? NO : UNKNOWN;
}

static enum answer look_with(struct index *x, const char *git, const char *path, unsigned depth)
{
	const size_t n = strlen(path);
	uint32_t version, entries, i;

	if (x->size < INDEX_HEAD + x->hash || memcmp(x->data, "DIRC", 4) != 0)
		return UNKNOWN;
	version = number(x->data + 4);
	entries = number(x->data + 8);
	if (version < 2 || version > 4)
		return UNKNOWN;
	x->at = INDEX_HEAD;
	for (i = 0; i < entries; i++) {
		if (read_entry(x, version) < 0)
			return UNKNOWN;
		if (x->path_n >= n && memcmp(x->path, path, n) == 0 && (x->path_n == n || x->path[n] == '/'))
			return YES;
	}
	return look_further(x, git, path, depth);
}

static enum answer look(const char *git, const char *file, const char *path, unsigned depth)
{
	static const size_t hashes[] = { 20, 32 };
	struct arena *a = arena_new();
	struct bytes b;
	enum answer ret = UNKNOWN;
	struct index *x;
	unsigned i;
	int r = file_read(path_join(a, git, file), INDEX_MAX, a, &b, NULL);

	if (r > 0)
		ret = depth ? UNKNOWN : NO;
	for (i = 0; r == 0 && ret == UNKNOWN && i < COUNT(hashes); i++) {
		x = arena_alloc(a, sizeof *x);
		x->data = b.data;
		x->size = b.size;
		x->hash = hashes[i];
		x->path_n = 0;
		ret = look_with(x, git, path, depth);
	}
	arena_free(a);
	return ret;
}

/* The folder with the index of the repository whose top is `dir`, in `a`; NULL: it is no top of one. */
static const char *git_of(struct arena *a, const char *dir)
{
	static const char word[] = "gitdir: ";
	const char *git = path_join(a, dir, ".git");
	struct stat st;
	struct bytes b;
	char *name;

	if (stat(git, &st) < 0)
		return NULL;
	if (S_ISDIR(st.st_mode))
		return git;
	if (file_read(git, GITFILE_MAX, a, &b, NULL) || strncmp(b.data, word, sizeof word - 1) != 0)
		return NULL;
	name = arena_str(a, (const char *)b.data + sizeof word - 1);
	name[strcspn(name, "\r\n")] = '\0';
	return name[0] == '/' ? name : path_join(a, dir, name);
}

bool tracked_below(const char *dir, const char *path)
{
	struct arena *a = arena_new();
	const char *top = dir, *git, *below;
	bool ret = false;

	while (!(git = git_of(a, top)) && top[0] && strcmp(top, "/") != 0)
		top = path_dir(a, top);
	below = git ? path_below(top, path) : NULL;
	if (below && below[0])
		ret = look(git, "index", below, 0) != NO;
	arena_free(a);
	return ret;
}
