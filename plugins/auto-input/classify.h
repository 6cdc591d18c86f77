/* classify: turns what was seen, in order, into the facts that a result depends on. Pure. */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "vt-plugin.h"

vt_status classify(const vt_seen *seen, uint32_t n, vt_call *call, vt_findings *into);
#endif
