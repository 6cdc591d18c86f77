#include "config.h"

#include "text/words.h"

#include <string.h>

#include "base/texts.h"

/* Reads the POSIX shell's grammar as far as lists of simple commands, and stops at anything
 * more: the caller then gives the whole text to a shell. In doubt it stops: a shell is slower,
 * and never wrong. */
struct reader {
	struct arena *a;
	const char *p;             /* the next character */
	char *out;                 /* buffer for the current word: as long as the text */
	size_t out_n;
	const char *piece_end;     /* of the last piece that was read */
};

/* The properties of a word, besides its text. */
struct word {
	const char *start, *end;   /* its source */
	const char *text;
	bool quoted;               /* something in it was quoted or escaped: no keyword */
	size_t name_n;             /* > 0: NAME=..., unquoted; the length of NAME */
	bool odd_assignment;       /* NAME+=... or NAME[...]=... */
	bool bracket;              /* an unquoted [ came, which a ] may close */
	enum { BRACE_NONE, BRACE_OPEN, BRACE_LIST } brace;     /* an unquoted {; then a comma or two dots */
	bool expands;              /* a shell may make other words of it */
};

static bool is_name(char c, bool first)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && c >= '0' && c <= '9');
}

static bool is_continuation(const char *p)
{
	return p[0] == '\\' && p[1] == '\n';
}

/* Blanks and continued lines, then a comment; with `newlines` also line ends. */
static void skip(struct reader *r, bool newlines)
{
	for (;;) {
		if (is_continuation(r->p))
			r->p += 2;
		else if (*r->p == ' ' || *r->p == '\t' || (newlines && *r->p == '\n'))
			r->p++;
		else if (*r->p == '#')
			r->p = strchrnul(r->p, '\n');
		else
			return;
	}
}

static bool ends_word(char c)
{
	return c == '\0' || strchr(" \t\n|&;<>()", c);
}

static void take(struct reader *r, char c)
{
	r->out[r->out_n++] = c;
}

/* At a `$`. false: an expansion. */
static bool dollar(struct reader *r, bool in_quotes)
{
	char next = r->p[1];

	if (is_name(next, false) || (next && strchr("{(@*#?-$![", next)) || is_continuation(r->p + 1))
		return false;
	if (!in_quotes && (next == '\'' || next == '"'))         /* shells differ here */
		return false;
	take(r, *r->p++);
	return true;
}

static bool single_quotes(struct reader *r)
{
	const char *end = strchr(++r->p, '\'');

	if (!end)
		return false;
	memcpy(r->out + r->out_n, r->p, (size_t)(end - r->p));
	r->out_n += (size_t)(end - r->p);
	r->p = end + 1;
	return true;
}

static bool double_quotes(struct reader *r)
{
	for (r->p++; *r->p != '"';) {
		switch (*r->p) {
		case '\0':
		case '`':
			return false;
		case '$':
			if (!dollar(r, true))
				return false;
			break;
		case '\\':
			if (r->p[1] == '\n') {
				r->p += 2;
				break;
			}
			if (!r->p[1] || !strchr("\"\\$`", r->p[1]))
				take(r, *r->p);
			r->p++;
			if (*r->p)
				take(r, *r->p++);
			break;
		default:
			take(r, *r->p++);
		}
	}
	r->p++;
	return true;
}

/* Is the unquoted, unfinished word in r->out the left side of an assignment? At the `=`. */
static void note_assignment(const struct reader *r, struct word *w)
{
	size_t n = 0;

	if (w->quoted || w->name_n || w->odd_assignment)
		return;
	while (n < r->out_n && is_name(r->out[n], n == 0))
		n++;
	if (n == 0)
		return;
	if (n == r->out_n)
		w->name_n = n;
	else if ((n + 1 == r->out_n && r->out[n] == '+')
		 || (r->out[n] == '[' && (r->out[r->out_n - 1] == ']' || memmem(r->out + n, r->out_n - n, "]+", 2))))
		w->odd_assignment = true;
}

/* Would a shell replace the next character, a tilde, by a home folder? */
static bool is_home(const struct reader *r, const struct word *w)
{
	if (!w->name_n)
		return r->out_n == 0 && !w->quoted;
	return r->out_n == w->name_n + 1 || r->p[-1] == ':';
}

/* Records what the next, unquoted character means to a shell: file names, braces, a home folder. */
static void note_expansion(const struct reader *r, struct word *w)
{
	bool value = w->name_n > 0;        /* of an assignment: only a tilde means something there */

	switch (*r->p) {
	case '*':
	case '?':
		w->expands |= !value;
		break;
	case '[':
		w->bracket = true;
		break;
	case ']':
		w->expands |= w->bracket && !value;
		break;
	case '{':
		w->brace = w->brace == BRACE_NONE ? BRACE_OPEN : w->brace;
		break;
	case ',':
	case '.':
		if (w->brace == BRACE_OPEN && (*r->p == ',' || r->p[1] == '.'))
			w->brace = BRACE_LIST;
		break;
	case '}':
		w->expands |= w->brace == BRACE_LIST && !value;
		break;
	case '~':
		w->expands |= is_home(r, w);
		break;
	}
}

