/* change: the functions of the C library that make, change, move and remove files. */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "next.h"

#define IS_DEVICE(mode) (((mode) & S_IFMT) == S_IFCHR || ((mode) & S_IFMT) == S_IFBLK)

/* ---- making ---------------------------------------------------------------------- */

BY_GATE_OR_AGAIN(int, -1, mkdir, (const char *path, unsigned mode), (path, mode),
		 CHANGES(__NR_mkdir, 0, AT_FDCWD, path, GATE_MAKES, (long)path, mode))
BY_GATE_OR_AGAIN(int, -1, mkdirat, (int dir, const char *path, unsigned mode), (dir, path, mode),
		 CHANGES(__NR_mkdirat, 0, dir, path, GATE_MAKES, dir, (long)path, mode))
BY_GATE_OR_AGAIN(int, -1, symlink, (const char *target, const char *path), (target, path),
		 target && LINKS(__NR_symlink, AT_FDCWD, path, target, (long)target, (long)path))
BY_GATE_OR_AGAIN(int, -1, symlinkat, (const char *target, int dir, const char *path), (target, dir, path),
		 target && LINKS(__NR_symlinkat, dir, path, target, (long)target, dir, (long)path))
BY_GATE_OR_AGAIN(int, -1, link, (const char *from, const char *to), (from, to),
		 to && CHANGES_TWO(__NR_link, 0, AT_FDCWD, from, 0, AT_FDCWD, to, GATE_MAKES, (long)from, (long)to))
BY_GATE_OR_AGAIN(int, -1, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags),
		 to && CHANGES_TWO(__NR_linkat, flags, a, from, 0, b, to, GATE_MAKES, a, (long)from, b, (long)to, flags))
BY_GATE_OR_AGAIN(int, -1, mknod, (const char *path, unsigned mode, unsigned long device), (path, mode, device),
		 !IS_DEVICE(mode) && CHANGES(__NR_mknod, 0, AT_FDCWD, path, GATE_MAKES, (long)path, mode))
BY_GATE_OR_AGAIN(int, -1, mknodat, (int dir, const char *path, unsigned mode, unsigned long device), (dir, path, mode, device),
		 !IS_DEVICE(mode) && CHANGES(__NR_mknodat, 0, dir, path, GATE_MAKES, dir, (long)path, mode))
BY_GATE_OR_AGAIN(int, -1, mkfifo, (const char *path, unsigned mode), (path, mode),
		 CHANGES(__NR_mknod, 0, AT_FDCWD, path, GATE_MAKES, (long)path, mode | S_IFIFO))
BY_GATE_OR_AGAIN(int, -1, mkfifoat, (int dir, const char *path, unsigned mode), (dir, path, mode),
		 CHANGES(__NR_mknodat, 0, dir, path, GATE_MAKES, dir, (long)path, mode | S_IFIFO))

/* ---- removing and moving ---------------------------------------------------------- */

BY_GATE_OR_AGAIN(int, -1, rmdir, (const char *path), (path),
		 CHANGES(__NR_rmdir, 0, AT_FDCWD, path, GATE_FOLDER, (long)path))
BY_GATE_OR_AGAIN(int, -1, unlink, (const char *path), (path),
		 CHANGES(__NR_unlink, 0, AT_FDCWD, path, 0, (long)path))
BY_GATE_OR_AGAIN(int, -1, unlinkat, (int dir, const char *path, int flags), (dir, path, flags),
		 CHANGES(__NR_unlinkat, flags, dir, path, flags & AT_REMOVEDIR ? GATE_FOLDER : 0, dir, (long)path, flags))
BY_GATE_OR_AGAIN(int, -1, remove, (const char *path), (path),
		 gate_is_folder(path) ? CHANGES(__NR_rmdir, 0, AT_FDCWD, path, GATE_FOLDER, (long)path) :
					CHANGES(__NR_unlink, 0, AT_FDCWD, path, 0, (long)path))
BY_GATE_OR_AGAIN(int, -1, rename, (const char *from, const char *to), (from, to),
		 to && CHANGES_TWO(__NR_rename, 0, AT_FDCWD, from, GATE_CHANGES | GATE_FOLDER, AT_FDCWD, to, GATE_FOLDER, (long)from, (long)to))
BY_GATE_OR_AGAIN(int, -1, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to),
		 to && CHANGES_TWO(__NR_renameat, 0, a, from, GATE_CHANGES | GATE_FOLDER, b, to, GATE_FOLDER, a, (long)from, b, (long)to))
BY_GATE_OR_AGAIN(int, -1, renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags),
		 to && (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) == 0 &&
		 CHANGES_TWO(__NR_renameat2, flags, a, from, GATE_CHANGES | GATE_FOLDER, b, to, GATE_FOLDER, a, (long)from, b, (long)to, flags))

/* As long[2] the kernel's struct timespec, of which there are two. */
struct timeval { long seconds, microseconds; };
#define IN_NANOSECONDS(times) (!(times) ? NULL : (long[4]){ (times)[0].seconds, (times)[0].microseconds * 1000, \
							     (times)[1].seconds, (times)[1].microseconds * 1000 })

/* ---- contents and attributes ------------------------------------------------------ */

