/* The call table, the filter made from it, and what calls mean. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "trace-linux/calls.h"
#include "trace-linux/filter.h"
#include "vt-plugin.h"

enum { EVENT = SECCOMP_RET_USER_NOTIF, ALLOW = SECCOMP_RET_ALLOW, NOSYS = SECCOMP_RET_ERRNO | ENOSYS };

/* The filter, run as the kernel runs it; only what filter.c uses. */
static uint32_t run(const struct sock_filter *f, uint32_t n, const struct seccomp_data *data)
{
	uint32_t a = 0;
	uint32_t i, steps;

	for (i = 0, steps = 0; i < n && steps < 4096; steps++) {
		const struct sock_filter *at = &f[i++];

		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(at->k + 4 <= sizeof *data && at->k % 4 == 0);
			memcpy(&a, (const char *)data + at->k, 4);
			break;
		case BPF_JMP | BPF_JA: i += at->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K: i += a == at->k ? at->jt : at->jf; break;
		case BPF_JMP | BPF_JGE | BPF_K: i += a >= at->k ? at->jt : at->jf; break;
		case BPF_JMP | BPF_JSET | BPF_K: i += a & at->k ? at->jt : at->jf; break;
		case BPF_RET | BPF_K: return at->k;
		default: fail_msg("instruction %x", at->code);
		}
	}
	fail_msg("the filter has no end");
	return 0;
}

static struct sock_filter filter[FILTER_MAX];
static uint32_t filter_n;

static uint32_t answer(uint32_t arch, uint32_t number, uint64_t fd, uint64_t flags, int flags_at)
{
	struct seccomp_data data = { .arch = arch, .nr = (int)number, .args = { fd } };

	data.args[flags_at] = flags;
	return run(filter, filter_n, &data);
}

static int make(void **state)
{
	(void)state;
	filter_n = filter_make(EVENT, 0, filter);
	assert_in_range(filter_n, 50, FILTER_MAX);
	return 0;
}

static void the_filter_agrees_with_the_table(void **state)
{
	int a, number;

	(void)state;
	for (a = 0; a < ARCH_COUNT; a++) {
		if (!call_audit_arch[a])
			continue;
		for (number = 0; number < 1000; number++) {
			const struct call *c = call_find(call_audit_arch[a], number);
			/* with no arguments no handler is set, and no signal sent */
			uint32_t want = !c || c->does == DOES_SIGNAL || c->does == DOES_FILTER || (c->does == DOES_SEND && c->extra != NO) ? ALLOW : c->does == DOES_NOT_EXIST ? NOSYS : EVENT;

			assert_int_equal(answer(call_audit_arch[a], (uint32_t)number, 0, 0, 2), want);
		}
	}
}

static void calls_from_the_gate_go_on(void **state)
{
	enum { GATE = 0x61234006 };
	static const uint64_t elsewhere[] = { 0, GATE - 1, GATE + 1, 0x100000000u + GATE };
	static struct sock_filter gated[FILTER_MAX];
	uint32_t n = filter_make(EVENT, GATE, gated);
	struct seccomp_data data = { .arch = call_audit_arch[ARCH_NATIVE], .nr = calls[CALL_openat].number[ARCH_NATIVE] };
	size_t i;

	(void)state;
	data.instruction_pointer = GATE;
	assert_int_equal(run(gated, n, &data), ALLOW);
	assert_int_equal(run(filter, filter_n, &data), EVENT);
	for (i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
		data.instruction_pointer = elsewhere[i];
		assert_int_equal(run(gated, n, &data), EVENT);
	}
	data.instruction_pointer = GATE;
	data.nr = calls[CALL_io_uring_setup].number[ARCH_NATIVE];
	assert_int_equal(run(gated, n, &data), NOSYS);
	if (call_audit_arch[ARCH_COMPAT]) {
		data.arch = call_audit_arch[ARCH_COMPAT];
		data.nr = calls[CALL_openat].number[ARCH_COMPAT];
		assert_int_equal(run(gated, n, &data), EVENT);
	}
}

