#include "size.h"

#include <stdio.h>

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
