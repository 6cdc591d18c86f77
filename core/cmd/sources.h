/* sources: the two configurations and the places where plugins may lie, read without loading a plugin. */
#ifndef CMD_SOURCES_H
#define CMD_SOURCES_H

#include "choose/user_config.h"
#include "cmd/cmd.h"
#include "os/installation.h"
#include "plug/setup.h"

struct workspace;

struct sources {
	struct installation installation;
	struct user_config user;
	struct workspace *workspace;       /* NULL: there is none, or it cannot be read */
	struct plug_setup setup;
};

/* Reads both configurations. No workspace is needed; if there is one that cannot be read, its root
 * still counts: plugins below it are not trusted. */
int sources_make(const struct session *s, struct sources *ret, struct err *err);
/* The same, but a user's configuration that is wrong is left out: *ret_wrong says what is wrong, in the session's arena; NULL: nothing. */
int sources_look(const struct session *s, struct sources *ret, const char **ret_wrong, struct err *err);
void sources_free(struct sources *g);
#endif
