#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/digest.h"
#include "cmd/cmd.h"
#include "os/file.h"
#include "os/loop.h"

extern char **environ;

static const struct command {
	const char *name;
	int (*run)(const struct session *s, int argc, char **argv);
	const char *about;
} commands[] = {
	{ "run", cmd_run, "Run tasks" },
	{ "cache", cmd_cache, "Look after the cache" },
	{ "plugins", cmd_plugins, "List and check plugins" },
	{ "client", cmd_client, "Talk to the runner from inside a task" },
};

static void help(FILE *to)
{
	size_t i;

	fputs("A caching task runner for workspaces of packages\n\nUsage: vt <COMMAND>\n\nCommands:\n", to);
	for (i = 0; i < COUNT(commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].about);
	fputs("\nOptions:\n  -h, --help     Print help\n  -V, --version  Print version\n"
	      "\nSee 'vt <COMMAND> --help' for more.\n", to);
}

static int unknown(const struct session *s, const char *word)
{
	struct err err = { 0 };

	if (word[0] == '-' && word[1])
		err_set(&err, ERR_USAGE, "unexpected argument '%s' found\n\nUsage: vt <COMMAND>\n\nFor more information, try '--help'.", word);
	else
		err_set(&err, ERR_USAGE, "unrecognized subcommand '%s'\n\nUsage: vt <COMMAND>\n\nFor more information, try '--help'.", word);
	return cmd_fail(s, &err);
}

static int dispatch(const struct session *s, int argc, char **argv, int cwd_error)
{
	struct err err = { 0 };
	size_t i;

	if (argc < 2) {
		help(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("vt " PACKAGE_VERSION);
		return 0;
	}
	if (!s->cwd) {
		err_errno(&err, cwd_error, "Cannot tell the current directory");
		return cmd_fail(s, &err);
	}
	for (i = 0; i < COUNT(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(s, argc - 1, argv + 1);
	return unknown(s, argv[1]);
}

/* What a closed or full stdout swallowed must not look like success. */
static int flushed(const struct session *s, int code)
{
	struct err err = { 0 };

	if ((fflush(stdout) == 0 && !ferror(stdout)) || code)
		return code;
	err_errno(&err, errno, "Cannot write to standard output");
	return cmd_fail(s, &err);
}

/* libuv asks the environment how many workers to start, and starts all of them at once.
 * Said here, after the environment was read: no task ever sees it. */
static void workers(uint32_t steps)
{
	/* a few are right for every machine: then its processors need not be counted */
	unsigned cpus = steps <= 2 ? 2 : os_cpus(), most = cpus < 2 ? 2 : cpus > 64 ? 64 : cpus;
	struct rlimit memory;
	char n[16];

	/* each has a stack of megabytes */
	if (most > 2 && getrlimit(RLIMIT_AS, &memory) == 0 && memory.rlim_cur != RLIM_INFINITY)
		most = 2;
	snprintf(n, sizeof n, "%u", steps < 1 ? 1 : steps < most ? steps : most);
	setenv("UV_THREADPOOL_SIZE", n, 0);
}

/* A closed descriptor's number would go to the next file opened here, and what is
 * printed would go into that. */
static void close_gaps(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
			return;
}

int main(int argc, char **argv)
{
	struct session s = { .workers = workers };
	struct err err = { 0 };
	char *cwd;
	int cwd_error, code;

	/* a file that may not grow further is an error of that write, not the end of everything */
	signal(SIGXFSZ, SIG_IGN);
	s.arena = arena_new();
	s.programs = file_memo_new();
	cwd = getcwd(NULL, 0);
	cwd_error = cwd ? 0 : errno;
	close_gaps();
	s.env = env_from(s.arena, environ);
	s.stdin_tty = isatty(STDIN_FILENO);
	s.stdout_tty = isatty(STDOUT_FILENO);
	s.stderr_tty = isatty(STDERR_FILENO);
	if (cwd)
		s.cwd = arena_str(s.arena, cwd);
	free(cwd);
	if (digest_init() < 0)
		err_set(&err, ERR_SYSTEM, "The system gives no random numbers");
	code = err.n ? cmd_fail(&s, &err) : flushed(&s, dispatch(&s, argc, argv, cwd_error));
	file_memo_free(s.programs);
	arena_free(s.arena);
	return code;
}
