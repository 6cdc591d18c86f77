/* store_call: one call of a near store.
 *
 * vt's own store is called on the caller's thread. Any other is called on a thread of the component's, so that a call that
 * never comes back costs the store, and not the run:
 *
 *     caller ── the call ──► queue ──► thread of the component ──► plugin
 *        ▲ serves                                                    │
 *        └──────── vt_sink.write, vt_source.read: wait for it ◄──────┘
 *
 * The caller's sink and source are used on the caller's thread only, and never after store_call has returned: a plugin
 * that comes back later finds that nothing is taken or given any more. A call is given up after VT_PLUGIN_PATIENCE without
 * a sign of life, a second after vt was told to end, or when its deadline is over; then the store is not used any more, and
 * its thread stays in the plugin until the process ends. */
#ifndef PLUG_STORE_CALL_H
#define PLUG_STORE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "vt-plugin.h"

struct component;

enum store_operation { STORE_GET, STORE_PUT, STORE_PUT_MANY, STORE_DROP, STORE_USED, STORE_LIST, STORE_SETTLE };

enum { STORE_CALL_TEXT = 513 };

/* All borrowed. */
struct store_request {
	enum store_operation operation;
	uint32_t space, why;           /* why: of a drop */
	const vt_id *names;
	uint32_t n;                    /* of names: one, but for `used` */
	int64_t since_s;               /* of a list */
	vt_sink *into;                 /* of a get or a list */
	vt_source *from;               /* of a put */
	vt_put_item *puts;             /* n of a STORE_PUT_MANY, which store_takes_many allows; each gets its status */
	const volatile int *stop;      /* NULL: plug_stopping */
	int64_t deadline_ns;           /* 0: none */
	bool behind;                   /* all tasks may be done: a crash does not change the exit status */
};

/* [any] Returns the call's status; VT_CANCELLED: also where it was given up, which a warning tells. ret_text: what was
 * reported, "" for nothing; STORE_CALL_TEXT bytes, or NULL. */
vt_status store_call(struct component *c, const struct store_request *r, char *ret_text);
/* Is the store called on the caller's thread, and takes several objects in one call? */
bool store_takes_many(const struct component *c);
/* Ends the threads; those that are lost stay. Before `destroy`. */
void store_calls_end(struct component *c);
#endif
