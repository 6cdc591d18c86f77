/* filter: made from the call table, handed over as data.
 *
 *   architecture ─► its block: number ─► listed      ─► event
 *        │                            ─► a handler for a signal of few ─► event
 *        │                            ─► one of these signals is sent ─► event
 *        │                            ─► a filter with a listener ─► event
 *        │                            ─► io_uring     ─► ENOSYS
 *        │                            ─► else         ─► allow
 *        └─► no block: event; the decoder does not know it, the trace is incomplete
 *
 * Numbers are tested before arguments: what number and architecture decide alone is
 * answered by the kernel's own bitmap and costs nothing. To make it the kernel runs the
 * filter for each number that there is, so they are looked for by halving. */
#include "config.h"

#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "calls.h"

#define X32_BIT 0x40000000u
#ifndef SECCOMP_FILTER_FLAG_NEW_LISTENER
#define SECCOMP_FILTER_FLAG_NEW_LISTENER 8u
#endif

#define LOAD(member) (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RETURN(value) (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value)
#define IF(test, value, yes, no) (struct sock_filter)BPF_JUMP(BPF_JMP | (test) | BPF_K, value, (uint8_t)(yes), (uint8_t)(no))

static uint32_t low(int arg)
{
	uint32_t at = (uint32_t)offsetof(struct seccomp_data, args) + (uint32_t)arg * 8;

	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? at : at + 4;
}

/* The ends of a block, by their distance from its last instruction. A call that no test
 * matches reaches the first. The last is preceded by a test of the caller's address. */
enum { TAIL_EVENT = 6, TAIL_NOSYS = 7, TAIL_ALLOW = 8, TAILS = 8 };

/* Signals that a task's own actions send: with a handler for one of them a call may be
 * interrupted. Signals that end a task are not worth a question each time. */
static const uint32_t signals[] = { SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGVTALRM, SIGPROF, SIGIO };

/* The signals among these that the kernel never sends by itself. */
static const uint32_t requests[] = { SIGUSR1, SIGUSR2 };

enum {
	SIGNALS = sizeof signals / sizeof *signals,
	REQUESTS = sizeof requests / sizeof *requests,
	SIGNAL_LENGTH = 3 + SIGNALS,                            /* is there an action? is it one of those signals? */
	SEND_LENGTH = 1 + REQUESTS,                             /* is it one of those that are sent? */
	LISTENER_LENGTH = 4,                                    /* is a filter set? with a listener? */
};

static uint32_t test_length(const struct call *c)
{
	return c->does == DOES_SIGNAL ? SIGNAL_LENGTH : c->does == DOES_FILTER ? LISTENER_LENGTH :
	       c->does == DOES_SEND && c->extra != NO ? SEND_LENGTH : 0;
}

/* The calls of one architecture, by number. */
struct row {
	const struct call *at[CALLS_COUNT];
	uint32_t n;
	enum call_arch arch;
};

static uint32_t number_of(const struct row *row, uint32_t i)
{
	return (uint32_t)row->at[i]->number[row->arch];
}

static void row_make(enum call_arch arch, struct row *row)
{
	uint32_t k;
	int i;

	row->n = 0;
	row->arch = arch;
	for (i = 0; i < CALLS_COUNT; i++) {
		if (calls[i].number[arch] == NO)
			continue;
		for (k = row->n++; k && number_of(row, k - 1) > (uint32_t)calls[i].number[arch]; k--)
			row->at[k] = row->at[k - 1];
		row->at[k] = &calls[i];
	}
}

enum { LEAF = 4 };            /* calls that are tested one after the other */

static uint32_t tree_length(const struct row *row, uint32_t from, uint32_t to)
{
	uint32_t n = 1;

	if (to - from > LEAF)
		return 1 + tree_length(row, from, (from + to) / 2) + tree_length(row, (from + to) / 2, to);
	for (; from < to; from++)
		n += 1 + test_length(row->at[from]);
	return n;
}

static uint32_t block_length(const struct row *row)
{
	return 2 + tree_length(row, 0, row->n) + TAILS;
}

#define LOAD_ARGUMENT(arg) (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low(arg))
#define TO(tail) (end - (tail) - n - 1)

/* Is the argument `arg` one of the signals in `among`? */
static uint32_t test_among(int arg, const uint32_t *among, uint32_t count, uint32_t end, uint32_t n, struct sock_filter *ret)
{
	uint32_t i;

	ret[n] = LOAD_ARGUMENT(arg);
	n++;
	for (i = 0; i < count; i++, n++)
		ret[n] = IF(BPF_JEQ, among[i], TO(TAIL_EVENT), i + 1 < count ? 0 : TO(TAIL_ALLOW));
	return n;
}

