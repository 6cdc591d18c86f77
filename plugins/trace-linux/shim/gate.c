/* gate: makes calls that only look or read without asking the tracer.
 *
 * The filter lets calls go on that are made from one page, the gate. A program gets that
 * page and the log from the tracer once it has made some calls: most programs end before
 * that, and pay nothing.
 *
 * A record is written before its call, so the path must be read before the kernel has
 * seen it; a pointer that leads nowhere must still give EFAULT. readable() asks the kernel. */
#include "gate.h"

#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>
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
	FIRST_CALLS = 12,                /* that ask the tracer before the gate is opened: about what that costs */
	KNOWN = 8192,                    /* hashes; a power of two */
	PROBES = 8,                      /* places that are tried for one */
	FOLDER_MAX = 512,                /* bytes of a folder's path; small, for the stacks of signal handlers */
};

enum { NOT_ALLOWED, NOT_ASKED, BUSY, OPEN, SHUT };
static int gate;                         /* one of those */
static unsigned calls;                   /* that asked the tracer */
static struct shim_log *shared;
static unsigned long gate_at;
static uint64_t *known;                  /* what is in the log already; a fork gets an empty one */

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static uint32_t *state_of(uint64_t cell)
{
	return (uint32_t *)((char *)shared + SHIM_STATES_AT) + cell % SHIM_CELLS;
}

static long through(long number, long a, long b, long c, long d, long e)
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
		fd = from_gate ? through(__NR_openat, AT_FDCWD, (long)SHIM_LOG_PATH, O_RDWR | O_CLOEXEC, 0, 0) :
				 raw(__NR_openat, AT_FDCWD, (long)SHIM_LOG_PATH, O_RDWR | O_CLOEXEC, 0, 0);
		if (fd != -EINTR)
			return (int)fd;
	}
}

/* Under an emulator a call comes from elsewhere than it seems: then it is not let through. */
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
		/* an old kernel takes the address as a wish */
		raw(__NR_munmap, code, SHIM_PAGE, 0, 0, 0);
		return 0;
	}
	at = raw_map(NULL, KNOWN * sizeof *known, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (failed(at) || raw(__NR_madvise, at, KNOWN * sizeof *known, MADV_WIPEONFORK, 0, 0) != 0)
		return 0;
	known = (uint64_t *)at;
	return 1;
}

/* One thread opens the gate; the others, and signal handlers, ask the tracer meanwhile. */
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

static int is_open(void)
{
	int now = __atomic_load_n(&gate, __ATOMIC_ACQUIRE);

	if (now == OPEN)
		return 1;
	return now == NOT_ASKED && ++calls > FIRST_CALLS && open_gate();
}

/* ---- the path ------------------------------------------------------------------ */

/* Can the eight bytes around `p`, in its page, be read? The call fails in any case: its
 * first argument means nothing. It looks at the bytes before. */
static int is_readable(const char *p)
{
	unsigned long at = (unsigned long)p, last = (at | (SHIM_PAGE - 1)) - 7;

	return raw(__NR_rt_sigprocmask, -1, (long)(at < last ? at : last), 0, 8, 0) == -EINVAL;
}

/* The length of a text in its memory; -1: it cannot be read, or is too long. */
static long length_of(const char *p)
{
	long n = 0;

	while (n < SHIM_PATH_MAX) {
		unsigned long left = SHIM_PAGE - ((unsigned long)(p + n) & (SHIM_PAGE - 1));

		if (!is_readable(p + n))
			return -1;
		for (; left && n < SHIM_PATH_MAX; left--, n++)
			if (!p[n])
				return n;
	}
	return -1;
}

static int begins(const char *text, long n, const char *with)
{
	for (; *with; text++, with++, n--)
		if (!n || *text != *with)
			return 0;
	return 1;
}

/* Where descriptor `fd` leads. Without /proc it cannot be told. */
static long folder_of(int fd, char *ret)
{
	static const char deleted[] = " (deleted)";
	enum { DELETED = sizeof deleted - 1 };
	char link[32] = "/proc/self/fd/", digits[12];
	int at = 14, i = 0;
	long n;

	if (fd < 0)
		return -1;
	do
		digits[i++] = (char)('0' + fd % 10);
	while ((fd /= 10) > 0);
	while (i)
		link[at++] = digits[--i];
	link[at] = '\0';
	n = through(__NR_readlink, (long)link, (long)ret, FOLDER_MAX, 0, 0);
	if (n <= 0 || n == FOLDER_MAX || ret[0] != '/' || (n >= DELETED && begins(ret + n - DELETED, DELETED, deleted)))
		return -1;
	return n;
}

/* The folder that a path starts from: its length; 0: the path is absolute; -1: not to be told. */
static long start_of(int dir, const char *path, char *ret)
{
	long n;

	if (path[0] == '/')
		return 0;
	if (dir != AT_FDCWD) {
		n = folder_of(dir, ret);
	} else {
		n = raw(__NR_getcwd, (long)ret, FOLDER_MAX, 0, 0, 0) - 1;    /* which counts the NUL */
		if (n <= 0 || ret[0] != '/')
			return -1;
	}
	return n;
}

/* The links below /proc lead where only the tracer finds out. */
static int is_made_up(const char *path, long n)
{
	return begins(path, n, "/proc") || begins(path, n, "/dev");
}

/* ---- what was written already ------------------------------------------------------ */

static uint64_t word_at(const char *p, long n)
{
	uint64_t w = 0;

	if (n >= 8)
		__builtin_memcpy(&w, p, 8);
	else
		while (n)
			w = w << 8 | (unsigned char)p[--n];
	return w;
}

