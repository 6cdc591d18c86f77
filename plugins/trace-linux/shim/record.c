/* record: makes calls by the gate, and writes them down for the tracer.
 *
 * A record is written before its call, so the path must be read before the kernel has
 * seen it; a pointer that leads nowhere must still give EFAULT. is_readable() asks the kernel.
 *
 * A path is looked at before a call changes it, because the tracer must know its state before. The tracer looks at
 * contents itself: a call that changes a file which this program has not made asks the tracer,
 * which holds the call meanwhile. */
#include "gate.h"

#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stddef.h>

#include "raw.h"
#include "shim-log.h"

#if defined(__x86_64__)

enum {
	PROBES = 8,                      /* places that are tried for a hash */
	TOLD = 1,                        /* bit in the hash of a call: the state before it was told */
};

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static uint32_t *state_of(struct shim_log *shared, uint64_t cell)
{
	return (uint32_t *)((char *)shared + SHIM_STATES_AT) + cell % SHIM_CELLS;
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
static long folder_of(int fd, char *ret, long room)
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
	n = gate_make(__NR_readlink, (long)link, (long)ret, room, 0, 0);
	if (n <= 0 || n == room || ret[0] != '/' || (n >= DELETED && begins(ret + n - DELETED, DELETED, deleted)))
		return -1;
	return n;
}

/* The folder that a path starts from: its length; 0: the path is absolute; -1: not to be told. */
static long start_of(int dir, const char *path, char *ret, long room)
{
	long n;

	if (path[0] == '/')
		return 0;
	if (dir != AT_FDCWD)
		return folder_of(dir, ret, room);
	n = raw(__NR_getcwd, (long)ret, room, 0, 0, 0) - 1;     /* getcwd counts the NUL */
	return n <= 0 || ret[0] != '/' ? -1 : n;
}

/* Is the path below /proc? Only the tracer can follow the links there. */
static int is_made_up(const char *path, long n)
{
	return begins(path, n, "/proc") || begins(path, n, "/dev");
}

/* Writes the absolute path that `path`, n bytes, names from `dir`: its length; 0: it cannot be told. */
static long join(int dir, const char *path, long n, char *ret, long room)
{
	long start = start_of(dir, path, ret, room), i;

	if (start < 0 || start + 1 + n > room)
		return 0;
	if (start)
		ret[start++] = '/';
	for (i = 0; i < n; i++)
		ret[start + i] = path[i];
	return is_made_up(ret, start + n) ? 0 : start + n;
}

/* ---- records that were written already ------------------------------------------------------ */

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

/* The place of a hash in `known`; `is`: the hash is there already. NULL: no room. */
static uint64_t *place_of(uint64_t *known, uint64_t h, int *is)
{
	uint64_t slot = h, there;
	int i;

	for (i = 0; i < PROBES; i++, slot++) {
		there = __atomic_load_n(&known[slot % GATE_KNOWN], __ATOMIC_ACQUIRE);
		*is = there == h;
		if (*is || !there)
			return &known[slot % GATE_KNOWN];
	}
	return NULL;
}

/* ---- records ------------------------------------------------------------------------- */

static void put(struct shim_log *shared, uint64_t cell, unsigned offset, const char *from, long n)
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
static int take(struct shim_log *shared, unsigned cells, uint64_t *ret)
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

static uint32_t result_of(long r)
{
	return r >= 0 ? SHIM_WORKED : r == -ENOENT || r == -ENOTDIR ? SHIM_ABSENT : SHIM_FAILED;
}


/* Writes the record down with its paths: how many cells; 0: there is no room. */
static unsigned write_down(struct shim_log *shared, struct shim_record *record, const char *text, uint32_t stage, uint32_t result, uint64_t *ret_cell)
{
	long n = (long)record->length + record->other_length;
	unsigned cells = (unsigned)(SHIM_HEAD + n + SHIM_CELL - 1) / SHIM_CELL;

	if (!take(shared, cells, ret_cell))
		return 0;
	record->process = record->number == __NR_execve ? (uint32_t)raw(__NR_gettid, 0, 0, 0, 0, 0) : gate_process();
	put(shared, *ret_cell, 0, (const char *)record, SHIM_HEAD);
	put(shared, *ret_cell, SHIM_HEAD, text, n);
	__atomic_store_n(state_of(shared, *ret_cell), SHIM_STATE(stage, result, cells), __ATOMIC_SEQ_CST);
	return cells;
}

/* Writes the record, makes the call, and writes its result. `place`: where `known` keeps the hash; NULL: nowhere.
 * 0: there is no room. */
