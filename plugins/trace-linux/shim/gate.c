/* gate: opens the gate. The filter lets calls go on that are made from one page. A program
 * gets that page and the log from the tracer once it has made some calls: most programs
 * end before that, and pay nothing. */
#include "gate.h"

#include <linux/fcntl.h>
#include <linux/mman.h>
#include <stddef.h>

#include "raw.h"
#include "shim-log.h"

#if defined(__x86_64__)

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

enum {
	FIRST_CALLS = 12,                /* calls that ask the tracer before the gate is opened; opening it costs about as much */
};

enum { NOT_ALLOWED, NOT_ASKED, BUSY, OPEN, SHUT };
static int gate;                         /* state of the gate, one of these */
static unsigned calls;                   /* calls that asked the tracer */
static struct shim_log *shared;
static unsigned long gate_at;
static uint64_t *known;                  /* hashes of the log's records, and this process; a fork gets an empty one */
enum { KNOWN_SIZE = (GATE_KNOWN + 1) * sizeof *known };

long gate_make(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("call *%[gate]"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), [gate] "r"(gate_at)
			 : "rcx", "r11", "memory", "cc");
	return ret;
}

/* ---- opening the gate -------------------------------------------------------- */

static int failed(long r)
{
	return r < 0 && r > -SHIM_PAGE;
}

static int ask_for_log(int from_gate, uint32_t *interrupted)
{
	long fd;

	for (;; ++*interrupted) {
		fd = from_gate ? gate_make(__NR_openat, AT_FDCWD, (long)SHIM_LOG_PATH, O_RDWR | O_CLOEXEC, 0, 0) :
				 raw(__NR_openat, AT_FDCWD, (long)SHIM_LOG_PATH, O_RDWR | O_CLOEXEC, 0, 0);
		if (fd != -EINTR)
			return (int)fd;
	}
}

/* Does the filter let a call from the gate through? Not under an emulator, which makes calls from other places. */
static int is_let_through(uint32_t *interrupted)
{
	int fd = ask_for_log(1, interrupted);

	if (fd >= 0)
		raw(__NR_close, fd, 0, 0, 0, 0);
	return fd < 0;
}

static int open_log(int fd)
{
	long at = raw_map(NULL, SHIM_LOG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0), code;

	if (failed(at))
		return 0;
	shared = (struct shim_log *)at;
	if (shared->magic != SHIM_LOG_MAGIC || shared->closed)
		return 0;
	gate_at = shared->gate;
	code = raw_map((void *)gate_at, SHIM_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, SHIM_PAGE);
	if (failed(code))
		return 0;
	if ((unsigned long)code != gate_at) {
		/* an old kernel treats the address as a hint only */
		raw(__NR_munmap, code, SHIM_PAGE, 0, 0, 0);
		return 0;
	}
	at = raw_map(NULL, KNOWN_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (failed(at) || raw(__NR_madvise, at, KNOWN_SIZE, MADV_WIPEONFORK, 0, 0) != 0)
		return 0;
	known = (uint64_t *)at;
	return 1;
}

/* Opens the gate on one thread; meanwhile other threads and signal handlers ask the tracer. */
static int open_gate(void)
{
	int expected = NOT_ASKED, fd, works;
	uint32_t interrupted = 0;

	if (!__atomic_compare_exchange_n(&gate, &expected, BUSY, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return 0;
	fd = ask_for_log(0, &interrupted);
	works = fd >= 0 && open_log(fd);
	if (fd >= 0)
		raw(__NR_close, fd, 0, 0, 0, 0);
	works = works && is_let_through(&interrupted);
	if (works && interrupted)
		__atomic_add_fetch(&shared->interrupted, interrupted, __ATOMIC_SEQ_CST);
	__atomic_store_n(&gate, works ? OPEN : SHUT, __ATOMIC_RELEASE);
	return works;
}

void gate_allow(void)
{
	gate = NOT_ASKED;
}

void gate_leave(void)
{
	__atomic_store_n(&gate, SHUT, __ATOMIC_RELEASE);
}

void gate_tell_interruption(void)
{
	int now = __atomic_load_n(&gate, __ATOMIC_ACQUIRE);

	if (now == OPEN || (now == NOT_ASKED && open_gate()))
		__atomic_add_fetch(&shared->interrupted, 1, __ATOMIC_SEQ_CST);
}

struct shim_log *gate_log(uint64_t **ret_known)
{
	int now = __atomic_load_n(&gate, __ATOMIC_ACQUIRE);

	if (now != OPEN && !(now == NOT_ASKED && ++calls > FIRST_CALLS && open_gate()))
		return NULL;
	*ret_known = known;
	return __atomic_load_n(&shared->closed, __ATOMIC_ACQUIRE) ? NULL : shared;
}

uint32_t gate_process(void)
{
	uint64_t *at = &known[GATE_KNOWN], process = __atomic_load_n(at, __ATOMIC_RELAXED);

	if (!process) {
		process = (uint64_t)raw(__NR_getpid, 0, 0, 0, 0, 0);
		__atomic_store_n(at, process, __ATOMIC_RELAXED);
	}
	return (uint32_t)process;
}

int gate_is_open(void)
{
	return __atomic_load_n(&gate, __ATOMIC_ACQUIRE) == OPEN;
}

#else

int gate_is_open(void)
{
	return 0;
}

/* Does nothing: no filter on this architecture knows a gate. */
void gate_allow(void)
{
}

void gate_tell_interruption(void)
{
}

void gate_leave(void)
{
}
#endif
