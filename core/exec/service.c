#include "config.h"

#include "exec/services_inside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "exec/child.h"
#include "exec/inside.h"
#include "exec/watcher.h"
#include "os/loop.h"
#include "plug/setup.h"
#include "service/readiness.h"

/* One persistent step, from its start to its end. */

/* ---- telling ---- */

static void tell(const struct service *s, const struct event *e)
{
	const struct services *ss = s->of;
	uint32_t i;

	for (i = 0; i < ss->listeners_n; i++)
		ss->listeners[i].on_event(ss->listeners[i].self, e);
}

static bool is_piped(const struct service *s)
{
	return !run_inherits(s->of->run, false) || (s->task.ready && s->task.ready->kind == READY_OUTPUT);
}

static void tell_started(struct service *s)
{
	struct step_start start = { .status = START_DISABLED, .inherits = !is_piped(s) };

	s->told = true;
	s->began_ns = run_clock(s->of->run);
	s->of->run->started++;
	tell(s, &(struct event){ .kind = EVENT_STARTED, .step = &s->step, .start = &start });
}

static void tell_finished(const struct service *s)
{
	const struct child_end *end = s->child ? child_end(s->child) : NULL;
	struct outcome o = { .result = END_DONE, .status = START_DISABLED, .trouble = s->trouble, .began_ns = s->began_ns };

	o.ended_ns = s->of->run ? run_clock(s->of->run) : 0;
	if (!s->told)
		return;
	if (!end || !end->started) {
		o.result = END_NOT_STARTED;
		o.exit_code = end && run_refused_code(end) ? run_refused_code(end) : 1;
		o.failed = s->trouble != NULL;
	} else {
		o.ms = end->ms;
		o.failed = s->trouble || (s->state != SERVICE_ENDING && !s->cancelled && end->exit_code != 0);
		o.exit_code = o.failed || s->cancelled ? end->exit_code : 0;
		o.cancelled = !o.failed && s->cancelled && end->exit_code != 0;
	}
	tell(s, &(struct event){ .kind = EVENT_FINISHED, .step = &s->step, .outcome = &o });
}

/* ---- the end ---- */

void service_free(struct service *s)
{
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	readiness_free(s->readiness);
	timer_stop(s->grace);
	if (s->child)
		child_free(s->child);
	arena_free(s->arena);
	free(s);
}

/* Its process has ended, or was never started. */
static void over(struct service *s)
{
	struct services *ss = s->of;
	struct run *r = ss->run;
	struct service *next;

	tell_finished(s);
	if (s->place)
		s->place->running = false;
	if (r) {
		r->changes++;
		r->files -= r->files < RUN_FILES_UNCACHED ? r->files : RUN_FILES_UNCACHED;
		r->crowded = false;
		if (s->child && r->setup->cache)
			cache_something_ran(r->setup->cache, false);
	}
	for (next = ss->first; next; next = next->next)
		if (next->state == SERVICE_WAITING && strcmp(next->name, s->name) == 0)
			break;
	service_free(s);
	if (next && r)
		service_begin(next);
	if (r)
		run_pump(r);
	else if (!ss->first)
		loop_stop(ss->loop);
}

static void grace_is_over(void *ctx)
{
	struct service *s = ctx;

	s->grace = NULL;
	child_signal(s->child, SIGKILL);
}

void service_end(struct service *s)
{
	if (s->state == SERVICE_ENDING)
		return;
	s->state = SERVICE_ENDING;
	readiness_free(s->readiness);
	s->readiness = NULL;
	if (!s->child) {
		over(s);
		return;
	}
	child_signal(s->child, SIGTERM);
	child_cancel(s->child);
	s->grace = timer_start(s->of->loop, SERVICE_GRACE_MS, grace_is_over, s);
}

static void fail(struct service *s, const char *trouble, int code)
{
	s->trouble = trouble;
	if (s->of->run)
		run_failed(s->of->run, NULL, code);
}

/* Without being told to, it does not run any more. */
static void tell_watcher(const struct service *s)
{
	if (s->watcher)
		s->watcher->ended(s->watcher->ctx, s->name, s->dir);
}

