#include "layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sign.h"

void id_text(const vt_id *id, char ret[65])
{
	int i;

	for (i = 0; i < 32; i++)
		snprintf(ret + 2 * i, 3, "%02x", id->byte[i]);
}

void id_in_space(uint32_t space, const vt_id *name, vt_id *ret)
{
	char text[32];
	int n;

	*ret = *name;
	if (!(space & VT_SPACE_UNNAMED))
		return;
	n = snprintf(text, sizeof text, "vt space %u", space);
	sha256_of_two(text, (size_t)n + 1, name->byte, sizeof name->byte, ret);
}

bool take_variable(char **setting, const char *variable)
{
	const char *value = getenv(variable);

	if (*setting || !value || !*value)
		return true;
	*setting = strdup(value);
	return *setting != NULL;
}

bool common_head(const struct settings *s, struct transfer *t)
{
	char line[URL_MOST];

	/* no Expect: it costs a round trip, and a server that refuses says so in any case */
	if (t->method == METHOD_PUT && (!transfer_header(t, "Expect", "") || !transfer_header(t, "Content-Type", "application/octet-stream")))
		return false;
	if (!s->token)
		return true;
	snprintf(line, sizeof line, "Bearer %s", s->token);
	return transfer_header(t, "Authorization", line);
}

/* ---- flat: any server that takes PUT ---------------------------------------------------- */

static bool flat_address(const struct settings *s, struct transfer *t, uint32_t space, const vt_id *name, vt_call *call)
{
	char id[65];

	(void)call;
	id_text(name, id);
	snprintf(t->url, sizeof t->url, "%s/%u-%s", s->url, space, id);
	return common_head(s, t);
}

static const struct layout layout_flat = { .name = "flat", .drops = true, .address = flat_address };

/* ---- bazel: the cache of Bazel over HTTP ---------------------------------------------------- */

static bool bazel_address(const struct settings *s, struct transfer *t, uint32_t space, const vt_id *name, vt_call *call)
{
	char id[65];
	vt_id own;

	(void)call;
	id_in_space(space, name, &own);
	id_text(&own, id);
	snprintf(t->url, sizeof t->url, "%s/%s/%s", s->url, space & VT_SPACE_UNNAMED ? "ac" : "cas", id);
	return common_head(s, t);
}

static const struct layout layout_bazel = { .name = "bazel", .indirect = true, .address = bazel_address };

/* ---- turbo: the Remote Cache API of Turborepo, version 8 ------------------------------------- */

static const char *turbo_check(struct settings *s)
{
	if (s->automatic && (!take_variable(&s->url, "TURBO_API") || !take_variable(&s->token, "TURBO_TOKEN") ||
			     !take_variable(&s->team, "TURBO_TEAMID") || !take_variable(&s->team, "TURBO_TEAM")))
		return "out of memory";
	/* the default address of turbo itself */
	if (s->automatic && !s->url && s->token && !(s->url = strdup("https://vercel.com/api")))
		return "out of memory";
	return NULL;
}

static bool turbo_address(const struct settings *s, struct transfer *t, uint32_t space, const vt_id *name, vt_call *call)
{
	char id[65], *team = s->team ? curl_easy_escape(NULL, s->team, 0) : NULL;
	vt_id own;
	bool ok;

	(void)call;
	id_in_space(space, name, &own);
	id_text(&own, id);
	snprintf(t->url, sizeof t->url, "%s/v8/artifacts/%s%s%s", s->url, id,
		 !team ? "" : strncmp(team, "team_", 5) == 0 ? "?teamId=" : "?slug=", team ? team : "");
	ok = (team || !s->team) && common_head(s, t) && (t->method != METHOD_PUT || transfer_header(t, "x-artifact-duration", "0"));
	curl_free(team);
	return ok;
}

static bool turbo_is_lost(const struct transfer *t)
{
	/* the answer of turborepo-remote-cache to a request without a token */
	return (t->method != METHOD_PUT && t->code == 403) || (t->code == 400 && strstr(t->text, "Missing Authorization"));
}

