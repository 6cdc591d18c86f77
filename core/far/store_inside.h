/* Shared by store.c and calls.c alone. */
#ifndef FAR_STORE_INSIDE_H
#define FAR_STORE_INSIDE_H

#include <pthread.h>

#include "base/digest.h"
#include "far/store.h"
#include "plug/inside.h"

enum {
	THREADS_MAX = 64, PARALLEL_MANY = 4, PARALLEL_SINGLE = 16,     /* calls at once: of a store with batches, and of one without */
	BATCH = 256,                   /* items in one call */
	BATCH_LEAST = 4,               /* items that are worth a call of their own */
	BATCH_BYTES = 8 << 20,         /* bytes of one put */
	IN_MEMORY = 1 << 20,           /* bytes of a received object in memory; a larger one is a file */
	FAILURES_MAX = 3,              /* failures in a row that rest the store */
	PACE = 64 << 10,               /* bytes per second that an object must move */
	TIMEOUT_MS = 2000, BUDGET_MS = 10000, REST_MS = 30000,
	LOOK_MS = 50,                  /* how often a waiting thread looks at the calls */
};

#define MS INT64_C(1000000)            /* in nanoseconds */
#define GRACE_NS (250 * MS)            /* time of a call to end once it was asked to */

enum call_state { CALL_QUEUED, CALL_RUNNING, CALL_DONE, CALL_ABANDONED };
enum call_kind { CALL_GET, CALL_PUT, CALL_HAS, CALL_DROP, CALL_LEASE, CALL_RELEASE };

/* An object of a call. The plugin gets its first members. */
struct object {
	union {
		vt_sink sink;
		vt_source source;
	} is;
	struct far_call *call;
	vt_id name;
	vt_status status;
	struct blob_bytes bytes;
	size_t room;                   /* bytes allocated at bytes.data */
	bool in_memory, damaged;       /* damaged: the received bytes do not match the name */
	struct digest_state digest;    /* of the received bytes */
};

/* A call of the plugin. Owned by its caller; once abandoned, by its thread. */
struct far_call {
	struct far_call *next;         /* the next call in the queue */
	struct far_store *store;
	enum call_kind kind;
	enum call_state state;         /* under the store's lock */
	_Atomic int gone;              /* not 0: it was abandoned, and takes and gives no more bytes */
	uint32_t thread;               /* RUNNING: the number of its worker */
	uint32_t space, why;           /* why: the reason of CALL_DROP */
	vt_status status;              /* answer of the call as a whole */
	char text[sizeof ((struct plug_call *)0)->text];       /* the plugin's report */
	bool awaited;                  /* its caller waits for it; under the lock */
	_Atomic int64_t lost_ns;       /* when it is abandoned; shortly before, it is asked to end */
	struct plug_call *plug;        /* RUNNING: its deadline can be put off; on the thread of the call only */
	const struct object *moving;   /* the object whose bytes moved last; same thread, as the two below */
	int64_t since_ns;              /* when the object began */
	int64_t moved_ns;              /* when bytes moved last, or the call began */
	int64_t began_ns;              /* when the call began; under the store's lock */
	int64_t asked_ns;              /* when it was asked to end before its time; 0: never; under the store's lock */
	uint8_t *has;                  /* answers of CALL_HAS; n bytes */
	vt_id owner;                   /* CALL_LEASE: the asking owner, then the owner that has it; CALL_RELEASE: the owner */
	uint32_t ttl_ms;               /* CALL_LEASE: life of the lease */
	uint32_t n;
	struct object objects[];
};

struct worker {
	struct far_store *store;
	pthread_t thread;
	uint32_t number;
	bool runs;                     /* the thread was started */
	struct far_call *call;         /* its call under way, or NULL */
	bool lost;                     /* it is in an abandoned call */
	bool left;                     /* it was still lost when the store ended */
};

struct far_store {
	struct component *component;
	struct plug *plug;
	struct blobs *blobs;           /* makes private files */
	const volatile int *stop;      /* *stop != 0: the run is ending */
	volatile int asked;            /* not 0: calls must end; the plugin sees it */
	uint32_t parallel, batch;
	uint64_t batch_bytes;
	int64_t timeout_ns;
	pthread_mutex_t lock;          /* guards all below */
	pthread_cond_t more;           /* a call was queued, or `ending` */
	pthread_cond_t done;           /* a call was answered */
	struct far_call *first, **last;
	struct worker workers[THREADS_MAX];
	uint32_t workers_n, idle;
	uint32_t lost;                 /* how many workers are lost */
	bool ending;
	_Atomic int64_t end_ns;        /* the moment at which all calls must end; written under the lock */
	bool down, takes_nothing;      /* for the rest of the run */
	uint32_t failures, failures_in_row, requests;
	int64_t rest_until_ns, rest_ms;
	int64_t rested_ns;             /* when it last began to rest; 0: never */
	bool trying;                   /* the first call after a rest is under way */
	char text[sizeof ((struct plug_call *)0)->text];       /* report of the first failure */
	struct far_figures figures;
};

/* A call with room for n objects, for one caller. */
struct far_call *call_new(struct far_store *s, enum call_kind kind, uint32_t space, uint32_t n);
void call_object_to_get(struct object *o, const struct far_get *g);
void call_object_to_put(struct object *o, struct far_put *p);          /* takes the bytes over */
void call_queue(struct far_store *s, struct far_call *c);
/* Waits until a call is answered or given up. false: the call was abandoned; it belongs to its thread, and may be freed. */
bool call_await(struct far_store *s, struct far_call *c);
vt_status call_answer(const struct far_call *c, const struct object *o);
void call_free(struct far_call *c);                                    /* never for an abandoned call */
bool store_is_asked(const struct far_store *s);                        /* it neither rests nor is down, and the run goes on */
#endif
