/* trace-looks NAME: looks at many files by the functions of the C library, which vt's shim
 * does by its gate, and checks that each answers as the kernel promises. The tests look
 * at what was seen. */
#define _GNU_SOURCE
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WARM = 100, MANY = 20000, KILLED = 200 };

static int bad;

#define EXPECT(what) expect((what), #what, __LINE__)
static void expect(int ok, const char *what, int line)
{
	if (ok)
		return;
	printf("line %d: not %s (%s)\n", line, what, strerror(errno));
	bad = 1;
}
#define FAILS(what, error) EXPECT((what) == -1 && errno == (error))

/* More calls than a program makes before it gets the gate. */
static void warm(void)
{
	struct stat st;
	int i;

	for (i = 0; i < WARM; i++)
		EXPECT(stat("a", &st) == 0);
}

/* ---- the answers of each function ---------------------------------------------- */

static void paths_at_the_end_of_memory(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at;
	struct stat st;

	EXPECT(page != MAP_FAILED && !munmap(page + 4096, 4096));
	at = page + 4096 - 2;
	memcpy(at, "a", 2);
	errno = 0;
	EXPECT(stat(at, &st) == 0 && errno == 0);
	EXPECT(close(open(at, O_RDONLY)) == 0);
	*++at = 'a';
	FAILS(stat(at, &st), EFAULT);
	FAILS(open(at, O_RDONLY), EFAULT);
	FAILS((int)readlink(at, page, 8), EFAULT);
}

static void bad_arguments(void)
{
	/* the compiler shall not know them */
	const char *volatile nowhere = (const char *)(uintptr_t)1, *volatile nothing = NULL;
	struct stat *volatile no_room = (struct stat *)(uintptr_t)1;
	struct stat st;
	char text[8];

	FAILS(stat(nowhere, &st), EFAULT);
	FAILS(access(nothing, F_OK), EFAULT);
	FAILS(stat("a", no_room), EFAULT);
	FAILS(stat("", &st), ENOENT);
	FAILS(stat("none", &st), ENOENT);
	FAILS(stat("a/b", &st), ENOTDIR);
	FAILS(open("none", O_RDONLY), ENOENT);
	FAILS((int)readlink("a", text, sizeof text), EINVAL);
	FAILS(fstatat(99, "a", &st, 0), EBADF);
	EXPECT(!opendir("a") && errno == ENOTDIR);
	EXPECT(!opendir("none") && errno == ENOENT);
}

static void each_function(void)
{
	struct statx x;
	struct stat st;
	char text[8];

	EXPECT(!stat("l", &st) && S_ISREG(st.st_mode) && st.st_size == 2);
	EXPECT(!lstat("l", &st) && S_ISLNK(st.st_mode));
	EXPECT(!fstatat(AT_FDCWD, "l", &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode));
	EXPECT(!statx(AT_FDCWD, "l", 0, STATX_BASIC_STATS, &x) && S_ISREG(x.stx_mode) && x.stx_size == 2);
	EXPECT(!access("a", R_OK) && !faccessat(AT_FDCWD, "a", R_OK, 0));
	EXPECT(readlink("l", text, sizeof text) == 1 && text[0] == 'a');
	EXPECT(readlinkat(AT_FDCWD, "l", text, sizeof text) == 1 && text[0] == 'a');
	EXPECT(!syscall(SYS_statx, AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &x) && S_ISLNK(x.stx_mode));
	EXPECT(syscall(SYS_getpid) == getpid());
	FAILS((int)syscall(SYS_openat, AT_FDCWD, "none", 0), ENOENT);
	FAILS((int)syscall(99999), ENOSYS);
	EXPECT(syscall(SYS_mmap, 0L, 4096L, (long)PROT_READ, (long)(MAP_PRIVATE | MAP_ANONYMOUS), -1L, 0L) != -1);
}

/* Prints what realpath says, for comparison with a run that is not traced. */
static void real_paths(void)
{
	static const char *const paths[] = {
		"/", "//", "", ".", "..", "a", "./a", "d/b", "d//b", "d/", "d/.", "a/", "a/.", "l", "none", "d/none", "d/none/x", "a/b", "/usr/lib",
		"/lib", "/usr//bin/../lib", "d/../d/b", "a/../d", "none/..", "/bin/sh", "/..", "../../../../../../../../../../..",
	};
	char to[PATH_MAX], *real;
	size_t i;
	int error;

	for (i = 0; i < sizeof paths / sizeof *paths; i++) {
		memcpy(to, "?", 2);
		errno = 0;
		real = realpath(paths[i], NULL);
		error = errno;
		printf("%s: %s %d", paths[i], real ? real : "-", real ? 0 : error);
		free(real);
		real = realpath(paths[i], to);
		printf(" %s %d %s", real == to ? "=" : real ? real : "-", real ? 0 : errno, to);
		real = canonicalize_file_name(paths[i]);
		printf(" %s\n", real ? real : "-");
		free(real);
	}
}

