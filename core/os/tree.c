#include "config.h"

#include "os/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	TREE_DEEPEST = 200,
	TREE_ROOM = 8 << 10            /* one for each directory that is open: on the stack */
};

static int open_component(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens one component after the other, for kernels without openat2. */
static int open_stepwise(int root, const char *path, size_t size)
{
	char name[NAME_MAX + 1];
	int fd = open_component(root, "."), next;

	while (fd >= 0 && size) {
		const char *slash = memchr(path, '/', size);
		size_t n = slash ? (size_t)(slash - path) : size;

		if (n > NAME_MAX || n == 0 || (n == 2 && path[0] == '.' && path[1] == '.')) {
			close(fd);
			errno = n > NAME_MAX ? ENAMETOOLONG : EXDEV;
			return -1;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		next = open_component(fd, name);
		close(fd);
		fd = next;
		path += n + (slash != NULL);
		size -= n + (slash != NULL);
	}
	/* O_NOFOLLOW with O_DIRECTORY says ENOTDIR for a link */
	return fd;
}

static int open_below(int root, const char *path, size_t size)
{
	static _Atomic bool no_openat2;
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	char copy[PATH_MAX];
	int fd;

	if (size >= sizeof copy) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (!size)
		return open_component(root, ".");
	memcpy(copy, path, size);
	copy[size] = '\0';
	if (!no_openat2) {
		fd = (int)syscall(__NR_openat2, root, copy, &how, sizeof how);
		if (fd >= 0 || (errno != ENOSYS && errno != EPERM && errno != EAGAIN))
			return fd;
		if (errno == ENOSYS || errno == EPERM)
			no_openat2 = true;
	}
	return open_stepwise(root, copy, size);
}

int tree_open(int root, const char *path)
{
	return open_below(root, path, strlen(path));
}

int tree_open_parent(int root, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');

	*ret_name = slash ? slash + 1 : path;
	return open_below(root, path, slash ? (size_t)(slash - path) : 0);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static char type_of_mode(mode_t mode)
{
	return S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : 'f';
}

/* Reads a directory by getdents64: fdopendir and readdir make three system calls more. */
struct listing {
	int fd;
	ssize_t size;              /* of the bytes in room */
	ssize_t at;
	_Alignas(uint64_t) char room[TREE_ROOM];
};

/* An entry as the kernel writes it. */
struct entry {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

static void listing_begin(struct listing *l, int fd)
{
	l->fd = fd;
	l->size = l->at = 0;
}

/* Returns the next entry but "." and "..". NULL: the end, or an error if errno is not 0. */
static const struct entry *listing_next(struct listing *l)
{
	const struct entry *e;

	do {
		if (l->at == l->size) {
			errno = 0;
			l->at = 0;
			l->size = syscall(SYS_getdents64, l->fd, l->room, sizeof l->room);
			if (l->size <= 0) {
				l->size = 0;
				return NULL;
			}
		}
		e = (const struct entry *)(const void *)(l->room + l->at);
		l->at += e->d_reclen;
	} while (is_dots(e->d_name));
	return e;
}

/* 0: it vanished. */
static char type_of_entry(int dir, const struct entry *e)
{
	struct stat st;

	switch (e->d_type) {
	case DT_DIR:
		return 'd';
	case DT_LNK:
		return 'l';
	case DT_UNKNOWN:
		return fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : type_of_mode(st.st_mode);
	default:
		return 'f';
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tree_name *)a)->name, ((const struct tree_name *)b)->name);
}

int tree_list(int root, const char *path, struct arena *a, struct tree_name **ret, uint32_t *ret_n)
{
	/* a folder that a task listed through a link is listed through the link again */
	int fd = openat(root, path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct listing l;
	struct tree_name *at = NULL;
	const struct entry *e;
	uint32_t n = 0;
	int number;

	if (fd < 0)
		return -1;
	listing_begin(&l, fd);
	while ((e = listing_next(&l))) {
		char type = type_of_entry(fd, e);

		if (!type)
			continue;
		at = arena_grow(a, at, n, sizeof *at);
		at[n++] = (struct tree_name){ arena_str(a, e->d_name), type };
	}
	number = errno;
	close(fd);
	if (number) {
		errno = number;
		return -1;
	}
	if (n)
		qsort(at, n, sizeof *at, by_name);
	*ret = at;
	*ret_n = n;
	return 0;
}

/* ---- walking -------------------------------------------------------------- */

struct walk {
	const struct tree_visitor *v;
	unsigned flags;
	struct err *err;
	char path[PATH_MAX];       /* of where it is */
	size_t size;
	unsigned depth;
};

static int walk_directory(struct walk *w, int fd);

static int cannot_read(struct walk *w, int number)
{
	return err_errno(w->err, number, "cannot read '%s'", w->path);
}

/* Is it missing, removed meanwhile, or no longer a directory? */
static bool is_absence(int number)
{
	return number == ENOENT || number == ENOTDIR || number == ELOOP;
}

static void walk_file(struct walk *w, int dir, const char *name, char type)
{
	struct stat st;

	if (type == 'l' && !(w->flags & TREE_LINKS))
		return;
	if (w->v->want && !w->v->want(w->v->ctx, w->path, w->size))
		return;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISREG(st.st_mode) || (S_ISLNK(st.st_mode) && (w->flags & TREE_LINKS)))
		w->v->found(w->v->ctx, w->path, w->size, &st);
}

static int walk_entry(struct walk *w, int dir, const struct entry *e)
{
	size_t before = w->size, n = strlen(e->d_name);
	char type = type_of_entry(dir, e);
	int fd, r = 0;

	if (!type)
		return 0;
	if (before + 1 + n >= sizeof w->path)
		return err_set(w->err, ERR_SYSTEM, "the path '%s/%s' is too long", w->path, e->d_name);
	if (before)
		w->path[w->size++] = '/';
	memcpy(w->path + w->size, e->d_name, n + 1);
	w->size += n;
	if (type != 'd') {
		walk_file(w, dir, e->d_name, type);
	} else if (!w->v->enter || w->v->enter(w->v->ctx, w->path, w->size)) {
		fd = open_component(dir, e->d_name);
		if (fd >= 0)
			r = walk_directory(w, fd);
		else if (!is_absence(errno))
			r = cannot_read(w, errno);
	}
	w->size = before;
	w->path[before] = '\0';
	return r;
}

/* Takes over fd. */
static int walk_directory(struct walk *w, int fd)
{
	struct listing l;
	const struct entry *e;
	struct stat st;
	bool empty = true;
	int r = 0, number = 0;

	listing_begin(&l, fd);
	if (++w->depth > TREE_DEEPEST)
		r = err_set(w->err, ERR_SYSTEM, "'%s' is too deep", w->path);
	while (r == 0) {
		e = listing_next(&l);
		if (!e) {
			number = errno;
			break;
		}
		empty = false;
		r = walk_entry(w, fd, e);
	}
	if (r == 0 && number && !is_absence(number))
		r = cannot_read(w, number);
	if (r == 0 && empty && (w->flags & TREE_EMPTY) && w->size && fstat(fd, &st) == 0 &&
	    (!w->v->want || w->v->want(w->v->ctx, w->path, w->size)))
		w->v->found(w->v->ctx, w->path, w->size, &st);
	close(fd);
	w->depth--;
	return r;
}

/* Walks a base that is a regular file; false: it is something else. */
static bool walk_file_at_base(struct walk *w, int root)
{
	struct stat st;

	if (fstatat(root, w->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	if (!S_ISREG(st.st_mode))
		return false;
	if (!w->v->want || w->v->want(w->v->ctx, w->path, w->size))
		w->v->found(w->v->ctx, w->path, w->size, &st);
	return true;
}

int tree_walk(int root, const char *base, unsigned flags, const struct tree_visitor *v, struct err *err)
{
	struct walk w = { .v = v, .flags = flags, .err = err, .size = strlen(base) };
	const char *name;
	int fd, number;

	if (w.size >= sizeof w.path)
		return 0;
	memcpy(w.path, base, w.size + 1);
	if ((flags & TREE_FILE) && (flags & TREE_FOLLOW_BASE) && w.size && walk_file_at_base(&w, root))
		return 0;
	if (flags & TREE_FOLLOW_BASE)
		fd = openat(root, w.size ? base : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		fd = tree_open(root, base);
	if (fd >= 0) {
		if (!v->enter || v->enter(v->ctx, w.path, w.size))
			return walk_directory(&w, fd);
		close(fd);
		return 0;
	}
	number = errno;
	if (number == ENOENT || !is_absence(number))
		return number == ENOENT ? 0 : cannot_read(&w, number);
	/* a file, or a link to one (which only TREE_LINKS wants) */
	if (flags & TREE_FOLLOW_BASE) {
		walk_file(&w, root, base, 'f');
		return 0;
	}
	fd = tree_open_parent(root, base, &name);
	if (fd >= 0) {
		walk_file(&w, fd, name, 'f');
		close(fd);
	}
	return 0;
}
