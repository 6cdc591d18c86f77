/* listing: the types of names, by listings of their folders. */
#include "config.h"

#include "listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	NAMES_MIN = 16,              /* a folder with fewer expected names is not listed */
	BYTES_PER_NAME = 256,        /* about seven entries, which cost as much as one look */
	READ_FIRST = 32 << 10,       /* bytes; twice as many in all after each reading */
	ENTRY_MAX = 280,             /* bytes of an entry with the longest name */
	FOLDER_MAX = 2 << 20,        /* bytes read of one folder ... */
	ALL_MAX = 32 << 20,          /* ... and of all, or little more */
};

/* Older headers lack these. */
#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif
#define ZFS_MAGIC 0x2fc12fc1
#define BCACHEFS_MAGIC 0xca451a4e

/* An entry as the kernel writes it. */
struct entry {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;     /* bytes of this entry */
	unsigned char d_type;        /* DT_* */
	char d_name[];
};

/* What was read of one folder. */
struct listing {
	uint32_t expected;           /* names that will be asked for */
	bool begun;                  /* it was tried; nothing more is read */
	size_t size;                 /* bytes of `entries` */
	char *entries;               /* as the kernel wrote them; owned */
	uint32_t *table;             /* files and folders, open addressing: offsets in `entries` plus 1, 0: free; owned */
	uint32_t table_size;         /* a power of two, at least twice the entries; 0: no table */
};

static const struct entry *entry_at(const struct listing *l, size_t at)
{
	return (const struct entry *)(const void *)(l->entries + at);
}

static uint32_t slot_of(const struct listing *l, const char *name, size_t n)
{
	uint32_t hash = 2166136261u;

	while (n--)
		hash = (hash ^ (unsigned char)*name++) * 16777619u;
	return (hash ^ hash >> 15) & (l->table_size - 1);
}

/* The type of the entry with this name; LISTED_NOT: the table has none. */
static enum listed find(const struct listing *l, const char *name, size_t n)
{
	uint32_t slot = l->table_size ? slot_of(l, name, n) : 0;

	for (; l->table_size && l->table[slot]; slot = (slot + 1) & (l->table_size - 1)) {
		const struct entry *e = entry_at(l, l->table[slot] - 1);

		if (strncmp(e->d_name, name, n) == 0 && !e->d_name[n])
			return e->d_type == DT_REG ? LISTED_FILE : LISTED_FOLDER;
	}
	return LISTED_NOT;
}

static void make_table(struct listing *l)
{
	uint32_t n = 0, size = 16, slot;
	size_t at;

	for (at = 0; at < l->size; at += entry_at(l, at)->d_reclen)
		n++;
	while (size < 2 * n)
		size *= 2;
	l->table = calloc(size, sizeof *l->table);
	l->table_size = l->table ? size : 0;
	for (at = 0; l->table && at < l->size; at += entry_at(l, at)->d_reclen) {
		const struct entry *e = entry_at(l, at);

		if (e->d_type != DT_REG && e->d_type != DT_DIR)
			continue;
		slot = slot_of(l, e->d_name, strlen(e->d_name));
		while (l->table[slot])
			slot = (slot + 1) & (size - 1);
		l->table[slot] = (uint32_t)at + 1;
	}
}

/* Is the folder on a local file system? Its listing has the types that lstat tells, and costs what is
 * read of it. Network file systems guess types, and a process that serves files may tell any. */
static bool is_trusted(int fd)
{
	struct statfs system;
	struct stat st;

	if (fstatfs(fd, &system))
		return false;
	switch ((uint32_t)system.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case ZFS_MAGIC:
	case BCACHEFS_MAGIC:
		return true;
	case OVERLAYFS_SUPER_MAGIC:
		/* a folder of several layers has one link: the kernel reads all of it before the first entry */
		return !fstat(fd, &st) && st.st_nlink > 1;
	default:
		return false;
	}
}

/* Reads the folder's entries, at most about `most` bytes of them. */
static void read_entries(struct listing *l, int fd, size_t most)
{
	size_t room;
	char *at;
	long n;

	for (room = most < READ_FIRST ? most : READ_FIRST; room <= most; room *= 2) {
		at = realloc(l->entries, room);
		if (!at)
			return;
		l->entries = at;
		do {
			n = syscall(SYS_getdents64, fd, l->entries + l->size, room - l->size);
			if (n <= 0)
				return;
			l->size += (size_t)n;
		} while (room - l->size >= ENTRY_MAX);
	}
}

/* Lists the folder, whose path has `n` bytes. */
static void list(struct listings *all, struct listing *l, const char *folder, size_t n)
{
	size_t most = (size_t)l->expected * BYTES_PER_NAME;
	char path[PATH_MAX];
	int fd;

	/* the dot needs the right to look names up, as lstat does */
	if (all->size >= ALL_MAX || snprintf(path, sizeof path, "%.*s/.", (int)n, folder) >= (int)sizeof path)
		return;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (is_trusted(fd)) {
		read_entries(l, fd, most < FOLDER_MAX ? most : FOLDER_MAX);
		all->size += l->size;
		make_table(l);
	}
	close(fd);
}

void listings_expect(struct listings *l, uint32_t folder)
{
	if (folder >= l->room) {
		uint32_t room = folder * 2 + 64;
		struct listing *of = realloc(l->of, room * sizeof *of);

		if (!of)
			return;
		memset(of + l->room, 0, (room - l->room) * sizeof *of);
		l->of = of;
		l->room = room;
	}
	l->of[folder].expected++;
}

enum listed listings_find(struct listings *listings, uint32_t folder, const char *path, size_t length)
{
	const char *slash = memrchr(path, '/', length);
	struct listing *l = folder < listings->room ? &listings->of[folder] : NULL;

	if (!slash || !l || l->expected < NAMES_MIN)
		return LISTED_NOT;
	if (!l->begun)
		list(listings, l, path, (size_t)(slash - path));
	l->begun = true;
	return find(l, slash + 1, length - (size_t)(slash + 1 - path));
}

void listings_free(struct listings *listings)
{
	uint32_t i;

	for (i = 0; i < listings->room; i++) {
		free(listings->of[i].entries);
		free(listings->of[i].table);
	}
	free(listings->of);
}
