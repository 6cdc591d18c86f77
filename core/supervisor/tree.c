#include "config.h"

#include "supervisor/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TREE_MAX = 1 << 16 };

struct row {
	pid_t pid, parent, group;
	unsigned long long started;    /* clock ticks since boot: with pid, a name that is never used again */
	char state;                    /* as ps shows it; Z, X: it has ended */
	int below;                     /* a descendant */
};

/* All processes there are. Untouched pages cost nothing, and asking for memory could
 * fail just when it matters; with more processes than rows the caller's next round sees the rest. */
static struct row table[TREE_MAX];
static int table_n;

/* Fields 3, 4, 5 and 22 of /proc/PID/stat, which begin behind the last ')'. */
static int read_stat(pid_t pid, struct row *ret)
{
	char name[32], text[512], *p;
	ssize_t n;
	int fd;

	snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	p = strrchr(text, ')');
	ret->pid = pid;
	ret->below = 0;
	return p && sscanf(p + 1, " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
				   &ret->state, &ret->parent, &ret->group, &ret->started) == 4 ? 0 : -1;
}

static int by_pid(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* A directory entry as the kernel gives it; opendir would ask for memory. */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short size;
	unsigned char type;
	char name[];
};

static void read_rows(const char *at, const char *end)
{
	const struct entry *e;
	pid_t pid;

	for (; at < end && table_n < TREE_MAX; at += e->size) {
		e = (const void *)at;
		pid = (pid_t)strtol(e->name, NULL, 10);
		if (pid > 0 && read_stat(pid, &table[table_n]) == 0)
			table_n++;
	}
}

static struct row *row_of(pid_t pid)
{
	struct row key = { .pid = pid };

	return bsearch(&key, table, (size_t)table_n, sizeof *table, by_pid);
}

static int is_below(pid_t pid, pid_t top)
{
	const struct row *r;

	if (pid == top)
		return 1;
	r = row_of(pid);
	return r && r->below;
}

/* The parent of a row may have ended before its own row was read: then the row belongs to another by now. */
static void ask_orphans_again(void)
{
	struct row now;
	int i, tries;

	for (i = 0; i < table_n; i++)
		for (tries = 0; tries < 3 && table[i].parent > 0 && !row_of(table[i].parent) && read_stat(table[i].pid, &now) == 0; tries++)
			table[i].parent = now.parent;
}

static void read_table(void)
{
	static char bytes[32 * 1024] __attribute__((aligned(8)));
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n;

	table_n = 0;
	if (fd < 0)
		return;
	while (table_n < TREE_MAX && (n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0)
		read_rows(bytes, bytes + n);
	close(fd);
	qsort(table, (size_t)table_n, sizeof *table, by_pid);
	ask_orphans_again();
}

static void mark(pid_t top, int (*spare)(void *ctx, pid_t pid, unsigned long long started), void *ctx)
{
	struct row *r;
	int again = 1;

	while (again) {
		again = 0;
		for (r = table; r < table + table_n; r++)
			if (!r->below && is_below(r->parent, top) &&
			    !(r->parent == top && spare && spare(ctx, r->pid, r->started)))
				again = r->below = 1;
	}
}

/* A pid read a moment ago may be another process by now; a pidfd whose process still
 * began at the same tick is the right process. */
static void signal_row(const struct row *r, int signum)
{
	struct row now;
	int fd = (int)syscall(SYS_pidfd_open, r->pid, 0);

	if (fd < 0 && errno != ENOSYS && errno != EMFILE && errno != ENFILE)
		return;
	if (read_stat(r->pid, &now) == 0 && now.started == r->started) {
		if (fd >= 0)
			syscall(SYS_pidfd_send_signal, fd, signum, NULL, 0);
		else
			kill(r->pid, signum);
	}
	if (fd >= 0)
		close(fd);
}

static int signal_marked(int signum, pid_t group)
{
	int i, n = 0;

	for (i = 0; i < table_n; i++)
		if (table[i].below && table[i].group != group) {
			signal_row(&table[i], signum);
			n += table[i].state != 'Z' && table[i].state != 'X';
		}
	return n;
}

int tree_signal(pid_t top, int signum, int (*spare)(void *ctx, pid_t pid, unsigned long long started), void *ctx)
{
	read_table();
	mark(top, spare, ctx);
	return signal_marked(signum, -1);
}

int tree_signal_outside(pid_t top, int signum, pid_t group)
{
	read_table();
	mark(top, NULL, NULL);
	return signal_marked(signum, group);
}

int tree_children(pid_t top, pid_t *ret, int room)
{
	int i, n = 0;

	read_table();
	for (i = 0; i < table_n && n < room; i++)
		if (table[i].parent == top)
			ret[n++] = table[i].pid;
	return n;
}
