/* vt doctor: one page on what works here, and what is missing. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask/asking.h"
#include "ask/machine.h"
#include "base/buf.h"
#include "cache/cache.h"
#include "cmd/places.h"
#include "cmd/sources.h"
#include "kit/list.h"
#include "os/file.h"
#include "plug/stores.h"
#include "record/directory.h"
#include "record/figures.h"
#include "report/screen.h"
#include "report/words.h"
#include "text/json.h"
#include "text/path.h"
#include "text/shown.h"
#include "workspace/workspace.h"

enum { HELP, JSON };
enum { DOCTOR_STORES = 16 };

#define MIB ((uint64_t)1 << 20)

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
	[JSON] = { .name = "json" },
};

static int run(const struct session *s, int argc, char **argv);

const struct command command_doctor = {
	.name = "doctor", .summary = "Tell what works here, and what is missing", .usage = "vt doctor [OPTIONS]", .run = run,
	.options = options, .options_n = COUNT(options), .flags = COMMAND_NEVER_CACHED,
	.help = "Ends with 1 if something is missing that vt needs to run, watch and keep tasks.\n"
		"\n"
		"Options:\n"
		"      --json  Print JSON\n"
		"  -h, --help  Print help\n",
};

/* ---- the page ----------------------------------------------------------------------- */

enum health { GOOD, NOTE, MISSING };

struct page {
	const struct session *session;
	struct buf b;
	bool json;
	uint32_t lines, missing;
};

