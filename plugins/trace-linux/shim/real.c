/* real: real paths, found part by part as the C library finds them. */
#include <linux/fcntl.h>

#include "next.h"

extern void *malloc(size_t) __attribute__((weak));

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

/* A function of its own, for the text on its stack. */
__attribute__((noinline)) static int plain_realpath(const char *path, char *to, char **ret)
{
	char text[PATH_ROOM];
	long n = plain_path(path, text), i;

	/* like the C library's, the buffer then names the missing part */
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
