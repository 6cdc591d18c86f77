/* findings: collects what a part answers. A part names things; a name that cannot be right is
 * refused. */
#ifndef FACT_FINDINGS_H
#define FACT_FINDINGS_H

#include <stdbool.h>

#include "fact/fact.h"
#include "vt-plugin.h"

struct findings {
	vt_findings service;           /* first: what the part gets */
	struct arena *arena;
	const char *part;              /* its name */
	bool key;                      /* the part is asked before the run: only add() is allowed */
	struct facts facts;            /* in the order of adding */
	struct texts outputs;
	uint32_t why;                  /* VT_REFUSE_*, or 0 */
	char *refused;                 /* what the refusal named; set with why */
};

void findings_init(struct findings *f, struct arena *a, const char *part, bool key);
#endif