static void real(void)
{
	warm();
	real_paths();
	EXPECT(!chdir("d"));
	real_paths();
	EXPECT(!chdir("/"));
	real_paths();
}

static void by_descriptor(void)
{
	DIR *dir = opendir("d");
	struct stat st;
	int n = 0, fd;

	EXPECT(dir != NULL);
	if (!dir)
		return;
	while (readdir(dir))
		n++;
	EXPECT(n == 3 && fcntl(dirfd(dir), F_GETFD) == FD_CLOEXEC);
	EXPECT(!fstatat(dirfd(dir), "b", &st, 0) && S_ISREG(st.st_mode));
	EXPECT(!fstatat(dirfd(dir), "", &st, AT_EMPTY_PATH) && S_ISDIR(st.st_mode));
	EXPECT((fd = openat(dirfd(dir), "b", O_RDONLY | O_CLOEXEC)) >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && !close(fd));
	EXPECT((fd = openat(dirfd(dir), "b", O_RDONLY)) >= 0 && !fcntl(fd, F_GETFD) && !close(fd));
	closedir(dir);
}

static void other_folders(void)
{
	char here[4096];
	struct stat st;

	EXPECT(getcwd(here, sizeof here) != NULL);
	EXPECT(!chdir("d") && !stat("b", &st) && !chdir(".."));
	FAILS(stat("b", &st), ENOENT);
	EXPECT(!mkdir("gone", 0777) && !chdir("gone") && !rmdir("../gone"));
	FAILS(stat("x", &st), ENOENT);
	EXPECT(!chdir(here));
}

static void children(void)
{
	char name[32];
	struct stat st;
	pid_t pid;
	int i;

	for (i = 0; i < 20; i++)
		if (!fork()) {
			snprintf(name, sizeof name, "d/child%d", i);
			_exit(stat(name, &st) == 0);
		}
	while (wait(NULL) > 0)
		;
	pid = vfork();
	if (!pid) {
		stat("vforked", &st);
		_exit(0);
	}
	EXPECT(waitpid(pid, NULL, 0) == pid);
}

static void *opens_for_ever(void *unused)
{
	for (;;) {
		int fd = open("a", O_RDONLY);

		if (fd >= 0)
			close(fd);
	}
	return unused;
}

static void *waits_in_open(void *unused)
{
	(void)open("pipe", O_RDONLY);
	return unused;
}

static void ends_when_cancelled(void *(*function)(void *))
{
	pthread_t thread;
	void *result;

	EXPECT(!pthread_create(&thread, NULL, function, NULL));
	EXPECT(!pthread_cancel(thread) && !pthread_join(thread, &result) && result == PTHREAD_CANCELED);
}

static void on_signal(int number)
{
	struct stat st;

	(void)number;
	EXPECT(!stat("by-handler", &st));
}

/* The smallest stack that a handler may have. */
static void on_a_small_stack(void)
{
	size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 2048;
	stack_t stack = { .ss_size = size, .ss_sp = malloc(size) };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART };

	EXPECT(stack.ss_sp && !sigaltstack(&stack, NULL) && !sigaction(SIGUSR1, &action, NULL) && !raise(SIGUSR1));
	stack.ss_flags = SS_DISABLE;
	EXPECT(!sigaltstack(&stack, NULL));
	free(stack.ss_sp);
}

static void same(void)
{
	warm();
	paths_at_the_end_of_memory();
	bad_arguments();
	each_function();
	by_descriptor();
	other_folders();
	children();
	ends_when_cancelled(opens_for_ever);
	ends_when_cancelled(waits_in_open);
	on_a_small_stack();
}

/* ---- more than there is room for --------------------------------------------------- */

static void *many_names(void *letter)
{
	char name[64];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "d/%s%d", (const char *)letter, i);
		FAILS(access(name, F_OK), ENOENT);
	}
	return NULL;
}

