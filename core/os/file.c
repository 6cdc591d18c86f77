#include "config.h"

#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/map.h"
#include "text/path.h"

ssize_t file_read_all(int fd, size_t expected, size_t max, struct arena *a, char **ret)
{
	size_t room = expected + 1, n = 0;
	char *p = arena_alloc(a, room), *more;
	ssize_t got;

	for (;;) {
		got = read(fd, p + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		n += (size_t)got;
		if (n > max) {
			errno = EFBIG;
			return -1;
		}
		/* the buffer had a byte more than the file: no second read is needed to find the end */
		if (got == 0 || (expected && n == expected))
			break;
		if (n == room) {
			more = arena_alloc(a, room * 2 + 4096);
			memcpy(more, p, n);
			p = more;
			room = room * 2 + 4096;
		}
	}
	p[n < room ? n : room - 1] = '\0';
	*ret = p;
	return (ssize_t)n;
}

/* Reads the file that was opened, or not opened with errno, and closes it. */
static int read_opened(int fd, const char *path, size_t max, struct arena *a, struct bytes *ret, struct err *err)
{
	struct stat st;
	ssize_t n = -1;
	char *data = NULL;
	int number;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be read", path);
	if (fstat(fd, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		else if ((uintmax_t)st.st_size > max)
			errno = EFBIG;
		else
			n = file_read_all(fd, (size_t)st.st_size, max, a, &data);
	}
	number = errno;
	close(fd);
	if (n < 0 && number == EFBIG)
		return err_set(err, ERR_USER, "%s is larger than the %zu bytes that are read of such a file", path, max);
	if (n < 0 && number == EINVAL)
		return err_set(err, ERR_USER, "%s cannot be read: it is no regular file", path);
	if (n < 0)
		return err_errno(err, number, "%s cannot be read", path);
	ret->data = data;
	ret->size = (size_t)n;
	return 0;
}

int file_read(const char *path, size_t max, struct arena *a, struct bytes *ret, struct err *err)
{
	return read_opened(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), path, max, a, ret, err);
}

int file_read_below(int dir, const char *name, const char *path, size_t max, struct arena *a, struct bytes *ret, struct err *err)
{
	return read_opened(openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), path, max, a, ret, err);
}

int file_read_at(int dir, const char *name, size_t max, struct arena *a, struct bytes *ret, struct err *err)
{
	return read_opened(openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW), name, max, a, ret, err);
}

int file_write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int file_open_unnamed(int dir)
{
	char name[48];
	uint64_t unique;
	int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	/* Not every file system has files without a name. */
	digest_random(&unique, sizeof unique);
	snprintf(name, sizeof name, "vt-unnamed-%016llx", (unsigned long long)unique);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		unlinkat(dir, name, 0);
	return fd;
}

int file_write(const char *path, const void *data, size_t size, mode_t mode, struct err *err)
{
	_clean_(free_p) char *temporary = NULL;
	int fd, number;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return err_errno(err, ENOMEM, "%s cannot be written", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be written", path);
	if (file_write_all(fd, data, size) || fchmod(fd, mode)) {
		number = errno;
		close(fd);
		goto failed;
	}
	if (close(fd) || rename(temporary, path)) {
		number = errno;
		goto failed;
	}
	return 0;
failed:
	unlink(temporary);
	return err_errno(err, number, "%s cannot be written", path);
}

int file_write_at(int dir, const char *name, const void *data, size_t size, mode_t mode, struct err *err)
{
	_clean_(free_p) char *temporary = NULL;
	uint32_t unique;
	int fd, number;

	digest_random(&unique, sizeof unique);
	if (asprintf(&temporary, "%s.%08x", name, unique) < 0)
		return err_errno(err, ENOMEM, "%s cannot be written", name);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be written", name);
	if (file_write_all(fd, data, size)) {
		number = errno;
		close(fd);
		goto failed;
	}
	if (close(fd) || renameat(dir, temporary, dir, name)) {
		number = errno;
		goto failed;
	}
	return 0;
failed:
	unlinkat(dir, temporary, 0);
	return err_errno(err, number, "%s cannot be written", name);
}

int file_overwrite_at(int dir, const char *name, const void *data, size_t size, mode_t mode, struct err *err)
{
	int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int failed, number;

	if (fd < 0)
		return file_write_at(dir, name, data, size, mode, err);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
		close(fd);
		return file_write_at(dir, name, data, size, mode, err);
	}
	failed = file_write_all(fd, data, size) < 0 || ftruncate(fd, (off_t)size) < 0;
	number = errno;
	close(fd);
	return failed ? err_errno(err, number, "%s cannot be written", name) : 0;
}

