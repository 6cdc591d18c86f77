/* paths: reads a path from a stopped program's memory and makes it absolute.
 *
 * The working directory and descriptors are asked of /proc each time: two
 * microseconds, and always right. A cache would have to see every chdir, dup and
 * close, in threads that share them, across numbers used again. */
#include "config.h"

#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CHUNK = 256 };

static size_t page_size(void)
{
	static size_t size;

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

/* No piece crosses a page: what is readable is read, whatever follows it. */
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

/* Its length, or -errno; -ENAMETOOLONG as the kernel will say. */
static ssize_t read_string(pid_t tid, uint64_t address, char *ret)
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

static ssize_t link_of_fd(pid_t tid, int fd, char *ret)
{
	char what[32];

	snprintf(what, sizeof what, "fd/%d", fd);
	return link_of(tid, what, ret);
}

static enum path_found failed(ssize_t error)
{
	errno = (int)-error;
	return error == -EPERM || error == -EACCES ? PATH_UNREADABLE : PATH_NONE;
}

/* Puts directory, "/" and rest into ret->buffer. */
static enum path_found join(struct path *ret, size_t directory, const char *rest, size_t length)
{
	if (ret->buffer[0] != '/')
		return PATH_NONE;        /* a pipe, a socket, a root that cannot be reached */
	if (length) {
		if (directory > 1)
			ret->buffer[directory++] = '/';
		memmove(ret->buffer + directory, rest, length);
	}
	ret->length = directory + length;
	ret->buffer[ret->length] = '\0';
	return PATH_OK;
}

/* "/proc/self/fd/3/x" names what descriptor 3 is: `*what` is the link of the
 * caller's own folder in /proc that stands at the beginning, `*rest` what follows. */
static bool is_magic(pid_t tid, const char *path, char what[32], const char **rest)
{
	char own[32];
	const char *p = path;
	size_t n;

	snprintf(own, sizeof own, "/proc/%d/", (int)tid);
	if (!strncmp(p, "/dev/fd/", 8)) {
		p += 5;
	} else if (!strncmp(p, "/proc/self/", 11)) {
		p += 11;
	} else if (!strncmp(p, "/proc/thread-self/", 18)) {
		p += 18;
	} else if (!strncmp(p, own, strlen(own))) {
		p += strlen(own);
	} else {
		return false;
	}
	n = !strncmp(p, "fd/", 3) ? 3 + strspn(p + 3, "0123456789") :
	    !strncmp(p, "cwd", 3) ? 3 : !strncmp(p, "root", 4) ? 4 : 0;
	if (!n || n >= 32 || p[n - 1] == '/' || (p[n] && p[n] != '/'))
		return false;
	memcpy(what, p, n);
	what[n] = '\0';
	*rest = p[n] ? p + n + 1 : p + n;
	return true;
}

/* Removes "//", "/./" and what ends with them; keeps "..". */
static void tidy(struct path *path)
{
	char *from = path->buffer, *to = path->buffer;

	if (!memmem(path->buffer, path->length, "//", 2) && !memmem(path->buffer, path->length, "/.", 2) &&
	    path->buffer[path->length - 1] != '/')
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
	if (to > path->buffer + 1 && to[-1] == '/')
		to--;
	*to = '\0';
	path->length = (size_t)(to - path->buffer);
}

static enum path_found find(pid_t tid, const struct call_path *given, struct path *ret)
{
	char raw[PATH_MAX + CHUNK], what[32];
	const char *rest = raw;
	ssize_t n, length;

	if (!given->address)
		return PATH_NONE;
	length = read_string(tid, given->address, raw);
	if (length < 0)
		return failed(length);
	if (raw[0] == '/' && !is_magic(tid, raw, what, &rest)) {
		memcpy(ret->buffer, raw, (size_t)length + 1);
		ret->length = (size_t)length;
		return PATH_OK;
	}
	if (raw[0] == '/')
		n = link_of(tid, what, ret->buffer);
	else if (!length && !given->empty_is_fd)
		return PATH_NONE;
	else if (given->dirfd == AT_FDCWD)
		n = link_of(tid, "cwd", ret->buffer);
	else
		n = link_of_fd(tid, given->dirfd, ret->buffer);
	if (n < 0)
		return failed(n);
	return join(ret, (size_t)n, rest, strlen(rest));
}

enum path_found path_find(struct path_world *world, pid_t tid, const struct call_path *given, struct path *ret)
{
	enum path_found found = find(tid, given, ret);

	(void)world;
	if (found == PATH_OK) {
		tidy(ret);
		ret->text = ret->buffer;
	}
	return found;
}
