/* The record of an action's result in Bazel's cache: the message ActionResult of
 * build/bazel/remote/execution/v2/remote_execution.proto (https://github.com/bazelbuild/remote-apis), in protobuf's
 * encoding (https://protobuf.dev/programming-guides/encoding):
 *
 *     ActionResult { output_files = 2 [OutputFile]; exit_code = 4 }
 *     OutputFile   { path = 1; digest = 2 Digest }
 *     Digest       { hash = 1, in hexadecimal; size_bytes = 2 }
 *
 * The records here have one output file, the object, whose bytes lie among the blobs. */
#ifndef ACTION_H
#define ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vt-plugin.h"

enum {
	ACTION_MOST = 4096,        /* most bytes of a record that is read */
	ACTION_WRITTEN_MOST = 128  /* most bytes of a record that is written */
};

struct action {
	vt_id blob;                /* SHA-256 of the object */
	uint64_t size;             /* size of its bytes */
};

/* Returns how many bytes were written. */
size_t action_encode(const struct action *a, uint8_t ret[ACTION_WRITTEN_MOST]);
/* false: not a record of an object. */
bool action_decode(const void *data, size_t size, struct action *ret);
#endif
