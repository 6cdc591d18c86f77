#include "config.h"

#include "service/write_calls.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define WRITE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define WRITE_ARCH AUDIT_ARCH_AARCH64
#else
#error "the filter does not know this architecture"
#endif

/* x32 programs have the architecture of x86-64 and numbers from here on. */
#define X32_BIT 0x40000000u

static const struct write_call calls[] = {
#ifdef SYS_open
	{ SYS_open, WRITE_OPEN, -1, 0, 1 },
	{ SYS_creat, WRITE_PATH, -1, 0, -1 },
	{ SYS_rename, WRITE_TREE, -1, 0, -1 },
	{ SYS_rename, WRITE_TREE, -1, 1, -1 },
	{ SYS_link, WRITE_PATH, -1, 1, -1 },
	{ SYS_symlink, WRITE_PATH, -1, 1, -1 },
	{ SYS_mkdir, WRITE_PATH, -1, 0, -1 },
	{ SYS_mknod, WRITE_PATH, -1, 0, -1 },
	{ SYS_rmdir, WRITE_PATH, -1, 0, -1 },
	{ SYS_unlink, WRITE_PATH, -1, 0, -1 },
	{ SYS_chmod, WRITE_PATH, -1, 0, -1 },
	{ SYS_chown, WRITE_PATH, -1, 0, -1 },
	{ SYS_lchown, WRITE_PATH, -1, 0, -1 },
	{ SYS_utime, WRITE_PATH, -1, 0, -1 },
	{ SYS_utimes, WRITE_PATH, -1, 0, -1 },
	{ SYS_futimesat, WRITE_PATH, 0, 1, -1 },
#endif
#ifdef SYS_renameat
	{ SYS_renameat, WRITE_TREE, 0, 1, -1 },
	{ SYS_renameat, WRITE_TREE, 2, 3, -1 },
#endif
	{ SYS_openat, WRITE_OPEN, 0, 1, 2 },
#ifdef SYS_openat2
	{ SYS_openat2, WRITE_OPEN_HOW, 0, 1, 2 },
#endif
	{ SYS_renameat2, WRITE_TREE, 0, 1, -1 },
	{ SYS_renameat2, WRITE_TREE, 2, 3, -1 },
	{ SYS_linkat, WRITE_PATH, 2, 3, -1 },
	{ SYS_symlinkat, WRITE_PATH, 1, 2, -1 },
	{ SYS_mkdirat, WRITE_PATH, 0, 1, -1 },
	{ SYS_mknodat, WRITE_PATH, 0, 1, -1 },
	{ SYS_unlinkat, WRITE_PATH, 0, 1, -1 },
	{ SYS_truncate, WRITE_PATH, -1, 0, -1 },
	{ SYS_fchmodat, WRITE_PATH, 0, 1, -1 },
#ifdef SYS_fchmodat2
	{ SYS_fchmodat2, WRITE_PATH, 0, 1, -1 },
#endif
	{ SYS_fchownat, WRITE_PATH, 0, 1, -1 },
	{ SYS_utimensat, WRITE_PATH, 0, 1, -1 },
	{ SYS_setxattr, WRITE_PATH, -1, 0, -1 },
	{ SYS_lsetxattr, WRITE_PATH, -1, 0, -1 },
	{ SYS_removexattr, WRITE_PATH, -1, 0, -1 },
	{ SYS_lremovexattr, WRITE_PATH, -1, 0, -1 },
	{ SYS_fchmod, WRITE_FD, -1, 0, -1 },
	{ SYS_fchown, WRITE_FD, -1, 0, -1 },
	{ SYS_fsetxattr, WRITE_FD, -1, 0, -1 },
	{ SYS_fremovexattr, WRITE_FD, -1, 0, -1 },
	{ SYS_bind, WRITE_BIND, -1, 1, 2 },
	{ SYS_execve, WRITE_EXEC, -1, 0, -1 },
	{ SYS_execveat, WRITE_EXEC, 0, 1, -1 },
	{ SYS_io_uring_setup, WRITE_RING, -1, -1, -1 },
};

enum { CALLS = sizeof calls / sizeof *calls };

const struct write_call *write_call_find(int32_t number)
{
	int i;

	for (i = 0; i < CALLS; i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

const struct write_call *write_call_next(const struct write_call *row)
{
	return row + 1 < calls + CALLS && row[1].number == row->number ? row + 1 : NULL;
}

int write_flags_change(uint64_t flags)
{
	return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
}

#define LOAD(at) (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(at))
#define RETURN(value) (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value)
#define IF(test, value, yes, no) (struct sock_filter)BPF_JUMP(BPF_JMP | (test) | BPF_K, value, yes, no)

/* Where the lower half of an argument is. */
static uint32_t low(int arg)
{
	uint32_t at = (uint32_t)offsetof(struct seccomp_data, args) + (uint32_t)arg * 8;

	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? at : at + 4;
}

/* Numbers are tested before arguments: what the number alone decides is answered by the kernel's own bitmap. */
uint32_t write_filter_make(struct sock_filter ret[WRITE_FILTER_MOST])
{
	uint32_t n = 0;
	int i;

	ret[n++] = LOAD(offsetof(struct seccomp_data, arch));
	ret[n++] = IF(BPF_JEQ, WRITE_ARCH, 1, 0);
	ret[n++] = RETURN(SECCOMP_RET_ALLOW);
	ret[n++] = LOAD(offsetof(struct seccomp_data, nr));
	ret[n++] = IF(BPF_JGE, X32_BIT, 0, 1);
	ret[n++] = RETURN(SECCOMP_RET_ALLOW);
	for (i = 0; i < CALLS; i++) {
		if (i && calls[i].number == calls[i - 1].number)
			continue;
		if (calls[i].kind == WRITE_OPEN) {
			ret[n++] = IF(BPF_JEQ, (uint32_t)calls[i].number, 0, 4);
			ret[n++] = LOAD(low(calls[i].extra));
			ret[n++] = IF(BPF_JSET, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 0, 1);
			ret[n++] = RETURN(SECCOMP_RET_USER_NOTIF);
			ret[n++] = RETURN(SECCOMP_RET_ALLOW);
		} else {
			ret[n++] = IF(BPF_JEQ, (uint32_t)calls[i].number, 0, 1);
			ret[n++] = RETURN(SECCOMP_RET_USER_NOTIF);
		}
	}
	ret[n++] = RETURN(SECCOMP_RET_ALLOW);
	return n;
}
