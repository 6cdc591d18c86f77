/* selector: the list of tasks on a terminal. Arrows move, letters search, Enter chooses. */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"
#include "cmd/pick.h"
#include "os/file.h"
#include "report/screen.h"
#include "text/shown.h"
#include "text/utf8.h"
#include "workspace/workspace.h"

enum {
	PAGE = 12,                 /* rows shown, headers included */
	QUERY_MAX = 256,
	WIDTH_DEFAULT = 80,
	ESCAPE_MS = 30,            /* after Esc, the rest of a key's sequence comes within it */
	CTRL_C = 3, CTRL_D = 4, ESC = 27, DELETE = 127
};

/* A row: a task, or a package as the header of its tasks. */
struct row {
	const struct pick *pick;       /* NULL: a header */
	const struct package *package;
};

struct selector {
	const struct picks *all;
	const char *typo;              /* the name that no task has; NULL: none was given */
	char query[QUERY_MAX + 1];
	size_t query_n;
	struct arena *a;               /* of the rows; renewed with each key */
	struct row *rows;
	uint32_t rows_n;
	uint32_t selected;             /* index of a row, never of a header */
	uint32_t top;                  /* index of the first row shown */
	bool grouped;                  /* a row is a header */
	uint32_t longest;              /* columns of the longest name */
	uint32_t lines;                /* lines drawn last time */
	bool coloured;
};

static volatile sig_atomic_t caught;

static void on_signal(int signum)
{
	caught = signum;
}

/* Bytes and columns of the first character of s, which is not empty. A byte that is not UTF-8 takes
 * one column; wcwidth with the thread's locale tells the width of others. */
static size_t next(const char *s, uint32_t *ret_columns)
{
	uint32_t c;
	size_t n = utf8_next(s, strnlen(s, 4), &c);
	int w = n ? wcwidth((wchar_t)c) : 1;

	*ret_columns = w < 0 ? 1 : (uint32_t)w;
	return n ? n : 1;
}

static uint32_t columns(const char *s)
{
	uint32_t n = 0, w;

	for (; *s; n += w)
		s += next(s, &w);
	return n;
}

static void add_row(struct selector *l, const struct pick *pick, const struct package *package)
{
	l->rows = arena_grow(l->a, l->rows, l->rows_n, sizeof *l->rows);
	l->rows[l->rows_n].pick = pick;
	l->rows[l->rows_n++].package = package;
}

/* Makes the rows: the current package's tasks without a header, then the other packages, the one
 * with the best match first. */
static void make_rows(struct selector *l)
{
	struct picks some;
	bool *taken;
	uint32_t i, k, n;

	arena_free(l->a);
	l->a = arena_new();
	l->rows = NULL;
	l->rows_n = l->longest = l->selected = l->top = 0;
	l->grouped = false;
	pick_match(l->all, l->query, l->a, &some);
	taken = arena_array(l->a, some.n, sizeof *taken);
	for (i = 0; i < some.n; i++) {
		n = columns(some.at[i].task->name);
		if (n > l->longest)
			l->longest = n;
		if ((taken[i] = some.at[i].here))
			add_row(l, &some.at[i], NULL);
	}
	for (i = 0; i < some.n; i++) {
		if (taken[i])
			continue;
		l->grouped = true;
		add_row(l, NULL, some.at[i].task->package);
		for (k = i; k < some.n; k++)
			if (!taken[k] && some.at[k].task->package == some.at[i].task->package) {
				taken[k] = true;
				add_row(l, &some.at[k], NULL);
			}
	}
	if (l->rows_n && !l->rows[0].pick)
		l->selected = 1;
}

static uint32_t width(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : WIDTH_DEFAULT;
}

static void style(struct selector *l, struct buf *b, const char *codes)
{
	if (l->coloured)
		buf_printf(b, "\033[%sm", codes);
}

/* Adds as much of s as fits into `room` columns, with an ellipsis if it is cut and blanks for control
 * bytes. Returns the columns used. */
