/* format: the objects in a far store.
 *
 *     STEP    (entry, named by the step key)                  hints to the newest results, with proofs, and to name sets
 *     RESULT  (named by step key, names and states)           the name of its body, and a proof
 *     body, name sets, terminal output, outputs: blobs, named by their SHA-256
 *
 * A STEP holds small bodies of the newest results themselves, and the newest result's small bundle (bundle.h): then one request is
 * enough for a hit. A store that holds bundles has them in place of RESULTs and blobs, and gives a result by two requests.
 *
 * RESULTs of several writers under one name are worth the same, and a STEP holds hints only: a lost update costs a request,
 * never a result. A name set is a result's list of facts without their states; with the present states it names the RESULT
 * that would be a hit. */
#ifndef FAR_FORMAT_H
#define FAR_FORMAT_H

#include <stdbool.h>

#include "base/buf.h"
#include "far/key.h"
#include "fact/fact.h"
#include "vt-plugin.h"

struct result;

enum {
	FAR_HINTS = 4, FAR_SETS = 32,
	FAR_STEP_MAX = 64 << 10,               /* bytes of a STEP */
	FAR_INLINE_MAX = 48 << 10,             /* bytes of the name set, the bodies and the bundle in a STEP */
	FAR_INLINE_BUNDLE = 16 << 10,          /* bytes of that bundle, and of a body that is also a blob: in vain without a hit */
	FAR_RESULT_MAX = 512,                  /* bytes of a RESULT */
	FAR_BODY_MAX = 64 << 20,               /* bytes of a body, and of a name set */
};

struct far_hint {
	vt_id result;                  /* the name of its RESULT */
	vt_id body;
	struct proof proof;            /* that of the RESULT, which need not be read then */
	struct bytes bytes;            /* the body; empty: not in the STEP. Borrowed */
	struct bytes before, after;    /* the rest of its bundle, around the body; before empty: not in the STEP. Borrowed */
};

struct far_step {
	struct far_hint hints[FAR_HINTS];      /* the newest first */
	uint32_t hints_n;
	vt_id sets[FAR_SETS];                  /* the newest first */
	uint32_t sets_n;
	struct bytes newest;                   /* bytes of sets[0]; empty: too large for the STEP. Borrowed */
};

/* The name of the STEP of a step key. */
void far_step_name(const struct far_keys *k, const struct digest *key, vt_id *ret);
/* The name of a RESULT. `before` and `after`: facts with their states. */
void far_result_name(const struct far_keys *k, const struct digest *key, const struct facts *before, const struct facts *after, vt_id *ret);

void far_step_encode(const struct far_keys *k, const vt_id *name, const struct far_step *s, struct buf *ret);
/* Reads a STEP. -1: the bytes are no STEP, of another name, or not sealed by the team's key. Where signatures count, ret has name
 * sets only if a trusted key signed the STEP. ret borrows from b. */
int far_step_decode(const struct far_keys *k, const vt_id *name, struct bytes b, struct far_step *ret);
/* Puts a result's hint and name set in front. false: they were there already. Leaves out bodies without room, the oldest first,
 * and the newest name set if the newest body is in the STEP. */
bool far_step_front(struct far_step *s, const struct far_hint *hint, const vt_id *set, struct bytes set_bytes);
/* Adds the hints and name sets that only `other` has, at the end. */
void far_step_join(struct far_step *s, const struct far_step *other);

void far_result_encode(const struct far_keys *k, const vt_id *name, const vt_id *body, struct buf *ret);
/* Fills in the proof of a hint's result and body. */
void far_hint_prove(const struct far_keys *k, struct far_hint *hint);
bool far_hint_is_proven(const struct far_keys *k, bool unsealed, const struct far_hint *hint);
/* Reads a RESULT. -1: the bytes are no RESULT, or not proven; else *ret_body. */
int far_result_decode(const struct far_keys *k, bool unsealed, const vt_id *name, struct bytes b, vt_id *ret_body);

/* The name set of a result: its facts after the run, without states but for values of parts. */
int far_set_encode(const struct facts *after, struct buf *ret);
/* Reads a name set. -1: the bytes are no set, or the set names a file that others may not ask for: outside the workspace, and
 * neither a program nor a library nor a file of the system. */
int far_set_decode(struct bytes b, struct arena *a, struct facts *ret);

/* May a result with these facts after the run be shared between machines? NULL: yes; else the reason, a clause in `a`. */
const char *far_refusal(const struct far_keys *k, const struct facts *after, struct arena *a);
#endif
