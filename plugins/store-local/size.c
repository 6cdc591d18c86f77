#include "size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool size_read(const char *text, uint64_t *ret)
{
	static const struct { const char *unit; double factor; } units[] = {
		{ "", 1 }, { "B", 1 }, { "K", 1024 }, { "KiB", 1024 }, { "KB", 1e3 }, { "M", 1048576 }, { "MiB", 1048576 }, { "MB", 1e6 },
		{ "G", 1073741824 }, { "GiB", 1073741824 }, { "GB", 1e9 }, { "T", 1099511627776 }, { "TiB", 1099511627776 }, { "TB", 1e12 },
	};
	char *end;
	double n = strtod(text, &end);
	unsigned i;

	while (*end == ' ')
		end++;
	for (i = 0; i < sizeof units / sizeof units[0] && strcmp(end, units[i].unit) != 0; i++)
		;
	if (end == text || !(n >= 0) || i == sizeof units / sizeof units[0] || n * units[i].factor > 1e18)
		return false;
	*ret = (uint64_t)(n * units[i].factor);
	return true;
}

const char *size_write(uint64_t n, char ret[SIZE_TEXT])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double f = (double)n;
	unsigned i;

	for (i = 0; f >= 1024 && i + 1 < sizeof units / sizeof units[0]; i++)
		f /= 1024;
	snprintf(ret, SIZE_TEXT, i ? "%.1f %s" : "%.0f %s", f, units[i]);
	return ret;
}
