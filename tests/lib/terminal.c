/* terminal: runs a command on a terminal of its own and passes on what it writes.
 *
 *   terminal [--when TEXT SEND]... [--after SECONDS SEND]... [--size ROWSxCOLS] -- command...
 *
 * --when: once TEXT has been written, SEND is typed (\r, \n and \xHH stand for a byte); in order.
 * TERMINAL_TOOK=FILE gets the milliseconds from the last key to the end; TERMINAL_SETTINGS=FILE
 * gets "echo" or "noecho", as the command left the terminal.
 * Exits with the command's code, 128 + n for a signal. After 300 s the command is killed. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tool.h"

#define LIMIT 300 /* seconds */

struct step {
	const char *text; /* to wait for; NULL: wait for `seconds` */
	double seconds;   /* since the last key; without text */
	char *send;       /* the keys to type then */
	size_t n_send;
};

static struct {
	char *data;
	size_t n, room;
} seen; /* the output since the last text that was waited for */

static void die(const char *what) {
	fprintf(stderr, "terminal: %s\n", what);
	exit(125);
}

static void write_file(const char *variable, const char *text) {
	const char *name = getenv(variable);
	if (!name || !*name) return;
	FILE *f = fopen(name, "w");
	if (!f || fprintf(f, "%s\n", text) < 0 || fclose(f) != 0) die(name);
}

/* Replaces escapes in place. Returns the length. */
static size_t unescape(char *s) {
	char *from = s, *to = s;
	while (*from) {
		char c = *from++;
		if (c != '\\') {
			*to++ = c;
			continue;
		}
		unsigned byte;
		if (*from == 'r') *to++ = '\r';
		else if (*from == 'n') *to++ = '\n';
		else if (*from == 'x' && sscanf(from + 1, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 2;
		} else die("what is this escape?");
		from++;
	}
	return (size_t)(to - s);
}

static void remember(const char *data, size_t n) {
	if (seen.n + n > seen.room) {
		seen.room = 2 * (seen.n + n);
		seen.data = realloc(seen.data, seen.room);
		if (!seen.data) die("no memory");
	}
	memcpy(seen.data + seen.n, data, n);
	seen.n += n;
}

/* Is the step due? Removes its text, and all before it, from `seen`. */
static int is_due(const struct step *s, double mark) {
	if (!s->text) return now() - mark >= s->seconds;
	size_t n = strlen(s->text);
	char *at = seen.n ? memmem(seen.data, seen.n, s->text, n) : NULL;
	if (!at) return 0;
	size_t gone = (size_t)(at - seen.data) + n;
	memmove(seen.data, seen.data + gone, seen.n - gone);
	seen.n -= gone;
	return 1;
}

/* Types and reads until the terminal is closed. Returns the time of the last key. */
static double talk(int fd, pid_t child, const struct step *step, const struct step *over) {
	double end = now() + LIMIT, mark = now();
	char data[65536];
	while (now() < end) {
		if (step < over && is_due(step, mark)) {
			if (write(fd, step->send, step->n_send) < 0) die("cannot type");
			mark = now();
			step++;
			continue;
		}
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, step < over && !step->text ? 50 : 1000) <= 0) continue;
		ssize_t n = read(fd, data, sizeof data);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return mark;
		if (step < over) remember(data, (size_t)n);
		if (fwrite(data, 1, (size_t)n, stdout) != (size_t)n || fflush(stdout) != 0) die("nobody reads");
	}
	kill(child, SIGKILL);
	return mark;
}

int main(int argc, char **argv) {
	struct step *step = calloc((size_t)argc, sizeof *step);
	struct winsize size = {.ws_row = 50, .ws_col = 500};
	size_t n = 0;
	int i = 1;
	if (!step) die("no memory");
	for (; i < argc && strcmp(argv[i], "--") != 0; i += 2) {
		if (strcmp(argv[i], "--size") == 0 && i + 1 < argc) {
			if (sscanf(argv[i + 1], "%hux%hu", &size.ws_row, &size.ws_col) != 2) die("--size ROWSxCOLS");
			continue;
		}
		if (i + 2 >= argc) die("what is missing here?");
		if (strcmp(argv[i], "--when") == 0) step[n].text = argv[i + 1];
		else if (strcmp(argv[i], "--after") == 0) step[n].seconds = atof(argv[i + 1]);
		else die("what is this option?");
		step[n].send = argv[i + 2];
		step[n].n_send = unescape(argv[i + 2]);
		n++;
		i++;
	}
	if (i + 1 >= argc) die("-- command...");

	int fd, status;
	pid_t child = forkpty(&fd, NULL, NULL, &size);
	if (child < 0) die("no terminal");
	if (child == 0) {
		execvp(argv[i + 1], argv + i + 1);
		perror(argv[i + 1]);
		return 127;
	}
	double mark = talk(fd, child, step, step + n);
	struct termios t;
	if (tcgetattr(fd, &t) == 0) write_file("TERMINAL_SETTINGS", t.c_lflag & ECHO ? "echo" : "noecho");
	if (waitpid(child, &status, 0) != child) die("no end");
	char took[32];
	snprintf(took, sizeof took, "%.0f", (now() - mark) * 1000);
	write_file("TERMINAL_TOOK", took);
	return exit_code(status);
}
