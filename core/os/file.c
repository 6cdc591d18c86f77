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
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/map.h"
#include "os/loop.h"             /* for os_now_ms */
#include "text/path.h"

/* Reads to the end of the file. Returns the size, or -1 with errno (EFBIG: more than `max` bytes). */
static ssize_t read_all(int fd, size_t expected, size_t max, struct arena *a, char **ret)
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
			n = read_all(fd, (size_t)st.st_size, max, a, &data);
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

/* ---- folders that do not answer ------------------------------------------------ */

/* File systems whose answers do not come from a server. All others may fall silent. */
static const char *const local_kinds[] = { "bcachefs", "bpf", "btrfs", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs",
	"erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fusectl", "hugetlbfs", "iso9660", "mqueue", "nsfs", "overlay", "proc", "pstore", "ramfs",
	"rootfs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tmpfs", "tracefs", "vfat", "xfs", "zfs" };

enum { MOUNTS_MAX = 1 << 15 };         /* bytes of /proc/self/mountinfo that are read */

static bool is_local(const char *kind)
{
	uint32_t i;

	for (i = 0; i < COUNT(local_kinds); i++)
		if (strcmp(kind, local_kinds[i]) == 0)
			return true;
	return false;
}

/* Decodes \\040 and its kin. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*to = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

/* The mount points of servers, from lines like "36 35 98:0 /root /mnt rw,noatime master:1 - ext4 /dev/root rw"; NULL-terminated, in
 * `a`. NULL: the mounts cannot be told. */
static char **served_mounts(struct arena *a)
{
	char *text, *line, *next, *point, *kind, *end, **ret;
	uint32_t n = 0, most = 1;
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read_all(fd, MOUNTS_MAX, MOUNTS_MAX, a, &text);

	if (fd >= 0)
		close(fd);
	if (got < 0 || got == MOUNTS_MAX)
		return NULL;
	for (line = text; (line = strchr(line, '\n')); line++)
		most++;
	ret = arena_array(a, most, sizeof *ret);
	for (line = text; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		kind = strstr(line, " - ");
		point = strchr(line, '/');
		point = point ? strstr(point, " /") : NULL;
		end = point ? strchr(point + 1, ' ') : NULL;
		if (!kind || !end)
			continue;
		kind += 3;
		kind[strcspn(kind, " ")] = '\0';
		*end = '\0';
		if (!is_local(kind)) {
			unescape(++point);
			ret[n++] = point;
		}
	}
	ret[n] = NULL;
	return ret;
}

/* May the way along the path lead to one of the mounts? Touches no folder behind a mount. */
static bool leads_to(const char *path, char *const *mounts, struct arena *a)
{
	char *at = arena_str(a, path), *slash = at;
	struct stat s;
	uint32_t i;
	char kept;

	do {
		slash += strcspn(slash + 1, "/") + 1;
		kept = *slash;
		*slash = '\0';
		for (i = 0; mounts[i]; i++)
			if (strcmp(at, mounts[i]) == 0)
				return true;
		if (lstat(at, &s) < 0)
			return false;
		if (S_ISLNK(s.st_mode))
			return true;
		*slash = kept;
	} while (kept);
	return false;
}

/* Does a path lead to a file system of a server? */
static bool may_be_silent(const char *const *paths, uint32_t n)
{
	struct arena *a = arena_new();
	char **mounts = served_mounts(a);
	bool ret = !mounts && n;
	uint32_t i;

	for (i = 0; i < n && !ret && mounts[0]; i++)
		ret = leads_to(paths[i], mounts, a);
	arena_free(a);
	return ret;
}

/* A question to folders: a thread waits in vfork for the child that asks. A child whose request is with a silent server cannot be
 * ended, not even by SIGKILL; a thread in its place would keep vt from ending. */
struct asking {
	pthread_mutex_t lock;          /* guards `users` and `over` */
	pthread_cond_t changed;        /* `over` */
	uint32_t users;                /* the caller and the thread; the last one unmaps it */
	bool over;                     /* the child has ended */
	_Atomic uint32_t answered;     /* how many have; written by the child */
	uint32_t n;
	size_t size;                   /* of all of it */
	char paths[];                  /* one after the other, each with its NUL */
};

