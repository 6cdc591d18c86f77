#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

/* The file: a head, then records at multiples of eight. */
struct head {
	char magic[8];
	uint64_t id;
};

struct record {
	uint32_t magic;
	uint8_t kind, space;
	uint16_t reserved;
	uint32_t day;
	uint32_t size;                 /* of the data behind it */
	uint8_t id[32];
	uint64_t check;                /* XXH3 of all but itself, and of the data */
};

struct index_head {
	char magic[8];
	uint64_t id;                   /* of the log */
	uint64_t end;                  /* it covers the log up to here */
	uint64_t dead, file_bytes;
	uint64_t n;
	uint64_t check;                /* XXH3 of the slots */
};

_Static_assert(sizeof(struct record) == 56, "no holes");
_Static_assert(sizeof(struct slot) == 56, "no holes");

static const char log_magic[8] = "vtlog1\n", index_magic[8] = "vtidx1\n";

enum {
	RECORD_MAGIC = 0x31727476,
	LOG_WINDOW = 4 << 20,          /* a log this small is read in one go */
	LOG_DATA_MAX = 16 << 20,       /* of one record; a larger size is damage */
	LOG_CHUNK = 1 << 20,
	LOG_DEAD_MIN = 1 << 20,        /* less waste than this is left alone */
	LOG_INDEX_STEP = 1 << 20,      /* the index may lag this much behind */
	LOG_TOUCH_NAMES = 4000,
};

static uint64_t padded(uint64_t size)
{
	return (size + 7) & ~(uint64_t)7;
}

static uint64_t record_room(uint32_t size)
{
	return sizeof(struct record) + padded(size);
}

static uint64_t check_of(const struct record *r, const void *data)
{
	struct record copy = *r;
	uint64_t h;

	copy.check = 0;
	h = XXH3_64bits(&copy, sizeof copy);
	return r->size ? XXH3_64bits_withSeed(data, r->size, h) : h;
}

/* ---- the table -------------------------------------------------------------- */

static struct slot *slot_of(const struct log *l, const uint8_t *name)
{
	uint32_t i, mask = l->room - 1;
	uint32_t h;

	memcpy(&h, name + 1, sizeof h);        /* names are hashes */
	for (i = (h ^ name[0]) & mask; l->slots[i].kind; i = (i + 1) & mask)
		if (memcmp(l->slots[i].name, name, LOG_NAME) == 0)
			break;
	return &l->slots[i];
}

static int table_grow(struct log *l, uint32_t want)
{
	struct slot *old = l->slots;
	uint32_t old_room = l->room, room = 256, i;

	while (room < want * 2 && room < UINT32_C(1) << 31)
		room *= 2;
	l->slots = calloc(room, sizeof *l->slots);
	if (!l->slots) {
		l->slots = old;
		return -1;
	}
	l->room = room;
	l->used = 0;
	for (i = 0; i < old_room; i++) {
		if (!old[i].kind || old[i].gone)
			continue;
		*slot_of(l, old[i].name) = old[i];
		l->used++;
	}
	free(old);
	return 0;
}

static void name_of(uint8_t *ret, uint32_t space, const void *id)
{
	ret[0] = (uint8_t)space;
	memcpy(ret + 1, id, sizeof(vt_id));
}

static struct slot *find(const struct log *l, const uint8_t *name)
{
	struct slot *s;

	if (!l->room)
		return NULL;
	s = slot_of(l, name);
	return s->kind && !s->gone ? s : NULL;
}

static void forget(struct log *l, struct slot *s)
{
	if (s->gone)
		return;
	if (s->kind == LOG_FILE)
		l->file_bytes -= s->size;
	l->dead += record_room(s->kind == LOG_FILE ? 8 : (uint32_t)s->size);
	l->touches -= s->touched;
	s->touched = 0;
	s->gone = 1;
	l->live--;
}

static int place(struct log *l, const struct record *r, const uint8_t *name, uint64_t at, uint64_t size)
{
	struct slot *s;

	if (l->used + 1 > l->room / 2 && table_grow(l, l->live + 128) < 0)
		return -1;
	s = slot_of(l, name);
	if (s->kind)
		forget(l, s);
	else
		l->used++;
	memcpy(s->name, name, LOG_NAME);
	s->kind = r->kind;
	s->gone = 0;
	s->day = r->day;
	s->at = at;
	s->size = size;
	if (r->kind == LOG_FILE)
		l->file_bytes += size;
	l->live++;
	return 0;
}

