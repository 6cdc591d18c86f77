#include "log-inside.h"

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

static const char log_magic[8] = "vtlog1\n";

/* ---- reading ------------------------------------------------------------------ */

/* Reads records from `data`, the log's bytes [at, at + size). Returns how many bytes were
 * read; the rest is an incomplete record, at the end of the file a torn one. -1: out of memory. */
static int64_t scan(struct log *l, const char *data, size_t size, uint64_t at, bool last)
{
	size_t i = 0, skipped = 0;

	while (size - i >= sizeof(struct record)) {
		struct record r;
		uint64_t room;

		memcpy(&r, data + i, sizeof r);
		if (record_is_one(&r)) {
			room = record_room(r.size);
			if (room <= size - i && record_check(&r, data + i + sizeof r) == r.check) {
				if (table_take(l, &r, (const uint8_t *)data + i + sizeof r, at + i) < 0)
					return -1;
				/* a good record follows: this is damage, not a torn tail */
				if (skipped) {
					l->bad++;
					l->dead += skipped;
					skipped = 0;
				}
				i += room;
				continue;
			}
			/* the record may continue behind these bytes */
			if (room > size - i && !last && !skipped)
				break;
		}
		i += 8;
		skipped += 8;
	}
	return (int64_t)(i - skipped);
}

ssize_t log_read_full(int fd, void *data, size_t size, uint64_t at)
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

