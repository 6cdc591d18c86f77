/* vt help: commands, pages of the manual and schemas, as they were installed with this vt. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "os/file.h"
#include "os/installation.h"
#include "os/terminal.h"
#include "text/path.h"

enum { HELP, PATH };
enum { FILE_MAX = 1 << 20 };           /* bytes of a page or schema that are read */

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
	[PATH] = { .name = "path" },
};

static int run(const struct session *s, int argc, char **argv);

const struct command command_help_pages = {
	.name = "help", .summary = "Show a command, a page of the manual, or a schema", .usage = "vt help [OPTIONS] [COMMAND|PAGE]", .run = run,
	.options = options, .options_n = COUNT(options), .flags = COMMAND_NEVER_CACHED,
	.help = "With a command: what `vt COMMAND --help` prints.\n"
		"\n"
		"Pages:\n"
		"  vt                      The manual of vt\n"
		"  vite-task.json          The tasks of a package\n"
		"  vt-config               The user's settings: stores, plugins, keys\n"
		"  vt-migrate              From turbo, Nx, npm-run-all and Wireit\n"
		"  vt-plugin               How plugins are written\n"
		"  vt-plugin.3             Every call between vt and its plugins\n"
		"  vt-client               The library for tools\n"
		"  vite-task.schema.json   The schema of vite-task.json\n"
		"  vt-run.schema.json      The schema of --summary-file\n"
		"  vt-events.schema.json   The schema of --events\n"
		"\n"
		"Options:\n"
		"      --path  Print where the file stands\n"
		"  -h, --help  Print help\n",
};

/* The names as they are installed. Of two pages with one name the first is meant. */
static const char *const pages[] = { "vt.1", "vite-task.json.5", "vt-config.5", "vt-migrate.7", "vt-plugin.7", "vt-plugin.3", "vt-client.3", NULL };
static const char *const schemas[] = { "vite-task.schema.json", "vt-run.schema.json", "vt-events.schema.json", NULL };

/* The page called `word`, with or without its section; NULL: there is none. */
static const char *page_named(const char *word)
{
	const size_t n = strlen(word);
	const char *const *p;

	for (p = pages; *p; p++)
		if (strcmp(*p, word) == 0 || (strncmp(*p, word, n) == 0 && strlen(*p) == n + 2 && (*p)[n] == '.'))
			break;
	return *p;
}

static const char *schema_named(const char *word)
{
	const char *const *s = schemas;

	while (*s && strcmp(*s, word) != 0)
		s++;
	return *s;
}

static bool is_there(const char *path)
{
	return access(path, R_OK) == 0;
}

/* The page for man; distributions compress it. NULL: it is not installed. */
static const char *page_file(struct arena *a, const struct installation *i, const char *page)
{
	const char *path = arena_printf(a, "%s/man%s/%s", i->man, strrchr(page, '.') + 1, page), *packed = arena_printf(a, "%s.gz", path);

	return is_there(path) ? path : is_there(packed) ? packed : NULL;
}

static const char *plain_file(struct arena *a, const struct installation *i, const char *page)
{
	const char *path = arena_printf(a, "%s/manual/%s.txt", i->data, page);

	return is_there(path) ? path : NULL;
}

/* The program on PATH; NULL: there is none. */
static const char *program(const struct session *s, const char *name)
{
	return file_find_program(name, s->cwd, env_get(s->env, "PATH"), s->programs, s->arena);
}

/* Shows a page by man. false: there is none that can. */
static bool show_by_man(const struct session *s, const char *file)
{
	const char *man = file ? program(s, "man") : NULL, *real = man ? file_real(man, s->arena) : NULL;
	const char *const argv[] = { man, "-l", file, NULL };

	/* the man of busybox shows no file by its path; in Ubuntu's small images a script stands in for man */
	if (!real || strcmp(path_base(real), "busybox") == 0 || is_there(arena_printf(s->arena, "%s.REAL", man)))
		return false;
	return terminal_lend((char *const *)(uintptr_t)argv, env_entries(s->env, s->arena));
}

