#include "log-inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"

enum { LOG_DEAD_MIN = 1 << 20 };       /* bytes of waste that are not worth a copy of the log */

static bool is_wasteful(const struct log *l)
{
	return l->bad || (l->dead > LOG_DEAD_MIN && l->dead > l->end / 2);
}

bool collect_is_due(const struct log *l, const struct log_settle *how)
{
	return is_wasteful(l) || l->end + l->file_bytes > how->bound || how->room || how->must;
}

/* ---- what is removed ------------------------------------------------------------- */

/* Everything in the store, the least recently used first; [0, first) is to be removed. */
struct plan {
	struct slot **all;
	uint32_t n, first;
	uint64_t need;                 /* bytes to free for the disk */
	uint64_t before;               /* bytes of log and files, with dead records */
	uint64_t copy;                 /* bytes of the log after collecting */
	bool worth;                    /* flag: the log is to be rewritten */
};

/* Orders by the day of last use, then by place in the log. */
static int by_use(const void *a, const void *b)
{
	const struct slot *x = *(const struct slot *const *)a, *y = *(const struct slot *const *)b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int sort_slots(struct log *l, struct plan *p)
{
	uint32_t i;

	p->n = p->first = 0;
	p->all = malloc((l->live + 1) * sizeof *p->all);
	if (!p->all)
		return -1;
	for (i = 0; i < l->room && p->n < l->live; i++)
		if (l->slots[i].kind && !l->slots[i].gone)
			p->all[p->n++] = &l->slots[i];
	if (p->n)
		qsort(p->all, p->n, sizeof *p->all, by_use);
	return 0;
}

static uint64_t in_log(const struct slot *s)
{
	return record_room(s->kind == LOG_FILE ? 8 : (uint32_t)s->size);
}

static uint64_t in_file(const struct slot *s)
{
	return s->kind == LOG_FILE ? s->size : 0;
}

/* Was it used neither today nor yesterday? A disk filled by another program removes only such results. */
static bool is_old(const struct log *l, const struct slot *s)
{
	return (uint64_t)s->day + 1 < l->today;
}

static uint64_t weight(const struct slot *s)
{
	return disk_sum(in_log(s), in_file(s));
}

static bool may_go(const struct log *l, const struct plan *p, uint32_t i)
{
	return i < p->first || (p->need && is_old(l, p->all[i]));
}

/* Frees a tenth more than the bound or the disk asks for, so that the next run finds room too. */
static void choose(const struct log *l, const struct log_settle *how, struct plan *p)
{
	uint64_t stays = sizeof(struct head), target = how->bound - how->bound / 10;
	bool for_bound, for_disk, data_goes = false;
	uint32_t i;

	p->copy = sizeof(struct head);
	for (i = 0; i < p->n; i++) {
		p->copy += in_log(p->all[i]);
		stays = disk_sum(stays, weight(p->all[i]));
	}
	p->before = disk_sum(l->end, l->file_bytes);
	p->need = disk_sum(disk_missing(l->dir, how->room), how->must);
	if (p->need)
		p->need = disk_sum(p->need, stays / 10);
	for_bound = stays > how->bound;
	while (p->first < p->n) {
		const struct slot *s = p->all[p->first];

		for_bound = for_bound && stays > target;
		for_disk = p->need && disk_sum(stays, p->need) > p->before && is_old(l, s);
		if (!for_bound && !for_disk)
			break;
		data_goes = data_goes || s->kind == LOG_DATA;
		p->copy -= in_log(s);
		stays -= weight(s);
		p->first++;
	}
	/* only records of removed files and a few dead ones: a rewrite would cost more than it frees */
	p->worth = is_wasteful(l) || p->before > how->bound || data_goes || (p->need && l->dead > l->end / 10);
}

/* ---- the log's copy ---------------------------------------------------------------- */

struct copy {
	int fd;                        /* the new log */
	uint64_t at;                   /* bytes written to it */
	char *chunk;                   /* bytes not yet written */
	size_t used;                   /* bytes in chunk, up to LOG_CHUNK */
};

static int flush(struct copy *c)
{
	int r = log_write_full(c->fd, c->chunk, c->used, c->at);

	c->at += c->used;
	c->used = 0;
	return r;
}

static int copy_record(struct copy *c, const struct record *head, const void *data)
{
	uint64_t room = record_room(head->size);

	if (c->used + room > LOG_CHUNK && flush(c) < 0)
		return -1;
	if (room > LOG_CHUNK) {
		uint64_t at = c->at;

		c->at += room;
		return log_write_full(c->fd, head, sizeof *head, at) < 0 || log_write_full(c->fd, data, head->size, at + sizeof *head) < 0 ||
		       ftruncate(c->fd, (off_t)c->at) < 0 ? -1 : 0;
	}
	memset(c->chunk + c->used, 0, room);
	memcpy(c->chunk + c->used, head, sizeof *head);
	memcpy(c->chunk + c->used + sizeof *head, data, head->size);
	c->used += room;
	return 0;
}

/* Leaves damaged records behind. */
static int copy_slot(struct copy *c, struct log *l, struct slot *s)
{
	struct record head = { .magic = RECORD_MAGIC, .kind = s->kind, .space = s->name[0], .day = s->day };
	void *data = &s->size;
	int r = 0;

	memcpy(head.id, s->name + 1, sizeof head.id);
	head.size = s->kind == LOG_FILE ? 8 : (uint32_t)s->size;
	if (s->kind == LOG_DATA)
		r = log_read_record(l, s, &data);
	if (r == 0) {
		head.check = record_check(&head, data);
		r = copy_record(c, &head, data);
	}
	if (data != &s->size)
		free(data);
	return r == 3 ? 0 : r;
}

static int copy_what_stays(struct copy *c, struct log *l, const struct log_settle *how, const struct plan *p)
{
	uint32_t i;

	for (i = p->first; i < p->n; i++) {
		if (!p->all[i]->gone && copy_slot(c, l, p->all[i]) < 0)
			return -1;
		if ((i & 255) == 0 && how->stop && how->stop(how->ctx)) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return flush(c);
}

/* Renames the new log over the old one; on failure the old one is unchanged. */
static int replace(struct log *l, const struct log_settle *how, const struct plan *p)
{
	struct copy c = { .at = sizeof(struct head), .chunk = malloc(LOG_CHUNK) };
	uint64_t id;
	int r = -1;

	c.fd = c.chunk ? log_create(l, &id) : -1;
	if (c.fd >= 0) {
		/* readers go on meanwhile, but no process appends: `appending` and the lock between processes are held */
		pthread_rwlock_unlock(&l->lock);
		pthread_rwlock_rdlock(&l->lock);
		r = copy_what_stays(&c, l, how, p);
		pthread_rwlock_unlock(&l->lock);
		pthread_rwlock_wrlock(&l->lock);
		close(c.fd);
		if (r == 0)
			r = renameat(l->dir, "log.new", l->dir, "log");
		if (r < 0)
			(void)unlinkat(l->dir, "log.new", 0);
	}
	free(c.chunk);
	return r;
}

/* ---- removing files while the log stays ---------------------------------------------- */

static int append_drop(struct log *l, const uint8_t *name)
{
	struct record r = { .kind = LOG_DROP, .space = name[0] };

	memcpy(r.id, name + 1, sizeof r.id);
	return log_append(l, &r, NULL);
}

/* Records the removal in the log first; on a full disk the log may have room only once the file is removed. */
static int drop_file(struct log *l, struct log_settle *how, const struct slot *s)
{
	uint8_t name[LOG_NAME];
	uint64_t size = s->size;
	int r;

	memcpy(name, s->name, sizeof name);
	r = append_drop(l, name);
	how->remove(how->ctx, name);
	how->freed += size;
	return r < 0 ? append_drop(l, name) : 0;
}

/* Removes large blobs until enough bytes are free. */
static int drop_files(struct log *l, struct log_settle *how, const struct plan *p, uint64_t want)
{
	uint64_t until = disk_sum(how->freed, want);
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < p->n && how->freed < until; i++) {
		struct slot *s = p->all[i];

		if (s->kind == LOG_FILE && !s->gone && may_go(l, p, i))
			r = drop_file(l, how, s);
		if ((i & 255) == 255 && how->stop && how->stop(how->ctx))
			break;
	}
	return r;
}

/* ---- the whole collection --------------------------------------------------------------- */

static void remove_files(struct log_settle *how, const struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->first; i++) {
		if (p->all[i]->kind != LOG_FILE || p->all[i]->gone)
			continue;
		how->remove(how->ctx, p->all[i]->name);
		how->freed += in_file(p->all[i]);
	}
}

/* Rewrites the log if the disk has room for both logs; removes files first to make that room. */
static int rewrite(struct log *l, struct log_settle *how, const struct plan *p)
{
	uint64_t old = l->end, missing = disk_missing(l->dir, p->copy);

	if (missing) {
		drop_files(l, how, p, p->need && p->need < missing ? p->need : missing);
		if (disk_missing(l->dir, p->copy)) {
			errno = ENOSPC;
			return -1;
		}
	}
	if (replace(l, how, p) < 0)
		return -1;
	how->swept = true;
	remove_files(how, p);
	if (old > p->copy)
		how->freed += old - p->copy;
	return 0;
}

int collect(struct log *l, struct log_settle *how)
{
	struct plan p;
	int r = 0;

	how->freed = 0;
	if (sort_slots(l, &p) < 0)
		return -1;
	choose(l, how, &p);
	if (p.worth)
		r = rewrite(l, how, &p);
	if ((!p.worth || r < 0) && how->freed < p.need)
		r = drop_files(l, how, &p, p.need - how->freed);
	free(p.all);
	return how->swept && log_load(l) < 0 ? -1 : r;
}