static int make_recorded(struct shim_log *shared, struct shim_record *record, const char *text, uint64_t *place, uint64_t h,
			 long *ret, const long args[5])
{
	uint64_t cell;
	unsigned cells = write_down(shared, record, text, SHIM_ASKED, 0, &cell);

	if (!cells)
		return 0;
	if (place)
		__atomic_store_n(place, h, __ATOMIC_RELEASE);
	*ret = gate_make(record->number, args[0], args[1], args[2], args[3], args[4]);
	__atomic_store_n(state_of(shared, cell), SHIM_STATE(SHIM_DONE, result_of(*ret), cells), __ATOMIC_RELEASE);
	return *ret != -ENOSYS;
}

/* ---- looking -------------------------------------------------------------------------- */

int gate_opens_at_once(int dir, const char *path)
{
	struct statx st;

	if (!gate_is_open())
		return 1;
	return gate_make(__NR_statx, dir, (long)path, AT_STATX_DONT_SYNC, STATX_TYPE, (long)&st) != 0 ||
	       ((st.stx_mode & S_IFMT) != S_IFIFO && (st.stx_mode & S_IFMT) != S_IFCHR);
}

int gate_is_folder(const char *path)
{
	struct statx st;

	return gate_is_open() && gate_make(__NR_statx, AT_FDCWD, (long)path, AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW, STATX_TYPE, (long)&st) == 0 &&
	       (st.stx_mode & S_IFMT) == S_IFDIR;
}

int gate_call(long *ret, long number, int at, unsigned extra, long a, long b, long c, long d, long e)
{
	const char *path = (const char *)(at ? b : a);
	const long args[5] = { a, b, c, d, e };
	struct shim_record record = { .number = (uint16_t)number, .extra = extra };
	char text[SHIM_PATH_MAX];
	struct shim_log *shared;
	uint64_t h, *place, *known;
	long n;
	int is = 0;

	shared = path ? gate_log(&known) : NULL;
	if (!shared)
		return 0;
	n = length_of(path);
	if (n == 0 && at && (extra & AT_EMPTY_PATH) && (int)a >= 0) {
		/* the path of a descriptor, which was recorded when it was opened */
		*ret = gate_make(number, a, b, c, d, e);
		return *ret != -ENOSYS;
	}
	n = n <= 0 ? 0 : join(at ? (int)a : AT_FDCWD, path, n, text, SHIM_PATH_MAX);
	if (!n)
		return 0;
	record.length = (uint16_t)n;
	h = hash((uint64_t)number << 32 | extra, text, n);
	h |= h == 0;
	place = place_of(known, h, &is);
	if (!is)
		return make_recorded(shared, &record, text, place, h, ret, args);
	*ret = gate_make(number, a, b, c, d, e);
	return *ret != -ENOSYS;
}

/* ---- changing ------------------------------------------------------------------------- */

/* Has it neither "//" nor "/./", nor ends with one? Then the tracer takes it as it is. */
static int is_tidy(const char *text, long n)
{
	long i;

	for (i = 0; i < n; i++)
		if (text[i] == '/' && (i + 1 == n || text[i + 1] == '/' || (text[i + 1] == '.' && (i + 2 == n || text[i + 2] == '/'))))
			return 0;
	return 1;
}

static int is_inside(const struct shim_log *shared, const char *text, long n)
{
	long m = shared->root_length;

	return n >= m && begins(text, n, shared->root) && (n == m || m == 1 || text[m] == '/');
}

/* The state of a path before the call changes it: SHIM_BEFORE_*. -1: the tracer must look
 * itself. `told`: this program has told the state already. */
static int before_of(const struct gate_path *p, int told)
{
	struct statx st;
	long r = gate_make(__NR_statx, p->dir, (long)p->path, AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW, STATX_TYPE, (long)&st);
	unsigned type = st.stx_mode & S_IFMT;

	if (r == -ENOENT || r == -ENOTDIR)
		return told ? SHIM_BEFORE_TOLD_ABSENT : SHIM_BEFORE_ABSENT;
	if (r != 0 || (type == S_IFLNK && (p->how & GATE_FOLLOWS)) || (type != S_IFREG && (p->how & GATE_OPENS)))
		return -1;
	if (p->how & GATE_MAKES)
		return SHIM_BEFORE_THERE;
	if (type == S_IFDIR && !(p->how & GATE_FOLDER))
		return -1;
	return told ? SHIM_BEFORE_TOLD_THERE : type == S_IFDIR ? SHIM_BEFORE_FOLDER : -1;
}

