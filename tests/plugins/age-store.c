/* age-store FOLDER DAYS: moves the last use of everything in this store-2 back by so many days. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store-local/log-inside.h"

int main(int argc, char **argv)
{
	uint32_t days;
	struct stat st;
	struct record r;
	char *log;
	size_t at;
	int dir, fd;

	if (argc != 3)
		return 2;
	days = (uint32_t)atoi(argv[2]);
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dir < 0 ? -1 : openat(dir, "log", O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(argv[1]);
		return 1;
	}
	log = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (log == MAP_FAILED)
		return 1;
	for (at = sizeof(struct head); at + sizeof r <= (size_t)st.st_size; at += record_room(r.size)) {
		memcpy(&r, log + at, sizeof r);
		if (!record_is_one(&r) || record_room(r.size) > (size_t)st.st_size - at)
			return 1;
		r.day -= days;
		r.check = record_check(&r, log + at + sizeof r);
		memcpy(log + at, &r, sizeof r);
	}
	(void)unlinkat(dir, "index", 0);       /* the index holds the days, too */
	return 0;
}
