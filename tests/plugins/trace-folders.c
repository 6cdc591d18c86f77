/* trace-folders: reads folders in the current folder by all functions of the C library that can,
 * and prints what they say. The tests compare that with and without vt's shim. It wants
 * "few" with some files, "many" with more than one read takes, "gone" to be removed, and
 * a file "file". */
#define _GNU_SOURCE
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"      /* readdir_r, which programs still use */

enum { WARM = 100, THREADS = 4 };

static void say(const char *what, long result)
{
	printf("%s: %ld %s\n", what, result, strerror(errno));
	errno = 0;
}

/* Hashes a name: the sum over a folder does not depend on the order of its entries. */
static unsigned long sum_of(const char *name)
{
	unsigned long h = 5381;

	while (*name)
		h = h * 33 + (unsigned char)*name++;
	return h;
}

static long count(DIR *d, unsigned long *ret_sum)
{
	const struct dirent *e;
	long n = 0;

	*ret_sum = 0;
	while ((e = readdir(d)) != NULL) {
		*ret_sum += sum_of(e->d_name) + e->d_type + (e->d_ino != 0);
		n++;
	}
	return n;
}

static void streams(const char *path)
{
	DIR *d = opendir(path);
	unsigned long sum = 0, again = 0;
	struct dirent *e, *r, one;
	char second[256], third[256];
	long n, place;

	say(path, d != NULL);
	if (!d)
		return;
	n = count(d, &sum);
	printf("%ld entries, sum %lu\n", n, sum);
	say("at the end", readdir(d) != NULL);
	rewinddir(d);
	say("from the start", count(d, &again) == n && again == sum);
	rewinddir(d);
	say("its first place", telldir(d));
	readdir(d);
	place = telldir(d);
	e = readdir(d);
	snprintf(second, sizeof second, "%s", e ? e->d_name : "");
	e = readdir(d);
	snprintf(third, sizeof third, "%s", e ? e->d_name : "");
	seekdir(d, place);
	say("the place is kept", telldir(d) == place);
	e = readdir(d);
	say("the second again", e ? strcmp(e->d_name, second) == 0 : -1);
	say("by readdir_r", readdir_r(d, &one, &r));
	say("the third again", r ? r == &one && strcmp(one.d_name, third) == 0 : -1);
	say("its descriptor is closed on exec", fcntl(dirfd(d), F_GETFD));
	n = dirfd(d);
	say("closed", closedir(d));
	say("and gone", fcntl((int)n, F_GETFD));
}

static void descriptors(void)
{
	int fd = open("few", O_RDONLY | O_DIRECTORY);
	struct stat st;
	unsigned long sum;
	DIR *d = fdopendir(fd), *volatile none = NULL;

	say("fdopendir", d && dirfd(d) == fd);
	say("closes on exec", fcntl(fd, F_GETFD));
	say("entries", count(d, &sum));
	say("is a folder", fstat(dirfd(d), &st) == 0 && S_ISDIR(st.st_mode));
	say("closes", closedir(d));
	say("its descriptor", fcntl(fd, F_GETFD));
	say("no descriptor", fdopendir(-1) != NULL);
	fd = open("file", O_RDONLY);
	say("of a file", fdopendir(fd) != NULL);
	say("which stays open", close(fd));
#ifdef __GLIBC__
	say("nothing", closedir(none));
#endif
	(void)none;
}

static int not_hidden(const struct dirent *e)
{
	errno = EDOM;                    /* a filter's errno must not matter */
	return e->d_name[0] != '.';
}

static void scanned(const char *path, int (*order)(const struct dirent **, const struct dirent **))
{
	struct dirent **list = NULL;
	unsigned long sum = 0;
	int n, i;

	errno = ERANGE;
	n = scandir(path, &list, not_hidden, order);
	say(path, n);
	for (i = 0; i < n; i++) {
		sum = (order ? sum * 31 : sum) + sum_of(list[i]->d_name) + list[i]->d_type;
		free(list[i]);
	}
	printf("sum %lu, a list: %d\n", sum, list != NULL);
	free(list);
}

static void removed(void)
{
	DIR *d = opendir("gone");
	unsigned long sum;

	say("removed", rmdir("gone"));
	say("has no entries", count(d, &sum));
	say("is closed", closedir(d));
}

struct part {
	DIR *d;
	long n;
};

/* Reads one stream on two threads: programs must not, but the C library endures it. */
static void *read_some(void *arg)
{
	struct part *p = arg;
	struct dirent one, *r;

	while (!readdir_r(p->d, &one, &r) && r)
		p->n++;
	return NULL;
}

static void shared(void)
{
	DIR *d = opendir("many");
	struct part part[THREADS];
	pthread_t thread[THREADS];
	long n = 0;
	int i;

	for (i = 0; i < THREADS; i++) {
		part[i] = (struct part){ d, 0 };
		pthread_create(&thread[i], NULL, read_some, &part[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		n += part[i].n;
	}
	say("by four threads", n);
	closedir(d);
}

int main(void)
{
	DIR *before = opendir("few");    /* by the C library: the gate is not open yet */
	unsigned long sum;
	int i;

	for (i = 0; i < WARM; i++)
		(void)!access("none", F_OK);
	errno = 0;
	say("one from before", count(before, &sum));
	rewinddir(before);
	say("once more", count(before, &sum));
	say("is closed", closedir(before));
	streams("few");
	streams("many");
	streams("nothing");
	streams("file");
	streams("empty");
	descriptors();
	scanned("few", alphasort);
	scanned("many", alphasort);
	scanned("many", NULL);
	scanned("empty", alphasort);
	scanned("nothing", alphasort);
	scanned("file", NULL);
	removed();
	shared();
	return 0;
}
