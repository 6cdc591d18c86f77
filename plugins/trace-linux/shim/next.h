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

extern int plain_fstat;                  /* the next fstat is the C library's: nobody else wants to see the call */

/* The next function of this name; NULL: there is none. */
void *find(enum name name);

/* Only a C library without this function comes here, and only from a program that found
 * the name and tries it: errno is ENOSYS then. */
int is_missing(enum name name);

/* Was the call that failed just now interrupted, so that it is to be made again? */
int was_interrupted(void);

/* The answer of the C library for what the kernel said. */
int as_libc(long r);

/* A call made here, and again when it was interrupted. */
long raw_again(long number, long a, long b, long c, long d, long e);

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

/* Calls by the gate, for functions with the variable `r`. 0: to be made as ever. */
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
#endif
