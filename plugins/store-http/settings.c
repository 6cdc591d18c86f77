#include "settings.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 1700 };         /* bytes of a setting: an address has room for an object's name behind it */

/* A line's end would begin another line of the request. */
static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	return true;
}

static char **text_of(struct settings *s, const char *key)
{
	struct { const char *key; char **to; } const texts[] = {
		{ "url", &s->url }, { "token", &s->token }, { "user", &s->user }, { "password", &s->password }, { "ca", &s->ca }, { "team", &s->team },
		{ "region", &s->region }, { "key-id", &s->key_id }, { "secret-key", &s->secret_key }, { "session-token", &s->session },
	};
	size_t i;

	for (i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(key, texts[i].key) == 0)
			return texts[i].to;
	return NULL;
}

const char *settings_set(struct settings *s, const char *key, const char *value)
{
	char **to = text_of(s, key);

	if (!to) {
		s->automatic = strcmp(value, "1") == 0;
		return NULL;
	}
	if (!is_one_line(value) || strlen(value) >= TEXT_MOST)
		return "it has a line's end in it, or is too long";
	free(*to);
	*to = strdup(value);
	return *to ? NULL : "out of memory";
}

const char *settings_read_url(struct settings *s)
{
	char *host = NULL, *port = NULL, *path = NULL, *scheme = NULL, *extra = NULL;
	CURLU *u = curl_url();
	const char *why = "out of memory";
	size_t n = strlen(s->url);

	while (n && s->url[n - 1] == '/')
		s->url[--n] = '\0';
	if (!u)
		return why;
	if (curl_url_set(u, CURLUPART_URL, s->url, 0) != CURLUE_OK || curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) || curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		why = "it must be as https://HOST:PORT/PATH";
	else if (curl_url_get(u, CURLUPART_USER, &extra, 0) == CURLUE_OK || curl_url_get(u, CURLUPART_PASSWORD, &extra, 0) == CURLUE_OK)
		why = "it has a user in it: write `user` and `password` beside it";
	else if (curl_url_get(u, CURLUPART_QUERY, &extra, 0) == CURLUE_OK || curl_url_get(u, CURLUPART_FRAGMENT, &extra, 0) == CURLUE_OK)
		why = "it has a query or a fragment";
	else if (curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
		if (curl_url_get(u, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT) != CURLUE_OK)
			port = NULL;
		free(s->host);
		free(s->path);
		s->path = strdup(strcmp(path, "/") == 0 ? "" : path);
		s->host = malloc(strlen(host) + 16);
		if (s->host && s->path) {
			sprintf(s->host, "%s%s%.6s", host, port ? ":" : "", port ? port : "");
			why = NULL;
		}
	}
	curl_free(host);
	curl_free(port);
	curl_free(path);
	curl_free(scheme);
	curl_free(extra);
	curl_url_cleanup(u);
	return why;
}

void settings_clear(struct settings *s)
{
	char *texts[] = { s->url, s->host, s->path, s->token, s->user, s->password, s->ca, s->team, s->region, s->key_id, s->secret_key, s->session };
	size_t i;

	for (i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
}

/* ---- options ---------------------------------------------------------------------------- */

#define OPTION(id, name_, type_, flags_, fallback_, help_) \
	static const vt_option id = { .struct_size = sizeof id, .name = name_, .type = type_, .flags = flags_, .fallback = fallback_, .help = help_ }
OPTION(layout_option, "layout", "string", 0, "flat", "flat, bazel, turbo or s3: how objects are called there");
OPTION(url_option, "url", "url", VT_OPTION_USER_ONLY, NULL, "the server: https://HOST:PORT/PATH; of s3 with the bucket in it");
OPTION(token_option, "token", "string", VT_OPTION_SECRET, NULL, "sent as Bearer");
OPTION(user_option, "user", "string", VT_OPTION_USER_ONLY, NULL, "the user's name (HTTP basic)");
OPTION(password_option, "password", "string", VT_OPTION_SECRET, NULL, "the user's password");
OPTION(ca_option, "ca", "path", VT_OPTION_USER_ONLY, NULL, "a file of certificates (PEM) to trust instead of the system's");
OPTION(team_option, "team", "string", VT_OPTION_USER_ONLY, NULL, "turbo: the team's slug, or its id, which begins with team_");
OPTION(auto_option, "auto", "bool", VT_OPTION_USER_ONLY, NULL, "turbo, s3: what is not set is taken from TURBO_API, TURBO_TOKEN, TURBO_TEAM; from AWS_*");
OPTION(region_option, "region", "string", VT_OPTION_USER_ONLY, NULL, "s3: the region (us-east-1)");
OPTION(key_id_option, "key-id", "string", VT_OPTION_USER_ONLY, NULL, "s3: the access key's id; without it requests are not signed");
OPTION(secret_key_option, "secret-key", "string", VT_OPTION_SECRET, NULL, "s3: the secret access key");
OPTION(session_option, "session-token", "string", VT_OPTION_SECRET, NULL, "s3: the token of credentials that end");
const vt_option *const settings_options[] = { &layout_option, &url_option, &token_option, &user_option, &password_option, &ca_option, &team_option,
	&auto_option, &region_option, &key_id_option, &secret_key_option, &session_option, NULL };
