/* shim: the functions of the C library that name files, for programs that are traced.
 *
 * Those that only look or read go by the gate (gate.h), where no call waits for the tracer.
 *
 * For the others a thread waits a moment. A signal that comes in that moment ends the call
 * with EINTR where its handler has no SA_RESTART; without a tracer it would have come
 * before the call or after it, and the call would have done its work. So each function
 * calls the next one of its name and, for that error alone, calls it again: the handler
 * has run, as it would have before the call. What may really wait and be interrupted, a
 * pipe or a terminal being opened, is left as it is.
 *
 * Nothing depends on the shim: a call that it does not know of is seen by the tracer.
 * Loaded into every dynamic program by LD_PRELOAD, behind what the user wants loaded,
 * under glibc and musl alike: it needs dlsym and errno and is linked with nothing. It
 * takes no lock and no memory, so it may be used in signal handlers and between vfork
 * and exec.
 *
 * The sanitizer for addresses wants to be the first library of a program, and knows
 * itself by "libasan.so" in a name; that is why the shim's file has it in its own. It
 * may well stand before the sanitizer: what it is asked it asks the sanitizer. */
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/stat.h>
#include <stdarg.h>
#include <stddef.h>

#include "gate.h"
#include "raw.h"
#include "syscall.h"

#define EXPORT __attribute__((visibility("default")))
#define NEXT_OF_ALL ((void *)-1L)        /* RTLD_NEXT */
#define IS_TMPFILE(flags) (((flags) & __O_TMPFILE) != 0)

extern void *dlsym(void *handle, const char *name);
extern int *__errno_location(void);
extern char **environ;
extern void pthread_testcancel(void) __attribute__((weak));
extern void *malloc(size_t) __attribute__((weak));

/* ---- the next functions of each name ----------------------------------------- */

#define NAMES(X) \
	X(open) X(open64) X(openat) X(openat64) X(creat) X(creat64) \
	X(__open_2) X(__open64_2) X(__openat_2) X(__openat64_2) \
	X(fopen) X(fopen64) X(opendir) X(fdopendir) X(glob) X(glob64) X(tmpfile) X(tmpfile64) X(scandir) X(scandir64) \
	X(stat) X(stat64) X(lstat) X(lstat64) X(fstatat) X(fstatat64) X(statx) \
	X(fstat) X(fstat64) X(__fxstat) X(__fxstat64) X(getpid) X(__xstat) X(__xstat64) X(__lxstat) X(__lxstat64) X(__fxstatat) X(__fxstatat64) \
	X(access) X(faccessat) X(eaccess) X(euidaccess) \
	X(readlink) X(readlinkat) X(__readlink_chk) X(__readlinkat_chk) \
	X(realpath) X(__realpath_chk) X(canonicalize_file_name) \
	X(chdir) X(mkdir) X(mkdirat) X(rmdir) X(unlink) X(unlinkat) X(remove) \
	X(rename) X(renameat) X(renameat2) X(link) X(linkat) X(symlink) X(symlinkat) \
	X(mknod) X(mknodat) X(mkfifo) X(mkfifoat) X(truncate) X(truncate64) \
	X(chmod) X(fchmodat) X(lchmod) X(chown) X(lchown) X(fchownat) \
	X(utime) X(utimes) X(lutimes) X(futimesat) X(utimensat) X(futimens) X(futimes) \
	X(getxattr) X(lgetxattr) X(listxattr) X(llistxattr) \
	X(setxattr) X(lsetxattr) X(removexattr) X(lremovexattr) \
	X(statfs) X(statfs64) X(statvfs) X(statvfs64) X(inotify_add_watch) X(name_to_handle_at) \
	X(mkstemp) X(mkstemp64) X(mkostemp) X(mkostemp64) X(mkdtemp) \
	X(sigaction) X(signal) X(connect) \
	X(syscall) X(execve) X(execv) X(execvp) X(execvpe) \
	X(chroot) X(mount) X(umount) X(umount2) X(unshare) X(setns) \
	X(prctl) X(setuid) X(seteuid) X(setreuid) X(setresuid)

enum name {
#define X(name) NAME_##name,
	NAMES(X)
#undef X
	NAME_COUNT
};

static const char *const names[NAME_COUNT] = {
#define X(name) #name,
	NAMES(X)
#undef X
};

static void *next[NAME_COUNT];           /* written by whoever comes first: the same each time */