static uint32_t cut(struct buf *b, const char *s, uint32_t room)
{
	uint32_t all = columns(s), used = 0, w;
	size_t n;
	bool safe;

	for (; *s && room; s += n, used += w) {
		n = next(s, &w);
		if (all > room && used + w >= room) {
			buf_text(b, "…");
			return used + 1;
		}
		shown_next(s, n, &safe);
		if (safe)
			buf_add(b, s, n);
		else
			buf_byte(b, ' ');
	}
	return used;
}

static void end_line(struct selector *l, struct buf *b)
{
	buf_text(b, "\r\n");
	l->lines++;
}

static void draw_header(struct selector *l, struct buf *b, const struct package *p, uint32_t room)
{
	char text[1024];
	const char *path = *p->path ? p->path : "workspace root";

	snprintf(text, sizeof text, *p->name ? "    %s (%s)" : "    %s%s", p->name, path);
	style(l, b, "2");
	cut(b, text, room);
	style(l, b, "0");
	end_line(l, b);
}

static void draw_item(struct selector *l, struct buf *b, const struct pick *pick, bool selected, uint32_t room)
{
	const char *prefix = selected ? (pick->here ? "  › " : "  ›   ") : (pick->here ? "    " : "      ");
	uint32_t column = (l->grouped ? 6 : 4) + l->longest + 1, used;

	if (selected)
		style(l, b, "38;5;8");
	used = cut(b, prefix, room);
	if (selected) {
		style(l, b, "0");
		style(l, b, "38;5;12");
		style(l, b, "1");
	}
	used += cut(b, pick->task->name, room - used);
	if (selected)
		style(l, b, "0");
	for (; used < column && used < room; used++)
		buf_byte(b, ' ');
	style(l, b, "38;5;8");
	cut(b, pick->command, room - used);
	style(l, b, "0");
	end_line(l, b);
}

static void erase(struct selector *l, struct buf *b)
{
	if (l->lines)
		buf_printf(b, "\033[%uA", l->lines);
	buf_text(b, "\033[1G\033[J");
	l->lines = 0;
}

/* Writes and frees b. */
static void put(struct buf *b)
{
	(void)file_write_all(STDOUT_FILENO, b->data, b->size);
	buf_free(b);
}

static void draw(struct selector *l)
{
	struct buf b;
	uint32_t room = width(), i, more = 0;

	buf_init(&b, 1 << 20);
	erase(l, &b);
	if (l->typo) {
		char text[QUERY_MAX + 64];

		snprintf(text, sizeof text, "Task \"%.*s\" not found.", QUERY_MAX, l->typo);
		cut(&b, text, room);
		end_line(l, &b);
	}
	buf_text(&b, "Select a task (↑/↓, Enter to run, type to search):");
	if (l->query_n) {
		buf_byte(&b, ' ');
		cut(&b, l->query, QUERY_MAX);
	}
	end_line(l, &b);
	end_line(l, &b);
	if (!l->rows_n) {
		buf_text(&b, "  No matching tasks. Press Escape to clear search.");
		end_line(l, &b);
	}
	for (i = l->top; i < l->rows_n; i++) {
		if (i >= l->top + PAGE)
			more += l->rows[i].pick != NULL;
		else if (l->rows[i].pick)
			draw_item(l, &b, l->rows[i].pick, i == l->selected, room);
		else
			draw_header(l, &b, l->rows[i].package, room);
	}
	if (more) {
		buf_printf(&b, "  (…%u more)", more);
		end_line(l, &b);
	}
	put(&b);
}

static void move(struct selector *l, int by)
{
	uint32_t to = l->selected;

	if (!l->rows_n)
		return;
	do {
		if ((by < 0 && to == 0) || (by > 0 && to + 1 >= l->rows_n))
			return;
		to = by < 0 ? to - 1 : to + 1;
	} while (!l->rows[to].pick);
	l->selected = to;
	if (to < l->top)
		l->top = to;
	if (to >= l->top + PAGE)
		l->top = to - PAGE + 1;
	if (l->top == to && to > 0 && !l->rows[to - 1].pick)
		l->top--;                  /* the first task of a group is shown with its header */
}

