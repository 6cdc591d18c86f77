#include "config.h"

#include "fact/stat_cache.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "os/file.h"

/* The file: a head, the records, nothing else; the head's digest covers the rest.
 * It never leaves the machine, so the records are as they are in memory. */
struct record {
	struct stamp stamp;
	vt_id id;
	uint32_t day;              /* when it was last useful, days since 1970 */
	uint32_t reserved;
};

struct head {
	char magic[8];
	struct digest check;       /* of everything behind it */
	uint64_t n;
	struct digest backend;
};

_Static_assert(sizeof(struct record) == 80, "no holes");
_Static_assert(sizeof(struct head) == 80, "no holes");

static const char magic[8] = "vtstat1\n";

enum {
	STAT_LARGEST = 4 << 20,    /* records: 320 MiB */
	STAT_DAYS = 30,            /* not useful for longer: forgotten */
	STAT_BESIDE = 256 << 10,   /* bytes of the file from which on a thread is worth its start */
};
#define STAT_GRAIN_NS INT64_C(25000000)        /* of clocks with fractions: a tick is at most 10 ms */
#define STAT_COARSE_NS INT64_C(2500000000)     /* of file systems that keep whole (or two) seconds */

struct stat_cache {
	pthread_mutex_t lock;      /* all below */
	char *file;
	struct digest backend;
	struct record *at;
	uint32_t n, room;
	uint32_t *slots;           /* by device and inode: index + 1; a power of two */
	uint32_t slots_n;
	uint32_t today;
	bool changed;
	bool loading;              /* the loader fills in what is above; who comes first waits for it */
	pthread_t loader;
};

void stamp_of(const struct stat *st, struct stamp *ret)
{
	*ret = (struct stamp){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
		.ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
	};
}

