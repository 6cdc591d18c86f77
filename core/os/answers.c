#include "config.h"

#include "os/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/file.h"
#include "os/loop.h"             /* for os_now_ms */

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
	ssize_t got = fd < 0 ? -1 : file_read_all(fd, MOUNTS_MAX, MOUNTS_MAX, a, &text);

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

struct answers {
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

struct answers *answers_ask(const char *const *paths, uint32_t n)
{
	struct answers *a = xcalloc(1, sizeof *a);

	*a = (struct answers){ .paths = paths, .n = n, .since_ms = os_now_ms() };
	if (may_be_silent(paths, n))
		a->now = asking_begin(paths, n);
	return a;
}

bool answers_wait(struct answers *a, uint32_t i, int patience_ms)
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

void answers_free(struct answers *a)
{
	if (a->now)
		asking_release(a->now);
	free(a);
}
