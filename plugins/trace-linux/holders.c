/* holders: walks down from a process by the lists of children in /proc. */
#include "config.h"

#include "holders.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procs.h"

enum {
	INODES_MAX = 1 << 16,
	PROCESSES_MAX = 1 << 14,
	LINE = 8192,             /* bytes of a line of /proc/PID/maps that are looked at: all but the path */
};

static void *grown(void *at, uint32_t n, uint32_t *room, uint32_t most, size_t each)
{
	uint32_t next = *room ? *room * 2 : 64;
	void *p;

	if (n < *room)
		return at;
	p = next <= most ? realloc(at, next * each) : NULL;
	if (p)
		*room = next;
	return p;
}

static void add_inode(struct holders *h, uint64_t inode)
{
	uint64_t *at = grown(h->inodes, h->n, &h->room, INODES_MAX, sizeof *at);

	if (!at) {
		h->unknown = true;
		return;
	}
	h->inodes = at;
	h->inodes[h->n++] = inode;
}

static void add_process(struct holders *h, uint32_t process)
{
	uint32_t *at = grown(h->processes, h->processes_n, &h->processes_room, PROCESSES_MAX, sizeof *at);

	if (!at) {
		h->unknown = true;
		return;
	}
	h->processes = at;
	h->processes[h->processes_n++] = process;
}

/* Opens a file or folder of /proc. < 0 with `unknown`: it is there and may not be opened. */
static int open_proc(struct holders *h, const char *path, int flags)
{
	int fd = open(path, flags | O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT && errno != ESRCH)
		h->unknown = true;
	return fd;
}

static DIR *open_folder(struct holders *h, const char *path)
{
	int fd = open_proc(h, path, O_DIRECTORY);
	DIR *ret = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !ret) {
		close(fd);
		h->unknown = true;
	}
	return ret;
}

/* The mode of a descriptor's link says how it is open. */
static void look_at_descriptors(struct holders *h, uint32_t process)
{
	const struct dirent *entry;
	struct statx file;
	struct stat link;
	char path[64];
	DIR *fds;

	snprintf(path, sizeof path, "/proc/%u/fd", process);
	fds = open_folder(h, path);
	while (fds && (entry = readdir(fds)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) || fstatat(dirfd(fds), entry->d_name, &link, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !(link.st_mode & S_IWUSR))
			continue;
		if (statx(dirfd(fds), entry->d_name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO, &file) != 0)
			h->unknown |= errno != ENOENT && errno != ESRCH;
		else if (S_ISREG(file.stx_mode))
			add_inode(h, file.stx_ino);
	}
	if (fds)
		closedir(fds);
}

/* "7f00-7f01 rw-s 00000000 fd:00 123 /path": shared memory may be made writable later. */
static void look_at_maps(struct holders *h, uint32_t process)
{
	unsigned long long inode;
	char line[LINE], shares;
	int fd;
	FILE *f;

	snprintf(line, sizeof line, "/proc/%u/maps", process);
	fd = open_proc(h, line, 0);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (fd >= 0 && !f) {
		close(fd);
		h->unknown = true;
	}
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "%*s %*c%*c%*c%c %*s %*s %llu", &shares, &inode) == 2 && shares == 's' && inode)
			add_inode(h, inode);
	if (f)
		fclose(f);
}

static bool add_child(void *ctx, uint32_t process)
{
	add_process(ctx, process);
	return false;
}

static void add_children_of_thread(struct holders *h, const char *path)
{
	int fd = open_proc(h, path, 0), child;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !f) {
		close(fd);
		h->unknown = true;
	}
	while (f && fscanf(f, "%d", &child) == 1)
		add_process(h, (uint32_t)child);
	if (f)
		fclose(f);
}

static void add_children(struct holders *h, uint32_t process)
{
	const struct dirent *entry;
	char path[384];
	DIR *threads;

	snprintf(path, sizeof path, "/proc/%u/task", process);
	threads = open_folder(h, path);
	while (threads && (entry = readdir(threads)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof path, "/proc/%u/task/%s/children", process, entry->d_name);
		add_children_of_thread(h, path);
	}
	if (threads)
		closedir(threads);
}

/* A kernel without lists of children: all processes are asked for their parents. */
static bool has_lists(void)
{
	return access("/proc/thread-self/children", F_OK) == 0;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

bool holders_look(struct holders *h, uint32_t top, bool maps)
{
	const bool lists = has_lists();
	uint32_t i;

	h->n = h->processes_n = 0;
	h->unknown = false;
	if (lists)
		add_children(h, top);
	else
		procs_below(top, add_child, h);
	for (i = 0; i < h->processes_n && !h->unknown; i++) {
		/* its children first: one that begins later has only what this process still holds */
		if (lists)
			add_children(h, h->processes[i]);
		look_at_descriptors(h, h->processes[i]);
		if (maps)
			look_at_maps(h, h->processes[i]);
	}
	if (h->n)
		qsort(h->inodes, h->n, sizeof *h->inodes, by_number);
	return !h->unknown;
}

bool holders_have(const struct holders *h, uint64_t inode)
{
	return h->n && bsearch(&inode, h->inodes, h->n, sizeof *h->inodes, by_number);
}

void holders_free(struct holders *h)
{
	free(h->inodes);
	free(h->processes);
	*h = (struct holders){ .inodes = NULL };
}
