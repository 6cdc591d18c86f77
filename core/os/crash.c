#include "config.h"

#include "os/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/terminal.h"

enum {
	STACK = 16 * 1024,
	LINE = 300,
	BEHIND_MS = 2000, PAUSE_MS = 10
};

static const struct { int number; const char *name; } crashes[] = {
	{ SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGFPE, "SIGFPE" }, { SIGILL, "SIGILL" },
	{ SIGABRT, "SIGABRT" }, { SIGSYS, "SIGSYS" }, { SIGTRAP, "SIGTRAP" },
};

/* A signal handler reads globals only: crash_catch and crash_done set them, and each thread its own scene. */
static pid_t catching;                         /* this process; 0: crash_catch was not called */
static _Atomic int done = -1;                  /* as crash_done said */
static __thread struct crash_scene *scene;     /* the innermost */
static __thread char stack[STACK];             /* for the handler: the crash may come from a full stack of the thread */
static __thread int has_stack;

struct line {
	char text[LINE];
	size_t size;
};

/* Writes a name, which comes from a file, so that a terminal obeys no byte of it. */
static void add(struct line *l, const char *text)
{
	for (; *text && l->size < sizeof l->text; text++)
		l->text[l->size++] = *text != '\n' && (*text < ' ' || *text > '~') ? '?' : *text;
}

static void tell(const struct crash_scene *s, const char *how, const char *by)
{
	struct line l = { .size = 0 };
	ssize_t n;

	add(&l, s && done >= 0 ? "warning: " : "error: ");
	if (s) {
		add(&l, "plugin '");
		add(&l, s->who);
		add(&l, "' ");
		add(&l, how);
		add(&l, " in ");
		add(&l, s->what);
	} else {
		add(&l, "vt, or a thread of a plugin, ");
		add(&l, how);
	}
	if (by) {
		add(&l, " (");
		add(&l, by);
		add(&l, ")");
	}
	add(&l, s && done >= 0 ? "; vt ends without it\n" : "; vt ends, and its tasks with it\n");
	terminal_restore();
	n = write(STDERR_FILENO, l.text, l.size);
	(void)n;
}

/* A thread that works behind the run gives it time to end, if it is about to: the tasks may all be done. */
static void let_the_run_end(const struct crash_scene *s)
{
	int i;

	for (i = 0; s && s->behind && done < 0 && i < BEHIND_MS / PAUSE_MS; i++)
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000 }, NULL);
}

static void on_crash(int signum)
{
	const struct crash_scene *s = scene;
	size_t i;

	for (i = 0; i + 1 < COUNT(crashes) && crashes[i].number != signum; i++)
		;
	scene = NULL;
	if (getpid() == catching) {
		let_the_run_end(s);
		tell(s, "crashed", crashes[i].name);
		if (s && done >= 0)
			_exit(done);
	}
	/* SA_RESETHAND: this time it ends the program, and leaves its core */
	raise(signum);
}

static void on_exit_of_program(void)
{
	const struct crash_scene *s = scene;

	if (!s || getpid() != catching)
		return;
	let_the_run_end(s);
	tell(s, "ended the program", NULL);
	_exit(done >= 0 ? done : 1);
}

void crash_catch(void)
{
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_RESETHAND | SA_NODEFER }, before;
	size_t i;

	if (catching == getpid())
		return;
	if (catching == 0)
		atexit(on_exit_of_program);
	catching = getpid();
	for (i = 0; i < COUNT(crashes); i++)
		if (sigaction(crashes[i].number, &action, &before) == 0 && before.sa_handler != SIG_DFL)
			sigaction(crashes[i].number, &before, NULL);
}

/* A sanitizer has made one, or the plugin's own thread. */
static void take_stack(void)
{
	stack_t ours = { .ss_sp = stack, .ss_size = sizeof stack }, now;

	has_stack = 1;
	if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE))
		sigaltstack(&ours, NULL);
}

void crash_enter(struct crash_scene *s)
{
	if (!has_stack)
		take_stack();
	s->outer = scene;
	scene = s;
}

void crash_leave(struct crash_scene *s)
{
	scene = s->outer;
}

void crash_done(int code)
{
	done = code;
}

void crash_hide_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
