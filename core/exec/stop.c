#include "config.h"

#include "exec/stop.h"

#include <signal.h>
#include <stdlib.h>

#include "exec/inside.h"
#include "exec/services.h"
#include "exec/signals.h"
#include "os/loop.h"
#include "os/process.h"
#include "os/terminal.h"
#include "plug/setup.h"

enum { STOP_GRACE_MS = 5000 };

struct stop {
	struct run *run;
	struct signals *signals;
	struct timer *grace;
};

static void grace_is_over(void *ctx)
{
	struct stop *s = ctx;

	s->grace = NULL;
	s->run->grace_over = true;
	run_kill(s->run);
	services_kill(s->run->services);
}

static void signalled(void *ctx, int signum, bool typed)
{
	struct stop *s = ctx;
	struct run *r = s->run;

	if (r->signum) {
		timer_stop(s->grace);
		grace_is_over(s);
		return;
	}
	r->signum = signum;
	r->cut_short = r->running == 0 && services_count(r->services) == 0;
	if (r->stopped != STOPPED_NOT)
		return;
	run_stop(r, STOPPED_SIGNAL);
	/* A Ctrl-C has reached the whole foreground group already. */
	if (r->processes && typed && signum == SIGINT)
		processes_typed(r->processes, signum);
	else if (r->processes)
		processes_signal(r->processes, signum);
	services_signal(r->services, signum, typed && signum == SIGINT);
	s->grace = timer_start(r->setup->loop, STOP_GRACE_MS, grace_is_over, s);
	run_pump(r);
}

struct stop *stop_begin(struct run *r)
{
	struct stop *s = xcalloc(1, sizeof *s);

	s->run = r;
	terminal_keep();
	s->signals = signals_catch(r->setup->loop, signalled, s, r->setup->plug ? plug_stopping(r->setup->plug) : NULL);
	return s;
}

void stop_look(struct stop *s)
{
	signals_look(s->signals);
}

void stop_end(struct stop *s)
{
	signals_release(s->signals);
	timer_stop(s->grace);
	terminal_restore();
	free(s);
}
