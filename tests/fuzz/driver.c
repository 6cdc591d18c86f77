/* Feeds a fuzz target its seeds and then changed ones, the same in every run.
 *
 *     fuzz-glob               the seeds in tests/fuzz/seeds/glob, FUZZ_RUNS changed ones (3000)
 *     fuzz-glob FILE...       these files only
 *
 * An input that ends the program is left in crash-NAME, in the current folder. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 16, SEEDS_MAX = 256, SECONDS_MAX = 300 };

struct input {
	uint8_t *data;
	size_t size;
};

static struct input seeds[SEEDS_MAX];
static unsigned seeds_n;
static struct input now;
static char crash_name[256];
static uint64_t state = 0x9e3779b97f4a7c15u;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 16) % (below ? below : 1));
}

static void leave_input(int number)
{
	int fd = open(crash_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd >= 0 && write(fd, now.data, now.size) >= 0)
		close(fd);
	signal(number, SIG_DFL);
	raise(number);
}

static struct input read_input(const char *path)
{
	struct input in = { .data = malloc(INPUT_MAX) };
	FILE *f = fopen(path, "re");

	if (!in.data || !f) {
		printf("Bail out! %s cannot be read\n", path);
		exit(1);
	}
	in.size = fread(in.data, 1, INPUT_MAX, f);
	fclose(f);
	return in;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_seeds(const char *name)
{
	const char *top = getenv("abs_top_srcdir");
	struct dirent **list;
	char path[4096];
	int n, i;

	snprintf(path, sizeof path, "%s/tests/fuzz/seeds/%s", top ? top : "..", name);
	n = scandir(path, &list, NULL, by_name);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/tests/fuzz/seeds/%s/%s", top ? top : "..", name, list[i]->d_name);
		if (list[i]->d_name[0] != '.' && seeds_n < SEEDS_MAX)
			seeds[seeds_n++] = read_input(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* The target gets a copy of exactly its size, so that an overrun is seen. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	now.data = copy;
	now.size = size;
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t insert(uint8_t *data, size_t size, size_t at, const uint8_t *what, size_t n)
{
	if (size + n > INPUT_MAX)
		return size;
	memmove(data + at + n, data + at, size - at);
	memcpy(data + at, what, n);
	return size + n;
}

static size_t change(uint8_t *data, size_t size)
{
	static const char special[] = "\"'\\{}[]<>()*?!,:;&|$#~^=-./@\n\t 0x\x80\xff\0";
	const struct input *other = &seeds[any(seeds_n)];
	size_t at = size ? any((uint32_t)size) : 0, n, from;
	uint8_t chunk[64], byte;

	switch (any(6)) {
	case 0:
		if (size)
			data[at] ^= (uint8_t)(1u << any(8));
		return size;
	case 1:
		byte = (uint8_t)special[any(sizeof special)];
		return insert(data, size, at, &byte, 1);
	case 2:
		n = any(16);
		n = n > size - at ? size - at : n;
		memmove(data + at, data + at + n, size - at - n);
		return size - n;
	case 3:
		if (size)
			data[at] = (uint8_t)special[any(sizeof special)];
		return size;
	case 4:
		n = any(sizeof chunk);
		n = n > size - at ? size - at : n;
		memcpy(chunk, data + at, n);
		return insert(data, size, size ? any((uint32_t)size) : 0, chunk, n);
	default:
		from = other->size ? any((uint32_t)other->size) : 0;
		n = any(64);
		n = n > other->size - from ? other->size - from : n;
		return insert(data, size, at, other->data + from, n);
	}
}

int main(int argc, char **argv)
{
	static uint8_t data[INPUT_MAX];
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM };
	const char *base = strrchr(argv[0], '/'), *runs = getenv("FUZZ_RUNS"), *name;
	unsigned long i, n = runs ? strtoul(runs, NULL, 10) : 3000;
	size_t size, k;
	struct input in;

	base = base ? base + 1 : argv[0];
	name = strncmp(base, "fuzz-", 5) == 0 ? base + 5 : base;
	snprintf(crash_name, sizeof crash_name, "crash-%s", name);
	for (k = 0; k < sizeof deadly / sizeof deadly[0]; k++)
		signal(deadly[k], leave_input);
	alarm(SECONDS_MAX);
	for (i = 1; i < (unsigned long)argc; i++) {
		in = read_input(argv[i]);
		run(in.data, in.size);
		free(in.data);
	}
	if (argc > 1)
		return 0;
	read_seeds(name);
	printf("1..2\n%s 1 - %u seeds for %s are there and read\n", seeds_n ? "ok" : "not ok", seeds_n, name);
	for (i = 0; i < seeds_n; i++)
		run(seeds[i].data, seeds[i].size);
	for (i = 0; i < n && seeds_n; i++) {
		in = seeds[any(seeds_n)];
		memcpy(data, in.data, in.size);
		size = in.size;
		for (k = any(8) + 1; k; k--)
			size = change(data, size);
		run(data, size);
	}
	for (i = 0; i < seeds_n; i++)
		free(seeds[i].data);
	printf("ok 2 - %lu changed ones do no harm\n", n);
	return seeds_n ? 0 : 1;
}
