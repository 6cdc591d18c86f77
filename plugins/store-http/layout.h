/* Layouts: the addresses of objects on a server, and the headers of requests. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "settings.h"
#include "transfer.h"

struct layout {
	const char *name;
	uint32_t wants;                    /* VT_WANTS_* beside FAR */
	bool drops;                        /* the server has a use for DELETE */
	bool indirect;                     /* an object whose name is no hash of its bytes is a record of a blob: see action.h */
	bool may_be_absent;                /* with `auto`, an environment that names no server is no error */
	bool once;                         /* objects that never change are put with If-None-Match: * */
	/* Checks the settings, and fills some from the environment. NULL, or the error as one clause. */
	const char *(*check)(struct settings *s);
	/* Writes the request's address and head. false: out of memory, or the source failed (t->status). */
	bool (*address)(const struct settings *s, struct transfer *t, uint32_t space, const vt_id *name, vt_call *call);
	/* Does an error's text say that the credentials are of no use for any request? */
	bool (*is_lost)(const struct transfer *t);
	/* Does the answer say that this machine's clock is wrong? NULL: no answer does. */
	bool (*is_skewed)(const struct transfer *t);
	/* Does the answer to a PUT say that the server takes nothing, whatever its code is? */
	bool (*takes_nothing)(const struct transfer *t);
};

const struct layout *layout_of(const char *name);      /* NULL: no such layout */

/* 64 digits and a NUL. */
void id_text(const vt_id *id, char ret[65]);
/* A name that no object of another space has; a blob keeps its own. */
void id_in_space(uint32_t space, const vt_id *name, vt_id *ret);
/* Takes a variable's value for a setting that is not set. false: out of memory. */
bool take_variable(char **setting, const char *variable);
/* Adds the headers of every request: a type and no Expect for a PUT, the token if there is one. */
bool common_head(const struct settings *s, struct transfer *t);
#endif