BY_GATE_OR_AGAIN(int, -1, truncate, (const char *path, long size), (path, size),
		 CHANGES(__NR_truncate, 0, AT_FDCWD, path, GATE_FOLLOWS, (long)path, size))
BY_GATE_OR_AGAIN(int, -1, truncate64, (const char *path, long size), (path, size),
		 CHANGES(__NR_truncate, 0, AT_FDCWD, path, GATE_FOLLOWS, (long)path, size))
BY_GATE_OR_AGAIN(int, -1, chmod, (const char *path, unsigned mode), (path, mode),
		 CHANGES(__NR_chmod, 0, AT_FDCWD, path, GATE_FOLLOWS | GATE_FOLDER, (long)path, mode))
AGAIN(int, -1, lchmod, (const char *path, unsigned mode), (path, mode))
BY_GATE_OR_AGAIN(int, -1, fchmodat, (int dir, const char *path, unsigned mode, int flags), (dir, path, mode, flags),
		 flags == 0 && CHANGES(__NR_fchmodat, 0, dir, path, GATE_FOLLOWS | GATE_FOLDER, dir, (long)path, mode))
BY_GATE_OR_AGAIN(int, -1, chown, (const char *path, unsigned user, unsigned group), (path, user, group),
		 CHANGES(__NR_chown, 0, AT_FDCWD, path, GATE_FOLLOWS | GATE_FOLDER, (long)path, user, group))
BY_GATE_OR_AGAIN(int, -1, lchown, (const char *path, unsigned user, unsigned group), (path, user, group),
		 CHANGES(__NR_lchown, 0, AT_FDCWD, path, GATE_FOLDER, (long)path, user, group))
BY_GATE_OR_AGAIN(int, -1, fchownat, (int dir, const char *path, unsigned user, unsigned group, int flags), (dir, path, user, group, flags),
		 CHANGES(__NR_fchownat, flags, dir, path, (flags & AT_SYMLINK_NOFOLLOW ? 0 : GATE_FOLLOWS) | GATE_FOLDER,
			 dir, (long)path, user, group, flags))
BY_GATE_OR_AGAIN(int, -1, utime, (const char *path, const void *times), (path, times),
		 CHANGES(__NR_utime, 0, AT_FDCWD, path, GATE_FOLLOWS | GATE_FOLDER, (long)path, (long)times))
BY_GATE_OR_AGAIN(int, -1, utimes, (const char *path, const void *times), (path, times),
		 CHANGES(__NR_utimes, 0, AT_FDCWD, path, GATE_FOLLOWS | GATE_FOLDER, (long)path, (long)times))
BY_GATE_OR_AGAIN(int, -1, lutimes, (const char *path, const struct timeval times[2]), (path, times),
		 CHANGES(__NR_utimensat, AT_SYMLINK_NOFOLLOW, AT_FDCWD, path, GATE_FOLDER,
			 AT_FDCWD, (long)path, (long)IN_NANOSECONDS(times), AT_SYMLINK_NOFOLLOW))
BY_GATE_OR_AGAIN(int, -1, futimesat, (int dir, const char *path, const void *times), (dir, path, times),
		 CHANGES(__NR_futimesat, 0, dir, path, GATE_FOLLOWS | GATE_FOLDER, dir, (long)path, (long)times))
BY_GATE_OR_AGAIN(int, -1, utimensat, (int dir, const char *path, const void *times, int flags), (dir, path, times, flags),
		 CHANGES(__NR_utimensat, flags, dir, path, (flags & AT_SYMLINK_NOFOLLOW ? 0 : GATE_FOLLOWS) | GATE_FOLDER,
			 dir, (long)path, (long)times, flags))
BY_GATE_OR_AGAIN(int, -1, futimens, (int fd, const void *times), (fd, times),
		 fd >= 0 && SETS_TIMES(fd, times))
BY_GATE_OR_AGAIN(int, -1, futimes, (int fd, const struct timeval times[2]), (fd, times),
		 fd >= 0 && SETS_TIMES(fd, IN_NANOSECONDS(times)))
BY_GATE_OR_AGAIN(int, -1, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags), (path, name, value, size, flags),
		 CHANGES(__NR_setxattr, 0, AT_FDCWD, path, GATE_FOLLOWS | GATE_FOLDER, (long)path, (long)name, (long)value, (long)size, flags))
BY_GATE_OR_AGAIN(int, -1, lsetxattr, (const char *path, const char *name, const void *value, size_t size, int flags), (path, name, value, size, flags),
		 CHANGES(__NR_lsetxattr, 0, AT_FDCWD, path, GATE_FOLDER, (long)path, (long)name, (long)value, (long)size, flags))
BY_GATE_OR_AGAIN(int, -1, removexattr, (const char *path, const char *name), (path, name),
		 CHANGES(__NR_removexattr, 0, AT_FDCWD, path, GATE_FOLLOWS | GATE_FOLDER, (long)path, (long)name))
BY_GATE_OR_AGAIN(int, -1, lremovexattr, (const char *path, const char *name), (path, name),
		 CHANGES(__NR_lremovexattr, 0, AT_FDCWD, path, GATE_FOLDER, (long)path, (long)name))