/* Reads a word that has at least one character. false: not static. */
static bool read_word(struct reader *r, struct word *w)
{
	memset(w, 0, sizeof *w);
	w->start = r->p;
	r->out_n = 0;
	while (is_continuation(r->p) || !ends_word(*r->p)) {
		switch (*r->p) {
		case '\\':
			if (r->p[1] == '\n') {
				r->p += 2;
				continue;
			}
			if (!r->p[1])
				return false;
			w->quoted = true;
			take(r, r->p[1]);
			r->p += 2;
			break;
		case '\'':
			w->quoted = true;
			if (!single_quotes(r))
				return false;
			break;
		case '"':
			w->quoted = true;
			if (!double_quotes(r))
				return false;
			break;
		case '`':
			return false;
		case '$':
			if (!dollar(r, false))
				return false;
			break;
		case '=':
			note_assignment(r, w);
			take(r, *r->p++);
			break;
		default:
			note_expansion(r, w);
			take(r, *r->p++);
		}
	}
	w->end = r->p;
	w->text = arena_strn(r->a, r->out, r->out_n);
	return true;
}

/* Words that mean something to a shell where a command begins. */
static bool is_keyword(const struct word *w)
{
	static const char *const keywords[] = {
		"if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until",
		"for", "in", "{", "}", "[[", "function", "select",
	};
	size_t i;

	if (w->text[0] == '!' && *w->start == '!')
		return true;
	if (!w->text[0])
		return true;               /* '' names no program: the shell reports it */
	for (i = 0; !w->quoted && i < COUNT(keywords); i++)
		if (strcmp(w->text, keywords[i]) == 0)
			return true;
	return false;
}

static void add_assignment(struct reader *r, struct words_piece *piece, const struct word *w)
{
	struct words_assignment *as;

	piece->assignments = arena_grow(r->a, piece->assignments, piece->assignments_n, sizeof *as);
	as = &piece->assignments[piece->assignments_n++];
	as->name = arena_strn(r->a, w->text, w->name_n);
	as->value = w->text + w->name_n + 1;
}

/* Reads one simple command; stops at the character that ends it. */
static bool read_piece(struct reader *r, struct words_piece *piece)
{
	const char *start = r->p, *end = r->p;
	struct word w;

	memset(piece, 0, sizeof *piece);
	for (skip(r, false); !ends_word(*r->p); skip(r, false)) {
		if (!read_word(r, &w))
			return false;
		end = w.end;
		if (w.odd_assignment || (w.name_n && piece->argv.n))
			return false;
		if (w.name_n) {
			add_assignment(r, piece, &w);
			piece->assignments_expand |= w.expands;
			continue;
		}
		piece->words_expand |= w.expands;
		if (!piece->argv.n && is_keyword(&w))
			return false;
		texts_add(r->a, &piece->argv, w.text);
	}
	piece->source = arena_strn(r->a, start, (size_t)(end - start));
	r->piece_end = end;
	return piece->argv.n > 0;
}

bool words_parse(const char *command, struct arena *a, struct words *ret)
{
	struct reader r = { .a = a, .p = command };
	struct words words = { 0 };

	r.out = arena_alloc(a, strlen(command) + 1);
	for (;;) {
		skip(&r, true);
		words.at = arena_grow(a, words.at, words.n, sizeof *words.at);
		if (!read_piece(&r, &words.at[words.n++]))
			return false;
		if (r.p[0] != '&' || r.p[1] != '&')
			break;
		r.p += 2;
	}
	if (*r.p == ';')
		r.p++;
	skip(&r, true);
	if (*r.p)
		return false;
	words.ends_apart = r.piece_end[strspn(r.piece_end, " \t\n")] != '\0';
	*ret = words;
	return true;
}

char *words_quote(const char *arg, struct arena *a)
{
	char *out, *p;
	size_t n;

	for (n = 0; is_name(arg[n], false) || (arg[n] && strchr("-=/,.+", arg[n])); n++)
		;
	if (n && !arg[n])
		return arena_strn(a, arg, n);
	p = out = arena_alloc(a, strlen(arg) * 4 + 3);
	*p++ = '\'';
	for (; *arg; arg++) {
		if (*arg == '\'' || *arg == '!') {
			*p++ = '\'';
			*p++ = '\\';
			*p++ = *arg;
			*p++ = '\'';
		} else {
			*p++ = *arg;
		}
	}
	*p++ = '\'';
	*p = '\0';
	return out;
}
