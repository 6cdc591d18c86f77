#include "config.h"

#include "exec/services.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "exec/child.h"
#include "exec/inside.h"
#include "exec/services_inside.h"
#include "os/loop.h"
#include "process/process.h"

static void on_death(void *ctx)
{
	struct services *ss = ctx;

	ss->dead = true;
	if (ss->run) {
		run_stop(ss->run, STOPPED_LOST);
		run_pump(ss->run);
	}
}

struct processes *services_processes(struct services *ss)
{
	if (ss->dead && services_count(ss) == 1) {
		processes_free(ss->processes);
		ss->processes = NULL;
		ss->dead = false;
	}
	if (!ss->processes)
		ss->processes = processes_new(ss->loop, ss->supervisor, on_death, ss);
	return ss->processes;
}

void services_start(struct services *ss, struct place *p)
{
	const struct step *step = place_item(p)->step;
	struct service *s = service_new(ss, p, step), *old;

	schedule_leave(p);
	p->running = true;
	for (old = s->next; old && strcmp(old->name, s->name) != 0; old = old->next)
		;
	ss->run->files += RUN_FILES_UNCACHED;
	if (!old) {
		service_begin(s);
	} else if ((old->state == SERVICE_STARTING || old->state == SERVICE_UP) && digest_equal(&old->how, &s->how)) {
		old->place = p;
		old->requested = s->requested;
		ss->run->files -= RUN_FILES_UNCACHED;
		service_free(s);
		if (old->state == SERVICE_UP)
			run_up(ss->run, p);
	} else {
		service_end(old);
	}
}

/* ---- all of them ---- */

struct services *services_new(struct loop *l, const char *supervisor)
{
	struct services *ss = xcalloc(1, sizeof *ss);

	ss->loop = l;
	ss->supervisor = xstrdup(supervisor);
	ss->arena = arena_new();
	map_init(&ss->alone);
	return ss;
}

void services_free(struct services *ss)
{
	if (!ss)
		return;
	processes_free(ss->processes);
	while (ss->first)
		service_free(ss->first);
	map_free(&ss->alone);
	arena_free(ss->arena);
	free(ss->supervisor);
	free(ss);
}

uint32_t services_count(const struct services *ss)
{
	const struct service *s;
	uint32_t n = 0;

	for (s = ss ? ss->first : NULL; s; s = s->next)
		n++;
	return n;
}

void services_attach(struct services *ss, struct run *r)
{
	ss->run = r;
	r->files += (uint64_t)services_count(ss) * RUN_FILES_UNCACHED;
	services_listen(ss, r->setup->listeners, r->setup->listeners_n);
}

void services_detach(struct services *ss)
{
	struct service *s, *next;

	for (s = ss->first; s; s = next) {
		next = s->next;
		s->place = NULL;
		s->planned = NULL;
		if (!s->child && s->state != SERVICE_ENDING)
			service_free(s);
	}
	ss->run = NULL;
	services_listen(ss, NULL, 0);
}

void services_listen(struct services *ss, const struct listener *listeners, uint32_t n)
{
	ss->listeners = listeners;
	ss->listeners_n = n;
}

/* Ending one that was not started frees it: then the list is begun anew. */
static void end_those(struct services *ss, bool (*which)(const struct service *s))
{
	struct service *s;
	uint32_t before;

	for (s = ss->first; s; ) {
		if (s->state == SERVICE_ENDING || !which(s)) {
			s = s->next;
			continue;
		}
		before = services_count(ss);
		service_end(s);
		s = services_count(ss) == before ? s->next : ss->first;
	}
}

static bool is_unneeded(const struct service *s)
{
	return s->place && !schedule_needs(&s->of->run->schedule, s->place);
}

void services_end_unneeded(struct services *ss)
{
	end_those(ss, is_unneeded);
}

static bool is_any(const struct service *s)
{
	(void)s;
	return true;
}

void services_end(struct services *ss)
{
	end_those(ss, is_any);
}

static bool is_not_started(const struct service *s)
{
	return s->child == NULL;
}

void services_signal(struct services *ss, int signum, bool typed)
{
	struct service *s;

	for (s = ss->first; s; s = s->next) {
		s->cancelled = true;
		if (s->child)
			child_cancel(s->child);
	}
	end_those(ss, is_not_started);
	if (!ss->processes)
		return;
	if (typed)
		processes_typed(ss->processes, signum);
	else
		processes_signal(ss->processes, signum);
}

void services_kill(struct services *ss)
{
	if (ss->processes)
		processes_signal(ss->processes, SIGKILL);
}

void services_pause(struct services *ss, bool pause)
{
	struct service *s;

	ss->paused = pause;
	for (s = ss->first; s; s = s->next)
		if (s->child)
			child_pause(s->child, pause);
}

static void kill_all(void *ctx)
{
	struct services *ss = ctx;

	ss->last = NULL;
	services_kill(ss);
}

void services_finish(struct services *ss, int signum, bool typed)
{
	services_signal(ss, signum, typed);
	ss->last = timer_start(ss->loop, SERVICE_GRACE_MS, kill_all, ss);
	while (ss->first)
		loop_run(ss->loop);
	timer_stop(ss->last);
	ss->last = NULL;
}
