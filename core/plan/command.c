#include "config.h"

#include "plan/command.h"

#include <string.h>

#include "base/buf.h"

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

/* The words after `vt run`, `vp run`, `vpr`; NULL: this is no such command. */
static const char *const *run_words(const struct texts *argv, uint32_t *ret_n)
{
	uint32_t skip = 0;

	if (is(argv->at[0], "vpr"))
		skip = 1;
	else if ((is(argv->at[0], "vt") || is(argv->at[0], "vp")) && argv->n > 1 && is(argv->at[1], "run"))
		skip = 2;
	*ret_n = argv->n - skip;
	return skip ? argv->at + skip : NULL;
}

/* A nested run with a task is expanded; the runner's other commands are programs,
 * and those that show or change its own state are never cached. */
static void read_runner(struct action *at, struct arena *a)
{
	struct err err = { 0 };
	struct query_options *nested;
	uint32_t n;
	const char *const *words = run_words(&at->argv, &n);

	if (!words) {
		at->never_cached = at->argv.n > 1 && (is(at->argv.at[1], "cache") || is(at->argv.at[1], "plugins"));
		return;
	}
	at->nested = nested = arena_alloc(a, sizeof *nested);
	if (options_parse(n, words, a, nested, &err) < 0) {
		at->kind = ACTION_REFUSED;
		at->refused = arena_strn(a, err.text[0], strcspn(err.text[0], "\n"));
		err_clear(&err);
	} else if (nested->task && !nested->dry_run && !nested->json && !nested->help) {
		at->kind = ACTION_RUN;
	} else {
		at->never_cached = true;
	}
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

static void shell(struct actions *all, const char *text, const struct texts *extra, uint32_t element, struct arena *a)
{
	struct action *at = add(all, a);

	at->kind = ACTION_SHELL;
	at->element = element;
	at->shown = text;
	at->extra = *extra;
	at->argv.at = arena_array(a, 4, sizeof *at->argv.at);
	at->argv.at[0] = "/bin/sh";
	at->argv.at[1] = "-c";
	at->argv.at[2] = with_extra(text, extra, a);
	at->argv.n = 3;
}

void command_read(const struct texts *command, const struct texts *extra, struct arena *a, struct actions *ret)
{
	static const struct texts none = { NULL, 0 };
	struct actions all = { NULL, 0 };
	uint32_t element, i;

	for (element = 0; element < command->n; element++) {
		const struct texts *last = element + 1 == command->n ? extra : &none;
		struct words words = { NULL, 0 };

		if (!words_parse(command->at[element], a, &words)) {
			shell(&all, command->at[element], last, element, a);
			continue;
		}
		for (i = 0; i < words.n; i++) {
			const struct words_piece *piece = &words.at[i];
			struct action *at = add(&all, a);

			at->element = element;
			at->piece = i;
			at->extra = i + 1 == words.n ? *last : none;
			at->assignments = piece->assignments;
			at->assignments_n = piece->assignments_n;
			at->argv = append(&piece->argv, &at->extra, a);
			at->shown = with_extra(piece->source, &at->extra, a);
			classify(at, a);
		}
	}
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
