/* folder: streams of folders.
 *
 * The C library asks first whether a descriptor is that of a folder, by a call with an empty
 * path, of which the tracer is told, for a filter cannot see whether a path is empty. So
 * where the gate is open the shim makes these streams itself; all functions that take one
 * are here, and hand those of the C library on to it. */
#include <linux/fcntl.h>

#include "next.h"

extern void *malloc(size_t) __attribute__((weak));
extern void *realloc(void *, size_t) __attribute__((weak));
extern void free(void *) __attribute__((weak));
extern void qsort(void *, size_t, size_t, int (*)(const void *, const void *)) __attribute__((weak));

/* An entry, as the kernel writes it and programs read it. */
struct entry {
	unsigned long inode;
	long next;                       /* the place in the folder behind it */
	unsigned short length;           /* of the whole entry, bytes */
	unsigned char type;
	char name[256];
};

#if defined(__x86_64__)

enum { ROOM = 32768 };                   /* as the C library's */
#define OURS 0x9d2b66746f6c6465UL        /* no such descriptor, which others begin with */

/* What opendir() returns; programs do not look into it. */
struct folder {
	unsigned long magic;
	int fd;
	int held;                        /* a thread reads it */
	long at;                         /* the place in the folder that is read next */
	long n, done;                    /* bytes in `text`, and those that were read */
	char text[ROOM] __attribute__((aligned(16)));
};

static struct folder *ours(void *dir)
{
	struct folder *f = dir;

	return f && f->magic == OURS ? f : NULL;
}

static int set_errno(int error)
{
	*__errno_location() = error;
	return -1;
}

