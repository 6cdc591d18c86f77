/* next: finds the functions that the shim stands before. */
#include "next.h"

#include "objects.h"
#include "syscall.h"

#define NEXT_OF_ALL ((void *)-1L)        /* RTLD_NEXT */

extern void *dlsym(void *handle, const char *name);

static const char *const names[NAME_COUNT] = {
#define X(name) #name,
	NAMES(X)
#undef X
};

static void *next[NAME_COUNT];           /* any thread writes them, always the same values */

void *find(enum name name)
{
	void *f = __atomic_load_n(&next[name], __ATOMIC_RELAXED);

	if (!f) {
		f = dlsym(NEXT_OF_ALL, names[name]);
		__atomic_store_n(&next[name], f, __ATOMIC_RELAXED);
	}
	return f;
}

int plain_fstat;

static struct range libc;                /* where the C library is; all 0: not known */

static int is_libcs(enum name name)
{
	unsigned long at = (unsigned long)find(name);

	return at >= libc.from && at < libc.to;
}

/* The functions that the gate stands in for, and those that must be known before main:
 * nothing can be looked up in a signal handler, or between fork and exec. The others are
 * found when they are called first. */
static const unsigned char gated[] = {
	NAME_open, NAME_open64, NAME_openat, NAME_openat64, NAME_opendir, NAME_fdopendir, NAME_scandir, NAME_scandir64,
	NAME_readdir, NAME_readdir64, NAME_readdir_r, NAME_readdir64_r, NAME_rewinddir, NAME_seekdir, NAME_telldir, NAME_dirfd, NAME_closedir,
	NAME_stat, NAME_stat64, NAME_lstat,
	NAME_lstat64, NAME_fstatat, NAME_fstatat64, NAME_statx, NAME_access, NAME_faccessat, NAME_readlink, NAME_readlinkat,
	NAME_realpath, NAME_syscall, NAME_fopen, NAME_fopen64, NAME_fdopen, NAME_mkdir, NAME_unlink, NAME_rename, NAME_chdir,
};
static const unsigned char needed[] = {
	NAME_prctl, NAME_sigaction, NAME_signal,
	NAME_connect, NAME_execve, NAME_execv, NAME_execvp, NAME_execvpe,
};

__attribute__((constructor)) static void find_some(void)
{
	int plain = 1;
	size_t i;

	/* the library of getpid, which no other library replaces */
	libc = objects_around((unsigned long)find(NAME_getpid));
	for (i = 0; i < sizeof needed; i++)
		find((enum name)needed[i]);
	for (i = 0; i < sizeof gated; i++)
		/* an old C library lacks some, which then are not called */
		plain &= !find((enum name)gated[i]) || is_libcs((enum name)gated[i]);
	plain_fstat = is_libcs(NAME_fstat) && is_libcs(NAME_fstat64);
#if defined(__x86_64__)
	shim_next_syscall = find(NAME_syscall);
	shim_plain_syscall = plain && libc.to;
#endif
	if (plain && libc.to)
		gate_allow();
}

int was_interrupted(void)
{
	if (*__errno_location() != EINTR)
		return 0;
	gate_tell_interruption();
	return 1;
}

int is_missing(enum name name)
{
	if (find(name))
		return 0;
	*__errno_location() = ENOSYS;
	return 1;
}

long as_libc(long r)
{
	if (r >= 0)
		return r;
	*__errno_location() = (int)-r;
	return -1;
}

long raw_again(long number, long a, long b, long c, long d, long e)
{
	long r;

	while ((r = raw(number, a, b, c, d, e)) == -EINTR)
		gate_tell_interruption();
	return r;
}