/* "a#dev ended (exit code: 137, SIGKILL), and tasks still need it"; in its arena. */
static const char *ended_text(const struct service *s, int code, const char *when)
{
	static const struct { int signum; const char *name; } names[] = {
		{ SIGHUP, "SIGHUP" }, { SIGINT, "SIGINT" }, { SIGQUIT, "SIGQUIT" }, { SIGILL, "SIGILL" }, { SIGTRAP, "SIGTRAP" },
		{ SIGABRT, "SIGABRT" }, { SIGBUS, "SIGBUS" }, { SIGFPE, "SIGFPE" }, { SIGKILL, "SIGKILL" }, { SIGSEGV, "SIGSEGV" },
		{ SIGPIPE, "SIGPIPE" }, { SIGTERM, "SIGTERM" }, { SIGXCPU, "SIGXCPU" }, { SIGSYS, "SIGSYS" },
	};
	const char *name = "";
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (code == 128 + names[i].signum)
			name = names[i].name;
	return arena_printf(s->arena, "%s ended (exit code: %d%s%s)%s", s->step.task->label, code, *name ? ", " : "", name, when);
}

/* The service failed: it was followed, and so a set-uid program had no rights of its own. */
static void follow_no_more(struct service *s)
{
	struct services *ss = s->of;

	if (!map_gets(&ss->alone, s->name))
		*map_puts(&ss->alone, arena_str(ss->arena, s->name)) = ss;
	s->again = true;
}

static void on_ended(void *ctx)
{
	struct service *s = ctx;
	struct run *r = s->of->run;
	bool needed = s->place && r && schedule_is_used(&r->schedule, s->place);
	int code = child_end(s->child)->exit_code;

	if (s->cancelled || (r && r->stopped == STOPPED_SIGNAL)) {
		s->cancelled = true;
		if (r && r->signum && code == 128 + SIGKILL)
			r->grace_over = true;
		if (r && s->requested && r->interrupted_code == 0)
			r->interrupted_code = code;
		return;
	}
	if (s->state == SERVICE_ENDING)
		return;
	if (code != 0 && r && s->planned && child_end(s->child)->setuid) {
		follow_no_more(s);
		return;
	}
	tell_watcher(s);
	if (code != 0 && s->trouble)
		fail(s, s->trouble, code);
	else if (s->state == SERVICE_STARTING)
		fail(s, ended_text(s, code, " before it was ready"), code ? code : 1);
	else if (needed)
		fail(s, ended_text(s, code, ", and tasks still need it"), code ? code : 1);
	else if (code != 0)
		fail(s, ended_text(s, code, ""), code);
}

static void on_settled(void *ctx)
{
	struct service *s = ctx;
	const struct child_end *end = child_end(s->child);
	struct run *r = s->of->run;

	if (s->again && !s->cancelled && r && s->planned && s->state != SERVICE_ENDING) {
		s->again = false;
		child_free(s->child);
		s->child = NULL;
		readiness_free(s->readiness);
		s->readiness = NULL;
		service_begin(s);
		return;
	}
	if (!end->started && !s->cancelled && r && s->planned) {
		s->trouble = run_start_trouble(r, s->planned, s->program, end, s->arena);
		tell_watcher(s);
		run_failed(r, NULL, run_refused_code(end) ? run_refused_code(end) : 1);
	}
	over(s);
}

/* ---- the start ---- */

static void up(struct service *s)
{
	struct run *r = s->of->run;

	s->state = SERVICE_UP;
	readiness_free(s->readiness);
	s->readiness = NULL;
	if (!r)
		return;
	r->changes++;
	if (r->setup->cache)
		cache_something_ran(r->setup->cache, false);
	if (s->place)
		run_up(r, s->place);
	run_pump(r);
}

static void on_output(void *ctx, int stream, struct bytes data)
{
	struct service *s = ctx;
	struct run *r = s->of->run;

	tell(s, &(struct event){ .kind = EVENT_OUTPUT, .step = &s->step, .stream = stream, .output = data });
	if (r) {
		run_flush(r);
		run_check_waiting(r);
	}
	if (s->readiness)
		readiness_output(s->readiness, stream, data);
}

