/* fact: the vocabulary of remembering. Uses plug (fingerprint only), os, text, base.
 *
 * fact: what a result depends on, as a sorted list of (kind, name, detail) with a
 * state. One list, one comparison (change.h), one formatter (report/words). */
#ifndef FACT_FACT_H
#define FACT_FACT_H

#include "base/digest.h"
#include "base/mem.h"

/* In the order in which reasons are told. 1-8 of vt-plugin.h are mapped onto these. */
enum fact_kind {
	/* core facts of the key */
	FACT_ENV = 1,          /* name: variable; state: MAC, or empty: unset. In the key: declared; in a result: tracked */
	FACT_UNTRACKED,        /* name: a pattern of untrackedEnv */
	FACT_PROGRAM_NAME,     /* state: root-relative path, or the base name */
	FACT_ARGS,             /* state: digest of the argument list */
	FACT_CWD,              /* state: root-relative directory */
	FACT_PLATFORM,         /* name: "os" "arch" "libc" "format"; state: text */
	FACT_INPUT_CONFIG,     /* state: digest of the `input` globs */
	FACT_OUTPUT_CONFIG,
	FACT_COMPONENT,        /* name: component; state: its format */
	/* facts found out before the run */
	FACT_GLOBBED,          /* name: path matched by `input` globs; state: content id */
	FACT_VALUE,            /* a part's own VALUE */
	/* facts found out by the run */
	FACT_FILE,             /* name: path; state: content id, or empty: missing; links: see state.h */
	FACT_TYPE,             /* state: one byte 'f' 'd' 'l', or empty: missing */
	FACT_LIST,             /* detail: names left out; state: sorted "name\0type" pairs */
	FACT_PROGRAM,          /* name: absolute path; state: content id */
	FACT_ENV_GLOB,         /* name: pattern; state: sorted "name\0" + MAC pairs */
	FACT_ENV_PREFIX
};

struct fact {
	uint16_t kind;             /* enum fact_kind */
	struct bytes name;
	struct bytes detail;       /* names left out (FACT_LIST), ended by NUL each; else empty */
	struct bytes state;        /* empty: missing / unset */
};

/* Sorted by (kind, name, detail), unique. The bytes belong to the list's arena. */
struct facts {
	struct fact *at;
	uint32_t n;
};

struct arena;

void facts_add(struct facts *f, struct arena *a, const struct fact *fact);   /* copies; unsorted until facts_sort */
void facts_sort(struct facts *f);
int fact_order(const struct fact *a, const struct fact *b);                  /* by kind, name, detail */
/* The digest of all of it, states included: the key. */
void facts_digest(const struct facts *f, struct digest *ret);
#endif
