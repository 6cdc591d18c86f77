/* temporary: functions that make files and folders with new names. */
#include <linux/fcntl.h>

#include "next.h"

enum { LETTERS = 6 };                    /* at the end of a name, before its suffix */

#if defined(__x86_64__)

enum {
	TRIES = 1000,                    /* tries, after which the C library must find a name */
	NO_WAITING = 1,                  /* of getrandom */
};

static int make_by_gate(long *ret, const char *path, int flags, int folder)
{
	const struct gate_change change = {
		.number = __NR_openat, .extra = (unsigned)flags, .args = { AT_FDCWD, (long)path, flags, 0600 },
		.path = { { AT_FDCWD, path, GATE_CHANGES | GATE_OPENS | GATE_MAKES } },
	};
	long r = 0;
	int made = folder ? CHANGES(__NR_mkdir, 0, AT_FDCWD, path, GATE_MAKES, (long)path, 0700) : gate_change(&r, &change);

	*ret = r;
	return made;
}

static void put_letters(char *at, unsigned long random)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	int i;

	for (i = 0; i < LETTERS; i++, random /= sizeof letters - 1)
		at[i] = letters[random % (sizeof letters - 1)];
}

/* The letters of a template; NULL: there are none. */
static char *letters_of(char *template, int suffix)
{
	long n = 0, i;

	while (template && template[n])
		n++;
	if (!template || suffix < 0 || n < suffix + LETTERS)
		return NULL;
	template += n - suffix - LETTERS;
	for (i = 0; i < LETTERS; i++)
		if (template[i] != 'X')
			return NULL;
	return template;
}

/* 0: the C library must make the file. */
static int temporary_by_gate(long *ret, char *template, int suffix, int flags, int folder)
{
	const int usual = O_ACCMODE | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, opens = (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL;
	char *at = gate_is_open() && (flags & ~usual) == 0 ? letters_of(template, suffix) : NULL;
	unsigned long random;
	int i;

	for (i = 0; at && i < TRIES; i++) {
		if (raw(__NR_getrandom, (long)&random, sizeof random, NO_WAITING, 0, 0) != sizeof random)
			break;
		put_letters(at, random);
		if (!make_by_gate(ret, template, opens, folder))
			break;
		if (*ret != -EEXIST)
			return 1;
	}
	for (i = 0; at && i < LETTERS; i++)
		at[i] = 'X';
	return 0;
}
#else
static int temporary_by_gate(long *ret, char *template, int suffix, int flags, int folder)
{
	(void)ret, (void)template, (void)suffix, (void)flags, (void)folder;
	return 0;
}
#endif

/* Restores the X that a failed attempt replaced by letters. */
static void put_back(char *template, int suffix)
{
	long n = 0, i;

	while (template[n])
		n++;
	for (i = n - suffix - LETTERS; i >= 0 && i < n - suffix; i++)
		template[i] = 'X';
}

#define TEMPORARY(name, params, args, suffix, flags) \
EXPORT int name params; \
EXPORT int name params \
{ \
	long r; \
	int ret; \
	\
	if (is_missing(NAME_##name)) \
		return -1; \
	if (temporary_by_gate(&r, template, suffix, flags, 0)) \
		return (int)as_libc(r); \
	while ((ret = CALL(int, params, name) args) == -1 && was_interrupted()) \
		put_back(template, suffix); \
	return ret; \
}
TEMPORARY(mkstemp, (char *template), (template), 0, 0)
TEMPORARY(mkstemp64, (char *template), (template), 0, 0)
TEMPORARY(mkostemp, (char *template, int flags), (template, flags), 0, flags)
TEMPORARY(mkostemp64, (char *template, int flags), (template, flags), 0, flags)
TEMPORARY(mkstemps, (char *template, int suffix), (template, suffix), suffix, 0)
TEMPORARY(mkstemps64, (char *template, int suffix), (template, suffix), suffix, 0)
TEMPORARY(mkostemps, (char *template, int suffix, int flags), (template, suffix, flags), suffix, flags)
TEMPORARY(mkostemps64, (char *template, int suffix, int flags), (template, suffix, flags), suffix, flags)

EXPORT char *mkdtemp(char *template);
EXPORT char *mkdtemp(char *template)
{
	char *ret;
	long r;

	if (is_missing(NAME_mkdtemp))
		return NULL;
	if (temporary_by_gate(&r, template, 0, 0, 1))
		return as_libc(r) < 0 ? NULL : template;
	while ((ret = CALL(char *, (char *), mkdtemp)(template)) == NULL && was_interrupted())
		put_back(template, 0);
	return ret;
}
