/* shim: the functions of the C library that name files, for programs that are traced.
 *
 * Their calls go by the gate (gate.h) and do not wait for the tracer, except calls that
 * change files which the program has not made, and calls that the gate cannot record.
 *
 * Such a call waits a moment. A signal that comes in that moment ends the call
 * with EINTR where its handler has no SA_RESTART; without a tracer it would have come
 * before the call or after it, and the call would have done its work. So each function
 * calls the next one of its name and, for that error alone, calls it again: the handler
 * has run, as it would have before the call. A call that may really wait, such as opening a
 * pipe or a terminal, is not called again.
 *
 * Nothing depends on the shim: the tracer sees every call that the shim does not know.
 * LD_PRELOAD loads it into every dynamic program, behind the user's own libraries,
 * under glibc and musl alike: it needs dlsym and errno and is linked with nothing. It
 * takes no lock and no memory, so it may be used in signal handlers and between vfork
 * and exec. */
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stdarg.h>

#include "next.h"

#define IS_TMPFILE(flags) (((flags) & __O_TMPFILE) != 0)

enum { SEEK_TO_END = 2 };

extern void pthread_testcancel(void) __attribute__((weak));
extern const char *gnu_get_libc_version(void) __attribute__((weak));     /* musl has none, and begins to append at 0 */

/* ---- opening ------------------------------------------------------------------- */

/* May opening the path really wait, and so be interrupted? Keeps errno. */
static int may_wait(int dir, const char *path)
{
	struct statx st;
	long r = raw_again(__NR_statx, dir, (long)path, 0, STATX_TYPE, (long)&st);

	return r == 0 && ((st.stx_mode & S_IFMT) == S_IFIFO || (st.stx_mode & S_IFMT) == S_IFCHR);
}

static int again(int failed, int dir, const char *path)
{
	return failed && *__errno_location() == EINTR && !may_wait(dir, path) && was_interrupted();
}

/* Does an open with these flags only look or read? */
static int only_reads(int flags)
{
	const int harmless = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOATIME | O_PATH | O_LARGEFILE;

	return (flags & ~harmless) == O_RDONLY;
}

