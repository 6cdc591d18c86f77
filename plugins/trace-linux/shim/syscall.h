/* syscall: the function of this name, for programs that call the kernel by it. */
#ifndef TRACE_SHIM_SYSCALL_H
#define TRACE_SHIM_SYSCALL_H

#if defined(__x86_64__)
extern void *shim_next_syscall;          /* the next function, for calls not made here; NULL: not known yet */
extern int shim_plain_syscall;           /* the next is the C library's, and so are all that the gate stands in for */
#endif
#endif