static void search(struct selector *l, size_t n)
{
	l->query_n = n;
	l->query[n] = '\0';
	make_rows(l);
}

static size_t without_last(const struct selector *l)
{
	size_t n = l->query_n;

	while (n > 0 && ((unsigned char)l->query[--n] & 0xc0) == 0x80)
		;
	return n;
}

/* Reads a byte from the terminal. -1: none came in time; -2: a signal, the end, or an error. */
static int byte(int timeout_ms)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned char c;
	int r;

	if (caught)
		return -2;
	r = poll(&p, 1, timeout_ms);
	if (r == 0)
		return -1;
	if (r < 0 || read(STDIN_FILENO, &c, 1) != 1)
		return -2;
	return c;
}

/* Handles what follows an Esc: an arrow, another key (ignored), or nothing. */
static void escape(struct selector *l)
{
	int c = byte(ESCAPE_MS), n;

	if (c != '[' && c != 'O') {
		search(l, 0);
		return;
	}
	for (n = 0; n < 16; n++) {
		c = byte(ESCAPE_MS);
		if (c < 0 || (c >= 0x40 && c <= 0x7e))
			break;
	}
	if (n == 0 && (c == 'A' || c == 'B'))
		move(l, c == 'A' ? -1 : 1);
}

/* Runs until the user chooses (true) or gives up (false). */
static bool choose(struct selector *l)
{
	for (;;) {
		int c;

		draw(l);
		c = byte(-1);
		if (c == -2 || c == CTRL_C || c == CTRL_D)
			return false;
		if (c == '\r' || c == '\n') {
			if (l->rows_n)
				return true;
		} else if (c == ESC) {
			escape(l);
		} else if (c == DELETE || c == 8) {
			search(l, without_last(l));
		} else if (c >= 32 && l->query_n < QUERY_MAX) {
			l->query[l->query_n] = (char)c;
			search(l, l->query_n + 1);
		}
	}
}

static void watch(struct sigaction *old, bool on)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction ours = { .sa_handler = on_signal };
	size_t i;

	sigemptyset(&ours.sa_mask);
	for (i = 0; i < COUNT(signals); i++)
		if (on)
			sigaction(signals[i], &ours, &old[i]);
		else
			sigaction(signals[i], &old[i], NULL);
}

static int run(const struct session *s, const struct picks *all, const char *typo, const struct pick **ret)
{
	struct selector l = { .all = all, .typo = typo, .coloured = screen_has_colours(s->env, s->stdout_tty) };
	struct sigaction old[4];
	struct termios before, raw;
	struct buf b;
	bool chosen = false;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return 1;
	if (typo) {
		l.query_n = strlen(typo) < QUERY_MAX ? strlen(typo) : 0;
		memcpy(l.query, typo, l.query_n);
	}
	make_rows(&l);
	fflush(stdout);
	raw = before;
	cfmakeraw(&raw);
	watch(old, true);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0) {
		buf_init(&b, 64);
		buf_text(&b, "\033[?25l");
		put(&b);
		chosen = choose(&l);
		buf_init(&b, 64);
		erase(&l, &b);
		buf_text(&b, "\033[?25h");
		put(&b);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	}
	watch(old, false);
	if (chosen) {
		uint32_t i;

		for (i = 0; i < all->n; i++)
			if (all->at[i].task == l.rows[l.selected].pick->task)
				*ret = &all->at[i];
	}
	arena_free(l.a);
	return chosen ? 0 : caught ? 128 + (int)caught : 130;
}

/* Lets the user choose. The thread gets a UTF-8 locale meanwhile, for wcwidth: names are UTF-8
 * whatever the user's locale is. The program's locale stays C. */
int selector_run(const struct session *s, const struct picks *all, const char *typo, const struct pick **ret)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
	int code = run(s, all, typo, ret);

	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	return code;
}
