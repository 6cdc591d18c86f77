/* log: reads what programs with the shim have written down. Whatever bytes they write, reading
 * ends and stays within bounds: a record is copied before it is looked at. */
#include "config.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "procs.h"

#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

/* Addresses of the gate: below address space randomisation, above fixed programs, outside a
 * sanitizer's memory. Each step takes a new one: no program has anything of its own there. */
enum { GATE_FROM = 0x60000000, GATE_PAGES = 0x10000 };

void log_init(struct log *l, const char *root, bool wanted)
{
	uint16_t page = 0;

	*l = (struct log){ .root = root, .fd = -1 };
#if defined(__x86_64__)
	if (wanted && strlen(root) < SHIM_ROOT_MAX && getrandom(&page, sizeof page, GRND_NONBLOCK) == (ssize_t)sizeof page)
		l->gate = GATE_FROM + (uint64_t)page % GATE_PAGES * SHIM_PAGE;
#else
	(void)wanted;
	(void)page;
#endif
}

void log_free(struct log *l)
{
	if (l->shared)
		munmap(l->shared, SHIM_LOG_SIZE);
	if (l->fd >= 0)
		close(l->fd);
	l->shared = NULL;
	l->fd = -1;
}

bool log_is_asked(const char *path, size_t length)
{
	return length == sizeof SHIM_LOG_PATH - 1 && memcmp(path, SHIM_LOG_PATH, length) == 0;
}

/* Makes the memory, sealed against shrinking, so that no access to it fails. */
static int make_memory(void)
{
	int fd = (int)syscall(SYS_memfd_create, "vt-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_memfd_create, "vt-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	if (posix_fallocate(fd, 0, SHIM_LOG_SIZE) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool make(struct log *l)
{
	l->fd = make_memory();
	if (l->fd < 0)
		return false;
	l->shared = mmap(NULL, SHIM_LOG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, l->fd, 0);
	if (l->shared == MAP_FAILED) {
		l->shared = NULL;
		log_free(l);
		return false;
	}
	memcpy((char *)l->shared + SHIM_PAGE, SHIM_GATE_CODE, sizeof SHIM_GATE_CODE - 1);
	l->shared->root_length = (uint32_t)strlen(l->root);
	memcpy(l->shared->root, l->root, l->shared->root_length + 1);
	l->shared->magic = SHIM_LOG_MAGIC;
	l->shared->gate = l->gate;
	return true;
}

bool log_offer(struct log *l, int listener, uint64_t id)
{
	struct seccomp_notif_addfd add = { .id = id, .flags = SECCOMP_ADDFD_FLAG_SEND, .newfd_flags = O_CLOEXEC };

	if (!l->gate || l->closed || (l->fd < 0 && !make(l)))
		return false;
	add.srcfd = (uint32_t)l->fd;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0;
}

uint32_t log_interruptions(const struct log *l)
{
	return l->shared ? __atomic_load_n(&l->shared->interrupted, __ATOMIC_SEQ_CST) : 0;
}

uint32_t log_times_set(const struct log *l)
{
	return l->shared ? __atomic_load_n(&l->shared->times_set, __ATOMIC_SEQ_CST) : 0;
}

bool log_is_read(const struct log *l)
{
	return !l->shared || __atomic_load_n(&l->shared->head, __ATOMIC_SEQ_CST) == l->tail;
}

void log_close(struct log *l)
{
	l->closed = true;
	if (l->shared)
		__atomic_store_n(&l->shared->closed, 1, __ATOMIC_SEQ_CST);
}

static uint32_t *state_of(const struct log *l, uint64_t cell)
{
	return (uint32_t *)(void *)((char *)l->shared + SHIM_STATES_AT) + cell % SHIM_CELLS;
}

static uint32_t state_at(const struct log *l, uint64_t cell)
{
	return __atomic_load_n(state_of(l, cell), __ATOMIC_ACQUIRE);
}

/* Copies the record that begins in this cell. */
static bool copy(const struct log *l, uint64_t cell, uint32_t cells, struct shim_record *record,
		 char path[SHIM_PATH_MAX + 1], char other[SHIM_PATH_MAX + 1])
{
	const char *from = (const char *)l->shared + SHIM_CELLS_AT;
	char text[SHIM_RECORD_CELLS * SHIM_CELL];
	uint32_t i;

	for (i = 0; i < cells; i++)
		memcpy(text + (size_t)i * SHIM_CELL, from + (cell + i) % SHIM_CELLS * SHIM_CELL, SHIM_CELL);
	memcpy(record, text, SHIM_HEAD);
	if (record->length + (uint32_t)record->other_length > cells * SHIM_CELL - SHIM_HEAD)
		return false;
	memcpy(path, text + SHIM_HEAD, record->length);
	path[record->length] = '\0';
	memcpy(other, text + SHIM_HEAD + record->length, record->other_length);
	other[record->other_length] = '\0';
	return path[0] == '/' && strlen(path) == record->length && strlen(other) == record->other_length;
}

/* A process that was killed during its call leaves a record that is never done. */
static bool is_left_behind(const struct log *l, uint64_t head)
{
	const struct shim_record *record = (const void *)((const char *)l->shared + SHIM_CELLS_AT + l->tail % SHIM_CELLS * SHIM_CELL);

	return head - l->tail > SHIM_CELLS - 4 * SHIM_RECORD_CELLS && !procs_lives(record->process);
}

/* Frees the cells of records that are done. */
static void let_go(struct log *l, uint64_t head)
{
	while (l->tail < head) {
		uint32_t state = state_at(l, l->tail);

		if (!l->noted[l->tail % SHIM_CELLS] || ((state & SHIM_STAGE) != SHIM_DONE && !is_left_behind(l, head)))
			break;
		__atomic_store_n(state_of(l, l->tail), SHIM_FREE, __ATOMIC_RELEASE);
		l->noted[l->tail % SHIM_CELLS] = false;
		l->tail += SHIM_STATE_CELLS(state);
	}
	__atomic_store_n(&l->shared->tail, l->tail, __ATOMIC_RELEASE);
}

void log_read(struct log *l, log_each *each, void *ctx)
{
	struct shim_record record;
	char path[SHIM_PATH_MAX + 1], other[SHIM_PATH_MAX + 1];
	uint64_t head, at;
	uint32_t state, cells;

	if (!l->shared || l->damaged)
		return;
	head = __atomic_load_n(&l->shared->head, __ATOMIC_ACQUIRE);
	if (head == l->tail)
		return;
	l->damaged = head - l->tail > SHIM_CELLS;
	for (at = l->tail; at < head && !l->damaged; at += cells) {
		state = state_at(l, at);
		cells = SHIM_STATE_CELLS(state);
		if ((state & SHIM_STAGE) == SHIM_FREE) {
			cells = 1;           /* a cell not written yet, at the beginning or in the middle of a record */
			continue;
		}
		l->damaged = !cells || cells > SHIM_RECORD_CELLS || at + cells > head;
		if (l->damaged || l->noted[at % SHIM_CELLS])
			continue;
		l->damaged = !copy(l, at, cells, &record, path, other) ||
			     !each(ctx, &record, path, other, (state & SHIM_STAGE) == SHIM_DONE ? state & SHIM_RESULT : SHIM_UNKNOWN);
		l->noted[at % SHIM_CELLS] = true;
		l->records++;
	}
	if (l->damaged)
		log_close(l);
	else
		let_go(l, head);
}
