/* fact: what a result depends on, and the state of it now. Uses plug (the fingerprint), os, text,
 * base, workspace (globs).
 *
 * A result depends on a sorted list of facts: (kind, name, detail) with a state. There is one
 * list, one comparison (change.h) and one formatter (report/words). */
#ifndef FACT_FACT_H
#define FACT_FACT_H

#include "base/digest.h"
#include "base/mem.h"

/* In the order in which differences are told. findings.c maps the kinds of vt-plugin.h to these. */
enum fact_kind {
	/* core facts of the key */
	FACT_ENV = 1,          /* a declared variable; name: variable; state: MAC, or empty: unset */
	FACT_UNTRACKED,        /* state: all patterns of untrackedEnv, sorted, each ended by NUL */
	FACT_PROGRAM_NAME,     /* state: the command's first word as written */
	FACT_ARGS,             /* state: the arguments, each ended by NUL */
	FACT_CWD,              /* state: root-relative directory */
	FACT_PLATFORM,         /* name: "os" "arch" "libc" "format"; state: text */
	FACT_INPUT_CONFIG,     /* state: digest of the `input` globs */
	FACT_OUTPUT_CONFIG,
	FACT_COMPONENT,        /* name: component; state: its format, as text */
	/* facts found before the run */
	FACT_GLOBBED,          /* name: path matched by `input` globs; state: content id */
	FACT_VALUE,            /* a value that a part made; detail: the part's name */
	/* facts found by the run */
	FACT_FILE,             /* name: path; state: see state.h; empty: missing */
	FACT_PROBE,            /* a regular file's content, anything else's type */
	FACT_TYPE,
	FACT_LIST,             /* detail: names left out, each ended by NUL */
	FACT_PROGRAM,          /* name: absolute path, or a bare name; detail "p": found by its base name on PATH */
	FACT_ASKED,            /* a variable a tool asked for; as FACT_ENV */
	FACT_ENV_GLOB,         /* name: pattern; state: sorted "name\0" + MAC pairs */
	FACT_ENV_PREFIX,
	/* what a run left */
	FACT_LEFT,             /* a path: its content, or a link's own target, or that it is a directory */
	FACT_OUTSIDE,          /* name: absolute path of a file or folder that was read; state: its content or names; empty: missing */
	FACT_KINDS             /* one more than the last */
};

struct fact {
	uint16_t kind;             /* enum fact_kind */
	struct bytes name;
	struct bytes detail;       /* see the kind; else empty */
	struct bytes state;        /* empty: missing / unset */
};

/* Sorted by (kind, name, detail), unique. The bytes belong to the list's arena. */
struct facts {
	struct fact *at;
	uint32_t n;
};

struct arena;

void facts_add(struct facts *f, struct arena *a, const struct fact *fact);   /* copies the fact; facts_sort comes last */
/* Adds a fact without state and detail. Returns it to be filled in; valid until the next addition. */
struct fact *facts_name(struct facts *f, struct arena *a, enum fact_kind kind, const char *name, size_t size);
/* Adds a fact whose bytes are borrowed: they must live as long as the list. */
void facts_lend(struct facts *f, struct arena *a, enum fact_kind kind, struct bytes name, struct bytes state);
void facts_sort(struct facts *f);              /* of two equal facts the first added stays */
const struct fact *facts_find(const struct facts *f, enum fact_kind kind, struct bytes name, struct bytes detail);   /* sorted; NULL: not there */
/* The same for names that mostly come in the list's order. *at: the place to go on from, 0 at first. */
const struct fact *facts_find_next(const struct facts *f, uint32_t *at, enum fact_kind kind, struct bytes name, struct bytes detail);
int bytes_order(struct bytes a, struct bytes b);                             /* bytewise, a prefix first */
struct bytes bytes_text(const char *s);
struct bytes bytes_join(struct arena *a, struct bytes x, const void *data, size_t size);   /* x and then data, in `a` */
int fact_order(const struct fact *a, const struct fact *b);                  /* by kind, name, detail */
/* The digest of the list, states included: the key of key facts. */
void facts_digest(const struct facts *f, struct digest *ret);
#endif
