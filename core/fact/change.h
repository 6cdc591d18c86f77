/* change: the differences of two lists of facts. */
#ifndef FACT_CHANGE_H
#define FACT_CHANGE_H

#include <stdbool.h>

#include "fact/fact.h"

enum change_what { CHANGE_ADDED, CHANGE_REMOVED, CHANGE_CHANGED };

/* The kind of a change of the key that made the states of variables: the changed values cannot be told. `name`: the key's. */
enum { CHANGE_KEY = FACT_KINDS };

struct change {
	enum change_what what;
	uint16_t kind;                 /* enum fact_kind, or CHANGE_KEY. A variable is FACT_ENV whatever asked for it; UNTRACKED: one per pattern */
	struct bytes name;             /* what to show: the variable, pattern, plugin, path (for a listing: the entry's path); a program: its path */
	bool tracked;                  /* env: from a tool's question, not from the key */
	struct bytes was, is;          /* for JSON ("from", "to"): printable text, or empty */
};

/* Which differences are listed. */
enum changes_extent {
	CHANGES_FIRST,                 /* the first one */
	CHANGES_TOLD,                  /* all, but of the variables that tools asked for (tracked) the first alone */
	CHANGES_ALL,
};

/* In the order of telling; in an arena. */
struct changes {
	struct change *at;
	uint32_t n;
	bool partial;                  /* there may be more differences */
};

void change_list(const struct facts *then, const struct facts *now, enum changes_extent extent, struct arena *a, struct changes *ret);
#endif
