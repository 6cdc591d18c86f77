/* clock: loaded by LD_PRELOAD it makes the time of day of a program CLOCK_OFF seconds wrong, or, once the file
 * CLOCK_OFF_FILE has a number, that number of seconds. The monotonic clock stays right, as on a machine whose time of
 * day is wrong. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t off(void)
{
	const char *text = getenv("CLOCK_OFF"), *file = getenv("CLOCK_OFF_FILE");
	char number[32];
	ssize_t n;
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		n = read(fd, number, sizeof number - 1);
		close(fd);
		number[n > 0 ? n : 0] = '\0';
		text = number;
	}
	return text ? (time_t)strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
	static int (*real)(clockid_t, struct timespec *);
	int r;

	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	r = real(id, ret);
	if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ret->tv_sec += off();
	return r;
}

time_t time(time_t *ret)
{
	struct timespec t = { .tv_sec = -1 };

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &t);
	if (ret)
		*ret = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &t) < 0)
		return -1;
	ret->tv_sec = t.tv_sec;
	ret->tv_usec = t.tv_nsec / 1000;
	return 0;
}