static void on_started(void *ctx)
{
	const struct service *s = ctx;

	if (s->watcher)
		s->watcher->serves(s->watcher->ctx, s->name, s->dir, child_end(s->child)->followed);
}

/* What follows the changes of a service under --watch; where tasks are not traced, nothing does. */
static struct writes *writes_of(const struct service *s)
{
	const struct exec_watcher *w = s->watcher;

	return w && w->writes && !map_gets(&s->of->alone, s->name) && plug_tracer(s->of->run->setup->plug) ? w->writes : NULL;
}

static void launch(void *ctx)
{
	struct service *s = ctx;
	struct run *r = s->of->run;
	struct child_setup child = {
		.loop = s->of->loop, .workspace = r->setup->workspace, .step = s->planned, .arena = s->arena,
		.whole = true, .piped = is_piped(s), .on_output = on_output, .on_ended = on_ended, .on_settled = on_settled, .ctx = s,
		.on_started = on_started, .writes = writes_of(s),
	};

	s->state = SERVICE_STARTING;
	child.program = s->program = run_program(r, s->planned, s->arena);
	r->changes++;
	tell_started(s);
	run_flush(r);
	child.processes = services_processes(s->of);
	s->child = child_start(&child);
	if (s->of->paused)
		child_pause(s->child, true);
	if (s->readiness)
		readiness_started(s->readiness);
	else
		up(s);
}

static void on_readiness(void *ctx, bool ready)
{
	struct service *s = ctx;
	struct run *r = s->of->run;

	if (ready) {
		up(s);
		return;
	}
	s->trouble = readiness_why(s->readiness, s->arena);
	tell_watcher(s);
	if (!s->child)
		tell_started(s);
	if (r)
		run_failed(r, NULL, 1);
	service_end(s);
	if (r)
		run_pump(r);
}

void service_begin(struct service *s)
{
	static const struct readiness_events events = { launch, on_readiness };

	s->state = SERVICE_CHECKING;
	if (!s->task.ready) {
		launch(s);
		return;
	}
	s->readiness = readiness_new(s->of->loop, s->task.ready, &events, s);
}

/* Two that are started in the same way have the same words, folder and environment. */
static void digest_start(const struct step *step, struct arena *a, struct digest *ret)
{
	char *const *entries = env_entries(step->spawn_env, a);
	struct digest_state state;
	uint32_t i;

	digest_begin(&state, NULL);
	digest_add(&state, step->dir, strlen(step->dir) + 1);
	for (i = 0; i < step->argv.n; i++)
		digest_add(&state, step->argv.at[i], strlen(step->argv.at[i]) + 1);
	digest_add(&state, "", 1);
	for (; *entries; entries++)
		digest_add(&state, *entries, strlen(*entries) + 1);
	digest_end(&state, ret);
}

struct service *service_new(struct services *ss, struct place *p, const struct step *step)
{
	struct service *s = xcalloc(1, sizeof *s);
	struct arena *a = s->arena = arena_new();

	s->of = ss;
	s->place = p;
	s->planned = step;
	s->requested = p->level->plan->nodes[p->node].requested;
	s->task.name = arena_str(a, step->task->name);
	s->task.label = arena_str(a, step->task->label);
	if (step->task->ready) {
		s->ready = *step->task->ready;
		s->ready.text = s->ready.text ? arena_str(a, s->ready.text) : NULL;
		s->task.ready = &s->ready;
	}
	s->step.task = &s->task;
	s->step.ordinal = step->ordinal;
	s->step.shown = arena_str(a, step->shown);
	s->step.cwd = arena_str(a, step->cwd);
	s->step.uncached = step->uncached ? arena_str(a, step->uncached) : NULL;
	s->dir = arena_str(a, step->task->package->dir);
	s->watcher = ss->run->setup->watcher;
	s->name = arena_printf(a, "%s#%s %s", step->task->package->dir, step->task->name, step->hook ? step->hook : "");
	digest_start(step, a, &s->how);
	s->link = &ss->first;
	s->next = ss->first;
	if (s->next)
		s->next->link = &s->next;
	ss->first = s;
	return s;
}