#if defined(__x86_64__)
/* Does an open with these flags change or make the file? */
static int opens_to_change(int flags)
{
	const int may = O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOATIME | O_LARGEFILE;

	return (flags & ~may) == 0 && (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != 0 && (flags & O_ACCMODE) != O_ACCMODE;
}

static int change_by_gate(long *ret, int dir, const char *path, int flags, unsigned mode)
{
	const unsigned makes = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	const struct gate_change change = {
		.number = __NR_openat, .extra = (unsigned)flags, .args = { dir, (long)path, flags, mode },
		.path = { { dir, path, GATE_CHANGES | GATE_OPENS | (makes ? GATE_MAKES : flags & O_NOFOLLOW ? 0 : GATE_FOLLOWS) } },
	};

	return gate_change(ret, &change);
}
#else
static int opens_to_change(int flags)
{
	(void)flags;
	return 0;
}

static int change_by_gate(long *ret, int dir, const char *path, int flags, unsigned mode)
{
	(void)ret, (void)dir, (void)path, (void)flags, (void)mode;
	return 0;
}
#endif

/* Opens a file by the gate. 0: the next function must open it. */
static int open_by_gate(long *ret, int dir, const char *path, int flags, unsigned mode)
{
	const int reads = only_reads(flags);

	if (!path || (!reads && !opens_to_change(flags)))
		return 0;
	/* the C library can cancel a thread that waits in an open, and the gate cannot */
	if (reads && !(flags & (O_NONBLOCK | O_PATH | O_DIRECTORY)) && !gate_opens_at_once(dir, path))
		return 0;
	if (pthread_testcancel)
		pthread_testcancel();
	return reads ? gate_call(ret, __NR_openat, 1, (unsigned)flags, dir, (long)path, flags, 0, 0) :
		       change_by_gate(ret, dir, path, flags, mode);
}

#define MODE(flags) \
	unsigned mode = 0; \
	va_list more; \
	\
	if ((flags) & O_CREAT || IS_TMPFILE(flags)) { \
		va_start(more, flags); \
		mode = va_arg(more, unsigned); \
		va_end(more); \
	}

#define OPEN(name) \
EXPORT int name(const char *path, int flags, ...); \
EXPORT int name(const char *path, int flags, ...) \
{ \
	long r; \
	int fd; \
	MODE(flags) \
	if (open_by_gate(&r, AT_FDCWD, path, flags, mode)) \
		return (int)as_libc(r); \
	if (is_missing(NAME_##name)) \
		return -1; \
	do \
		fd = CALL(int, (const char *, int, ...), name)(path, flags, mode); \
	while (again(fd < 0, AT_FDCWD, path)); \
	return fd; \
}
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
EXPORT int name(int dir, const char *path, int flags, ...); \
EXPORT int name(int dir, const char *path, int flags, ...) \
{ \
	long r; \
	int fd; \
	MODE(flags) \
	if (open_by_gate(&r, dir, path, flags, mode)) \
		return (int)as_libc(r); \
	if (is_missing(NAME_##name)) \
		return -1; \
	do \
		fd = CALL(int, (int, const char *, int, ...), name)(dir, path, flags, mode); \
	while (again(fd < 0, dir, path)); \
	return fd; \
}
OPENAT(openat)
OPENAT(openat64)

#define OPENS(name, params, args, dir, path, flags, mode) \
	STANDS_BEFORE(int, -1, name, params, args, open_by_gate(&r, dir, path, flags, mode), again(ret < 0, dir, path))
OPENS(creat, (const char *path, unsigned mode), (path, mode), AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode)
OPENS(creat64, (const char *path, unsigned mode), (path, mode), AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode)
OPENS(__open_2, (const char *path, int flags), (path, flags), AT_FDCWD, path, flags, 0)
OPENS(__open64_2, (const char *path, int flags), (path, flags), AT_FDCWD, path, flags, 0)
OPENS(__openat_2, (int dir, const char *path, int flags), (dir, path, flags), dir, path, flags, 0)
OPENS(__openat64_2, (int dir, const char *path, int flags), (dir, path, flags), dir, path, flags, 0)

/* The flags of open for a mode of fopen; -1: the C library must open this mode. */
static int flags_of(const char *mode)
{
	int flags = mode[0] == 'r' ? O_RDONLY : mode[0] == 'w' ? O_WRONLY | O_CREAT | O_TRUNC :
		    mode[0] == 'a' && gnu_get_libc_version ? O_WRONLY | O_CREAT | O_APPEND : -1, i;

	for (i = 1; flags >= 0 && mode[i]; i++) {
		if (mode[i] == '+')
			flags = (flags & ~O_ACCMODE) | O_RDWR;
		else if (mode[i] == 'e')
			flags |= O_CLOEXEC;
		else if (mode[i] == 'x')
			flags |= O_EXCL;
		else if (mode[i] != 'b' && mode[i] != 'm')
			return -1;
		if (i == 5)
			return -1;
	}
	return flags;
}

/* Opens a stream by the gate. 0: the next function must open it. */
static int stream_by_gate(void **ret, const char *path, const char *mode)
{
	const int flags = mode && gate_is_open() ? flags_of(mode) : -1;
	long fd;

	if (flags < 0 || !find(NAME_fdopen) || !open_by_gate(&fd, AT_FDCWD, path, flags, 0666))
		return 0;
	/* such a stream is at the end from the start, as fopen makes it */
	if (fd >= 0 && (flags & (O_APPEND | O_ACCMODE)) == (O_APPEND | O_WRONLY))
		raw(__NR_lseek, fd, 0, SEEK_TO_END, 0, 0);
	*ret = fd < 0 ? NULL : CALL(void *, (int, const char *), fdopen)((int)fd, mode);
	if (fd < 0)
		as_libc(fd);
	else if (!*ret)
		raw(__NR_close, fd, 0, 0, 0, 0);
	return 1;
}

#define STREAM(name) \
EXPORT void *name(const char *path, const char *mode); \
EXPORT void *name(const char *path, const char *mode) \
{ \
	void *ret; \
	\
	if (stream_by_gate(&ret, path, mode)) \
		return ret; \
	if (is_missing(NAME_##name)) \
		return NULL; \
	do \
		ret = CALL(void *, (const char *, const char *), name)(path, mode); \
	while (again(!ret, AT_FDCWD, path)); \
	return ret; \
}
STREAM(fopen)
STREAM(fopen64)

AGAIN(void *, NULL, tmpfile, (void), ())
AGAIN(void *, NULL, tmpfile64, (void), ())

/* ---- undisturbed: signals wait until the C library is done ------------------------------ */

enum { SET_MASK = 2, MASK_SIZE = 8 };

struct held {
	unsigned long before;            /* signals that the thread had blocked */
	int holds;
};

static struct held hold_signals(int may)
{
	unsigned long all = ~0UL;
	struct held h = { 0, may };

	if (may)
		h.holds = raw(__NR_rt_sigprocmask, SET_MASK, (long)&all, (long)&h.before, MASK_SIZE, 0) == 0;
	return h;
}

static void let_signals_come(const struct held *h)
{
	if (h->holds)
		raw(__NR_rt_sigprocmask, SET_MASK, (long)&h->before, 0, MASK_SIZE, 0);
}

/* glob passes over a folder that it cannot open, and does not say so. It may call functions
 * of the program, which may want signals: then none is held. */
enum { ALTERNATIVE_FUNCTIONS = 1 << 9 };     /* GLOB_ALTDIRFUNC */

#define GLOB(name) \
EXPORT int name(const char *pattern, int flags, void *on_error, void *found); \
EXPORT int name(const char *pattern, int flags, void *on_error, void *found) \
{ \
	struct held held; \
	int ret; \
	\
	if (is_missing(NAME_##name)) \
		return 1; \
	held = hold_signals(!on_error && !(flags & ALTERNATIVE_FUNCTIONS)); \
	ret = CALL(int, (const char *, int, void *, void *), name)(pattern, flags, on_error, found); \
	let_signals_come(&held); \
	return ret; \
}
GLOB(glob)
GLOB(glob64)

/* freopen closes the stream when it fails, so it cannot be called again. */
#define REOPEN(name) \
EXPORT void *name(const char *path, const char *mode, void *stream); \
EXPORT void *name(const char *path, const char *mode, void *stream) \
{ \
	struct held held; \
	void *ret; \
	\
	if (is_missing(NAME_##name)) \
		return NULL; \
	held = hold_signals(path && !may_wait(AT_FDCWD, path)); \
	ret = CALL(void *, (const char *, const char *, void *), name)(path, mode, stream); \
	let_signals_come(&held); \
	return ret; \
}
REOPEN(freopen)
REOPEN(freopen64)

/* pathconf takes a file system that it cannot find among the mounts for another one, and does not say so. */
EXPORT long pathconf(const char *path, int name);
EXPORT long pathconf(const char *path, int name)
{
	struct held held;
	long ret;

	if (is_missing(NAME_pathconf))
		return -1;
	held = hold_signals(1);
	ret = CALL(long, (const char *, int), pathconf)(path, name);
	let_signals_come(&held);
	return ret;
}

/* ---- looking ------------------------------------------------------------------------- */

#define IS_KERNELS(version) ((version) == 0 || (version) == 1)    /* the kernel's own struct, on 64 bits */

BY_GATE_OR_AGAIN(int, -1, stat, (const char *path, void *st), (path, st),
		 STATS_AT(AT_FDCWD, path, st, 0))
BY_GATE_OR_AGAIN(int, -1, stat64, (const char *path, void *st), (path, st),
		 STATS_AT(AT_FDCWD, path, st, 0))
BY_GATE_OR_AGAIN(int, -1, lstat, (const char *path, void *st), (path, st),
		 STATS_AT(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW))
BY_GATE_OR_AGAIN(int, -1, lstat64, (const char *path, void *st), (path, st),
		 STATS_AT(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW))
BY_GATE_OR_AGAIN(int, -1, fstatat, (int dir, const char *path, void *st, int flags), (dir, path, st, flags),
		 STATS_AT(dir, path, st, flags))
BY_GATE_OR_AGAIN(int, -1, fstatat64, (int dir, const char *path, void *st, int flags), (dir, path, st, flags),
		 STATS_AT(dir, path, st, flags))
BY_GATE_OR_AGAIN(int, -1, statx, (int dir, const char *path, int flags, unsigned mask, void *st), (dir, path, flags, mask, st),
		 BY_GATE(__NR_statx, 1, flags, dir, path, flags, mask, st))
BY_GATE_OR_AGAIN(int, -1, __xstat, (int version, const char *path, void *st), (version, path, st),
		 IS_KERNELS(version) && STATS_AT(AT_FDCWD, path, st, 0))
BY_GATE_OR_AGAIN(int, -1, __xstat64, (int version, const char *path, void *st), (version, path, st),
		 IS_KERNELS(version) && STATS_AT(AT_FDCWD, path, st, 0))
BY_GATE_OR_AGAIN(int, -1, __lxstat, (int version, const char *path, void *st), (version, path, st),
		 IS_KERNELS(version) && STATS_AT(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW))
BY_GATE_OR_AGAIN(int, -1, __lxstat64, (int version, const char *path, void *st), (version, path, st),
		 IS_KERNELS(version) && STATS_AT(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW))
BY_GATE_OR_AGAIN(int, -1, __fxstatat, (int version, int dir, const char *path, void *st, int flags), (version, dir, path, st, flags),
		 IS_KERNELS(version) && STATS_AT(dir, path, st, flags))
BY_GATE_OR_AGAIN(int, -1, __fxstatat64, (int version, int dir, const char *path, void *st, int flags), (version, dir, path, st, flags),
		 IS_KERNELS(version) && STATS_AT(dir, path, st, flags))
BY_GATE_OR_AGAIN(int, -1, access, (const char *path, int mode), (path, mode),
		 LOOKS_BY_PATH(access, path, mode, 0, 0))
BY_GATE_OR_AGAIN(int, -1, faccessat, (int dir, const char *path, int mode, int flags), (dir, path, mode, flags),
		 flags == 0 ? BY_GATE(__NR_faccessat, 1, 0, dir, path, mode, 0, 0) : BY_GATE(__NR_faccessat2, 1, flags, dir, path, mode, flags, 0))
BY_GATE_OR_AGAIN(int, -1, eaccess, (const char *path, int mode), (path, mode),
		 BY_GATE(__NR_faccessat2, 1, AT_EACCESS, AT_FDCWD, path, mode, AT_EACCESS, 0))
BY_GATE_OR_AGAIN(int, -1, euidaccess, (const char *path, int mode), (path, mode),
		 BY_GATE(__NR_faccessat2, 1, AT_EACCESS, AT_FDCWD, path, mode, AT_EACCESS, 0))
BY_GATE_OR_AGAIN(long, -1, readlink, (const char *path, char *to, size_t size), (path, to, size),
		 LOOKS_BY_PATH(readlink, path, to, size, 0))
BY_GATE_OR_AGAIN(long, -1, readlinkat, (int dir, const char *path, char *to, size_t size), (dir, path, to, size),
		 BY_GATE(__NR_readlinkat, 1, 0, dir, path, to, size, 0))
BY_GATE_OR_AGAIN(long, -1, __readlink_chk, (const char *path, char *to, size_t size, size_t room), (path, to, size, room),
		 size <= room && LOOKS_BY_PATH(readlink, path, to, size, 0))
BY_GATE_OR_AGAIN(long, -1, __readlinkat_chk, (int dir, const char *path, char *to, size_t size, size_t room), (dir, path, to, size, room),
		 size <= room && BY_GATE(__NR_readlinkat, 1, 0, dir, path, to, size, 0))
BY_GATE_OR_AGAIN(int, -1, chdir, (const char *path), (path),
		 LOOKS_BY_PATH(chdir, path, 0, 0, 0))
BY_GATE_OR_AGAIN(long, -1, getxattr, (const char *path, const char *name, void *value, size_t size), (path, name, value, size),
		 LOOKS_BY_PATH(getxattr, path, name, value, size))
BY_GATE_OR_AGAIN(long, -1, lgetxattr, (const char *path, const char *name, void *value, size_t size), (path, name, value, size),
		 LOOKS_BY_PATH(lgetxattr, path, name, value, size))
BY_GATE_OR_AGAIN(long, -1, listxattr, (const char *path, char *list, size_t size), (path, list, size),
		 LOOKS_BY_PATH(listxattr, path, list, size, 0))
BY_GATE_OR_AGAIN(long, -1, llistxattr, (const char *path, char *list, size_t size), (path, list, size),
		 LOOKS_BY_PATH(llistxattr, path, list, size, 0))
BY_GATE_OR_AGAIN(int, -1, statfs, (const char *path, void *to), (path, to), LOOKS_BY_PATH(statfs, path, to, 0, 0))
BY_GATE_OR_AGAIN(int, -1, statfs64, (const char *path, void *to), (path, to), LOOKS_BY_PATH(statfs, path, to, 0, 0))
AGAIN(int, -1, statvfs, (const char *path, void *to), (path, to))
AGAIN(int, -1, statvfs64, (const char *path, void *to), (path, to))
BY_GATE_OR_AGAIN(int, -1, inotify_add_watch, (int fd, const char *path, unsigned mask), (fd, path, mask),
		 path && path[0] == '/' && BY_GATE(__NR_inotify_add_watch, 1, 0, fd, path, mask, 0, 0))
BY_GATE_OR_AGAIN(int, -1, name_to_handle_at, (int dir, const char *path, void *handle, int *mount, int flags),
		 (dir, path, handle, mount, flags), BY_GATE(__NR_name_to_handle_at, 1, flags, dir, path, handle, mount, flags))

/* ---- descriptors ------------------------------------------------------------------- */

/* fstat() of newer C libraries is newfstatat() with an empty path, which the tracer is
 * told of, for a filter cannot see whether a path is empty. The older call does the
 * same and names no path. It is made where the next function is the C library's own. */
#define STAT_OF_FD(name, params, args, fd, st) \
EXPORT int name params; \
EXPORT int name params \
{ \
	long r; \
	\
	if (!plain_fstat) \
		return is_missing(NAME_##name) ? -1 : CALL(int, params, name) args; \
	r = raw(__NR_fstat, fd, (long)st, 0, 0, 0); \
	if (r >= 0) \
		return 0; \
	*__errno_location() = (int)-r; \
	return -1; \
}
STAT_OF_FD(fstat, (int fd, void *st), (fd, st), fd, st)
STAT_OF_FD(fstat64, (int fd, void *st), (fd, st), fd, st)
STAT_OF_FD(__fxstat, (int version, int fd, void *st), (version, fd, st), fd, st)
STAT_OF_FD(__fxstat64, (int version, int fd, void *st), (version, fd, st), fd, st)

/* ---- signals and sockets ----------------------------------------------------------- */

AGAIN(int, -1, sigaction, (int number, const void *action, void *old), (number, action, old))
AGAIN(void *, (void *)-1L, signal, (int number, void *handler), (number, handler))
AGAIN(int, -1, bind, (int fd, const void *address, unsigned size), (fd, address, size))

/* May really wait. An interrupted connect goes on in the kernel, and a second call says so. */
EXPORT int connect(int fd, const void *address, unsigned size);
EXPORT int connect(int fd, const void *address, unsigned size)
{
	int ret = CALL(int, (int, const void *, unsigned), connect)(fd, address, size);

	while (ret < 0 && *__errno_location() == EINTR) {
		ret = CALL(int, (int, const void *, unsigned), connect)(fd, address, size);
		if (ret < 0 && *__errno_location() == EISCONN)
			return 0;
		if (ret < 0 && (*__errno_location() == EALREADY || *__errno_location() == EINPROGRESS)) {
			*__errno_location() = EINTR;
			return -1;
		}
	}
	return ret;
}