/* The same for a path outside the workspace, whose state is not told. Only an open may wait there. */
static int before_outside(const struct gate_path *p)
{
	return (p->how & GATE_OPENS) && before_of(p, 1) < 0 ? -1 : SHIM_BEFORE_NOT_TOLD;
}

int gate_change(long *ret, const struct gate_change *change)
{
	struct shim_record record = { .number = (uint16_t)change->number, .extra = change->extra };
	uint64_t *known, *place[2] = { NULL, NULL }, h[2];
	struct shim_log *shared = gate_log(&known);
	char text[SHIM_PATH_MAX];
	long n = 0, length[2] = { 0, 0 };
	int i, is, before;

	if (!shared)
		return 0;
	for (i = 0; i < 2 && change->path[i].path; n += length[i++]) {
		const struct gate_path *p = &change->path[i];

		length[i] = length_of(p->path);
		if (length[i] > 0)
			length[i] = join(p->dir, p->path, length[i], text + n, SHIM_PATH_MAX - n);
		if (length[i] <= 0)
			return 0;
		if (!(p->how & GATE_CHANGES))
			continue;
		if (!is_tidy(text + n, length[i]))
			return 0;
		h[i] = hash(TOLD, text + n, length[i]);
		h[i] |= h[i] == 0;
		place[i] = place_of(known, h[i], &is);
		before = is_inside(shared, text + n, length[i]) ? before_of(p, place[i] && is) : before_outside(p);
		if (before < 0)
			return 0;
		record.before[i] = (uint8_t)before;
		if (before != SHIM_BEFORE_ABSENT && before != SHIM_BEFORE_FOLDER)
			place[i] = NULL;
	}
	if (change->target) {
		length[1] = length_of(change->target);
		if (length[1] <= 0 || n + length[1] > SHIM_PATH_MAX)
			return 0;
		for (i = 0; i < length[1]; i++)
			text[n + i] = change->target[i];
	}
	record.length = (uint16_t)length[0];
	record.other_length = (uint16_t)length[1];
	if (!make_recorded(shared, &record, text, place[0], h[0], ret, change->args))
		return 0;
	if (place[1])
		__atomic_store_n(place[1], h[1], __ATOMIC_RELEASE);
	return 1;
}

/* The record is done before the call, which does not return. It carries the working folder, from which an interpreter may be
 * named: when the record is read, the program may have ended. */
int gate_execute(long *ret, const char *path, char *const *argv, char *const *env)
{
	struct shim_record record = { .number = __NR_execve };
	char text[SHIM_PATH_MAX];
	struct shim_log *shared;
	uint64_t *known, cell;
	long n, folder;

	shared = path ? gate_log(&known) : NULL;
	n = shared ? length_of(path) : 0;
	n = n <= 0 ? 0 : join(AT_FDCWD, path, n, text, SHIM_PATH_MAX);
	folder = n ? start_of(AT_FDCWD, "", text + n, SHIM_PATH_MAX - n) : 0;
	if (folder <= 0)
		return 0;
	record.length = (uint16_t)n;
	record.other_length = (uint16_t)folder;
	if (!write_down(shared, &record, text, SHIM_DONE, SHIM_FAILED, &cell))
		return 0;
	*ret = gate_make(__NR_execve, (long)path, (long)argv, (long)env, 0, 0);
	return *ret != -ENOSYS;
}

int gate_set_times(long *ret, int fd, const void *times)
{
	uint64_t *known;
	struct shim_log *shared = gate_log(&known);

	if (!shared)
		return 0;
	__atomic_add_fetch(&shared->times_set, 1, __ATOMIC_SEQ_CST);
	*ret = gate_make(__NR_utimensat, fd, 0, (long)times, 0, 0);
	__atomic_add_fetch(&shared->times_set, 1, __ATOMIC_SEQ_CST);
	return *ret != -ENOSYS;
}

#else

int gate_opens_at_once(int dir, const char *path)
{
	(void)dir, (void)path;
	return 1;
}

int gate_is_folder(const char *path)
{
	(void)path;
	return 0;
}

int gate_call(long *ret, long number, int at, unsigned extra, long a, long b, long c, long d, long e)
{
	(void)ret, (void)number, (void)at, (void)extra, (void)a, (void)b, (void)c, (void)d, (void)e;
	return 0;
}

int gate_change(long *ret, const struct gate_change *change)
{
	(void)ret, (void)change;
	return 0;
}

int gate_execute(long *ret, const char *path, char *const *argv, char *const *env)
{
	(void)ret, (void)path, (void)argv, (void)env;
	return 0;
}

int gate_set_times(long *ret, int fd, const void *times)
{
	(void)ret, (void)fd, (void)times;
	return 0;
}
#endif
