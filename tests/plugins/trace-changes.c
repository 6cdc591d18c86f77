/* trace-changes OUTSIDE [NUMBER]: makes, changes, moves and removes files by the functions of the C
 * library, in the current folder and in the folder OUTSIDE, and prints what each says. The
 * tests compare that, and what was seen, with and without vt's shim. With a number it makes
 * and moves that many files instead. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { WARM = 100 };

#define SAY(what) say(#what, (long)(what))
static void say(const char *what, long result)
{
	printf("%s: %s\n", what, result == -1 ? strerror(errno) : "done");
}

static int opened(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

static int written(int fd, const char *text)
{
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	return close(fd);
}

static int streamed(const char *path, const char *mode)
{
	FILE *f = fopen(path, mode);
	char line[32] = "";
	long at;

	if (!f)
		return -1;
	at = ftell(f);
	if (mode[0] == 'r' && fgets(line, sizeof line, f))
		printf("it says %s", line);
	else
		fputs("streamed\n", f);
	printf("%s from %ld, %s\n", mode, at, fcntl(fileno(f), F_GETFD) & FD_CLOEXEC ? "not handed on" : "handed on");
	return fclose(f);
}

static void opening(void)
{
	SAY(written(open("new", O_WRONLY | O_CREAT | O_TRUNC, 0640), "1"));
	SAY(written(open("new", O_WRONLY | O_APPEND), "2"));
	SAY(opened(open("new", O_WRONLY | O_CREAT | O_EXCL, 0600)));
	SAY(opened(open("alone", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)));
	SAY(opened(open("both", O_RDWR | O_CREAT, 0600)));
	SAY(opened(open("read", O_RDONLY | O_CREAT, 0644)));
	SAY(opened(creat("created", 0604)));
	SAY(written(open("old", O_WRONLY | O_TRUNC), "3"));
	SAY(written(open("old", O_RDWR), "4"));
	SAY(opened(open("old-link", O_WRONLY | O_APPEND)));
	SAY(opened(open("to-nothing", O_WRONLY | O_CREAT, 0600)));
	SAY(opened(open("to-nothing", O_WRONLY | O_CREAT | O_NOFOLLOW, 0600)));
	SAY(opened(open("folder", O_WRONLY)));
	SAY(opened(open("none/x", O_WRONLY | O_CREAT, 0600)));
	SAY(opened(open("old/x", O_WRONLY | O_CREAT, 0600)));
	SAY(opened(open("./tidied//x", O_WRONLY | O_CREAT, 0600)));
	SAY(opened(openat(AT_FDCWD, "folder/at", O_WRONLY | O_CREAT, 0600)));
	SAY(opened(open("folder/../up", O_WRONLY | O_CREAT, 0600)));
	SAY(opened(open(".", O_RDWR | O_TMPFILE, 0600)) < 0 ? 0 : 0);
	SAY(streamed("stream", "w"));
	SAY(streamed("stream", "r"));
	SAY(streamed("stream", "a"));
	SAY(streamed("stream", "w+be"));
	SAY(streamed("stream", "wx"));
	SAY(streamed("old", "re"));
	SAY(streamed("none", "r"));
	SAY(streamed("old", "?"));
}

static void making(void)
{
	SAY(mkdir("dir", 0750));
	SAY(mkdir("dir", 0750));
	SAY(mkdir("old", 0750));
	SAY(mkdir("dir/deep", 0700));
	SAY(mkdirat(AT_FDCWD, "slash/", 0700));
	SAY(symlink("new", "symlink"));
	SAY(symlink("new", "symlink"));
	SAY(symlinkat("../none", AT_FDCWD, "dir/symlink"));
	SAY(symlink("", "empty"));
	SAY(link("new", "hard"));
	SAY(link("new", "old"));
	SAY(link("none", "hard2"));
	SAY(linkat(AT_FDCWD, "symlink", AT_FDCWD, "hard3", AT_SYMLINK_FOLLOW));
	SAY(mkfifo("pipe", 0600));
	SAY(mkfifo("pipe", 0600));
	SAY(mkfifoat(AT_FDCWD, "dir/pipe", 0600));
	SAY(mknod("node", S_IFREG | 0600, 0));
}

static void changing(void)
{
	struct timespec times[2] = { { 1, 0 }, { 2, 0 } };
	struct timeval values[2] = { { 3, 0 }, { 4, 0 } };
	int fd = open("new", O_RDWR);

	SAY(truncate("new", 1));
	SAY(truncate("old", 1));
	SAY(truncate("none", 1));
	SAY(chmod("new", 0755));
	SAY(chmod("old", 0755));
	SAY(chmod("dir", 0711));
	SAY(chmod("none", 0711));
	SAY(chmod("to-none", 0711));
	SAY(fchmodat(AT_FDCWD, "new", 0700, 0));
	SAY(chown("new", getuid(), getgid()));
	SAY(lchown("symlink", getuid(), getgid()));
	SAY(fchownat(AT_FDCWD, "new", getuid(), getgid(), 0));
	SAY(utimensat(AT_FDCWD, "new", times, 0));
	SAY(utimensat(AT_FDCWD, "symlink", times, AT_SYMLINK_NOFOLLOW));
	SAY(utimes("new", values));
	SAY(futimens(fd, times));
	SAY(futimens(99, times));
	SAY(setxattr("none", "user.x", "1", 1, 0));
	SAY(removexattr("none", "user.x"));
	close(fd);
}

static void moving(void)
{
	SAY(rename("new", "moved"));
	SAY(rename("moved", "old2"));
	SAY(rename("old3", "moved"));
	SAY(rename("none", "moved"));
	SAY(rename("dir", "dir2"));
	SAY(rename("dir2", "folder"));
	SAY(rename("dir2/deep", "dir2/deep2"));
	SAY(renameat(AT_FDCWD, "hard", AT_FDCWD, "hard4"));
	SAY(renameat2(AT_FDCWD, "hard4", AT_FDCWD, "hard3", RENAME_NOREPLACE));
	SAY(renameat2(AT_FDCWD, "hard4", AT_FDCWD, "hard5", RENAME_NOREPLACE));
	SAY(renameat2(AT_FDCWD, "hard5", AT_FDCWD, "hard3", RENAME_EXCHANGE));
}

static void removing(void)
{
	SAY(unlink("hard5"));
	SAY(unlink("hard5"));
	SAY(unlink("old4"));
	SAY(unlink("dir2"));
	SAY(unlinkat(AT_FDCWD, "dir2/deep2", AT_REMOVEDIR));
	SAY(unlinkat(AT_FDCWD, "dir2/pipe", 0));
	SAY(rmdir("dir2"));
	SAY(unlink("dir2/symlink"));
	SAY(rmdir("dir2"));
	SAY(rmdir("none"));
	SAY(rmdir("alone"));
	SAY(remove("alone"));
	SAY(remove("old5"));
	SAY(remove("folder2"));
	SAY(mkdir("own", 0700));
	SAY(remove("own"));
	SAY(mkdir("own", 0700));
	SAY(opened(creat("own/file", 0600)));
	SAY(remove("own"));
	SAY(remove("own/file"));
	SAY(remove("own/"));
	SAY(remove("none"));
}

static void appending(void)
{
	SAY(streamed("appended", "a"));
	SAY(streamed("appended", "a"));
	SAY(streamed("appended", "a+"));
	SAY(streamed("appended", "ae"));
	SAY(streamed("appended", "rm"));
	SAY(streamed("none/appended", "a"));
	SAY(mknod("made-plain", S_IFREG | 0640, 0));
	SAY(mknod("made-plain", S_IFREG | 0640, 0));
	SAY(mknod("made-pipe", S_IFIFO | 0600, 0));
	SAY(mknodat(AT_FDCWD, "made-socket", S_IFSOCK | 0600, 0));
}

static void with_bad_arguments(void)
{
	/* the compiler shall not know them */
	const char *volatile nowhere = (const char *)(size_t)1, *volatile nothing = NULL;

	SAY(opened(open(nowhere, O_WRONLY | O_CREAT, 0600)));
	SAY(opened(open(nothing, O_WRONLY | O_CREAT, 0600)));
	SAY(opened(open("", O_WRONLY | O_CREAT, 0600)));
	SAY(mkdir(nowhere, 0700));
	SAY(rename("old", nothing));
	SAY(rename(nowhere, "old"));
	SAY(link("old", nothing));
	SAY(symlink(nowhere, "bad"));
	SAY(symlink("bad", nowhere));
	SAY(unlinkat(99, "old", 0));
	SAY(chmod(nowhere, 0600));
}

/* What one process made another moves, and the other way round. */
static void with_others(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		SAY(opened(creat("by-child", 0600)));
		SAY(rename("both", "both-by-child"));
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	SAY(rename("by-child", "by-parent"));
	SAY(opened(creat("both-by-child", 0600)));
	SAY(unlink("both-by-child"));
}

static void all_of_them(const char *outside)
{
	opening();
	making();
	changing();
	moving();
	removing();
	appending();
	with_bad_arguments();
	with_others();
	if (chdir(outside))
		exit(2);
	opening();
	moving();
}

static void many(int n)
{
	char name[64], to[64];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof name, "folder/m%d.tmp", i);
		snprintf(to, sizeof to, "folder/m%d", i);
		if (written(open(name, O_WRONLY | O_CREAT | O_EXCL, 0600), name) || chmod(name, 0644) || rename(name, to))
			printf("%s: %s\n", name, strerror(errno));
	}
}

int main(int argc, char **argv)
{
	struct stat st;
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: trace-changes OUTSIDE [NUMBER]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* more calls than a program makes before it gets the gate */
	for (i = 0; i < WARM; i++)
		stat("old", &st);
	if (argc > 2)
		many(atoi(argv[2]));
	else
		all_of_them(argv[1]);
	return 0;
}