/* Reads the log from l->end to the end of the file. */
static int scan_rest(struct log *l)
{
	size_t room = LOG_CHUNK;
	char *data = malloc(room);
	int r = data ? 0 : -1;

	while (r == 0) {
		ssize_t n = log_read_full(l->fd, data, room, l->end);
		bool last = n >= 0 && (size_t)n < room;
		int64_t done = n < 0 ? -1 : scan(l, data, (size_t)n, l->end, last);

		if (done < 0) {
			r = -1;
		} else if (done == 0 && !last) {
			/* a record larger than the buffer, or damage */
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

/* Forgets everything known about the log's contents. */
static void reset(struct log *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	free(l->window);
	l->window = NULL;
	l->window_size = l->window_room = 0;
	free(l->slots);
	l->slots = NULL;
	l->room = l->used = l->live = l->touches = 0;
	l->bad = 0;
	l->end = l->dead = l->file_bytes = l->indexed = 0;
}

/* Is it the head of a log that a later version of vt made? Such a log is left alone; any other head is damage. */
static bool is_newer(const char magic[8])
{
	enum { DIGIT = 5 };

	return memcmp(magic, log_magic, DIGIT) == 0 && magic[DIGIT] > log_magic[DIGIT] && magic[DIGIT] <= '9' &&
	       memcmp(magic + DIGIT + 1, log_magic + DIGIT + 1, sizeof log_magic - DIGIT - 1) == 0;
}

int log_load(struct log *l)
{
	struct head h;
	struct stat st;
	int64_t done;

	reset(l);
	l->fd = openat(l->dir, "log", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (l->fd < 0 && (errno == EACCES || errno == EROFS))
		l->fd = openat(l->dir, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (l->fd < 0)
		return errno == ENOENT ? 1 : -1;
	if (fstat(l->fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || log_read_full(l->fd, &h, sizeof h, 0) != (ssize_t)sizeof h ||
	    memcmp(h.magic, log_magic, sizeof log_magic) != 0) {
		close(l->fd);
		l->fd = -1;
		if (S_ISREG(st.st_mode) && st.st_size >= (off_t)sizeof h && is_newer(h.magic)) {
			errno = EPROTONOSUPPORT;
			return -1;
		}
		return 1;
	}
	l->id = h.id;
	l->end = sizeof h;
	if (st.st_size > LOG_WINDOW) {
		index_load(l, (uint64_t)st.st_size);
		return scan_rest(l);
	}
	l->window = malloc((size_t)st.st_size);
	if (!l->window)
		return -1;
	l->window_room = (size_t)st.st_size;
	done = log_read_full(l->fd, l->window, l->window_room, 0);
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
	pthread_rwlock_init(&l->lock, NULL);
	pthread_mutex_init(&l->appending, NULL);
	l->dir = l->fd = l->lock_fd = -1;
	l->today = (uint32_t)(time(NULL) / 86400);
}

/* Is the store's folder as private as the cache's, which vt has checked? A folder that a repository brought is not. */
static bool is_private(int fd, const char *dir)
{
	struct stat st, above;
	char parent[4096];
	int n = (int)(strrchr(dir, '/') - dir);

	if (fstat(fd, &st) < 0 || (st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return false;
	if (!(st.st_mode & 077))
		return true;
	return snprintf(parent, sizeof parent, "%.*s/.", n, dir) < (int)sizeof parent && stat(parent, &above) == 0 &&
	       !(st.st_mode & 077 & ~above.st_mode);
}

/* Opens the store's folder. -1 with errno; EPERM: it is not private. */
static int open_folder(struct log *l, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 && !is_private(fd, dir)) {
		close(fd);
		errno = EPERM;
		fd = -1;
	}
	l->dir = fd;
	return fd;
}

int log_open(struct log *l, const char *dir)
{
	int r;

	pthread_rwlock_wrlock(&l->lock);
	if (l->dir < 0)
		(void)open_folder(l, dir);
	r = l->dir < 0 ? (errno == ENOENT ? 1 : -1) : log_load(l);
	pthread_rwlock_unlock(&l->lock);
	return r;
}

void log_close(struct log *l)
{
	reset(l);
	if (l->lock_fd >= 0)
		close(l->lock_fd);
	if (l->dir >= 0)
		close(l->dir);
	pthread_rwlock_destroy(&l->lock);
	pthread_mutex_destroy(&l->appending);
}

int log_read_record(struct log *l, const struct slot *s, void **ret)
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
		n = log_read_full(l->fd, data, room, s->at);
	}
	memcpy(&r, data, sizeof r);
	if (n != (ssize_t)room || !record_is_one(&r) || r.size != s->size || memcmp(r.id, s->name + 1, sizeof r.id) != 0 ||
	    record_check(&r, data + sizeof r) != r.check) {
		free(data);
		return 3;
	}
	memmove(data, data + sizeof r, r.size);
	*ret = data;
	return 0;
}

/* Forgets a damaged record, unless another one has taken its slot meanwhile. */
static void forget_damaged(struct log *l, const uint8_t *name, uint64_t at)
{
	struct slot *s;

	pthread_rwlock_wrlock(&l->lock);
	s = table_find(l, name);
	if (s && s->at == at) {
		table_forget(l, s);
		l->bad++;
	}
	pthread_rwlock_unlock(&l->lock);
}

int log_get(struct log *l, uint32_t space, const vt_id *id, void **ret, uint64_t *ret_size)
{
	uint8_t name[LOG_NAME];
	const struct slot *s;
	uint64_t at = 0;
	int r = 1;

	table_name(name, space, id);
	pthread_rwlock_rdlock(&l->lock);
	s = table_find(l, name);
	if (s) {
		at = s->at;
		*ret_size = s->size;
		r = s->kind == LOG_FILE ? 2 : log_read_record(l, s, ret);
	}
	pthread_rwlock_unlock(&l->lock);
	if (r == 3)
		forget_damaged(l, name, at);
	return r;
}

bool log_has(struct log *l, uint32_t space, const vt_id *id)
{
	uint8_t name[LOG_NAME];
	bool ret;

	table_name(name, space, id);
	pthread_rwlock_rdlock(&l->lock);
	ret = table_find(l, name) != NULL;
	pthread_rwlock_unlock(&l->lock);
	return ret;
}

/* the write lock is needed once a day only: check first */
static bool is_to_be_noted(const struct log *l, const struct slot *s)
{
	return s && s->day < l->today && !s->touched;
}

static void touch(struct log *l, const uint8_t *name)
{
	struct slot *s = table_find(l, name);

	if (is_to_be_noted(l, s)) {
		s->touched = 1;
		l->touches++;
	}
}

size_t log_list(struct log *l, uint32_t space, uint32_t since_day, vt_id **ret)
{
	size_t n = 0;
	uint32_t i;

	pthread_rwlock_rdlock(&l->lock);
	*ret = l->live ? malloc(l->live * sizeof **ret) : NULL;
	for (i = 0; *ret && i < l->room; i++) {
		const struct slot *s = &l->slots[i];

		if (s->kind && !s->gone && s->name[0] == space && s->day >= since_day)
			memcpy(&(*ret)[n++], s->name + 1, sizeof **ret);
	}
	pthread_rwlock_unlock(&l->lock);
	return n;
}

void log_use(struct log *l, uint32_t space, const vt_id *id)
{
	uint8_t name[LOG_NAME];
	bool note;

	table_name(name, space, id);
	pthread_rwlock_rdlock(&l->lock);
	note = is_to_be_noted(l, table_find(l, name));
	pthread_rwlock_unlock(&l->lock);
	if (!note)
		return;
	pthread_rwlock_wrlock(&l->lock);
	touch(l, name);
	pthread_rwlock_unlock(&l->lock);
}

/* ---- writing -------------------------------------------------------------------- */

int log_lock(struct log *l)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const struct timespec pause = { .tv_nsec = 2000000 };
	int tries;

	if (l->lock_fd < 0)
		l->lock_fd = openat(l->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
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

void log_unlock(struct log *l)
{
	struct flock whole = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	int number = errno;

	(void)fcntl(l->lock_fd, F_OFD_SETLK, &whole);
	errno = number;
}

int log_write_full(int fd, const void *data, size_t size, uint64_t at)
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

int log_create(struct log *l, uint64_t *ret_id)
{
	struct head h;
	int fd = openat(l->dir, "log.new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	memcpy(h.magic, log_magic, sizeof log_magic);
	if (getrandom(&h.id, sizeof h.id, GRND_NONBLOCK) != (ssize_t)sizeof h.id)
		h.id = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	if (fd >= 0 && log_write_full(fd, &h, sizeof h, 0) < 0) {
		int number = errno;

		close(fd);
		(void)unlinkat(l->dir, "log.new", 0);
		errno = number;
		fd = -1;
	}
	*ret_id = h.id;
	return fd;
}

/* Loads a log that has replaced the known one; keeps the marks of what this run used. */
static int load_another(struct log *l)
{
	uint8_t *names = l->touches ? malloc((size_t)l->touches * LOG_NAME) : NULL;
	uint32_t n = 0, i;
	int r;

	for (i = 0; names && i < l->room && n < l->touches; i++)
		if (l->slots[i].touched)
			memcpy(names + (size_t)LOG_NAME * n++, l->slots[i].name, LOG_NAME);
	r = log_load(l);
	for (i = 0; i < n; i++)
		touch(l, names + (size_t)LOG_NAME * i);
	free(names);
	return r;
}

int log_refresh(struct log *l)
{
	struct stat here, there;
	uint64_t id;
	int fd, r;

	if (fstatat(l->dir, "log", &there, AT_SYMLINK_NOFOLLOW) == 0 && l->fd >= 0 && fstat(l->fd, &here) == 0 &&
	    here.st_ino == there.st_ino && here.st_dev == there.st_dev) {
		if ((uint64_t)there.st_size > l->end && scan_rest(l) < 0)
			return -1;
	} else {
		r = load_another(l);
		if (r < 0)
			return -1;
		if (r == 1) {
			fd = log_create(l, &id);
			if (fd < 0)
				return -1;
			close(fd);
			if (renameat(l->dir, "log.new", l->dir, "log") < 0 || log_load(l) != 0)
				return -1;
		}
	}
	if (fstat(l->fd, &here) == 0 && (uint64_t)here.st_size > l->end && ftruncate(l->fd, (off_t)l->end) < 0)
		return -1;
	return 0;
}

int log_append_many(struct log *l, struct record *r, const void *const *data, uint32_t n)
{
	static const char zeros[8];
	struct iovec parts[3 * LOG_PIECES];
	uint64_t room = 0;
	ssize_t written;
	uint32_t i;

	if (n == 0)
		return 0;
	for (i = 0; i < n; i++) {
		r[i].magic = RECORD_MAGIC;
		r[i].day = l->today;
		r[i].check = record_check(&r[i], data[i]);
		parts[3 * i] = (struct iovec){ &r[i], sizeof r[i] };
		parts[3 * i + 1] = (struct iovec){ (void *)(uintptr_t)data[i], r[i].size };
		parts[3 * i + 2] = (struct iovec){ (void *)(uintptr_t)zeros, record_padded(r[i].size) - r[i].size };
		room += record_room(r[i].size);
	}
	written = pwritev(l->fd, parts, (int)(3 * n), (off_t)l->end);
	if (written != (ssize_t)room) {
		int number = written < 0 ? errno : ENOSPC;

		(void)!ftruncate(l->fd, (off_t)l->end);
		errno = number;
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (table_take(l, &r[i], data[i], l->end) < 0)
			return -1;
		l->end += record_room(r[i].size);
		l->changed = true;
	}
	return 0;
}

int log_append(struct log *l, struct record *r, const void *data)
{
	return log_append_many(l, r, &data, 1);
}

static int make_folder(struct log *l, const char *dir)
{
	if (l->dir >= 0)
		return 0;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -1;
	return open_folder(l, dir) < 0 ? -1 : 0;
}

int log_make_folder(struct log *l, const char *dir)
{
	int r;

	pthread_rwlock_wrlock(&l->lock);
	r = make_folder(l, dir);
	pthread_rwlock_unlock(&l->lock);
	return r;
}

static int put_all(struct log *l, const char *dir, struct record *r, const void *const *data, uint32_t n)
{
	int ret;

	pthread_mutex_lock(&l->appending);
	ret = log_make_folder(l, dir);
	if (ret == 0)
		ret = log_lock(l);
	if (ret == 0) {
		pthread_rwlock_wrlock(&l->lock);
		ret = log_refresh(l);
		if (ret == 0)
			ret = log_append_many(l, r, data, n);
		pthread_rwlock_unlock(&l->lock);
		log_unlock(l);
	}
	pthread_mutex_unlock(&l->appending);
	return ret;
}

int log_put(struct log *l, const char *dir, enum log_kind kind, uint32_t space, const vt_id *id, const void *data, uint64_t size)
{
	struct record r = { .kind = (uint8_t)kind, .space = (uint8_t)space };

	memcpy(r.id, id->byte, sizeof r.id);
	if (kind == LOG_FILE)
		data = &size;
	r.size = kind == LOG_FILE ? 8 : (uint32_t)size;
	return put_all(l, dir, &r, &data, 1);
}

int log_put_many(struct log *l, const char *dir, uint32_t space, const struct log_piece *pieces, uint32_t n)
{
	struct record r[LOG_PIECES];
	const void *data[LOG_PIECES];
	uint32_t i;

	for (i = 0; i < n; i++) {
		r[i] = (struct record){ .kind = LOG_DATA, .space = (uint8_t)space, .size = pieces[i].size };
		memcpy(r[i].id, pieces[i].name->byte, sizeof r[i].id);
		data[i] = pieces[i].data;
	}
	return put_all(l, dir, r, data, n);
}

uint64_t log_bytes(struct log *l)
{
	uint64_t ret;

	pthread_rwlock_wrlock(&l->lock);
	ret = l->end + l->file_bytes;
	pthread_rwlock_unlock(&l->lock);
	return ret;
}

void log_figures(struct log *l, uint64_t *ret_entries, uint64_t *ret_blobs, uint32_t *ret_oldest_day)
{
	uint32_t i, oldest = l->today;
	uint64_t n[2] = { 0, 0 };

	pthread_rwlock_wrlock(&l->lock);
	for (i = 0; i < l->room; i++) {
		const struct slot *s = &l->slots[i];

		if (!s->kind || s->gone)
			continue;
		n[s->name[0] == VT_SPACE_BLOB]++;
		if (s->day < oldest)
			oldest = s->day;
	}
	pthread_rwlock_unlock(&l->lock);
	*ret_entries = n[0];
	*ret_blobs = n[1];
	*ret_oldest_day = oldest;
}
