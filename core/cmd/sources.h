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
void sources_free(struct sources *g);
#endif
