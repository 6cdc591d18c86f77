#include "config.h"

#include "base/texts.h"

#include <stdlib.h>
#include <string.h>

void texts_add(struct arena *a, struct texts *t, const char *s)
{
	t->at = arena_grow(a, t->at, t->n, sizeof *t->at);
	t->at[t->n++] = s;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void texts_sort(struct texts *t)
{
	uint32_t i, n = 0;

	if (t->n > 1)
		qsort(t->at, t->n, sizeof *t->at, by_bytes);
	for (i = 0; i < t->n; i++)
		if (!n || strcmp(t->at[n - 1], t->at[i]) != 0)
			t->at[n++] = t->at[i];
	t->n = n;
}

bool texts_has(const struct texts *sorted, const char *s)
{
	return sorted->n && bsearch(&s, sorted->at, sorted->n, sizeof *sorted->at, by_bytes);
}