static void many(void)
{
	static char names[][2] = { "p", "q", "r" };
	pthread_t threads[3];
	int i;

	warm();
	for (i = 0; i < 3; i++)
		EXPECT(!pthread_create(&threads[i], NULL, many_names, names[i]));
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

/* ---- processes that are killed while they look ----------------------------------------- */

static void killed(void)
{
	struct timespec a_moment = { 0, 300000 };
	char name[64];
	pid_t pid;
	int i, k;

	warm();
	for (i = 0; i < KILLED; i++) {
		pid = fork();
		if (!pid)
			for (k = 0;; k++) {
				snprintf(name, sizeof name, "d/k%d-%d", i, k);
				access(name, F_OK);
			}
		nanosleep(&a_moment, NULL);
		EXPECT(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
	}
	many_names((char[]){ "after" });
}

/* ---- what comes first ---------------------------------------------------------------------- */

static void write_it(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	EXPECT(fd >= 0 && write(fd, "new", 3) == 3 && !close(fd));
}

/* One process reads, another writes what was read, and the other way round. */
static void order(void)
{
	struct stat st;
	char name[64];
	pid_t pid;
	int i;

	warm();
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "d/read%d", i);
		close(open(name, O_RDONLY));
		pid = fork();
		if (!pid) {
			write_it(name);
			snprintf(name, sizeof name, "d/written%d", i);
			write_it(name);
			_exit(bad);
		}
		EXPECT(waitpid(pid, NULL, 0) == pid);
		snprintf(name, sizeof name, "d/written%d", i);
		EXPECT(!stat(name, &st) && !close(open(name, O_RDONLY)));
	}
}

/* ---- a child that stays ----------------------------------------------------------------------- */

static void stays(void)
{
	struct stat st;
	int ends[2];
	char byte;

	warm();
	EXPECT(!pipe(ends));
	if (!fork()) {
		setsid();
		EXPECT(!chdir("/"));
		/* a path that the parent has written down is new for the child */
		EXPECT(!stat(getenv("KNOWN"), &st));
		close(0), close(1), close(2), close(ends[0]);
		EXPECT(write(ends[1], "x", 1) == 1);
		close(ends[1]);
		sleep(3);
		_exit(0);
	}
	close(ends[1]);
	EXPECT(read(ends[0], &byte, 1) == 1);
}

/* ---- a program that forbids itself what it does not need ----------------------------- */

static void forbids(int by_syscall)
{
#if defined(__x86_64__)
	/* all that the gate needs and the calls themselves do not */
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getcwd, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_gettid, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };

	EXPECT(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (by_syscall)
		EXPECT(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	else
		EXPECT(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
#else
	(void)by_syscall;
#endif
}

static void forbidden(void)
{
	struct stat st;
	pid_t pid;
	int how, i, status;

	warm();
	for (how = 0; how < 2; how++) {
		pid = fork();
		if (!pid) {
			forbids(how);
			for (i = 0; i < 2 * WARM; i++)
				EXPECT(!stat("a", &st) && !close(open("a", O_RDONLY)));
			/* a program that begins with such a filter works, too */
			if (!bad)
				execl("/proc/self/exe", "trace-looks", "briefly", (char *)NULL);
			_exit(9);
		}
		EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
	}
}

/* ---- a program that writes into vt's memory ------------------------------------------------------ */

static void damages(void)
{
	unsigned long from, to, start = 0, end = 0;
	char line[512];
	struct stat st;
	FILE *maps;
	int i;

	warm();
	maps = fopen("/proc/self/maps", "re");
	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, "vt-shim (deleted)") && strstr(line, "rw-s") && sscanf(line, "%lx-%lx", &from, &to) == 2) {
			start = from;
			end = to;
		}
	if (maps)
		fclose(maps);
	for (i = 0; i < 10; i++) {
		snprintf(line, sizeof line, "d/damaged%d", i);
		stat(line, &st);
	}
	/* behind the first page and the gate */
	memset((char *)start + 8192, 0x5a, end - start - 8192);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(void); } cases[] = {
		{ "same", same }, { "real", real }, { "many", many }, { "killed", killed }, { "order", order }, { "stays", stays }, { "damages", damages },
		{ "forbidden", forbidden }, { "briefly", warm },
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
			cases[i].run();
			return bad;
		}
	fprintf(stderr, "usage: trace-looks same|real|many|killed|order|stays|damages|forbidden|briefly\n");
	return 2;
}
