#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "client/vt-client.h"
#include "cmd/cmd.h"

/* Exit codes of `vt client`, part of its interface. */
enum { CLIENT_DONE = 0, CLIENT_UNSET = 1, CLIENT_USAGE = 2, CLIENT_NO_RUNNER = 3, CLIENT_FAILED = 4 };

struct words {
	const char *verb;
	char **operands;               /* what follows the options */
	int n;
	bool untracked, zero, require_runner;
	const char *glob, *prefix;     /* NULL: not given */
};

static const char usage[] =
	"Usage: vt client <COMMAND>\n"
	"\n"
	"Talks to the runner from inside a task. Outside of one it does nothing.\n"
	"\n"
	"Commands:\n"
	"  get-env [--untracked] NAME    Print a variable; the task depends on it from now on\n"
	"  get-envs [--untracked] [-0] (--glob PATTERN | --prefix TEXT)\n"
	"                                Print all that match, as NAME=VALUE; -0 ends each by NUL\n"
	"  disable-cache                 This run is not stored\n"
	"  ignore-input PATH...          What is at or below is no input\n"
	"  ignore-output PATH...         What is at or below is no output\n"
	"\n"
	"Options:\n"
	"      --untracked       Only print; the task does not depend on it\n"
	"      --require-runner  Outside of a task, exit with 3\n"
	"  -h, --help            Print help\n"
	"\n"
	"Exit status: 0 done, 1 the variable is not set, 2 usage, 3 no runner though required,\n"
	"4 the runner cannot be reached or refuses.\n";

static int __attribute__((format(printf, 2, 3))) bad_usage(const struct session *s, const char *fmt, ...)
{
	struct err err = { 0 };
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_set(&err, ERR_USAGE, "%s\n\nUsage: vt client <COMMAND>\n\nFor more information, try '--help'.", text);
	cmd_fail(s, &err);
	return CLIENT_USAGE;
}

/* `--glob P` and `--glob=P`. 0: it is not that one; -1: its value is missing. */
static int takes(const char *option, int argc, char **argv, int *at, const char **ret)
{
	size_t n = strlen(option);

	if (strncmp(argv[*at], option, n) != 0 || (argv[*at][n] && argv[*at][n] != '='))
		return 0;
	if (argv[*at][n] == '=')
		*ret = argv[*at] + n + 1;
	else if (*at + 1 < argc)
		*ret = argv[++*at];
	else
		return -1;
	return 1;
}

static int is_verb(const char *word)
{
	static const char *const verbs[] = { "get-env", "get-envs", "disable-cache", "ignore-input", "ignore-output" };
	size_t i;

	for (i = 0; i < COUNT(verbs); i++)
		if (strcmp(word, verbs[i]) == 0)
			return 1;
	return 0;
}

static int read_option(const struct session *s, int argc, char **argv, int *at, struct words *w)
{
	const char *word = argv[*at];
	int r = 0;

	if (strcmp(word, "--require-runner") == 0)
		w->require_runner = true;
	else if (strcmp(word, "--untracked") == 0 && strncmp(w->verb, "get-env", 7) == 0)
		w->untracked = true;
	else if (strcmp(word, "-0") == 0 && strcmp(w->verb, "get-envs") == 0)
		w->zero = true;
	else if (strcmp(w->verb, "get-envs") == 0 &&
		 ((r = takes("--glob", argc, argv, at, &w->glob)) != 0 || (r = takes("--prefix", argc, argv, at, &w->prefix)) != 0))
		return r < 0 ? bad_usage(s, "a value is required for '%s' but none was supplied", word) : 0;
	else
		return bad_usage(s, "unexpected argument '%s' found", word);
	return 0;
}

