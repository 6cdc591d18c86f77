#include "config.h"

#include "choose/value.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *const value_store_options[] = { "use", "as", "mode", "optional", "timeout", "budget", "below", "unsealed", NULL };

struct unit {
	const char *name;
	double factor;                 /* to bytes, to milliseconds */
};

static const struct unit sizes[] = {
	{ "B", 1 }, { "K", 1024 }, { "KiB", 1024 }, { "KB", 1e3 }, { "M", 1048576 }, { "MiB", 1048576 }, { "MB", 1e6 },
	{ "G", 1073741824 }, { "GiB", 1073741824 }, { "GB", 1e9 }, { "T", 1099511627776 }, { "TiB", 1099511627776 }, { "TB", 1e12 },
	{ NULL, 0 },
};
static const struct unit times[] = {
	{ "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 }, { "d", 8.64e7 }, { NULL, 0 },
};

/* Reads a decimal number and one of the units: "10 GiB", "1.5h". `bare`: the unit may be missing. */
static bool read_amount(const char *text, const struct unit *units, bool bare, char **ret)
{
	double n, factor = bare ? 1 : 0;
	char *end;

	if (text[strspn(text, "0123456789")] == 'x' || !(*text >= '0' && *text <= '9'))
		return false;
	n = strtod(text, &end);
	while (*end == ' ')
		end++;
	for (; *end && units->name; units++)
		if (strcmp(end, units->name) == 0)
			break;
	if (*end)
		factor = units->name ? units->factor : 0;
	if (factor <= 0 || !(n >= 0) || n * factor > 1e18)
		return false;
	if (asprintf(ret, "%llu", (unsigned long long)(n * factor)) < 0)
		*ret = NULL;
	return *ret != NULL;
}

const char *value_canonical(const char *type, const char *text, char **ret)
{
	char *end;

	*ret = NULL;
	if (strcmp(type, "size") == 0)
		return read_amount(text, sizes, true, ret) ? NULL : "a size as 500 MiB or 10 GB";
	if (strcmp(type, "duration") == 0)
		return read_amount(text, times, false, ret) ? NULL : "a duration as 500ms, 30s, 5m, 2h or 1d";
	if (strcmp(type, "bool") == 0) {
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return "true or false";
		*ret = xstrdup(text[0] == 't' ? "1" : "0");
		return NULL;
	}
	if (strcmp(type, "int") == 0) {
		errno = 0;
		(void)strtoll(text, &end, 10);
		if (!*text || *end || errno)
			return "a whole number";
	}
	if (strcmp(type, "url") == 0 && !strstr(text, "://"))
		return "a URL";
	if (strcmp(type, "path") == 0 && *text != '/')
		return "an absolute path";
	*ret = xstrdup(text);
	return NULL;
}
