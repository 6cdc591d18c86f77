/* What the files of the pattern dialect share. Private to them.
 *
 *     glob_parse   a pattern becomes a tree
 *     glob         the tree becomes an automaton, and the automaton matches
 *     glob_set     a list of patterns
 *     glob_text    questions to the text of a pattern */
#ifndef TEXT_GLOB_INSIDE_H
#define TEXT_GLOB_INSIDE_H

#include <stddef.h>
#include <stdint.h>

#include "text/glob.h"
#include "text/utf8.h"

struct range {
	uint32_t from, to;
};

struct class {
	bool not;
	bool slash;                    /* may it match '/'? only GLOB_NAME */
	uint32_t n;
	struct range *at;
};

enum kind { NODE_CHAR, NODE_ONE, NODE_ANY, NODE_CLASS, NODE_CAT, NODE_OR, NODE_REPEAT };

struct node {
	enum kind kind;
	uint32_t c;                    /* NODE_CHAR */
	const struct class *class;
	struct node **items;           /* NODE_CAT, NODE_OR; NODE_REPEAT: one */
	uint32_t n;
	uint32_t min, max;             /* NODE_REPEAT; max UINT32_MAX: no limit */
	bool tree;                     /* NODE_CAT: it is two stars and nothing else; NODE_OR: one of its choices is */
	bool open;                     /* NODE_REPEAT: two stars and the slash behind them */
};

/* One character of a pattern or a text; never past its end. Bytes that are not UTF-8 get
 * numbers of their own. */
static inline uint32_t glob_next_char(const char **p, size_t left, bool characters)
{
	uint32_t c;
	size_t len = characters ? utf8_next(*p, left, &c) : 0;

	if (!len) {
		c = (unsigned char)**p;
		if (characters)
			c += 0x110000;
		len = 1;
	}
	*p += len;
	return c;
}

/* The tree in `work`, its classes in `keep`; NULL: it is no pattern. */
struct node *glob_parse(struct arena *work, struct arena *keep, const char *pattern, enum glob_kind kind);
/* The only text the pattern matches, in its arena; NULL: it matches several. */
const char *glob_only(const struct glob *g);
/* The byte every match begins with; -1: there are several. */
int glob_first_byte(const struct glob *g);
#endif
