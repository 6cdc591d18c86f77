#include "config.h"

#include "process/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/file.h"
#include "os/loop.h"

enum {
	STACK_LEAST = 256 << 10,       /* bytes */
	SEND_RETRY_MS = 20             /* while the kernel has no room for descriptors on their way */
};

/* ---- what vt was born with -------------------------------------------------- */

/* The signals that this program itself ignores or catches at times (loop, exec/run, cmd/selector):
 * their first state must be read before main. Plugins change none; all other signals have their
 * first state when the first task starts, and a run without tasks need not ask. */
static const int changed[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ };
static uint64_t born_ignoring;         /* of these: bit n-1: signal n. Set before main, never again */

static uint64_t bit_if_ignored(int signum)
{
	struct sigaction a;

	return sigaction(signum, NULL, &a) == 0 && a.sa_handler == SIG_IGN ? 1ULL << (signum - 1) : 0;
}

__attribute__((constructor)) static void remember_signals(void)
{
	size_t i;

	for (i = 0; i < COUNT(changed); i++)
		born_ignoring |= bit_if_ignored(changed[i]);
}

uint64_t start_ignored(void)
{
	uint64_t now = 0, ours = 0;
	size_t i;
	int n;

	for (i = 0; i < COUNT(changed); i++)
		ours |= 1ULL << (changed[i] - 1);
	for (n = 1; n <= 64; n++)
		if (!(ours >> (n - 1) & 1))
			now |= bit_if_ignored(n);
	return now | born_ignoring;
}

static uint64_t born_files;            /* the soft limit of open files before start_raise_files; 0: not raised */

void start_raise_files(void)
{
	struct rlimit now, more;

	if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur == now.rlim_max)
		return;
	more = (struct rlimit){ now.rlim_max, now.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		born_files = now.rlim_cur;
}

uint64_t start_files(void)
{
	struct rlimit now;

	return getrlimit(RLIMIT_NOFILE, &now) == 0 ? now.rlim_cur : 0;
}

bool start_has_files(uint32_t n)
{
	int fd[64];
	uint32_t i, k;

	for (i = 0; i < n && i < COUNT(fd); i++) {
		fd[i] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fd[i] < 0)
			break;
	}
	for (k = 0; k < i; k++)
		close(fd[k]);
	return i == n;
}

int start_check_stack(struct err *err)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_STACK, &now) < 0 || now.rlim_cur >= STACK_LEAST)
		return 0;
	return err_set(err, ERR_USER, "vt may use no more than %llu KiB of stack, and needs %d; see `ulimit -s`",
		       (unsigned long long)now.rlim_cur >> 10, STACK_LEAST >> 10);
}

/* ---- make's job server -------------------------------------------------------- */

static int make_fd[2];                 /* to read tokens from, to write them to; 0: there is none */

/* Does `makeflags` name two descriptors? The last option counts. */
static bool names_jobserver(const char *makeflags, int ret[2])
{
	static const char *const options[] = { "--jobserver-auth=", "--jobserver-fds=" };
	const char *at;
	size_t i;
	bool found = false;

	for (i = 0; i < COUNT(options); i++)
		for (at = makeflags; (at = strstr(at, options[i])) != NULL; at++)
			found |= sscanf(at + strlen(options[i]), "%4d,%4d", &ret[0], &ret[1]) == 2;
	return found && ret[0] > 2 && ret[1] > 2 && ret[0] != ret[1];
}

void start_keep_jobserver(const char *makeflags)
{
	struct stat st;
	int fd[2], i;

	if (!makeflags || !names_jobserver(makeflags, fd))
		return;
	for (i = 0; i < 2; i++)
		if (fstat(fd[i], &st) < 0 || !S_ISFIFO(st.st_mode))
			return;
	memcpy(make_fd, fd, sizeof fd);
}

static bool gets_jobserver(char *const *env)
{
	int fd[2];

	for (; make_fd[0] && env && *env; env++)
		if (strncmp(*env, "MAKEFLAGS=", 10) == 0)
			return names_jobserver(*env + 10, fd) && fd[0] == make_fd[0] && fd[1] == make_fd[1];
	return false;
}

