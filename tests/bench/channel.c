/* Measures the cost of the channel: a tracked getEnv from C, from many tasks at once, and a
 * channel that is not used. Prints one line each, in microseconds.
 *
 *     channel            all of it
 *     channel serve      runs a channel until stdin ends; its name on stdout */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/env.h"
#include "client/vt-client.h"
#include "fact/seen.h"
#include "ipc/endpoint.h"
#include "ipc/server.h"
#include "os/loop.h"

enum { CALLS = 10000, TASKS = 64, UNUSED = 2000, VARIABLES = 300 };

extern char **environ;

static struct arena *arena;
static const struct env *env;
static struct loop *loop;
static struct endpoint *endpoint;

static void die(const char *what)
{
	fprintf(stderr, "channel: %s\n", what);
	exit(1);
}

static void prepare(void)
{
	struct env_pair pairs[VARIABLES];
	int i;

	arena = arena_new();
	for (i = 0; i < VARIABLES; i++)
		pairs[i] = (struct env_pair){ arena_printf(arena, "VARIABLE_%d", i), "some value or other" };
	env = env_with(arena, env_from(arena, environ), pairs, VARIABLES);
	if (digest_init() < 0 || loop_new(&loop, NULL) < 0 || endpoint_new(env, NULL, &endpoint, NULL) < 0)
		die("no channel");
}

static struct server *start(struct seen *seen)
{
	struct server *s;

	seen_init(seen, "/nowhere", NULL, NULL, NULL);
	if (server_start(loop, endpoint, NULL, env, seen, &s, NULL) < 0)
		die("no server");
	return s;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double median_us(int64_t *ns, int n)
{
	qsort(ns, (size_t)n, sizeof *ns, by_size);
	return (double)ns[n / 2] / 1000;
}

/* One client's calls; each call's ns in `ns`. */
static void ask(const char *name, int64_t *ns, int n)
{
	vt_client *c;
	char *value;
	int i;

	if (vt_client_open(name, 0, &c) != VT_CLIENT_OK)
		die("no connection");
	for (i = 0; i < n; i++) {
		int64_t before = os_now_ns();

		if (vt_client_get_env(c, "VARIABLE_7", 1, &value, NULL) != VT_CLIENT_OK)
			die("no answer");
		ns[i] = os_now_ns() - before;
		vt_client_free(value);
	}
	vt_client_close(c);
}

static void serve_until_told(const char *const *names, int n, int out)
{
	int i;

	for (i = 0; i < n; i++)
		dprintf(out, "%s\n", names[i]);
	close(out);
	loop_run(loop);
}

/* A process with n channels; their names in `names`. */
static pid_t runner(char names[][128], int n)
{
	struct seen *seen = calloc((size_t)n, sizeof *seen);
	const char *own[TASKS];
	int fd[2], i;
	pid_t pid;
	FILE *f;

	if (pipe(fd) < 0)
		die("no pipe");
	pid = fork();
	if (pid == 0) {
		prepare();
		for (i = 0; i < n; i++)
			own[i] = server_name(start(&seen[i]));
		serve_until_told(own, n, fd[1]);
		_exit(0);
	}
	close(fd[1]);
	f = fdopen(fd[0], "r");
	for (i = 0; i < n; i++) {
		if (!fgets(names[i], 128, f))
			die("no name");
		names[i][strcspn(names[i], "\n")] = 0;
	}
	fclose(f);
	free(seen);
	return pid;
}

static void one_client(void)
{
	static int64_t ns[CALLS];
	char names[1][128];
	pid_t pid = runner(names, 1);

	ask(names[0], ns, CALLS / 10);
	ask(names[0], ns, CALLS);
	printf("getEnv from C, median of %d: %.1f us\n", CALLS, median_us(ns, CALLS));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void many_clients(void)
{
	static int64_t ns[1000];
	static char names[TASKS][128];
	pid_t pid = runner(names, TASKS);
	int64_t before = os_now_ns();
	int i;

	for (i = 0; i < TASKS; i++)
		if (fork() == 0) {
			ask(names[i], ns, 1000);
			_exit(0);
		}
	for (i = 0; i < TASKS; i++)
		waitpid(-1, NULL, 0);
	printf("getEnv from %d tasks at once, 1000 each: %.1f us of wall clock per call\n", TASKS,
	       (double)(os_now_ns() - before) / 1000 / (TASKS * 1000));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool over;

static void on_done(void *ctx)
{
	server_free(ctx);
	over = true;
}

static void nobody(void)
{
	static int64_t ns[UNUSED];
	int i;

	prepare();
	for (i = 0; i < UNUSED; i++) {
		struct seen seen;
		int64_t before = os_now_ns();
		struct server *s = start(&seen);

		over = false;
		server_stop(s, on_done, s);
		while (!over)
			loop_run(loop);
		ns[i] = os_now_ns() - before;
		seen_free(&seen);
	}
	printf("a channel nobody uses, median of %d: %.1f us\n", UNUSED, median_us(ns, UNUSED));
	endpoint_free(endpoint);
	loop_free(loop);
	arena_free(arena);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "serve") == 0) {
		char names[1][128], c;
		pid_t pid = runner(names, 1);

		puts(names[0]);
		fflush(stdout);
		while (read(0, &c, 1) > 0)
			;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return 0;
	}
	one_client();
	many_clients();
	nobody();
	return 0;
}
