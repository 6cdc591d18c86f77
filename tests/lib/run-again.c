/* run-again REPORT TIMES ARGUMENT...: the command `vt run ARGUMENT...`, TIMES times in one
 * process. After each run one line goes into the file REPORT: the exit code, the bytes of
 * the heap in use (0: not known), the open descriptors. */
#include "config.h"

#include <dirent.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "cmd/cmd.h"
#include "os/file.h"
#include "report/warnings.h"

extern char **environ;

/* Defined by the address sanitizer, whose mallinfo2 reports nothing. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t heap_in_use(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
#if defined __GLIBC__ && __GLIBC_PREREQ(2, 33)
	{
		struct mallinfo2 m = mallinfo2();

		return m.uordblks + m.hblkhd;
	}
#else
	return 0;
#endif
}

static unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	if (!d)
		exit(99);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int run_once(int argc, char **argv)
{
	struct session s = { .arena = arena_new(), .programs = file_memo_new(), .warnings = warnings_new() };
	char *cwd = getcwd(NULL, 0);
	int code;

	if (!cwd)
		exit(99);
	s.env = env_from(s.arena, environ);
	s.cwd = arena_str(s.arena, cwd);
	free(cwd);
	code = command_find("run")->run(&s, argc, argv);
	warnings_flush(s.warnings);
	warnings_free(s.warnings);
	file_memo_free(s.programs);
	arena_free(s.arena);
	return code;
}

int main(int argc, char **argv)
{
	FILE *report = argc > 3 ? fopen(argv[1], "we") : NULL;
	long times = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
	char run[] = "run";

	if (!report || digest_init() < 0)
		return 99;
	argv[2] = run;
	while (times-- > 0) {
		int code = run_once(argc - 2, argv + 2);

		fprintf(report, "%d %zu %u\n", code, heap_in_use(), open_descriptors());
		fflush(report);
	}
	fclose(report);
	return 0;
}
