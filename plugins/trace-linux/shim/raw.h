/* raw: system calls, made here: they return -errno, and need no C library. */
#ifndef TRACE_SHIM_RAW_H
#define TRACE_SHIM_RAW_H

#include <linux/errno.h>
#include <linux/stat.h>

#ifndef S_IFMT           /* the kernel's header leaves these to the C library's */
#define S_IFMT  0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFDIR 0040000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define S_IFLNK 0120000
#endif

#if defined(__x86_64__)
#include <asm/unistd_64.h>
#else
#include <asm/unistd.h>
#endif

#if defined(__x86_64__)
static inline long raw(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return ret;
}

static inline long raw_map(void *at, unsigned long size, int access, int flags, int fd, long offset)
{
	register long r10 __asm__("r10") = flags;
	register long r8 __asm__("r8") = fd;
	register long r9 __asm__("r9") = offset;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"((long)__NR_mmap), "D"(at), "S"(size), "d"((long)access), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline long raw(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}
#endif
#endif
