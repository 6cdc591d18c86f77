/* What the programs in this folder share. */
#ifndef TESTS_LIB_TOOL_H
#define TESTS_LIB_TOOL_H

#include <sys/wait.h>
#include <time.h>

/* Seconds of the monotonic clock. */
static inline double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void pause_ms(long ms) {
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* The exit code as a shell gives it. */
static inline int exit_code(int status) {
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
#endif
