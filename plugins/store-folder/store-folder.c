/* store-folder: results in a folder that several machines or clones see: a network file system, a volume that CI jobs
 * have in common, a folder of the user's.
 *
 * An object is the file DIR/SPACE/ab/NAME, NAME in hexadecimal and ab its first two digits. It is written under another
 * name in DIR/tmp and renamed, so that no reader sees half of it; readers take no lock. Its modification time is the time
 * of its last put or use. Once an hour one run removes objects that were not used for `age`, and those above `size`.
 * Files and folders get the mode of DIR, so that the users of one may use the other. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "walk.h"

enum {
	PIECE = 128 << 10,         /* bytes moved at a time */
	DAY_S = 86400,
	COLLECT_S = 3600,          /* time between two collections by any user of the folder */
	TMP_S = 2 * DAY_S          /* an older file in tmp/ has lost its writer */
};

struct store {
	char *path;                /* of DIR */
	uint64_t size, age_ms;
	pthread_mutex_t lock;      /* guards all below */
	int dir;                   /* -1: not opened yet */
	mode_t mode;               /* of DIR */
	bool told;                 /* the user was told that nothing can be written */
};

static vt_bytes text_bytes(const char *text)
{
	return (vt_bytes){ text, strlen(text) };
}

static void tell(const struct store *s, vt_call *call, uint32_t level, const char *what, int e)
{
	char sentence[600];

	snprintf(sentence, sizeof sentence, "%s: %s%s%s", s->path, what, e ? ": " : "", e ? strerror(e) : "");
	call->report(call, level, "folder", text_bytes(sentence));
}

/* Opens the folder once; the store may be asked for the last time where the folder does not exist. */
static vt_status open_dir(struct store *s, vt_call *call)
{
	struct stat st;
	vt_status status = VT_OK;

	pthread_mutex_lock(&s->lock);
	if (s->dir < 0) {
		(void)mkdir(s->path, 0700);        /* open below reports a failure */
		s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (s->dir < 0 || fstat(s->dir, &st) < 0) {
			tell(s, call, VT_REPORT_ERROR, "the folder cannot be opened", errno);
			status = VT_DOWN;
		} else {
			s->mode = st.st_mode;
		}
	}
	pthread_mutex_unlock(&s->lock);
	return status;
}

/* ---- getting ------------------------------------------------------------------------- */

/* Notes the time of use, once a day. */
static void touch(int fd, const struct stat *st)
{
	if (st->st_mtime + DAY_S < time(NULL))
		(void)futimens(fd, NULL);
}

static vt_status copy_out(struct store *s, vt_call *call, int fd, vt_sink *into)
{
	char *piece = malloc(PIECE);
	vt_status status = VT_OK;
	ssize_t n = 1;

	while (piece && status == VT_OK && n > 0) {
		n = read(fd, piece, PIECE);
		if (n < 0) {
			tell(s, call, VT_REPORT_ERROR, "an object cannot be read", errno);
			status = VT_FAILED;
		} else if (call->stopping(call)) {
			status = VT_CANCELLED;
		} else if (n > 0) {
			status = into->write(into, call, piece, (size_t)n);
		}
	}
	if (!piece) {
		tell(s, call, VT_REPORT_ERROR, "out of memory", 0);
		status = VT_FAILED;
	}
	free(piece);
	return status;
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	struct store *s = self;
	vt_status status = open_dir(s, call);
	char path[96];
	struct stat st;
	int fd;

	if (status != VT_OK)
		return status;
	walk_path(space, name, path);
	fd = openat(s->dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == ESTALE))
		return VT_NONE;
	if (fd < 0) {
		tell(s, call, VT_REPORT_ERROR, "an object cannot be opened", errno);
		return VT_FAILED;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		status = VT_NONE;
	} else {
		touch(fd, &st);
		status = copy_out(s, call, fd, into);
	}
	close(fd);
	return status;
}