static bool turbo_takes_nothing(const struct transfer *t)
{
	static const char *const words[] = { "\"status\":\"disabled\"", "\"status\":\"over_limit\"", "\"status\":\"paused\"", "remote_caching_disabled" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(t->text, words[i]))
			return true;
	return false;
}

static const struct layout layout_turbo = { .name = "turbo", .wants = VT_WANTS_BUNDLES, .may_be_absent = true, .check = turbo_check, .address = turbo_address,
	.is_lost = turbo_is_lost, .takes_nothing = turbo_takes_nothing };

/* ---- s3: buckets -------------------------------------------------------------------------------- */

static const char *s3_check(struct settings *s)
{
	if (s->automatic && !s->key_id && !s->secret_key &&
	    (!take_variable(&s->key_id, "AWS_ACCESS_KEY_ID") || !take_variable(&s->secret_key, "AWS_SECRET_ACCESS_KEY") ||
	     !take_variable(&s->session, "AWS_SESSION_TOKEN")))
		return "out of memory";
	if (s->automatic && (!take_variable(&s->region, "AWS_REGION") || !take_variable(&s->region, "AWS_DEFAULT_REGION")))
		return "out of memory";
	if (!s->region && !(s->region = strdup("us-east-1")))
		return "out of memory";
	if (!s->key_id != !s->secret_key)
		return "`key-id` and `secret-key` belong together: one of them is missing";
	if (s->token || s->user || s->password)
		return "layout s3 has `key-id` and `secret-key` instead of `token`, `user` and `password`";
	return NULL;
}

static bool s3_address(const struct settings *s, struct transfer *t, uint32_t space, const vt_id *name, vt_call *call)
{
	static const char *const methods[] = { "GET", "PUT", "HEAD", "DELETE" };
	struct signing signing = { .method = methods[t->method], .host = s->host, .region = s->region, .key_id = s->key_id,
				   .secret = s->secret_key, .session = s->session };
	char id[65], object[100], path[URL_MOST];
	vt_id payload = *name;

	id_text(name, id);
	snprintf(object, sizeof object, "/%u/%s", space, id);
	snprintf(path, sizeof path, "%s%s", s->path, object);
	snprintf(t->url, sizeof t->url, "%s%s", s->url, object);
	if (!common_head(s, t))
		return false;
	if (!s->key_id)
		return true;
	if (!t->from)
		sha256_of_two("", 0, "", 0, &payload);
	else if (space & VT_SPACE_UNNAMED)
		t->status = sha256_of_source(t->from, call, &payload);
	signing.path = path;
	signing.payload = &payload;
	signing.clock_s = t->clock_s = s->clock_s;
	return t->status == VT_OK && sign_request(&signing, t);
}

static bool s3_is_lost(const struct transfer *t)
{
	static const char *const words[] = { "SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed", "ExpiredToken", "InvalidToken", "TokenRefreshRequired" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(t->text, words[i]))
			return true;
	return t->method != METHOD_PUT && t->code == 403;
}

/* A HEAD's answer has no text: a clock difference that no server accepts counts instead. */
static bool s3_is_skewed(const struct transfer *t)
{
	enum { ACCEPTED_S = 15 * 60 };
	int64_t ahead = t->date_s - ((int64_t)time(NULL) + t->clock_s);

	if (t->code != 403 || !t->date_s)
		return false;
	return strstr(t->text, "RequestTimeTooSkewed") || (t->method == METHOD_HEAD && (ahead > ACCEPTED_S || ahead < -ACCEPTED_S));
}

static const struct layout layout_s3 = { .name = "s3", .drops = true, .once = true, .check = s3_check, .address = s3_address, .is_lost = s3_is_lost,
	.is_skewed = s3_is_skewed };

const struct layout *layout_of(const char *name)
{
	static const struct layout *const all[] = { &layout_flat, &layout_bazel, &layout_turbo, &layout_s3 };
	size_t i;

	for (i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
