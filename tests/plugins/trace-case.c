/* trace-case NAME: does one thing that a tracer may get wrong, and checks that it
 * still works as the kernel promises. The tests look at what was seen. */
#define _GNU_SOURCE
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void expect(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void finish(pid_t pid)
{
	int status;

	expect(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status), "a child");
}

/* ---- new calls, and those that libc seldom makes ---- */

static void calls(void)
{
	struct open_how how = { .flags = O_RDONLY };
	struct statx x;
	struct stat st;
	char name[] = "mkstemp-XXXXXX";
	int fd, dir;

	expect((fd = (int)syscall(SYS_openat2, AT_FDCWD, "by-openat2", &how, sizeof how)) >= 0, "openat2");
	expect(!syscall(SYS_statx, AT_FDCWD, "by-statx", 0, STATX_ALL, &x), "statx");
	expect(syscall(SYS_faccessat2, AT_FDCWD, "missing-faccessat2", R_OK, AT_EACCESS) < 0 && errno == ENOENT, "faccessat2");
	expect(eaccess("missing-eaccess", R_OK) < 0 && errno == ENOENT, "eaccess");
	expect((fd = mkstemp(name)) >= 0 && !unlink(name), "mkstemp");
	expect((dir = open("folder", O_RDONLY | O_DIRECTORY)) >= 0, "open folder");
	expect(openat(dir, "inside", O_RDONLY) >= 0, "openat");
	expect(!fstatat(dir, "", &st, AT_EMPTY_PATH), "fstat by fstatat");
	expect(!fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH), "stat of the working directory");
	expect(!chdir("folder"), "chdir");
	expect(open("../by-dots", O_RDONLY) >= 0, "..");
	expect(open("./deep//./file", O_RDONLY) >= 0, "//");
	expect(readlink("link", name, sizeof name) > 0, "readlink");
	expect(syscall(SYS_io_uring_setup, 1, name) < 0 && errno == ENOSYS, "io_uring");
}

/* ---- descriptors by name ---- */

static void descriptors(void)
{
	char name[64];
	int fd = open("by-openat2", O_PATH);

	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	expect(open(name, O_RDONLY) >= 0, name);
	fd = open("by-statx", O_PATH);
	snprintf(name, sizeof name, "/dev/fd/%d", fd);
	expect(open(name, O_RDONLY) >= 0, name);
	expect(open("/proc/self/cwd/by-dots", O_RDONLY) >= 0, "cwd");
	expect(!unlink("gone") || errno == ENOENT, "unlink");
	fd = open(".", O_TMPFILE | O_WRONLY, 0600);
	expect(fd >= 0, "O_TMPFILE");
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	expect(!linkat(AT_FDCWD, name, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW), "linkat");
}

static void *opens_it(void *name)
{
	expect(open(name, O_RDONLY) >= 0, name);
	return NULL;
}

/* by way of what another thread or process has open */
static void others(void)
{
	char name[64];
	pthread_t thread;
	int status;
	pid_t child;

	snprintf(name, sizeof name, "/proc/%d/fd/%d", (int)getpid(), open("by-thread", O_PATH));
	pthread_create(&thread, NULL, opens_it, name);
	pthread_join(thread, NULL);
	snprintf(name, sizeof name, "/proc/%d/cwd/by-child", (int)getpid());
	child = fork();
	if (child == 0) {
		opens_it(name);
		_exit(0);
	}
	expect(waitpid(child, &status, 0) == child && status == 0, "child");
	snprintf(name, sizeof name, "/proc/self/task/%d/cwd/by-task", (int)getpid());
	opens_it(name);
}

static void own_root(void)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_IN_ROOT };

	expect(syscall(SYS_openat2, open(".", O_PATH | O_DIRECTORY), "/by-dots", &how, sizeof how) >= 0, "openat2");
}

/* ---- paths that are hard to read ---- */

