/* trace-temporary: makes files and folders with new names, and sets times by the older
 * functions, in the current folder, and prints what each function says. The tests compare
 * that with and without vt's shim. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { WARM = 100 };

/* Prints a call's result, and whether the name differs from the template: its letters are random. */
static void say(const char *what, int fd, const char *name, const char *template)
{
	struct stat st;
	size_t i, others = 0;

	printf("%s: ", what);
	if (fd < 0) {
		printf("%s\n", strerror(errno));
		return;
	}
	for (i = 0; template[i]; i++)
		others += name[i] != template[i];
	/* one letter may be an X again */
	printf("%zu letters, %s, %s", strlen(name), others >= 3 && others <= 6 ? "another name" : "not another name", strrchr(name, '.') ? strrchr(name, '.') : "no suffix");
	if (stat(name, &st) == 0)
		printf(", mode %o", st.st_mode);
	printf(", flags %x %x\n", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	close(fd);
}

#define MAKES(template, call) do { \
	char t[64] = template; \
	int made = call; \
	\
	say(#call " " template, made, t, template); \
} while (0)

static void folder(const char *template)
{
	char t[64];
	struct stat st;

	snprintf(t, sizeof t, "%s", template);
	if (!mkdtemp(t))
		printf("mkdtemp %s: %s\n", template, strerror(errno));
	else if (stat(t, &st) == 0)
		printf("mkdtemp %s: mode %o\n", template, st.st_mode);
}

static void times(const char *what, int result, const char *path)
{
	struct stat st;

	printf("%s: %s", what, result ? strerror(errno) : "done");
	if (lstat(path, &st) == 0 && st.st_mtime < 1000)
		printf(", %ld.%09ld %ld.%09ld", (long)st.st_atime, st.st_atim.tv_nsec, (long)st.st_mtime, st.st_mtim.tv_nsec);
	puts("");
}

int main(void)
{
	const struct timeval then[2] = { { 100, 5 }, { 200, 7 } }, bad[2] = { { 1, 2000000 }, { 1, -1 } };
	int i, fd;

	for (i = 0; i < WARM; i++)
		(void)!access("none", F_OK);
	MAKES("aXXXXXX", mkstemp(t));
	MAKES("none/aXXXXXX", mkstemp(t));
	MAKES("XXXXXX", mkstemp(t));
	MAKES("aXXXXX", mkstemp(t));
	MAKES("aXXXXXX.c", mkstemp(t));
	MAKES("", mkstemp(t));
	MAKES("aXXXXXX", mkostemp(t, O_CLOEXEC | O_APPEND));
	MAKES("aXXXXXX", mkostemp(t, O_SYNC));
	MAKES("aXXXXXX.c", mkstemps(t, 2));
	MAKES("aXXXXXX.c", mkstemps(t, 3));
	MAKES("aXXXXXX.c", mkstemps(t, -1));
	MAKES("aXXXXXX.c", mkostemps(t, 2, O_CLOEXEC));
	folder("dXXXXXX");
	folder("none/dXXXXXX");
	folder("dXXXXX");
	fd = open("own", O_RDWR | O_CREAT, 0600);
	if (fd < 0 || symlink("own", "link"))
		return 2;
	times("lutimes of a link", lutimes("link", then), "link");
	times("lutimes", lutimes("own", then), "own");
	times("futimes", futimes(fd, then), "own");
	times("lutimes, bad", lutimes("own", bad), "own");
	times("futimes, bad", futimes(fd, bad), "own");
	times("futimes of nothing", futimes(-1, then), "own");
	times("lutimes of nothing", lutimes("none", then), "none");
	times("lutimes, now", lutimes("own", NULL), "own");
	times("futimes, now", futimes(fd, NULL), "own");
	return 0;
}
