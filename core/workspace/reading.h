/* Shared by the files that read vite-task.json; for them alone. */
#ifndef WORKSPACE_READING_H
#define WORKSPACE_READING_H

#include "workspace/load.h"

/* One vite-task.json while it is read. */
struct reading {
	const struct json_doc *doc;
	const char *dir_shown;
	bool is_root;
	bool plain;                    /* the error is a sentence of its own, without the file's name in front */
	struct arena *a;
	struct err *err;
};

/* config_task.c: each -1 with an error at the node's place */
/* The field of `node` among `names`, which NULL ends: its index. */
int config_field(struct reading *r, const cJSON *node, const char *const *names);
int config_bool(struct reading *r, const cJSON *node, bool *ret);
int config_texts(struct reading *r, const cJSON *node, struct texts *ret);
/* "unix:PATH" or "tcp:PORT" each; INHERITED, too, if `inherits`. */
int config_sockets(struct reading *r, const cJSON *node, bool inherits, struct texts *ret);
/* A task, or the settings of one in taskDefaults (`defaults`). */
int config_task(struct reading *r, const cJSON *node, bool defaults, struct task_config *ret);
#endif
