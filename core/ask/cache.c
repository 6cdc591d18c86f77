/* vt cache: tells what is in the cache, or cleans it. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ask/kept.h"
#include "ask/share.h"
#include "base/buf.h"
#include "cache/cache.h"
#include "cmd/cmd.h"
#include "record/directory.h"
#include "record/figures.h"
#include "text/json.h"
#include "workspace/workspace.h"

enum { DAY_SIZE = 32 };                    /* bytes of a date as text */

enum { HELP, JSON, SINCE };

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
	[JSON] = { .name = "json" },
	[SINCE] = { .name = "since", .value = "DAYS" },
};

static const char help_text[] =
	"Commands:\n"
	"  clean          Clean up all the cache\n"
	"  stat [--json]  Show how large it is and how often it helped\n"
	"  ls [--json]    Show each command that ran here, when, and whether its result was kept\n"
	"  show <TASK>    Show the results that are kept for the commands of a task as they are now\n"
	"  verify         Read all of it back, and drop what is damaged\n"
	"  push           Send what is kept here to the stores of other machines\n"
	"  pull <TASK>... Get what those have for tasks and all that they wait for, and run nothing;\n"
	"                 which tasks is said as for `vt run-many`: -r, --filter, --affected, --shard, ...\n"
	"  key new        Print a new secret: for a team, or to sign results with\n"
	"  key show-public\n"
	"                 Print the public key that belongs to the secret that results are signed with\n"
	"\n"
	"Options:\n"
	"      --json     Print JSON\n"
	"      --since <DAYS>\n"
	"                 push: only what was used in so many days\n"
	"  -h, --help     Print help\n";

static int run(const struct session *s, int argc, char **argv);

const struct command command_cache = {
	.name = "cache", .summary = "Look after the cache", .usage = "vt cache <COMMAND>", .help = help_text, .run = run,
	.options = options, .options_n = COUNT(options), .flags = COMMAND_NEVER_CACHED,
};

/* Prints a size as "3.4 MiB". */
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

/* The day as "2026-11-28". */
static const char *day_text(int64_t seconds, char ret[DAY_SIZE])
{
	time_t t = (time_t)seconds;
	struct tm tm = { 0 };

	if (!gmtime_r(&t, &tm) || !strftime(ret, DAY_SIZE, "%Y-%m-%d", &tm))
		ret[0] = '\0';
	return ret;
}

static void show(const char *dir, const struct cache_figures *f)
{
	uint64_t asked = f->hits + f->misses;
	char day[DAY_SIZE];

	cmd_line(stdout, "directory   %s", dir);
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
	if (f->far_hits)
		printf(", %llu of them from far stores", (unsigned long long)f->far_hits);
	if (f->not_shared)
		printf("\nnot shared  %llu %s; `vt why` tells why", (unsigned long long)f->not_shared, f->not_shared == 1 ? "step" : "steps");
	if (f->oldest)
		printf("\noldest use  %s", day_text(f->oldest, day));
	putchar('\n');
}

/* Adds how long each task took when it last ran: all its commands together, by name. */
static void add_tasks(int inner, struct arena *a, struct buf *b)
{
	struct kept_task *tasks;
	uint32_t i, n = kept_tasks(inner, a, &tasks);

	buf_text(b, ",\"tasks\":[");
	for (i = 0; i < n; i++) {
		buf_text(b, i ? ",{\"task\":" : "{\"task\":");
		json_quote(b, tasks[i].label, strlen(tasks[i].label));
		buf_printf(b, ",\"durationMs\":%lld}", (long long)tasks[i].ms);
	}
	buf_byte(b, ']');
}

