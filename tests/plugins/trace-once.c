/* trace-once FUNCTION TIMES: calls one function of the C library so many times, with the shim's
 * gate open. trace-once: prints all functions that it knows. The difference between two
 * numbers of times tells how many calls of each wait for vt. Works in the current folder. */
#define _GNU_SOURCE
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

extern char **environ;
static int round_number;                 /* a name for what each call makes */
static char fresh[32], other[32];

static void opened(int fd) { if (fd >= 0) close(fd); }
static void streamed(FILE *f) { if (f) fclose(f); }
static void listed(DIR *d) { if (d) closedir(d); }
static void ended(pid_t pid) { if (pid > 0) waitpid(pid, NULL, 0); }
static int each(const char *p, const struct stat *s, int t, struct FTW *f) { (void)p, (void)s, (void)t, (void)f; return 0; }
static int every(const char *p, const struct stat *s, int t) { (void)p, (void)s, (void)t; return 0; }
static void make(const char *name) { opened(open(name, O_WRONLY | O_CREAT, 0600)); }
static void scanned(struct dirent **list, int n) { while (n > 0) free(list[--n]); free(list); }

static void spawned(int by_path)
{
	char *argv[] = { (char *)"true", NULL };
	pid_t pid = -1;

	if (by_path)
		posix_spawn(&pid, "./true", NULL, NULL, argv, environ);
	else
		posix_spawnp(&pid, "true", NULL, NULL, argv, environ);
	ended(pid);
}

static void walked(void)
{
	char *paths[] = { (char *)"folder", NULL };
	FTS *t = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

	while (t && fts_read(t))
		;
	if (t)
		fts_close(t);
}

