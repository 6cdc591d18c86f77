/* Preloaded into vt: counts the calls of one kind, and fails the one that FAIL_AT names.
 *
 *   FAIL_KIND=malloc|open|thread|sendmsg FAIL_AT=N FAIL_COUNT=FILE    0: none fails; FILE gets the number of calls */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static _Atomic long own, *count = &own;
static long at;
static char kind;

__attribute__((constructor)) static void begin(void)
{
	const char *file = getenv("FAIL_COUNT"), *name = getenv("FAIL_KIND"), *n = getenv("FAIL_AT");
	int fd;

	if (!file || !name || !n || strcmp(program_invocation_short_name, "vt") != 0)
		return;
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *count) < 0)
		abort();
	count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	*count = 0;
	at = atol(n);
	kind = name[0];
}

static int fails(char which, int error)
{
	if (kind != which || atomic_fetch_add(count, 1) + 1 != at)
		return 0;
	errno = error;
	return 1;
}

void *malloc(size_t size)
{
	return fails('m', ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails('m', ENOMEM) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails('m', ENOMEM) ? NULL : __libc_realloc(p, size);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		va_list ap; \
		mode_t mode; \
		va_start(ap, flags); \
		mode = mode_of(flags, ap); \
		va_end(ap); \
		return fails('o', EMFILE) ? -1 : REAL(name)(path, flags, mode); \
	}
#define OPENAT(name) \
	int name(int dir, const char *path, int flags, ...) \
	{ \
		va_list ap; \
		mode_t mode; \
		va_start(ap, flags); \
		mode = mode_of(flags, ap); \
		va_end(ap); \
		return fails('o', EMFILE) ? -1 : REAL(name)(dir, path, flags, mode); \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *ctx)
{
	return fails('t', EAGAIN) ? EAGAIN : REAL(pthread_create)(t, a, fn, ctx);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	return fails('s', ETOOMANYREFS) ? -1 : REAL(sendmsg)(fd, m, flags);
}
