/* What the two halves of fingerprint-git share. */
#ifndef GIT_H
#define GIT_H

#include <git2.h>

#include "vt-plugin.h"

vt_status git_report(vt_call *call, uint32_t level, const char *code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Opens the repository that holds `root`. NULL: there is none (*ret_none), or it cannot be read. */
git_repository *git_of(vt_bytes root, int *ret_none);
/* Reports libgit2's last error behind a sentence of our own. Returns VT_FAILED. */
vt_status git_failed(vt_call *call, const char *what);
vt_status content_at(void *self, vt_call *call, vt_bytes root, vt_bytes reference, vt_bytes path, vt_sink *content);
vt_status since(void *self, vt_call *call, vt_bytes root, vt_bytes reference, vt_sink *paths);
#endif
