#include "config.h"

#include "plan/command.h"

#include <string.h>

#include "base/buf.h"
#include "text/path.h"

enum { TEXT_MAX = 1 << 26 };

static bool is(const char *s, const char *word)
{
	return strcmp(s, word) == 0;
}

/* text + quoted arguments */
static const char *with_extra(const char *text, const struct texts *extra, struct arena *a)
{
	struct buf b;
	const char *ret;
	uint32_t i;

	if (!extra->n)
		return text;
	buf_init(&b, TEXT_MAX);
	buf_text(&b, text);
	for (i = 0; i < extra->n; i++) {
		buf_byte(&b, ' ');
		buf_text(&b, words_quote(extra->at[i], a));
	}
	ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ret;
}

static struct texts append(const struct texts *argv, const struct texts *extra, struct arena *a)
{
	struct texts ret = { arena_array(a, argv->n + extra->n + 1, sizeof *ret.at), argv->n + extra->n };

	if (argv->n)
		memcpy(ret.at, argv->at, argv->n * sizeof *ret.at);
	if (extra->n)
		memcpy(ret.at + argv->n, extra->at, extra->n * sizeof *ret.at);
	return ret;
}

/* The words after `vt run`, `vp run`, `vpr`, `vt run-many`; NULL: this is no such command. */
static const char *const *run_words(const struct texts *argv, uint32_t *ret_n, bool *ret_many)
{
	uint32_t skip = 0;

	*ret_many = is(argv->at[0], "vt") && argv->n > 1 && is(argv->at[1], "run-many");

	if (is(argv->at[0], "vpr"))
		skip = 1;
	else if ((is(argv->at[0], "vt") || is(argv->at[0], "vp")) && argv->n > 1 && (is(argv->at[1], "run") || *ret_many))
		skip = 2;
	*ret_n = argv->n - skip;
	return skip ? argv->at + skip : NULL;
}

/* A nested run with a task is expanded; the runner's other commands are programs. */
static void read_runner(struct action *at, struct arena *a)
{
	struct err err = { 0 };
	struct query_options *nested;
	uint32_t n;
	bool many;
	const char *const *words = run_words(&at->argv, &n, &many);

	if (!words) {
		at->runner_command = at->argv.n > 1 ? at->argv.at[1] : NULL;
		return;
	}
	at->nested = nested = arena_alloc(a, sizeof *nested);
	if (options_parse(n, words, many, a, nested, &err) < 0) {
		at->kind = ACTION_REFUSED;
		at->refused = arena_strn(a, err.text[0], strcspn(err.text[0], "\n"));
		err_clear(&err);
	} else if (nested->task && !nested->dry_run && !nested->json && !nested->help && !nested->watch && !nested->shards &&
		   !nested->together) {
		at->kind = ACTION_RUN;
	} else {
		at->never_cached = true;
	}
}

/* Builtins of shells that are no programs, or other ones. `cd`, `echo` and those that a
 * program does just as well are not among them. */
static bool is_builtin(const char *word)
{
	static const char *const builtins[] = {
		".", ":", "alias", "bg", "break", "builtin", "command", "continue", "declare", "eval", "exec", "exit", "export", "fc",
		"fg", "getopts", "hash", "jobs", "let", "local", "popd", "pushd", "read", "readonly", "return", "set", "shift", "shopt",
		"source", "time", "times", "trap", "type", "typeset", "ulimit", "umask", "unalias", "unset", "wait",
	};
	size_t i;

	for (i = 0; i < COUNT(builtins); i++)
		if (is(word, builtins[i]))
			return true;
	return false;
}

/* Shells differ in what they make of a backslash. */
static bool is_plain_echo(const struct texts *argv)
{
	uint32_t i;

	for (i = 1; i < argv->n; i++)
		if (strchr(argv->at[i], '\\'))
			return false;
	return true;
}

/* How a piece affects the pieces beside it. */
struct sort {
	bool runner;                       /* a nested run: expanded */
	bool shell;                        /* means something that only a shell knows */
	bool moves;                        /* later pieces depend on it: another folder, a builtin */
};

static struct sort sort_of(const struct words_piece *piece)
{
	const char *program = piece->argv.at[0];
	struct sort s = { .shell = piece->words_expand || piece->assignments_expand };
	uint32_t n;
	bool many;

	if ((is(program, "vt") || is(program, "vp") || is(program, "vpr")) && run_words(&piece->argv, &n, &many)) {
		s.runner = true;
		s.shell = piece->assignments_expand;
	} else if (is_builtin(program)) {
		s.shell = true;
		s.moves = !is(program, ":");
	} else if (is(program, "cd")) {
		s.shell |= piece->argv.n > 1 && piece->argv.at[1][0] == '-';
		s.moves = true;
	} else if (is(program, "echo")) {
		s.shell |= !is_plain_echo(&piece->argv);
	}
	return s;
}

static void classify(struct action *at, struct arena *a)
{
	const char *program = at->argv.at[0];

	at->kind = ACTION_PROGRAM;
	if (is(program, "echo"))
		at->kind = ACTION_ECHO;
	else if (is(program, "cd"))
		at->kind = ACTION_CD;
	else if (is(program, "vt") || is(program, "vp") || is(program, "vpr"))
		read_runner(at, a);
}

static struct action *add(struct actions *all, struct arena *a)
{
	all->at = arena_grow(a, all->at, all->n, sizeof *all->at);
	memset(&all->at[all->n], 0, sizeof *all->at);
	return &all->at[all->n++];
}

/* Does the result depend on the script's name? It does for programs that read in package.json what that script
 * shall do. */
