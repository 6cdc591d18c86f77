/* load: opens one plugin, checks it, and copies its description into structs of this vt's size. A
 * plugin is never unloaded, because a library may leave thread-local destructors behind. */
#ifndef PLUG_LOAD_H
#define PLUG_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "vt-plugin.h"

enum { LOAD_COMPONENTS_MAX = 64, LOAD_OPTIONS_MAX = 128 };

union load_ops {
	uint32_t struct_size;
	vt_tracer_ops tracer;
	vt_part_ops part;
	vt_fingerprint_ops fingerprint;
	vt_store_ops store;
};

struct load_component {
	vt_component about;        /* a copy; members that the plugin does not know are 0 */
	union load_ops ops;        /* a copy; all 0 for a disabled component without a table */
	vt_option *options;        /* copies; options_n of them */
	uint32_t options_n;
	const struct plugin *plugin;
};

struct plugin {
	char *path;                /* the real file */
	char *name;                /* of the file; equals about.name when it is good */
	void *handle;
	vt_plugin about;           /* a copy; its strings belong to the plugin */
	uint32_t said_size;        /* the struct_size that the plugin was built with */
	struct load_component *components;
	uint32_t components_n;
};

enum load_state { LOAD_READY, LOAD_REFUSED, LOAD_BROKEN };

struct refusal {
	enum load_state state;
	char code[32];             /* a stable word, for JSON */
	char text[512];            /* one clause, without a full stop */
};

/* Returns 0, or -1 and *why. *ret is NULL if the file was not opened; of a refused plugin it holds
 * what could be read (about.name NULL: nothing). `sha256`: the file must have this hash, and the
 * bytes that were hashed are the bytes that run; NULL: any file will do. */
int plugin_load(const char *real, const char *name, const struct digest *sha256, struct plugin **ret, struct refusal *why);
void plugin_free(struct plugin *p);        /* frees the copies; the library stays mapped */
const char *kind_word(uint32_t kind);      /* "store"; "?" */
/* Fills ret with the names of the component's operations, at most `room`. Returns their number. */
uint32_t ops_names(const struct load_component *c, const char **ret, uint32_t room);
#endif
