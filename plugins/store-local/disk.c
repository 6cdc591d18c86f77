#include "disk.h"

#include <sys/statvfs.h>

uint64_t disk_sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t disk_product(uint64_t a, uint64_t b)
{
	return b && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

int disk_ask(int dir, struct disk *ret)
{
	struct statvfs s;

	/* no blocks: a tmpfs without a limit, or a file system without figures */
	if (dir < 0 || fstatvfs(dir, &s) < 0 || !s.f_blocks || (s.f_flag & ST_RDONLY))
		return -1;
	ret->size = disk_product(s.f_blocks, s.f_frsize);
	ret->available = disk_product(s.f_bavail, s.f_frsize);
	return 0;
}

uint64_t disk_missing(int dir, uint64_t want)
{
	struct disk d;

	return disk_ask(dir, &d) < 0 || d.available >= want ? 0 : want - d.available;
}
