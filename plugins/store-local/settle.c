#include "log-inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

struct index_head {
	char magic[8];
	uint64_t id;                   /* of the log */
	uint64_t end;                  /* the index covers the log up to here */
	uint64_t dead, file_bytes;
	uint64_t n;
	uint64_t check;                /* XXH3 of the slots */
};

static const char index_magic[8] = "vtidx1\n";

enum {
	LOG_INDEX_STEP = 256 << 10,    /* bytes that the index may lag behind the log */
	LOG_TOUCH_NAMES = 4000,
};

/* ---- the index ------------------------------------------------------------------- */

void index_load(struct log *l, uint64_t size)
{
	struct index_head h = { .n = 0 };
	struct slot *slots = NULL;
	struct stat st;
	int fd = openat(l->dir, "index", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint64_t i;
	bool good;

	if (fd < 0)
		return;
	good = log_read_full(fd, &h, sizeof h, 0) == (ssize_t)sizeof h && memcmp(h.magic, index_magic, sizeof index_magic) == 0 &&
	       h.id == l->id && h.end <= size && h.n < UINT32_C(1) << 28 && fstat(fd, &st) == 0 &&
	       h.n * sizeof *slots <= (uint64_t)st.st_size;
	if (good)
		slots = malloc((h.n + 1) * sizeof *slots);
	good = slots && log_read_full(fd, slots, h.n * sizeof *slots, sizeof h) == (ssize_t)(h.n * sizeof *slots) &&
	       XXH3_64bits(slots, h.n * sizeof *slots) == h.check && table_grow(l, (uint32_t)h.n + 256) == 0;
	close(fd);
	if (good) {
		for (i = 0; i < h.n; i++)
			*table_slot(l, slots[i].name) = slots[i];
		l->used = l->live = (uint32_t)h.n;
		l->end = l->indexed = h.end;
		l->dead = h.dead;
		l->file_bytes = h.file_bytes;
	}
	free(slots);
}

static int index_write(struct log *l)
{
	struct index_head h = { .id = l->id, .end = l->end, .dead = l->dead, .file_bytes = l->file_bytes };
	struct slot *slots = malloc((l->live + 1) * sizeof *slots);
	uint32_t i, n = 0;
	int fd = -1, r = -1;

	if (!slots)
		return -1;
	for (i = 0; i < l->room && n < l->live; i++)
		if (l->slots[i].kind && !l->slots[i].gone)
			slots[n++] = l->slots[i];
	memcpy(h.magic, index_magic, sizeof index_magic);
	h.n = n;
	h.check = XXH3_64bits(slots, n * sizeof *slots);
	fd = openat(l->dir, "index.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd >= 0 && log_write_full(fd, &h, sizeof h, 0) == 0 && log_write_full(fd, slots, n * sizeof *slots, sizeof h) == 0)
		r = renameat(l->dir, "index.new", l->dir, "index");
	if (r < 0)
		(void)unlinkat(l->dir, "index.new", 0);
	else
		l->indexed = l->end;
	if (fd >= 0)
		close(fd);
	free(slots);
	return r;
}

/* ---- uses --------------------------------------------------------------- */

/* Records what was used today. The table has the new day at once, so that a rewritten log has it
 * even if a full disk has no room for these records. */
static void note_uses(struct log *l)
{
	struct record r = { .kind = LOG_TOUCH };
	uint8_t *names = malloc((size_t)LOG_TOUCH_NAMES * LOG_NAME);
	uint32_t i, n = 0;

	for (i = 0; i < l->room; i++) {
		struct slot *s = &l->slots[i];

		if (s->touched && names)
			memcpy(names + (size_t)LOG_NAME * n++, s->name, LOG_NAME);
		if (s->touched)
			s->day = l->today;
		s->touched = 0;
		if (n == LOG_TOUCH_NAMES || (n && i + 1 == l->room)) {
			r.size = n * LOG_NAME;
			(void)log_append(l, &r, names);
			n = 0;
		}
	}
	l->touches = 0;
	free(names);
}

int log_settle(struct log *l, struct log_settle *how)
{
	bool due, wanted;
	int r = 0;

	pthread_mutex_lock(&l->appending);
	pthread_rwlock_rdlock(&l->lock);
	due = collect_is_due(l, how);
	wanted = l->fd >= 0 && (l->touches || l->changed || due);
	pthread_rwlock_unlock(&l->lock);
	if (wanted)
		r = log_lock(l);
	if (wanted && r == 0) {
		pthread_rwlock_wrlock(&l->lock);
		r = log_refresh(l);
		if (r == 0 && l->touches)
			note_uses(l);
		if (r == 0 && due)
			r = collect(l, how);
		if (r == 0 && l->end > LOG_WINDOW && l->end - l->indexed > LOG_INDEX_STEP)
			(void)index_write(l);
		pthread_rwlock_unlock(&l->lock);
		log_unlock(l);
	}
	pthread_mutex_unlock(&l->appending);
	return r;
}
