#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "text/glob.h"
#include "workspace/load.h"

int file_patterns_add(struct arena *a, struct file_patterns *list, const char *text, struct err *err)
{
	struct file_pattern p = { .text = text };
	size_t n = strlen(text);

	if (glob_make(a, text, GLOB_PATH, &p.glob, err) < 0)
		return -1;
	p.base = glob_base(a, text);
	p.base_size = strlen(p.base);
	p.all_below = n >= 3 && strcmp(text + n - 3, "/**") == 0;
	list->at = arena_grow(a, list->at, list->n, sizeof *list->at);
	list->at[list->n++] = p;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	const struct file_pattern *p = a, *q = b;

	return strcmp(p->text, q->text);
}

void file_patterns_sort(struct file_patterns *list)
{
	uint32_t i, n = 0;

	if (list->n > 1)
		qsort(list->at, list->n, sizeof *list->at, by_text);
	for (i = 0; i < list->n; i++)
		if (!n || strcmp(list->at[n - 1].text, list->at[i].text) != 0)
			list->at[n++] = list->at[i];
	list->n = n;
}

bool file_patterns_match(const struct file_patterns *list, const char *path, size_t size)
{
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		const struct file_pattern *p = &list->at[i];

		/* most paths are elsewhere, and that is soon seen */
		if (size >= p->base_size && memcmp(path, p->base, p->base_size) == 0 && glob_match(p->glob, path, size))
			return true;
	}
	return false;
}

bool globs_match(const struct globs *g, const char *path, size_t size)
{
	return file_patterns_match(&g->yes, path, size) && !file_patterns_match(&g->no, path, size);
}
