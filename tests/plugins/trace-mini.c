/* trace-mini: a tracer that is written from the manual alone, by notifications of seccomp. It sees what the trials of tracers
 * do. With one of MISTAKE_REAL, MISTAKE_BEFORE, MISTAKE_FAILED and MISTAKE_PROBE it makes that mistake. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vt-plugin.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0
#endif

enum does { OPEN, LOOK, REMOVE, RENAME };

/* Which arguments of a call matter; -1: none. */
static const struct watched {
	int number;
	enum does does;
	int folder, path, flags;           /* of OPEN: O_*; of RENAME: RENAME_* */
} watched[] = {
	{ __NR_openat, OPEN, 0, 1, 2 }, { __NR_newfstatat, LOOK, 0, 1, -1 }, { __NR_statx, LOOK, 0, 1, -1 }, { __NR_faccessat, LOOK, 0, 1, -1 },
	{ __NR_unlinkat, REMOVE, 0, 1, -1 }, { __NR_renameat2, RENAME, 0, 1, 4 },
#ifdef __NR_renameat
	{ __NR_renameat, RENAME, 0, 1, -1 },
#endif
#ifdef __NR_open
	{ __NR_open, OPEN, -1, 0, 1 }, { __NR_stat, LOOK, -1, 0, -1 }, { __NR_lstat, LOOK, -1, 0, -1 }, { __NR_access, LOOK, -1, 0, -1 },
	{ __NR_unlink, REMOVE, -1, 0, -1 }, { __NR_rename, RENAME, -1, 0, -1 },
#endif
};
enum { WATCHED = sizeof watched / sizeof *watched, RECORDS_MAX = 10000 };

struct watch {
	int listener, wake;                /* -1: no listener came; wake: an eventfd that ends the thread */
	pthread_t thread;
	vt_seen at[RECORDS_MAX];           /* names are malloc'ed */
	uint32_t n;
	const char *lost;                  /* why the trace is incomplete; NULL: it is not */
};

static void add(struct watch *w, uint32_t process, uint16_t op, uint16_t flags, const char *name, const char *other)
{
	char *its = strdup(name), *its_other = strdup(other);

	if (w->n == RECORDS_MAX || !its || !its_other) {
		w->lost = "it is too much";
		free(its);
		free(its_other);
		return;
	}
	w->at[w->n++] = (vt_seen){ op, flags, process, { its, strlen(its) }, { its_other, strlen(its_other) } };
}

static uint16_t is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? VT_SEEN_THERE : VT_SEEN_ABSENT;
}

static void add_before(struct watch *w, uint32_t process, const char *path)
{
	struct stat st;

#ifdef MISTAKE_BEFORE
	return;
#endif
	if (lstat(path, &st) < 0)
		add(w, process, VT_SEEN_BEFORE, VT_SEEN_ABSENT, path, "");
	else
		add(w, process, VT_SEEN_BEFORE, VT_SEEN_THERE, path, S_ISREG(st.st_mode) ? "f" : S_ISDIR(st.st_mode) ? "d" : "o");
}