static void paths(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at;
	char longest[PATH_MAX + 64] = "";

	/* ends with the last byte before an unmapped page */
	expect(!munmap(two + page, page), "munmap");
	at = strcpy(two + page - sizeof "edge", "edge");
	expect(open(at, O_RDONLY) >= 0, "edge");
	/* begins in one page, ends in another */
	two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at = strcpy(two + page - 3, "across");
	expect(open(at, O_RDONLY) >= 0, "across");
	expect(open("a\nnew\\line", O_RDONLY) >= 0, "newline");
	expect(open("not-utf8-\xff\xfe", O_RDONLY) >= 0, "not utf-8");
	while (strlen(longest) + 10 < PATH_MAX)
		strcat(longest, "./././././");
	memset(longest + strlen(longest), '/', 4095 - strlen(longest) - strlen("long"));
	strcpy(longest + 4095 - strlen("long"), "long");
	expect(strlen(longest) == 4095 && open(longest, O_RDONLY) >= 0, "4095 bytes");
	strcat(longest, "x");
	expect(open(longest, O_RDONLY) < 0 && errno == ENAMETOOLONG, "4096 bytes");
	expect(syscall(SYS_openat, AT_FDCWD, (char *)8, O_RDONLY) < 0 && errno == EFAULT, "bad pointer");
	expect(syscall(SYS_openat, AT_FDCWD, NULL, O_RDONLY) < 0 && errno == EFAULT, "NULL");
	expect(open("", O_RDONLY) < 0 && errno == ENOENT, "empty");
	expect(syscall(SYS_openat, 999, "by-dots", O_RDONLY) < 0 && errno == EBADF, "bad descriptor");
}

/* ---- ways to start a program ---- */

static void start_by_clone3(void)
{
#ifdef SYS_clone3
	/* struct clone_args as far as the first version goes: flags, ..., exit_signal, ... */
	uint64_t args[8] = { [4] = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, args, sizeof args);

	if (pid < 0 && errno == ENOSYS)
		pid = fork();
	expect(pid >= 0, "clone3");
	if (!pid)
		_exit(execl("/bin/cat", "cat", "by-clone3", (char *)NULL));
	finish(pid);
#endif
}

static void children(void)
{
	char *const argv[] = { (char *)"cat", (char *)"spawned", NULL }, *none[] = { NULL };
	pid_t pid;
	FILE *f;

	expect(!posix_spawn(&pid, "/bin/cat", NULL, NULL, argv, environ), "posix_spawn");
	finish(pid);
	pid = vfork();
	if (!pid) {
		if (open("before-exec", O_RDONLY) < 0)
			_exit(1);
		execle("/bin/cat", "cat", "vforked", (char *)NULL, none);
		_exit(1);
	}
	finish(pid);
	expect(!system("cat by-system"), "system");
	expect((f = popen("cat by-popen", "r")) && fgetc(f) != EOF && !pclose(f), "popen");
	pid = (pid_t)syscall(SYS_fork);
	if (!pid)
		_exit(execl("./script", "script", (char *)NULL));
	finish(pid);
	start_by_clone3();
}

/* ---- what may be made, and what was there ---- */

static void making(void)
{
	int i;

	expect(open("made-rdwr", O_RDWR | O_CREAT, 0600) >= 0, "make");
	expect(open("there-rdwr", O_RDWR | O_CREAT, 0600) >= 0, "open");
	expect(open("made-rdonly", O_RDONLY | O_CREAT, 0600) >= 0, "make by reading");
	expect(open("made-rdonly", O_RDONLY | O_CREAT, 0600) >= 0, "open what was made");
	expect(open("there-rdonly", O_RDONLY | O_CREAT, 0600) >= 0, "open by reading");
	expect(open("made-append", O_WRONLY | O_CREAT | O_APPEND, 0600) >= 0, "append");
	expect(open("there-append", O_WRONLY | O_CREAT | O_APPEND, 0600) >= 0, "append");
	expect(open("made-excl", O_RDWR | O_CREAT | O_EXCL, 0600) >= 0, "exclusive");
	expect(open("there-excl", O_RDWR | O_CREAT | O_EXCL, 0600) < 0 && errno == EEXIST, "exclusive, there");
	expect(open("trunc", O_RDWR | O_CREAT | O_TRUNC, 0600) >= 0, "truncate");
	expect(symlink("x", "there-excl") < 0 && errno == EEXIST, "symlink");
	expect(!symlink("x", "made-link"), "symlink");
	for (i = 0; i < 3; i++) {
		expect(open("again", O_WRONLY | O_CREAT, 0600) >= 0, "again");
		expect(!unlink("again"), "unlink");
	}
	expect(open("again", O_WRONLY | O_CREAT, 0600) >= 0, "again");
	expect(!rename("again", "renamed"), "rename");
	expect(!renameat2(AT_FDCWD, "made-rdwr", AT_FDCWD, "made-append", RENAME_EXCHANGE), "exchange");
	expect(!mkdir("made-dir", 0700) && !rmdir("made-dir"), "mkdir");
	expect(!mkdir("made-dir", 0700) && !unlinkat(AT_FDCWD, "made-dir", AT_REMOVEDIR), "unlinkat");
}