struct file_answers {
	struct asking *now;            /* the question to the paths from `first` on; NULL: none is asked */
	const char *const *paths;      /* borrowed */
	uint32_t n, first;
	int64_t since_ms;              /* when the first of these was asked */
	bool silent;                   /* one did not answer */
};

static void asking_release(struct asking *k)
{
	bool last;

	pthread_mutex_lock(&k->lock);
	last = --k->users == 0;
	pthread_mutex_unlock(&k->lock);
	if (last)
		munmap(k, k->size);
}

/* In the child: nothing but system calls. It keeps no pipe of vt's open, and ends with vt if it can. */
static __attribute__((noinline)) void ask_and_exit(struct asking *k)
{
	const char *path = k->paths;
	struct statfs unused;
	uint32_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	syscall(__NR_close_range, 0U, ~0U, 0U);    /* glibc 2.31 has no SYS_ name for it */
	for (i = 0; i < k->n; i++) {
		/* the kernel may remember a stat of the folder itself, and always asks the server for this */
		(void)!statfs(path, &unused);
		atomic_store(&k->answered, i + 1);
		path += strlen(path) + 1;
	}
	_exit(0);
}

static void *asks(void *ctx)
{
	struct asking *k = ctx;
	pid_t child = vfork();

	if (child == 0)
		ask_and_exit(k);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (child < 0)
		atomic_store(&k->answered, k->n);
	pthread_mutex_lock(&k->lock);
	k->over = true;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
	asking_release(k);
	return NULL;
}

static struct asking *asking_new(const char *const *paths, uint32_t n)
{
	pthread_condattr_t attributes;
	size_t size = sizeof(struct asking);
	struct asking *ret;
	char *to;
	uint32_t i;

	for (i = 0; i < n; i++)
		size += strlen(paths[i]) + 1;
	/* shared, for sanitizers make a fork of vfork */
	ret = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ret == MAP_FAILED)
		return NULL;
	ret->size = size;
	ret->n = n;
	ret->users = 2;
	pthread_mutex_init(&ret->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&ret->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	for (i = 0, to = ret->paths; i < n; i++, to += strlen(to) + 1)
		memcpy(to, paths[i], strlen(paths[i]) + 1);
	return ret;
}

/* Begins to ask. NULL: no thread can be started. */
static struct asking *asking_begin(const char *const *paths, uint32_t n)
{
	struct asking *k = asking_new(paths, n);
	sigset_t all, before;
	pthread_attr_t small;
	pthread_t thread;
	int r;

	if (!k)
		return NULL;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&small);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&small, 1 << 18);
	r = pthread_create(&thread, &small, asks, k);
	pthread_attr_destroy(&small);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		return k;
	munmap(k, k->size);
	return NULL;
}

/* Has the folder number i answered by then? */
static bool asking_wait(struct asking *k, uint32_t i, int64_t until_ms)
{
	struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
	int r = 0;

	pthread_mutex_lock(&k->lock);
	while (!k->over && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&k->changed, &k->lock, &until);
	pthread_mutex_unlock(&k->lock);
	return atomic_load(&k->answered) > i;
}

struct file_answers *file_answers_ask(const char *const *paths, uint32_t n)
{
	struct file_answers *a = xcalloc(1, sizeof *a);

	*a = (struct file_answers){ .paths = paths, .n = n, .since_ms = os_now_ms() };
	if (may_be_silent(paths, n))
		a->now = asking_begin(paths, n);
	return a;
}

bool file_answers(struct file_answers *a, uint32_t i, int patience_ms)
{
	if (!a->now && i > a->first && a->silent) {
		a->first = i;
		a->since_ms = os_now_ms();
		a->now = asking_begin(a->paths + i, a->n - i);
	}
	if (!a->now || asking_wait(a->now, i - a->first, a->since_ms + patience_ms))
		return true;
	asking_release(a->now);
	a->now = NULL;
	a->first = i;
	a->silent = true;
	return false;
}

void file_answers_free(struct file_answers *a)
{
	if (a->now)
		asking_release(a->now);
	free(a);
}
