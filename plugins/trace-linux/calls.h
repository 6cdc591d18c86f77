/* calls: one table for all that depends on a system call's number and arguments.
 *
 * The filter is made from it, the decoder reads it, the tests walk it. */
#ifndef TRACE_CALLS_H
#define TRACE_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/* What a call means. The columns of the table say where its arguments are. */
enum call_does {
	DOES_OPEN = 1,    /* extra: open flags                                      */
	DOES_OPEN_HOW,    /* extra: struct open_how *                               */
	DOES_CREAT,
	DOES_EXEC,        /* extra: AT_ flags, or NO                                */
	DOES_PROBE,       /* extra: AT_ flags, or NO                                */
	DOES_FD_STAT,     /* the same for a descriptor: adds nothing to what its open told */
	DOES_LPROBE,      /* never follows a link at the end; "" names the fd       */
	DOES_HANDLE_AT,   /* a probe that follows only when asked to                */
	DOES_CHDIR,
	DOES_WRITE,       /* extra: AT_ flags, or NO: attributes                    */
	DOES_LWRITE,      /* the same of a link itself                              */
	DOES_CUT,         /* changes the length                                     */
	DOES_MAKE,        /* mknod: fails if the path is there                      */
	DOES_SYMLINK,     /* the same; argument 0 is where it leads                 */
	DOES_MKDIR,
	DOES_RMDIR,
	DOES_UNLINK,      /* extra: AT_REMOVEDIR, or NO                             */
	DOES_LINK,        /* extra: AT_ flags, or NO; the second path follows the first */
	DOES_RENAME,      /* extra: RENAME_ flags, or NO; same                      */
	DOES_BY_HANDLE,   /* a file without a name: the trace is incomplete         */
	DOES_CHROOT,      /* from now on roots are looked at                        */
	DOES_MOUNT,       /* the same; path: the mount point, or NO                 */
	DOES_CONNECT,     /* arguments as they are                                   */
	DOES_BIND,        /* the same: a Unix socket with a name is made as by mknod */
	DOES_CLONE_TREE,  /* a probe; extra: with OPEN_TREE_CLONE files below have no name */
	DOES_SIGNAL,      /* sets a handler; extra: struct sigaction *              */
	DOES_SEND,        /* sends a signal, or has one sent; extra: the signal, or NO */
	DOES_FILTER,      /* with a listener of its own it fails: the task has one already */
	DOES_NOT_EXIST,   /* answered ENOSYS by the filter                          */
};

#define NO (-1)       /* no such number, no such argument */

/*   name             x86-64 i386 aarch64  does            dirfd path extra
 * A path without a dirfd argument starts at the working directory. The fields of
 * the second path of link and rename follow those of the first. */