/* ---- what the kernel promises ---- */

static void fails(long result, int error, const char *what)
{
	expect(result < 0 && errno == error, what);
}

/* No answer and no argument is changed on the way. */
static void promises(void)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_NO_SYMLINKS }, wrong = { .flags = ~0ull };
	struct stat st;
	char text[8];
	int fd;

	fails(open("missing", O_RDONLY), ENOENT, "open");
	fails(open("file/below", O_RDONLY), ENOTDIR, "open below a file");
	fails(open("loop", O_RDONLY), ELOOP, "open of a loop");
	fails(open("link", O_RDONLY | O_NOFOLLOW), ELOOP, "open of a link");
	fails(open("folder", O_WRONLY), EISDIR, "open of a directory");
	fails(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR, "open as a directory");
	fails(open("file", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST, "open exclusively");
	fails(syscall(SYS_openat2, AT_FDCWD, "link", &how, sizeof how), ELOOP, "openat2");
	fails(syscall(SYS_openat2, AT_FDCWD, "file", &wrong, sizeof wrong), EINVAL, "openat2, wrong flags");
	fails(syscall(SYS_openat2, AT_FDCWD, "file", NULL, sizeof how), EFAULT, "openat2, NULL");
	fails(stat("missing", &st), ENOENT, "stat");
	fails(lstat("file/below", &st), ENOTDIR, "lstat");
	fails(syscall(SYS_newfstatat, AT_FDCWD, "file", (void *)8, 0), EFAULT, "stat into nowhere");
	fails(fstatat(AT_FDCWD, "file", &st, 0x800000), EINVAL, "fstatat, wrong flags");
	fails(access("missing", R_OK), ENOENT, "access");
	fails(syscall(SYS_faccessat2, AT_FDCWD, "file", 99, 0), EINVAL, "faccessat2");
	fails(readlink("file", text, sizeof text), EINVAL, "readlink");
	fails(mkdir("folder", 0700), EEXIST, "mkdir");
	fails(rmdir("folder"), ENOTEMPTY, "rmdir");
	fails(unlink("folder"), EISDIR, "unlink");
	fails(rename("missing", "x"), ENOENT, "rename");
	fails(renameat2(AT_FDCWD, "file", AT_FDCWD, "link", RENAME_NOREPLACE), EEXIST, "renameat2");
	fails(link("missing", "x"), ENOENT, "link");
	fails(symlink("x", "file"), EEXIST, "symlink");
	fails(truncate("folder", 0), EISDIR, "truncate");
	fails(chdir("file"), ENOTDIR, "chdir");
	fails(execl("missing", "missing", (char *)NULL), ENOENT, "execve");
	fails(execl("file", "file", (char *)NULL), EACCES, "execve of no program");
	umask(0);
	fd = open("made", O_RDWR | O_CREAT | O_CLOEXEC, 0642);
	expect(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && !fstat(fd, &st) && (st.st_mode & 07777) == 0642, "mode, close-on-exec");
	fd = open(".", O_TMPFILE | O_RDWR | O_APPEND, 0624);
	expect(fd >= 0 && !fstat(fd, &st) && (st.st_mode & 07777) == 0624, "mode of an unnamed file");
	expect(fcntl(fd, F_GETFD) == 0 && (fcntl(fd, F_GETFL) & O_APPEND), "its flags");
}

/* ---- a daemon, an inherited nothing ---- */

