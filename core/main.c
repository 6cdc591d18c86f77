#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "cmd/cmd.h"
#include "cmd/places.h"
#include "os/file.h"
#include "os/loop.h"
#include "process/start.h"
#include "report/warnings.h"
#include "text/path.h"

enum { COMMANDS_MAX = 32 };

extern char **environ;

enum { OPTION_HELP, OPTION_VERSION, OPTION_CWD };

static const struct args_option options[] = {
	[OPTION_HELP] = { .name = "help", .letter = 'h' },
	[OPTION_VERSION] = { .name = "version", .letter = 'V' },
	[OPTION_CWD] = { .name = "cwd", .letter = 'C', .value = "DIR" },
};

static int unrecognized(const struct args *args, struct err *err)
{
	const char *names[COMMANDS_MAX + 1] = { NULL };
	uint32_t i;

	for (i = 0; i < COMMANDS_MAX && commands[i]; i++)
		names[i] = commands[i]->name;
	return command_verb(args, args->value, names, err);
}

static int dispatch(struct session *s, int argc, char **argv, int cwd_error)
{
	struct args args = { .options = options, .options_n = COUNT(options), .usage = "vt <COMMAND>",
		.argc = (uint32_t)(argc > 1 ? argc - 1 : 0), .argv = (const char *const *)argv + 1 };
	const struct command *c;
	struct err err = { 0 };
	int which = args_next(&args, &err);

	if (which == OPTION_CWD) {
		if (cmd_enter(s, args.value, &err) < 0)
			return cmd_fail(s, &err);
		which = args_next(&args, &err);
	}
	switch (which) {
	case OPTION_HELP:
		commands_help(stdout);
		return 0;
	case OPTION_VERSION:
		puts("vt " PACKAGE_VERSION);
		return 0;
	case ARGS_END:
		commands_help(stderr);
		return 2;
	case ARGS_UNKNOWN:
		args_unexpected(&args, args.value, &err);
		return cmd_fail(s, &err);
	case ARGS_WRONG:
		return cmd_fail(s, &err);
	default:
		break;
	}
	c = command_find(args.value);
	if (!c)
		unrecognized(&args, &err);
	else if (!s->cwd)
		err_errno(&err, cwd_error, "Cannot tell the current directory");
	if (err.n)
		return cmd_fail(s, &err);
	s->places = places_new(s->env);
	return c->run(s, argc - (int)args.at, argv + args.at);
}

/* Runs the command that the program is called by: the link vt-plugin-check has one alone. */
static int run_as_named(struct session *s, int argc, char **argv, int cwd_error)
{
	if (argc < 1 || strcmp(path_base(argv[0]), command_plugin_check.name) != 0)
		return dispatch(s, argc, argv, cwd_error);
	if (!s->cwd)
		s->cwd = "/";
	return command_plugin_check.run(s, argc, argv);
}

/* The exit code, or 1 if stdout did not take everything. */
static int flushed(const struct session *s, int code)
{
	struct err err = { 0 };

	if ((fflush(stdout) == 0 && !ferror(stdout)) || code)
		return code;
	err_errno(&err, errno, "Cannot write to standard output");
	return cmd_fail(s, &err);
}

/* Opens /dev/null in the place of each closed standard descriptor. Else the next file opened would
 * get its number, and what is printed would go into that file. */
static void close_gaps(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
			return;
}

int main(int argc, char **argv)
{
	struct session s = { 0 };
	struct err err = { 0 };
	char *cwd;
	int cwd_error, code;

	/* a write beyond the limit of file sizes fails, instead of ending the program */
	signal(SIGXFSZ, SIG_IGN);
	s.arena = arena_new();
	s.programs = file_memo_new();
	s.warnings = warnings_new();
	cwd = getcwd(NULL, 0);
	cwd_error = cwd ? 0 : errno;
	close_gaps();
	start_raise_files();
	s.env = env_from(s.arena, environ);
	start_keep_jobserver(env_get(s.env, "MAKEFLAGS"));
	s.stdin_tty = isatty(STDIN_FILENO);
	s.stdout_tty = isatty(STDOUT_FILENO);
	s.stderr_tty = isatty(STDERR_FILENO);
	if (cwd)
		s.cwd = arena_str(s.arena, cwd);
	free(cwd);
	if (start_check_stack(&err) == 0 && digest_init() < 0)
		err_set(&err, ERR_SYSTEM, "The system gives no random numbers");
	code = err.n ? cmd_fail(&s, &err) : flushed(&s, run_as_named(&s, argc, argv, cwd_error));
	warnings_flush(s.warnings);
	warnings_free(s.warnings);
	places_free(s.places);
	file_memo_free(s.programs);
	arena_free(s.arena);
	return code;
}
