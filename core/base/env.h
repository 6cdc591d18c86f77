/* env: environments that never change, shared, made of layers.
 *
 * The live environment is read once, in main.c; everything below gets a pointer
 * to one of these. A package adds a layer for its PATH, a command only if it has
 * prefix assignments:
 *
 *     session ◄── package (PATH) ◄── command (A=1)      each a few pairs
 *
 * A map lives as long as its arena (the plan's). Names and values are bytes
 * without NUL; nothing here asks for UTF-8. */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/mem.h"

struct env;

struct env_pair {
	const char *name;
	const char *value;         /* NULL in a layer: the layer removes the variable */
};

/* The whole map, sorted by the bytes of the names, each name once. */
struct env_list {
	const struct env_pair *at;
	uint32_t n;
};

/* From an array like `environ`. Entries without '=' or with an empty name are left out; of two
 * equal names the first counts, as for getenv. Copies all. */
const struct env *env_from(struct arena *a, char *const *entries);
/* A layer over `below` (NULL: nothing below). With n == 0 it returns `below`
 * itself. Copies the n pairs and their bytes, not what is below. */
const struct env *env_with(struct arena *a, const struct env *below, const struct env_pair *pairs, uint32_t n);
/* The same, but names and values are borrowed: they live as long as the arena. */
const struct env *env_over(struct arena *a, const struct env *below, const struct env_pair *pairs, uint32_t n);
const char *env_get(const struct env *env, const char *name);      /* NULL: not set */
/* The whole map, sorted: in `a`, or, where the map is one flat layer, that layer's own list. */
struct env_list env_list(const struct env *env, struct arena *a);
/* An array for execve, NULL-terminated, in `a`. */
char **env_entries(const struct env *env, struct arena *a);
/* Counts the copies of whole maps since the start, for the unit test of their cost. */
uint64_t env_copies(void);
#endif
