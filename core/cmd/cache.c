/* vt cache: away with it, or what is in it. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cache/cache.h"
#include "cmd/cmd.h"
#include "record/directory.h"
#include "workspace/workspace.h"

static const char usage[] =
	"Usage: vt cache clean\n"
	"       vt cache stat [--json]\n"
	"\n"
	"  clean    Clean up all the cache\n"
	"  stat     Show how large it is and how often it helped\n";

/* "3.4 MiB" */
static void print_size(uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double n = (double)bytes;
	unsigned i = 0;

	while (n >= 1024 && i + 1 < COUNT(units)) {
		n /= 1024;
		i++;
	}
	printf("%.*f %s", i ? 1 : 0, n, units[i]);
}

static void print_day(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm))
		printf("%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static void show(const char *dir, const struct cache_figures *f)
{
	uint64_t asked = f->hits + f->misses;

	printf("directory   %s\n", dir);
	if (!f->there) {
		puts("There is nothing in it yet.");
		return;
	}
	printf("size        ");
	print_size(f->bytes);
	if (f->bound) {
		printf(" of at most ");
		print_size(f->bound);
	}
	printf("\nentries     %llu", (unsigned long long)f->entries);
	printf("\nhits        %llu of %llu", (unsigned long long)f->hits, (unsigned long long)asked);
	if (asked)
		printf(" (%llu%%)", (unsigned long long)(f->hits * 100 / asked));
	if (f->oldest) {
		printf("\noldest use  ");
		print_day(f->oldest);
	}
	putchar('\n');
}

static void quote(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			printf("\\u%04x", (unsigned)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void show_json(const char *dir, const struct cache_figures *f)
{
	printf("{\"version\":1,\"directory\":");
	quote(dir);
	printf(",\"size\":%llu,\"bound\":", (unsigned long long)f->bytes);
	if (f->bound)
		printf("%llu", (unsigned long long)f->bound);
	else
		printf("null");
	printf(",\"entries\":%llu,\"steps\":%llu,\"hits\":%llu,\"misses\":%llu,\"oldestUse\":", (unsigned long long)f->entries,
	       (unsigned long long)f->steps, (unsigned long long)f->hits, (unsigned long long)f->misses);
	if (f->oldest) {
		putchar('"');
		print_day(f->oldest);
		putchar('"');
	} else {
		printf("null");
	}
	puts("}");
}

/* Where the cache of the workspace around the current directory is. */
static int place(const struct session *s, const char **ret, struct err *err)
{
	const char *root;

	if (workspace_find(s->cwd, s->arena, &root, err) < 0)
		return -1;
	return directory_place(s->env, root, s->arena, ret, err);
}

int cmd_cache(const struct session *s, int argc, char **argv)
{
	struct cache_figures figures;
	struct err err = { 0 };
	const char *verb = NULL, *dir;
	bool json = false;
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			json = true;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			return 0;
		} else if (argv[i][0] == '-' || verb) {
			return cmd_misused(s, "unexpected argument", argv[i], usage);
		} else {
			verb = argv[i];
		}
	}
	if (!verb) {
		fputs(usage, stderr);
		return 2;
	}
	if (strcmp(verb, "clean") && strcmp(verb, "stat"))
		return cmd_misused(s, "unrecognized subcommand", verb, usage);
	if (json && strcmp(verb, "clean") == 0)
		return cmd_misused(s, "unexpected argument", "--json", usage);
	if (place(s, &dir, &err) < 0)
		return cmd_fail(s, &err);
	if (strcmp(verb, "clean") == 0)
		return directory_clean(dir, &err) < 0 ? cmd_fail(s, &err) : 0;
	if (cache_figures(dir, &figures, &err) < 0)
		return cmd_fail(s, &err);
	if (json)
		show_json(dir, &figures);
	else
		show(dir, &figures);
	return 0;
}