static void line(struct page *p, enum health health, const char *what, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void line(struct page *p, enum health health, const char *what, const char *fmt, ...)
{
	static const char *const words[] = { "good", "note", "missing" }, *const codes[] = { "32", "33", "31;1" };
	static const char *const shown[] = { "ok     ", "note   ", "MISSING" };
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = arena_vprintf(p->session->arena, fmt, ap);
	va_end(ap);
	if (p->json) {
		buf_printf(&p->b, "%s\n{\"health\":\"%s\",\"what\":\"%s\",\"text\":", p->lines ? "," : "", words[health], what);
		json_quote(&p->b, text, strlen(text));
		buf_byte(&p->b, '}');
	} else {
		screen_style(&p->b, codes[health], shown[health]);
		buf_printf(&p->b, "  %-11s ", what);
		shown_text(&p->b, text);
		buf_byte(&p->b, '\n');
	}
	p->lines++;
	p->missing += health == MISSING;
}

/* ---- the machine ----------------------------------------------------------------------- */

static const char *number(struct arena *a, uint64_t n)
{
	return n == UINT64_MAX ? "unlimited" : arena_printf(a, "%llu", (unsigned long long)n);
}

static void tell_machine(struct page *p, const struct machine *m)
{
	struct arena *a = p->session->arena;

	line(p, GOOD, "vt", PACKAGE_VERSION);
	line(p, m->listener || m->ptrace ? GOOD : MISSING, "kernel", "%s; calls of tasks can be listened to: %s; traced by ptrace: %s; openat2: %s; pidfd: %s",
	     m->system, m->listener ? "yes" : "no", m->ptrace ? "yes" : "no", m->openat2 ? "yes" : "no", m->pidfd ? "yes" : "no");
	line(p, m->files_hard < 1024 ? NOTE : GOOD, "limits", "%u processor%s, %llu MiB of memory, open files %s (%s at most), processes %s", m->cpus, words_s(m->cpus),
	     (unsigned long long)(m->memory / MIB), number(a, m->files_soft), number(a, m->files_hard), number(a, m->processes));
	line(p, m->sockets ? GOOD : NOTE, "sockets", m->sockets ? "Unix sockets can be made" : "Unix sockets are forbidden: tools talk to vt through pipes");
}

static void tell_installation(struct page *p, const struct installation *i)
{
	if (file_is_executable(i->supervisor))
		line(p, GOOD, "supervisor", "%s", i->supervisor);
	else
		line(p, MISSING, "supervisor", "%s is not there or cannot be executed: no task can start; install vt again", i->supervisor);
	if (!i->addon)
		line(p, NOTE, "node client", "this vt was built without it: tools that run in Node cannot ask vt");
	else if (access(i->addon, R_OK) < 0)
		line(p, MISSING, "node client", "%s cannot be read: %s", i->addon, strerror(errno));
	else
		line(p, GOOD, "node client", "%s", i->addon);
}

/* Tells of the folder in which a run makes its sockets. */
static void tell_runtime(struct page *p)
{
	const char *dir = env_get(places_env(p->session), "XDG_RUNTIME_DIR"), *from = "XDG_RUNTIME_DIR";

	if (!dir || !*dir) {
		dir = env_get(places_env(p->session), "TMPDIR");
		from = "TMPDIR";
	}
	if (!dir || !*dir) {
		dir = "/tmp";
		from = "the default";
	}
	if (access(dir, W_OK | X_OK) == 0)
		line(p, GOOD, "channel", "in %s (%s)", dir, from);
	else
		line(p, MISSING, "channel", "no folder can be made in %s (%s): %s", dir, from, strerror(errno));
}

/* ---- the cache -------------------------------------------------------------------------- */

static const char *size_text(struct arena *a, uint64_t bytes)
{
	return bytes < MIB ? arena_printf(a, "%llu KiB", (unsigned long long)(bytes >> 10)) : arena_printf(a, "%llu MiB", (unsigned long long)(bytes / MIB));
}

/* Tells of a cache that does not exist yet: its nearest existing ancestor decides whether it can be made. */
static void tell_unmade_cache(struct page *p, const char *dir)
{
	const char *at = dir;

	do
		at = path_dir(p->session->arena, at);
	while (access(at, F_OK) < 0 && strcmp(at, "/") != 0);
	if (access(at, W_OK | X_OK) == 0)
		line(p, GOOD, "cache", "%s: not made yet", dir);
	else
		line(p, MISSING, "cache", "%s: not made yet, and cannot be made: %s: %s", dir, at, strerror(errno));
}

static void tell_cache(struct page *p, const struct workspace *w)
{
	struct arena *a = p->session->arena;
	struct cache_figures f;
	struct directory d;
	struct stat st;
	struct err err = { 0 };
	const char *dir;
	uint64_t room, whole;
	int r;

	if (directory_place(p->session->env, w->root, a, &dir, &err) < 0) {
		line(p, MISSING, "cache", "%s", err_take(&err, a));
		return;
	}
	directory_init(&d, dir, w->root, true);
	r = directory_open(&d, &err);
	directory_free(&d);
	if (r < 0)
		line(p, MISSING, "cache", "%s", err_take(&err, a));
	else if (r > 0)
		tell_unmade_cache(p, dir);
	else if (stat(dir, &st) == 0 && cache_figures(dir, w->root, &f, &err) == 0)
		line(p, GOOD, "cache", "%s: mode %04o, owner %u, %s%s%s", dir, (unsigned)(st.st_mode & 07777), (unsigned)st.st_uid,
		     size_text(a, f.bytes), f.bound ? " of at most " : "", f.bound ? size_text(a, f.bound) : "");
	err_clear(&err);
	if (machine_room(dir, &room, &whole))
		line(p, room < 1024 * MIB && room < whole / 20 ? NOTE : GOOD, "disk", "%s free of %s where the cache is", size_text(a, room), size_text(a, whole));
}

/* ---- plugins and stores ------------------------------------------------------------------- */

static void tell_plugins(struct page *p, const struct list *l)
{
	bool traces = false;
	uint32_t i;

	for (i = 0; i < l->uses_n; i++) {
		const struct list_use *u = &l->uses[i];

		if (strcmp(u->kind, "tracer") == 0) {
			traces = u->ready;
			if (u->ready)
				line(p, GOOD, "watching", "files of tasks are watched by %s%s%s", u->name, u->status ? ", by means of " : "", u->status ? u->status : "");
			else
				line(p, MISSING, "watching", "%s cannot watch the files of tasks: %s; tasks without `input` are not cached", u->name,
				     u->why ? u->why : "it is not ready");
			traces = true;
		} else if (strcmp(u->kind, "store") != 0) {
			line(p, u->ready ? GOOD : u->named ? MISSING : NOTE, u->kind, "%s%s%s%s%s", u->name, u->status ? ": " : "", u->status ? u->status : "",
			     u->ready ? "" : ": ", u->ready ? "" : u->why ? u->why : "it is not ready");
		}
	}
	if (!traces)
		line(p, NOTE, "watching", "no tracer is chosen: tasks without `input` are not cached");
}

static void ignore(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static void tell_stores(struct page *p, struct plug_setup *setup)
{
	struct store_probe at[DOCTOR_STORES];
	struct plug *plug = NULL;
	struct err err = { 0 };
	struct buf took;
	uint32_t n, i;

	setup->warn = ignore;          /* the page itself tells what is wrong */
	if (plug_new(setup, &plug, &err) < 0) {
		line(p, MISSING, "stores", "%s", err_take(&err, p->session->arena));
		return;
	}
	n = stores_probe(plug, at, DOCTOR_STORES);
	for (i = 0; i < n; i++) {
		buf_init(&took, 64);
		words_duration(at[i].ns / 1000000, &took);
		if (at[i].answered)
			line(p, GOOD, "store", "%s (%s) answers in %s", at[i].label, at[i].far ? "far" : "near",
			     at[i].ns < 1000000 ? arena_printf(p->session->arena, "%lld µs", (long long)(at[i].ns / 1000)) : buf_str(&took));
		else
			line(p, at[i].optional ? NOTE : MISSING, "store", "%s (%s): %s", at[i].label, at[i].far ? "far" : "near", at[i].why);
		buf_free(&took);
	}
	if (n == 0)
		line(p, MISSING, "store", "there is none: nothing can be kept");
	plug_free(plug);
}

/* `wrong`: the mistake in the user's configuration, or NULL. */
static void tell_workspace(struct page *p, const struct sources *g, const char *wrong)
{
	if (g->workspace)
		line(p, GOOD, "workspace", "%s: %u package%s, %u task%s", g->workspace->root, g->workspace->packages_n,
		     words_s(g->workspace->packages_n), g->workspace->tasks_n, words_s(g->workspace->tasks_n));
	else
		line(p, NOTE, "workspace", g->setup.root ? "%s cannot be read; `vt run` says why" : "none here", g->setup.root ? g->setup.root : "");
	if (wrong)
		line(p, MISSING, "settings", "%s; until it is mended the defaults count here, and `vt run` stops", wrong);
	else if (g->user.file)
		line(p, GOOD, "settings", "%s%s", g->user.file, access(g->user.file, F_OK) == 0 ? "" : " is not there: the defaults count");
}

/* ---- the command ---------------------------------------------------------------------------- */

static int examine(struct page *p, struct sources *g, const char *wrong, struct err *err)
{
	struct machine m;
	struct list l;
	const char *dir;

	/* both fork, so they come before any thread */
	machine_look(&m);
	if (list_make(&g->setup, &l, err))
		return -1;
	tell_machine(p, &m);
	tell_installation(p, &g->installation);
	tell_runtime(p);
	tell_workspace(p, g, wrong);
	if (g->workspace)
		tell_cache(p, g->workspace);
	tell_plugins(p, &l);
	list_free(&l);
	if (g->workspace && directory_place(p->session->env, g->workspace->root, p->session->arena, &dir, NULL) == 0)
		g->setup.cache_dir = dir;
	if (g->setup.cache_dir)
		tell_stores(p, &g->setup);
	return 0;
}

static int run(const struct session *s, int argc, char **argv)
{
	struct page p = { .session = s };
	struct sources g = { 0 };
	struct command_line words;
	const char *wrong = NULL;
	struct err err = { 0 };
	int code = command_read_line(&command_doctor, s, argc, argv, &words);

	if (code >= 0)
		return code;
	if (words.words_n)
		args_unexpected(&words.args, words.words[0], &err);
	if (err.n || sources_look(s, &g, &wrong, &err) < 0)
		return cmd_fail(s, &err);
	p.json = command_line_has(&words, JSON);
	buf_init(&p.b, SIZE_MAX / 2);
	buf_text(&p.b, p.json ? "{\"version\":1,\"checks\":[" : "");
	if (examine(&p, &g, wrong, &err) < 0) {
		buf_free(&p.b);
		code = cmd_fail(s, &err);
	} else {
		if (p.json)
			buf_printf(&p.b, "],\n\"missing\":%u}\n", p.missing);
		else if (p.missing)
			buf_printf(&p.b, "\n%u %s missing\n", p.missing, p.missing == 1 ? "thing is" : "things are");
		code = asking_print(s, &p.b);
		if (code == 0 && p.missing)
			code = 1;
	}
	sources_free(&g);
	return code;
}
