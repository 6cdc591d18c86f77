#include "limits.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "disk.h"
#include "files.h"

enum {
	LIMITS_EXTRA = 4 << 10,        /* bytes that a file system may need besides the data */
	LIMITS_ASK = 1 << 20,          /* bytes to put before the disk is asked again */
	LIMITS_COLLECT_MS = 2000,      /* how long a put may make room */
	LIMITS_TRIES = 10,             /* another process may take the room that was made */
};
#define LIMITS_BOUND (UINT64_C(10) << 30)
#define LIMITS_FREE (UINT64_C(1) << 30)

void limits_init(struct limits *m, struct log *log)
{
	memset(m, 0, sizeof *m);
	m->log = log;
	m->bound = LIMITS_BOUND;
	m->free = LIMITS_FREE;
	pthread_mutex_init(&m->collecting, NULL);
}

void limits_destroy(struct limits *m)
{
	pthread_mutex_destroy(&m->collecting);
}

struct collecting {
	struct limits *limits;
	vt_call *call;
	int64_t until_ms;              /* now_ms; 0: until the call is to stop */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_stopping(void *ctx)
{
	struct collecting *c = ctx;

	return c->call->stopping(c->call) || (c->until_ms && now_ms() > c->until_ms);
}

static void remove_file(void *ctx, const uint8_t name[LOG_NAME])
{
	struct collecting *c = ctx;
	vt_id id;

	memcpy(&id, name + 1, sizeof id);
	files_remove(c->limits->log->dir, &id);
}

/* Returns how much the store may hold: a tenth of the disk, or option `size` if that is less. */
static uint64_t bound_of(const struct limits *m, const struct disk *d)
{
	uint64_t tenth = d->size / 10;

	return tenth && tenth < m->bound ? tenth : m->bound;
}

/* Returns how much must stay free: a twentieth of the disk, or option `free` if that is less. */
static uint64_t free_of(const struct limits *m, const struct disk *d)
{
	return d->size / 20 < m->free ? d->size / 20 : m->free;
}

bool limits_make_room(struct limits *m, vt_call *call, uint64_t room, uint64_t must, uint32_t seen)
{
	struct collecting c = { .limits = m, .call = call, .until_ms = now_ms() + LIMITS_COLLECT_MS };
	struct log_settle how = { .bound = UINT64_MAX, .room = room, .must = must, .stop = is_stopping, .remove = remove_file, .ctx = &c };
	bool ret;

	pthread_mutex_lock(&m->collecting);
	ret = m->collections != seen;
	if (!ret && !m->spent) {
		(void)log_settle(m->log, &how);        /* a collection that failed in the middle may have made room, too */
		/* also if nothing was freed: another process may have made the room */
		ret = how.freed > 0 || (room && !disk_missing(m->log->dir, room));
		m->spent = !ret;
		m->collections++;
	}
	pthread_mutex_unlock(&m->collecting);
	return ret;
}

uint32_t limits_seen(const struct limits *m)
{
	return m->collections;
}

/* Compares the disk with what `size` more bytes would leave. 0: enough stays free, and *ret_spare
 * bytes more. 1, -1: as limits_want. */
static int compare(const struct limits *m, uint64_t size, uint64_t *ret_want, uint64_t *ret_free, int64_t *ret_spare)
{
	struct disk d;

	*ret_spare = LIMITS_ASK;
	if (disk_ask(m->log->dir, &d) < 0)
		return 0;                      /* no figures: the write itself will fail */
	*ret_free = free_of(m, &d);
	*ret_want = disk_sum(*ret_free, size);
	if (d.available >= *ret_want) {
		if (d.available - *ret_want < LIMITS_ASK)
			*ret_spare = (int64_t)(d.available - *ret_want);
		return 0;
	}
	errno = ENOSPC;
	return d.available < size ? -1 : 1;
}

int limits_want(struct limits *m, vt_call *call, uint64_t size, uint64_t *ret_free)
{
	uint32_t seen = m->collections;
	uint64_t want = 0;
	int64_t spare;
	int r, tries = LIMITS_TRIES;

	size = disk_sum(size, LIMITS_EXTRA);
	if (size <= LIMITS_ASK && atomic_fetch_sub(&m->unasked, (int64_t)size) >= (int64_t)size)
		return 0;
	while ((r = compare(m, size, &want, ret_free, &spare)) != 0 && tries-- && limits_make_room(m, call, want, 0, seen))
		seen = m->collections;
	if (r == 0)
		atomic_store(&m->unasked, spare);
	return r;
}

int limits_settle(struct limits *m, vt_call *call, bool changed, uint64_t *ret_bound, bool *ret_swept)
{
	struct collecting c = { .limits = m, .call = call };
	struct log_settle how = { .stop = is_stopping, .remove = remove_file, .ctx = &c };
	struct disk d = { 0, UINT64_MAX };
	int r;

	(void)disk_ask(m->log->dir, &d);
	how.bound = *ret_bound = bound_of(m, &d);
	/* a store of the format before counts, too, but takes at most half of the bound */
	if (changed) {
		uint64_t old = files_old_bytes(m->log->dir);

		how.bound -= old < how.bound / 2 ? old : how.bound / 2;
	}
	/* a full disk is no reason to collect after a run that stored nothing */
	if (changed && d.available < free_of(m, &d))
		how.room = free_of(m, &d);
	r = log_settle(m->log, &how);
	*ret_swept = how.swept;
	return r;
}