static uint64_t hash(uint64_t h, const char *p, long n)
{
	for (; n > 0; p += 8, n -= 8) {
		h = (h ^ word_at(p, n)) * 0xff51afd7ed558ccdu;
		h ^= h >> 29;
	}
	return h;
}

/* Its place in `known`; `is`: it is there. NULL: no room. */
static uint64_t *place_of(uint64_t h, int *is)
{
	uint64_t slot = h, there;
	int i;

	for (i = 0; i < PROBES; i++, slot++) {
		there = __atomic_load_n(&known[slot % KNOWN], __ATOMIC_ACQUIRE);
		*is = there == h;
		if (*is || !there)
			return &known[slot % KNOWN];
	}
	return NULL;
}

/* ---- records ------------------------------------------------------------------------- */

static void put(uint64_t cell, unsigned offset, const char *from, long n)
{
	char *cells = (char *)shared + SHIM_CELLS_AT;
	long i;
	unsigned long at = ((cell % SHIM_CELLS) * SHIM_CELL + offset) % (SHIM_CELLS * SHIM_CELL);

	for (; n > 0; n -= 8, from += 8) {
		if (n >= 8 && at + 8 <= SHIM_CELLS * SHIM_CELL) {
			__builtin_memcpy(cells + at, from, 8);
			at = (at + 8) % (SHIM_CELLS * SHIM_CELL);
			continue;
		}
		for (i = 0; i < n && i < 8; i++, at = (at + 1) % (SHIM_CELLS * SHIM_CELL))
			cells[at] = from[i];
	}
}

/* Takes a row of cells. 0: there is no room. */
static int take(unsigned cells, uint64_t *ret)
{
	uint64_t head = load(&shared->head), tail;

	do {
		tail = load(&shared->tail);
		if (head - tail + cells > SHIM_CELLS)
			return 0;
	} while (!__atomic_compare_exchange_n(&shared->head, &head, head + cells, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	*ret = head;
	return 1;
}

int gate_is_open(void)
{
	return __atomic_load_n(&gate, __ATOMIC_ACQUIRE) == OPEN;
}

int gate_opens_at_once(int dir, const char *path)
{
	struct statx st;

	if (!gate_is_open())
		return 1;
	return through(__NR_statx, dir, (long)path, AT_STATX_DONT_SYNC, STATX_TYPE, (long)&st) != 0 ||
	       ((st.stx_mode & S_IFMT) != S_IFIFO && (st.stx_mode & S_IFMT) != S_IFCHR);
}

static uint32_t result_of(long r)
{
	return r >= 0 ? SHIM_WORKED : r == -ENOENT || r == -ENOTDIR ? SHIM_ABSENT : SHIM_FAILED;
}

int gate_call(long *ret, long number, int at, unsigned extra, long a, long b, long c, long d, long e)
{
	const char *path = (const char *)(at ? b : a);
	char folder[FOLDER_MAX];
	struct shim_record record;
	uint64_t h, *place, cell;
	long n, start, slash;
	unsigned cells;
	int is = 0;

	if (!path || !is_open() || __atomic_load_n(&shared->closed, __ATOMIC_ACQUIRE))
		return 0;
	n = length_of(path);
	if (n == 0 && at && (extra & AT_EMPTY_PATH) && (int)a >= 0) {
		/* of a descriptor, which was seen when it was opened */
		*ret = through(number, a, b, c, d, e);
		return *ret != -ENOSYS;
	}
	if (n <= 0)
		return 0;
	start = start_of(at ? (int)a : AT_FDCWD, path, folder);
	slash = start > 0;
	if (start < 0 || start + slash + n > SHIM_PATH_MAX || is_made_up(start ? folder : path, start ? start : n))
		return 0;
	h = hash(hash((uint64_t)number << 32 | extra, folder, start) + 1, path, n);
	h |= h == 0;
	place = place_of(h, &is);
	if (is) {
		*ret = through(number, a, b, c, d, e);
		return *ret != -ENOSYS;
	}
	cells = (unsigned)(SHIM_HEAD + start + slash + n + SHIM_CELL - 1) / SHIM_CELL;
	if (!take(cells, &cell))
		return 0;
	record.thread = (uint32_t)raw(__NR_gettid, 0, 0, 0, 0, 0);
	record.number = (uint16_t)number;
	record.length = (uint16_t)(start + slash + n);
	record.extra = extra;
	record.unused = 0;
	put(cell, 0, (const char *)&record, SHIM_HEAD);
	put(cell, SHIM_HEAD, folder, start);
	put(cell, (unsigned)(SHIM_HEAD + start), "/", slash);
	put(cell, (unsigned)(SHIM_HEAD + start + slash), path, n);
	__atomic_store_n(state_of(cell), SHIM_STATE(SHIM_ASKED, 0, cells), __ATOMIC_SEQ_CST);
	if (place)
		__atomic_store_n(place, h, __ATOMIC_RELEASE);
	*ret = through(number, a, b, c, d, e);
	__atomic_store_n(state_of(cell), SHIM_STATE(SHIM_DONE, result_of(*ret), cells), __ATOMIC_RELEASE);
	return *ret != -ENOSYS;
}

#else

int gate_is_open(void)
{
	return 0;
}

int gate_opens_at_once(int dir, const char *path)
{
	(void)dir, (void)path;
	return 1;
}

/* No filter here knows a gate. */
void gate_allow(void)
{
}

void gate_tell_interruption(void)
{
}

void gate_leave(void)
{
}

int gate_call(long *ret, long number, int at, unsigned extra, long a, long b, long c, long d, long e)
{
	(void)ret, (void)number, (void)at, (void)extra, (void)a, (void)b, (void)c, (void)d, (void)e;
	return 0;
}
#endif
