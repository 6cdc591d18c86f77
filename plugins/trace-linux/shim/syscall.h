/* syscall: the function of this name, for programs that look by it. */
#ifndef TRACE_SHIM_SYSCALL_H
#define TRACE_SHIM_SYSCALL_H

#if defined(__x86_64__)
extern void *shim_next_syscall;          /* of all that is not done here; NULL: not known yet */
extern int shim_plain_syscall;           /* it is the C library's, and so are the others that the gate stands in for */
#endif
#endif
