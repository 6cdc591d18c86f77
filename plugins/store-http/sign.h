/* Signatures of Amazon's version 4, and the digests that they need.
 * Source: "Signature Version 4 signing process" of the AWS documentation. */
#ifndef SIGN_H
#define SIGN_H

#include "transfer.h"

void sha256_of_two(const void *a, size_t a_n, const void *b, size_t b_n, vt_id *ret);
/* VT_OK, or what the source returned. */
vt_status sha256_of_source(vt_source *from, vt_call *call, vt_id *ret);

struct signing {
	const char *method, *host, *path;          /* of the request; path begins with a slash and has no query */
	const char *region, *key_id, *secret;
	const char *session;                       /* token of temporary credentials; NULL: none */
	const vt_id *payload;                      /* SHA-256 of the body */
	int64_t clock_s;                           /* seconds by which this machine's clock is behind the server's */
};

/* Adds the signature of this moment to the head. false: out of memory, or too long. */
bool sign_request(const struct signing *s, struct transfer *t);
#endif
