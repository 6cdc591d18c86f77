#include "config.h"

#include <string.h>

#include "text/glob.h"

static bool is_magic(char c)
{
	return c && strchr("*?$[]{}<>", c);
}

bool glob_has_magic(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '\\' && pattern[1])
			pattern++;
		else if (is_magic(*pattern))
			return true;
	}
	return false;
}

char *glob_escape(struct arena *a, const char *literal)
{
	char *out = arena_alloc(a, strlen(literal) * 2 + 1), *p = out;

	if (*literal == '!')
		*p++ = '\\';
	for (; *literal; literal++) {
		if (is_magic(*literal) || *literal == '\\')
			*p++ = '\\';
		*p++ = *literal;
	}
	return out;
}

const char *glob_rest(const char *pattern)
{
	const char *rest = pattern, *p;

	for (p = pattern; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (is_magic(*p))
			return rest;
		else if (*p == '/')
			rest = p + 1;
	}
	return p;
}

char *glob_base(struct arena *a, const char *pattern)
{
	const char *end = glob_rest(pattern), *p;
	char *out = arena_alloc(a, (size_t)(end - pattern) + 1), *q = out;

	for (p = pattern; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		*q++ = *p;
	}
	/* without the slash before the rest, but "/" stays */
	if (*end && q > out + 1)
		q--;
	*q = '\0';
	return out;
}
