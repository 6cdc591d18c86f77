#include "log-inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_DEAD_MIN = 1 << 20 };       /* less waste than this is left alone */

static bool is_wasteful(const struct log *l)
{
	return l->bad || (l->dead > LOG_DEAD_MIN && l->dead > l->end / 2);
}

bool collect_is_due(const struct log *l, const struct log_settle *how)
{
	return is_wasteful(l) || l->end + l->file_bytes > how->bound;
}

/* ---- what goes ------------------------------------------------------------------- */

/* Everything, the least recently used first: [0, first) goes. */
struct plan {
	struct slot **all;
	uint32_t n, first;
};

/* The least recently used first; of a day, the oldest. */
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

static uint64_t weight(const struct slot *s)
{
	return s->kind == LOG_FILE ? record_room(8) + s->size : record_room((uint32_t)s->size);
}

/* Some room below the bound, so that the next run has it. */
static void let_go_for_bound(struct plan *p, uint64_t bound)
{
	uint64_t total = 0, target = bound - bound / 10;
	uint32_t i;

	for (i = 0; i < p->n; i++)
		total += weight(p->all[i]);
	if (total > bound)
		for (; p->first < p->n && total > target; p->first++)
			total -= weight(p->all[p->first]);
}

/* ---- the log's copy ---------------------------------------------------------------- */

struct copy {
	int fd;                        /* of the new log */
	uint64_t at;                   /* what was written of it */
	char *chunk;                   /* what comes next */
	size_t used;                   /* of LOG_CHUNK */
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

/* What is damaged does not come along. */
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
		if (copy_slot(c, l, p->all[i]) < 0)
			return -1;
		if ((i & 255) == 0 && how->stop && how->stop(how->ctx)) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return flush(c);
}

/* The new log has the name, or the old one is as it was. */
static int replace(struct log *l, const struct log_settle *how, const struct plan *p)
{
	struct copy c = { .at = sizeof(struct head), .chunk = malloc(LOG_CHUNK) };
	uint64_t id;
	int r = -1;

	c.fd = c.chunk ? log_create(l, &id) : -1;
	if (c.fd >= 0) {
		r = copy_what_stays(&c, l, how, p);
		close(c.fd);
		if (r == 0)
			r = renameat(l->dir, "log.new", l->dir, "log");
		if (r < 0)
			(void)unlinkat(l->dir, "log.new", 0);
	}
	free(c.chunk);
	return r;
}

/* ---- all of it --------------------------------------------------------------------- */

static void remove_files(const struct log_settle *how, const struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->first; i++)
		if (p->all[i]->kind == LOG_FILE && how->remove)
			how->remove(how->ctx, p->all[i]->name);
}

int collect(struct log *l, struct log_settle *how)
{
	struct plan p;
	int r;

	if (sort_slots(l, &p) < 0)
		return -1;
	let_go_for_bound(&p, how->bound);
	r = replace(l, how, &p);
	if (r == 0)
		remove_files(how, &p);
	free(p.all);
	if (r == 0) {
		how->swept = true;
		r = log_load(l) < 0 ? -1 : 0;
	}
	return r;
}
