/* next: the functions that the shim stands before, and how each is called. */
#ifndef TRACE_SHIM_NEXT_H
#define TRACE_SHIM_NEXT_H

#include <stddef.h>

#include "gate.h"
#include "raw.h"

#define EXPORT __attribute__((visibility("default")))

extern int *__errno_location(void);

#define NAMES(X) \
	X(open) X(open64) X(openat) X(openat64) X(creat) X(creat64) \
	X(__open_2) X(__open64_2) X(__openat_2) X(__openat64_2) \
	X(fopen) X(fopen64) X(fdopen) X(opendir) X(fdopendir) X(glob) X(glob64) X(tmpfile) X(tmpfile64) X(scandir) X(scandir64) \
	X(scandirat) X(scandirat64) X(freopen) X(freopen64) X(pathconf) \
	X(readdir) X(readdir64) X(readdir_r) X(readdir64_r) X(rewinddir) X(seekdir) X(telldir) X(dirfd) X(closedir) \
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
	X(mkstemp) X(mkstemp64) X(mkostemp) X(mkostemp64) \
	X(mkstemps) X(mkstemps64) X(mkostemps) X(mkostemps64) X(mkdtemp) \
	X(sigaction) X(signal) X(connect) X(bind) \
	X(syscall) X(execve) X(execv) X(execvp) X(execvpe) \
	X(chroot) X(mount) X(umount) X(umount2) X(unshare) X(setns) \
	X(prctl) X(setuid) X(seteuid) X(setreuid) X(setresuid)

enum name {
#define X(name) NAME_##name,
	NAMES(X)
#undef X
	NAME_COUNT
};

extern int plain_fstat;                  /* the next fstat is the C library's: no other library stands between */

/* The next function of this name; NULL: there is none. */
void *find(enum name name);

/* Stands in for a function that this C library lacks, called only by a program that found
 * the name and tries it: errno is ENOSYS then. */
int is_missing(enum name name);

/* Was the call that failed just now interrupted, so that it is to be made again? */
int was_interrupted(void);

/* Converts the kernel's answer to the C library's: -1 and errno. */
long as_libc(long r);

/* A call made here, and again when it was interrupted. */
long raw_again(long number, long a, long b, long c, long d, long e);

#define CALL(type, params, name) ((type (*) params)find(NAME_##name))

/* Stands before the function of this name. `by_gate` is true if it made the call, and sets `r` to what the kernel said;
 * else the next function is called, and called again while `is_again`. */
#define STANDS_BEFORE(type, failed, name, params, args, by_gate, is_again) \
EXPORT type name params; \
EXPORT type name params \
{ \
	type ret; \
	long r = 0; \
	\
	if (by_gate) \
		return (type)as_libc(r); \
	if (is_missing(NAME_##name)) \
		return failed; \
	do \
		ret = CALL(type, params, name) args; \
	while (is_again); \
	return ret; \
}

/* A function that never waits by itself: called again as long as it is interrupted. */
#define AGAIN(type, failed, name, params, args) \
	STANDS_BEFORE(type, failed, name, params, args, ((void)r, 0), ret == failed && was_interrupted())
#define BY_GATE_OR_AGAIN(type, failed, name, params, args, by_gate) \
	STANDS_BEFORE(type, failed, name, params, args, by_gate, ret == failed && was_interrupted())

/* Calls by the gate, for functions with the variable `r`. 0: the next function must make the call. */
#if defined(__x86_64__)
#define BY_GATE(number, at, extra, a, b, c, d, e) gate_call(&r, number, at, (unsigned)(extra), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
#define STATS_AT(dir, path, st, flags) BY_GATE(__NR_newfstatat, 1, flags, dir, path, st, flags, 0)
#define LOOKS_BY_PATH(name, a, b, c, d) BY_GATE(__NR_##name, 0, 0, a, b, c, d, 0)
/* Changes what `path`, from the folder `dir`, names; `args`: of the system call */
#define CHANGES(call, flags, folder, name, kind, ...) \
	gate_change(&r, &(const struct gate_change){ .number = call, .extra = (unsigned)(flags), .args = { __VA_ARGS__ }, \
						     .path = { { folder, name, GATE_CHANGES | (kind) } } })
#define LINKS(call, folder, name, text, ...) \
	gate_change(&r, &(const struct gate_change){ .number = call, .args = { __VA_ARGS__ }, .target = text, \
						     .path = { { folder, name, GATE_CHANGES | GATE_MAKES } } })
#define CHANGES_TWO(call, flags, folder, name, kind, folder2, name2, kind2, ...) \
	gate_change(&r, &(const struct gate_change){ .number = call, .extra = (unsigned)(flags), .args = { __VA_ARGS__ }, \
						     .path = { { folder, name, kind }, { folder2, name2, GATE_CHANGES | (kind2) } } })
#define SETS_TIMES(fd, times) gate_set_times(&r, fd, times)
#else
#define BY_GATE(number, at, extra, a, b, c, d, e) (r = 0)
#define STATS_AT(dir, path, st, flags) (r = 0)
#define LOOKS_BY_PATH(name, a, b, c, d) (r = 0)
#define CHANGES(...) (r = 0)
#define LINKS(...) (r = 0)
#define CHANGES_TWO(...) (r = 0)
#define SETS_TIMES(...) (r = 0)
#endif
#define LOOKS_AT_LINK(path, to) BY_GATE(__NR_readlink, 0, 0, path, to, sizeof (to), 0, 0)
#endif
