/* commands: the list of commands, and the reading of their words. */
#include "config.h"

#include <string.h>

#include "cmd/cmd.h"

extern const struct command command_run, command_run_many, command_why, command_inputs, command_outputs, command_graph, command_completion, command_doctor,
	command_cache, command_plugins, command_client, command_import, command_help_pages;

const struct command *const commands[] = {
	&command_run,
	&command_run_many,
	&command_why,
	&command_inputs,
	&command_outputs,
	&command_graph,
	&command_cache,
	&command_plugins,
	&command_client,
	&command_import,
	&command_completion,
	&command_doctor,
	&command_help_pages,
	NULL
};

const struct command *command_find(const char *name)
{
	const struct command *const *c = commands;

	while (*c && strcmp((*c)->name, name) != 0)
		c++;
	return *c;
}

void commands_help(FILE *to)
{
	const struct command *const *c;

	fputs("A caching task runner for workspaces of packages\n\nUsage: vt <COMMAND>\n\nCommands:\n", to);
	for (c = commands; *c; c++)
		fprintf(to, "  %-10s %s\n", (*c)->name, (*c)->summary);
	fputs("\nOptions:\n  -h, --help       Print help\n  -V, --version    Print version\n"
	      "  -C, --cwd <DIR>  As if vt were called in that folder\n"
	      "\nSee 'vt <COMMAND> --help' for more.\n", to);
}

void command_help(const struct command *c, FILE *to)
{
	fprintf(to, "%s\n\nUsage: %s\n\n%s%s", c->summary, c->usage, c->help, c->help_shared ? c->help_shared : "");
}

int command_verb(const struct args *args, const char *word, const char *const *names, struct err *err)
{
	const char *near;
	int i;

	for (i = 0; names[i]; i++)
		if (strcmp(names[i], word) == 0)
			return i;
	near = args_nearest_name(names, word);
	if (near)
		return args_wrong(args, err, "unrecognized subcommand '%s'\n\n  tip: a similar subcommand exists: '%s'", word, near);
	return args_wrong(args, err, "unrecognized subcommand '%s'", word);
}

bool command_line_has(const struct command_line *l, uint32_t option)
{
	return l->args.seen & UINT64_C(1) << option;
}

int command_read_line(const struct command *c, const struct session *s, int argc, char **argv, struct command_line *ret)
{
	struct err err = { 0 };
	int which;

	*ret = (struct command_line){
		.args = { .options = c->options, .options_n = c->options_n, .usage = c->usage,
			  .argc = (uint32_t)argc - 1, .argv = (const char *const *)argv + 1 },
		.arena = s->arena,
		.words = arena_array(s->arena, (size_t)argc, sizeof *ret->words),
	};
	while ((which = args_next(&ret->args, &err)) != ARGS_END) {
		if (which == 0) {
			command_help(c, stdout);
			return 0;
		}
		if (which == ARGS_UNKNOWN)
			args_unexpected(&ret->args, ret->args.value, &err);
		if (which == ARGS_UNKNOWN || which == ARGS_WRONG)
			return cmd_fail(s, &err);
		if (which == ARGS_WORD)
			ret->words[ret->words_n++] = ret->args.value;
		else
			ret->values[which] = ret->args.value;
		if (which == ARGS_WORD && ret->words_n == c->operands)
			ret->args.ended = true;
	}
	return -1;
}