/* A whole, good record. */
static int take(struct log *l, const struct record *r, const uint8_t *data, uint64_t at)
{
	uint8_t name[LOG_NAME];
	struct slot *s;
	uint64_t size = r->size;
	uint32_t i;

	name_of(name, r->space, r->id);
	switch (r->kind) {
	case LOG_FILE:
		if (r->size != 8)
			return 0;
		memcpy(&size, data, 8);
		return place(l, r, name, at, size);
	case LOG_DATA:
		return place(l, r, name, at, size);
	case LOG_DROP:
		s = find(l, name);
		if (s)
			forget(l, s);
		l->dead += record_room(0);
		return 0;
	case LOG_TOUCH:
		for (i = 0; i + LOG_NAME <= r->size; i += LOG_NAME) {
			s = find(l, data + i);
			if (s && s->day < r->day)
				s->day = r->day;
		}
		l->dead += record_room(r->size);
		return 0;
	default:
		return 0;              /* of a newer version */
	}
}

/* ---- reading ------------------------------------------------------------------ */

static bool is_record(const struct record *r)
{
	return r->magic == RECORD_MAGIC && r->size <= LOG_DATA_MAX && r->reserved == 0;
}

/* Reads records from `data`, the log's bytes [at, at + size). Returns how many bytes are
 * done; the rest is incomplete, or (at the end of the file) torn. -1: out of memory. */
static int64_t scan(struct log *l, const char *data, size_t size, uint64_t at, bool last)
{
	size_t i = 0, skipped = 0;

	while (size - i >= sizeof(struct record)) {
		struct record r;
		uint64_t room;

		memcpy(&r, data + i, sizeof r);
		if (is_record(&r)) {
			room = record_room(r.size);
			if (room <= size - i && check_of(&r, data + i + sizeof r) == r.check) {
				if (take(l, &r, (const uint8_t *)data + i + sizeof r, at + i) < 0)
					return -1;
				/* something good behind it: it was damage, not a tail */
				if (skipped) {
					l->bad++;
					l->dead += skipped;
					skipped = 0;
				}
				i += room;
				continue;
			}
			/* it may go on behind these bytes */
			if (room > size - i && !last && !skipped)
				break;
		}
		i += 8;
		skipped += 8;
	}
	return (int64_t)(i - skipped);
}

