/* check_bytes: what trials of stores put and get. For check_store.c and check_work.c. */
#ifndef KIT_CHECK_BYTES_H
#define KIT_CHECK_BYTES_H

#include <pthread.h>

#include "kit/check.h"

enum { CHECK_BIG = 3 << 20 };              /* bytes of a blob that no store takes at once */

/* A source over bytes that can fail, end early, or ask for the end of the call. */
struct bytes_source {
	vt_source source;
	const unsigned char *data;
	size_t size;
	size_t fail_at;                    /* SIZE_MAX: never */
	size_t end_at, stop_at;
	volatile int stop;
	pthread_t thread;                  /* of the call */
	bool astray;                       /* the source was read on another thread */
};

struct bytes_source source_of(const void *data, size_t size);

/* A sink that compares what comes, or fails. */
struct compare_sink {
	vt_sink sink;
	const unsigned char *want;
	size_t size, at, fail_at;
	bool differs;
	volatile int *stop;                /* set when the first bytes came; NULL: never */
	pthread_t thread;                  /* of the call */
	bool astray;                       /* the sink was written on another thread */
};

void sink_begin(struct compare_sink *into);        /* its functions, and the present thread as that of the call */

/* One call each. What a put puts is noted, to be dropped. */
vt_status check_get(struct check *k, uint32_t space, const vt_id *id, struct compare_sink *into);
vt_status check_put(struct check *k, uint32_t space, const vt_id *id, struct bytes_source *from);
vt_status check_drop(struct check *k, uint32_t space, const vt_id *id);
void check_note_put(struct check *k, uint32_t space, const vt_id *id);
/* A name that nothing had before: of a blob it follows from its bytes, which are random. */
void check_name(struct check *k, uint32_t space, const void *data, size_t size, vt_id *ret);
const char *space_word(uint32_t space);

/* Faults, unless it is so. Each returns whether it is. */
bool check_absent(struct check *k, uint32_t space, const vt_id *id, const char *when);
bool check_present(struct check *k, uint32_t space, const vt_id *id, const void *data, size_t size, const char *when);
bool check_put_ok(struct check *k, uint32_t space, const vt_id *id, const void *data, size_t size);       /* false, and no fault: it declined */
#endif