static void daemonized(void)
{
	int i;

	close(open("touched-by-parent", O_RDONLY));
	if (fork())
		return;
	setsid();
	close(open("touched-by-daemon", O_RDONLY));
	/* lives until the test lets it go, a minute at most */
	for (i = 0; i < 600 && access("let-go", F_OK) != 0; i++) {
		usleep(100 * 1000);
		if (open("still-opens", O_WRONLY | O_CREAT, 0600) < 0)
			_exit(1);
	}
	if (open("still-opens", O_WRONLY | O_CREAT, 0600) < 0)
		_exit(1);
	if (open("daemon-done", O_WRONLY | O_CREAT, 0600) < 0)
		_exit(1);
	_exit(0);
}

static void closes_all(void)
{
	int fd;

	for (fd = 3; fd < 1024; fd++)
		close(fd);
	expect(open("by-dots", O_RDONLY) == 3, "the first free descriptor is 3");
}

/* ---- many at once ---- */

enum { THREADS = 4, ROUNDS = 3000 };

static void alarmed(int signum)
{
	int fd = open("in-a-handler", O_RDONLY);

	(void)signum;
	if (fd >= 0)
		close(fd);
}

static void *opens(void *arg)
{
	char name[64];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof name, "many-%d-%d", (int)(intptr_t)arg, i % 300);
		close(open(name, O_RDONLY | O_CREAT, 0600));
	}
	return NULL;
}

static void stress(void)
{
	struct itimerval often = { { 0, 200 }, { 0, 200 } };
	pthread_t thread[THREADS];
	struct sigaction a = { .sa_handler = alarmed, .sa_flags = SA_RESTART };
	int i;

	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, opens, (void *)(intptr_t)i);
	for (i = 0; i < 100; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(open("forked", O_RDONLY) < 0);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

/* Go's scheduler sends SIGURG to threads that run for long: here much more often. */
enum { STORM_THREADS = 16, STORM_ROUNDS = 4 };
static atomic_int walking;

static void *walks(void *arg)
{
	char name[64];
	int i, d;

	for (i = 0; i < STORM_ROUNDS; i++)
		for (d = 0; d < 8; d++) {
			struct dirent *e;
			DIR *dir;

			snprintf(name, sizeof name, "tree/d%d", (d + (int)(intptr_t)arg) % 8);
			expect((dir = opendir(name)) != NULL, name);
			while ((e = readdir(dir))) {
				struct stat st;
				int fd;

				expect(!fstatat(dirfd(dir), e->d_name, &st, 0), e->d_name);
				if (!S_ISREG(st.st_mode))
					continue;
				expect((fd = openat(dirfd(dir), e->d_name, O_RDONLY)) >= 0, e->d_name);
				close(fd);
			}
			closedir(dir);
		}
	atomic_fetch_sub(&walking, 1);
	return NULL;
}

static void ignored(int signum)
{
	(void)signum;
}

static void walk_under(int storm)
{
	struct sigaction a = { .sa_handler = ignored, .sa_flags = SA_RESTART };
	pthread_t thread[STORM_THREADS];
	int i;

	sigaction(SIGURG, &a, NULL);
	walking = STORM_THREADS;
	for (i = 0; i < STORM_THREADS; i++)
		expect(!pthread_create(&thread[i], NULL, walks, (void *)(intptr_t)i), "pthread_create");
	/* joined only afterwards: a thread that has ended can still be named */
	for (i = 0; walking; i++) {
		if (storm)
			pthread_kill(thread[i % STORM_THREADS], SIGURG);
		usleep(storm ? 20 : 1000);
	}
	for (i = 0; i < STORM_THREADS; i++)
		pthread_join(thread[i], NULL);
}

static void storm(void)
{
	walk_under(1);
}

static void calm(void)
{
	walk_under(0);
}

/* each thread its own working directory */
static void *in_folder(void *arg)
{
	char name[32];
	int i;

	expect(!unshare(CLONE_FS), "unshare");
	snprintf(name, sizeof name, "dir%d", (int)(intptr_t)arg);
	for (i = 0; i < 200; i++) {
		expect(!chdir(name), "chdir");
		expect(!close(open("only-here", O_RDONLY)), name);
		expect(!chdir(".."), "chdir ..");
	}
	return NULL;
}

/* One number, many directories: below it are file-0 to file-11, in dir0 to dir3 by turns. */
static void one_number(void)
{
	char name[32];
	int number = -1, fd;
	int i, k;

	for (i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "dir%d", i % 4);
		expect((fd = open(name, O_RDONLY | O_DIRECTORY)) >= 0, name);
		if (number < 0)
			number = fd;
		else
			expect(dup2(fd, number) == number && !close(fd), "dup2");
		snprintf(name, sizeof name, "file-%d", i);
		for (k = 0; k < 3; k++)
			expect(!close(openat(number, name, O_RDONLY)), name);
	}
	close(number);
	fails(openat(number, "file-0", O_RDONLY), EBADF, "closed");
	expect(open(".", O_RDONLY | O_DIRECTORY) == number, "the same number");
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "dir%d", i);
		expect((fd = openat(number, name, O_RDONLY | O_DIRECTORY)) >= 0 && !fchdir(fd) && !close(fd), "fchdir");
		expect(!close(open("only-here", O_RDONLY)), name);
	}
}