int file_mkdirs(const char *path, mode_t mode, struct err *err)
{
	_clean_(free_p) char *copy = xstrdup(path);
	struct stat st;
	char *p;

	if (mkdir(path, mode) == 0)
		return 0;
	for (p = copy + (*copy == '/'); (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(copy, mode);         /* the last call decides */
		*p = '/';
	}
	if (mkdir(path, mode) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return err_errno(err, errno, "the folder %s cannot be made", path);
}

/* Removes everything in the folder `name` of `at`, then the folder. Sets errno on failure. */
static int remove_below(int at, const char *name, int depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	DIR *dir;
	int r = 0, number = 0;

	if (fd < 0)
		return -1;
	dir = depth < 256 ? fdopendir(fd) : NULL;
	if (!dir) {
		close(fd);
		errno = ELOOP;
		return -1;
	}
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		number = errno;
		if ((number == EISDIR || number == EPERM) && remove_below(fd, e->d_name, depth + 1) == 0)
			continue;
		number = errno == ENOTDIR ? number : errno;
		r = -1;
	}
	closedir(dir);
	if (r == 0 && unlinkat(at, name, AT_REMOVEDIR) == 0)
		return 0;
	errno = r ? number : errno;
	return -1;
}

int file_remove_tree_at(int dir, const char *name, struct err *err)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	if (remove_below(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	return err_errno(err, errno, "%s cannot be removed", name);
}

int file_remove_tree(const char *path, struct err *err)
{
	return file_remove_tree_at(AT_FDCWD, path, err);
}

static bool is_executable(int dir, const char *name)
{
	struct stat st;

	return faccessat(dir, name, X_OK, AT_EACCESS) == 0 && fstatat(dir, name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

bool file_is_executable(const char *path)
{
	return is_executable(AT_FDCWD, path);
}

/* The remembered answers for a folder of PATH or a program. */
struct known {
	enum { NOT_ASKED, IS_NOT, IS } executable;
	bool found;                    /* `stat` is valid */
	struct stat stat;
};

struct file_memo {
	char *near;                    /* the folder that most paths lie below, or NULL */
	size_t near_size;
	int near_fd;                   /* the open folder; -1: none */
	pthread_rwlock_t lock;         /* guards the members below */
	struct arena *arena;           /* owns the keys and the answers */
	struct map known;              /* path -> struct known */
	uint64_t forgotten;            /* how often all was forgotten: an answer from before the last time is not kept */
};

struct file_memo *file_memo_new(void)
{
	struct file_memo *m = xcalloc(1, sizeof *m);

	pthread_rwlock_init(&m->lock, NULL);
	m->arena = arena_new();
	map_init(&m->known);
	m->near_fd = -1;
	return m;
}

void file_memo_near(struct file_memo *m, const char *dir)
{
	free(m->near);
	if (m->near_fd >= 0)
		close(m->near_fd);
	m->near = xstrdup(dir);
	m->near_size = strlen(dir);
	m->near_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void file_memo_free(struct file_memo *m)
{
	if (!m)
		return;
	if (m->near_fd >= 0)
		close(m->near_fd);
	free(m->near);
	map_free(&m->known);
	arena_free(m->arena);
	pthread_rwlock_destroy(&m->lock);
	free(m);
}

void file_memo_forget(struct file_memo *m)
{
	pthread_rwlock_wrlock(&m->lock);
	m->forgotten++;
	if (m->known.n) {
		map_free(&m->known);
		arena_free(m->arena);
		m->arena = arena_new();
	}
	pthread_rwlock_unlock(&m->lock);
}

/* A copy of the answers for a path; *ret_forgotten is for remember. */
static struct known recall(struct file_memo *m, const char *path, uint64_t *ret_forgotten)
{
	const struct known *known;
	struct known ret = { 0 };

	pthread_rwlock_rdlock(&m->lock);
	*ret_forgotten = m->forgotten;
	known = map_gets(&m->known, path);
	if (known)
		ret = *known;
	pthread_rwlock_unlock(&m->lock);
	return ret;
}

static void remember(struct file_memo *m, const char *path, const struct known *now, uint64_t forgotten)
{
	size_t size = strlen(path);
	struct known *known;

	pthread_rwlock_wrlock(&m->lock);
	if (m->forgotten == forgotten) {
		known = map_get(&m->known, path, size);
		if (!known)
			*map_put(&m->known, arena_copy(m->arena, path, size), size) = known = arena_alloc(m->arena, sizeof *known);
		if (now->executable)
			known->executable = now->executable;
		if (now->found) {
			known->found = true;
			known->stat = now->stat;
		}
	}
	pthread_rwlock_unlock(&m->lock);
}

bool file_memo_executable(struct file_memo *m, const char *path)
{
	struct known known;
	uint64_t forgotten;
	bool is;

	if (!m)
		return file_is_executable(path);
	known = recall(m, path, &forgotten);
	if (known.executable)
		return known.executable == IS;
	if (m->near_fd >= 0 && strncmp(path, m->near, m->near_size) == 0 && path[m->near_size] == '/')
		is = is_executable(m->near_fd, path + m->near_size + 1);
	else
		is = file_is_executable(path);
	remember(m, path, &(struct known){ .executable = is ? IS : IS_NOT }, forgotten);
	return is;
}

bool file_memo_stat(struct file_memo *m, const char *path, struct stat *ret)
{
	struct known known;
	uint64_t forgotten;

	if (!m)
		return stat(path, ret) == 0;
	known = recall(m, path, &forgotten);
	if (!known.found) {
		if (stat(path, &known.stat) < 0)
			return false;
		known.executable = NOT_ASKED;
		known.found = true;
		remember(m, path, &known, forgotten);
	}
	*ret = known.stat;
	return true;
}

/* Adds `size` bytes and a slash, unless they end with one. false: there is no room. */
static bool add_folder(char place[PATH_MAX], size_t *at, const char *folder, size_t size)
{
	if (!size)
		return true;
	if (size + 2 > PATH_MAX - *at)
		return false;
	memcpy(place + *at, folder, size);
	*at += size;
	if (folder[size - 1] != '/')
		place[(*at)++] = '/';
	return true;
}

/* A lookup asks for a program in each directory of PATH: copies, for printf takes ten times as long. */
bool file_on_path(const char *name, const char *dir, const char *path, struct file_memo *memo, char place[PATH_MAX])
{
	size_t size = strlen(name) + 1, dir_size = strlen(dir);
	const char *end;

	for (; path; path = *end ? end + 1 : NULL) {
		size_t at = 0;

		end = strchrnul(path, ':');
		if ((*path != '/' && !add_folder(place, &at, dir, dir_size)) ||
		    !add_folder(place, &at, path, (size_t)(end - path)) || size > PATH_MAX - at)
			continue;
		memcpy(place + at, name, size);
		if (file_memo_executable(memo, place))
			return true;
	}
	return false;
}

const char *file_find_program(const char *name, const char *dir, const char *path, struct file_memo *memo, struct arena *a)
{
	char place[PATH_MAX];
	const char *whole;

	if (!name[0])
		return NULL;
	if (!strchr(name, '/'))
		return file_on_path(name, dir, path, memo, place) ? arena_str(a, place) : NULL;
	whole = path_join(a, dir, name);
	return file_is_executable(whole) ? whole : NULL;
}

/* Asks the kernel for the path of the open fd. false: there is none, or it is not certain. */
static bool kernel_name(int fd, char real[PATH_MAX])
{
	static const char deleted[] = " (deleted)";
	char link[32];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, real, PATH_MAX);
	if (n < 1 || n >= PATH_MAX || real[0] != '/')
		return false;
	real[n] = '\0';
	return n < (ssize_t)sizeof deleted || strcmp(real + n - (sizeof deleted - 1), deleted) != 0;
}

/* one question to the kernel; realpath asks about each folder, twice where one is a link */
bool file_real_in(const char *path, char real[PATH_MAX])
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	bool known = fd >= 0 && kernel_name(fd, real);

	if (fd >= 0)
		close(fd);
	return known || realpath(path, real);
}

const char *file_real(const char *path, struct arena *a)
{
	char real[PATH_MAX];

	return file_real_in(path, real) ? arena_str(a, real) : NULL;
}

/* A page that goes on behind the bytes is read from the file again. */
void file_forget_pages(const void *data, size_t size)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)data & ~(page - 1);

	if (size)
		madvise((void *)from, (uintptr_t)data + size - from, MADV_DONTNEED);
}