static vt_status has(void *self, vt_call *call, uint32_t space, const vt_id *names, uint32_t n, uint8_t *ret)
{
	struct store *s = self;
	vt_status status = open_dir(s, call);
	char path[96];
	struct stat st;
	uint32_t i;

	for (i = 0; i < n && status == VT_OK; i++) {
		walk_path(space, &names[i], path);
		ret[i] = fstatat(s->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
		/* an object that a new result refers to counts as used */
		if (ret[i] && st.st_mtime + DAY_S < time(NULL))
			(void)utimensat(s->dir, path, NULL, AT_SYMLINK_NOFOLLOW);
		if (call->stopping(call))
			status = VT_CANCELLED;
	}
	return status;
}

/* ---- putting ------------------------------------------------------------------------- */

/* The status for an object that could not be written. VT_NONE: no right or a full disk, told once; else VT_FAILED. */
static vt_status not_written(struct store *s, vt_call *call, int e)
{
	bool is_full = e == ENOSPC || e == EDQUOT, before;

	if (!is_full && e != EACCES && e != EPERM && e != EROFS) {
		tell(s, call, VT_REPORT_ERROR, "an object cannot be written", e);
		return VT_FAILED;
	}
	pthread_mutex_lock(&s->lock);
	before = s->told;
	s->told = true;
	pthread_mutex_unlock(&s->lock);
	if (!before)
		tell(s, call, is_full ? VT_REPORT_WARNING : VT_REPORT_INFO, "new results are not shared", e);
	return VT_NONE;
}

/* Makes a folder below DIR, with DIR's mode. */
static int make_folder(struct store *s, const char *path)
{
	if (mkdirat(s->dir, path, 0700) < 0)
		return errno == EEXIST ? 0 : -1;
	return fchmodat(s->dir, path, s->mode & 02777, 0);
}

/* Makes the folders of DIR/SPACE/ab/NAME. */
static int make_folders(struct store *s, const char *path)
{
	char folder[96];
	const char *slash;

	for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = '\0';
		if (make_folder(s, folder) < 0)
			return -1;
	}
	return 0;
}

static int open_new(struct store *s, char ret_path[64])
{
	unsigned char random[16];
	int n, fd;
	size_t i;

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return -1;
	n = snprintf(ret_path, 64, "tmp/");
	for (i = 0; i < sizeof random; i++)
		n += snprintf(ret_path + n, 3, "%02x", random[i]);
	fd = openat(s->dir, ret_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT && make_folder(s, "tmp") == 0)
		fd = openat(s->dir, ret_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd;
}

static int write_all(int fd, const char *data, size_t size)
{
	ssize_t n;

	for (; size; data += n, size -= (size_t)n)
		if ((n = write(fd, data, size)) < 0) {
			if (errno != EINTR)
				return -1;
			n = 0;
		}
	return 0;
}

static vt_status copy_in(struct store *s, vt_call *call, vt_source *from, int fd)
{
	char *piece = malloc(PIECE);
	vt_status status = VT_OK;
	uint64_t at;
	size_t n;

	if (!piece) {
		tell(s, call, VT_REPORT_ERROR, "out of memory", 0);
		return VT_FAILED;
	}
	for (at = 0; at < from->size && status == VT_OK; at += n) {
		n = 0;
		if (call->stopping(call))
			status = VT_CANCELLED;
		else
			status = from->read(from, call, at, piece, PIECE, &n);
		if (status == VT_OK && (n == 0 || n > from->size - at)) {
			tell(s, call, VT_REPORT_ERROR, "what is to be kept cannot be read whole", 0);
			status = VT_FAILED;
		} else if (status == VT_OK && write_all(fd, piece, n) < 0) {
			status = not_written(s, call, errno);
		}
	}
	free(piece);
	return status;
}

/* Gives the new file its name, and makes missing folders first. */
static int publish(struct store *s, const char *temporary, uint32_t space, const vt_id *name)
{
	char path[96];

	walk_path(space, name, path);
	if (renameat(s->dir, temporary, s->dir, path) == 0)
		return 0;
	if (errno != ENOENT || make_folders(s, path) < 0)
		return -1;
	return renameat(s->dir, temporary, s->dir, path);
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	struct store *s = self;
	vt_status status = open_dir(s, call);
	char temporary[64];
	int fd;

	if (status != VT_OK)
		return status;
	if (call->stopping(call))
		return VT_CANCELLED;
	fd = open_new(s, temporary);
	if (fd < 0)
		return not_written(s, call, errno);
	status = copy_in(s, call, from, fd);
	if (status == VT_OK && fchmod(fd, s->mode & 0666) < 0)
		status = not_written(s, call, errno);
	/* a network file system may report a full disk only now */
	if (close(fd) < 0 && status == VT_OK)
		status = not_written(s, call, errno);
	if (status == VT_OK && publish(s, temporary, space, name) < 0)
		status = not_written(s, call, errno);
	if (status != VT_OK)
		(void)unlinkat(s->dir, temporary, 0);
	return status;
}

static vt_status drop(void *self, vt_call *call, uint32_t space, const vt_id *name, uint32_t why)
{
	struct store *s = self;
	vt_status status = open_dir(s, call);
	char path[96];

	(void)why;
	if (status != VT_OK)
		return status;
	walk_path(space, name, path);
	return unlinkat(s->dir, path, 0) == 0 ? VT_OK : VT_NONE;
}

/* ---- the rest ------------------------------------------------------------------------ */

struct listing {
	vt_call *call;
	vt_sink *into;
	uint32_t space;
	int64_t since_s;
	vt_status status;
};

static bool list_one(void *ctx, const struct object *o)
{
	struct listing *l = ctx;

	if (o->space == l->space && o->used_s >= l->since_s)
		l->status = l->into->write(l->into, l->call, o->name.byte, sizeof o->name.byte);
	return l->status == VT_OK;
}

static vt_status list(void *self, vt_call *call, uint32_t space, int64_t since_s, vt_sink *names)
{
	struct listing l = { .call = call, .into = names, .space = space, .since_s = since_s };
	struct store *s = self;
	vt_status status = open_dir(s, call);

	if (status == VT_OK && !walk(s->dir, call, list_one, &l) && l.status == VT_OK)
		return VT_CANCELLED;
	return status == VT_OK ? l.status : status;
}

static vt_status wants(void *self, vt_call *call, vt_wants *ret)
{
	(void)self;
	(void)call;
	ret->flags = VT_WANTS_FAR;
	return VT_OK;
}

static void sweep_tmp(struct store *s, int64_t now_s)
{
	const struct dirent *e;
	struct stat st;
	int fd = openat(s->dir, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d)))
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_mtime + TMP_S < now_s)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

