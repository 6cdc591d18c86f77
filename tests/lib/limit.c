/* limit: runs a command with the given environment alone, for SECONDS at most.
 *
 *   limit SECONDS [NAME=VALUE]... command argument...
 *
 * Does what `env -i NAME=VALUE... timeout -k 5 SECONDS command` does, as one program: a test starts
 * many vt. The last value of a name counts. Exits with the command's
 * code, 128 + n for a signal, 124 if it had to be ended. SECONDS 0: no limit, and the
 * command takes the place of this process. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define GRACE 5 /* seconds from TERM to KILL */

static const int passed_on[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM};

/* Drops all entries of a name but the last. Returns how many are left. */
static int last_of_each_name(char **entry, int n) {
	int kept = 0;
	for (int i = 0; i < n; i++) {
		size_t name = strcspn(entry[i], "=") + 1;
		int later = 0;
		for (int j = i + 1; j < n && !later; j++) later = strncmp(entry[i], entry[j], name) == 0;
		if (!later) entry[kept++] = entry[i];
	}
	return kept;
}

static int run(char **command, char **env) {
	execvpe(command[0], command, env);
	int error = errno;
	fprintf(stderr, "limit: '%s': %s\n", command[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}

/* Sends the signal to the command and to our group, but not to us. */
static void send_group(pid_t child, int number) {
	signal(number, SIG_IGN);
	kill(0, number);
	if (getpgid(child) != getpgrp()) kill(child, number);
	signal(number, SIG_DFL);
}

static int watch(pid_t child, const sigset_t *set, double seconds) {
	double end = now() + seconds;
	int late = 0, status;
	for (;;) {
		double left = end - now();
		if (left < 0) left = 0;
		struct timespec t = {.tv_sec = (time_t)left, .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
		int number = sigtimedwait(set, NULL, &t);
		if (waitpid(child, &status, WNOHANG) == child) break;
		if (number > 0 && number != SIGCHLD) send_group(child, number);
		else if (number < 0 && errno == EAGAIN && late) kill(0, SIGKILL); /* and us */
		else if (number < 0 && errno == EAGAIN) {
			late = 1;
			end += GRACE;
			send_group(child, SIGTERM);
			kill(child, SIGCONT);
		}
	}
	return late ? 124 : exit_code(status);
}

int main(int argc, char **argv) {
	int first = 2;
	while (first < argc && strchr(argv[first], '=')) first++;
	if (first >= argc) {
		fputs("usage: limit SECONDS [NAME=VALUE]... command argument...\n", stderr);
		return 125;
	}
	double seconds = atof(argv[1]);
	int n = last_of_each_name(argv + 2, first - 2);
	char **env = calloc((size_t)n + 1, sizeof *env);
	if (!env) return 125;
	memcpy(env, argv + 2, (size_t)n * sizeof *env);
	if (seconds <= 0) return run(argv + first, env);

	/* a group of its own, as timeout makes one: the end of the limit kills what the command left there */
	setpgid(0, 0);
	sigset_t set, before;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
		signal(passed_on[i], SIG_DFL);
		sigaddset(&set, passed_on[i]);
	}
	signal(SIGCHLD, SIG_DFL);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &before);
	pid_t child = fork();
	if (child < 0) {
		perror("limit: fork");
		return 125;
	}
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		signal(SIGTTIN, SIG_DFL);
		signal(SIGTTOU, SIG_DFL);
		return run(argv + first, env);
	}
	return watch(child, &set, seconds);
}
