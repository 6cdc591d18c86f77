/* Shared by store.c and calls.c alone. */
#ifndef FAR_STORE_INSIDE_H
#define FAR_STORE_INSIDE_H

#include <pthread.h>

#include "base/digest.h"
#include "far/store.h"
#include "plug/inside.h"

enum {
	THREADS_MAX = 64, PARALLEL_MANY = 4, PARALLEL_SINGLE = 16,     /* calls at once: of a store that takes batches, and of one that does not */
	BATCH = 256,                   /* items in one call */
	BATCH_LEAST = 4,               /* fewer are not worth a call of their own */
	BATCH_BYTES = 8 << 20,         /* bytes of one put */
	IN_MEMORY = 1 << 20,           /* bytes that come; more of them go into a file */
	FAILURES_MAX = 3,              /* in a row, then it rests */
	PACE = 64 << 10,               /* bytes per second, at least */
	TIMEOUT_MS = 2000, BUDGET_MS = 10000, REST_MS = 30000,
	LOOK_MS = 50,                  /* how often a waiting thread looks at the calls */
};

#define MS INT64_C(1000000)            /* nanoseconds */
#define GRACE_NS (250 * MS)            /* that calls have to end in, once they were asked to */

enum call_state { CALL_QUEUED, CALL_RUNNING, CALL_DONE, CALL_ABANDONED };
enum call_kind { CALL_GET, CALL_PUT, CALL_HAS, CALL_DROP, CALL_LEASE, CALL_RELEASE };

/* An object of a call. Its first members are those that the plugin gets. */
struct object {
	union {
		vt_sink sink;
		vt_source source;
	} is;
	struct far_call *call;
	vt_id name;
	vt_status status;
	struct blob_bytes bytes;
	size_t room;                   /* of bytes.data */
	bool in_memory, damaged;       /* damaged: what came is not what the name says */
	struct digest_state digest;    /* of what came */
};

/* Owned by its caller; once abandoned, by its thread. */
struct far_call {
	struct far_call *next;         /* in the queue */
	struct far_store *store;
	enum call_kind kind;
	enum call_state state;         /* under the store's lock */
	_Atomic int gone;              /* it was abandoned: no bytes are taken or given any more */
	uint32_t thread;               /* RUNNING: which */
	uint32_t space, why;           /* why: of a drop */
	vt_status status;              /* of the call as a whole */
	char text[sizeof ((struct plug_call *)0)->text];       /* its report */
	bool awaited;                  /* its caller has come to it; under the lock */
	_Atomic int64_t lost_ns;       /* when it is abandoned; a little before, it is asked to end */
	struct plug_call *plug;        /* RUNNING: to put its deadline off; on the thread of the call only */
	const struct object *moving;   /* the object whose bytes moved last; same thread, as the two below */
	int64_t since_ns;              /* when the object began */
	int64_t moved_ns;              /* when bytes moved last, or the call began */
	int64_t began_ns;              /* when the call began; under the store's lock */
	int64_t asked_ns;              /* when it was asked to end before its time; 0: it was not; under the store's lock */
	uint8_t *has;                  /* of CALL_HAS; n bytes */
	vt_id owner;                   /* of CALL_LEASE: who asks, then who has it; of CALL_RELEASE */
	uint32_t ttl_ms;               /* of CALL_LEASE */
	uint32_t n;
	struct object objects[];
};

struct worker {
	struct far_store *store;
	pthread_t thread;
	uint32_t number;
	bool runs;                     /* it was started */
	struct far_call *call;         /* under way, or NULL */
	bool lost;                     /* inside of an abandoned call */
	bool left;                     /* it was when the store ended */
};

struct far_store {
	struct component *component;
	struct plug *plug;
	struct blobs *blobs;           /* for private files */
	const volatile int *stop;      /* *stop != 0: the run is ending */
	volatile int asked;            /* calls are to end: what the plugin is told */
	uint32_t parallel, batch;
	uint64_t batch_bytes;
	int64_t timeout_ns;
	pthread_mutex_t lock;          /* guards all below */
	pthread_cond_t more;           /* a call was queued, or `ending` */
	pthread_cond_t done;           /* a call was answered */
	struct far_call *first, **last;
	struct worker workers[THREADS_MAX];
	uint32_t workers_n, idle;
	uint32_t lost;                 /* of the workers */
	bool ending;
	_Atomic int64_t end_ns;        /* no call goes on after it; written under the lock */
	bool down, takes_nothing;      /* for the rest of the run */
	uint32_t failures, failures_in_row, requests;
	int64_t rest_until_ns, rest_ms;
	int64_t rested_ns;             /* when it began to rest last; 0: never */
	bool trying;                   /* after a rest, one call is under way */
	char text[sizeof ((struct plug_call *)0)->text];       /* of the first failure */
	struct far_figures figures;
};

/* A call with room for n objects, for one caller. */
struct far_call *call_new(struct far_store *s, enum call_kind kind, uint32_t space, uint32_t n);
void call_object_to_get(struct object *o, const struct far_get *g);
void call_object_to_put(struct object *o, struct far_put *p);          /* takes over the bytes */
void call_queue(struct far_store *s, struct far_call *c);
/* Waits until it is answered or given up. false: it was abandoned, and is no longer the caller's: it may be gone. */
bool call_await(struct far_store *s, struct far_call *c);
vt_status call_answer(const struct far_call *c, const struct object *o);
void call_free(struct far_call *c);                                    /* not of an abandoned one */
bool store_is_asked(const struct far_store *s);                        /* it neither rests nor is down, and the run goes on */
#endif
