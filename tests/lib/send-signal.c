/* send-signal: runs a command, waits until a file is not empty, signals the command alone.
 *
 *   send-signal FILE SIGNAL again|"" command...    exits with its code, 128 + n for a signal
 *
 * Writes the milliseconds from the last signal to the end into FILE.took. `again` sends the signal a
 * second time, one second later. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

#define START 120 /* seconds until the file has something in it, at most */
#define END 120  /* seconds from the last signal to the end, at most */

static const struct {
	const char *name;
	int number;
} signals[] = {{"INT", SIGINT}, {"TERM", SIGTERM}, {"HUP", SIGHUP}, {"KILL", SIGKILL}};

static int number_of(const char *name) {
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (strcmp(name, signals[i].name) == 0) return signals[i].number;
	fprintf(stderr, "send-signal: what signal is %s?\n", name);
	exit(125);
}

/* Waits for the child's end; kills it and returns 0 after END seconds. */
static int wait_for(pid_t child, int *status) {
	for (double end = now() + END; now() < end; pause_ms(2))
		if (waitpid(child, status, WNOHANG) == child) return 1;
	kill(child, SIGKILL);
	return 0;
}

int main(int argc, char **argv) {
	if (argc < 5) {
		fputs("usage: send-signal FILE SIGNAL again|\"\" command...\n", stderr);
		return 125;
	}
	int number = number_of(argv[2]), status;
	const int plain[] = {SIGINT, SIGHUP, SIGTERM};
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) signal(plain[i], SIG_DFL);
	pid_t child = fork();
	if (child < 0) return 125;
	if (child == 0) {
		execvp(argv[4], argv + 4);
		perror(argv[4]);
		return 127;
	}
	struct stat st;
	for (double end = now() + START; now() < end; pause_ms(20))
		if (stat(argv[1], &st) == 0 && st.st_size > 0) break;
	pause_ms(200);
	kill(child, number);
	if (*argv[3]) {
		pause_ms(1000);
		kill(child, number);
	}
	double sent = now();
	if (!wait_for(child, &status)) return 125;
	char name[4096];
	snprintf(name, sizeof name, "%s.took", argv[1]);
	FILE *f = fopen(name, "w");
	if (!f || fprintf(f, "%.0f\n", (now() - sent) * 1000) < 0 || fclose(f) != 0) return 125;
	return exit_code(status);
}
