#include "config.h"

#include "fact/clock.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

/* The time is set on a private file and read back. Most runs never ask, so the first to ask
 * makes the file. */
struct clock {
	pthread_mutex_t lock;          /* guards opened, and fd until it is set */
	int dir;                       /* the folder where the file is made; borrowed; -1: use the kernel's clock */
	int root;                      /* the workspace; borrowed */
	int fd;                        /* of the file; -1: there is none */
	bool opened;                   /* fd is final */
};

struct clock *clock_new(int dir, int root)
{
	struct clock *c = xcalloc(1, sizeof *c);

	pthread_mutex_init(&c->lock, NULL);
	c->dir = dir;
	c->root = root;
	c->fd = -1;
	return c;
}

void clock_free(struct clock *c)
{
	if (c->fd >= 0)
		close(c->fd);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* Opens a file beside the cache, without a name if possible. */
static int open_beside_cache(int dir)
{
	int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	return openat(dir, "clock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
}

/* Opens the private file: beside the cache, or, where the cache is read-only or on another
 * file system, a file without a name in the workspace. */
static int clock_open(const struct clock *c)
{
	struct stat here, there;
	int fd = -1;

	if (c->dir < 0 || fstat(c->dir, &here) < 0 || fstat(c->root, &there) < 0)
		return -1;
	if (here.st_dev == there.st_dev)
		fd = open_beside_cache(c->dir);
	return fd >= 0 ? fd : openat(c->root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

int64_t clock_now(struct clock *c)
{
	struct timespec now;
	struct stat st;

	pthread_mutex_lock(&c->lock);
	if (!c->opened)
		c->fd = clock_open(c);
	c->opened = true;
	pthread_mutex_unlock(&c->lock);
	if (c->fd >= 0 && futimens(c->fd, NULL) == 0 && fstat(c->fd, &st) == 0)
		return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	/* the clock that the kernel stamps files with */
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Where the file system's clock ticks slowly, what was written just before the mark and
 * just after it bear one time: then only a later one counts. Where it tells each question
 * apart (two asked at once differ), what is written from now on has this time or later. */
int64_t clock_mark(struct clock *c)
{
	int64_t first, now = clock_now(c);
	int i;

	for (i = 0; i < 16; i++) {     /* again when something came between the two questions */
		first = now;
		now = clock_now(c);
		if (now == first)
			return now;
		if (now - first < 500 * 1000)
			return now - 1;
	}
	return now;
}

/* Do files get their times when they are written, whoever has them open? */
static bool stamps_at_once(int fd)
{
	struct statfs system;

	if (fstatfs(fd, &system) < 0)
		return false;
	switch ((unsigned long)system.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

int64_t clock_gone(struct clock *c)
{
	return stamps_at_once(c->root) ? clock_mark(c) : 0;
}
