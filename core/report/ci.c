#include "config.h"

#include "report/ci.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "report/summary.h"
#include "report/tail.h"
#include "report/words.h"
#include "text/shown.h"
#include "text/strip.h"

enum {
	CI_ANNOTATIONS = 10,           /* GitHub shows no more of one step of a job */
	CI_MESSAGE = 4096,             /* bytes of an annotation, about */
	CI_ROWS = 1000,                /* of the table: GitHub takes 1 MiB in all */
	CI_CELL = 500                  /* bytes of a cell, about */
};

static bool is_on(const struct env *env, const char *name)
{
	const char *v = env_get(env, name);

	return v && strcasecmp(v, "true") == 0;
}

enum ci ci_of(const struct env *env)
{
	if (is_on(env, "GITHUB_ACTIONS"))
		return CI_GITHUB;
	if (is_on(env, "GITLAB_CI"))
		return CI_GITLAB;
	return is_on(env, "TF_BUILD") ? CI_AZURE : CI_NONE;
}

/* ---- folds ---- */

/* A name that GitLab takes: letters, digits, '_', '.' and '-'. */
static void add_section(struct buf *b, const char *title, uint32_t number)
{
	buf_printf(b, "vt_%u_", number);
	for (; *title; title++)
		buf_byte(b, isalnum((unsigned char)*title) || *title == '.' || *title == '-' ? *title : '_');
}

void ci_fold(enum ci ci, const char *title, uint32_t number, int64_t seconds, struct buf *b)
{
	switch (ci) {
	case CI_GITHUB:
		buf_text(b, "::group::");
		break;
	case CI_AZURE:
		buf_text(b, "##[group]");
		break;
	case CI_GITLAB:
		buf_printf(b, "\033[0Ksection_start:%lld:", (long long)seconds);
		add_section(b, title, number);
		buf_text(b, "[collapsed=true]\r\033[0K");
		break;
	case CI_NONE:
		return;
	}
	shown_text(b, title);
	buf_byte(b, '\n');
}

void ci_unfold(enum ci ci, const char *title, uint32_t number, int64_t seconds, struct buf *b)
{
	switch (ci) {
	case CI_GITHUB:
		buf_text(b, "::endgroup::\n");
		break;
	case CI_AZURE:
		buf_text(b, "##[endgroup]\n");
		break;
	case CI_GITLAB:
		buf_printf(b, "\033[0Ksection_end:%lld:", (long long)seconds);
		add_section(b, title, number);
		buf_text(b, "\r\033[0K\n");
		break;
	case CI_NONE:
		break;
	}
}

/* ---- annotations ---- */

/* Adds text as GitHub's commands want it; in a property ',' and ':' are escaped, too. */
static void add_escaped(struct buf *b, const char *text, size_t size, bool property)
{
	size_t i;

	for (i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '%' || c == '\r' || c == '\n' || (property && (c == ',' || c == ':')))
			buf_printf(b, "%%%02X", c);
		else
			buf_byte(b, (char)c);
	}
}

/* The last lines without colours, and no more than fit. */
static void plain_lines(struct bytes lines, struct buf *ret)
{
	struct strip strip = { 0 };

	if (lines.size > CI_MESSAGE) {
		lines.data = (const char *)lines.data + lines.size - CI_MESSAGE;
		lines.size = CI_MESSAGE;
	}
	strip_add(&strip, lines.data, lines.size, ret);
	while (ret->size && ret->data[ret->size - 1] == '\n')
		ret->size--;
}

static void annotate(const struct summary_step *t, struct bytes lines, struct buf *b)
{
	struct buf text;

	buf_init(&text, SIZE_MAX / 2);
	shown_printf(&text, "%s failed (exit code: %d)", t->label, t->exit_code);
	buf_text(b, "::error title=");
	add_escaped(b, text.data, text.size, true);
	buf_text(b, "::");
	buf_clear(&text);
	if (t->trouble)
		shown_text(&text, t->trouble);
	else
		plain_lines(lines, &text);
	if (text.size == 0)
		shown_text(&text, t->command);
	add_escaped(b, text.data, text.size, false);
	buf_byte(b, '\n');
	buf_free(&text);
}

void ci_annotate(enum ci ci, const struct summary *s, struct buf *b)
{
	uint32_t i, which = 0;

	for (i = 0; ci == CI_GITHUB && i < s->n && which < CI_ANNOTATIONS; i++)
		if (s->at[i].failed)
			annotate(&s->at[i], s->tail ? tail_lines(s->tail, which++) : (struct bytes){ "", 0 }, b);
}

/* ---- the table ---- */

/* Adds text that Markdown shows as it is, in one cell. */
static void add_cell(struct buf *b, const char *text)
{
	size_t size = strlen(text), at = 0, n;
	bool safe;

	for (; at < size && at < CI_CELL; at += n) {
		n = shown_next(text + at, size - at, &safe);
		if (!safe)
			buf_byte(b, ' ');
		else if (n == 1 && ispunct((unsigned char)text[at]) && !strchr("-./#:'(),", text[at]))
			buf_printf(b, "&#%d;", text[at]);
		else
			buf_add(b, text + at, n);
	}
	if (at < size)
		buf_text(b, "…");
}

static const char *result_word(const struct summary_step *t)
{
	if (t->cancelled)
		return "⏹️ cancelled";
	if (t->failed)
		return "❌ failed";
	return t->result == END_HIT ? "✅ cache hit" : "✅ done";
}

static void add_row(const struct summary_step *t, struct buf *b)
{
	const char *why = t->trouble ? t->trouble : t->result == END_HIT ? NULL : t->not_cached ? t->not_cached : t->reason;

	buf_text(b, "| ");
	add_cell(b, t->label);
	buf_text(b, " | ");
	add_cell(b, t->command);
	buf_printf(b, " | %s", result_word(t));
	if (t->exit_code)
		buf_printf(b, " (exit code %d)", t->exit_code);
	buf_text(b, " | ");
	words_duration(t->result == END_HIT ? t->saved_ms : t->ms, b);
	buf_text(b, t->result == END_HIT ? " saved | " : " | ");
	if (why && t->not_cached == why)
		buf_text(b, "not cached: ");
	add_cell(b, why ? why : "");
	buf_text(b, " |\n");
}

void ci_table(const struct summary *s, struct buf *b)
{
	struct summary_counts c = summary_count(s);
	uint32_t i, rows = 0;

	buf_printf(b, "### %s vt run: %u task%s, %u cache hit%s", s->exit_code ? "❌" : "✅", c.tasks, words_s(c.tasks),
		   c.hits, words_s(c.hits));
	if (c.saved_ms > 0) {
		buf_text(b, ", ");
		words_duration(c.saved_ms, b);
		buf_text(b, " saved");
	}
	if (c.failed)
		buf_printf(b, ", %u failed", c.failed);
	if (c.cancelled)
		buf_printf(b, ", %u cancelled", c.cancelled);
	if (c.not_run)
		buf_printf(b, ", %u not run", c.not_run);
	buf_text(b, "\n\n| Task | Command | Result | Time | Why |\n|---|---|---|---|---|\n");
	/* failed steps first: readers open the page for them */
	for (i = 0; i < s->n && rows < CI_ROWS; i++)
		if (s->at[i].failed) {
			add_row(&s->at[i], b);
			rows++;
		}
	for (i = 0; i < s->n && rows < CI_ROWS; i++)
		if (!s->at[i].failed) {
			add_row(&s->at[i], b);
			rows++;
		}
	if (s->n > rows)
		buf_printf(b, "\n… and %u more\n", s->n - rows);
	buf_byte(b, '\n');
}
