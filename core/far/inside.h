/* Shared by the files of far alone. */
#ifndef FAR_INSIDE_H
#define FAR_INSIDE_H

#include <pthread.h>

#include "base/map.h"
#include "far/far.h"

enum { SENDER_GROUP = 256 };           /* results that are sent together, at most */

/* Sends results to one store; see sender.c. */
struct far_sender {
	struct far *far;
	uint32_t store;
	pthread_t thread;
	bool runs;                     /* the thread was started */
	struct map there;              /* names of objects that the store has for sure; keys in arena */
	struct map small;              /* small blobs that were sent: name -> their bytes; both in arena */
	uint64_t small_bytes;          /* bytes in `small` */
	struct map steps;              /* name of each STEP that was written -> struct sent_step */
	struct arena *arena;
	vt_id *offers;                 /* bodies, in order; under far->lock, as all below */
	uint32_t n, room, taken;       /* taken: how many of the offers a group has taken */
	uint32_t failed;               /* results that could not be sent */
	uint32_t awaited;              /* callers that wait for a result: the sender does not collect meanwhile */
	struct map sent;               /* bodies that the store has, with all that they name; keys in `arena_sent` */
	struct arena *arena_sent;
	bool busy, complete;           /* busy: a group is under way; complete: STEPs were read again */
};

struct far {
	struct far_setup setup;
	struct far_store *stores[FAR_STORES];
	uint32_t stores_n;
	pthread_mutex_t lock;          /* guards all below */
	pthread_cond_t changed;        /* an offer came, a group is sent, or `ending` */
	struct map known;              /* key -> struct far_known */
	struct map origins;            /* body -> store + 1, as a pointer */
	struct map lacking;            /* names of results of which the bundle or a blob was damaged or missing: they are sent again */
	struct arena *arena;           /* keys of the maps */
	struct far_sender senders[FAR_STORES];
	void **forgotten;              /* STEPs that far_forget took away, and their bytes; freed at the end */
	uint32_t forgotten_n;
	bool ending;                   /* the last offer has come: senders complete their STEPs and end */
};

/* far.c. Takes the received STEP of `item`, with its bytes; false: it is missing or not valid. Second: adds its newest result, if
 * the STEP holds that. */
bool far_take_step(struct far *f, uint32_t store, struct far_known *k, const struct far_get *item);
bool far_take_hint_at_hand(struct far *f, uint32_t store, struct far_known *k);

bool far_holds_bundles(const struct far *f, uint32_t store);
/* Does the body belong to this RESULT of this step, and may it come from afar? Decodes it into the arena. */
bool far_body_is(const struct far *f, const struct far_known *k, const vt_id *result, struct bytes body, struct arena *a, struct result *ret);
void far_note_lacking(struct far *f, const vt_id *result);
void far_note_damaged(struct far *f, uint32_t store, const vt_id *result);     /* and warns */
bool far_is_lacking(struct far *f, const vt_id *result);

void sender_start(struct far_sender *s);       /* with far->lock */
void sender_clear(struct far_sender *s);
/* send.c, on the sender's thread. Sends results by their bodies; returns how many the store did not take. there: for each, whether
 * the store has it now, with all that it names. */
uint32_t sender_send(struct far_sender *s, const vt_id *bodies, uint32_t n, bool *there);
void sender_complete_steps(struct far_sender *s);
#endif
