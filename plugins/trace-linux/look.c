/* look: what is at a path of the workspace, without waiting for other mounts. */
#include "config.h"

#include "look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xxhash.h>

#ifndef RESOLVE_NO_XDEV
#define RESOLVE_NO_XDEV 0x01
#endif
#ifndef RESOLVE_NO_MAGICLINKS
#define RESOLVE_NO_MAGICLINKS 0x02
#endif

enum {
	CONTENT_MAX = 16 << 20,  /* bytes: more are not looked at */
	PIECE = 256 << 10,       /* read at a time */
	ID_SIZE = 32,
};

static int open_below(struct ground *g, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	const char *rest = path + g->root_length;

	while (*rest == '/')
		rest++;
	if (!*rest)
		rest = ".";
	if (!g->bounded)
		return openat(g->root, rest, flags | O_CLOEXEC);
	return (int)syscall(__NR_openat2, g->root, rest, &how, sizeof how);
}

void ground_init(struct ground *g, const char *root, size_t root_length)
{
	int fd;

	*g = (struct ground){ .root_length = root_length == 1 ? 0 : root_length, .bounded = true };
	g->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (g->root < 0)
		return;
	fd = open_below(g, root, O_PATH);
	/* EPERM: some sandboxes say so of calls they do not know */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL))
		g->bounded = false;
	if (fd >= 0)
		close(fd);
}

void ground_close(struct ground *g)
{
	if (g->root >= 0)
		close(g->root);
	free(g->buffer);
	g->root = -1;
	g->buffer = NULL;
}

