/* One call into a plugin: takes the lock that the component's promise asks for,
 * gives the plugin a vt_call, collects its reports.
 *
 *     struct plug_call call;
 *     call_begin(&call, component, "save");
 *     status = call_end(&call, ops->save(component_self(component), &call.call, ...));
 *
 * call_begin may be given more between the two lines: call.stop, call.deadline_ns.
 *
 * Locks: THREADS_ONE, one call at a time. THREADS_PER_TASK: nothing for parts and
 * tracers, whose calls for one step the caller makes in turn; as ONE for stores and
 * fingerprints, which know no step. A component's lock may be held while another's
 * is taken only in the order part or tracer, then store or fingerprint. */
#ifndef PLUG_CALL_H
#define PLUG_CALL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "vt-plugin.h"

struct component;

struct plug_call {
	vt_call call;                      /* first: what the plugin gets */
	struct component *component;
	const char *operation;             /* the member's name, for messages */
	char code[32];                     /* of the report that is kept: the last of the highest level */
	char text[513];                    /* ... cleaned; "" none */
	uint32_t level;                    /* ... VT_REPORT_* */
	int64_t deadline_ns;               /* monotonic (os_now_ns); INT64_MAX: none */
	const volatile int *stop;          /* *stop != 0: vt wants it to end; NULL: never */
	pthread_t thread;                  /* who began it */
	uint32_t live;                     /* between begin and end; debug builds check it */
	_Atomic uint32_t signs;            /* of life: how often it asked vt for something */
	uint32_t signs_then, quiet;        /* patience.c: signs at the last tick; silent for so many seconds */
	struct plug_call *next, **prev;    /* ... the calls under way; prev NULL: nobody watches */
};

void call_begin(struct plug_call *c, struct component *component, const char *operation);
/* Maps unknown statuses to VT_FAILED, words a failure that said nothing, tells the
 * user a warning that came with a success. Afterwards code, text and level stay. */
vt_status call_end(struct plug_call *c, vt_status status);

/* Every service that plugins are handed begins with it: a sign of life. In debug builds
 * it aborts with the function's name unless `call` is under way and (own thread) this is
 * its thread. */
void call_check(vt_call *call, int own_thread, const char *function);
#endif