static void handlers_of_a_few_signals_are_told(void **state)
{
	static const struct { int number; uint32_t want; } signals[] = {
		{ SIGCHLD, EVENT }, { SIGALRM, EVENT }, { SIGUSR1, EVENT }, { SIGPROF, EVENT }, { SIGVTALRM, EVENT },
		{ SIGSEGV, ALLOW }, { SIGTERM, ALLOW }, { SIGPIPE, ALLOW }, { 33, ALLOW },
	};
	size_t i;
	int a;

	(void)state;
	for (a = 0; a < ARCH_COUNT; a++)
		for (i = 0; call_audit_arch[a] && i < sizeof signals / sizeof *signals; i++) {
			uint32_t number = (uint32_t)calls[CALL_rt_sigaction].number[a];

			assert_int_equal(answer(call_audit_arch[a], number, (uint64_t)signals[i].number, 4096, 1), signals[i].want);
			assert_int_equal(answer(call_audit_arch[a], number, (uint64_t)signals[i].number, 0, 1), ALLOW);
		}
}

static void signals_that_programs_send_are_told(void **state)
{
	static const enum call_id ids[] = { CALL_kill, CALL_tkill, CALL_tgkill, CALL_rt_sigqueueinfo, CALL_rt_tgsigqueueinfo, CALL_pidfd_send_signal };
	static const struct { int number; uint32_t want; } signals[] = {
		{ SIGUSR1, EVENT }, { SIGUSR2, EVENT }, { SIGTERM, ALLOW }, { SIGKILL, ALLOW }, { SIGURG, ALLOW }, { SIGCHLD, ALLOW }, { 0, ALLOW },
	};
	size_t i, k;
	int a;

	(void)state;
	for (a = 0; a < ARCH_COUNT; a++)
		for (k = 0; call_audit_arch[a] && k < sizeof ids / sizeof *ids; k++)
			for (i = 0; i < sizeof signals / sizeof *signals; i++)
				assert_int_equal(answer(call_audit_arch[a], (uint32_t)calls[ids[k]].number[a], SIGUSR1,
							(uint64_t)signals[i].number, calls[ids[k]].extra), signals[i].want);
}

static void filters_with_a_listener_are_told(void **state)
{
	int a;

	(void)state;
	for (a = 0; a < ARCH_COUNT; a++) {
		uint32_t number = (uint32_t)calls[CALL_seccomp].number[a];

		if (!call_audit_arch[a])
			continue;
		assert_int_equal(answer(call_audit_arch[a], number, SECCOMP_SET_MODE_FILTER, 8, 1), EVENT);
		assert_int_equal(answer(call_audit_arch[a], number, SECCOMP_SET_MODE_FILTER, 9, 1), EVENT);
		assert_int_equal(answer(call_audit_arch[a], number, SECCOMP_SET_MODE_FILTER, 1, 1), ALLOW);
		assert_int_equal(answer(call_audit_arch[a], number, SECCOMP_GET_ACTION_AVAIL, 8, 1), ALLOW);
	}
}

static void a_name_with_the_flag_for_an_empty_name_is_told(void **state)
{
	static const struct { enum call_id id; int flags; } stats[] = { { CALL_newfstatat, 3 }, { CALL_statx, 2 } };
	int a;
	size_t i;

	(void)state;
	for (a = 0; a < ARCH_COUNT; a++)
		for (i = 0; call_audit_arch[a] && i < 2; i++) {
			uint32_t number = (uint32_t)calls[stats[i].id].number[a];

			assert_int_equal(answer(call_audit_arch[a], number, 3, AT_EMPTY_PATH, stats[i].flags), EVENT);
			assert_int_equal(answer(call_audit_arch[a], number, 3, 0, stats[i].flags), EVENT);
			assert_int_equal(answer(call_audit_arch[a], number, (uint64_t)AT_FDCWD, AT_EMPTY_PATH, stats[i].flags), EVENT);
		}
}

