#include "sign.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <nettle/hmac.h>

#include "layout.h"

enum { PIECE = 64 << 10, CANONICAL_MOST = 8 << 10 };

void sha256_of_two(const void *a, size_t a_n, const void *b, size_t b_n, vt_id *ret)
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, a_n, a);
	sha256_update(&c, b_n, b);
	sha256_digest(&c, sizeof ret->byte, ret->byte);
}

vt_status sha256_of_source(vt_source *from, vt_call *call, vt_id *ret)
{
	static const char early[] = "what is to be sent ended early";
	uint8_t piece[PIECE];
	struct sha256_ctx c;
	uint64_t at = 0;
	vt_status status;
	size_t n;

	sha256_init(&c);
	for (; at < from->size; at += n) {
		status = from->read(from, call, at, piece, sizeof piece, &n);
		if (status != VT_OK)
			return status;
		if (n == 0) {
			call->report(call, VT_REPORT_ERROR, "short", (vt_bytes){ early, sizeof early - 1 });
			return VT_FAILED;
		}
		sha256_update(&c, n, piece);
	}
	sha256_digest(&c, sizeof ret->byte, ret->byte);
	return VT_OK;
}

static void hmac(const void *key, size_t key_n, const char *text, vt_id *ret)
{
	struct hmac_sha256_ctx c;

	hmac_sha256_set_key(&c, key_n, key);
	hmac_sha256_update(&c, strlen(text), (const uint8_t *)text);
	hmac_sha256_digest(&c, sizeof ret->byte, ret->byte);
}

/* The key of a day, a region and the service. */
static bool signing_key(const struct signing *s, const char *day, vt_id *ret)
{
	char first[300];
	int n = snprintf(first, sizeof first, "AWS4%s", s->secret);

	if (n < 0 || (size_t)n >= sizeof first)
		return false;
	hmac(first, (size_t)n, day, ret);
	hmac(ret->byte, sizeof ret->byte, s->region, ret);
	hmac(ret->byte, sizeof ret->byte, "s3", ret);
	hmac(ret->byte, sizeof ret->byte, "aws4_request", ret);
	return true;
}

bool sign_request(const struct signing *s, struct transfer *t)
{
	char canonical[CANONICAL_MOST], text[512], scope[160], line[600], payload[65], hash[65], when[20], day[9];
	const char *names = s->session ? "host;x-amz-content-sha256;x-amz-date;x-amz-security-token" : "host;x-amz-content-sha256;x-amz-date";
	time_t now = time(NULL) + (time_t)s->clock_s;
	struct tm tm;
	vt_id key, id;
	int n;

	gmtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
	strftime(day, sizeof day, "%Y%m%d", &tm);
	id_text(s->payload, payload);
	n = snprintf(canonical, sizeof canonical, "%s\n%s\n\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n%s%s%s\n%s\n%s", s->method, s->path,
		     s->host, payload, when, s->session ? "x-amz-security-token:" : "", s->session ? s->session : "", s->session ? "\n" : "",
		     names, payload);
	if (n < 0 || (size_t)n >= sizeof canonical || !signing_key(s, day, &key))
		return false;
	sha256_of_two(canonical, (size_t)n, "", 0, &id);
	id_text(&id, hash);
	n = snprintf(scope, sizeof scope, "%s/%s/s3/aws4_request", day, s->region);
	if (n < 0 || (size_t)n >= sizeof scope)
		return false;
	snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", when, scope, hash);
	hmac(key.byte, sizeof key.byte, text, &id);
	id_text(&id, hash);
	n = snprintf(line, sizeof line, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", s->key_id, scope, names, hash);
	return n > 0 && (size_t)n < sizeof line && transfer_header(t, "Authorization", line) && transfer_header(t, "x-amz-date", when) &&
	       transfer_header(t, "x-amz-content-sha256", payload) && (!s->session || transfer_header(t, "x-amz-security-token", s->session));
}
