/* format: what lies in a far store.
 *
 *     STEP    (entry, named by the step key)                  hints to the newest results, with proofs, and to name sets
 *     RESULT  (named by step key, names and states)           which body it is, and a proof
 *     body, name sets, terminal output, outputs: blobs, named by their SHA-256
 *
 * A STEP holds the newest bodies themselves, and the newest result's bundle (bundle.h), where they are small: then one request
 * is enough for a hit. Where a store holds bundles they stand in the place of RESULTs and blobs: a result is got by two requests.
 *
 * A RESULT is worth the same whoever writes it, and a STEP holds hints only: a lost update costs a request, never a
 * result. A name set is a result's list of facts without their states; with today's states it names the RESULT that
 * would be a hit. */
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
	FAR_INLINE_MAX = 48 << 10,             /* of the name set, the bodies and the bundle inside of it */
	FAR_INLINE_BUNDLE = 16 << 10,          /* of that bundle, and of a body that is a blob, too: whoever has no hit gets it in vain */
	FAR_RESULT_MAX = 512,                  /* of a RESULT */
	FAR_BODY_MAX = 64 << 20,               /* of a body, and of a name set */
};

struct far_hint {
	vt_id result;                  /* the name of its RESULT */
	vt_id body;
	struct proof proof;            /* as in the RESULT: whoever follows a hint need not read that */
	struct bytes bytes;            /* of the body; empty: not here. Borrowed */
	struct bytes before, after;    /* the rest of its bundle, around the body; before is empty: not here. Borrowed */
};

struct far_step {
	struct far_hint hints[FAR_HINTS];      /* the newest first */
	uint32_t hints_n;
	vt_id sets[FAR_SETS];                  /* the newest first */
	uint32_t sets_n;
	struct bytes newest;                   /* sets[0] itself; empty: it is too large. Borrowed */
};

/* Names. */
void far_step_name(const struct far_keys *k, const struct digest *key, vt_id *ret);
/* `before` and `after`: with their states. */
void far_result_name(const struct far_keys *k, const struct digest *key, const struct facts *before, const struct facts *after, vt_id *ret);

void far_step_encode(const struct far_keys *k, const vt_id *name, const struct far_step *s, struct buf *ret);
/* -1: it is none, of another name, or not sealed by the team's key. Where signatures count it has no name sets, unless somebody
 * signed it who is trusted. ret borrows from b. */
int far_step_decode(const struct far_keys *k, const vt_id *name, struct bytes b, struct far_step *ret);
/* Puts a result's hint and name set in front. false: they were there already. Bodies that there is no room for, the oldest
 * first, and the name set where the newest body stands, are left out. */
bool far_step_front(struct far_step *s, const struct far_hint *hint, const vt_id *set, struct bytes set_bytes);
/* Adds what only `other` has, behind. */
void far_step_join(struct far_step *s, const struct far_step *other);

void far_result_encode(const struct far_keys *k, const vt_id *name, const vt_id *body, struct buf *ret);
/* Fills in the proof of a hint's result and body; is it one that these keys accept? */
void far_hint_prove(const struct far_keys *k, struct far_hint *hint);
bool far_hint_is_proven(const struct far_keys *k, bool unsealed, const struct far_hint *hint);
/* -1: it is none, or not proven; else *ret_body. */
int far_result_decode(const struct far_keys *k, bool unsealed, const vt_id *name, struct bytes b, vt_id *ret_body);

/* The name set of a result: its facts after the run, without states but for values of parts. */
int far_set_encode(const struct facts *after, struct buf *ret);
/* -1: it is none, or names what is not for others to ask for: a file outside the workspace that is no program, no library and
 * not the system's. */
int far_set_decode(struct bytes b, struct arena *a, struct facts *ret);

/* May a result with these facts after the run leave this machine, and be taken from another? NULL: yes; else why not, a clause in `a`. */
const char *far_refusal(const struct far_keys *k, const struct facts *after, struct arena *a);
#endif