/* Shows a file by a pager. false: there is none. */
static bool show_by_pager(const struct session *s, const char *file)
{
	const char *pager = env_get(s->env, "PAGER");
	const char *argv[] = { "/bin/sh", "-c", NULL, file, NULL };

	if (pager && *pager) {
		argv[2] = arena_printf(s->arena, "%s \"$0\"", pager);
	} else {
		argv[0] = program(s, "less") ? program(s, "less") : program(s, "more");
		argv[1] = file;
		argv[2] = NULL;
	}
	return argv[0] && terminal_lend((char *const *)(uintptr_t)argv, env_entries(s->env, s->arena));
}

static int print_file(const struct session *s, const char *file)
{
	struct err err = { 0 };
	struct bytes text;
	int found = file_read(file, FILE_MAX, s->arena, &text, &err);

	if (found > 0)
		err_set(&err, ERR_SYSTEM, "Cannot read '%s': it is not there", file);
	if (found)
		return cmd_fail(s, &err);
	fwrite(text.data, 1, text.size, stdout);
	return 0;
}

static int is_not_installed(const struct session *s, const char *name, const char *dir)
{
	struct err err = { 0 };

	err_set(&err, ERR_USER, "'%s' is not installed with this vt: it is not below '%s'; install vt again, with its manual", name, dir);
	return cmd_fail(s, &err);
}

/* Prints a path: for scripts byte by byte, on a terminal as text/shown.h says. */
static int print_path(const struct session *s, const char *path)
{
	if (s->stdout_tty)
		cmd_line(stdout, "%s", path);
	else
		puts(path);
	return 0;
}

static int show_page(const struct session *s, const struct installation *i, const char *page, bool path)
{
	const char *file = page_file(s->arena, i, page), *text = plain_file(s->arena, i, page);
	bool terminal = s->stdin_tty && s->stdout_tty;

	if (!file && !text)
		return is_not_installed(s, page, i->man);
	if (path)
		return print_path(s, file ? file : text);
	if (terminal && show_by_man(s, file))
		return 0;
	if (!text)
		return is_not_installed(s, page, i->data);
	if (terminal && show_by_pager(s, text))
		return 0;
	return print_file(s, text);
}

static int show_schema(const struct session *s, const struct installation *i, const char *schema, bool path)
{
	const char *file = path_join(s->arena, i->data, schema);

	if (!is_there(file))
		return is_not_installed(s, schema, i->data);
	return path ? print_path(s, file) : print_file(s, file);
}

/* Fails for a word that is neither a command nor a page, and names the nearest. */
static int unknown(const struct session *s, const struct args *args, const char *word)
{
	const char *names[32 + COUNT(pages) + COUNT(schemas)], *near;
	struct err err = { 0 };
	uint32_t n = 0, i;

	for (i = 0; commands[i] && n < 32; i++)
		names[n++] = commands[i]->name;
	for (i = 0; pages[i]; i++)
		names[n++] = arena_strn(s->arena, pages[i], strlen(pages[i]) - 2);
	for (i = 0; schemas[i]; i++)
		names[n++] = schemas[i];
	names[n] = NULL;
	near = args_nearest_name(names, word);
	if (near)
		args_wrong(args, &err, "no command and no page is called '%s'\n\n  tip: a similar name exists: '%s'", word, near);
	else
		args_wrong(args, &err, "no command and no page is called '%s'", word);
	return cmd_fail(s, &err);
}

static int run(const struct session *s, int argc, char **argv)
{
	struct installation installation;
	struct command_line line;
	struct err err = { 0 };
	const char *word, *page;
	int code = command_read_line(&command_help_pages, s, argc, argv, &line);
	bool path = code < 0 && command_line_has(&line, PATH);

	if (code >= 0)
		return code;
	if (line.words_n > 1)
		args_unexpected(&line.args, line.words[1], &err);
	else if (line.words_n == 0 && path)
		args_wrong(&line.args, &err, "the following required arguments were not provided:\n  <PAGE>");
	if (err.n || installation_find(s->arena, &installation, &err) < 0)
		return cmd_fail(s, &err);
	if (line.words_n == 0) {
		commands_help(stdout);
		return 0;
	}
	word = line.words[0];
	page = page_named(word);
	if (page)
		return show_page(s, &installation, page, path);
	if (schema_named(word))
		return show_schema(s, &installation, word, path);
	if (command_find(word) && !path) {
		command_help(command_find(word), stdout);
		return 0;
	}
	return unknown(s, &line.args, word);
}