bool stamp_equal(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

bool stamp_is_young(const struct stamp *s, int64_t now_ns)
{
	bool coarse = s->mtime_ns % 1000000000 == 0 && s->ctime_ns % 1000000000 == 0;
	int64_t newest = s->ctime_ns > s->mtime_ns ? s->ctime_ns : s->mtime_ns;

	return newest >= now_ns - (coarse ? STAT_COARSE_NS : STAT_GRAIN_NS);
}

static uint32_t place(const struct stat_cache *s, const struct stamp *stamp)
{
	uint64_t h = (stamp->inode ^ (stamp->device << 32 | stamp->device >> 32)) * 0x9e3779b97f4a7c15u;
	uint32_t i, mask = s->slots_n - 1;

	for (i = (uint32_t)(h >> 32) & mask; s->slots[i]; i = (i + 1) & mask) {
		const struct record *r = &s->at[s->slots[i] - 1];

		if (r->stamp.inode == stamp->inode && r->stamp.device == stamp->device)
			break;
	}
	return i;
}

static void rehash(struct stat_cache *s, uint32_t want)
{
	uint32_t size = 64, i;

	while (size < want * 2)
		size *= 2;
	free(s->slots);
	s->slots = xcalloc(size, sizeof *s->slots);
	s->slots_n = size;
	for (i = 0; i < s->n; i++)
		s->slots[place(s, &s->at[i].stamp)] = i + 1;
}

static bool read_all(int fd, void *data, size_t size)
{
	char *p = data;

	while (size) {
		ssize_t n = read(fd, p, size);

		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
	}
	return true;
}

static void check_of(const struct head *h, const struct record *at, struct digest *ret)
{
	struct digest_state st;

	digest_begin(&st, NULL);
	digest_add(&st, &h->n, sizeof h->n);
	digest_add(&st, &h->backend, sizeof h->backend);
	digest_add(&st, at, h->n * sizeof *at);
	digest_end(&st, ret);
}

static void load(struct stat_cache *s, int fd)
{
	struct head h;
	struct digest check;

	if (read_all(fd, &h, sizeof h) && memcmp(h.magic, magic, sizeof magic) == 0 && h.n <= STAT_LARGEST &&
	    digest_equal(&h.backend, &s->backend)) {
		s->room = (uint32_t)h.n + 16;
		s->at = xmalloc(s->room * sizeof *s->at);
		if (read_all(fd, s->at, h.n * sizeof *s->at)) {
			check_of(&h, s->at, &check);
			if (digest_equal(&check, &h.check))
				s->n = (uint32_t)h.n;
		}
	}
	close(fd);
	rehash(s, s->n + 16);
}

struct start {
	struct stat_cache *s;
	int fd;
};

static void *load_beside(void *ctx)
{
	struct start *start = ctx;

	load(start->s, start->fd);
	free(start);
	return NULL;
}

/* A large file is read and checked beside what else has to be done first. */
static void load_begin(struct stat_cache *s)
{
	int fd = open(s->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct start *start;
	struct stat st;

	if (fd < 0) {
		rehash(s, 16);
		return;
	}
	if (fstat(fd, &st) == 0 && st.st_size > STAT_BESIDE) {
		start = xmalloc(sizeof *start);
		*start = (struct start){ s, fd };
		s->loading = pthread_create(&s->loader, NULL, load_beside, start) == 0;
		if (s->loading)
			return;
		free(start);
	}
	load(s, fd);
}

/* All that look at the records come through here. */
static void lock(struct stat_cache *s)
{
	pthread_mutex_lock(&s->lock);
	if (s->loading)
		pthread_join(s->loader, NULL);
	s->loading = false;
}

struct stat_cache *stat_cache_open(const char *file, const char *backend)
{
	struct stat_cache *s = xcalloc(1, sizeof *s);

	pthread_mutex_init(&s->lock, NULL);
	s->file = xstrdup(file);
	s->today = (uint32_t)(time(NULL) / 86400);
	digest_of(backend, strlen(backend), &s->backend);
	load_begin(s);
	return s;
}

bool stat_cache_get(struct stat_cache *s, const struct stamp *stamp, vt_id *ret)
{
	struct record *r;
	uint32_t slot;
	bool known = false;

	lock(s);
	slot = s->slots[place(s, stamp)];
	if (slot) {
		r = &s->at[slot - 1];
		known = stamp_equal(&r->stamp, stamp);
		if (known) {
			*ret = r->id;
			/* dates are worth a rewrite once a week, not once a run */
			if (r->day + 7 <= s->today) {
				r->day = s->today;
				s->changed = true;
			}
		}
	}
	pthread_mutex_unlock(&s->lock);
	return known;
}

void stat_cache_put(struct stat_cache *s, const struct stamp *stamp, const vt_id *id, int64_t now_ns)
{
	struct record *r;
	uint32_t i;

	if (stamp_is_young(stamp, now_ns))
		return;
	lock(s);
	if (s->n + 1 > s->slots_n / 2)
		rehash(s, s->n * 2);
	i = place(s, stamp);
	if (!s->slots[i] && s->n < STAT_LARGEST) {
		if (s->n == s->room) {
			s->room = s->room ? s->room * 2 : 64;
			s->at = xrealloc(s->at, s->room, sizeof *s->at);
		}
		s->slots[i] = ++s->n;
	}
	if (s->slots[i]) {
		r = &s->at[s->slots[i] - 1];
		*r = (struct record){ .stamp = *stamp, .id = *id, .day = s->today };
		s->changed = true;
	}
	pthread_mutex_unlock(&s->lock);
}

static void save_file(struct stat_cache *s)
{
	struct head *h;
	uint32_t i, n = 0;
	size_t size;

	for (i = 0; i < s->n; i++)
		if (s->at[i].day + STAT_DAYS > s->today)
			s->at[n++] = s->at[i];
	size = sizeof *h + n * sizeof *s->at;
	h = malloc(size);
	if (!h)
		return;
	memset(h, 0, sizeof *h);
	memcpy(h->magic, magic, sizeof magic);
	h->n = n;
	h->backend = s->backend;
	if (n)
		memcpy(h + 1, s->at, n * sizeof *s->at);
	check_of(h, (const struct record *)(h + 1), &h->check);
	(void)file_write(s->file, h, size, 0600, NULL);      /* only costs time when it fails */
	free(h);
}

void stat_cache_close(struct stat_cache *s, bool save)
{
	if (!s)
		return;
	lock(s);
	pthread_mutex_unlock(&s->lock);
	if (save && s->changed)
		save_file(s);
	pthread_mutex_destroy(&s->lock);
	free(s->file);
	free(s->at);
	free(s->slots);
	free(s);
}
