/* vt completion: the scripts for shells, and the words that they ask for. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ask/scripts.h"
#include "base/map.h"
#include "cmd/cmd.h"
#include "query/options.h"
#include "text/path.h"
#include "text/shown.h"
#include "workspace/workspace.h"

enum { HELP };

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
};

static int run(const struct session *s, int argc, char **argv);

const struct command command_completion = {
	.name = "completion", .summary = "Print the completion for a shell", .usage = "vt completion <SHELL>", .run = run,
	.options = options, .options_n = COUNT(options), .operands = 1, .flags = COMMAND_NEVER_CACHED,
	.help = "Commands:\n"
		"  bash  For ~/.bashrc: source <(vt completion bash)\n"
		"  zsh   For ~/.zshrc, behind compinit: source <(vt completion zsh)\n"
		"  fish  For config.fish: vt completion fish | source\n"
		"\n"
		"make install puts them where the shells find them by themselves.\n"
		"\n"
		"Options:\n"
		"  -h, --help  Print help\n",
};

/* ---- the words of a command line ------------------------------------------------------ */

/* A line that is being completed. */
struct line {
	const struct session *session;
	const char *const *words;      /* the words behind `vt` */
	uint32_t n;                    /* at least 1: the last is the one to complete */
	const char *current;           /* the word to complete */
	const struct command *command; /* NULL: the command itself is completed */
	const struct args_option *options;
	uint32_t options_n;
	const char *plain;             /* the first word of the command that is no option; NULL: none before the current one */
	uint32_t plain_n;
	const struct args_option *wants;   /* the option whose value the current word is; NULL */
	const char *in_front;          /* "--log=": stands before the value in the current word; else "" */
	bool everywhere;               /* -r or the like: tasks of all packages are offered */
	bool over;                     /* the following words are handed to the task */
	const char *cwd;
	struct map told;               /* values printed, each once */
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Prints a value and what it means, if it continues the current word. */
static void tell(struct line *l, const char *value, const char *text, size_t text_size)
{
	struct arena *a = l->session->arena;
	const char *whole = arena_printf(a, "%s%s", l->in_front, value);
	size_t i, n;
	bool safe;

	/* a shell puts the value on its line as it is: one that a terminal would obey is not offered */
	if (!begins(whole, l->current) || map_gets(&l->told, whole) || shown_in(a, whole) != whole)
		return;
	*map_puts(&l->told, whole) = l;
	fputs(whole, stdout);
	if (text_size)
		putchar('\t');
	for (i = 0; i < text_size; i += n) {
		n = shown_next(text + i, text_size - i, &safe);
		if (safe)
			fwrite(text + i, 1, n, stdout);
		else
			putchar(' ');
	}
	putchar('\n');
}

static void tell_plain(struct line *l, const char *value, const char *text)
{
	tell(l, value, text ? text : "", text ? strlen(text) : 0);
}

/* The text behind two blanks, in this line of a help text or, where there is none, in the next. */
static const char *meaning(const char *line, size_t *ret_size)
{
	const char *end = strchr(line, '\n'), *at = strstr(line, "  ");

	if (!at || (end && at > end)) {
		at = end ? end + 1 : line + strlen(line);
		end = strchr(at, '\n');
	}
	at += strspn(at, " ");
	*ret_size = end && end >= at ? (size_t)(end - at) : strlen(at);
	return at;
}

/* The line of an option in the command's help. */
static const char *option_text(const struct command *c, const char *name, size_t *ret_size)
{
	const char *const parts[] = { c->help, c->help_shared };
	char wanted[64];
	size_t i, n;

	snprintf(wanted, sizeof wanted, "--%s", name);
	n = strlen(wanted);
	for (i = 0; i < COUNT(parts); i++) {
		const char *at = parts[i];

		while (at && (at = strstr(at, wanted))) {
			if (strchr(" =[,\n", at[n]) && at[n])
				return meaning(at, ret_size);
			at += n;
		}
	}
	*ret_size = 0;
	return "";
}

static void tell_options(struct line *l)
{
	uint32_t i;
	size_t size;

	for (i = 0; i < l->options_n; i++) {
		const char *text;

		if (!l->options[i].name)
			continue;
		text = option_text(l->command, l->options[i].name, &size);
		tell(l, arena_printf(l->session->arena, "--%s", l->options[i].name), text, size);
	}
}

/* The line of the command's help below which it lists its verbs; NULL: it has none. */
static const char *verbs_of(const struct command *c)
{
	const char *at = strstr(c->help, "Commands:\n");

	return at ? at : strstr(c->help, "Pages:\n");
}

/* The words that the command's help lists as its verbs, or those that it lists behind the verb on the line. */
static void tell_verbs(struct line *l)
{
	const char *at = verbs_of(l->command), *text;
	size_t verb_n = l->plain ? strlen(l->plain) : 0, size;

	for (at = at ? strchr(at, '\n') + 1 : ""; begins(at, "  "); at = strchr(at, '\n') + 1) {
		const char *word = at + 2;

		text = meaning(word, &size);
		if (verb_n && (!begins(word, l->plain) || word[verb_n] != ' '))
			continue;
		word += verb_n ? verb_n + 1 : 0;
		/* a longer text goes on behind blanks; `<TASK>` and `[--json]` are no words to type */
		if (strchr(" <[", *word))
			continue;
		tell(l, arena_strn(l->session->arena, word, strcspn(word, " \n")), text, size);
	}
}

static bool has_verbs(const struct command *c)
{
	return verbs_of(c) != NULL;
}

/* ---- packages and tasks -------------------------------------------------------------- */

static void tell_packages(struct line *l, const struct workspace *w)
{
	uint32_t i;

	for (i = 0; i < w->packages_n; i++)
		if (w->packages[i].name[0])
			tell_plain(l, w->packages[i].name, w->packages[i].path);
	for (i = 0; i < w->packages_n && begins(l->current + strlen(l->in_front), "."); i++)
		tell_plain(l, arena_printf(l->session->arena, "./%s", w->packages[i].path), w->packages[i].name);
}

static const char *command_of(const struct task *t)
{
	return t->command.n ? t->command.at[0] : "";
}

/* The package's own tasks first, then those of all others by their full names. */
static void tell_tasks(struct line *l, const struct workspace *w)
{
	const struct package *here = workspace_package_at(w, l->cwd);
	uint32_t i;

	for (i = 0; i < w->tasks_n; i++)
		if (l->everywhere || w->tasks[i]->package == here)
			tell_plain(l, w->tasks[i]->name, command_of(w->tasks[i]));
	for (i = 0; i < w->tasks_n && !l->everywhere; i++)
		tell_plain(l, w->tasks[i]->label, command_of(w->tasks[i]));
}

static void tell_of_workspace(struct line *l, void (*tells)(struct line *l, const struct workspace *w))
{
	struct workspace *w = NULL;
	struct err none = { 0 };

	/* a workspace that cannot be read has nothing to offer; `vt run` says why */
	if (workspace_load(l->cwd, &w, &none) == 0)
		tells(l, w);
	err_clear(&none);
	if (w)
		workspace_free(w);
}

/* ---- reading ------------------------------------------------------------------------------- */

static const struct args_option *option_named(const struct line *l, const char *word)
{
	uint32_t i;

	for (i = 0; i < l->options_n; i++) {
		const struct args_option *o = &l->options[i];

		if (o->name && ((begins(word, "--") && strcmp(word + 2, o->name) == 0) || (word[0] == '-' && o->letter && word[1] == o->letter && !word[2])))
			return o;
	}
	return NULL;
}

static bool takes_task(const struct line *l)
{
	static const char *const names[] = { "run", "run-many", "watch", "why", "inputs", "outputs", "graph" };
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (strcmp(l->command->name, names[i]) == 0)
			return true;
	return strcmp(l->command->name, "cache") == 0 && l->plain && (strcmp(l->plain, "show") == 0 || strcmp(l->plain, "pull") == 0);
}

/* One word before the current one. Returns how many words it takes. */
static uint32_t read_word(struct line *l, uint32_t i)
{
	const char *word = l->words[i], *equals = strchr(word, '=');
	const struct args_option *o = option_named(l, equals ? arena_strn(l->session->arena, word, (size_t)(equals - word)) : word);

	if (strcmp(word, "--") == 0) {
		l->over = true;
		return 1;
	}
	if (!o) {
		if (word[0] == '-')
			return 1;
		if (!l->plain)
			l->plain = word;
		l->plain_n++;
		/* the words behind the task of `vt run` are handed to it */
		l->over = l->over || strcmp(l->command->name, "run") == 0;
		return 1;
	}
	l->everywhere = l->everywhere || (o->name && (strcmp(o->name, "recursive") == 0 || strcmp(o->name, "filter") == 0 ||
						      strcmp(o->name, "transitive") == 0 || strcmp(o->name, "affected") == 0));
	if (!o->value || o->may || equals)
		return 1;
	if (i + 1 == l->n - 1)
		l->wants = o;
	else if (o->name && strcmp(o->name, "cwd") == 0)
		l->cwd = l->words[i + 1][0] == '/' ? l->words[i + 1] : path_join(l->session->arena, l->cwd, l->words[i + 1]);
	return 2;
}

static void read_line(struct line *l)
{
	const char *equals = strchr(l->current, '=');
	uint32_t i = 1;

	l->command = command_find(l->words[0]);
	if (!l->command)
		return;
	l->options = l->command->options;
	l->options_n = l->command->options_n;
	if (!l->options && strncmp(l->command->name, "run", 3) == 0)
		l->options = options_list(&l->options_n);
	while (i + 1 < l->n && !l->over)
		i += read_word(l, i);
	if (!l->over && !l->wants && begins(l->current, "--") && equals) {
		l->in_front = arena_strn(l->session->arena, l->current, (size_t)(equals - l->current) + 1);
		l->wants = option_named(l, arena_strn(l->session->arena, l->current, (size_t)(equals - l->current)));
	}
}

/* The values that an option takes, separated by ", ". */
static void tell_possible(struct line *l)
{
	const char *at = l->wants->possible, *end;

	for (; at && *at; at = *end ? end + 2 : end) {
		end = strstr(at, ", ");
		end = end ? end : at + strlen(at);
		tell_plain(l, arena_strn(l->session->arena, at, (size_t)(end - at)), NULL);
	}
}

static void complete(struct line *l)
{
	const struct command *const *c;

	if (l->n > 1)
		read_line(l);
	if (l->n == 1 || (l->command && l->plain_n == 0 && strcmp(l->command->name, "help") == 0))
		for (c = commands; *c; c++)
			tell_plain(l, (*c)->name, (*c)->summary);
	if (!l->command || l->over)
		return;
	if (l->wants && l->wants->possible)
		tell_possible(l);
	else if (l->wants && strcmp(l->wants->name, "filter") == 0)
		tell_of_workspace(l, tell_packages);
	else if (l->wants)
		return;
	else if (l->current[0] == '-')
		tell_options(l);
	else if (has_verbs(l->command) && l->plain_n == 0)
		tell_verbs(l);
	else if (has_verbs(l->command) && l->plain_n == 1 && !takes_task(l))
		tell_verbs(l);
	else if (takes_task(l) && (l->plain_n == has_verbs(l->command) || strcmp(l->command->name, "run-many") == 0))
		tell_of_workspace(l, tell_tasks);
}

/* `vt completion words -- WORD...`, which the scripts call: a line for each word that may stand in the last one's place. */
static int words(const struct session *s, const char *const *at, uint32_t n)
{
	struct line l = { .session = s, .words = at, .n = n, .in_front = "", .cwd = s->cwd };

	if (n == 0)
		return 0;
	l.current = at[n - 1];
	map_init(&l.told);
	complete(&l);
	map_free(&l.told);
	return 0;
}

static int run(const struct session *s, int argc, char **argv)
{
	static const char *const shells[] = { "bash", "zsh", "fish", NULL };
	static const char *const scripts[] = { script_bash, script_zsh, script_fish };
	struct command_line line;
	struct err err = { 0 };
	uint32_t i;
	int code = command_read_line(&command_completion, s, argc, argv, &line);

	if (code >= 0)
		return code;
	if (line.words_n && strcmp(line.words[0], "words") == 0) {
		i = line.words_n > 1 && strcmp(line.words[1], "--") == 0 ? 2 : 1;
		return words(s, line.words + i, line.words_n - i);
	}
	for (i = 0; shells[i] && line.words_n && strcmp(shells[i], line.words[0]) != 0; i++)
		;
	if (line.words_n == 0)
		args_wrong(&line.args, &err, "the following required arguments were not provided:\n  <SHELL>");
	else if (line.words_n > 1)
		args_unexpected(&line.args, line.words[1], &err);
	else if (!shells[i])
		args_wrong(&line.args, &err, "invalid value '%s' for '<SHELL>'\n  [possible values: bash, zsh, fish]", line.words[0]);
	else
		fputs(scripts[i], stdout);
	return err.n ? cmd_fail(s, &err) : 0;
}