#define CASES(X) \
	X(open, opened(open("file", O_RDONLY))) \
	X(open_new, opened(open(fresh, O_WRONLY | O_CREAT, 0600))) \
	X(open_own, opened(open("own", O_WRONLY | O_TRUNC))) \
	X(open_to_read_and_write, opened(open("own", O_RDWR))) \
	X(openat, opened(openat(AT_FDCWD, "file", O_RDONLY))) \
	X(creat, opened(creat(fresh, 0600))) \
	X(open_tmpfile, opened(open(".", O_TMPFILE | O_RDWR, 0600))) \
	X(fopen_r, streamed(fopen("file", "r"))) X(fopen_re, streamed(fopen("file", "re"))) X(fopen_rb, streamed(fopen("file", "rb"))) \
	X(fopen_rm, streamed(fopen("file", "rm"))) X(fopen_rc, streamed(fopen("file", "rc"))) X(fopen_ccs, streamed(fopen("file", "r,ccs=UTF-8"))) \
	X(fopen_r_plus, streamed(fopen("own", "r+"))) X(fopen_w, streamed(fopen(fresh, "w"))) X(fopen_wx, streamed(fopen(fresh, "wx"))) \
	X(fopen_w_plus, streamed(fopen(fresh, "w+"))) X(fopen_a, streamed(fopen("own", "a"))) X(fopen_a_plus, streamed(fopen("own", "a+"))) \
	X(freopen, streamed(freopen("file", "r", fopen("file", "r")))) \
	X(tmpfile, streamed(tmpfile())) \
	X(mkstemp, { char t[] = "tXXXXXX"; opened(mkstemp(t)); unlink(t); }) \
	X(mkostemp, { char t[] = "tXXXXXX"; opened(mkostemp(t, O_CLOEXEC)); unlink(t); }) \
	X(mkstemps, { char t[] = "tXXXXXX.c"; opened(mkstemps(t, 2)); unlink(t); }) \
	X(mkdtemp, { char t[] = "tXXXXXX"; if (mkdtemp(t)) rmdir(t); }) \
	X(opendir, listed(opendir("folder"))) \
	X(scandir, { struct dirent **l = NULL; int n = scandir("folder", &l, NULL, NULL); scanned(l, n); }) \
	X(scandirat, { struct dirent **l = NULL; int n = scandirat(AT_FDCWD, "folder", &l, NULL, NULL); scanned(l, n); }) \
	X(glob, { glob_t g; if (!glob("folder/*", 0, NULL, &g)) globfree(&g); }) \
	X(nftw, nftw("folder", each, 8, FTW_PHYS)) X(ftw, ftw("folder", every, 8)) X(fts, walked()) \
	X(stat, { struct stat s; (void)!stat("file", &s); }) X(lstat, { struct stat s; (void)!lstat("file", &s); }) \
	X(fstatat, { struct stat s; (void)!fstatat(AT_FDCWD, "file", &s, 0); }) X(statx, { struct statx s; (void)!statx(AT_FDCWD, "file", 0, STATX_ALL, &s); }) \
	X(fstat, { struct stat s; (void)!fstat(0, &s); }) \
	X(access, (void)!access("file", R_OK)) X(faccessat, (void)!faccessat(AT_FDCWD, "file", R_OK, 0)) \
	X(faccessat_eaccess, (void)!faccessat(AT_FDCWD, "file", R_OK, AT_EACCESS)) X(eaccess, (void)!eaccess("file", R_OK)) \
	X(readlink, { char t[99]; (void)!readlink("link", t, sizeof t); }) X(readlinkat, { char t[99]; (void)!readlinkat(AT_FDCWD, "link", t, sizeof t); }) \
	X(realpath, free(realpath("folder/inside", NULL))) X(realpath_link, free(realpath("link", NULL))) \
	X(canonicalize_file_name, free(canonicalize_file_name("folder/inside"))) \
	X(getcwd, free(getcwd(NULL, 0))) X(get_current_dir_name, free(get_current_dir_name())) \
	X(chdir, { (void)!chdir("folder"); (void)!chdir(".."); }) \
	X(statfs, { struct statfs s; statfs("file", &s); }) X(statvfs, { struct statvfs s; statvfs("file", &s); }) \
	X(pathconf, (void)pathconf("file", _PC_LINK_MAX)) \
	X(getxattr, { char t[9]; (void)!getxattr("file", "user.x", t, sizeof t); }) X(listxattr, { char t[99]; (void)!listxattr("file", t, sizeof t); }) \
	X(setxattr, (void)setxattr(fresh, "user.x", "y", 1, 0)) X(removexattr, (void)removexattr(fresh, "user.x")) \
	X(mkdir, mkdir(fresh, 0700)) X(rmdir, { mkdir(fresh, 0700); rmdir(fresh); }) \
	X(unlink, { make(fresh); unlink(fresh); }) X(unlinkat, { make(fresh); unlinkat(AT_FDCWD, fresh, 0); }) \
	X(remove, { make(fresh); remove(fresh); }) X(remove_folder, { mkdir(fresh, 0700); remove(fresh); }) \
	X(rename, { make(fresh); rename(fresh, other); }) X(renameat, { make(fresh); renameat(AT_FDCWD, fresh, AT_FDCWD, other); }) \
	X(renameat2, { make(fresh); renameat2(AT_FDCWD, fresh, AT_FDCWD, other, RENAME_NOREPLACE); }) \
	X(link, { (void)!link("own", fresh); }) X(linkat, { (void)!linkat(AT_FDCWD, "own", AT_FDCWD, fresh, 0); }) \
	X(symlink, (void)!symlink("own", fresh)) X(symlinkat, (void)!symlinkat("own", AT_FDCWD, fresh)) \
	X(mknod, mknod(fresh, S_IFREG | 0600, 0)) X(mknodat, mknodat(AT_FDCWD, fresh, S_IFREG | 0600, 0)) \
	X(mkfifo, mkfifo(fresh, 0600)) X(mkfifoat, mkfifoat(AT_FDCWD, fresh, 0600)) \
	X(truncate, (void)!truncate("own", 0)) \
	X(chmod, chmod("own", 0600)) X(fchmodat, fchmodat(AT_FDCWD, "own", 0600, 0)) X(lchmod, lchmod("own", 0600)) \
	X(chown, (void)!chown("own", getuid(), getgid())) X(lchown, (void)!lchown("own", getuid(), getgid())) \
	X(fchownat, (void)!fchownat(AT_FDCWD, "own", getuid(), getgid(), 0)) \
	X(utime, utime("own", NULL)) X(utimes, utimes("own", NULL)) X(lutimes, lutimes("own", NULL)) \
	X(futimesat, futimesat(AT_FDCWD, "own", NULL)) X(utimensat, utimensat(AT_FDCWD, "own", NULL, 0)) \
	X(futimens, { int fd = open("own", O_RDONLY); futimens(fd, NULL); close(fd); }) X(futimes, { int fd = open("own", O_RDONLY); futimes(fd, NULL); close(fd); }) \
	X(inotify_add_watch, { int fd = inotify_init1(0); inotify_add_watch(fd, "folder", IN_CREATE); close(fd); }) \
	X(name_to_handle_at, { struct file_handle h = { 0 }; int m; name_to_handle_at(AT_FDCWD, "file", &h, &m, 0); }) \
	X(dlopen, { void *l = dlopen("./library.so", RTLD_NOW); if (l) dlclose(l); }) \
	X(fork_execv, { pid_t p = fork(); char *a[] = { (char *)"true", NULL }; if (!p) { execv("./true", a); _exit(1); } ended(p); }) \
	X(vfork_execv, { pid_t p = vfork(); char *a[] = { (char *)"true", NULL }; if (!p) { execv("./true", a); _exit(1); } ended(p); }) \
	X(fork_execvp, { pid_t p = fork(); char *a[] = { (char *)"true", NULL }; if (!p) { execvp("true", a); _exit(1); } ended(p); }) \
	X(fork_execl, { pid_t p = fork(); if (!p) { execl("./true", "true", (char *)NULL); _exit(1); } ended(p); }) \
	X(fork_execlp, { pid_t p = fork(); if (!p) { execlp("true", "true", (char *)NULL); _exit(1); } ended(p); }) \
	X(fork_fexecve, { pid_t p = fork(); char *a[] = { (char *)"true", NULL }; if (!p) { fexecve(open("true", O_RDONLY), a, environ); _exit(1); } ended(p); }) \
	X(posix_spawn, spawned(1)) X(posix_spawnp, spawned(0)) \
	X(system, (void)!system("./true")) X(popen, { FILE *f = popen("./true", "r"); if (f) pclose(f); }) \
	X(getpwnam, (void)getpwnam("nobody")) X(getpwuid, (void)getpwuid(0)) X(getgrnam, (void)getgrnam("nogroup")) \
	X(setlocale, setlocale(LC_ALL, "xx_XX")) X(tzset, { setenv("TZ", round_number % 2 ? "Europe/Berlin" : "Asia/Tokyo", 1); tzset(); }) \
	X(gethostbyname, (void)gethostbyname("localhost")) X(iconv_open, { iconv_t i = iconv_open("UTF-16", "LATIN1"); if (i != (iconv_t)-1) iconv_close(i); })

static const char *const names[] = {
#define X(name, ...) #name,
	CASES(X)
#undef X
};

static void once(const char *name)
{
#define X(which, ...) if (!strcmp(name, #which)) { __VA_ARGS__; return; }
	CASES(X)
#undef X
	exit(2);
}

int main(int argc, char **argv)
{
	size_t i;
	int n;

	for (i = 0; argc < 3 && i < sizeof names / sizeof *names; i++)
		puts(names[i]);
	if (argc < 3)
		return 0;
	for (n = 0; n < 40; n++)
		(void)!access("none", F_OK);
	/* each by the gate from here on, and its first time is not counted */
	make("own");
	for (round_number = 0; round_number < atoi(argv[2]); round_number++) {
		snprintf(fresh, sizeof fresh, "made%d", round_number);
		snprintf(other, sizeof other, "moved%d", round_number);
		once(argv[1]);
	}
	return 0;
}