/* Is a collection due, and does no other run collect? The run that begins makes DIR/collected anew; two that begin in the same
 * moment may both collect, which does no harm. */
static bool is_due(struct store *s, int64_t now_s)
{
	struct stat st;
	int fd;

	if (fstatat(s->dir, "collected", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime + COLLECT_S > now_s)
		return false;
	(void)unlinkat(s->dir, "collected", 0);
	fd = openat(s->dir, "collected", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, s->mode & 0666);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static vt_status settle(void *self, vt_call *call)
{
	struct store *s = self;
	int64_t now_s = time(NULL);
	int dir;

	pthread_mutex_lock(&s->lock);
	dir = s->dir;
	pthread_mutex_unlock(&s->lock);
	if (dir < 0 || !is_due(s, now_s))
		return VT_OK;
	sweep_tmp(s, now_s);
	walk_collect(dir, call, now_s, (int64_t)(s->age_ms / 1000), s->size);
	return VT_OK;
}

/* ---- options ------------------------------------------------------------------------- */

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	struct store *s = calloc(1, sizeof *s);

	(void)host;
	if (!s) {
		call->report(call, VT_REPORT_ERROR, "memory", text_bytes("out of memory"));
		return VT_FAILED;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->dir = -1;
	*ret_self = s;
	return VT_OK;
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	struct store *s = self;
	char *text = strndup(value.data, value.size);

	if (!text) {
		call->report(call, VT_REPORT_ERROR, "memory", text_bytes("out of memory"));
		return VT_FAILED;
	}
	if (strcmp(key, "dir") == 0) {
		free(s->path);
		s->path = text;
		return VT_OK;
	}
	if (strcmp(key, "size") == 0)
		s->size = strtoull(text, NULL, 10);
	else
		s->age_ms = strtoull(text, NULL, 10);
	free(text);
	return VT_OK;
}

static void destroy(void *self)
{
	struct store *s = self;

	if (s->dir >= 0)
		close(s->dir);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s);
}

static const vt_option dir = { .struct_size = sizeof dir, .name = "dir", .type = "path", .flags = VT_OPTION_REQUIRED | VT_OPTION_USER_ONLY,
	.help = "the folder" };
static const vt_option size = { .struct_size = sizeof size, .name = "size", .type = "size", .fallback = "20 GiB",
	.help = "the most that it keeps: what was not used for the longest time goes first" };
static const vt_option age = { .struct_size = sizeof age, .name = "age", .type = "duration", .fallback = "30d",
	.help = "how long an object stays that nobody uses; 0: for ever" };
static const vt_option *const options[] = { &dir, &size, &age, NULL };

static const vt_store_ops ops = {
	.struct_size = sizeof ops, .get = get, .put = put, .drop = drop, .has = has, .list = list, .wants = wants, .settle = settle,
};

static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_STORE, .name = "store-folder", .summary = "keeps results in a folder that others see, too",
	.threads = VT_THREADS_MANY, .options = options, .create = create, .set = set, .destroy = destroy, .ops = &ops,
};

VT_PLUGIN("store-folder", "0.1.0", "keeps results in a folder that others see, too", "MIT", NULL, &component);
