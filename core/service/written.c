#include "config.h"

#include "service/written.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/write_calls.h"

/* Copies from the memory of a process, from one page at a time. Returns how many bytes could be read, or -errno. */
static ssize_t peek(pid_t process, uint64_t from, void *to, size_t size)
{
	struct iovec here = { to, size }, there = { (void *)(uintptr_t)from, size };
	ssize_t n = process_vm_readv(process, &here, 1, &there, 1, 0);

	return n < 0 ? -errno : n;
}

/* Reads a text that is ended by NUL. Returns its length, or -errno. */
static ssize_t peek_text(pid_t process, uint64_t from, char ret[PATH_MAX])
{
	size_t got = 0, page = 4096, part;
	ssize_t n;

	while (got < PATH_MAX) {
		part = page - (from + got) % page;
		if (part > PATH_MAX - got)
			part = PATH_MAX - got;
		n = peek(process, from + got, ret + got, part);
		if (n <= 0)
			return n < 0 ? n : -EFAULT;
		if (memchr(ret + got, '\0', (size_t)n))
			return (ssize_t)strlen(ret);
		got += (size_t)n;
	}
	return -ENAMETOOLONG;
}

/* Where a link of /proc leads: a folder or file that a process has open, or where it stands. */
static bool follow_link(uint32_t thread, int32_t fd, char *ret, size_t room)
{
	char name[64];
	ssize_t n;

	if (fd == AT_FDCWD)
		snprintf(name, sizeof name, "/proc/%u/cwd", thread);
	else
		snprintf(name, sizeof name, "/proc/%u/fd/%d", thread, fd);
	n = readlink(name, ret, room - 1);
	ret[n > 0 ? n : 0] = '\0';
	return n > 0 && ret[0] == '/';
}

/* The name in the address of a Unix socket. */
static ssize_t peek_address(pid_t process, uint64_t from, uint64_t size, char ret[PATH_MAX])
{
	struct sockaddr_un un = { 0 };
	size_t name = offsetof(struct sockaddr_un, sun_path);
	ssize_t n;

	if (size <= name || size > sizeof un)
		return 0;
	n = peek(process, from, &un, size);
	if (n < 0)
		return n;
	if (un.sun_family != AF_UNIX)
		return 0;
	memcpy(ret, un.sun_path, size - name);
	ret[size - name] = '\0';
	return (ssize_t)strlen(ret);
}

/* Does an open change the file? */
static bool opens_to_change(const struct write_call *row, const struct seccomp_data *d, pid_t process)
{
	struct open_how how = { 0 };

	if (row->kind == WRITE_OPEN)
		return write_flags_change(d->args[row->extra]);
	return peek(process, d->args[row->extra], &how, sizeof how) < (ssize_t)sizeof how.flags || write_flags_change(how.flags);
}

bool written_read(const struct write_call *row, const struct seccomp_notif *ask, struct written *ret)
{
	const struct seccomp_data *d = &ask->data;
	int32_t folder = row->folder < 0 ? AT_FDCWD : (int32_t)d->args[row->folder];
	char text[PATH_MAX];
	ssize_t n;
	size_t used;

	ret->path[0] = '\0';
	ret->tree = row->kind == WRITE_TREE;
	if (row->kind == WRITE_FD) {
		follow_link(ask->pid, (int32_t)d->args[row->path], ret->path, PATH_MAX);
		return true;
	}
	if ((row->kind == WRITE_OPEN || row->kind == WRITE_OPEN_HOW) && !opens_to_change(row, d, (pid_t)ask->pid))
		return true;
	if (row->kind == WRITE_BIND)
		n = peek_address((pid_t)ask->pid, d->args[row->path], d->args[row->extra], text);
	else
		n = d->args[row->path] ? peek_text((pid_t)ask->pid, d->args[row->path], text) : 0;
	if (n == -EPERM || n == -EACCES)
		return false;
	if (n < 0 || (n == 0 && row->folder < 0))
		return true;
	if (n > 0 && text[0] == '/') {
		memcpy(ret->path, text, (size_t)n + 1);
		return true;
	}
	if (!follow_link(ask->pid, folder, ret->path, PATH_MAX) || n == 0)
		return true;
	used = strlen(ret->path);
	ret->path[used] = '/';
	memcpy(ret->path + used + 1, text, (size_t)n + 1);
	return true;
}

bool written_resolve(const char *path, char ret[PATH_MAX])
{
	char folder[2 * PATH_MAX];
	size_t size = strlen(path), base, used;

	while (size > 1 && path[size - 1] == '/')
		size--;
	for (base = size; base > 0 && path[base - 1] != '/'; base--)
		;
	if (base == 0 || size == base || (size - base <= 2 && path[base] == '.' && path[size - 1] == '.'))
		return realpath(path, ret) != NULL;
	memcpy(folder, path, base);
	folder[base > 1 ? base - 1 : base] = '\0';
	if (!realpath(folder, ret))
		return false;
	used = strlen(ret);
	if (used + 1 + (size - base) >= PATH_MAX)
		return false;
	if (used > 1)
		ret[used++] = '/';
	memcpy(ret + used, path + base, size - base);
	ret[used + size - base] = '\0';
	return true;
}

uint32_t written_process(uint32_t thread)
{
	char name[64], text[512];
	const char *at;
	ssize_t n = -1;
	int fd;

	snprintf(name, sizeof name, "/proc/%u/status", thread);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof text - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "\nTgid:");
	return at ? (uint32_t)strtoul(at + 6, NULL, 10) : thread;
}

bool written_is_setuid(const char *path)
{
	struct stat st;

	return path[0] && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       ((st.st_mode & S_ISUID) || (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP));
}

bool written_follow(char path[PATH_MAX])
{
	char target[PATH_MAX], whole[2 * PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	if (target[0] == '/')
		snprintf(whole, sizeof whole, "%s", target);
	else
		snprintf(whole, sizeof whole, "%.*s/%s", (int)(strrchr(path, '/') - path), path, target);
	return written_resolve(whole, path);
}
