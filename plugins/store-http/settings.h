/* settings: the options of the store, as the user set them. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>

#include "vt-plugin.h"

/* Texts are owned: settings_clear. NULL: not set. */
struct settings {
	char *url;                         /* without a slash at the end */
	char *host, *path;                 /* parts of url: HOST or HOST:PORT; "/..." or "" */
	char *token, *user, *password, *ca, *team, *region, *key_id, *secret_key, *session;
	bool automatic;                    /* options that are not set come from the environment */
	_Atomic int64_t clock_s;           /* seconds by which the server's clock is ahead of this machine's */
};

extern const vt_option *const settings_options[];

/* Each returns NULL, or what is wrong, as one clause. */
const char *settings_set(struct settings *s, const char *key, const char *value);      /* takes any option but `layout` */
const char *settings_read_url(struct settings *s);     /* fills in host and path */
void settings_clear(struct settings *s);
#endif
