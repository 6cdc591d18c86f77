#include "config.h"

#include "cmd/pick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "report/screen.h"
#include "workspace/workspace.h"

enum {
	MATCH = 16, CONSECUTIVE = 12, WORD_START = 10, LABEL_START = 6, GAP_OPENS = -3, GAP_GROWS = -1,
	LABEL_MAX = 256,           /* bytes of a label that are compared */
	NEVER = -100000
};

static bool is_word_start(const char *label, size_t i)
{
	char before, c = label[i];

	if (i == 0)
		return true;
	before = label[i - 1];
	return strchr("#-_/:. @", before) || (c >= 'A' && c <= 'Z' && before >= 'a' && before <= 'z');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* The best score of a word that occurs in a label as a subsequence. best[k]: the best score of the
 * letters so far whose last one is matched at k. */
static int word_score(const char *word, size_t n, const char *label)
{
	int best[LABEL_MAX], next[LABEL_MAX], score = NEVER;
	size_t m = strlen(label), i, k;

	if (m > LABEL_MAX)
		m = LABEL_MAX;
	for (i = 0; i < n; i++) {
		int before = NEVER;                /* best score of the letters before, with the gap up to k */

		for (k = 0; k < m; k++) {
			int here = NEVER;

			if (lower(label[k]) == lower(word[i])) {
				int bonus = MATCH + (is_word_start(label, k) ? WORD_START : 0) + (k == 0 ? LABEL_START : 0);

				if (i == 0)
					here = bonus;
				else if (k > 0) {
					int joined = best[k - 1] == NEVER ? NEVER : best[k - 1] + bonus + CONSECUTIVE;
					int apart = before == NEVER ? NEVER : before + bonus;

					here = joined > apart ? joined : apart;
				}
			}
			next[k] = here;
			if (i > 0 && k > 0) {
				int opened = best[k - 1] == NEVER ? NEVER : best[k - 1] + GAP_OPENS;

				before = before == NEVER ? NEVER : before + GAP_GROWS;
				if (opened > before)
					before = opened;
			}
		}
		memcpy(best, next, m * sizeof *best);
	}
	for (k = 0; k < m; k++)
		if (best[k] > score)
			score = best[k];
	return score;
}

int pick_score(const char *query, const char *label)
{
	int score = 0;

	for (;;) {
		size_t n;
		int one;

		query += strspn(query, " \t");
		n = strcspn(query, " \t");
		if (!n)
			return score;
		one = word_score(query, n, label);
		if (one == NEVER)
			return -1;
		score += one > 0 ? one : 0;
		query += n;
	}
}

static int by_place(const void *pa, const void *pb)
{
	const struct pick *a = pa, *b = pb;
	int c = strcmp(a->task->package->name, b->task->package->name);

	if (a->here != b->here)
		return a->here ? -1 : 1;
	if (!c && a->task->package != b->task->package)
		return a->task->package->index < b->task->package->index ? -1 : 1;
	return c ? c : strcmp(a->task->name, b->task->name);
}

/* A group: what it waits for. */
static void add_group(const struct task *task, struct buf *b)
{
	uint32_t i;

	for (i = 0; i < task->needs_n; i++)
		buf_printf(b, "%s%s", i ? " + " : "", task->needs[i].task->package == task->package ? task->needs[i].task->name : task->needs[i].task->label);
	for (i = 0; i < task->above.n; i++)
		buf_printf(b, "%s^%s", b->size ? " + " : "", task->above.at[i]);
}

static const char *command(const struct task *task, struct arena *a)
{
	struct buf b;
	const char *ret;
	uint32_t i;

	if (task->command.n == 1 && !task->description)
		return task->command.at[0];
	buf_init(&b, 1 << 24);
	if (task->group)
		add_group(task, &b);
	for (i = 0; i < task->command.n; i++)
		buf_printf(&b, "%s%s", i ? " && " : "", task->command.at[i]);
	if (task->description)
		buf_printf(&b, "%s# %s", b.size ? "  " : "", task->description);
	ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ret;
}

void pick_list(const struct workspace *w, const struct package *here, struct arena *a, struct picks *ret)
{
	uint32_t i;

	ret->at = arena_array(a, w->tasks_n, sizeof *ret->at);
	ret->n = w->tasks_n;
	for (i = 0; i < w->tasks_n; i++) {
		struct pick *p = &ret->at[i];

		p->task = w->tasks[i];
		p->here = p->task->package == here;
		p->label = p->here ? p->task->name : p->task->label;
		p->command = command(p->task, a);
	}
	if (ret->n)
		qsort(ret->at, ret->n, sizeof *ret->at, by_place);
}

static int by_score(const void *pa, const void *pb)
{
	const struct pick *a = pa, *b = pb;

	return a->score != b->score ? (a->score > b->score ? -1 : 1) : by_place(a, b);
}

void pick_match(const struct picks *all, const char *query, struct arena *a, struct picks *ret)
{
	uint32_t i;

	ret->at = arena_array(a, all->n, sizeof *ret->at);
	ret->n = 0;
	for (i = 0; i < all->n; i++) {
		struct pick p = all->at[i];

		p.score = pick_score(query, p.label);
		if (p.score >= 0)
			ret->at[ret->n++] = p;
	}
	if (ret->n && query[strspn(query, " \t")])
		qsort(ret->at, ret->n, sizeof *ret->at, by_score);
}

static int print_list(const struct picks *all, const char *typo, struct arena *a)
{
	struct picks some;
	uint32_t i;

	pick_match(all, typo ? typo : "", a, &some);
	if (typo)
		cmd_line(stdout, "Task \"%s\" not found.%s", typo, some.n ? " Did you mean:" : "");
	for (i = 0; i < some.n; i++)
		cmd_line(stdout, "  %s: %s", some.at[i].label, some.at[i].command);
	return typo ? 1 : 0;
}

int pick_task(const struct session *s, const struct workspace *w, const char *typo, const struct task **ret)
{
	struct arena *a = arena_new();
	const struct pick *picked = NULL;
	struct err err = { 0 };
	struct picks all;
	int code;

	pick_list(w, workspace_package_at(w, s->cwd), a, &all);
	if (!s->stdin_tty || !s->stdout_tty) {
		code = print_list(&all, typo, a);
	} else if (!all.n) {
		err_set(&err, ERR_USER, "No tasks available");
		code = cmd_fail(s, &err);
	} else {
		code = selector_run(s, &all, typo, &picked);
		if (picked) {
			bool coloured = screen_has_colours(s->env, s->stdout_tty);

			fputs(coloured ? "\033[1mSelected task: \033[0m" : "Selected task: ", stdout);
			cmd_line(stdout, "%s", picked->label);
			fflush(stdout);
			*ret = picked->task;
		}
	}
	arena_free(a);
	return code;
}