static bool asks_for_script(const struct action *action)
{
	static const char *const programs[] = { "wireit", "run-s", "run-p", "npm-run-all" };
	uint32_t i;
	size_t k;

	if (action->kind == ACTION_SHELL && strstr(action->argv.at[2], "npm_lifecycle_"))
		return true;
	for (i = 0; i < action->argv.n; i++)
		for (k = 0; k < COUNT(programs); k++)
			if (action->kind == ACTION_SHELL ? strstr(action->argv.at[i], programs[k]) != NULL
							 : is(path_base(action->argv.at[i]), programs[k]))
				return true;
	return false;
}

/* One element of a command on its way to actions. */
struct element {
	struct actions *all;
	struct arena *a;
	const char *text;
	uint32_t number;                   /* in the command */
	const struct texts *extra;         /* for its last piece */
	struct words words;
	struct sort *sorts;                /* of the words' pieces */
};

static void add_shell(struct element *e, const char *text, const struct texts *extra, uint32_t piece)
{
	struct action *at = add(e->all, e->a);

	at->kind = ACTION_SHELL;
	at->element = e->number;
	at->piece = piece;
	at->shown = text;
	at->extra = *extra;
	at->argv.at = arena_array(e->a, 4, sizeof *at->argv.at);
	at->argv.at[0] = "sh";
	at->argv.at[1] = "-c";
	at->argv.at[2] = with_extra(text, extra, e->a);
	at->argv.n = 3;
}

static void add_piece(struct element *e, uint32_t i, const struct texts *extra)
{
	const struct words_piece *piece = &e->words.at[i];
	struct action *at = add(e->all, e->a);

	at->element = e->number;
	at->piece = i;
	at->extra = *extra;
	at->assignments = piece->assignments;
	at->assignments_n = piece->assignments_n;
	at->argv = append(&piece->argv, extra, e->a);
	at->shown = with_extra(piece->source, extra, e->a);
	classify(at, e->a);
}

/* The pieces of one stretch, as one text. */
static const char *joined(const struct element *e, uint32_t from, uint32_t to)
{
	const char *ret;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_text(&b, e->words.at[from].source);
	for (from++; from < to; from++) {
		buf_text(&b, " && ");
		buf_text(&b, e->words.at[from].source);
	}
	ret = arena_strn(e->a, buf_str(&b), b.size);
	buf_free(&b);
	return ret;
}

/* The first piece that is not of the stretch from `from` on: a nested run is one by itself. */
static uint32_t stretch_end(const struct element *e, uint32_t from)
{
	if (e->sorts[from].runner)
		return from + 1;
	while (from < e->words.n && !e->sorts[from].runner)
		from++;
	return from;
}

static struct sort sort_of_stretch(const struct element *e, uint32_t from, uint32_t to)
{
	struct sort s = e->sorts[from];

	for (; from < to; from++) {
		s.shell |= e->sorts[from].shell;
		s.moves |= e->sorts[from].moves;
	}
	return s;
}

static void sort_pieces(struct element *e)
{
	uint32_t i;

	e->sorts = arena_array(e->a, e->words.n, sizeof *e->sorts);
	for (i = 0; i < e->words.n; i++)
		e->sorts[i] = sort_of(&e->words.at[i]);
}

/* Must one shell run the whole element? It must when nothing in it is expanded, or when the part
 * of a shell decides what a nested run after it does. */
static bool is_whole(const struct element *e)
{
	uint32_t from, to;

	for (from = 0; from < e->words.n; from = to) {
		struct sort s;

		to = stretch_end(e, from);
		s = sort_of_stretch(e, from, to);
		if (s.shell && (s.runner || (from == 0 && to == e->words.n) || (s.moves && to < e->words.n)))
			return true;
	}
	return false;
}

static void read_element(struct element *e)
{
	static const struct texts none = { NULL, 0 };
	uint32_t from, to;

	if (!words_parse(e->text, e->a, &e->words)) {
		add_shell(e, e->text, e->extra, 0);
		return;
	}
	sort_pieces(e);
	if (is_whole(e) || (e->extra->n && e->words.ends_apart)) {
		add_shell(e, e->text, e->extra, 0);
		return;
	}
	for (from = 0; from < e->words.n; from = to) {
		to = stretch_end(e, from);
		if (sort_of_stretch(e, from, to).shell) {
			add_shell(e, joined(e, from, to), to == e->words.n ? e->extra : &none, from);
			continue;
		}
		for (; from < to; from++)
			add_piece(e, from, from + 1 == e->words.n ? e->extra : &none);
	}
}

void command_read(const struct texts *command, const struct texts *extra, struct arena *a, struct actions *ret)
{
	static const struct texts none = { NULL, 0 };
	struct actions all = { NULL, 0 };
	uint32_t i;

	for (i = 0; i < command->n; i++)
		read_element(&(struct element){
			.all = &all, .a = a, .text = command->at[i], .number = i,
			.extra = i + 1 == command->n ? extra : &none,
		});
	for (i = 0; i < all.n; i++)
		all.at[i].asks_for_script = asks_for_script(&all.at[i]);
	*ret = all;
}

const char *command_echo(const struct texts *argv, struct arena *a)
{
	struct buf b;
	const char *ret;
	uint32_t i = 1;
	bool newline = true;

	buf_init(&b, TEXT_MAX);
	if (argv->n > 1 && is(argv->at[1], "-n")) {
		newline = false;
		i = 2;
	}
	for (; i < argv->n; i++) {
		buf_text(&b, argv->at[i]);
		if (i + 1 < argv->n)
			buf_byte(&b, ' ');
	}
	if (newline)
		buf_byte(&b, '\n');
	ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ret;
}