/* 0: go on; else the exit code. */
static int read_words(const struct session *s, int argc, char **argv, struct words *w)
{
	int i, r;

	if (argc < 2)
		return bad_usage(s, "a command is required");
	w->verb = argv[1];
	if (!is_verb(w->verb))
		return bad_usage(s, w->verb[0] == '-' ? "unexpected argument '%s' found" : "unrecognized subcommand '%s'", w->verb);
	for (i = 2; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		r = read_option(s, argc, argv, &i, w);
		if (r)
			return r;
	}
	w->operands = argv + i;
	w->n = argc - i;
	if (strcmp(w->verb, "get-env") == 0 && !w->n)
		return bad_usage(s, "a NAME is required");
	if (strcmp(w->verb, "get-env") == 0 && w->n > 1)
		return bad_usage(s, "unexpected argument '%s' found", w->operands[1]);
	if (strncmp(w->verb, "ignore-", 7) == 0 && !w->n)
		return bad_usage(s, "at least one PATH is required");
	if ((strcmp(w->verb, "get-envs") == 0 || strcmp(w->verb, "disable-cache") == 0) && w->n)
		return bad_usage(s, "unexpected argument '%s' found", w->operands[0]);
	if (strcmp(w->verb, "get-envs") == 0 && !w->glob == !w->prefix)
		return bad_usage(s, "one of --glob and --prefix is required");
	return 0;
}

static int print_env(void *ctx, const char *name, const char *value, size_t size)
{
	const struct words *w = ctx;

	fprintf(stdout, "%s=", name);
	fwrite(value, 1, size, stdout);
	putchar(w->zero ? 0 : '\n');
	return 0;
}

static int get_env(vt_client *c, const struct words *w)
{
	char *value;
	size_t size;
	int r = vt_client_get_env(c, w->operands[0], !w->untracked, &value, &size);

	if (r == VT_CLIENT_OK) {
		fwrite(value, 1, size, stdout);
		putchar('\n');
		vt_client_free(value);
	}
	return r;
}

static int say(vt_client *c, const struct words *w)
{
	int i, r = VT_CLIENT_OK;

	if (strcmp(w->verb, "get-env") == 0)
		return get_env(c, w);
	if (strcmp(w->verb, "get-envs") == 0)
		return vt_client_get_envs(c, w->glob ? VT_CLIENT_GLOB : VT_CLIENT_PREFIX, w->glob ? w->glob : w->prefix, !w->untracked,
					  print_env, (void *)(uintptr_t)w);
	if (strcmp(w->verb, "disable-cache") == 0)
		return vt_client_disable_cache(c);
	for (i = 0; i < w->n && r == VT_CLIENT_OK; i++)
		r = strcmp(w->verb, "ignore-input") == 0 ? vt_client_ignore_input(c, w->operands[i])
							 : vt_client_ignore_output(c, w->operands[i]);
	return r;
}

static int fail(const struct session *s, int result, const struct words *w)
{
	int error = errno;
	struct err err = { 0 };

	if (result == VT_CLIENT_PATTERN)
		err_set(&err, ERR_SYSTEM, "invalid glob pattern: \"%s\"", w->glob);
	else if (result == VT_CLIENT_FAILED)
		err_errno(&err, error, "%s", vt_client_words(result));
	else
		err_set(&err, ERR_SYSTEM, "%s", vt_client_words(result));
	cmd_fail(s, &err);
	return CLIENT_FAILED;
}

static int talk(const struct session *s, const struct words *w)
{
	const char *endpoint = env_get(s->env, "VP_RUN_IPC_NAME");
	vt_client *c;
	int r = endpoint ? vt_client_open(endpoint, 0, &c) : VT_CLIENT_NONE, said;

	if (r == VT_CLIENT_NONE) {
		if (w->require_runner) {
			struct err err = { 0 };

			err_set(&err, ERR_USER, "not inside a task: `vt client` was told to require a runner");
			cmd_fail(s, &err);
			return CLIENT_NO_RUNNER;
		}
		return strcmp(w->verb, "get-env") == 0 ? CLIENT_UNSET : CLIENT_DONE;
	}
	if (r != VT_CLIENT_OK)
		return fail(s, r, w);
	said = say(c, w);
	r = said < 0 ? said : vt_client_sync(c);
	r = r < 0 ? fail(s, r, w) : said == VT_CLIENT_NONE ? CLIENT_UNSET : CLIENT_DONE;
	vt_client_close(c);
	return r;
}

int cmd_client(const struct session *s, int argc, char **argv)
{
	struct words w = { 0 };
	int i, r;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			return CLIENT_DONE;
		}
	r = read_words(s, argc, argv, &w);
	if (r)
		return r;
	r = talk(s, &w);
	if ((fflush(stdout) != 0 || ferror(stdout)) && r <= CLIENT_UNSET) {
		struct err err = { 0 };

		err_errno(&err, errno, "the output cannot be written");
		cmd_fail(s, &err);
		r = CLIENT_FAILED;
	}
	return r;
}
