/* Two lists and their differences. */
#ifndef FACT_CHANGE_H
#define FACT_CHANGE_H

#include <stdbool.h>

#include "fact/fact.h"

enum change_what { CHANGE_ADDED, CHANGE_REMOVED, CHANGE_CHANGED };

struct change {
	enum change_what what;
	uint16_t kind;                 /* enum fact_kind. A variable is FACT_ENV whatever asked for it; UNTRACKED: one per pattern */
	struct bytes name;             /* what to show: the variable, pattern, plugin, path (for a listing: the entry's path); a program: its path */
	bool tracked;                  /* env: from a tool's question, not from the key */
	struct bytes was, is;          /* for JSON ("from", "to"): printable text, or empty */
};

/* In the order in which they are told; belongs to an arena. What a tool asked for
 * (tracked) stops at the first difference; everything else is complete. */
struct changes {
	struct change *at;
	uint32_t n;
	bool partial;                  /* more exist that were not looked for */
};

/* `most` 0: all of them; 1: enough to know that the lists differ. */
void change_list(const struct facts *then, const struct facts *now, uint32_t most, struct arena *a, struct changes *ret);
#endif