static void *find(enum name name)
{
	void *f = __atomic_load_n(&next[name], __ATOMIC_RELAXED);

	if (!f) {
		f = dlsym(NEXT_OF_ALL, names[name]);
		__atomic_store_n(&next[name], f, __ATOMIC_RELAXED);
	}
	return f;
}

static int plain_fstat;                  /* the next fstat is the C library's: nobody else wants to see the call */

/* A loaded library as dl_iterate_phdr tells it: the beginning of the struct, and of the
 * entries of its table. Two functions of one library lie in one range. */
struct object {
	unsigned long base;
	const char *name;
	const struct { unsigned type, flags; unsigned long offset, at, physical, in_file, size, align; } *part;
	unsigned short parts;
};
enum { PART_LOADED = 1 };
extern int dl_iterate_phdr(int (*each)(struct object *, size_t, void *), void *ctx) __attribute__((weak));

struct range {
	unsigned long inside, from, to;
};

static int find_range(struct object *o, size_t size, void *ctx)
{
	struct range *r = ctx;
	unsigned long from = -1UL, to = 0, at;
	int i;

	(void)size;
	for (i = 0; i < o->parts; i++) {
		if (o->part[i].type != PART_LOADED)
			continue;
		at = o->base + o->part[i].at;
		from = at < from ? at : from;
		to = at + o->part[i].size > to ? at + o->part[i].size : to;
	}
	if (r->inside < from || r->inside >= to)
		return 0;
	r->from = from;
	r->to = to;
	return 1;
}

static struct range libc;                /* where the C library is; all 0: not known */

/* The library that getpid is in: nobody puts another in its place. */
static void find_libc(void)
{
	struct range r = { .inside = (unsigned long)find(NAME_getpid) };

	if (dl_iterate_phdr && r.inside && dl_iterate_phdr(find_range, &r))
		libc = r;
}

static int is_libcs(enum name name)
{
	unsigned long at = (unsigned long)find(name);

	return at >= libc.from && at < libc.to;
}

/* The functions that the gate stands in for, and those that must be known before main:
 * nothing can be looked up in a signal handler, or between fork and exec. The others are
 * found when they are called first. */
static const unsigned char gated[] = {
	NAME_open, NAME_open64, NAME_openat, NAME_openat64, NAME_opendir, NAME_fdopendir, NAME_stat, NAME_stat64, NAME_lstat,
	NAME_lstat64, NAME_fstatat, NAME_fstatat64, NAME_statx, NAME_access, NAME_faccessat, NAME_readlink, NAME_readlinkat,
	NAME_realpath, NAME_syscall,
};
static const unsigned char needed[] = {
	NAME_prctl, NAME_chdir, NAME_mkdir, NAME_unlink, NAME_rename, NAME_sigaction, NAME_signal,
	NAME_connect, NAME_execve, NAME_execv, NAME_execvp, NAME_execvpe,
};

__attribute__((constructor)) static void find_some(void)
{
	int plain = 1;
	size_t i;

	find_libc();
	for (i = 0; i < sizeof needed; i++)
		find((enum name)needed[i]);
	for (i = 0; i < sizeof gated; i++)
		/* an old C library lacks some: then nobody calls them */
		plain &= !find((enum name)gated[i]) || is_libcs((enum name)gated[i]);
	plain_fstat = is_libcs(NAME_fstat) && is_libcs(NAME_fstat64);
#if defined(__x86_64__)
	shim_next_syscall = find(NAME_syscall);
	shim_plain_syscall = plain && libc.to;
#endif
	if (plain && libc.to)
		gate_allow();
}

/* Was the call interrupted, so that it is to be made again? */
static int was_interrupted(void)
{
	if (*__errno_location() != EINTR)
		return 0;
	gate_tell_interruption();
	return 1;
}

/* Only a C library without this function comes here, and only from a program that
 * found the name and tries it. */
static int is_missing(enum name name)
{
	if (find(name))
		return 0;
	*__errno_location() = ENOSYS;
	return 1;
}

/* The answer of the C library for what the kernel said. */
static int as_libc(long r)
{
	if (r >= 0)
		return (int)r;
	*__errno_location() = (int)-r;
	return -1;
}

#define CALL(type, params, name) ((type (*) params)find(NAME_##name))

