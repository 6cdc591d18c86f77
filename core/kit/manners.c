#include "config.h"

#include "kit/manners.h"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/check.h"

enum { LEFT_MAX = 8 };         /* descriptors that a library may keep for itself */

static const char *const signal_words[] = { "SigBlk", "SigIgn", "SigCgt" };

static void note_signals(struct manners *m)
{
	FILE *f = fopen("/proc/thread-self/status", "re");
	char line[200];
	int i;

	while (f && fgets(line, sizeof line, f))
		for (i = 0; i < 3; i++)
			if (strncmp(line, signal_words[i], 6) == 0)
				m->signals[i] = (uint32_t)(strtoull(line + 7, NULL, 16) & 0x7fffffff);
	if (f)
		fclose(f);
}

long manners_faults(void)
{
	struct rusage u;

	return getrusage(RUSAGE_CHILDREN, &u) ? 0 : u.ru_minflt + u.ru_majflt;
}

/* Reads the numbers of the children of one thread, a blank behind each. */
static void read_children(const char *thread, char pids[4096])
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%.20s/children", thread);
	f = fopen(path, "re");
	if (!f || !fgets(pids, 4096, f))
		pids[0] = '\0';
	if (f)
		fclose(f);
}

static void note_children(void *ctx, const char *name)
{
	struct manners *m = ctx;
	char pids[4096], *at;

	read_children(name, pids);
	for (at = pids; *at; at++)
		m->children += *at == ' ';
}

static void kill_children(void *ctx, const char *name)
{
	char pids[4096], *at, *end;

	(void)ctx;
	read_children(name, pids);
	for (at = pids; *at; at = *end ? end + 1 : end) {
		const pid_t pid = (pid_t)strtol(at, &end, 10);

		if (pid <= 0)
			break;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static void each_entry(const char *dir, void (*fn)(void *, const char *), void *ctx)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			fn(ctx, e->d_name);
	if (d)
		closedir(d);
}

void manners_end_children(void)
{
	each_entry("/proc/self/task", kill_children, NULL);
}

static void note_fd(void *ctx, const char *name)
{
	struct manners *m = ctx;
	int fd = atoi(name);

	if (fd >= 0 && fd < 256)
		m->fds[fd / 32] |= 1u << fd % 32;
}

static void note_thread(void *ctx, const char *name)
{
	(void)name;
	((struct manners *)ctx)->threads++;
}

void manners_note(struct manners *m)
{
	int fd;

	*m = (struct manners){ .output = memfd_create("output", MFD_CLOEXEC), .ended = manners_faults() };
	/* children of children become children of this process when their parent ends */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (m->output >= 0) {
		dup2(m->output, 1);
		dup2(m->output, 2);
	}
	if (!getcwd(m->cwd, sizeof m->cwd))
		m->cwd[0] = '\0';
	snprintf(m->locale, sizeof m->locale, "%s", setlocale(LC_ALL, NULL));
	m->mask = umask(077);
	umask(m->mask);
	each_entry("/proc/self/fd", note_fd, m);
	/* not the descriptor that lists them */
	for (fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			m->fds[fd / 32] &= ~(1u << fd % 32);
	each_entry("/proc/self/task", note_thread, m);
	each_entry("/proc/self/task", note_children, m);
	note_signals(m);
}

struct fd_check {
	struct check *k;
	const struct manners *before;
	int left;                  /* descriptors that were not there before */
};

static void check_fd(void *ctx, const char *name)
{
	struct fd_check *f = ctx;
	char link[64], to[PATH_MAX];
	int fd = atoi(name), flags;
	ssize_t n;

	if (fd < 3 || fd >= 256 || (f->before->fds[fd / 32] & 1u << fd % 32) || (flags = fcntl(fd, F_GETFD)) < 0)
		return;
	f->left++;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, to, sizeof to - 1);
	to[n < 0 ? 0 : n] = '\0';
	check_that(f->k, flags & FD_CLOEXEC, "it opens '%.200s' without O_CLOEXEC: every task would inherit it", to);
}

void manners_check(struct check *k, const struct manners *before, const char *when, bool may_thread)
{
	struct fd_check f = { k, before, 0 };
	struct manners now = { 0 };
	static const char *const words[] = { "blocked", "ignored", "caught" };
	char cwd[PATH_MAX] = "";
	struct stat st;
	mode_t mask = umask(077);
	int i;

	umask(mask);
	fflush(NULL);
	if (before->output >= 0 && !fstat(before->output, &st))
		check_that(k, st.st_size == 0, "it writes to the standard output or error %s", when);
	check_that(k, getcwd(cwd, sizeof cwd) && strcmp(cwd, before->cwd) == 0, "it changes the current directory %s", when);
	check_that(k, mask == before->mask, "it changes the umask %s", when);
	check_that(k, strcmp(setlocale(LC_ALL, NULL), before->locale) == 0, "it changes the locale %s", when);
	each_entry("/proc/self/fd", check_fd, &f);
	check_that(k, may_thread || f.left <= LEFT_MAX, "it leaves %d files open %s", f.left, when);
	each_entry("/proc/self/task", note_thread, &now);
	check_that(k, may_thread || now.threads <= before->threads, "it starts a thread %s", when);
	each_entry("/proc/self/task", note_children, &now);
	check_that(k, now.children <= before->children && manners_faults() == before->ended, "it starts a process %s", when);
	note_signals(&now);
	for (i = 0; i < 3; i++)
		check_that(k, now.signals[i] == before->signals[i], "it changes which signals are %s %s", words[i], when);
}