static void add_jobserver(struct start_packet *s, const struct process_start *what)
{
	struct message_start *head = (void *)s->bytes.data;
	int i;

	if (!gets_jobserver(what->env))
		return;
	for (i = 0; i < 2; i++) {
		head->make[i] = make_fd[i];
		s->fd[s->fds_n++] = make_fd[i];
	}
}

/* ---- the packet -------------------------------------------------------------- */

static uint32_t add_strings(struct buf *b, char *const *list)
{
	uint32_t n = 0;

	for (; list && list[n]; n++)
		buf_add(b, list[n], strlen(list[n]) + 1);
	return n;
}

static void add_filters(struct buf *b, const struct process_start *what, uint32_t n)
{
	static const char zeros[8];
	struct message_filter f;
	uint32_t i;

	for (i = 0; i < n; i++) {
		f.how = what->filters[i].how;
		f.size = (uint32_t)what->filters[i].size;
		buf_add(b, &f, sizeof f);
		buf_add(b, what->filters[i].program, f.size);
		buf_add(b, zeros, (8 - f.size % 8) % 8);
	}
}

/* Head and rest in one piece. */
static int add_start(struct buf *b, const struct process_start *what, uint64_t ignored, struct err *err)
{
	struct message_start head = { .kind = MESSAGE_START, .ignored = ignored, .files = born_files, .whole = what->whole };

	buf_init(b, START_MAX);
	head.filters_n = what->filters_n < MESSAGE_FILTERS ? what->filters_n : MESSAGE_FILTERS;
	buf_add(b, &head, sizeof head);
	add_filters(b, what, head.filters_n);
	buf_add(b, what->program, strlen(what->program) + 1);
	buf_add(b, what->dir, strlen(what->dir) + 1);
	head.argv_n = add_strings(b, (char *const *)(uintptr_t)what->argv);
	head.env_n = add_strings(b, what->env);
	head.untraced = what->env_untraced != NULL;
	head.untraced_n = add_strings(b, what->env_untraced);
	if (b->full)
		return err_set(err, ERR_SYSTEM, "the command line and environment of '%s' are larger than %d MiB",
			       what->program, START_MAX >> 20);
	head.size = b->size - sizeof head;
	memcpy(b->data, &head, sizeof head);
	return 0;
}

/* Moves everything but the head into a memfd if it is too large for a packet. */
static int move_to_memfd(struct buf *b, struct err *err)
{
	struct message_start *head = (void *)b->data;
	int fd = memfd_create("vt-start", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, b->data + sizeof *head, (size_t)head->size) < 0) {
		err_errno(err, errno, "no memory for the command line and environment of a task");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	head->in_memfd = 1;
	b->size = sizeof *head;
	return fd;
}

/* Appends the fds for 0-2; a closed one becomes /dev/null in the child. */
static void add_stdio(struct start_packet *s, const int fd[3])
{
	struct message_start *head = (void *)s->bytes.data;
	int i, from;

	for (i = 0; i < 3; i++) {
		from = fd[i] == PROCESS_INHERIT ? i : fd[i];
		if (from < 0 || fcntl(from, F_GETFD) < 0)
			continue;
		head->stdio[i] = MESSAGE_STDIO_GIVEN;
		s->fd[s->fds_n++] = from;
	}
}

int start_pack(struct start_packet *s, const struct process_start *what, uint64_t ignored, int task_sock, struct err *err)
{
	*s = (struct start_packet){ .memfd = -1 };
	if (add_start(&s->bytes, what, ignored, err) < 0)
		return -1;
	s->fd[s->fds_n++] = task_sock;
	if (s->bytes.size > sizeof(struct message_start) + MESSAGE_INLINE) {
		s->memfd = move_to_memfd(&s->bytes, err);
		if (s->memfd < 0)
			return -1;
		s->fd[s->fds_n++] = s->memfd;
	}
	add_stdio(s, what->fd);
	add_jobserver(s, what);
	return 0;
}

void start_free(struct start_packet *s)
{
	if (s->memfd >= 0)
		close(s->memfd);
	buf_free(&s->bytes);
}

/* ---- the queue ---------------------------------------------------------------- */

