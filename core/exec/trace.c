#include "config.h"

#include "exec/trace.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fact/seen.h"
#include "plug/call.h"
#include "plug/setup.h"
#include "vt-plugin.h"

enum { TRACE_ENV = 32, TRACE_PROGRAM = 64 * 1024 };

struct trace {
	vt_spawn spawn;            /* first: what the plugin gets; only during `start` */
	struct component *tracer;
	struct arena *arena;       /* the job's */
	void *inside;              /* the plugin's own object */
	struct process_filter filters[TRACE_FILTERS];
	uint32_t filters_n;
	struct env_pair env[TRACE_ENV];
	uint32_t env_n;
	const char *preload;       /* NULL: nothing */
};

/* ---- vt_spawn ---- */

static int holds_nul(vt_bytes b)
{
	return b.size > 0 && memchr(b.data, 0, b.size) != NULL;
}

static vt_status spawn_setenv(vt_spawn *spawn, vt_call *call, vt_bytes name, vt_bytes value)
{
	struct trace *w = (struct trace *)spawn;

	call_check(call, 1, "vt_spawn.setenv");
	if (w->env_n == TRACE_ENV || name.size == 0 || holds_nul(name) || holds_nul(value) ||
	    memchr(name.data, '=', name.size))
		return VT_FAILED;
	w->env[w->env_n].name = arena_strn(w->arena, name.data, name.size);
	w->env[w->env_n].value = arena_strn(w->arena, value.size ? value.data : "", value.size);
	w->env_n++;
	return VT_OK;
}

static vt_status spawn_filter(vt_spawn *spawn, vt_call *call, uint32_t how, vt_bytes program)
{
	struct trace *w = (struct trace *)spawn;

	call_check(call, 1, "vt_spawn.filter");
	if (how != VT_FILTER_NOTIFY && how != VT_FILTER_PTRACE)
		return VT_UNSUPPORTED;
	if (w->filters_n == TRACE_FILTERS || program.size == 0 || program.size > TRACE_PROGRAM)
		return VT_FAILED;
	w->filters[w->filters_n++] = (struct process_filter){
		.how = how,
		.program = arena_copy(w->arena, program.data, program.size),
		.size = program.size,
	};
	return VT_OK;
}

static vt_status spawn_preload(vt_spawn *spawn, vt_call *call, vt_bytes file)
{
	struct trace *w = (struct trace *)spawn;

	call_check(call, 1, "vt_spawn.preload");
	if (w->preload || file.size == 0 || holds_nul(file))
		return VT_FAILED;
	w->preload = arena_strn(w->arena, file.data, file.size);
	return VT_OK;
}

/* ---- the life of a trace ---- */

static void on_wake(int signum)
{
	(void)signum;
}

/* A tracer's thread may wait in a call of the kernel that only a signal ends. A plugin
 * sets no handlers, so there is one for a signal that else means nothing; without
 * SA_RESTART, for the call shall end. */
static void let_threads_be_woken(void)
{
	struct sigaction action = { .sa_handler = on_wake };

	sigaction(SIGURG, &action, NULL);
}

struct trace *trace_begin(struct component *tracer, const vt_step *step, struct arena *a, const char **ret_why)
{
	const vt_tracer_ops *ops = component_ops(tracer);
	struct trace *w = arena_alloc(a, sizeof *w);
	struct plug_call call;
	vt_status status;

	*w = (struct trace){
		.spawn = { .struct_size = sizeof(vt_spawn), .setenv = spawn_setenv,
			   .filter = spawn_filter, .preload = spawn_preload },
		.tracer = tracer,
		.arena = a,
	};
	let_threads_be_woken();
	call_begin(&call, tracer, "start");
	status = call_end(&call, ops->start(component_self(tracer), &call.call, step, &w->spawn, &w->inside));
	if (status == VT_OK)
		return w;
	*ret_why = arena_str(a, call.text[0] ? call.text : "the tracer declined");
	return NULL;
}

uint32_t trace_filters(const struct trace *w, const struct process_filter **ret)
{
	*ret = w->filters;
	return w->filters_n;
}

uint32_t trace_env(const struct trace *w, const struct env_pair **ret)
{
	*ret = w->env;
	return w->env_n;
}

const char *trace_preload(const struct trace *w)
{
	return w->preload;
}

void trace_attach(struct trace *w, uint32_t how, int listener)
{
	const vt_tracer_ops *ops = component_ops(w->tracer);
	struct plug_call call;

	call_begin(&call, w->tracer, "attach");
	call_end(&call, ops->attach(component_self(w->tracer), &call.call, w->inside, how, listener));
	/* A failure makes the trace incomplete; `stop` says so again. */
}

/* vt_notes over struct seen. */
struct notes {
	vt_notes notes;            /* first */
	struct seen *seen;
};

static vt_status notes_add(vt_notes *notes, vt_call *call, const vt_seen *records, uint32_t n)
{
	struct notes *self = (struct notes *)notes;
	uint32_t i;

	call_check(call, 1, "vt_notes.add");
	for (i = 0; i < n; i++)
		seen_add(self->seen, &records[i]);
	return VT_OK;
}

static vt_status notes_refuse(vt_notes *notes, vt_call *call, vt_bytes sentence)
{
	struct notes *self = (struct notes *)notes;

	call_check(call, 1, "vt_notes.refuse");
	seen_refuse(self->seen, sentence.data, sentence.size);
	return VT_OK;
}

void trace_stop(struct trace *w, struct seen *seen)
{
	const vt_tracer_ops *ops = component_ops(w->tracer);
	struct notes notes = { .notes = { .struct_size = sizeof(vt_notes), .add = notes_add, .refuse = notes_refuse }, .seen = seen };
	struct plug_call call;
	vt_status status;

	call_begin(&call, w->tracer, "stop");
	status = call_end(&call, ops->stop(component_self(w->tracer), &call.call, w->inside, &notes.notes));
	if (status == VT_OK || seen->untraced)
		return;
	seen->untraced = arena_str(seen->arena, call.text[0] ? call.text : "its files could not all be followed");
}

void trace_cancel(struct trace *w)
{
	const vt_tracer_ops *ops;

	if (!w)
		return;
	ops = component_ops(w->tracer);
	ops->cancel(component_self(w->tracer), w->inside);
}
