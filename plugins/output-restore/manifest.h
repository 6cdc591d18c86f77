/* manifest: what output-restore writes into its section: paths, types, modes, times,
 * and where the bytes are. */
#ifndef OUTPUT_RESTORE_MANIFEST_H
#define OUTPUT_RESTORE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vt-plugin.h"

enum { MANIFEST_PACK_RAW = 1 << 20, MANIFEST_SMALL = 64 << 10 };

struct bytes_out {
	char *data;
	size_t size, room;
	bool failed;                   /* out of memory; once set it stays set */
};

/* One frame that holds many small files. */
struct pack {
	vt_id id;                      /* of the compressed frame */
	uint32_t raw;                  /* size when unpacked */
};

struct item {
	vt_meta meta;
	vt_bytes path;
	vt_bytes target;               /* a link's; borrowed from the section */
	uint64_t size;                 /* a file's */
	bool packed;
	uint32_t pack, at;             /* index of the pack, and offset in it */
	vt_id blob;                    /* a large file's own */
};

void out_add(struct bytes_out *b, const void *data, size_t size);
void out_num(struct bytes_out *b, uint64_t n);

/* Writing: first all items, then the finished manifest. */
void manifest_item(struct bytes_out *items, const struct item *i);
void manifest_whole(struct bytes_out *ret, const struct pack *packs, uint32_t packs_n, uint32_t items_n, const struct bytes_out *items);

/* Reading. All functions return -1 where the bytes are not a manifest. */
struct manifest {
	const uint8_t *at, *end;       /* the items not yet read */
	struct pack *packs;            /* malloc'ed */
	uint32_t packs_n, items_n;
};
int manifest_open(vt_bytes section, struct manifest *ret);
int manifest_next(struct manifest *m, struct item *ret);
void manifest_close(struct manifest *m);
#endif
