/* Measures the cost of starting a process: through the supervisor, by uv_spawn, by posix_spawn.
 *
 *   make tests/bench/spawn && tests/bench/spawn core/vt-supervisor [count] [parallel]
 *
 * Rounds alternate; wall milliseconds and CPU milliseconds (this process and all that
 * it waited for; for the supervisor read from /proc) per hundred starts of /bin/true. */
#include "config.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "os/loop.h"
#include "process/process.h"

extern char **environ;
static int left, at_once, total;
static struct loop *loop;
static struct processes *ps;
static struct process **started;
static const char *const args[] = { "/bin/true", NULL };

static void next_supervised(void);

static void on_started(void *ctx, pid_t pid, uint32_t how, int listener)
{
	(void)ctx, (void)pid, (void)how, (void)listener;
}

static void on_failed(void *ctx, int error)
{
	(void)ctx;
	fprintf(stderr, "failed: %d\n", error);
	exit(1);
}

static void on_exited(void *ctx, int status)
{
	struct process **p = ctx;

	if (status != 0)
		on_failed(NULL, status);
	process_release(*p);
	next_supervised();
}

static const struct process_events events = { on_started, on_failed, on_exited };

static void next_supervised(void)
{
	struct process_start what = { .program = args[0], .argv = args, .env = environ, .dir = "/",
				      .fd = { PROCESS_NULL, PROCESS_INHERIT, PROCESS_INHERIT } };
	struct err err = { 0 };

	if (left == 0)
		return;
	left--;
	if (process_start(ps, &what, &events, &started[left], &started[left], &err) < 0)
		on_failed(NULL, 0);
}

static void next_uv(void);

static void uv_gone(uv_handle_t *h)
{
	free(h);
}

static void uv_exited(uv_process_t *p, int64_t status, int sig)
{
	if (status != 0 || sig != 0)
		on_failed(NULL, 0);
	uv_close((uv_handle_t *)p, uv_gone);
	next_uv();
}

static void next_uv(void)
{
	uv_stdio_container_t io[3] = { { .flags = UV_IGNORE }, { .flags = UV_INHERIT_FD, .data.fd = 1 }, { .flags = UV_INHERIT_FD, .data.fd = 2 } };
	uv_process_options_t o = { .exit_cb = uv_exited, .file = args[0], .args = (char **)(uintptr_t)args, .env = environ,
				   .cwd = "/", .stdio = io, .stdio_count = 3 };

	if (left == 0)
		return;
	left--;
	if (uv_spawn(loop_uv(loop), calloc(1, sizeof(uv_process_t)), &o) != 0)
		on_failed(NULL, 0);
}

static void run_posix(void)
{
	pid_t pid;
	int running = 0, status;

	while (left > 0 || running > 0) {
		while (left > 0 && running < at_once) {
			left--;
			running++;
			if (posix_spawn(&pid, args[0], NULL, NULL, (char **)(uintptr_t)args, environ) != 0)
				on_failed(NULL, 0);
		}
		wait(&status);
		running--;
	}
}

static void run_loop(void (*next)(void))
{
	int i;

	for (i = 0; i < at_once; i++)
		next();
	loop_run(loop);
}

/* CPU of all the machine: the only figure that has every process in it. */
static double machine_cpu(void)
{
	unsigned long long user = 0, nice = 0, sys = 0;
	FILE *f = fopen("/proc/stat", "re");

	if (!f || fscanf(f, "cpu %llu %llu %llu", &user, &nice, &sys) != 3)
		exit(1);
	fclose(f);
	return (double)(user + nice + sys) * 1000.0 / (double)sysconf(_SC_CLK_TCK);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "supervisor", "uv_spawn", "posix_spawn" };
	struct err err = { 0 };
	double cpu, wall[3] = { 0 }, best[3] = { 1e9, 1e9, 1e9 }, all[3] = { 0 }, ms;
	int64_t t;
	int round, i;
	char *ballast;

	if (argc < 2)
		return 2;
	total = argc > 2 ? atoi(argv[2]) : 500;
	at_once = argc > 3 ? atoi(argv[3]) : 4;
	/* As much memory as vt has with a middling workspace. */
	ballast = malloc(16 << 20);
	memset(ballast, 1, 16 << 20);
	started = calloc((size_t)total, sizeof *started);
	if (loop_new(&loop, &err) < 0)
		return 1;
	ps = processes_new(loop, realpath(argv[1], NULL), NULL, NULL);
	for (round = 0; round < 9; round++)
		for (i = 0; i < 3; i++) {
			left = total;
			cpu = machine_cpu();
			t = os_now_ns();
			if (i == 0)
				run_loop(next_supervised);
			else if (i == 1)
				run_loop(next_uv);
			else
				run_posix();
			ms = (double)(os_now_ns() - t) / 1e6;
			wall[i] += ms;
			best[i] = ms < best[i] ? ms : best[i];
			all[i] += machine_cpu() - cpu;
		}
	for (i = 0; i < 3; i++)
		printf("%-12s wall %.1f ms (best %.1f) per 100, %.2f of uv_spawn; machine's CPU %.1f ms per 100\n", names[i],
		       wall[i] / 9 / total * 100, best[i] / total * 100, wall[i] / wall[1], all[i] / 9 / total * 100);
	processes_free(ps);
	loop_free(loop);
	free(ballast);
	return 0;
}
