/* paths: reads a path from a stopped program's memory and makes it absolute.
 *
 * /proc is asked for the working directory and for descriptors each time: that takes two
 * microseconds and is always right. A cache of the answers would have to follow every
 * chdir, dup and close. Only the way to ask is kept: an open link of /proc/TID/cwd or
 * /proc/TID/fd/N belongs to one thread, tells the present state, and fails when the
 * thread is gone.
 *
 *   buffer  |  what a link says  | ... directory/|path as given\0 |
 *           0                        ^ text      PATH_MAX
 *
 * The path is read to its final place, and the directory is written before it. So few
 * pages are touched, and few cache lines are missed after the switch from the task. */
#include "config.h"

#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CHUNK = 256 };         /* longer than nearly every path */

static size_t page_size(void)
{
	static _Atomic size_t size;    /* each thread finds the same value */

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

/* No piece crosses a page: an unreadable page does not hide the readable one before it. */
ssize_t path_peek(pid_t tid, uint64_t address, void *ret, size_t size)
{
	size_t first = page_size() - (size_t)(address & (page_size() - 1));
	struct iovec to = { ret, size }, from[2];
	unsigned long n = 1;
	ssize_t got;

	if (first > size)
		first = size;
	from[0] = (struct iovec){ (void *)(uintptr_t)address, first };
	if (first < size) {
		size_t rest = size - first > page_size() ? page_size() : size - first;

		from[n++] = (struct iovec){ (void *)(uintptr_t)(address + first), rest };
		to.iov_len = first + rest;
	}
	got = process_vm_readv(tid, &to, 1, from, n, 0);
	return got < 0 ? -errno : got;
}

/* -ENAMETOOLONG: as the kernel will say. */
ssize_t path_text(pid_t tid, uint64_t address, char ret[PATH_MAX])
{
	size_t have = 0, most = CHUNK;

	while (have < PATH_MAX) {
		ssize_t got = path_peek(tid, address + have, ret + have, most - have);
		const char *end;

		if (got <= 0)
			return got ? got : -EFAULT;
		end = memchr(ret + have, '\0', (size_t)got);
		if (end)
			return end - ret;
		have += (size_t)got;
		most = PATH_MAX;
	}
	return -ENAMETOOLONG;
}

/* The target of /proc/TID/WHAT with PATH_MAX of room, or -errno. */
static ssize_t link_of(pid_t tid, const char *what, char *ret)
{
	char name[64];
	ssize_t n;

	snprintf(name, sizeof name, "/proc/%d/%s", (int)tid, what);
	n = readlink(name, ret, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return n;
}

void path_world_init(struct path_world *world, const char *root)
{
	int i;

	memset(world, 0, sizeof *world);
	world->root = root;
	for (i = 0; i < PATH_LINKS; i++)
		world->links[i].link = -1;
}

static void link_close(struct path_link *at)
{
	if (at->link >= 0)
		close(at->link);
	at->link = -1;
}

void path_world_close(struct path_world *world)
{
	int i;

	for (i = 0; i < PATH_LINKS; i++)
		link_close(&world->links[i]);
}

/* Where descriptor `fd` of the thread leads, AT_FDCWD: its working directory. The link is
 * kept open from the second question in a row on. */
static ssize_t directory_of(struct path_world *world, pid_t tid, int fd, char *ret)
{
	struct path_link *at = &world->links[((unsigned)tid + (unsigned)fd) % PATH_LINKS];
	char what[32] = "cwd", name[64];
	ssize_t n;

	if (fd != AT_FDCWD && (at->link < 0 || at->tid != tid || at->fd != fd))
		snprintf(what, sizeof what, "fd/%d", fd);
	if (at->tid != tid || at->fd != fd) {
		link_close(at);
		at->tid = tid;
		at->fd = fd;
	} else if (at->link < 0) {
		snprintf(name, sizeof name, "/proc/%d/%s", (int)tid, what);
		at->link = open(name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (at->link >= 0) {
		n = readlinkat(at->link, "", ret, PATH_MAX - 1);
		if (n > 0) {
			ret[n] = '\0';
			return n;
		}
		link_close(at);      /* it is closed, or the number has another owner now */
		if (fd != AT_FDCWD)
			snprintf(what, sizeof what, "fd/%d", fd);
	}
	return link_of(tid, what, ret);
}

static enum path_found failed(ssize_t error)
{
	errno = (int)-error;
	if (error == -ENAMETOOLONG)
		return PATH_LONG;
	return error == -EPERM || error == -EACCES ? PATH_UNREADABLE : PATH_NONE;
}

/* Puts the directory of `n` bytes at the buffer's beginning, and "/", before `rest`. */
static enum path_found join(struct path *path, size_t n, char *rest)
{
	size_t length = strlen(rest);

	if (path->buffer[0] != '/')
		return PATH_NONE;        /* a pipe, a socket, a root that cannot be reached */
	path->length = length;
	if (length) {
		*--rest = '/';
		path->length++;
	}
	if (n > 1 || !length) {
		rest -= n;
		memmove(rest, path->buffer, n);
		path->length += n;
	}
	path->text = rest;
	return PATH_OK;
}

static size_t number_at(const char *p, const char *before, pid_t *ret)
{
	size_t n = strlen(before), digits;

	if (strncmp(p, before, n))
		return 0;
	digits = strspn(p + n, "0123456789");
	if (!digits || digits > 9 || p[n + digits] != '/')
		return 0;
	*ret = (pid_t)strtol(p + n, NULL, 10);
	return n + digits + 1;
}

static bool is_thread_of(pid_t tid, pid_t process)
{
	char name[64];

	snprintf(name, sizeof name, "/proc/%d/task/%d", (int)process, (int)tid);
	return tid == process || !access(name, F_OK);
}

/* Does the path begin with a link of /proc, like "/proc/self/fd/3/x"? `*what`: the link in
 * the folder of `*owner`; `*rest`: what follows. Of another process only paths through a
 * link count: a look around in /proc means no file. */
static bool is_magic(pid_t tid, char *path, pid_t *owner, char what[32], char **rest)
{
	char *p = path;
	bool own = true;
	size_t n;

	*owner = tid;
	if (strncmp(p, "/dev/fd/", 8) == 0) {
		p += 5;
	} else if (strncmp(p, "/proc/", 6)) {
		return false;
	} else if (strncmp(p, "/proc/self/", 11) == 0) {
		p += 11;
	} else if (strncmp(p, "/proc/thread-self/", 18) == 0) {
		p += 18;
	} else if ((n = number_at(p, "/proc/", owner)) != 0) {
		p += n;
		own = is_thread_of(tid, *owner);
	} else {
		return false;
	}
	p += number_at(p, "task/", owner);
	n = strncmp(p, "fd/", 3) == 0 ? 3 + strspn(p + 3, "0123456789") :
	    strncmp(p, "cwd", 3) == 0 ? 3 : strncmp(p, "root", 4) == 0 ? 4 : 0;
	if (!n || n >= 32 || p[n - 1] == '/' || (p[n] && p[n] != '/'))
		return false;
	if (!own && (!p[n] || !p[n + 1]))
		return false;
	memcpy(what, p, n);
	what[n] = '\0';
	*rest = p[n] ? p + n + 1 : p + n;
	return true;
}

/* Removes "//", "/./" and what ends with them; keeps "..". */
static void tidy(struct path *path)
{
	char *from = path->text, *to = path->text;
	bool untidy = false;
	const char *slash;

	for (slash = from; slash && !untidy; slash = strchr(slash + 1, '/'))
		untidy = slash[1] == '/' || !slash[1] || (slash[1] == '.' && (slash[2] == '/' || !slash[2]));
	if (!untidy)
		return;
	while (*from) {
		if (*from == '/') {
			while (*from == '/' || (*from == '.' && (from[1] == '/' || !from[1])))
				from++;
			*to++ = '/';
		} else {
			*to++ = *from++;
		}
	}
	if (to > path->text + 1 && to[-1] == '/')
		to--;
	*to = '\0';
	path->length = (size_t)(to - path->text);
}

static enum path_found find(struct path_world *world, pid_t tid, const struct call_path *given, struct path *ret, bool *ret_absolute)
{
	char *raw = ret->buffer + PATH_MAX, *rest = raw, what[32];
	pid_t owner;
	ssize_t n, length;

	if (!given->address)
		return PATH_NONE;
	length = path_text(tid, given->address, raw);
	if (length < 0)
		return length == -ENAMETOOLONG ? PATH_NONE : failed(length);
	if (raw[0] == '/' && !is_magic(tid, raw, &owner, what, &rest)) {
		ret->text = raw;
		ret->length = (size_t)length;
		*ret_absolute = true;
		return PATH_OK;
	}
	if (raw[0] == '/')
		n = link_of(owner, what, ret->buffer);
	else if (!length && !given->empty_is_fd)
		return PATH_NONE;
	else
		n = directory_of(world, tid, given->dirfd, ret->buffer);
	/* the task may not look into that process either */
	if ((n == -EACCES || n == -EPERM) && raw[0] == '/' && owner != tid)
		return PATH_NONE;
	if (n < 0)
		return failed(n);
	return join(ret, (size_t)n, rest);
}

/* ---- other roots and other mounts --------------------------------------------- */

static int stat_theirs(pid_t tid, const char *path, struct stat *ret)
{
	char through[PATH_MAX + 64];

	if (snprintf(through, sizeof through, "/proc/%d/root%s", (int)tid, path) >= (int)sizeof through)
		return -1;
	return stat(through, ret);
}

/* Is it a file system that the kernel makes up, or a new one in memory? Neither holds a
 * file of the workspace. */
static bool is_made_up(pid_t tid, const char *path)
{
	size_t i;

	static const unsigned long made_up[] = {
		TMPFS_MAGIC, RAMFS_MAGIC, PROC_SUPER_MAGIC, SYSFS_MAGIC, DEVPTS_SUPER_MAGIC, CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC, BPF_FS_MAGIC, EFIVARFS_MAGIC,
		SELINUX_MAGIC, HUGETLBFS_MAGIC, BINFMTFS_MAGIC, NSFS_MAGIC, 0x19800202 /* message queues */,
	};
	char through[PATH_MAX + 64];
	struct statfs fs;

	snprintf(through, sizeof through, "/proc/%d/root%s", (int)tid, path);
	if (statfs(through, &fs))
		return false;
	for (i = 0; i < sizeof made_up / sizeof *made_up; i++)
		if ((unsigned long)fs.f_type == made_up[i])
			return true;
	return false;
}

/* Shortens `path` to the nearest part that exists for the thread. */
static bool nearest(pid_t tid, char *path, size_t *n, struct stat *ret)
{
	while (stat_theirs(tid, path, ret)) {
		if (*n <= 1)
			return false;
		while (*n > 1 && path[--*n] != '/')
			;
		path[*n] = '\0';
	}
	return true;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Is it the workspace's root, or a directory above it? Then its length in our names. */
static bool on_the_way(const struct path_world *world, const struct stat *st, size_t *ret)
{
	uint32_t i;

	for (i = 0; i < world->way_n; i++)
		if (world->way[i].device == st->st_dev && world->way[i].inode == st->st_ino) {
			*ret = world->way[i].length;
			return true;
		}
	return false;
}

/* Maps a path of another mount namespace to a name here. The part of it that exists is
 * the same thing here; or a mount of the workspace, or of a folder above it, under
 * another name; or made up. Else the file cannot be told: PATH_ELSEWHERE. */
static enum path_found check_mounts(const struct path_world *world, pid_t tid, struct path *path)
{
	char part[PATH_MAX], mapped[2 * PATH_MAX];
	struct stat theirs, here, up;
	size_t n = path->length, exists, ours;

	/* "self" means the task's process; its descriptors were seen when they were opened */
	if (n >= sizeof part || strstr(path->buffer, "/proc/self/"))
		return PATH_NONE;
	memcpy(part, path->buffer, n + 1);
	if (!nearest(tid, part, &n, &theirs))
		return PATH_NONE;                /* it has ended */
	if (!stat(part, &here) && is_same(&here, &theirs))
		return PATH_OK;
	/* the workspace may itself lie on a file system in memory */
	if ((!world->way_n || theirs.st_dev != world->way[0].device) && is_made_up(tid, part))
		return PATH_NONE;
	exists = n;
	for (up = theirs; !on_the_way(world, &up, &ours); ) {
		if (n <= 1)
			return PATH_ELSEWHERE;
		while (n > 1 && part[--n] != '/')
			;
		part[n] = '\0';
		if (stat_theirs(tid, part, &up))
			return PATH_ELSEWHERE;
	}
	n = n == 1 ? 0 : n;
	snprintf(mapped, sizeof mapped, "%.*s%.*s", (int)ours, world->root, (int)(exists - n), path->buffer + n);
	/* something else may be mounted on the way down */
	if (stat(*mapped ? mapped : "/", &here) || !is_same(&here, &theirs))
		return PATH_ELSEWHERE;
	memmove(path->buffer + ours, path->buffer + n, path->length - n + 1);
	memcpy(path->buffer, world->root, ours);
	path->length = ours + path->length - n;
	return PATH_OK;
}

static enum path_found by_their_root(struct path_world *world, pid_t tid, bool absolute, struct path *path)
{
	char mounts[PATH_MAX], root[PATH_MAX];
	ssize_t n;

	n = link_of(tid, "ns/mnt", mounts);
	if (n < 0)
		return failed(n);
	if (strcmp(mounts, world->mounts))
		return check_mounts(world, tid, path);
	n = link_of(tid, "root", root);
	if (n < 0)
		return failed(n);
	/* the links of /proc are told from vt's root already */
	if (!absolute || n <= 1)
		return PATH_OK;
	if ((size_t)n + path->length >= sizeof path->buffer)
		return PATH_NONE;
	memmove(path->buffer + n, path->buffer, path->length + 1);
	memcpy(path->buffer, root, (size_t)n);
	path->length += (size_t)n;
	return PATH_OK;
}

void path_world_look(struct path_world *world)
{
	char part[PATH_MAX];
	size_t n = strlen(world->root);
	struct stat st;
	ssize_t got;

	if (world->rooted || n >= sizeof part)
		return;
	world->rooted = true;
	got = readlink("/proc/self/ns/mnt", world->mounts, sizeof world->mounts - 1);
	world->mounts[got > 0 ? got : 0] = '\0';
	memcpy(part, world->root, n + 1);
	for (; world->way_n < WAY_MAX; part[n ? n : 1] = '\0') {
		if (!stat(part, &st)) {
			world->way[world->way_n].device = st.st_dev;
			world->way[world->way_n].inode = st.st_ino;
			world->way[world->way_n++].length = n;
		}
		if (!n || strcmp(part, "/") == 0)
			break;
		while (n && part[--n] != '/')
			;
	}
}

/* Tidies a found path and maps it to vt's own root and mounts. */
static enum path_found map_here(struct path_world *world, pid_t tid, bool absolute, enum path_found found, struct path *ret)
{
	if (found != PATH_OK)
		return found;
	tidy(ret);
	if (world->rooted) {
		memmove(ret->buffer, ret->text, ret->length + 1);
		ret->text = ret->buffer;
		found = by_their_root(world, tid, absolute, ret);
	}
	return found == PATH_OK && ret->length >= PATH_MAX ? PATH_LONG : found;
}

enum path_found path_find(struct path_world *world, pid_t tid, const struct call_path *given, struct path *ret)
{
	bool absolute = false;
	enum path_found found = find(world, tid, given, ret, &absolute);

	return map_here(world, tid, absolute, found, ret);
}

bool path_given(const char *text, size_t length, struct path *ret)
{
	if (length >= PATH_MAX)
		return false;
	ret->text = ret->buffer + PATH_MAX;
	memcpy(ret->text, text, length + 1);
	ret->length = length;
	tidy(ret);
	return true;
}

enum path_found path_of_text(struct path_world *world, pid_t tid, const char *text, struct path *ret)
{
	char *raw = ret->buffer + PATH_MAX;
	size_t length = strlen(text);
	ssize_t n;

	if (!length || length >= PATH_MAX)
		return PATH_NONE;
	memcpy(raw, text, length + 1);
	if (raw[0] == '/') {
		ret->text = raw;
		ret->length = length;
		return map_here(world, tid, true, PATH_OK, ret);
	}
	n = directory_of(world, tid, AT_FDCWD, ret->buffer);
	return map_here(world, tid, false, n < 0 ? failed(n) : join(ret, (size_t)n, raw), ret);
}
