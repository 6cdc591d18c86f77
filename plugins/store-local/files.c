#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FILES_PATH = 96, FILES_PIECE = 256 << 10 };

enum { FILES_FOLDER = 8, FILES_NAME = 9 };     /* in a path: where its folder ends, and its name begins */

/* files/ab/abcdef... */
static void path_of(const vt_id *id, char ret[FILES_PATH])
{
	int at = snprintf(ret, FILES_PATH, "files/%02x/", id->byte[0]), i;

	for (i = 0; i < 32; i++)
		at += snprintf(ret + at, (size_t)(FILES_PATH - at), "%02x", id->byte[i]);
}

/* Opens one component after the other, for kernels without openat2. */
static int open_stepwise(int dir, const char *path, int flags)
{
	char name[FILES_PATH];
	int at = dir, fd;

	for (;;) {
		size_t n = strcspn(path, "/");
		bool last = !path[n];

		memcpy(name, path, n);
		name[n] = '\0';
		fd = openat(at, name, last ? flags : O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (at != dir)
			close(at);
		if (fd < 0 || last)
			return fd;
		at = fd;
		path += n + 1;
	}
}

/* Opens what is at `path` below the store's folder, reached through no link. */
static int open_beneath(int dir, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	int fd = (int)syscall(__NR_openat2, dir, path, &how, sizeof how);

	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		fd = open_stepwise(dir, path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd;
}

/* Opens the folder of the file at `path`. */
static int open_folder(int dir, const char *path)
{
	char folder[FILES_FOLDER + 1];

	memcpy(folder, path, FILES_FOLDER);
	folder[FILES_FOLDER] = '\0';
	return open_beneath(dir, folder, O_RDONLY | O_DIRECTORY);
}

/* Opens the folder of the file at `path`; makes it first if need be. */
static int make_folder(int dir, const char *path)
{
	int folder = open_folder(dir, path), files, r;

	if (folder >= 0 || errno != ENOENT)
		return folder;
	if (mkdirat(dir, "files", 0700) < 0 && errno != EEXIST)
		return -1;
	files = open_beneath(dir, "files", O_RDONLY | O_DIRECTORY);
	if (files < 0)
		return -1;
	r = mkdirat(files, (char[]){ path[6], path[7], 0 }, 0700) < 0 && errno != EEXIST ? -1 : 0;
	close(files);
	return r < 0 ? -1 : open_folder(dir, path);
}

static int write_full(int fd, const char *data, size_t size, const struct files_put *p)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && (errno == EINTR || p->again(p->ctx)))
			continue;
		if (n <= 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int copy(int fd, struct files_put *p)
{
	char *piece = malloc(FILES_PIECE);
	size_t n = p->first_size;
	int r = piece ? write_full(fd, p->first, p->first_size, p) : -1;

	p->size = p->first_size;
	while (r == 0) {
		if (p->call->stopping(p->call) || p->from->read(p->from, p->call, p->size, piece, FILES_PIECE, &n) != VT_OK || n > FILES_PIECE) {
			errno = ECANCELED;
			r = -1;
		} else if (n == 0) {
			break;
		} else {
			r = write_full(fd, piece, n, p);
			p->size += n;
		}
	}
	if (r == 0 && p->size != p->from->size) {
		errno = ENODATA;
		r = -1;
	}
	free(piece);
	return r;
}

/* Gives an unnamed (or temporarily named) file in `folder` its name. */
static int name_it(int folder, int fd, const char *temp, const char *name)
{
	char self[32];

	if (temp[0])
		return renameat(folder, temp, folder, name);
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, folder, name, AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST)
		return 0;
	return -1;
}

static int open_temp(int folder, int named, char temp[FILES_PATH])
{
	uint64_t unique = 0;

	temp[0] = '\0';
	if (!named)
		return openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	(void)!getrandom(&unique, sizeof unique, GRND_NONBLOCK);
	snprintf(temp, FILES_PATH, "new-%016llx", (unsigned long long)unique);
	return openat(folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Opens a new file in the folder it will be named in. Returns its fd, and the folder's. */
static int begin(int dir, const char *path, char temp[FILES_PATH], int *ret_folder)
{
	int folder = make_folder(dir, path), fd, number;

	if (folder < 0)
		return -1;
	/* the file there may be damaged: replace it */
	(void)unlinkat(folder, path + FILES_NAME, 0);
	fd = open_temp(folder, 0, temp);
	if (fd < 0)
		fd = open_temp(folder, 1, temp);
	if (fd < 0) {
		number = errno;
		close(folder);
		errno = number;
		return -1;
	}
	*ret_folder = folder;
	return fd;
}

int files_put(int dir, const vt_id *id, struct files_put *p)
{
	char path[FILES_PATH], temp[FILES_PATH];
	int fd, folder = -1, r, number;

	path_of(id, path);
	do
		fd = begin(dir, path, temp, &folder);
	while (fd < 0 && p->again(p->ctx));
	if (fd < 0)
		return -1;
	r = copy(fd, p);
	if (r == 0)
		do
			r = name_it(folder, fd, temp, path + FILES_NAME);
		while (r < 0 && p->again(p->ctx));
	number = errno;
	if (r < 0 && temp[0])
		(void)unlinkat(folder, temp, 0);
	close(fd);
	close(folder);
	errno = number;
	return r;
}

int files_open(int dir, const vt_id *id, uint64_t *ret_size)
{
	char path[FILES_PATH];
	struct stat st;
	int fd;

	path_of(id, path);
	fd = open_beneath(dir, path, O_RDONLY);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	*ret_size = (uint64_t)st.st_size;
	return fd;
}

void files_remove(int dir, const vt_id *id)
{
	char path[FILES_PATH];
	int folder;

	path_of(id, path);
	folder = open_folder(dir, path);
	if (folder < 0)
		return;
	(void)unlinkat(folder, path + FILES_NAME, 0);
	close(folder);
}

/* Adds up the regular files in a folder below `at`, and in its subfolders down to `depth`. */
static uint64_t bytes_below(int at, const char *name, int depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t ret = 0;
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode))
			ret += (uint64_t)st.st_size;
		else if (S_ISDIR(st.st_mode) && depth)
			ret += bytes_below(fd, e->d_name, depth - 1);
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return ret;
}

uint64_t files_old_bytes(int dir)
{
	int cache = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t ret = cache < 0 ? 0 : bytes_below(cache, "store-1", 2);

	if (cache >= 0)
		close(cache);
	return ret;
}

static int id_of(const char *name, vt_id *ret)
{
	unsigned byte;
	int i;

	if (strlen(name) != 64)
		return -1;
	for (i = 0; i < 32; i++) {
		if (sscanf(name + 2 * i, "%2x", &byte) != 1)
			return -1;
		ret->byte[i] = (uint8_t)byte;
	}
	return 0;
}

static void sweep_folder(int files, const char *folder, int (*known)(void *, const vt_id *), void *ctx)
{
	int fd = openat(files, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	time_t old = time(NULL) - 3600;
	struct dirent *e;
	struct stat st;
	vt_id id;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
		    st.st_mtime > old)
			continue;
		if (id_of(e->d_name, &id) < 0 || !known(ctx, &id))
			(void)unlinkat(fd, e->d_name, 0);
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

void files_sweep(int dir, int (*known)(void *ctx, const vt_id *id), void *ctx)
{
	char folder[3];
	int files = openat(dir, "files", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int i;

	if (files < 0)
		return;
	for (i = 0; i < 256; i++) {
		snprintf(folder, sizeof folder, "%02x", (unsigned)i);
		sweep_folder(files, folder, known, ctx);
	}
	sweep_folder(files, ".", known, ctx);
	close(files);
}
