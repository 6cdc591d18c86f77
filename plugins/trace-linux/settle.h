/* settle: what the notes mean, and telling it. Finding it out looks at files, and may wait for
 * them: no process of the task may be left that serves them. */
#ifndef TRACE_SETTLE_H
#define TRACE_SETTLE_H

#include <stdint.h>

#include "leads.h"
#include "trace.h"
#include "vt-plugin.h"

/* NULL: out of memory. Ends early, with a part, when the watch is abandoned. */
struct settling *settle_find(struct watch *w);

/* The name under which a path is told; op, flags: of a note. */
struct text settle_told(struct settling *s, struct settled *name, uint16_t op, uint16_t flags);

/* tell.c: hands all records to `into`. */
vt_status settle_tell(struct settling *s, struct vt_call *call, struct vt_notes *into);

void settle_free(struct settling *s);
#endif
