#include "config.h"

#include "fact/stat_cache.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/digest.h"
#include "os/file.h"

/* The file is a head and its records, then the same again, with another magic, for each run that
 * appended. A run appends only the records that it changed. The last record of a file counts. A
 * head's check covers the head and its records; nothing behind a bad head is read, and the next run
 * that has something to add replaces the file. The file never leaves the machine: records are
 * stored as they are in memory. */
struct record {
	struct stamp stamp;
	vt_id id;
	uint32_t day;              /* when it was last useful, days since 1970 */
	uint32_t reserved;
};

struct head {
	char magic[8];
	uint64_t check;            /* of the other members and of the records behind the head */
	uint64_t n;
	struct digest backend;
};

_Static_assert(sizeof(struct record) == 80, "no holes");
_Static_assert(sizeof(struct head) == 56, "no holes");

static const char magic[8] = "vtstat2\n", magic_more[8] = "vtstat2+";

enum {
	STAT_LARGEST = 4 << 20,    /* records: 320 MiB */
	STAT_DAYS = 30,            /* a record that was not useful for so long is forgotten */
	RENEWED_AFTER = 7,         /* days: a younger date is not renewed */
	STAT_LOOSE = 4096,         /* records that may be appended to a small file before it is replaced */
};
#define STAT_GRAIN_NS INT64_C(25000000)        /* clocks with fractions of a second tick every 10 ms or faster */
#define STAT_COARSE_NS INT64_C(2500000000)     /* file systems that keep whole seconds, or every second one */

