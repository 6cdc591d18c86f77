/* A runner with nothing but the channel: serves one command and tells what it heard.
 *
 *     serve [-r REPORT] [-a ADDON] [-n] command...
 *
 * Answers come from serve's own environment. The command gets -n: no more, else
 * PATH, HOME and the channel's two variables. The report goes to REPORT (stderr):
 * one line each, ENV|GLOB|PREFIX|INPUT|OUTPUT text, OPTED-OUT, BROKEN message,
 * EXIT status, MS from the command's end to the channel's. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/env.h"
#include "fact/seen.h"
#include "ipc/endpoint.h"
#include "ipc/outer_runner.h"
#include "ipc/server.h"
#include "os/loop.h"

extern char **environ;

static struct loop *loop;
static struct server *server;
static struct outer_runner *outer;            /* the runner around this one; NULL: none */
static struct seen seen;
static pid_t child;
static int status;
static int64_t ended_ms;
static FILE *report;

static void on_done(void *ctx)
{
	static const char *const words[] = {
		[VT_SEEN_ENV] = "ENV", [VT_SEEN_ENV_GLOB] = "GLOB", [VT_SEEN_ENV_PREFIX] = "PREFIX",
		[VT_SEEN_IGNORE_INPUT] = "INPUT", [VT_SEEN_IGNORE_OUTPUT] = "OUTPUT",
	};
	uint32_t i;

	(void)ctx;
	for (i = 0; i < seen.n; i++)
		fprintf(report, "%s %.*s\n", words[seen.at[i].op], (int)seen.at[i].name.size, (const char *)seen.at[i].name.data);
	if (seen.opted_out)
		fprintf(report, "OPTED-OUT\n");
	if (seen.broken)
		fprintf(report, "BROKEN %s\n", seen.broken);
	fprintf(report, "EXIT %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	fprintf(report, "MS %lld\n", (long long)(os_now_ms() - ended_ms));
	server_free(server);
	server = NULL;
}

static void on_told(void *ctx)
{
	(void)ctx;
	if (!server)
		loop_stop(loop);
}

static void give_up(void *ctx)
{
	(void)ctx;
	fprintf(stderr, "serve: the outer runner does not answer\n");
	exit(99);
}

static void wait_for_outer(void)
{
	struct timer *t;

	while (outer_runner_is_busy(outer)) {
		t = timer_start(loop, 30000, give_up, NULL);
		loop_run(loop);
		timer_stop(t);
	}
	outer_runner_free(outer);
}

/* Waits on a worker for the end of the child. */
static void wait_for_child(void *ctx)
{
	(void)ctx;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
}

static void on_child(void *ctx)
{
	(void)ctx;
	ended_ms = os_now_ms();
	server_stop(server, on_done, NULL);
}

static int fail(struct err *err)
{
	char *text = err_join(err);

	fprintf(stderr, "serve: %s\n", text);
	free(text);
	err_clear(err);
	return 99;
}

static _Noreturn void run(struct arena *a, const struct env *env, struct endpoint *e, char **argv, int whole)
{
	struct env_pair add[4];
	uint32_t n = 0;
	const struct env *base = whole ? env : NULL;

	if (!whole) {
		add[n++] = (struct env_pair){ "PATH", env_get(env, "PATH") };
		add[n++] = (struct env_pair){ "HOME", env_get(env, "HOME") };
	}
	add[n++] = (struct env_pair){ "VP_RUN_IPC_NAME", server_name(server) };
	add[n++] = (struct env_pair){ "VP_RUN_NODE_CLIENT_PATH", endpoint_addon(e) };
	execvpe(argv[0], argv, env_entries(env_with(a, base, add, n), a));
	fprintf(stderr, "serve: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new(), *job = arena_new();
	const struct env *env = env_from(a, environ);
	const char *addon = NULL;
	struct endpoint *e = NULL;
	struct err err = { 0 };
	int c, whole = 0;

	report = stderr;
	while ((c = getopt(argc, argv, "+r:a:n")) != -1) {
		if (c == 'r')
			report = fopen(optarg, "we");
		else if (c == 'a')
			addon = optarg;
		else if (c == 'n')
			whole = 1;
		else
			return 2;
	}
	if (!report || optind == argc || digest_init() < 0)
		return 2;
	if (loop_new(&loop, &err) < 0 || endpoint_new(env, addon, &e, &err) < 0)
		return fail(&err);
	outer = outer_runner_new(loop, env, on_told, NULL);
	seen_init(&seen, "/nowhere", NULL, NULL, NULL);
	if (server_start(loop, e, outer, env, &seen, &server, &err) < 0)
		return fail(&err);
	child = fork();
	if (child == 0)
		run(a, env, e, argv + optind, whole);
	loop_work(loop, wait_for_child, on_child, NULL);
	loop_run(loop);
	wait_for_outer();
	loop_free(loop);
	endpoint_free(e);
	seen_free(&seen);
	arena_free(job);
	arena_free(a);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
