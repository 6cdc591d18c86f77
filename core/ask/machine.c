#include "config.h"

#include "ask/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/loop.h"
#include "text/path.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static bool has_listener(void)
{
#ifdef SECCOMP_GET_NOTIF_SIZES
	struct seccomp_notif_sizes sizes;

	return syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0;
#else
	return false;
#endif
}

/* Forks a child that asks to be traced, and ends: only the attempt shows what a sandbox forbids. */
static bool has_ptrace(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool has_openat2(void)
{
	uint64_t how[3] = { O_PATH | O_CLOEXEC, 0, 0 };
	long fd = syscall(SYS_openat2, AT_FDCWD, "/", how, sizeof how);

	if (fd >= 0)
		close((int)fd);
	return fd >= 0;
}

static bool has_pidfd(void)
{
	long fd = syscall(SYS_pidfd_open, getpid(), 0);

	if (fd >= 0)
		close((int)fd);
	return fd >= 0;
}

static bool has_sockets(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static uint64_t limit_of(rlim_t n)
{
	return n == RLIM_INFINITY ? UINT64_MAX : n;
}

void machine_look(struct machine *ret)
{
	struct utsname u;
	struct rlimit r;
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	*ret = (struct machine){ .cpus = os_cpus(), .files_soft = UINT64_MAX, .files_hard = UINT64_MAX, .processes = UINT64_MAX };
	if (uname(&u) == 0)
		snprintf(ret->system, sizeof ret->system, "%s %s %s", u.sysname, u.release, u.machine);
	ret->listener = has_listener();
	ret->ptrace = has_ptrace();
	ret->openat2 = has_openat2();
	ret->pidfd = has_pidfd();
	ret->sockets = has_sockets();
	if (pages > 0 && page > 0)
		ret->memory = (uint64_t)pages * (uint64_t)page;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		ret->files_soft = limit_of(r.rlim_cur);
		ret->files_hard = limit_of(r.rlim_max);
	}
	if (getrlimit(RLIMIT_NPROC, &r) == 0)
		ret->processes = limit_of(r.rlim_cur);
}

bool machine_room(const char *path, uint64_t *ret_free, uint64_t *ret_size)
{
	struct arena *a = arena_new();
	struct statvfs v;
	bool known;

	while (!(known = statvfs(path, &v) == 0) && errno == ENOENT && path[0] && strcmp(path, "/") != 0)
		path = path_dir(a, path);
	if (known) {
		*ret_free = (uint64_t)v.f_bavail * v.f_frsize;
		*ret_size = (uint64_t)v.f_blocks * v.f_frsize;
	}
	arena_free(a);
	return known;
}