#define CALLS(X) \
	X(openat,            257, 295,  56, DOES_OPEN,       0,  1,  2) \
	X(newfstatat,        262, 300,  79, DOES_FD_STAT,    0,  1,  3) \
	X(statx,             332, 383, 291, DOES_FD_STAT,    0,  1,  2) \
	X(readlink,           89,  85,  NO, DOES_LPROBE,    NO,  0, NO) \
	X(access,             21,  33,  NO, DOES_PROBE,     NO,  0, NO) \
	X(stat,                4, 106,  NO, DOES_PROBE,     NO,  0, NO) \
	X(lstat,               6, 107,  NO, DOES_LPROBE,    NO,  0, NO) \
	X(open,                2,   5,  NO, DOES_OPEN,      NO,  0,  1) \
	X(openat2,           437, 437, 437, DOES_OPEN_HOW,   0,  1,  2) \
	X(creat,              85,   8,  NO, DOES_CREAT,     NO,  0, NO) \
	X(execve,             59,  11, 221, DOES_EXEC,      NO,  0, NO) \
	X(execveat,          322, 358, 281, DOES_EXEC,       0,  1,  4) \
	X(stat64,             NO, 195,  NO, DOES_PROBE,     NO,  0, NO) \
	X(lstat64,            NO, 196,  NO, DOES_LPROBE,    NO,  0, NO) \
	X(oldstat,            NO,  18,  NO, DOES_PROBE,     NO,  0, NO) \
	X(oldlstat,           NO,  84,  NO, DOES_LPROBE,    NO,  0, NO) \
	X(faccessat,         269, 307,  48, DOES_PROBE,      0,  1, NO) \
	X(faccessat2,        439, 439, 439, DOES_PROBE,      0,  1,  3) \
	X(readlinkat,        267, 305,  78, DOES_LPROBE,     0,  1, NO) \
	X(chdir,              80,  12,  49, DOES_CHDIR,     NO,  0, NO) \
	X(getxattr,          191, 229,   8, DOES_PROBE,     NO,  0, NO) \
	X(lgetxattr,         192, 230,   9, DOES_LPROBE,    NO,  0, NO) \
	X(listxattr,         194, 232,  11, DOES_PROBE,     NO,  0, NO) \
	X(llistxattr,        195, 233,  12, DOES_LPROBE,    NO,  0, NO) \
	X(getxattrat,        464, 464, 464, DOES_PROBE,      0,  1,  2) \
	X(listxattrat,       465, 465, 465, DOES_PROBE,      0,  1,  2) \
	X(file_getattr,      468, 468, 468, DOES_PROBE,      0,  1,  4) \
	X(statfs,            137,  99,  43, DOES_PROBE,     NO,  0, NO) \
	X(statfs64,           NO, 268,  NO, DOES_PROBE,     NO,  0, NO) \
	X(name_to_handle_at, 303, 341, 264, DOES_HANDLE_AT,  0,  1,  4) \
	X(inotify_add_watch, 254, 292,  27, DOES_PROBE,     NO,  1, NO) \
	X(open_tree,         428, 428, 428, DOES_CLONE_TREE, 0,  1,  2) \
	X(open_tree_attr,    467, 467, 467, DOES_CLONE_TREE, 0,  1,  2) \
	X(fsmount,           432, 432, 432, DOES_BY_HANDLE, NO, NO, NO) \
	X(open_by_handle_at, 304, 342, 265, DOES_BY_HANDLE, NO, NO, NO) \
	X(rename,             82,  38,  NO, DOES_RENAME,    NO,  0, NO) \
	X(renameat,          264, 302,  38, DOES_RENAME,     0,  1, NO) \
	X(renameat2,         316, 353, 276, DOES_RENAME,     0,  1,  4) \
	X(link,               86,   9,  NO, DOES_LINK,      NO,  0, NO) \
	X(linkat,            265, 303,  37, DOES_LINK,       0,  1,  4) \
	X(symlink,            88,  83,  NO, DOES_SYMLINK,   NO,  1, NO) \
	X(symlinkat,         266, 304,  36, DOES_SYMLINK,    1,  2, NO) \
	X(mkdir,              83,  39,  NO, DOES_MKDIR,     NO,  0, NO) \
	X(mkdirat,           258, 296,  34, DOES_MKDIR,      0,  1, NO) \
	X(mknod,             133,  14,  NO, DOES_MAKE,      NO,  0, NO) \
	X(mknodat,           259, 297,  33, DOES_MAKE,       0,  1, NO) \
	X(rmdir,              84,  40,  NO, DOES_RMDIR,     NO,  0, NO) \
	X(unlink,             87,  10,  NO, DOES_UNLINK,    NO,  0, NO) \
	X(unlinkat,          263, 301,  35, DOES_UNLINK,     0,  1,  2) \
	X(truncate,           76,  92,  45, DOES_CUT,       NO,  0, NO) \
	X(truncate64,         NO, 193,  NO, DOES_CUT,       NO,  0, NO) \
	X(chmod,              90,  15,  NO, DOES_WRITE,     NO,  0, NO) \
	X(fchmodat,          268, 306,  53, DOES_WRITE,      0,  1, NO) \
	X(fchmodat2,         452, 452, 452, DOES_WRITE,      0,  1,  3) \
	X(chown,              92, 182,  NO, DOES_WRITE,     NO,  0, NO) \
	X(lchown,             94,  16,  NO, DOES_LWRITE,    NO,  0, NO) \
	X(chown32,            NO, 212,  NO, DOES_WRITE,     NO,  0, NO) \
	X(lchown32,           NO, 198,  NO, DOES_LWRITE,    NO,  0, NO) \
	X(fchownat,          260, 298,  54, DOES_WRITE,      0,  1,  4) \
	X(utime,             132,  30,  NO, DOES_WRITE,     NO,  0, NO) \
	X(utimes,            235, 271,  NO, DOES_WRITE,     NO,  0, NO) \
	X(utimensat,         280, 320,  88, DOES_WRITE,      0,  1,  3) \
	X(utimensat_time64,   NO, 412,  NO, DOES_WRITE,      0,  1,  3) \
	X(futimesat,         261, 299,  NO, DOES_WRITE,      0,  1, NO) \
	X(setxattr,          188, 226,   5, DOES_WRITE,     NO,  0, NO) \
	X(lsetxattr,         189, 227,   6, DOES_LWRITE,    NO,  0, NO) \
	X(removexattr,       197, 235,  14, DOES_WRITE,     NO,  0, NO) \
	X(lremovexattr,      198, 236,  15, DOES_LWRITE,    NO,  0, NO) \
	X(setxattrat,        463, 463, 463, DOES_WRITE,      0,  1,  2) \
	X(removexattrat,     466, 466, 466, DOES_WRITE,      0,  1,  2) \
	X(file_setattr,      469, 469, 469, DOES_WRITE,      0,  1,  4) \
	X(chroot,            161,  61,  51, DOES_CHROOT,    NO,  0, NO) \
	X(pivot_root,        155, 217,  41, DOES_MOUNT,     NO, NO, NO) \
	X(mount,             165,  21,  40, DOES_MOUNT,     NO,  1, NO) \
	X(umount,             NO,  22,  NO, DOES_MOUNT,     NO,  0, NO) \
	X(umount2,           166,  52,  39, DOES_MOUNT,     NO,  0, NO) \
	X(move_mount,        429, 429, 429, DOES_MOUNT,      2,  3, NO) \
	X(setns,             308, 346, 268, DOES_CHROOT,    NO, NO, NO) \
	X(connect,            42, 362, 203, DOES_CONNECT,   NO, NO, NO) \
	X(bind,               49, 361, 200, DOES_BIND,      NO, NO, NO) \
	X(rt_sigaction,       13, 174, 134, DOES_SIGNAL,    NO, NO,  1) \
	X(kill,               62,  37, 129, DOES_SEND,      NO, NO,  1) \
	X(tkill,             200, 238, 130, DOES_SEND,      NO, NO,  1) \
	X(tgkill,            234, 270, 131, DOES_SEND,      NO, NO,  2) \
	X(rt_sigqueueinfo,   129, 178, 138, DOES_SEND,      NO, NO,  1) \
	X(rt_tgsigqueueinfo, 297, 335, 240, DOES_SEND,      NO, NO,  2) \
	X(pidfd_send_signal, 424, 424, 424, DOES_SEND,      NO, NO,  1) \
	X(timer_create,      222, 259, 107, DOES_SEND,      NO, NO, NO) \
	X(seccomp,           317, 354, 277, DOES_FILTER,    NO, NO, NO) \
	X(io_uring_setup,    425, 425, 425, DOES_NOT_EXIST, NO, NO, NO)

