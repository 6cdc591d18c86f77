/* call: one call into a plugin. It takes the lock that the component's thread promise asks for,
 * gives the plugin a vt_call and collects its reports.
 *
 *     struct plug_call call;
 *     call_begin(&call, component, "save");
 *     status = call_end(&call, ops->save(component_self(component), &call.call, ...));
 *
 * Between the two lines the caller may set call.stop and call.deadline_ns.
 *
 * Locks: a component with VT_THREADS_ONE runs one call at a time. A caller that holds the lock of a
 * part or tracer may take that of a store or fingerprint, never the reverse. */
#ifndef PLUG_CALL_H
#define PLUG_CALL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "os/crash.h"
#include "vt-plugin.h"

struct component;

struct plug_call {
	vt_call call;                      /* first: the plugin gets its address */
	struct component *component;       /* NULL: its plugin is being loaded */
	const char *operation;             /* name of the vt_*_ops member, for messages */
	struct crash_scene scene;          /* the component's or the plugin's name, and the operation */
	/* the last report of the highest level */
	char code[32];
	char text[513];                    /* one printable line; "": no report */
	uint32_t level;                    /* VT_REPORT_* */
	_Atomic int64_t deadline_ns;       /* monotonic (os_now_ns); INT64_MAX: none. A function that moves bytes may put it off */
	bool watched;                      /* by the watchdog */
	const volatile int *stop;          /* *stop != 0 asks the plugin to return; NULL: never */
	pthread_t thread;                  /* the thread that called call_begin */
	uint32_t live;                     /* LIVE between begin and end; debug builds check it */
	_Atomic uint32_t signs;            /* how often the plugin called a function of vt */
	/* for watchdog.c, under its lock */
	uint32_t signs_then;               /* signs at the last tick */
	uint32_t quiet;                    /* seconds without a new sign */
	struct plug_call *next, **prev;    /* the list of calls under way */
};

void call_begin(struct plug_call *c, struct component *component, const char *operation);
/* ... where the caller itself watches how long the call takes. */
void call_begin_unwatched(struct plug_call *c, struct component *component, const char *operation);
/* Only fills it: for vt's own sinks and sources, on a thread that is in no plugin. */
void call_init(struct plug_call *c, struct component *component, const char *operation);
/* Ends the call and returns its status. An unknown status becomes VT_FAILED; a failure without a
 * report gets a text; a warning that came with a success goes to plug_setup.warn. The members
 * code, text and level stay valid. */
vt_status call_end(struct plug_call *c, vt_status status);

/* Begins every function that vt hands to plugins. Counts a sign of life for the watchdog. A debug
 * build aborts with the function's name if `call` is not under way, or if `own_thread` is set and
 * this is not the call's thread. */
void call_check(vt_call *call, int own_thread, const char *function);
/* For a sink that takes no more: reports that to the call, and returns VT_FAILED. */
vt_status sink_is_full(const vt_sink *sink, vt_call *call);
#endif