/* A START that could not be sent yet. */
struct start_waiting {
	struct start_waiting *next;
	void *process;                 /* the process to start */
	struct buf packet;
	int fd[MESSAGE_FDS];           /* duplicates */
	int fds_n;
};

void start_queue_init(struct start_queue *q, struct loop *l, void (*watch)(void *ctx), void (*on_unsent)(void *process, int error), void *ctx)
{
	*q = (struct start_queue){ .loop = l, .sock = -1, .watch = watch, .on_unsent = on_unsent, .ctx = ctx };
	q->end = &q->first;
}

bool start_queue_waits(const struct start_queue *q)
{
	return q->first && !q->retry;
}

static void free_first(struct start_queue *q)
{
	struct start_waiting *w = q->first;

	q->first = w->next;
	if (!q->first)
		q->end = &q->first;
	while (w->fds_n > 0)
		close(w->fd[--w->fds_n]);
	buf_free(&w->packet);
	free(w);
}

/* Keeps a copy of a START. 0 or an errno. */
static int send_later(struct start_queue *q, struct start_packet *s, void *process)
{
	struct start_waiting *w = xcalloc(1, sizeof *w);
	int e = 0;

	for (; w->fds_n < s->fds_n && e == 0; w->fds_n++) {
		w->fd[w->fds_n] = fcntl(s->fd[w->fds_n], F_DUPFD_CLOEXEC, 3);
		if (w->fd[w->fds_n] < 0) {
			e = errno;
			w->fds_n--;
		}
	}
	if (e != 0) {
		while (w->fds_n > 0)
			close(w->fd[--w->fds_n]);
		free(w);
		return e;
	}
	w->process = process;
	w->packet = s->bytes;
	buf_init(&s->bytes, START_MAX);
	*q->end = w;
	q->end = &w->next;
	return 0;
}

/* Is it worth another try? EAGAIN: the supervisor is slow. Else the kernel is short of memory,
 * or holds as many descriptors on their way as this user may have open. */
static bool is_for_now(int e)
{
	return e == EAGAIN || e == ENOBUFS || e == ENOMEM || e == ETOOMANYREFS;
}

static void on_retry(void *ctx)
{
	struct start_queue *q = ctx;

	q->retry = NULL;
	start_queue_send(q);
}

/* e: why the first START that waits could not be sent. */
static void try_again(struct start_queue *q, int e)
{
	if (e != EAGAIN && !q->retry)
		q->retry = timer_start(q->loop, SEND_RETRY_MS, on_retry, q);
	q->watch(q->ctx);
}

/* Does the error say that the supervisor died? The loop hears of that by itself. */
static bool is_of_death(int e)
{
	return e == EPIPE || e == ECONNRESET;
}

void start_queue_send(struct start_queue *q)
{
	struct start_waiting *w;
	void *process;
	int e;

	while ((w = q->first) != NULL && !q->retry) {
		e = message_send(q->sock, w->packet.data, w->packet.size, w->fd, w->fds_n);
		if (is_for_now(e)) {
			try_again(q, e);
			return;
		}
		process = w->process;
		free_first(q);
		if (e != 0 && !is_of_death(e))
			q->on_unsent(process, e);
	}
	q->watch(q->ctx);
}

int start_queue_add(struct start_queue *q, const struct process_start *what, int task_sock, void *process, struct err *err)
{
	struct start_packet s;
	int e, first;

	errno = EINVAL;
	if (start_pack(&s, what, q->ignored, task_sock, err) < 0) {
		e = errno;
	} else {
		e = first = q->first ? EAGAIN : message_send(q->sock, s.bytes.data, s.bytes.size, s.fd, s.fds_n);
		if (is_for_now(first)) {
			e = send_later(q, &s, process);
			if (e == 0)
				try_again(q, first);
		}
		if (is_of_death(e))
			e = 0;
		if (e != 0)
			err_errno(err, e, "the supervisor cannot be told to start '%s'", what->program);
	}
	start_free(&s);
	return e;
}

void start_queue_clear(struct start_queue *q)
{
	while (q->first)
		free_first(q);
	timer_stop(q->retry);
	q->retry = NULL;
}