static void show_json(const struct session *s, const char *root, const char *dir, const struct cache_figures *f)
{
	struct directory d;
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	buf_text(&b, "{\"version\":1,\"directory\":");
	json_quote(&b, dir, strlen(dir));
	buf_printf(&b, ",\"size\":%llu,\"bound\":", (unsigned long long)f->bytes);
	if (f->bound)
		buf_printf(&b, "%llu", (unsigned long long)f->bound);
	else
		buf_text(&b, "null");
	buf_printf(&b, ",\"entries\":%llu,\"steps\":%llu,\"hits\":%llu,\"misses\":%llu,\"farHits\":%llu,\"notShared\":%llu,\"oldestUse\":", (unsigned long long)f->entries,
		   (unsigned long long)f->steps, (unsigned long long)f->hits, (unsigned long long)f->misses, (unsigned long long)f->far_hits,
		   (unsigned long long)f->not_shared);
	if (f->oldest) {
		char day[DAY_SIZE];

		buf_printf(&b, "\"%s\"", day_text(f->oldest, day));
	} else {
		buf_text(&b, "null");
	}
	directory_init(&d, dir, root, true);
	directory_open(&d, NULL);
	add_tasks(d.inner_fd, s->arena, &b);
	directory_free(&d);
	buf_byte(&b, '}');
	puts(buf_str(&b));
	buf_free(&b);
}

/* The cache's folder for the workspace around the current directory. */
static int place(const struct session *s, const char **ret_root, const char **ret, struct err *err)
{
	if (workspace_find(s->cwd, s->arena, ret_root, err) < 0)
		return -1;
	return directory_place(s->env, *ret_root, s->arena, ret, err);
}

static int clean(const struct session *s, const char *root, const char *dir)
{
	struct err err = { 0 };

	return directory_clean(dir, root, &err) < 0 ? cmd_fail(s, &err) : 0;
}

static int stat_cache(const struct session *s, const char *root, const char *dir, bool json)
{
	struct cache_figures figures;
	struct err err = { 0 };

	if (cache_figures(dir, root, &figures, &err) < 0)
		return cmd_fail(s, &err);
	if (json)
		show_json(s, root, dir, &figures);
	else
		show(dir, &figures);
	return 0;
}

/* The verbs; those that take a task take its words, too. */
enum verb { CLEAN, STAT, LS, SHOW, VERIFY, PUSH, PULL, KEY };

static const char *const verbs[] = {
	[CLEAN] = "clean", [STAT] = "stat", [LS] = "ls", [SHOW] = "show", [VERIFY] = "verify", [PUSH] = "push", [PULL] = "pull", [KEY] = "key", NULL
};

static int run_verb(const struct session *s, enum verb verb, const struct command_line *line)
{
	struct err err = { 0 };
	const char *root, *dir;
	bool json = command_line_has(line, JSON);

	switch (verb) {
	case LS:
		return kept_list(s, json);
	case SHOW:
		return kept_show(s, line, json);
	case VERIFY:
		return kept_verify(s, json);
	case PUSH:
		return share_push(s, line, line->values[SINCE]);
	case KEY:
		return share_key(s, line);
	default:
		break;
	}
	if (place(s, &root, &dir, &err) < 0)
		return cmd_fail(s, &err);
	return verb == CLEAN ? clean(s, root, dir) : stat_cache(s, root, dir, json);
}

static int run(const struct session *s, int argc, char **argv)
{
	struct command_line line;
	struct err err = { 0 };
	int code, verb;

	/* the command takes the options of `vt run`, too */
	if (argc > 1 && strcmp(argv[1], verbs[PULL]) == 0)
		return share_pull(s, &command_cache, argc - 1, argv + 1);
	code = command_read_line(&command_cache, s, argc, argv, &line);
	if (code >= 0)
		return code;
	if (!line.words[0]) {
		command_help(&command_cache, stderr);
		return 2;
	}
	verb = command_verb(&line.args, line.words[0], verbs, &err);
	if (verb < 0)
		return cmd_fail(s, &err);
	if (line.words_n > 1 && verb != SHOW && verb != KEY)
		args_unexpected(&line.args, line.words[1], &err);
	else if ((verb == CLEAN || verb >= PUSH) && command_line_has(&line, JSON))
		args_unexpected(&line.args, "--json", &err);
	else if (verb != PUSH && command_line_has(&line, SINCE))
		args_unexpected(&line.args, "--since", &err);
	return err.n ? cmd_fail(s, &err) : run_verb(s, (enum verb)verb, &line);
}
