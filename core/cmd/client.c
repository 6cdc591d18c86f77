#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "client/vt-client.h"
#include "cmd/cmd.h"

/* Exit codes of `vt client`; scripts rely on them. */
enum { CLIENT_DONE = 0, CLIENT_UNSET = 1, CLIENT_USAGE = 2, CLIENT_NO_RUNNER = 3, CLIENT_FAILED = 4 };

enum { HELP, UNTRACKED, REQUIRE_RUNNER, NUL, GLOB, PREFIX };

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
	[UNTRACKED] = { .name = "untracked" },
	[REQUIRE_RUNNER] = { .name = "require-runner" },
	[NUL] = { .name = "null", .letter = '0' },
	[GLOB] = { .name = "glob", .value = "PATTERN" },
	[PREFIX] = { .name = "prefix", .value = "TEXT" },
};

static const char help_text[] =
	"Outside of a task it does nothing.\n"
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
	"  -0, --null            End each variable by NUL instead of a newline\n"
	"      --require-runner  Outside of a task, exit with 3\n"
	"  -h, --help            Print help\n"
	"\n"
	"Exit status: 0 done, 1 the variable is not set, 2 usage, 3 no runner though required,\n"
	"4 the runner cannot be reached or refuses.\n";

static int run(const struct session *s, int argc, char **argv);

const struct command command_client = {
	.name = "client", .summary = "Talk to the runner from inside a task", .usage = "vt client <COMMAND>", .help = help_text, .run = run,
	.options = options, .options_n = COUNT(options), .operands = 2,
};

/* One call of `vt client`. */
struct words {
	const struct verb *verb;
	const char *const *operands;       /* the operands after the verb */
	uint32_t n;
	bool untracked, zero, require_runner;
	const char *glob, *prefix;         /* NULL: not given */
};

struct verb {
	const char *name;
	uint32_t options;                  /* bit i: it takes option i */
	const char *operand;               /* name of its operand in messages; NULL: it has none */
	bool many;                         /* the request takes several operands */
	int (*call)(vt_client *c, const struct words *w);      /* returns VT_CLIENT_* */
};

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

static int get_envs(vt_client *c, const struct words *w)
{
	return vt_client_get_envs(c, w->glob ? VT_CLIENT_GLOB : VT_CLIENT_PREFIX, w->glob ? w->glob : w->prefix, !w->untracked,
				  print_env, (void *)(uintptr_t)w);
}

static int disable_cache(vt_client *c, const struct words *w)
{
	(void)w;
	return vt_client_disable_cache(c);
}

static int ignore_inputs(vt_client *c, const struct words *w)
{
	int r = VT_CLIENT_OK;
	uint32_t i;

	for (i = 0; i < w->n && r == VT_CLIENT_OK; i++)
		r = vt_client_ignore_input(c, w->operands[i]);
	return r;
}

static int ignore_outputs(vt_client *c, const struct words *w)
{
	int r = VT_CLIENT_OK;
	uint32_t i;

	for (i = 0; i < w->n && r == VT_CLIENT_OK; i++)
		r = vt_client_ignore_output(c, w->operands[i]);
	return r;
}

enum { EVERY = 1 << HELP | 1 << REQUIRE_RUNNER };

static const struct verb verbs[] = {
	{ "get-env", EVERY | 1 << UNTRACKED, "NAME", false, get_env },
	{ "get-envs", EVERY | 1 << UNTRACKED | 1 << NUL | 1 << GLOB | 1 << PREFIX, NULL, false, get_envs },
	{ "disable-cache", EVERY, NULL, false, disable_cache },
	{ "ignore-input", EVERY, "PATH", true, ignore_inputs },
	{ "ignore-output", EVERY, "PATH", true, ignore_outputs },
};

static const struct verb *verb_of(const struct args *args, const char *word, struct err *err)
{
	const char *names[COUNT(verbs) + 1] = { NULL };
	size_t i;
	int verb;

	for (i = 0; i < COUNT(verbs); i++)
		names[i] = verbs[i].name;
	verb = command_verb(args, word, names, err);
	return verb < 0 ? NULL : &verbs[verb];
}

/* Checks options and operands against the verb. -1: err. */
static int check_words(const struct command_line *line, const struct words *w, struct err *err)
{
	uint32_t i;

	for (i = 0; i < line->args.options_n; i++)
		if (command_line_has(line, i) && !(w->verb->options & 1u << i))
			return args_unexpected(&line->args, options[i].letter ? arena_printf(line->arena, "-%c", options[i].letter) :
					       arena_printf(line->arena, "--%s", options[i].name), err);
	if (!w->n && w->verb->operand)
		return args_wrong(&line->args, err, "the following required arguments were not provided:\n  <%s>", w->verb->operand);
	if (w->n > (w->verb->operand != NULL) && !w->verb->many)
		return args_unexpected(&line->args, w->operands[w->verb->operand != NULL], err);
	if (w->verb->call == get_envs && !w->glob == !w->prefix)
		return args_wrong(&line->args, err, w->glob ? "the argument '--glob <PATTERN>' cannot be used with '--prefix <TEXT>'" :
				  "the following required arguments were not provided:\n  <--glob <PATTERN>|--prefix <TEXT>>");
	return 0;
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
		return w->verb->call == get_env ? CLIENT_UNSET : CLIENT_DONE;
	}
	if (r != VT_CLIENT_OK)
		return fail(s, r, w);
	said = w->verb->call(c, w);
	r = said < 0 ? said : vt_client_sync(c);
	r = r < 0 ? fail(s, r, w) : said == VT_CLIENT_NONE ? CLIENT_UNSET : CLIENT_DONE;
	vt_client_close(c);
	return r;
}

static int run(const struct session *s, int argc, char **argv)
{
	struct command_line line;
	struct err err = { 0 };
	struct words w = { 0 };
	int r = command_read_line(&command_client, s, argc, argv, &line);

	if (r >= 0)
		return r;
	if (!line.words_n) {
		command_help(&command_client, stderr);
		return CLIENT_USAGE;
	}
	w = (struct words){
		.verb = verb_of(&line.args, line.words[0], &err), .operands = line.words + 1, .n = line.words_n - 1,
		.untracked = command_line_has(&line, UNTRACKED), .zero = command_line_has(&line, NUL),
		.require_runner = command_line_has(&line, REQUIRE_RUNNER), .glob = line.values[GLOB], .prefix = line.values[PREFIX],
	};
	if (!w.verb || check_words(&line, &w, &err) < 0)
		return cmd_fail(s, &err);
	r = talk(s, &w);
	if ((fflush(stdout) != 0 || ferror(stdout)) && r <= CLIENT_UNSET) {
		err_errno(&err, errno, "the output cannot be written");
		cmd_fail(s, &err);
		r = CLIENT_FAILED;
	}
	return r;
}