struct stat_cache {
	pthread_rwlock_t lock;     /* guards the members below; many readers or one writer */
	int dir;                   /* the file's folder; borrowed */
	char *file;                /* its name there */
	struct digest backend;     /* digest of the fingerprint's name; set before a second thread asks */
	struct digest loaded_backend; /* the backend that the file named */
	struct record *at;         /* n of room */
	uint32_t n, room;
	uint32_t *slots;           /* by device and inode: index + 1; a power of two of them */
	uint32_t slots_n;
	uint32_t today;
	bool loaded, changed;
	bool ready;                /* loaded, and cleared where the backend is another one */
	/* Indices of records that the file lacks, in no order, perhaps repeated. */
	uint32_t *dirty;
	uint32_t dirty_n, dirty_room;
	bool anew;                 /* dates changed, or the file has a bad end: replace the file */
	uint64_t file_end;         /* bytes of the file that were read and are good; 0: there is no file */
	uint64_t file_n;           /* records in these bytes */
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

static uint32_t first_place(const struct stat_cache *s, const struct stamp *stamp)
{
	uint64_t h = (stamp->inode ^ (stamp->device << 32 | stamp->device >> 32)) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(h >> 32) & (s->slots_n - 1);
}

static uint32_t place(const struct stat_cache *s, const struct stamp *stamp)
{
	uint32_t i, mask = s->slots_n - 1;

	for (i = first_place(s, stamp); s->slots[i]; i = (i + 1) & mask) {
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

static void more_room(struct stat_cache *s)
{
	uint32_t room = s->room ? s->room * 2 : 64;

	s->at = xrealloc(s->at, room, sizeof *s->at);
	s->room = room;
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

static uint64_t check_of(const struct head *h, const void *records)
{
	struct head bare = *h;

	bare.check = 0;
	return checksum(records, h->n * sizeof(struct record), checksum(&bare, sizeof bare, 0));
}

/* May these be the head and the records of the next `left` bytes? */
static bool head_fits(const struct head *h, const char *which, uint64_t left)
{
	return memcmp(h->magic, which, sizeof h->magic) == 0 && h->n <= STAT_LARGEST &&
	       h->n * sizeof(struct record) <= left - sizeof *h;
}

/* Reads and verifies the records behind a head; the caller frees them. NULL: they are bad. */
static struct record *read_records(int fd, const struct head *h, uint32_t room)
{
	struct record *at = xrealloc(NULL, room, sizeof *at);

	if (read_all(fd, at, h->n * sizeof *at) && check_of(h, at) == h->check)
		return at;
	free(at);
	return NULL;
}

static void set(struct stat_cache *s, const struct record *r)
{
	uint32_t i;

	if (s->n + 1 > s->slots_n / 2)
		rehash(s, s->n * 2);
	i = place(s, &r->stamp);
	if (!s->slots[i] && s->n < STAT_LARGEST) {
		if (s->n == s->room)
			more_room(s);
		s->slots[i] = ++s->n;
	}
	if (s->slots[i])
		s->at[s->slots[i] - 1] = *r;
}

/* Takes what later runs appended, many small pieces. Returns the bytes that are good. */
static uint64_t take_more(struct stat_cache *s, const char *bytes, uint64_t size)
{
	uint64_t at = 0;
	struct head h;
	struct record r;
	uint32_t i;

	while (size - at >= sizeof h) {
		memcpy(&h, bytes + at, sizeof h);
		if (!head_fits(&h, magic_more, size - at) || !digest_equal(&h.backend, &s->loaded_backend) ||
		    check_of(&h, bytes + at + sizeof h) != h.check)
			break;
		at += sizeof h;
		for (i = 0; i < h.n; i++, at += sizeof r) {
			memcpy(&r, bytes + at, sizeof r);
			set(s, &r);
		}
		s->file_n += h.n;
	}
	return at;
}

/* Reads it at once: two calls for each piece cost more than the pieces. */
static void read_more(struct stat_cache *s, int fd, uint64_t left)
{
	char *bytes = left ? malloc(left) : NULL;
	uint64_t good = bytes && read_all(fd, bytes, left) ? take_more(s, bytes, left) : 0;

	free(bytes);
	s->file_end += good;
	s->anew = good != left;
}

static void read_file(struct stat_cache *s, int fd)
{
	struct head h;
	struct stat st;

	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size < sizeof h || !read_all(fd, &h, sizeof h) ||
	    !head_fits(&h, magic, (uint64_t)st.st_size))
		return;
	s->room = (uint32_t)h.n + 16;
	s->at = read_records(fd, &h, s->room);
	if (!s->at) {
		s->room = 0;
		return;
	}
	s->n = (uint32_t)h.n;
	s->loaded_backend = h.backend;
	s->file_n = h.n;
	s->file_end = sizeof h + h.n * sizeof *s->at;
	rehash(s, s->n + 16);
	read_more(s, fd, (uint64_t)st.st_size - s->file_end);
}

/* The caller has the lock. */
static void load(struct stat_cache *s)
{
	int fd;

	if (s->loaded)
		return;
	s->loaded = true;
	fd = openat(s->dir, s->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0) {
		read_file(s, fd);
		close(fd);
	}
	if (!s->slots)
		rehash(s, 16);
}

/* Comes before any look at the records. The caller has the lock. */
static void make_ready(struct stat_cache *s)
{
	load(s);
	s->ready = true;
	if (digest_equal(&s->loaded_backend, &s->backend))
		return;
	s->loaded_backend = s->backend;
	s->n = 0;
	s->anew = true;
	rehash(s, 16);
}

struct stat_cache *stat_cache_new(int dir, const char *name)
{
	struct stat_cache *s = xcalloc(1, sizeof *s);

	pthread_rwlock_init(&s->lock, NULL);
	s->dir = dir;
	s->file = xstrdup(name);
	s->today = (uint32_t)(time(NULL) / 86400);
	return s;
}

void stat_cache_load(struct stat_cache *s)
{
	pthread_rwlock_wrlock(&s->lock);
	load(s);
	pthread_rwlock_unlock(&s->lock);
}

void stat_cache_use(struct stat_cache *s, const char *backend)
{
	digest_of(backend, strlen(backend), &s->backend);
}

/* Takes the lock for reading; the index is ready then. */
static void lock_for_reading(struct stat_cache *s)
{
	pthread_rwlock_rdlock(&s->lock);
	if (s->ready)
		return;
	pthread_rwlock_unlock(&s->lock);
	pthread_rwlock_wrlock(&s->lock);
	make_ready(s);
	pthread_rwlock_unlock(&s->lock);
	pthread_rwlock_rdlock(&s->lock);
}

/* Renews a date once a week, not in each run: a renewal replaces the file. */
static void renew(struct stat_cache *s, const struct stamp *stamp)
{
	uint32_t slot;

	pthread_rwlock_wrlock(&s->lock);
	slot = s->slots[place(s, stamp)];
	if (slot && s->at[slot - 1].day + RENEWED_AFTER <= s->today) {
		s->at[slot - 1].day = s->today;
		s->changed = s->anew = true;
	}
	pthread_rwlock_unlock(&s->lock);
}

/* Lets the processor fetch the slots, then the records, before `place` reads them. */
static void fetch(const struct stat_cache *s, const struct stamp *stamps, uint32_t n)
{
	uint32_t i, slot;

	for (i = 0; i < n; i++)
		__builtin_prefetch(&s->slots[first_place(s, &stamps[i])]);
	for (i = 0; i < n; i++) {
		slot = s->slots[first_place(s, &stamps[i])];
		if (slot) {
			const char *r = (const char *)&s->at[slot - 1];

			__builtin_prefetch(r);
			__builtin_prefetch(r + sizeof(struct record) - 1);
		}
	}
}

void stat_cache_ask(struct stat_cache *s, const struct stamp *stamps, uint32_t n, struct stat_answer *ret)
{
	uint32_t i, slot;
	const struct record *r;
	bool old = false;

	if (!n)
		return;                /* without a question the index is not read */
	lock_for_reading(s);
	for (i = 0; i < n; i++) {
		if (i % STAT_AT_ONCE == 0)
			fetch(s, stamps + i, n - i < STAT_AT_ONCE ? n - i : STAT_AT_ONCE);
		slot = s->slots[place(s, &stamps[i])];
		r = slot ? &s->at[slot - 1] : NULL;
		ret[i].known = r && stamp_equal(&r->stamp, &stamps[i]);
		if (!ret[i].known)
			continue;
		ret[i].id = r->id;
		old |= r->day + RENEWED_AFTER <= s->today;
	}
	pthread_rwlock_unlock(&s->lock);
	if (!old)
		return;
	for (i = 0; i < n; i++)
		if (ret[i].known)
			renew(s, &stamps[i]);
}

static void note(struct stat_cache *s, uint32_t number)
{
	if (s->dirty_n == s->dirty_room) {
		s->dirty_room = s->dirty_room ? s->dirty_room * 2 : 64;
		s->dirty = xrealloc(s->dirty, s->dirty_room, sizeof *s->dirty);
	}
	s->dirty[s->dirty_n++] = number;
}

void stat_cache_put(struct stat_cache *s, const struct stamp *stamp, const vt_id *id, int64_t now_ns)
{
	uint32_t slot;

	if (stamp_is_young(stamp, now_ns))
		return;
	pthread_rwlock_wrlock(&s->lock);
	make_ready(s);
	set(s, &(struct record){ .stamp = *stamp, .id = *id, .day = s->today });
	slot = s->slots[place(s, stamp)];
	if (slot) {
		note(s, slot - 1);
		s->changed = true;
	}
	pthread_rwlock_unlock(&s->lock);
}

/* Makes a head for n records, with room for them behind it. NULL: out of memory. */
static struct head *head_new(const struct stat_cache *s, const char *which, uint32_t n, size_t *ret_size)
{
	struct head *h = calloc(1, *ret_size = sizeof *h + n * sizeof(struct record));

	if (!h)
		return NULL;
	memcpy(h->magic, which, sizeof h->magic);
	h->n = n;
	h->backend = s->backend;
	return h;
}

static void write_anew(struct stat_cache *s)
{
	struct record *to;
	struct head *h;
	uint32_t i, n = 0;
	size_t size;

	for (i = 0; i < s->n; i++)
		if (s->at[i].day + STAT_DAYS > s->today)
			s->at[n++] = s->at[i];
	h = head_new(s, magic, n, &size);
	if (!h)
		return;
	to = (struct record *)(h + 1);
	if (n)
		memcpy(to, s->at, n * sizeof *s->at);
	h->check = check_of(h, to);
	(void)file_write_at(s->dir, s->file, h, size, 0600, NULL);      /* a failure only costs time */
	free(h);
}

/* Appends in one write, behind what other processes have appended. A partial write is a bad end:
 * the next run finds it and replaces the file. */
static void write_more(struct stat_cache *s)
{
	int fd = openat(s->dir, s->file, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct record *to;
	struct head *h;
	uint32_t i;
	size_t size;

	if (fd < 0)
		return;
	h = head_new(s, magic_more, s->dirty_n, &size);
	if (h) {
		to = (struct record *)(h + 1);
		for (i = 0; i < s->dirty_n; i++)
			to[i] = s->at[s->dirty[i]];
		h->check = check_of(h, to);
		(void)!write(fd, h, size);     /* a failure only costs time */
	}
	free(h);
	close(fd);
}

/* Would more than a quarter of the file be records that no longer count? Replacing the file costs
 * its whole size, and so does each later read of it. */
static bool is_loose(const struct stat_cache *s)
{
	return s->file_n + s->dirty_n > s->n + (uint64_t)s->n / 4 + STAT_LOOSE;
}

static void save(struct stat_cache *s)
{
	if (s->anew || !s->file_end || is_loose(s))
		write_anew(s);
	else
		write_more(s);
}

void stat_cache_close(struct stat_cache *s, bool and_save)
{
	if (!s)
		return;
	if (and_save && s->changed)
		save(s);
	pthread_rwlock_destroy(&s->lock);
	free(s->file);
	free(s->dirty);
	free(s->at);
	free(s->slots);
	free(s);
}
