/* procs: what /proc says of processes. */
#include "config.h"

#include "procs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { ABOVE_MAX = 128 };     /* generations */

bool procs_are_ours(void)
{
	char target[32];
	ssize_t n = readlink("/proc/self", target, sizeof target - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	return strtol(target, NULL, 10) == getpid();
}

static bool read_file(uint32_t process, const char *what, char *text, size_t size)
{
	char file[64];
	ssize_t n;
	int fd;

	snprintf(file, sizeof file, "/proc/%u/%s", process, what);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static uint32_t number_behind(const char *text, const char *word)
{
	const char *line = strstr(text, word);

	return line ? (uint32_t)strtoul(line + strlen(word), NULL, 10) : 0;
}

void procs_statuses(uint32_t process, const char *word, uint32_t *ret, const char *word2, uint32_t *ret2)
{
	char text[4096];
	bool is = read_file(process, "status", text, sizeof text);

	*ret = is ? number_behind(text, word) : 0;
	*ret2 = is ? number_behind(text, word2) : 0;
}

uint32_t procs_status(uint32_t process, const char *word)
{
	char text[4096];

	return read_file(process, "status", text, sizeof text) ? number_behind(text, word) : 0;
}

/* Most threads that are asked about are their process. */
uint32_t procs_process_of(uint32_t tid)
{
	uint32_t ret;

	if (syscall(SYS_tgkill, (long)tid, (long)tid, 0) == 0 || errno == EPERM)
		return tid;
	ret = procs_status(tid, "\nTgid:");
	return ret ? ret : tid;
}

bool procs_name(uint32_t tid, char *ret, size_t size)
{
	size_t n;

	ret[0] = '\0';
	if (!read_file(tid, "comm", ret, size))
		return false;
	n = strlen(ret);
	if (n && ret[n - 1] == '\n')
		ret[n - 1] = '\0';
	return true;
}

/* Fields 3, 4 and 22 of /proc/PID/stat, which begin behind the last ')'. */
static bool read_stat(uint32_t process, char *state, uint32_t *parent, uint64_t *started)
{
	char text[1024], *p;
	unsigned long long when;

	if (!read_file(process, "stat", text, sizeof text))
		return false;
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1, " %c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			 state, parent, &when) != 3)
		return false;
	*started = when;
	return true;
}

uint64_t procs_ran(uint32_t tid)
{
	char path[64], text[1024], *p;
	unsigned long long ticks;

	snprintf(path, sizeof path, "task/%u/stat", tid);
	if (!read_file(tid, path, text, sizeof text) || !(p = strrchr(text, ')')) ||
	    sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu", &ticks) != 1)
		return 0;
	return ticks;
}

bool procs_lives(uint32_t tid)
{
	uint64_t started;
	uint32_t parent;
	char state;

	return read_stat(tid, &state, &parent, &started) && !strchr("ZXx", state);
}

uint64_t procs_started(pid_t pid)
{
	uint64_t started;
	uint32_t parent;
	char state;

	return read_stat((uint32_t)pid, &state, &parent, &started) ? started : 0;
}

uint64_t procs_now(void)
{
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * ticks + (uint64_t)t.tv_nsec / (1000000000 / ticks);
}

static bool is_below(uint32_t process, uint32_t top)
{
	uint64_t started;
	uint32_t parent;
	char state;
	int i;

	for (i = 0; i < ABOVE_MAX && process > 1; i++) {
		if (!read_stat(process, &state, &parent, &started) || (i == 0 && strchr("ZXx", state)))
			return false;
		if (parent == top)
			return true;
		process = parent;
	}
	return false;
}

uint32_t procs_below(uint32_t top, bool (*each)(void *ctx, uint32_t process), void *ctx)
{
	DIR *all = top ? opendir("/proc") : NULL;
	const struct dirent *entry;
	uint32_t process, ret = 0;

	while (all && !ret && (entry = readdir(all)) != NULL) {
		process = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? (uint32_t)strtoul(entry->d_name, NULL, 10) : 0;
		if (process && is_below(process, top) && each(ctx, process))
			ret = process;
	}
	if (all)
		closedir(all);
	return ret;
}