static uint32_t test_signal(const struct call *c, uint32_t end, uint32_t n, struct sock_filter *ret)
{
	ret[n] = LOAD_ARGUMENT(c->extra);
	n++;
	ret[n] = IF(BPF_JEQ, 0, TO(TAIL_ALLOW), 0);
	n++;
	return test_among(0, signals, SIGNALS, end, n, ret);
}

static uint32_t test_listener(uint32_t end, uint32_t n, struct sock_filter *ret)
{
	ret[n] = LOAD_ARGUMENT(0);
	n++;
	ret[n] = IF(BPF_JEQ, SECCOMP_SET_MODE_FILTER, 0, TO(TAIL_ALLOW));
	n++;
	ret[n] = LOAD_ARGUMENT(1);
	n++;
	ret[n] = IF(BPF_JSET, SECCOMP_FILTER_FLAG_NEW_LISTENER, TO(TAIL_EVENT), TO(TAIL_ALLOW));
	return n + 1;
}

/* A call from the gate goes on. Only this machine's own programs have one. */
static uint32_t test_gate(enum call_arch arch, uint32_t event, uint64_t gate, uint32_t n, struct sock_filter *ret)
{
	uint32_t at = (uint32_t)offsetof(struct seccomp_data, instruction_pointer);
	bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

	if (arch != ARCH_NATIVE)
		gate = 0;                    /* no instruction ends there */
	ret[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, little ? at : at + 4);
	ret[n++] = IF(BPF_JEQ, (uint32_t)gate, 0, 3);
	ret[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, little ? at + 4 : at);
	ret[n++] = IF(BPF_JEQ, (uint32_t)(gate >> 32), 0, 1);
	ret[n++] = RETURN(gate ? SECCOMP_RET_ALLOW : event);
	ret[n++] = RETURN(event);
	return n;
}

/* The tests of a few calls; any other goes on. */
static uint32_t leaf_make(const struct row *row, uint32_t from, uint32_t to, uint32_t end, uint32_t n, struct sock_filter *ret)
{
	for (; from < to; from++) {
		const struct call *c = row->at[from];

		if (test_length(c))
			ret[n] = IF(BPF_JEQ, number_of(row, from), 0, test_length(c));
		else
			ret[n] = IF(BPF_JEQ, number_of(row, from), c->does == DOES_NOT_EXIST ? TO(TAIL_NOSYS) : TO(TAIL_EVENT), 0);
		n++;
		if (c->does == DOES_SIGNAL)
			n = test_signal(c, end, n, ret);
		else if (c->does == DOES_SEND && c->extra != NO)
			n = test_among(c->extra, requests, REQUESTS, end, n, ret);
		else if (c->does == DOES_FILTER)
			n = test_listener(end, n, ret);
	}
	ret[n++] = RETURN(SECCOMP_RET_ALLOW);
	return n;
}

static uint32_t tree_make(const struct row *row, uint32_t from, uint32_t to, uint32_t end, uint32_t n, struct sock_filter *ret)
{
	const uint32_t middle = (from + to) / 2;

	if (to - from <= LEAF)
		return leaf_make(row, from, to, end, n, ret);
	ret[n++] = IF(BPF_JGE, number_of(row, middle), tree_length(row, from, middle), 0);
	n = tree_make(row, from, middle, end, n, ret);
	return tree_make(row, middle, to, end, n, ret);
}

static uint32_t block_make(const struct row *row, uint32_t event, uint64_t gate, struct sock_filter *ret)
{
	uint32_t end = block_length(row), n = 0;

	ret[n] = LOAD(nr);
	n++;
	/* x32 has the architecture of x86-64 and numbers of its own */
	ret[n] = IF(BPF_JGE, X32_BIT, TO(TAIL_EVENT), 0);
	n++;
	n = tree_make(row, 0, row->n, end, n, ret);
	ret[n++] = RETURN(SECCOMP_RET_ALLOW);
	ret[n++] = RETURN(SECCOMP_RET_ERRNO | ENOSYS);
	return test_gate(row->arch, event, gate, n, ret);
}

uint32_t filter_make(uint32_t event, uint64_t gate, struct sock_filter ret[FILTER_MAX])
{
	struct row row;
	uint32_t n = 0;
	int a;

	ret[n++] = LOAD(arch);
	for (a = 0; a < ARCH_COUNT; a++) {
		if (!call_audit_arch[a])
			continue;
		row_make((enum call_arch)a, &row);
		/* a block is longer than a conditional jump can be */
		ret[n++] = IF(BPF_JEQ, call_audit_arch[a], 1, 0);
		ret[n++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, block_length(&row));
		n += block_make(&row, event, gate, ret + n);
	}
	ret[n++] = RETURN(event);
	return n;
}