static int open_what(struct ground *g, const char *path, bool follow, enum look_answer *ret)
{
	int fd;

	*ret = LOOK_UNKNOWN;
	if (g->root < 0)
		return -1;
	fd = open_below(g, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
	if (fd >= 0)
		*ret = LOOK_THERE;
	else if (errno == ENOENT || errno == ENOTDIR)
		*ret = LOOK_ABSENT;
	return fd;
}

/* Before the task mounts anything no file system below the root is its own: then one call is enough. */
static enum look_answer look_quickly(const struct ground *g, const char *path, bool follow)
{
	const char *rest = path + g->root_length;

	while (*rest == '/')
		rest++;
	if (faccessat(g->root, *rest ? rest : ".", F_OK, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0)
		return LOOK_THERE;
	return errno == ENOENT || errno == ENOTDIR ? LOOK_ABSENT : LOOK_UNKNOWN;
}

enum look_answer look_for(struct ground *g, const char *path, bool follow)
{
	enum look_answer ret;
	int fd;

	if (!g->careful && g->root >= 0)
		return look_quickly(g, path, follow);
	fd = open_what(g, path, follow, &ret);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* `at` is closed. */
static bool holds_something(int at)
{
	DIR *dir = fdopendir(at);
	struct dirent *name;
	bool ret = false;

	if (!dir) {
		close(at);
		return false;
	}
	while (!ret && (name = readdir(dir)) != NULL)
		ret = strcmp(name->d_name, ".") != 0 && strcmp(name->d_name, "..") != 0;
	closedir(dir);
	return ret;
}

bool look_cannot_move(struct ground *g, const char *from, const char *to)
{
	const size_t n = strlen(from);
	enum look_answer there;
	struct stat st;
	bool ret = false;
	int fd = open_what(g, from, false, &there);

	if (fd < 0)
		return false;
	ret = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
	close(fd);
	if (!ret || (strncmp(from, to, n) == 0 && to[n] == '/'))
		return ret;
	fd = open_what(g, to, false, &there);
	if (fd < 0)
		return false;
	ret = fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode);
	close(fd);
	if (ret)
		return true;
	fd = open_below(g, to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	return fd >= 0 && holds_something(fd);
}

static bool read_piece(int fd, unsigned char *buffer, size_t *ret)
{
	size_t got = 0;

	while (got < PIECE) {
		ssize_t n = read(fd, buffer + got, PIECE - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*ret = got;
	return true;
}

/* The same id as the fingerprint of contents gives. */
static bool hash(struct ground *g, int fd, unsigned char id[ID_SIZE])
{
	XXH3_state_t state;
	XXH128_canonical_t bytes;
	size_t n, all = 0;

	if (!g->buffer)
		g->buffer = malloc(PIECE);
	if (!g->buffer)
		return false;
	XXH3_INITSTATE(&state);
	XXH3_128bits_reset(&state);
	do {
		if (!read_piece(fd, g->buffer, &n) || all + n > CONTENT_MAX)
			return false;
		XXH3_128bits_update(&state, g->buffer, n);
		all += n;
	} while (n == PIECE);
	XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(&state));
	memset(id, 0, ID_SIZE);
	memcpy(id, bytes.digest, sizeof bytes.digest);
	id[ID_SIZE - 1] = 1;
	return true;
}

/* O_NOATIME: the task must not find that its file was read. */
static bool content_of(struct ground *g, const char *path, bool follow, const struct stat *st, unsigned char id[ID_SIZE])
{
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW), fd;
	struct stat now;
	bool ret;

	if (st->st_size > CONTENT_MAX)
		return false;
	fd = open_below(g, path, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = open_below(g, path, flags);
	if (fd < 0)
		return false;
	ret = !fstat(fd, &now) && now.st_dev == st->st_dev && now.st_ino == st->st_ino && hash(g, fd, id);
	close(fd);
	return ret;
}

enum look_answer look_at(struct ground *g, const char *path, bool follow, bool content, struct look_state *ret)
{
	enum look_answer answer;
	unsigned char *id = (unsigned char *)ret->bytes + 1;
	int fd = open_what(g, path, follow, &answer);
	struct stat st;
	ssize_t n;

	ret->size = 0;
	if (fd < 0)
		return answer;
	if (fstat(fd, &st)) {
		close(fd);
		return LOOK_UNKNOWN;
	}
	ret->size = 1;
	if (S_ISREG(st.st_mode)) {
		ret->bytes[0] = 'f';
		if (content && content_of(g, path, follow, &st, id)) {
			ret->bytes[0] = 'c';
			ret->size += ID_SIZE;
		}
		if (st.st_mode & S_IXUSR)
			ret->bytes[ret->size++] = 'x';
	} else if (S_ISLNK(st.st_mode)) {
		ret->bytes[0] = 'l';
		n = readlinkat(fd, "", ret->bytes + 1, PATH_MAX);
		ret->size += n > 0 ? (size_t)n : 0;
	} else {
		ret->bytes[0] = S_ISDIR(st.st_mode) ? 'd' : 'o';
	}
	close(fd);
	return LOOK_THERE;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw" */
static bool is_quick_line(const char *line, unsigned major, unsigned minor)
{
	static const char *const slow[] = { "fuse", "9p", "nfs", "cifs", "smb", "autofs", "ceph", "afs", "coda", "virtiofs", "vboxsf" };
	unsigned a, b;
	const char *type = strstr(line, " - ");
	size_t i;

	if (!type || sscanf(line, "%*u %*u %u:%u", &a, &b) != 2 || a != major || b != minor)
		return false;
	for (i = 0; i < sizeof slow / sizeof *slow; i++)
		if (strncmp(type + 3, slow[i], strlen(slow[i])) == 0)
			return false;
	return true;
}

bool look_is_quick(struct ground *g, unsigned major, unsigned minor)
{
	char line[4096];
	bool ret = false;
	unsigned i;
	FILE *f;

	for (i = 0; i < g->quick_n; i++)
		if (g->quick[i].major == major && g->quick[i].minor == minor)
			return true;
	f = fopen("/proc/self/mountinfo", "re");
	while (f && !ret && fgets(line, sizeof line, f))
		ret = is_quick_line(line, major, minor);
	if (f)
		fclose(f);
	if (ret && g->quick_n < QUICK_MAX) {
		g->quick[g->quick_n].major = major;
		g->quick[g->quick_n++].minor = minor;
	}
	return ret;
}