/* each thread its own descriptors: the same number is another directory for each, also
 * for threads whose own numbers are a few apart */
static void *in_table(void *arg)
{
	int which = ((int)(intptr_t)arg + (int)(intptr_t)arg / THREADS) % THREADS, fd;
	char name[32];
	int i;

	expect(!unshare(CLONE_FILES | CLONE_FS), "unshare");
	snprintf(name, sizeof name, "dir%d", which);
	expect((fd = open(name, O_RDONLY | O_DIRECTORY)) >= 0 && dup2(fd, 100) == 100, name);
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "mine-%d", which);
		expect(!close(openat(100, name, O_RDONLY)), name);
		expect(!fchdir(100) && !close(open("only-here", O_RDONLY)), "fchdir");
	}
	return NULL;
}

static void threads_with_tables(void)
{
	pthread_t thread[2 * THREADS];
	int i;

	for (i = 0; i < 2 * THREADS; i++)
		pthread_create(&thread[i], NULL, in_table, (void *)(intptr_t)i);
	for (i = 0; i < 2 * THREADS; i++)
		pthread_join(thread[i], NULL);
}

/* a thread that starts a program becomes the first thread, with its number */
static void *becomes_first(void *arg)
{
	expect(!unshare(CLONE_FS) && !chdir("dir1"), "chdir");
	execl("/bin/cat", "cat", "only-here", "file-1", (char *)NULL);
	expect(0, "execl");
	return arg;
}

static void thread_that_execs(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 5; i++)
		expect(!close(open("here", O_RDONLY)), "here");
	pthread_create(&thread, NULL, becomes_first, NULL);
	pthread_join(thread, NULL);
}

static void threads_with_folders(void)
{
	pthread_t thread[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, in_folder, (void *)(intptr_t)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

/* ---- other roots ---- */

static void chrooted(void)
{
	expect(!chroot("root"), "chroot");
	expect(!chdir("/"), "chdir");
	expect(open("/in-the-root", O_RDONLY) >= 0, "absolute");
	expect(open("in-the-root-2", O_RDONLY) >= 0, "relative");
}

int main(int argc, char **argv)
{
	size_t i;

	static const struct { const char *name; void (*run)(void); } cases[] = {
		{ "calls", calls }, { "descriptors", descriptors }, { "others", others }, { "own-root", own_root }, { "paths", paths }, { "children", children },
		{ "making", making }, { "daemon", daemonized }, { "closes-all", closes_all }, { "stress", stress },
		{ "folders", threads_with_folders }, { "storm", storm }, { "calm", calm }, { "promises", promises }, { "chroot", chrooted },
		{ "one-number", one_number }, { "tables", threads_with_tables }, { "thread-execs", thread_that_execs },
	};

	for (i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++)
		if (strcmp(argv[1], cases[i].name) == 0) {
			cases[i].run();
			return 0;
		}
	fprintf(stderr, "trace-case: no such case\n");
	return 2;
}
