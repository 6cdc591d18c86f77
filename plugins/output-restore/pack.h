/* pack: small files in one zstd frame. */
#ifndef OUTPUT_RESTORE_PACK_H
#define OUTPUT_RESTORE_PACK_H

#include "manifest.h"

/* Compresses `raw` and keeps it as a blob; *ret: its id. */
vt_status pack_keep(vt_saving *saving, vt_call *call, const struct bytes_out *raw, struct pack *ret);
/* Fetches a pack and unpacks it into malloc'ed memory. */
vt_status pack_fetch(vt_restoring *restoring, vt_call *call, const struct pack *p, char **ret);
#endif
