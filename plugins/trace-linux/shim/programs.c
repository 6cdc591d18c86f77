/* programs: the functions that change the root of a program, and those that start the next program. */
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <stdarg.h>

#include "next.h"

extern char **environ;

/* ---- other roots ----------------------------------------------------------------------- */

static int moved;                        /* this program may see other files under the same names, or fewer */

#define MOVING(name, params, args) \
EXPORT int name params; \
EXPORT int name params \
{ \
	int ret; \
	\
	moved = 1; \
	gate_leave(); \
	do \
		ret = CALL(int, params, name) args; \
	while (ret < 0 && was_interrupted()); \
	return ret; \
}
MOVING(chroot, (const char *path), (path))
MOVING(mount, (const char *what, const char *where, const char *type, unsigned long flags, const void *data), (what, where, type, flags, data))
MOVING(umount, (const char *where), (where))
MOVING(umount2, (const char *where, int flags), (where, flags))
MOVING(unshare, (int flags), (flags))
MOVING(setns, (int fd, int type), (fd, type))
MOVING(setuid, (unsigned user), (user))
MOVING(seteuid, (unsigned user), (user))
MOVING(setreuid, (unsigned real, unsigned effective), (real, effective))
MOVING(setresuid, (unsigned real, unsigned effective, unsigned saved), (real, effective, saved))

/* A filter of the program's own may forbid what the gate needs. */
EXPORT int prctl(int option, ...);
EXPORT int prctl(int option, ...)
{
	unsigned long a, b, c, d;
	va_list more;

	va_start(more, option);
	a = va_arg(more, unsigned long);
	b = va_arg(more, unsigned long);
	c = va_arg(more, unsigned long);
	d = va_arg(more, unsigned long);
	va_end(more);
	if (option == PR_SET_SECCOMP)
		gate_leave();
	return is_missing(NAME_prctl) ? -1 : CALL(int, (int, ...), prctl)(option, a, b, c, d);
}

enum {
	ENTRIES_MAX = 4096,              /* of an environment that is copied to leave the shim out */
	PRELOAD_MAX = 4096,
};

static const char file_name[] = SHIM_FILE;

static size_t length_of(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

static int same(const char *a, const char *b, size_t n)
{
	while (n && *a == *b) {
		a++;
		b++;
		n--;
	}
	return n == 0;
}

/* Is this part of LD_PRELOAD, n bytes, the shim? */
static int is_shim(const char *part, size_t n)
{
	size_t own = sizeof file_name - 1;

	return n > own && part[n - own - 1] == '/' && same(part + n - own, file_name, own);
}

static int is_there(const char *part, size_t n)
{
	char path[PRELOAD_MAX];
	size_t i;

	for (i = 0; i < n; i++)
		path[i] = part[i];
	path[n] = '\0';
	return raw_again(__NR_faccessat, AT_FDCWD, (long)path, 0, 0, 0) == 0;
}

/* Copies LD_PRELOAD's entry without the shim; `lists`: also where it can be loaded.
 * 0: there is nothing to leave out. */
static int without_shim(const char *entry, int lists, char *ret)
{
	const char *p = entry + 11, *end;
	size_t n = 0, gone = 0;

	if (length_of(entry) >= PRELOAD_MAX)
		return 0;
	for (; n < 11; n++)
		ret[n] = entry[n];
	for (; *p; p = *end ? end + 1 : end) {
		for (end = p; *end && *end != ':' && *end != ' '; end++)
			;
		if (is_shim(p, (size_t)(end - p)) && (lists || !is_there(p, (size_t)(end - p)))) {
			gone = 1;
			continue;
		}
		if (n > 11)
			ret[n++] = ':';
		while (p < end)
			ret[n++] = *p++;
	}
	ret[n] = '\0';
	return (int)gone;
}

/* Will the next program be asked for its libraries, as ldd does, and do nothing else? */
static int lists_libraries(char *const *env)
{
	for (; env && *env; env++)
		if ((*env)[0] == 'L' && same(*env, "LD_TRACE_LOADED_OBJECTS=", 24) && (*env)[24])
			return 1;
	return 0;
}

/* The environment for the next program: `env`, or a copy in `list` and `text`. Where the
 * shim is not to be found under its name, the loader would complain of it; among a
 * program's libraries it is not to be listed. */
static char **environment(char **env, char **list, char *text)
{
	int changed = 0, lists = lists_libraries(env);
	size_t i, n = 0;

	if (!env)
		return env;
	for (i = 0; env[i]; i++) {
		if (i == ENTRIES_MAX)
			return env;
		list[n] = env[i];
		if (same(env[i], "LD_PRELOAD=", 11) && without_shim(env[i], lists, text)) {
			changed = 1;
			if (!text[11])
				continue;
			list[n] = text;
		}
		n++;
	}
	list[n] = NULL;
	return changed ? list : env;
}

/* A function of its own, for it needs a stack that a small thread may not have. */
__attribute__((noinline)) static int exec_edited(enum name name, const char *path, char *const *argv, char **env)
{
	char *list[ENTRIES_MAX + 1], text[PRELOAD_MAX], **with = environment(env, list, text);
	int ret;

	do
		ret = ((int (*)(const char *, char *const *, char *const *))find(name))(path, argv, with);
	while (ret < 0 && was_interrupted());
	return ret;
}

/* Has the name a slash? Else the program is looked for on PATH. */
static int has_folder(const char *path)
{
	while (path && *path && *path != '/')
		path++;
	return path && *path;
}

/* The exec functions. The C library may give a file that is no program to a shell. */
#define EXEC(name, with_env, env, params, args, is_path) \
EXPORT int name params; \
EXPORT int name params \
{ \
	long r; \
	int ret; \
	\
	if (moved || lists_libraries(env)) \
		return exec_edited(NAME_##with_env, path, argv, env); \
	if ((is_path) && gate_execute(&r, path, argv, env) && r != -ENOEXEC) \
		return (int)as_libc(r); \
	do \
		ret = CALL(int, params, name) args; \
	while (ret < 0 && was_interrupted()); \
	return ret; \
}
EXEC(execve, execve, (char **)env, (const char *path, char *const argv[], char *const env[]), (path, argv, env), 1)
EXEC(execvpe, execvpe, (char **)env, (const char *path, char *const argv[], char *const env[]), (path, argv, env), has_folder(path))
EXEC(execv, execve, environ, (const char *path, char *const argv[]), (path, argv), 1)
EXEC(execvp, execvpe, environ, (const char *path, char *const argv[]), (path, argv), has_folder(path))