enum call_id {
#define X(name, x, i, a, does, dirfd, path, extra) CALL_##name,
	CALLS(X)
#undef X
	CALLS_COUNT
};

/* The architectures that a task's programs may have here. */
enum call_arch { ARCH_NATIVE, ARCH_COMPAT, ARCH_COUNT };

struct call {
	const char *name;
	int16_t number[ARCH_COUNT];     /* NO: this architecture lacks it */
	uint8_t does;                   /* enum call_does */
	int8_t dirfd, path, extra;      /* which argument, or NO */
};

extern const struct call calls[CALLS_COUNT];
extern const uint32_t call_audit_arch[ARCH_COUNT];     /* AUDIT_ARCH_*; 0: there is none */

/* The call of this number, or NULL. `arch`: AUDIT_ARCH_*. */
const struct call *call_find(uint32_t arch, int32_t number);

/* Some calls mean another thing when the file exists already. */
enum call_depends {
	DEPENDS_NOT,
	DEPENDS_READ,      /* act 0 reads it only if it is there: else it only looked, and made it */
	DEPENDS_WRITE,     /* the last act makes it only if it is missing: else the call fails */
	DEPENDS_MKDIR,     /* the only act makes it if it is missing: else the call only looked */
	DEPENDS_RENAME,    /* the first path must be there, and with `keeps` the second must not: else the call only looked */
};

#define CALL_PATHS 2
#define CALL_ACTS  4

/* A path as the program gave it. */
struct call_path {
	int32_t dirfd;           /* AT_FDCWD, or a descriptor of the program */
	uint64_t address;        /* in its memory */
	bool empty_is_fd;        /* "" (or NULL, where allowed) names the descriptor itself */
};

/* What it did or asked, in order; most calls have one path and one act. */
struct call_meaning {
	struct call_path path[CALL_PATHS];
	uint8_t paths;
	uint8_t acts;
	struct { uint16_t op, flags; uint8_t path; } act[CALL_ACTS];
	uint8_t depends;         /* enum call_depends: on whether the file is there before the call */
	bool keeps;              /* a rename that does not replace */
	bool maps;               /* it opens a file that can be mapped for writing */
	bool content;            /* the content of a file may change: the tracer looks at it first */
	uint64_t action;         /* where the struct sigaction is that it sets; 0: it sets none */
	bool sends;              /* a signal that only programs send, or any signal */
	uint64_t target;         /* where the text of a link is that it makes; 0: it makes none */
	bool listens;            /* it asks to be told of system calls, as the tracer is */
	bool exec;               /* act 0 is the start of a program */
	bool by_handle, chroot, mount, connect;
	bool bind;               /* path 0 is in the address that is given, if it is a Unix socket's name */
};

/* `how`: the first member of the open_how that `openat2` was given. */
void call_decode(const struct call *call, const uint64_t *args, uint64_t how, struct call_meaning *ret);
#endif
