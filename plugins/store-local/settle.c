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
	uint64_t end;                  /* it covers the log up to here */
	uint64_t dead, file_bytes;
	uint64_t n;
	uint64_t check;                /* XXH3 of the slots */
};

static const char index_magic[8] = "vtidx1\n";

enum {
	LOG_DEAD_MIN = 1 << 20,        /* less waste than this is left alone */
	LOG_INDEX_STEP = 256 << 10,    /* the index may lag this much behind */
	LOG_TOUCH_NAMES = 4000,
};

/* ---- the index ------------------------------------------------------------------- */

void index_load(struct log *l, uint64_t size)
{
	struct index_head h = { .n = 0 };
	struct slot *slots = NULL;
	struct stat st;
	int fd = openat(l->dir, "index", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t i;
	bool good;

	if (fd < 0)
		return;
	good = log_read_full(fd, &h, sizeof h, 0) == (ssize_t)sizeof h && memcmp(h.magic, index_magic, sizeof index_magic) == 0 &&
	       h.id == l->id && h.end <= size && h.n < UINT32_C(1) << 28 && fstat(fd, &st) == 0 &&
	       h.n * sizeof *slots <= (uint64_t)st.st_size;
	if (good)
		slots = room_new(h.n * sizeof *slots);
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
	room_free(slots, h.n * sizeof *slots);
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
	fd = openat(l->dir, "index.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
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

/* ---- uses and waste --------------------------------------------------------------- */

static int append_touches(struct log *l)
{
	struct record r = { .kind = LOG_TOUCH };
	uint8_t *names = malloc((size_t)LOG_TOUCH_NAMES * LOG_NAME);
	uint32_t i, n = 0;
	int ret = names ? 0 : -1;

	for (i = 0; ret == 0 && i < l->room; i++) {
		if (l->slots[i].kind && !l->slots[i].gone && l->slots[i].touched)
			memcpy(names + LOG_NAME * n++, l->slots[i].name, LOG_NAME);
		if (n == LOG_TOUCH_NAMES || (n && i + 1 == l->room)) {
			r.size = n * LOG_NAME;
			ret = log_append(l, &r, names);
			n = 0;
		}
	}
	for (i = 0; i < l->room; i++)
		l->slots[i].touched = 0;
	l->touches = 0;
	free(names);
	return ret;
}

/* The least recently used first; of a day, the oldest. */
static int by_use(const void *a, const void *b)
{
	const struct slot *x = *(const struct slot *const *)a, *y = *(const struct slot *const *)b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static struct slot **sorted_slots(struct log *l, uint32_t *ret_n)
{
	struct slot **all = malloc((l->live + 1) * sizeof *all);
	uint32_t i, n = 0;

	for (i = 0; all && i < l->room && n < l->live; i++)
		if (l->slots[i].kind && !l->slots[i].gone)
			all[n++] = &l->slots[i];
	if (all && n)
		qsort(all, n, sizeof *all, by_use);
	*ret_n = n;
	return all;
}

static uint64_t weight(const struct slot *s)
{
	return s->kind == LOG_FILE ? record_room(8) + s->size : record_room((uint32_t)s->size);
}

/* Copies what is worth it into a new log and gives it the name. Files that go are told. */
static int rewrite(struct log *l, struct log_settle *how)
{
	struct slot **all;
	uint64_t total = 0, id, at = sizeof(struct head), target = how->bound - how->bound / 10;
	uint32_t n, i, first = 0;
	char *buffer = malloc(LOG_CHUNK);
	size_t used = 0;
	int fd, r = buffer ? 0 : -1;

	all = sorted_slots(l, &n);
	if (!all || r < 0) {
		free(all);
		free(buffer);
		return -1;
	}
	for (i = 0; i < n; i++)
		total += weight(all[i]);
	if (total > how->bound)
		for (; first < n && total > target; first++)
			total -= weight(all[first]);
	fd = log_create(l, &id);
	if (fd < 0)
		r = -1;
	for (i = first; r == 0 && i < n; i++) {
		struct record head = { .magic = RECORD_MAGIC, .kind = all[i]->kind, .space = all[i]->name[0], .day = all[i]->day };
		uint64_t room;
		void *data = &all[i]->size;

		memcpy(head.id, all[i]->name + 1, sizeof head.id);
		head.size = all[i]->kind == LOG_FILE ? 8 : (uint32_t)all[i]->size;
		if (all[i]->kind == LOG_DATA) {
			r = log_read_record(l, all[i], &data);
			if (r == 3) {
				r = 0;
				continue;      /* damaged: it does not come along */
			}
			if (r < 0)
				break;
		}
		head.check = record_check(&head, data);
		room = record_room(head.size);
		if (used + room > LOG_CHUNK) {
			r = log_write_full(fd, buffer, used, at);
			at += used;
			used = 0;
		}
		if (room > LOG_CHUNK) {
			if (r == 0 && (log_write_full(fd, &head, sizeof head, at) < 0 || log_write_full(fd, data, head.size, at + sizeof head) < 0 ||
				       ftruncate(fd, (off_t)(at + room)) < 0))
				r = -1;
			at += room;
		} else {
			memset(buffer + used, 0, room);
			memcpy(buffer + used, &head, sizeof head);
			memcpy(buffer + used + sizeof head, data, head.size);
			used += room;
		}
		if (all[i]->kind == LOG_DATA)
			free(data);
		if ((i & 255) == 0 && how->stop && how->stop(how->ctx)) {
			r = -1;
			errno = ETIMEDOUT;
		}
	}
	if (r == 0)
		r = log_write_full(fd, buffer, used, at);
	if (fd >= 0)
		close(fd);
	free(buffer);
	if (r == 0 && renameat(l->dir, "log.new", l->dir, "log") < 0)
		r = -1;
	if (r < 0)
		(void)unlinkat(l->dir, "log.new", 0);
	for (i = 0; r == 0 && i < first; i++)
		if (all[i]->kind == LOG_FILE && how->remove)
			how->remove(how->ctx, all[i]->name);
	free(all);
	if (r == 0) {
		how->swept = true;
		r = log_load(l) < 0 ? -1 : 0;
	}
	return r;
}

int log_settle(struct log *l, struct log_settle *how)
{
	uint64_t total;
	bool waste, full;
	int r = 0;

	pthread_rwlock_wrlock(&l->lock);
	total = l->end + l->file_bytes;
	waste = l->bad || (l->dead > LOG_DEAD_MIN && l->dead > l->end / 2);
	full = total > how->bound;
	if (l->fd >= 0 && (l->touches || l->changed || waste || full)) {
		r = log_lock(l);
		if (r == 0) {
			r = log_refresh(l);
			if (r == 0 && l->touches)
				r = append_touches(l);
			if (r == 0 && (waste || full))
				r = rewrite(l, how);
			if (r == 0 && l->end > LOG_WINDOW && l->end - l->indexed > LOG_INDEX_STEP)
				(void)index_write(l);
			log_unlock(l);
		}
	}
	pthread_rwlock_unlock(&l->lock);
	return r;
}