static void a_call_of_an_interface_without_a_table_is_told(void **state)
{
	(void)state;
	assert_int_equal(answer(AUDIT_ARCH_PPC64, SYS_getppid, 0, 0, 2), EVENT);
#ifdef __x86_64__
	assert_int_equal(answer(AUDIT_ARCH_X86_64, 0x40000000u + SYS_getppid, 0, 0, 2), EVENT);
#endif
}

static void the_table_has_this_machines_numbers(void **state)
{
	(void)state;
#define SAME(name) assert_int_equal(calls[CALL_##name].number[ARCH_NATIVE], SYS_##name)
	SAME(openat); SAME(openat2); SAME(execve); SAME(execveat); SAME(newfstatat); SAME(statx); SAME(faccessat);
	SAME(faccessat2); SAME(readlinkat); SAME(chdir); SAME(getxattr); SAME(lgetxattr); SAME(listxattr); SAME(llistxattr);
	SAME(statfs); SAME(name_to_handle_at); SAME(inotify_add_watch); SAME(open_tree); SAME(open_by_handle_at);
	SAME(renameat2); SAME(linkat); SAME(symlinkat); SAME(mkdirat); SAME(mknodat); SAME(unlinkat); SAME(truncate);
	SAME(fchmodat); SAME(fchownat); SAME(utimensat); SAME(setxattr); SAME(lsetxattr); SAME(removexattr);
	SAME(lremovexattr); SAME(chroot); SAME(pivot_root); SAME(mount); SAME(umount2); SAME(move_mount); SAME(setns); SAME(rt_sigaction); SAME(connect); SAME(fsmount); SAME(seccomp);
	SAME(io_uring_setup);
#ifdef SYS_open
	SAME(open); SAME(creat); SAME(stat); SAME(lstat); SAME(access); SAME(readlink); SAME(rename); SAME(renameat);
	SAME(link); SAME(symlink); SAME(mkdir); SAME(mknod); SAME(rmdir); SAME(unlink); SAME(chmod); SAME(chown);
	SAME(lchown); SAME(utime); SAME(utimes); SAME(futimesat);
#endif
}

static void no_number_stands_twice(void **state)
{
	int a, i, k;

	(void)state;
	for (a = 0; a < ARCH_COUNT; a++)
		for (i = 0; i < CALLS_COUNT; i++)
			for (k = i + 1; k < CALLS_COUNT; k++)
				assert_false(calls[i].number[a] != NO && calls[i].number[a] == calls[k].number[a]);
}

/* "READ WRITE", with what the flags say: a attributes, r removed, d directory, l a link itself */
static const char *meaning(enum call_id id, uint64_t extra)
{
	static const char *const ops[] = { "?", "READ", "WRITE", "PROBE", "LIST", "RENAME", "EXEC" };
	static char text[200];
	uint64_t args[6] = { 0 };
	struct call_meaning m;
	int i;

	if (calls[id].extra != NO)
		args[calls[id].extra] = extra;
	call_decode(&calls[id], args, extra, &m);
	text[0] = '\0';
	for (i = 0; i < m.acts; i++) {
		size_t n = strlen(text);
		uint16_t f = m.act[i].flags;

		snprintf(text + n, sizeof text - n, "%s%s%s%s%s%s%s", n ? " " : "", ops[m.act[i].op], f ? "." : "",
			 f & VT_SEEN_ATTRIBUTE ? "a" : "", f & VT_SEEN_REMOVED ? "r" : "", f & VT_SEEN_DIRECTORY ? "d" : "", f & VT_SEEN_NOFOLLOW ? "l" : "");
		assert_in_range(m.act[i].path, 0, m.paths);
	}
	return text;
}
#define MEANS(call, extra, want) assert_string_equal(meaning(CALL_##call, extra), want)