/* Takes ".", ".." and repeated slashes out of an absolute path. */
static void make_clean(char *path)
{
	char *from = path, *to = path;

	while (*from) {
		size_t n = strcspn(from += strspn(from, "/"), "/");

		if (n == 2 && memcmp(from, "..", 2) == 0) {
			while (to > path && *--to != '/')
				;
		} else if (n && !(n == 1 && *from == '.')) {
			*to++ = '/';
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

/* The path that an argument of a process names, absolute and clean. -1: it cannot be read. */
static int path_of(pid_t process, int folder, uint64_t argument, char ret[2 * PATH_MAX])
{
	char text[PATH_MAX], link[64];
	struct iovec to = { text, sizeof text }, from = { (void *)(uintptr_t)argument, sizeof text };
	ssize_t n = process_vm_readv(process, &to, 1, &from, 1, 0);

	if (n < 0) {                           /* less than a whole path is left of the memory there */
		from.iov_len = 4096 - argument % 4096;
		n = process_vm_readv(process, &to, 1, &from, 1, 0);
	}
	if (n <= 0 || !memchr(text, '\0', (size_t)n))
		return -1;
	if (folder == AT_FDCWD)
		snprintf(link, sizeof link, "/proc/%d/cwd", (int)process);
	else
		snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)process, folder);
	n = text[0] == '/' ? 0 : readlink(link, ret, PATH_MAX - 1);
	if (n < 0)
		return -1;
	snprintf(ret + n, PATH_MAX + 1, "/%s", text);
	make_clean(ret);
#ifdef MISTAKE_REAL
	{
		char real[PATH_MAX];

		if (realpath(ret, real))
			strcpy(ret, real);
	}
#endif
	return 0;
}

static void see_open(struct watch *w, uint32_t process, const char *path, uint64_t flags)
{
	struct stat st;

	if ((flags & O_ACCMODE) == O_RDONLY && !(flags & (O_CREAT | O_TRUNC))) {
		add(w, process, stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? VT_SEEN_LIST : VT_SEEN_READ, is_there(path), path, "");
		return;
	}
	add_before(w, process, path);
	if ((flags & O_ACCMODE) == O_RDWR || flags & O_APPEND)
		add(w, process, VT_SEEN_READ, 0, path, "");
	add(w, process, VT_SEEN_WRITE, 0, path, "");
}

static void see_rename(struct watch *w, uint32_t process, const char *path, const char *other, uint64_t flags)
{
#ifndef MISTAKE_FAILED
	if (is_there(path) == VT_SEEN_ABSENT || (flags & RENAME_NOREPLACE && is_there(other) == VT_SEEN_THERE)) {
		add(w, process, VT_SEEN_PROBE, is_there(path), path, "");
		add(w, process, VT_SEEN_PROBE, is_there(other), other, "");
		return;
	}
#endif
	(void)flags;
	add_before(w, process, path);
	add_before(w, process, other);
	add(w, process, VT_SEEN_RENAME, 0, path, other);
}

static void see(struct watch *w, const struct seccomp_notif *q)
{
	char path[2 * PATH_MAX], other[2 * PATH_MAX];
	const __u64 *a = q->data.args;
	const struct watched *c = watched;

	while (c < watched + WATCHED && c->number != q->data.nr)
		c++;
	if (q->data.arch != ARCH || c == watched + WATCHED) {
		w->lost = "a program of another kind ran";
		return;
	}
	if (path_of((pid_t)q->pid, c->folder < 0 ? AT_FDCWD : (int)a[c->folder], a[c->path], path) < 0 ||
	    (c->does == RENAME && path_of((pid_t)q->pid, c->folder < 0 ? AT_FDCWD : (int)a[2], a[c->folder < 0 ? 1 : 3], other) < 0)) {
		w->lost = "a path cannot be read";
		return;
	}
	switch (c->does) {
	case OPEN:
		see_open(w, q->pid, path, a[c->flags]);
		break;
	case LOOK:
#ifndef MISTAKE_PROBE
		add(w, q->pid, VT_SEEN_PROBE, is_there(path), path, "");
#endif
		break;
	case REMOVE:
		add_before(w, q->pid, path);
		add(w, q->pid, VT_SEEN_WRITE, VT_SEEN_REMOVED, path, "");
		break;
	case RENAME:
		see_rename(w, q->pid, path, other, c->flags < 0 ? 0 : a[c->flags]);
		break;
	}
}

/* Answers calls until nobody is left who makes them, or stop says so. */
static void *follow(void *ctx)
{
	struct watch *w = ctx;
	union { struct seccomp_notif one; char room[1024]; } q;
	struct pollfd at[2] = { { .fd = w->listener, .events = POLLIN }, { .fd = w->wake, .events = POLLIN } };

	while (poll(at, 2, -1) < 0 || (!(at[0].revents & (POLLHUP | POLLERR)) && (at[0].revents & POLLIN || !at[1].revents))) {
		struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

		memset(&q, 0, sizeof q);
		if (!(at[0].revents & POLLIN) || ioctl(w->listener, SECCOMP_IOCTL_NOTIF_RECV, &q.one) < 0)
			continue;
		see(w, &q.one);
		answer.id = q.one.id;
		ioctl(w->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	return NULL;
}

static vt_status fail(vt_call *call, vt_status status, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "trace", (vt_bytes){ text, strlen(text) });
	return status;
}

static vt_status start(void *self, vt_call *call, const vt_step *step, vt_spawn *spawn, void **ret_watch)
{
	struct sock_filter filter[4 + 2 * WATCHED + 1], *f = filter;
	struct watch *w = calloc(1, sizeof *w);
	size_t i;

	(void)self, (void)step;
	if (!w || (w->wake = eventfd(0, EFD_CLOEXEC)) < 0) {
		free(w);
		return fail(call, VT_FAILED, strerror(errno));
	}
	w->listener = -1;
	*f++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	*f++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	*f++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (i = 0; i < WATCHED; i++) {
		*f++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)watched[i].number, 0, 1);
		*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	*ret_watch = w;
	return spawn->filter(spawn, call, VT_FILTER_NOTIFY, (vt_bytes){ filter, (size_t)(f - filter) * sizeof *f });
}

static vt_status attach(void *self, vt_call *call, void *watch, uint32_t how, int32_t listener)
{
	struct watch *w = watch;

	(void)self;
	w->lost = how == VT_FILTER_NOTIFY ? NULL : "the kernel took no filter";
	w->listener = how == VT_FILTER_NOTIFY ? listener : -1;
	if (w->listener >= 0 && (errno = pthread_create(&w->thread, NULL, follow, w)) != 0) {
		close(w->listener);
		w->listener = -1;
		return fail(call, VT_FAILED, strerror(errno));
	}
	return VT_OK;
}

static void end(struct watch *w)
{
	const uint64_t one = 1;

	if (w->listener < 0)
		return;
	if (write(w->wake, &one, sizeof one) != sizeof one)
		abort();
	pthread_join(w->thread, NULL);
	close(w->listener);
}

static void watch_free(struct watch *w)
{
	while (w->n) {
		w->n--;
		free((void *)(uintptr_t)w->at[w->n].name.data);
		free((void *)(uintptr_t)w->at[w->n].other.data);
	}
	close(w->wake);
	free(w);
}

static vt_status stop(void *self, vt_call *call, void *watch, vt_notes *into)
{
	struct watch *w = watch;
	vt_status status;

	(void)self;
	if (w->listener < 0 && !w->lost)
		w->lost = "nothing was attached";
	end(w);
	status = into->add(into, call, w->at, w->n);
	if (status == VT_OK && w->lost)
		status = fail(call, VT_NONE, w->lost);
	watch_free(w);
	return status;
}

static void cancel(void *self, void *watch)
{
	(void)self;
	end(watch);
	watch_free(watch);
}

static const vt_tracer_ops ops = { .struct_size = sizeof ops, .start = start, .attach = attach, .stop = stop, .cancel = cancel };
static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_TRACER, .name = "trace-mini", .summary = "notifications of a few calls",
	.threads = VT_THREADS_MANY, .ops = &ops,
};
VT_PLUGIN("trace-mini", "1.0", NULL, NULL, NULL, &component);
