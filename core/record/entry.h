/* record: what vt remembers of a step's runs: the results that a key leads to (entry), their
 * bytes in the stores (blob), the last key of each step (history), and the directory they
 * lie in (directory). Uses plug (the stores), fact, os, text, base; decides nothing.
 *
 * entry: encodes entries and results as bytes and decodes them.
 *
 * An entry maps a key to at most sixteen results, the last used first; a result is an
 * immutable blob. Both carry their key, so a result stored under another key is refused. */
#ifndef RECORD_ENTRY_H
#define RECORD_ENTRY_H

#include <stdbool.h>

#include "base/buf.h"
#include "fact/fact.h"
#include "vt-plugin.h"

enum { ENTRY_MOST = 16, ENTRY_GROUPS = 16 };

/* Checksums of a result's facts, kept in the entry: a result that cannot fit the present is not read. The facts after the run
 * are in groups, by checksums of their names: results whose products have a checksum in their file names differ in some groups'
 * names, and are told apart by the states of the others. All zero: unknown. */
struct result_tags {
	uint64_t before;               /* names and states of the facts before the run */
	uint32_t names[ENTRY_GROUPS];  /* of the facts after it */
	uint32_t states[ENTRY_GROUPS]; /* their states, but those of FACT_VALUE, which only a run finds out */
};

struct entry {
	struct digest key;
	vt_id results[ENTRY_MOST];
	struct result_tags tags[ENTRY_MOST];   /* parallel to results */
	uint32_t n;
};

/* The section that a part wrote when it saved. */
struct section {
	struct bytes part;             /* its name */
	struct bytes bytes;
};

struct result {
	struct digest key;             /* digest of the key facts */
	int64_t ms;                    /* how long the run took */
	vt_id output;                  /* the terminal output's blob; all zero: it printed nothing */
	uint64_t output_size;          /* bytes */
	struct facts before, after;    /* sorted */
	struct facts outputs;          /* effects whose bytes are kept: FACT_FILE; detail: output_meta */
	struct facts effects;          /* all others: FACT_LEFT; detail: the bits of effect/record.h */
	bool known;                    /* all that the run left is known: it was watched */
	struct section *sections;      /* one for each part that saved something */
	uint32_t sections_n;
	vt_id *blobs;                  /* the blobs that sections name */
	uint32_t blobs_n;
};

void entry_encode(const struct entry *e, struct buf *ret);
int entry_decode(struct bytes b, const struct digest *key, struct entry *ret);       /* -1: damaged, or of another key */
/* Puts `id` in front and drops the last result where there are too many. tags: NULL: those that the entry has, if any.
 * false: `id` was in front already. */
bool entry_front(struct entry *e, const vt_id *id, const struct result_tags *tags);
/* The tags of a result with these facts, both lists sorted. */
void result_tags_before(const struct facts *before, struct result_tags *ret);
void result_tags_after(const struct facts *after, struct result_tags *ret);
bool result_tags_known(const struct result_tags *t);
/* Is there a group with the same names in other states? Both from result_tags_after. */
bool result_tags_differ_after(const struct result_tags *a, const struct result_tags *b);

int result_encode(const struct result *r, struct buf *ret);                          /* -1: too large */
/* The result points into b, which must live as long. key: NULL: of any. */
int result_decode(struct bytes b, const struct digest *key, struct arena *a, struct result *ret);

/* A list of facts, for the history. */
int facts_encode(const struct facts *f, struct buf *ret);
int facts_decode(struct bytes b, struct arena *a, struct facts *ret);

/* The detail of an output. */
struct output_meta {
	uint32_t mode;
	int64_t mtime_ns;
	bool made;                     /* nothing was there, or it was written without a look at it */
};
struct bytes output_meta_encode(struct arena *a, const struct output_meta *meta);
int output_meta_decode(struct bytes detail, struct output_meta *ret);
/* Finds the output of this path, or NULL. */
const struct fact *output_find(const struct facts *outputs, struct bytes path);
#endif