static void the_flags_of_open_decide_what_is_noted(void **state)
{
	(void)state;
	MEANS(openat, O_RDONLY, "READ");
	MEANS(openat, O_WRONLY, "READ WRITE");
	MEANS(openat, O_WRONLY | O_CREAT, "READ WRITE");
	MEANS(openat, O_WRONLY | O_TRUNC, "WRITE");
	MEANS(openat, O_WRONLY | O_CREAT | O_TRUNC, "WRITE");
	MEANS(openat, O_RDWR, "READ WRITE");
	MEANS(openat, O_WRONLY | O_APPEND, "READ WRITE");
	MEANS(openat, O_RDWR | O_CREAT | O_TRUNC, "WRITE");
	MEANS(openat, O_WRONLY | O_CREAT | O_EXCL, "PROBE.l WRITE.l");
	MEANS(openat, O_RDWR | O_CREAT | O_EXCL, "PROBE.l WRITE.l");
	MEANS(openat, O_RDONLY | O_DIRECTORY, "LIST.d");
	MEANS(openat, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, "LIST.dl");
	MEANS(openat, O_PATH, "PROBE");
	MEANS(openat, O_PATH | O_DIRECTORY, "PROBE.d");
	MEANS(openat, O_TMPFILE | O_RDWR, "PROBE.d");
	MEANS(openat2, O_RDWR, "READ WRITE");
#ifdef SYS_open
	MEANS(open, O_RDONLY | O_NOFOLLOW, "READ.l");
	MEANS(creat, 0, "WRITE");
#endif
}

static void each_other_call_is_noted_by_its_flags(void **state)
{
	(void)state;
	MEANS(newfstatat, 0, "PROBE");
	MEANS(newfstatat, AT_SYMLINK_NOFOLLOW, "PROBE.l");
	MEANS(readlinkat, 0, "PROBE.l");
	MEANS(execve, 0, "EXEC");
	MEANS(mkdirat, 0, "WRITE.dl");
	MEANS(unlinkat, 0, "WRITE.rl");
	MEANS(unlinkat, AT_REMOVEDIR, "WRITE.rdl");
	MEANS(renameat2, 0, "RENAME.l");
	MEANS(renameat2, RENAME_NOREPLACE, "PROBE.l RENAME.l");
	MEANS(renameat2, RENAME_EXCHANGE, "READ.l READ.l RENAME.l RENAME.l");
	MEANS(linkat, 0, "READ.l PROBE.l WRITE.l");
	MEANS(linkat, AT_EMPTY_PATH, "PROBE.l WRITE.l");
	MEANS(symlinkat, 0, "PROBE.l WRITE.l");
	MEANS(truncate, 0, "READ WRITE");
	MEANS(fchmodat, 0, "WRITE.a");
	MEANS(utimensat, AT_SYMLINK_NOFOLLOW, "WRITE.al");
	MEANS(chdir, 0, "PROBE.d");
	MEANS(bind, 0, "PROBE.l WRITE.l");
	MEANS(mount, 0, "");
}

static void every_call_means_something(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < CALLS_COUNT; i++) {
		uint64_t args[6] = { 0 };
		struct call_meaning m;

		if (calls[i].does == DOES_NOT_EXIST)
			continue;
		call_decode(&calls[i], args, 0, &m);
		assert_true(m.acts || m.by_handle || m.chroot || m.mount || m.connect || m.listens || m.sends || calls[i].does == DOES_SIGNAL);
		assert_true(!m.acts || m.paths);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_filter_agrees_with_the_table),
		cmocka_unit_test(calls_from_the_gate_go_on),
		cmocka_unit_test(handlers_of_a_few_signals_are_told),
		cmocka_unit_test(signals_that_programs_send_are_told),
		cmocka_unit_test(filters_with_a_listener_are_told),
		cmocka_unit_test(a_name_with_the_flag_for_an_empty_name_is_told),
		cmocka_unit_test(a_call_of_an_interface_without_a_table_is_told),
		cmocka_unit_test(the_table_has_this_machines_numbers),
		cmocka_unit_test(no_number_stands_twice),
		cmocka_unit_test(the_flags_of_open_decide_what_is_noted),
		cmocka_unit_test(each_other_call_is_noted_by_its_flags),
		cmocka_unit_test(every_call_means_something),
	};

	return cmocka_run_group_tests(tests, make, NULL);
}
