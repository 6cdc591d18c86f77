/* Opens one plugin, checks it, and copies what it says about itself into structs
 * of this vt's size. Never unloaded: libraries may leave thread-local destructors. */
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
	vt_component about;        /* clamped: members the plugin does not know are 0 */
	union load_ops ops;        /* clamped; all 0 for a disabled component without a table */
	vt_option *options;        /* clamped; options_n of them */
	uint32_t options_n;
	const struct plugin *plugin;
};

struct plugin {
	char *path;                /* the real file */
	char *name;                /* of the file; equals about.name when it is good */
	void *handle;
	vt_plugin about;           /* clamped; strings belong to the plugin */
	uint32_t said_size;        /* the struct_size it was built with */
	struct load_component *components;
	uint32_t components_n;
};

enum load_state { LOAD_READY, LOAD_REFUSED, LOAD_BROKEN };

struct refusal {
	enum load_state state;
	char code[32];             /* a stable word */
	char text[512];            /* one sentence without a full stop */
};

/* 0; -1: *why says it. *ret is set as far as the plugin could be understood even
 * when it is refused (about.name NULL: not at all), NULL when nothing was opened.
 * sha256: of the bytes it must have, which then are the bytes that run; NULL: any. */
int plugin_load(const char *real, const char *name, const struct digest *sha256, struct plugin **ret, struct refusal *why);
void plugin_free(struct plugin *p);        /* what is ours; the object stays mapped */
const char *kind_word(uint32_t kind);      /* "store"; "?" */
/* Names of the operations this component has, NULL-terminated, at most `room`. */
uint32_t ops_names(const struct load_component *c, const char **ret, uint32_t room);
#endif
