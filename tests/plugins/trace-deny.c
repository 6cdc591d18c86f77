/* trace-deny WHAT COMMAND [ARGUMENT...]: runs a command where the kernel refuses some
 * means of tracing, as sandboxes and containers do.
 *
 *   eperm, enosys   any system call filter
 *   busy            a listener (EBUSY: another one is there)
 *   busy-noptrace   that and ptrace
 *   no-aio          asynchronous input and output (ENOSYS: kernels can be built without) */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define ERROR(number) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (number))
#define LOW(i) (offsetof(struct seccomp_data, args) + 8 * (i))

int main(int argc, char **argv)
{
	int busy = argc > 2 && strncmp(argv[1], "busy", 4) == 0;
	int aio = argc > 2 && strcmp(argv[1], "no-aio") == 0;
	int error = aio || (argc > 2 && strcmp(argv[1], "enosys") == 0) ? ENOSYS : EPERM;
	struct sock_filter all[] = {
		LOAD(offsetof(struct seccomp_data, nr)), IF(aio ? SYS_io_setup : SYS_seccomp, 0, 1), ERROR((unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter listener[] = {
		LOAD(offsetof(struct seccomp_data, nr)), IF(SYS_seccomp, 0, 5),
		LOAD(LOW(0)), IF(SECCOMP_SET_MODE_FILTER, 0, 6),
		LOAD(LOW(1)), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SECCOMP_FILTER_FLAG_NEW_LISTENER, 0, 4), ERROR(EBUSY),
		IF(argc > 2 && strcmp(argv[1], "busy-noptrace") == 0 ? SYS_ptrace : 0xffffffffu, 0, 2),
		BPF_STMT(BPF_JMP | BPF_JA, 0), ERROR(EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = { busy ? sizeof listener / sizeof *listener : sizeof all / sizeof *all, busy ? listener : all };

	if (argc < 3)
		return 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p)) {
		perror("trace-deny");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