static ssize_t pread_full(int fd, void *data, size_t size, uint64_t at)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = pread(fd, (char *)data + got, size - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* From l->end to the end of the file. */
static int scan_rest(struct log *l)
{
	size_t room = LOG_CHUNK;
	char *data = malloc(room);
	int r = data ? 0 : -1;

	while (r == 0) {
		ssize_t n = pread_full(l->fd, data, room, l->end);
		bool last = n >= 0 && (size_t)n < room;
		int64_t done = n < 0 ? -1 : scan(l, data, (size_t)n, l->end, last);

		if (done < 0) {
			r = -1;
		} else if (done == 0 && !last) {
			/* one record larger than the room, or nothing but damage */
			char *more = room < 2 * (size_t)LOG_DATA_MAX ? realloc(data, room * 2) : NULL;

			if (!more)
				break;
			data = more;
			room *= 2;
		} else {
			l->end += (uint64_t)done;
			if (last)
				break;
		}
	}
	free(data);
	return r;
}

static int load_index(struct log *l, uint64_t size)
{
	struct index_head h;
	struct slot *slots = NULL;
	int fd = openat(l->dir, "index", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t i;
	bool good;

	if (fd < 0)
		return 0;
	good = pread_full(fd, &h, sizeof h, 0) == (ssize_t)sizeof h && memcmp(h.magic, index_magic, sizeof index_magic) == 0 &&
	       h.id == l->id && h.end <= size && h.n < UINT32_C(1) << 28;
	if (good)
		slots = malloc(h.n * sizeof *slots + 1);
	good = slots && pread_full(fd, slots, h.n * sizeof *slots, sizeof h) == (ssize_t)(h.n * sizeof *slots) &&
	       XXH3_64bits(slots, h.n * sizeof *slots) == h.check && table_grow(l, (uint32_t)h.n + 256) == 0;
	close(fd);
	if (good) {
		for (i = 0; i < h.n; i++)
			*slot_of(l, slots[i].name) = slots[i];
		l->used = l->live = (uint32_t)h.n;
		l->end = l->indexed = h.end;
		l->dead = h.dead;
		l->file_bytes = h.file_bytes;
	}
	free(slots);
	return 0;
}

/* Forgets all that is known of the log's contents. */
static void reset(struct log *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	free(l->window);
	l->window = NULL;
	l->window_size = 0;
	free(l->slots);
	l->slots = NULL;
	l->room = l->used = l->live = l->touches = 0;
	l->bad = 0;
	l->end = l->dead = l->file_bytes = l->indexed = 0;
}

/* 0; 1: no log; -1. What is no log of ours counts as none. */
static int load(struct log *l)
{
	struct head h;
	struct stat st;
	int64_t done;

	reset(l);
	l->fd = openat(l->dir, "log", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (l->fd < 0 && (errno == EACCES || errno == EROFS))
		l->fd = openat(l->dir, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (l->fd < 0)
		return errno == ENOENT ? 1 : -1;
	if (fstat(l->fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || pread_full(l->fd, &h, sizeof h, 0) != (ssize_t)sizeof h ||
	    memcmp(h.magic, log_magic, sizeof log_magic) != 0) {
		close(l->fd);
		l->fd = -1;
		return 1;
	}
	l->id = h.id;
	l->end = sizeof h;
	if (st.st_size > LOG_WINDOW) {
		load_index(l, (uint64_t)st.st_size);
		return scan_rest(l);
	}
	l->window = malloc((size_t)st.st_size);
	if (!l->window)
		return -1;
	done = pread_full(l->fd, l->window, (size_t)st.st_size, 0);
	if (done < (int64_t)sizeof h)
		return -1;
	l->window_size = (size_t)done;
	done = scan(l, l->window + sizeof h, l->window_size - sizeof h, sizeof h, true);
	if (done < 0)
		return -1;
	l->end += (uint64_t)done;
	return 0;
}

void log_init(struct log *l)
{
	memset(l, 0, sizeof *l);
	pthread_mutex_init(&l->lock, NULL);
	l->dir = l->fd = l->lock_fd = -1;
	l->today = (uint32_t)(time(NULL) / 86400);
}

int log_open(struct log *l, const char *dir)
{
	int r;

	pthread_mutex_lock(&l->lock);
	if (l->dir < 0)
		l->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	r = l->dir < 0 ? (errno == ENOENT ? 1 : -1) : load(l);
	pthread_mutex_unlock(&l->lock);
	return r;
}

void log_close(struct log *l)
{
	reset(l);
	if (l->lock_fd >= 0)
		close(l->lock_fd);
	if (l->dir >= 0)
		close(l->dir);
	pthread_mutex_destroy(&l->lock);
}

static int read_record(struct log *l, const struct slot *s, void **ret)
{
	uint64_t room = record_room((uint32_t)s->size);
	char *data = malloc(room);
	struct record r;
	ssize_t n;

	if (!data)
		return -1;
	if (s->at + room <= l->window_size) {
		memcpy(data, l->window + s->at, room);
		n = (ssize_t)room;
	} else {
		n = pread_full(l->fd, data, room, s->at);
	}
	memcpy(&r, data, sizeof r);
	if (n != (ssize_t)room || !is_record(&r) || r.size != s->size || memcmp(r.id, s->name + 1, sizeof r.id) != 0 ||
	    check_of(&r, data + sizeof r) != r.check) {
		free(data);
		return 3;
	}
	memmove(data, data + sizeof r, r.size);
	*ret = data;
	return 0;
}

int log_get(struct log *l, uint32_t space, const vt_id *id, void **ret, uint64_t *ret_size)
{
	uint8_t name[LOG_NAME];
	struct slot *s;
	int r = 1;

	name_of(name, space, id);
	pthread_mutex_lock(&l->lock);
	s = find(l, name);
	if (s) {
		*ret_size = s->size;
		r = s->kind == LOG_FILE ? 2 : read_record(l, s, ret);
		if (r == 3) {
			forget(l, s);
			l->bad++;
		}
	}
	pthread_mutex_unlock(&l->lock);
	return r;
}

bool log_has(struct log *l, uint32_t space, const vt_id *id)
{
	uint8_t name[LOG_NAME];
	bool ret;

	name_of(name, space, id);
	pthread_mutex_lock(&l->lock);
	ret = find(l, name) != NULL;
	pthread_mutex_unlock(&l->lock);
	return ret;
}

void log_use(struct log *l, uint32_t space, const vt_id *id)
{
	uint8_t name[LOG_NAME];
	struct slot *s;

	name_of(name, space, id);
	pthread_mutex_lock(&l->lock);
	s = find(l, name);
	if (s && s->day < l->today && !s->touched) {
		s->touched = 1;
		l->touches++;
	}
	pthread_mutex_unlock(&l->lock);
}

/* ---- writing -------------------------------------------------------------------- */

static int lock_processes(struct log *l)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const struct timespec pause = { .tv_nsec = 2000000 };
	int tries;

	if (l->lock_fd < 0)
		l->lock_fd = openat(l->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->lock_fd < 0)
		return -1;
	for (tries = 0; tries < 5000; tries++) {
		if (fcntl(l->lock_fd, F_OFD_SETLK, &whole) == 0)
			return 0;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -1;
		nanosleep(&pause, NULL);
	}
	errno = ETIMEDOUT;
	return -1;
}

static void unlock_processes(struct log *l)
{
	struct flock whole = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	int number = errno;

	(void)fcntl(l->lock_fd, F_OFD_SETLK, &whole);
	errno = number;
}

static int write_full(int fd, const void *data, size_t size, uint64_t at)
{
	const char *p = data;

	while (size) {
		ssize_t n = pwrite(fd, p, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

/* A new, empty file under another name; renamed when it is whole. */
static int create_log(struct log *l, uint64_t *ret_id)
{
	struct head h;
	int fd = openat(l->dir, "log.new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	memcpy(h.magic, log_magic, sizeof log_magic);
	if (getrandom(&h.id, sizeof h.id, GRND_NONBLOCK) != (ssize_t)sizeof h.id)
		h.id = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	if (fd >= 0 && write_full(fd, &h, sizeof h, 0) < 0) {
		close(fd);
		fd = -1;
	}
	*ret_id = h.id;
	return fd;
}

/* With both locks: the log that has the name now, read to its end, without a torn tail. */
static int refresh(struct log *l)
{
	struct stat here, there;
	uint64_t id;
	int fd, r;

	if (fstatat(l->dir, "log", &there, AT_SYMLINK_NOFOLLOW) == 0 && l->fd >= 0 && fstat(l->fd, &here) == 0 &&
	    here.st_ino == there.st_ino && here.st_dev == there.st_dev) {
		if ((uint64_t)there.st_size > l->end && scan_rest(l) < 0)
			return -1;
	} else {
		r = load(l);
		if (r < 0)
			return -1;
		if (r == 1) {
			fd = create_log(l, &id);
			if (fd < 0)
				return -1;
			close(fd);
			if (renameat(l->dir, "log.new", l->dir, "log") < 0 || load(l) != 0)
				return -1;
		}
	}
	if (fstat(l->fd, &here) == 0 && (uint64_t)here.st_size > l->end && ftruncate(l->fd, (off_t)l->end) < 0)
		return -1;
	return 0;
}

/* With both locks. */
static int append(struct log *l, struct record *r, const void *data)
{
	static const char zeros[8];
	struct iovec parts[3] = {
		{ r, sizeof *r },
		{ (void *)(uintptr_t)data, r->size },
		{ (void *)(uintptr_t)zeros, padded(r->size) - r->size },
	};
	uint64_t room = record_room(r->size);
	ssize_t n;

	r->magic = RECORD_MAGIC;
	r->day = l->today;
	r->check = check_of(r, data);
	n = pwritev(l->fd, parts, 3, (off_t)l->end);
	if (n != (ssize_t)room) {
		int number = n < 0 ? errno : ENOSPC;

		(void)!ftruncate(l->fd, (off_t)l->end);
		errno = number;
		return -1;
	}
	if (take(l, r, data, l->end) < 0)
		return -1;
	l->end += room;
	l->changed = true;
	return 0;
}

static int make_folder(struct log *l, const char *dir)
{
	if (l->dir >= 0)
		return 0;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -1;
	l->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return l->dir < 0 ? -1 : 0;
}

int log_put(struct log *l, const char *dir, enum log_kind kind, uint32_t space, const vt_id *id, const void *data, uint64_t size)
{
	struct record r = { .kind = (uint8_t)kind, .space = (uint8_t)space };
	int ret;

	memcpy(r.id, id->byte, sizeof r.id);
	if (kind == LOG_FILE)
		data = &size;
	r.size = kind == LOG_FILE ? 8 : (uint32_t)size;
	pthread_mutex_lock(&l->lock);
	ret = make_folder(l, dir);
	if (ret == 0)
		ret = lock_processes(l);
	if (ret == 0) {
		ret = refresh(l);
		if (ret == 0)
			ret = append(l, &r, data);
		unlock_processes(l);
	}
	pthread_mutex_unlock(&l->lock);
	return ret;
}

/* ---- settling ---------------------------------------------------------------------- */

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
			ret = append(l, &r, names);
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
	fd = create_log(l, &id);
	if (fd < 0)
		r = -1;
	for (i = first; r == 0 && i < n; i++) {
		struct record head = { .magic = RECORD_MAGIC, .kind = all[i]->kind, .space = all[i]->name[0], .day = all[i]->day };
		uint64_t room;
		void *data = &all[i]->size;

		memcpy(head.id, all[i]->name + 1, sizeof head.id);
		head.size = all[i]->kind == LOG_FILE ? 8 : (uint32_t)all[i]->size;
		if (all[i]->kind == LOG_DATA) {
			r = read_record(l, all[i], &data);
			if (r == 3) {
				r = 0;
				continue;      /* damaged: it does not come along */
			}
			if (r < 0)
				break;
		}
		head.check = check_of(&head, data);
		room = record_room(head.size);
		if (used + room > LOG_CHUNK) {
			r = write_full(fd, buffer, used, at);
			at += used;
			used = 0;
		}
		if (room > LOG_CHUNK) {
			if (r == 0 && (write_full(fd, &head, sizeof head, at) < 0 || write_full(fd, data, head.size, at + sizeof head) < 0 ||
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
		r = write_full(fd, buffer, used, at);
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
		r = load(l) < 0 ? -1 : 0;
	}
	return r;
}

static int write_index(struct log *l)
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
	if (fd >= 0 && write_full(fd, &h, sizeof h, 0) == 0 && write_full(fd, slots, n * sizeof *slots, sizeof h) == 0)
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

int log_settle(struct log *l, struct log_settle *how)
{
	uint64_t total;
	bool waste, full;
	int r = 0;

	pthread_mutex_lock(&l->lock);
	total = l->end + l->file_bytes;
	waste = l->bad || (l->dead > LOG_DEAD_MIN && l->dead > l->end / 2);
	full = total > how->bound;
	if (l->fd >= 0 && (l->touches || l->changed || waste || full)) {
		r = lock_processes(l);
		if (r == 0) {
			r = refresh(l);
			if (r == 0 && l->touches)
				r = append_touches(l);
			if (r == 0 && (waste || full))
				r = rewrite(l, how);
			if (r == 0 && l->end > LOG_WINDOW && l->end - l->indexed > LOG_INDEX_STEP)
				(void)write_index(l);
			unlock_processes(l);
		}
	}
	pthread_mutex_unlock(&l->lock);
	return r;
}

uint64_t log_bytes(struct log *l)
{
	uint64_t ret;

	pthread_mutex_lock(&l->lock);
	ret = l->end + l->file_bytes;
	pthread_mutex_unlock(&l->lock);
	return ret;
}

void log_figures(struct log *l, uint64_t *ret_entries, uint64_t *ret_blobs, uint32_t *ret_oldest_day)
{
	uint32_t i, oldest = l->today;
	uint64_t n[2] = { 0, 0 };

	pthread_mutex_lock(&l->lock);
	for (i = 0; i < l->room; i++) {
		const struct slot *s = &l->slots[i];

		if (!s->kind || s->gone)
			continue;
		n[s->name[0] == VT_SPACE_BLOB]++;
		if (s->day < oldest)
			oldest = s->day;
	}
	pthread_mutex_unlock(&l->lock);
	*ret_entries = n[0];
	*ret_blobs = n[1];
	*ret_oldest_day = oldest;
}
