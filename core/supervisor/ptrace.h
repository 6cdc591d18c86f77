/* The fallback where no listener is to be had: stops turned into notifications.
 *
 * The filter returns SECCOMP_RET_TRACE; each stop is written, as a struct
 * seccomp_notif, to a socket whose other end the runner got in the listener's place.
 * A struct seccomp_notif_resp with the same id lets the thread go on. */
#ifndef SUPERVISOR_PTRACE_H
#define SUPERVISOR_PTRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Stops that wait for an answer at the same time. When as many do, no further stop is
 * fetched until one was answered: so the socket never overflows. */
enum { PTRACE_MAX = 128 };

struct tracing {
	int sock;              /* ours; -1: stops are answered here, at once */
	bool on;               /* this keeper traces something */
	bool seen;             /* a stop came: the channel works */
	uint32_t sequence;     /* upper half of the last id */
	int n;                 /* stops that wait */
	uint64_t id[PTRACE_MAX];
};

/* Becomes the tracer of the child, before it installs its filter. 0 or an errno. */
int ptrace_seize(struct tracing *t, pid_t child);
/* Opens the socket; returns the runner's end, or -1 with errno. */
int ptrace_open(struct tracing *t);
/* Lets a child that waitpid reported as stopped go on, at once or after an answer. */
void ptrace_stopped(struct tracing *t, pid_t tid, int status);
/* Reads answers; at the end of the socket everything is let go. */
void ptrace_answers(struct tracing *t);
/* From now on stops are answered here. */
void ptrace_let_go(struct tracing *t);
#endif
