/* map: a hash map from bytes to a pointer; keeps the order of insertion. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/mem.h"

struct map_item {
	struct bytes key;          /* borrowed: must outlive the map */
	void *value;
	uint64_t hash;
};

struct map {
	struct map_item *at;       /* in order of insertion; walk it directly */
	uint32_t n;
	uint32_t *slots;           /* index + 1 into at; 0: free */
	uint32_t room;             /* slots: a power of two, or 0 */
};

void map_init(struct map *m);
void map_free(struct map *m);
void *map_get(const struct map *m, const void *key, size_t size);   /* NULL: not there */
void *map_gets(const struct map *m, const char *key);
/* Returns the place of the key's value; a new key's value is NULL. Valid until the next call. */
void **map_put(struct map *m, const void *key, size_t size);
void **map_puts(struct map *m, const char *key);
uint64_t map_hash(const void *data, size_t size);                   /* for other tables */
#endif
