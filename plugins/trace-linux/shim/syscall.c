/* syscall: the function of this name, by which programs make calls that the C library has
 * no function for. Those that only look go by the gate; all others jump on to the next
 * function, with all arguments where they are, for some do not return as others do. */
#include "syscall.h"

#include <linux/fcntl.h>

#include "gate.h"
#include "raw.h"

#if defined(__x86_64__)

void *shim_next_syscall;
int shim_plain_syscall;

extern int *__errno_location(void);

/* Calls stat and its kind, whose flags are `extra`; none of them waits by itself. */
__attribute__((used)) long shim_syscall(long number, long a, long b, long c, long d, long e);
long shim_syscall(long number, long a, long b, long c, long d, long e)
{
	int done = 0, at = number != __NR_stat && number != __NR_lstat && number != __NR_access && number != __NR_readlink;
	long r = 0;

	if (number == __NR_seccomp || number == __NR_prctl)
		gate_leave();                /* a filter of the program's own may forbid what the gate needs */
	else if (shim_plain_syscall)
		done = gate_call(&r, number, at, number == __NR_statx ? (unsigned)c : number == __NR_newfstatat ? (unsigned)d : 0, a, b, c, d, e);
	if (!done)
		while ((r = raw(number, a, b, c, d, e)) == -EINTR)
			gate_tell_interruption();
	if (r >= 0)
		return r;
	*__errno_location() = (int)-r;
	return -1;
}

/* Before the constructor has run the next function is unknown: the call is made here. */
#define OURS(number) "cmp $" #number ", %rdi\n\tje 1f\n\t"
#define OURS_OF(name) OURS_NUMBER(__NR_##name)
#define OURS_NUMBER(number) OURS(number)
__asm__(".text\n"
	".globl syscall\n"
	".type syscall, @function\n"
	"syscall:\n\t"
	".cfi_startproc\n\t"
	"endbr64\n\t"
	"mov shim_next_syscall(%rip), %rax\n\t"
	"test %rax, %rax\n\t"
	"je 2f\n\t"
	"cmpl $0, shim_plain_syscall(%rip)\n\t"
	"je 3f\n\t"
	OURS_OF(statx) OURS_OF(newfstatat) OURS_OF(stat) OURS_OF(lstat) OURS_OF(access) OURS_OF(readlink) OURS_OF(faccessat) OURS_OF(readlinkat)
	OURS_OF(seccomp) OURS_OF(prctl)
	"3:\tjmp *%rax\n"
	"1:\tjmp shim_syscall\n"
	"2:\tmov %rdi, %rax\n\t"
	"mov %rsi, %rdi\n\t"
	"mov %rdx, %rsi\n\t"
	"mov %rcx, %rdx\n\t"
	"mov %r8, %r10\n\t"
	"mov %r9, %r8\n\t"
	"mov 8(%rsp), %r9\n\t"
	"syscall\n\t"
	"cmp $-4095, %rax\n\t"
	"jae 4f\n\t"
	"ret\n"
	"4:\tneg %eax\n\t"
	"push %rax\n\t"
	".cfi_adjust_cfa_offset 8\n\t"
	"call __errno_location@PLT\n\t"
	"pop %rdx\n\t"
	".cfi_adjust_cfa_offset -8\n\t"
	"mov %edx, (%rax)\n\t"
	"mov $-1, %rax\n\t"
	"ret\n\t"
	".cfi_endproc\n"
	".size syscall, .-syscall\n");
#endif
