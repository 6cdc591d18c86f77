/* What the runner, the supervisor and its keepers say to each other.
 *
 *   runner ── START (with fds) ──► supervisor ── fork ─► keeper ── fork ─► child
 *      ▲                                                   │
 *      └──── STARTED, FAILED, EXITED / SIGNAL, RELEASE ────┘   a socket per task
 *
 * Every message is one packet of a SOCK_SEQPACKET pair. libc only: the runner's
 * side and the supervisor's are built from the same file. */
#ifndef SUPERVISOR_MESSAGE_H
#define SUPERVISOR_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	MESSAGE_SOCKET = 3,            /* the fd the supervisor is started with */
	MESSAGE_INLINE = 32 * 1024,    /* a START larger than this travels in a memfd */
	MESSAGE_FDS = 7,               /* at most: the task's socket, the memfd, fds 0 to 2, make's job server */
	MESSAGE_FILTERS = 8,
	MESSAGE_GRACE_MS = 5500        /* a bit more than the runner's own, which comes first */
};

enum message_kind {
	MESSAGE_START = 1,             /* fds: task socket, [memfd], fds 0-2 as far as `stdio` says GIVEN, [2 of make] */
	MESSAGE_STARTED,               /* fds: [listener] */
	MESSAGE_FAILED,                /* the program could not be started */
	MESSAGE_EXITED,                /* a wait status */
	MESSAGE_SIGNAL,                /* to every descendant, while the task runs; what it does not end is killed after MESSAGE_GRACE_MS */
	MESSAGE_RELEASE                /* the step's tracer has stopped: answer in its place */
};

enum message_call { CALL_NONE, CALL_FORK, CALL_CHDIR, CALL_EXECVE };
enum { MESSAGE_STDIO_NULL, MESSAGE_STDIO_GIVEN };

/* A filter on the wire: this head, then `size` bytes, padded to 8. */
struct message_filter {
	uint32_t how;                  /* VT_FILTER_* */
	uint32_t size;                 /* of the sock_filter array, in bytes */
};

/* Head of MESSAGE_START. Behind it, or in the memfd: the filters, then the strings,
 * each with its NUL: program, dir, argv, env, env_untraced. */
struct message_start {
	uint32_t kind;
	uint32_t in_memfd;             /* the rest is there */
	uint64_t size;                 /* of the rest */
	uint64_t ignored;              /* signals (bit n-1: n) the child inherits as ignored */
	uint64_t files;                /* the child's soft limit of open files; 0: as the supervisor's */
	uint32_t stdio[3];             /* MESSAGE_STDIO_* */
	int32_t make[2];               /* the numbers that the child gets make's job server by; 0: it gets none */
	uint32_t filters_n;
	uint32_t argv_n, env_n;        /* strings */
	uint32_t untraced;             /* 1: env_untraced follows; 0: env serves both ways */
	uint32_t untraced_n;
	uint32_t whole;                /* 1: unless the child fails by itself, EXITED comes with the end of its last descendant, and
	                                * signals reach them until then */
};

/* Every other message. */
struct message {
	uint32_t kind;
	int32_t pid;                   /* STARTED */
	int32_t value;                 /* STARTED: the keeper's pid; FAILED: errno; EXITED: wait status; SIGNAL: its number */
	uint32_t call;                 /* FAILED: enum message_call; SIGNAL: 1: the runner's process group has it already */
	uint32_t how;                  /* STARTED: VT_FILTER_* installed */
	int32_t refused;               /* STARTED: errno of the last filter refused, 0: none */
};

/* A START taken apart; everything points into the bytes given. */
struct start {
	const struct message_start *head;
	struct message_filter filter[MESSAGE_FILTERS];
	const void *program_of[MESSAGE_FILTERS];   /* the filters' code */
	char *program, *dir;
	char **argv, **env, **untraced;            /* one mapping, NULL-terminated each; untraced may equal env; argv[-1] is free */
	void *mapping;                 /* of the three lists */
	size_t mapping_size;
};

/* Sends one packet without waiting. 0 or an errno (EAGAIN: the other end is slow). */
int message_send(int sock, const void *data, size_t size, const int *fds, int fds_n);
/* Receives one packet without waiting; fds are CLOEXEC. Returns its size, 0 at the
 * end, -1 with errno. A packet larger than `size` is an error (EMSGSIZE), its fds closed.
 * *ret_n is -1 where fds came that this process has no room for: they are closed. */
ssize_t message_receive(int sock, void *data, size_t size, int *ret_fds, int max, int *ret_n);
/* `rest`: the head->size bytes behind the head. 0 or an errno (EBADMSG, ENOMEM). */
int message_parse_start(const struct message_start *head, char *rest, struct start *ret);
#endif