static void hold(struct folder *f)
{
	int nobody = 0;

	while (!__atomic_compare_exchange_n(&f->held, &nobody, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		raw(__NR_sched_yield, 0, 0, 0, 0, 0);
		nobody = 0;
	}
}

static void let_go(struct folder *f)
{
	__atomic_store_n(&f->held, 0, __ATOMIC_RELEASE);
}

/* NULL: no memory; `fd` stays open. */
static struct folder *stream_of(int fd)
{
	struct folder *f = malloc(sizeof *f);

	if (!f)
		return NULL;
	f->magic = OURS;
	f->fd = fd;
	f->held = 0;
	f->at = f->n = f->done = 0;
	return f;
}

static int can_make(void)
{
	return gate_is_open() && malloc && realloc && free && qsort;
}

/* Returns 0 when the C library must open the folder. */
static int open_by_gate(const char *path, void **ret)
{
	const long flags = O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC;
	long fd;

	if (!can_make() || !gate_call(&fd, __NR_openat, 1, (unsigned)flags, AT_FDCWD, (long)path, flags, 0, 0))
		return 0;
	*ret = fd < 0 ? NULL : stream_of((int)fd);
	if (fd < 0)
		set_errno((int)-fd);
	else if (!*ret)
		raw(__NR_close, fd, 0, 0, 0, 0);
	return 1;
}

/* Takes the descriptor if it belongs to a readable folder. */
static struct folder *take(int fd)
{
	enum { TYPE_AT = 3 };            /* of the words of the kernel's struct stat: mode, then owner */
	unsigned long st[32];
	long r = raw(__NR_fstat, fd, (long)st, 0, 0, 0), flags = r < 0 ? r : raw(__NR_fcntl, fd, F_GETFL, 0, 0, 0);
	struct folder *f;

	if (flags < 0)
		return set_errno((int)-flags), NULL;
	if (((unsigned)st[TYPE_AT] & S_IFMT) != S_IFDIR)
		return set_errno(ENOTDIR), NULL;
	if ((flags & O_ACCMODE) == O_WRONLY)
		return set_errno(EINVAL), NULL;
	f = stream_of(fd);
	if (f)
		raw(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC, 0, 0);
	return f;
}

/* The next entry; NULL: there is none, or, with *ret_error, it failed. */
static struct entry *next_entry(struct folder *f, int *ret_error)
{
	struct entry *e;

	*ret_error = 0;
	do {
		if (f->done >= f->n) {
			f->n = raw(__NR_getdents64, f->fd, (long)f->text, ROOM, 0, 0);
			f->done = 0;
			/* a folder that was removed has no more entries */
			*ret_error = f->n >= 0 || f->n == -ENOENT ? 0 : (int)-f->n;
			if (f->n <= 0) {
				f->n = 0;
				return NULL;
			}
		}
		e = (struct entry *)(void *)(f->text + f->done);
		f->done += e->length;
		f->at = e->next;
	} while (!e->inode);
	return e;
}

static struct entry *read_one(struct folder *f)
{
	struct entry *e;
	int error;

	hold(f);
	e = next_entry(f, &error);
	let_go(f);
	if (error)
		set_errno(error);
	return e;
}

static void copy(void *to, const void *from, long n)
{
	while (n-- > 0)
		((char *)to)[n] = ((const char *)from)[n];
}

static int read_into(struct folder *f, struct entry *to, struct entry **ret)
{
	struct entry *e;
	int error;

	hold(f);
	e = next_entry(f, &error);
	if (e)
		copy(to, e, e->length < sizeof *to ? e->length : (long)sizeof *to);
	let_go(f);
	*ret = e ? to : NULL;
	return error;
}

static void go_to(struct folder *f, long place)
{
	hold(f);
	raw(__NR_lseek, f->fd, place, 0, 0, 0);
	f->at = place;
	f->n = f->done = 0;
	let_go(f);
}

static int end(struct folder *f)
{
	long r = f->fd;

	f->magic = 0;
	free(f);
	r = raw(__NR_close, r, 0, 0, 0, 0);
	return r < 0 ? set_errno((int)-r) : 0;
}

/* Adds a copy of the entry to a list of n. False: no memory. */
static int add_to(struct entry ***list, long n, const struct entry *e)
{
	struct entry **longer;

	/* twice as long whenever it is full */
	if ((n & (n - 1)) == 0) {
		longer = realloc(*list, (size_t)(n ? 2 * n : 1) * sizeof *longer);
		if (!longer)
			return 0;
		*list = longer;
	}
	(*list)[n] = malloc(e->length);
	if ((*list)[n])
		copy((*list)[n], e, e->length);
	return (*list)[n] != NULL;
}

/* As the C library does it; `ret`: what it returns. */
static int scan_by_gate(int *ret, const char *path, struct entry ***ret_list, int (*wants)(const struct entry *),
			int (*order)(const void *, const void *))
{
	int before = *__errno_location(), error = 0;
	struct entry **list = NULL, *e;
	long n = 0;
	void *dir;

	if (!open_by_gate(path, &dir))
		return 0;
	*ret = -1;
	if (!dir)
		return 1;
	while (!error && (e = next_entry(dir, &error)) != NULL) {
		if (wants && !wants(e))
			continue;
		if (!add_to(&list, n, e))
			error = ENOMEM;
		else
			n++;
	}
	end(dir);
	if (error) {
		while (n > 0)
			free(list[--n]);
		free(list);
		set_errno(error);
		return 1;
	}
	if (order && list)
		qsort(list, (size_t)n, sizeof *list, order);
	*ret_list = list;
	*ret = (int)n;
	*__errno_location() = before;
	return 1;
}

#define OF_STREAM(type, name, params, args, does_ours) \
EXPORT type name params; \
EXPORT type name params \
{ \
	struct folder *f = ours(dir); \
	\
	if (f) \
		return does_ours; \
	return CALL(type, params, name) args; \
}
OF_STREAM(void *, readdir, (void *dir), (dir), read_one(f))
OF_STREAM(void *, readdir64, (void *dir), (dir), read_one(f))
OF_STREAM(int, readdir_r, (void *dir, struct entry *to, struct entry **ret), (dir, to, ret), read_into(f, to, ret))
OF_STREAM(int, readdir64_r, (void *dir, struct entry *to, struct entry **ret), (dir, to, ret), read_into(f, to, ret))
OF_STREAM(void, rewinddir, (void *dir), (dir), go_to(f, 0))
OF_STREAM(void, seekdir, (void *dir, long place), (dir, place), go_to(f, place))
OF_STREAM(long, telldir, (void *dir), (dir), f->at)
OF_STREAM(int, dirfd, (void *dir), (dir), f->fd)
OF_STREAM(int, closedir, (void *dir), (dir), end(f))

#else

static int can_make(void)
{
	return 0;
}

static int open_by_gate(const char *path, void **ret)
{
	(void)path, (void)ret;
	return 0;
}

static void *take(int fd)
{
	(void)fd;
	return NULL;
}

static int scan_by_gate(int *ret, const char *path, struct entry ***ret_list, int (*wants)(const struct entry *),
			int (*order)(const void *, const void *))
{
	(void)ret, (void)path, (void)ret_list, (void)wants, (void)order;
	return 0;
}
#endif

EXPORT void *opendir(const char *path);
EXPORT void *opendir(const char *path)
{
	void *dir;

	if (is_missing(NAME_opendir))
		return NULL;
	if (open_by_gate(path, &dir))
		return dir;
	do
		dir = CALL(void *, (const char *), opendir)(path);
	while (!dir && was_interrupted());
	return dir;
}

EXPORT void *fdopendir(int fd);
EXPORT void *fdopendir(int fd)
{
	void *dir;

	if (is_missing(NAME_fdopendir))
		return NULL;
	if (can_make())
		return take(fd);
	do
		dir = CALL(void *, (int), fdopendir)(fd);
	while (!dir && was_interrupted());
	return dir;
}

#define SCANS(name) \
EXPORT int name(const char *path, struct entry ***list, int (*wants)(const struct entry *), int (*order)(const void *, const void *)); \
EXPORT int name(const char *path, struct entry ***list, int (*wants)(const struct entry *), int (*order)(const void *, const void *)) \
{ \
	int ret; \
	\
	if (is_missing(NAME_##name)) \
		return -1; \
	if (scan_by_gate(&ret, path, list, wants, order)) \
		return ret; \
	do \
		ret = CALL(int, (const char *, void *, void *, void *), name)(path, list, (void *)wants, (void *)order); \
	while (ret < 0 && was_interrupted()); \
	return ret; \
}
SCANS(scandir)
SCANS(scandir64)

AGAIN(int, -1, scandirat, (int dir, const char *path, void *list, void *wants, void *order), (dir, path, list, wants, order))
AGAIN(int, -1, scandirat64, (int dir, const char *path, void *list, void *wants, void *order), (dir, path, list, wants, order))