/* A function that never waits by itself: called again as long as it is interrupted. */
#define AGAIN(type, failed, name, params, args) \
EXPORT type name params; \
EXPORT type name params \
{ \
	type ret; \
	\
	if (is_missing(NAME_##name)) \
		return failed; \
	do \
		ret = CALL(type, params, name) args; \
	while (ret == failed && was_interrupted()); \
	return ret; \
}

/* ---- opening ------------------------------------------------------------------- */

/* A call made here, and again when it was interrupted. */
static long raw_again(long number, long a, long b, long c, long d, long e)
{
	long r;

	while ((r = raw(number, a, b, c, d, e)) == -EINTR)
		gate_tell_interruption();
	return r;
}

/* May opening it wait, and be interrupted for good? Keeps errno. */
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

/* Opens it by the gate. 0: it is to be opened as ever. */
static int open_by_gate(long *ret, int dir, const char *path, int flags)
{
	/* a thread that waits in an open is to be cancelled where the C library can */
	if (!only_reads(flags) || (!(flags & (O_NONBLOCK | O_PATH | O_DIRECTORY)) && !gate_opens_at_once(dir, path)))
		return 0;
	if (pthread_testcancel)
		pthread_testcancel();
	return gate_call(ret, __NR_openat, 1, (unsigned)flags, dir, (long)path, flags, 0, 0);
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
	if (open_by_gate(&r, AT_FDCWD, path, flags)) \
		return as_libc(r); \
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
	if (open_by_gate(&r, dir, path, flags)) \
		return as_libc(r); \
	if (is_missing(NAME_##name)) \
		return -1; \
	do \
		fd = CALL(int, (int, const char *, int, ...), name)(dir, path, flags, mode); \
	while (again(fd < 0, dir, path)); \
	return fd; \
}
OPENAT(openat)
OPENAT(openat64)

#define AGAIN_UNLESS_IT_WAITS(type, failed, name, params, args, dir, path) \
EXPORT type name params; \
EXPORT type name params \
{ \
	type ret; \
	\
	if (is_missing(NAME_##name)) \
		return failed; \
	do \
		ret = CALL(type, params, name) args; \
	while (again(ret == failed, dir, path)); \
	return ret; \
}
AGAIN_UNLESS_IT_WAITS(int, -1, creat, (const char *path, unsigned mode), (path, mode), AT_FDCWD, path)
AGAIN_UNLESS_IT_WAITS(int, -1, creat64, (const char *path, unsigned mode), (path, mode), AT_FDCWD, path)
AGAIN_UNLESS_IT_WAITS(int, -1, __open_2, (const char *path, int flags), (path, flags), AT_FDCWD, path)
AGAIN_UNLESS_IT_WAITS(int, -1, __open64_2, (const char *path, int flags), (path, flags), AT_FDCWD, path)
AGAIN_UNLESS_IT_WAITS(int, -1, __openat_2, (int dir, const char *path, int flags), (dir, path, flags), dir, path)
AGAIN_UNLESS_IT_WAITS(int, -1, __openat64_2, (int dir, const char *path, int flags), (dir, path, flags), dir, path)
AGAIN_UNLESS_IT_WAITS(void *, NULL, fopen, (const char *path, const char *mode), (path, mode), AT_FDCWD, path)
AGAIN_UNLESS_IT_WAITS(void *, NULL, fopen64, (const char *path, const char *mode), (path, mode), AT_FDCWD, path)

EXPORT void *opendir(const char *path);
EXPORT void *opendir(const char *path)
{
	void *dir;
	long fd;

	if (is_missing(NAME_opendir))
		return NULL;
	if (find(NAME_fdopendir) &&
	    gate_call(&fd, __NR_openat, 1, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC, AT_FDCWD, (long)path,
		      O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC, 0, 0)) {
		if (fd < 0) {
			as_libc(fd);
			return NULL;
		}
		do
			dir = CALL(void *, (int), fdopendir)((int)fd);
		while (!dir && was_interrupted());
		if (!dir)
			raw(__NR_close, fd, 0, 0, 0, 0);
		return dir;
	}
	do
		dir = CALL(void *, (const char *), opendir)(path);
	while (!dir && was_interrupted());
	return dir;
}
AGAIN(int, -1, scandir, (const char *path, void *list, void *filter, void *order), (path, list, filter, order))
AGAIN(int, -1, scandir64, (const char *path, void *list, void *filter, void *order), (path, list, filter, order))

AGAIN(void *, NULL, tmpfile, (void), ())
AGAIN(void *, NULL, tmpfile64, (void), ())

/* glob passes over a folder that it cannot open, and does not say so. Signals wait until
 * it is done, unless it calls functions of the program, which may want them. */
enum { ALTERNATIVE_FUNCTIONS = 1 << 9 };     /* GLOB_ALTDIRFUNC */
enum { SET_MASK = 2, MASK_SIZE = 8 };

#define UNDISTURBED(name) \
EXPORT int name(const char *pattern, int flags, void *on_error, void *found); \
EXPORT int name(const char *pattern, int flags, void *on_error, void *found) \
{ \
	unsigned long all = ~0UL, before = 0; \
	int ret, waits = !on_error && !(flags & ALTERNATIVE_FUNCTIONS); \
	\
	if (is_missing(NAME_##name)) \
		return 1; \
	if (waits) \
		waits = raw(__NR_rt_sigprocmask, SET_MASK, (long)&all, (long)&before, MASK_SIZE, 0) == 0; \
	ret = CALL(int, (const char *, int, void *, void *), name)(pattern, flags, on_error, found); \
	if (waits) \
		raw(__NR_rt_sigprocmask, SET_MASK, (long)&before, 0, MASK_SIZE, 0); \
	return ret; \
}
UNDISTURBED(glob)
UNDISTURBED(glob64)

/* A failed attempt leaves letters where the X were. */
static void put_back(char *template)
{
	size_t n = 0;

	while (template[n])
		n++;
	if (n >= 6)
		for (template += n - 6; *template; template++)
			*template = 'X';
}

#define TEMPORARY(type, failed, name, params, args) \
EXPORT type name params; \
EXPORT type name params \
{ \
	type ret; \
	\
	if (is_missing(NAME_##name)) \
		return failed; \
	while ((ret = CALL(type, params, name) args) == failed && was_interrupted()) \
		put_back(template); \
	return ret; \
}
TEMPORARY(int, -1, mkstemp, (char *template), (template))
TEMPORARY(int, -1, mkstemp64, (char *template), (template))
TEMPORARY(int, -1, mkostemp, (char *template, int flags), (template, flags))
TEMPORARY(int, -1, mkostemp64, (char *template, int flags), (template, flags))
TEMPORARY(char *, NULL, mkdtemp, (char *template), (template))

/* ---- looking ------------------------------------------------------------------------- */

/* A function that only looks: by the gate, or called again as long as it is interrupted. */
#define LOOKS(type, failed, name, params, args, call) \
EXPORT type name params; \
EXPORT type name params \
{ \
	type ret; \
	long r; \
	\
	if (call) \
		return (type)as_libc(r); \
	if (is_missing(NAME_##name)) \
		return failed; \
	do \
		ret = CALL(type, params, name) args; \
	while (ret == failed && was_interrupted()); \
	return ret; \
}
#if defined(__x86_64__)
#define BY_GATE(number, at, extra, a, b, c, d, e) gate_call(&r, number, at, (unsigned)(extra), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
#define STATS_AT(dir, path, st, flags) BY_GATE(__NR_newfstatat, 1, flags, dir, path, st, flags, 0)
#define LOOKS_BY_PATH(name, a, b, c) BY_GATE(__NR_##name, 0, 0, a, b, c, 0, 0)
#else
#define BY_GATE(number, at, extra, a, b, c, d, e) (r = 0)
#define STATS_AT(dir, path, st, flags) (r = 0)
#define LOOKS_BY_PATH(name, a, b, c) (r = 0)
#endif
#define LOOKS_AT_LINK(path, to) BY_GATE(__NR_readlink, 0, 0, path, to, sizeof (to), 0, 0)
#define IS_KERNELS(version) ((version) == 0 || (version) == 1)    /* the kernel's own struct, on 64 bits */

LOOKS(int, -1, stat, (const char *path, void *st), (path, st),
      STATS_AT(AT_FDCWD, path, st, 0))
LOOKS(int, -1, stat64, (const char *path, void *st), (path, st),
      STATS_AT(AT_FDCWD, path, st, 0))
LOOKS(int, -1, lstat, (const char *path, void *st), (path, st),
      STATS_AT(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW))
LOOKS(int, -1, lstat64, (const char *path, void *st), (path, st),
      STATS_AT(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW))
LOOKS(int, -1, fstatat, (int dir, const char *path, void *st, int flags), (dir, path, st, flags),
      STATS_AT(dir, path, st, flags))
LOOKS(int, -1, fstatat64, (int dir, const char *path, void *st, int flags), (dir, path, st, flags),
      STATS_AT(dir, path, st, flags))
LOOKS(int, -1, statx, (int dir, const char *path, int flags, unsigned mask, void *st), (dir, path, flags, mask, st),
      BY_GATE(__NR_statx, 1, flags, dir, path, flags, mask, st))
LOOKS(int, -1, __xstat, (int version, const char *path, void *st), (version, path, st),
      IS_KERNELS(version) && STATS_AT(AT_FDCWD, path, st, 0))
LOOKS(int, -1, __xstat64, (int version, const char *path, void *st), (version, path, st),
      IS_KERNELS(version) && STATS_AT(AT_FDCWD, path, st, 0))
LOOKS(int, -1, __lxstat, (int version, const char *path, void *st), (version, path, st),
      IS_KERNELS(version) && STATS_AT(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW))
LOOKS(int, -1, __lxstat64, (int version, const char *path, void *st), (version, path, st),
      IS_KERNELS(version) && STATS_AT(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW))
LOOKS(int, -1, __fxstatat, (int version, int dir, const char *path, void *st, int flags), (version, dir, path, st, flags),
      IS_KERNELS(version) && STATS_AT(dir, path, st, flags))
LOOKS(int, -1, __fxstatat64, (int version, int dir, const char *path, void *st, int flags), (version, dir, path, st, flags),
      IS_KERNELS(version) && STATS_AT(dir, path, st, flags))
LOOKS(int, -1, access, (const char *path, int mode), (path, mode),
      LOOKS_BY_PATH(access, path, mode, 0))
LOOKS(int, -1, faccessat, (int dir, const char *path, int mode, int flags), (dir, path, mode, flags),
      flags == 0 && BY_GATE(__NR_faccessat, 1, 0, dir, path, mode, 0, 0))
AGAIN(int, -1, eaccess, (const char *path, int mode), (path, mode))
AGAIN(int, -1, euidaccess, (const char *path, int mode), (path, mode))
LOOKS(long, -1, readlink, (const char *path, char *to, size_t size), (path, to, size),
      LOOKS_BY_PATH(readlink, path, to, size))
LOOKS(long, -1, readlinkat, (int dir, const char *path, char *to, size_t size), (dir, path, to, size),
      BY_GATE(__NR_readlinkat, 1, 0, dir, path, to, size, 0))
AGAIN(long, -1, __readlink_chk, (const char *path, char *to, size_t size, size_t room), (path, to, size, room))
AGAIN(long, -1, __readlinkat_chk, (int dir, const char *path, char *to, size_t size, size_t room), (dir, path, to, size, room))

/* ---- real paths -------------------------------------------------------------------- */

enum { PATH_ROOM = 4096 };               /* PATH_MAX, as the C library's */
struct stat_room { long room[32]; };     /* more than the kernel's struct stat */

#if defined(__x86_64__)
/* Are they the dots of a part that names its folder (1) or the one above (2)? Else 0. */
static size_t dots_of(const char *part, size_t n)
{
	return part[0] == '.' && (n == 1 || (n == 2 && part[1] == '.')) ? n : 0;
}

static size_t part_of(const char *path)
{
	size_t n = 0;

	while (path[n] && path[n] != '/')
		n++;
	return n;
}

/* Is `text` there, and no link? `folder`: also a folder. Its end may be written to. 1: yes;
 * 0: it is a link, or cannot be told; else what the kernel said. */
static int is_plain(char *text, size_t n, int folder)
{
	char target[8];
	struct stat_room st;
	long r;

	if (!LOOKS_AT_LINK(text, target) || r >= 0)
		return 0;
	if (!folder)
		return r == -EINVAL ? 1 : (int)r;
	text[n] = '/';
	text[n + 1] = '\0';
	if (!STATS_AT(AT_FDCWD, text, &st, 0))
		return 0;
	text[n] = '\0';
	return r == 0 ? 1 : (int)r;
}

/* Adds the parts of `path` to `text` of n bytes, as long as each is there and is no link.
 * The length; 0: the C library is to find out; < 0: -errno. */
static long plain_parts(const char *path, char *text, size_t n)
{
	size_t part, dots, i;
	int is;

	for (;; path += part) {
		while (*path == '/')
			path++;
		part = part_of(path);
		if (!part)
			break;
		dots = dots_of(path, part);
		if (dots == 2)
			while (n && text[--n] != '/')
				;
		if (dots)
			continue;
		if (n + part + 3 > PATH_ROOM)
			return 0;
		text[n++] = '/';
		for (i = 0; i < part; i++)
			text[n++] = path[i];
		text[n] = '\0';
		for (i = part; path[i] == '/'; i++)
			;
		is = is_plain(text, n, i > part && (!path[i] || dots_of(path + i, part_of(path + i))));
		if (is != 1)
			return is;
	}
	if (!n)
		text[n++] = '/';
	text[n] = '\0';
	return (long)n;
}

/* The real path, if there is no link on the way. Each part is looked at, as by the C
 * library, and is told. Its length; 0: the C library is to find out; < 0: -errno. */
static long plain_path(const char *path, char *text)
{
	size_t n = 0;
	long r;

	if (!path || !path[0])
		return 0;
	if (path[0] != '/') {
		r = raw(__NR_getcwd, (long)text, PATH_ROOM, 0, 0, 0);
		if (r < 2 || text[0] != '/')
			return 0;
		n = r == 2 ? 0 : (size_t)r - 1;
	}
	return plain_parts(path, text, n);
}
#else
static long plain_path(const char *path, char *text)
{
	(void)path, (void)text;
	return 0;
}
#endif

/* Apart from the others, for the text on its stack. */
__attribute__((noinline)) static int plain_realpath(const char *path, char *to, char **ret)
{
	char text[PATH_ROOM];
	long n = plain_path(path, text), i;

	/* as the C library says which part is missing */
	if (n == -ENOENT || n == -EACCES)
		for (i = 0; to && (to[i] = text[i]) != '\0'; i++)
			;
	*ret = NULL;
	if (n < 0)
		as_libc(n);
	if (n <= 0)
		return n < 0;
	*ret = to ? to : malloc((size_t)n + 1);
	for (i = 0; *ret && i <= n; i++)
		(*ret)[i] = text[i];
	return 1;
}

#define REAL(name, params, args, to, has_room) \
EXPORT char *name params; \
EXPORT char *name params \
{ \
	char *ret; \
	\
	if (is_missing(NAME_##name)) \
		return NULL; \
	if ((has_room) && gate_is_open() && malloc && plain_realpath(path, to, &ret)) \
		return ret; \
	do \
		ret = CALL(char *, params, name) args; \
	while (!ret && was_interrupted()); \
	return ret; \
}
REAL(realpath, (const char *path, char *to), (path, to), to, 1)
REAL(__realpath_chk, (const char *path, char *to, size_t room), (path, to, room), to, room >= PATH_ROOM)
REAL(canonicalize_file_name, (const char *path), (path), NULL, 1)

/* ---- changing ---------------------------------------------------------------------- */

AGAIN(int, -1, chdir, (const char *path), (path))
AGAIN(int, -1, mkdir, (const char *path, unsigned mode), (path, mode))
AGAIN(int, -1, mkdirat, (int dir, const char *path, unsigned mode), (dir, path, mode))
AGAIN(int, -1, rmdir, (const char *path), (path))
AGAIN(int, -1, unlink, (const char *path), (path))
AGAIN(int, -1, unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
AGAIN(int, -1, remove, (const char *path), (path))
AGAIN(int, -1, rename, (const char *from, const char *to), (from, to))
AGAIN(int, -1, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
AGAIN(int, -1, renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
AGAIN(int, -1, link, (const char *from, const char *to), (from, to))
AGAIN(int, -1, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
AGAIN(int, -1, symlink, (const char *target, const char *path), (target, path))
AGAIN(int, -1, symlinkat, (const char *target, int dir, const char *path), (target, dir, path))
AGAIN(int, -1, mknod, (const char *path, unsigned mode, unsigned long device), (path, mode, device))
AGAIN(int, -1, mknodat, (int dir, const char *path, unsigned mode, unsigned long device), (dir, path, mode, device))
AGAIN(int, -1, mkfifo, (const char *path, unsigned mode), (path, mode))
AGAIN(int, -1, mkfifoat, (int dir, const char *path, unsigned mode), (dir, path, mode))
AGAIN(int, -1, truncate, (const char *path, long size), (path, size))
AGAIN(int, -1, truncate64, (const char *path, long size), (path, size))
AGAIN(int, -1, chmod, (const char *path, unsigned mode), (path, mode))
AGAIN(int, -1, lchmod, (const char *path, unsigned mode), (path, mode))
AGAIN(int, -1, fchmodat, (int dir, const char *path, unsigned mode, int flags), (dir, path, mode, flags))
AGAIN(int, -1, chown, (const char *path, unsigned user, unsigned group), (path, user, group))
AGAIN(int, -1, lchown, (const char *path, unsigned user, unsigned group), (path, user, group))
AGAIN(int, -1, fchownat, (int dir, const char *path, unsigned user, unsigned group, int flags), (dir, path, user, group, flags))
AGAIN(int, -1, utime, (const char *path, const void *times), (path, times))
AGAIN(int, -1, utimes, (const char *path, const void *times), (path, times))
AGAIN(int, -1, lutimes, (const char *path, const void *times), (path, times))
AGAIN(int, -1, futimesat, (int dir, const char *path, const void *times), (dir, path, times))
AGAIN(int, -1, utimensat, (int dir, const char *path, const void *times, int flags), (dir, path, times, flags))
AGAIN(int, -1, futimens, (int fd, const void *times), (fd, times))
AGAIN(int, -1, futimes, (int fd, const void *times), (fd, times))
AGAIN(long, -1, getxattr, (const char *path, const char *name, void *value, size_t size), (path, name, value, size))
AGAIN(long, -1, lgetxattr, (const char *path, const char *name, void *value, size_t size), (path, name, value, size))
AGAIN(long, -1, listxattr, (const char *path, char *list, size_t size), (path, list, size))
AGAIN(long, -1, llistxattr, (const char *path, char *list, size_t size), (path, list, size))
AGAIN(int, -1, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags), (path, name, value, size, flags))
AGAIN(int, -1, lsetxattr, (const char *path, const char *name, const void *value, size_t size, int flags), (path, name, value, size, flags))
AGAIN(int, -1, removexattr, (const char *path, const char *name), (path, name))
AGAIN(int, -1, lremovexattr, (const char *path, const char *name), (path, name))
AGAIN(int, -1, statfs, (const char *path, void *to), (path, to))
AGAIN(int, -1, statfs64, (const char *path, void *to), (path, to))
AGAIN(int, -1, statvfs, (const char *path, void *to), (path, to))
AGAIN(int, -1, statvfs64, (const char *path, void *to), (path, to))
AGAIN(int, -1, inotify_add_watch, (int fd, const char *path, unsigned mask), (fd, path, mask))
AGAIN(int, -1, name_to_handle_at, (int dir, const char *path, void *handle, int *mount, int flags), (dir, path, handle, mount, flags))

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

/* It may really wait. If it did, it goes on without us, and says so. */
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

/* ---- other roots, and programs -------------------------------------------------------- */

static int moved;                        /* it may see other files under the same names, or fewer */

#define MOVING(name, params, args) \
EXPORT int name params; \
EXPORT int name params \
{ \
	int ret; \
	\
	moved = 1; \
	gate_leave(); \
	do \
		ret = CALL(int, params, name) args; \
	while (ret < 0 && was_interrupted()); \
	return ret; \
}
MOVING(chroot, (const char *path), (path))
MOVING(mount, (const char *what, const char *where, const char *type, unsigned long flags, const void *data), (what, where, type, flags, data))
MOVING(umount, (const char *where), (where))
MOVING(umount2, (const char *where, int flags), (where, flags))
MOVING(unshare, (int flags), (flags))
MOVING(setns, (int fd, int type), (fd, type))
MOVING(setuid, (unsigned user), (user))
MOVING(seteuid, (unsigned user), (user))
MOVING(setreuid, (unsigned real, unsigned effective), (real, effective))
MOVING(setresuid, (unsigned real, unsigned effective, unsigned saved), (real, effective, saved))

/* A filter of the program's own may forbid what the gate needs. */
EXPORT int prctl(int option, ...);
EXPORT int prctl(int option, ...)
{
	unsigned long a, b, c, d;
	va_list more;

	va_start(more, option);
	a = va_arg(more, unsigned long);
	b = va_arg(more, unsigned long);
	c = va_arg(more, unsigned long);
	d = va_arg(more, unsigned long);
	va_end(more);
	if (option == PR_SET_SECCOMP)
		gate_leave();
	return is_missing(NAME_prctl) ? -1 : CALL(int, (int, ...), prctl)(option, a, b, c, d);
}

enum {
	ENTRIES_MAX = 4096,              /* of an environment that is copied to leave the shim out */
	PRELOAD_MAX = 4096,
};

static const char file_name[] = SHIM_FILE;

static size_t length_of(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

static int same(const char *a, const char *b, size_t n)
{
	while (n && *a == *b) {
		a++;
		b++;
		n--;
	}
	return n == 0;
}

/* Is this part of LD_PRELOAD, n bytes, the shim? */
static int is_shim(const char *part, size_t n)
{
	size_t own = sizeof file_name - 1;

	return n > own && part[n - own - 1] == '/' && same(part + n - own, file_name, own);
}

static int is_there(const char *part, size_t n)
{
	char path[PRELOAD_MAX];
	size_t i;

	for (i = 0; i < n; i++)
		path[i] = part[i];
	path[n] = '\0';
	return raw_again(__NR_faccessat, AT_FDCWD, (long)path, 0, 0, 0) == 0;
}

/* Copies LD_PRELOAD's entry without the shim; `lists`: also where it can be loaded.
 * 0: there is nothing to leave out. */
static int without_shim(const char *entry, int lists, char *ret)
{
	const char *p = entry + 11, *end;
	size_t n = 0, gone = 0;

	if (length_of(entry) >= PRELOAD_MAX)
		return 0;
	for (; n < 11; n++)
		ret[n] = entry[n];
	for (; *p; p = *end ? end + 1 : end) {
		for (end = p; *end && *end != ':' && *end != ' '; end++)
			;
		if (is_shim(p, (size_t)(end - p)) && (lists || !is_there(p, (size_t)(end - p)))) {
			gone = 1;
			continue;
		}
		if (n > 11)
			ret[n++] = ':';
		while (p < end)
			ret[n++] = *p++;
	}
	ret[n] = '\0';
	return (int)gone;
}

/* Will the next program be asked for its libraries, as ldd does, and do nothing else? */
static int lists_libraries(char *const *env)
{
	for (; env && *env; env++)
		if ((*env)[0] == 'L' && same(*env, "LD_TRACE_LOADED_OBJECTS=", 24) && (*env)[24])
			return 1;
	return 0;
}

/* The environment for the next program: `env`, or a copy in `list` and `text`. Where the
 * shim is not to be found under its name, the loader would complain of it; among a
 * program's libraries it is not to be listed. */
static char **environment(char **env, char **list, char *text)
{
	int changed = 0, lists = lists_libraries(env);
	size_t i, n = 0;

	if (!env)
		return env;
	for (i = 0; env[i]; i++) {
		if (i == ENTRIES_MAX)
			return env;
		list[n] = env[i];
		if (same(env[i], "LD_PRELOAD=", 11) && without_shim(env[i], lists, text)) {
			changed = 1;
			if (!text[11])
				continue;
			list[n] = text;
		}
		n++;
	}
	list[n] = NULL;
	return changed ? list : env;
}

/* Apart from the others, for it needs a stack that a small thread may not have. */
__attribute__((noinline)) static int exec_edited(enum name name, const char *path, char *const *argv, char **env)
{
	char *list[ENTRIES_MAX + 1], text[PRELOAD_MAX], **with = environment(env, list, text);
	int ret;

	do
		ret = ((int (*)(const char *, char *const *, char *const *))find(name))(path, argv, with);
	while (ret < 0 && was_interrupted());
	return ret;
}

#define EXEC(name, with_env, env, params, args) \
EXPORT int name params; \
EXPORT int name params \
{ \
	int ret; \
	\
	if (moved || lists_libraries(env)) \
		return exec_edited(NAME_##with_env, path, argv, env); \
	do \
		ret = CALL(int, params, name) args; \
	while (ret < 0 && was_interrupted()); \
	return ret; \
}
EXEC(execve, execve, (char **)env, (const char *path, char *const argv[], char *const env[]), (path, argv, env))
EXEC(execvpe, execvpe, (char **)env, (const char *path, char *const argv[], char *const env[]), (path, argv, env))
EXEC(execv, execve, environ, (const char *path, char *const argv[]), (path, argv))
EXEC(execvp, execvpe, environ, (const char *path, char *const argv[]), (path, argv))
