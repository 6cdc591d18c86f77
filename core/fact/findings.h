/* findings: what a part answers, collected. The part names things; names that
 * cannot be right are refused. */
#ifndef FACT_FINDINGS_H
#define FACT_FINDINGS_H

#include <stdbool.h>

#include "fact/fact.h"
#include "vt-plugin.h"

struct findings {
	vt_findings service;           /* first: what the part gets */
	struct arena *arena;
	const char *part;              /* its name */
	bool key;                      /* before the run: only add() */
	struct facts facts;            /* unsorted */
	struct texts outputs;
	uint32_t why;                  /* VT_REFUSE_*, or 0 */
	char *refused;                 /* what it named, when why */
};

void findings_init(struct findings *f, struct arena *a, const char *part, bool key);
#endif
