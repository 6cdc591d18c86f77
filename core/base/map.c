#include "config.h"

#include "base/map.h"

#include <stdlib.h>
#include <string.h>

void map_init(struct map *m)
{
	memset(m, 0, sizeof *m);
}

void map_free(struct map *m)
{
	free(m->at);
	free(m->slots);
	map_init(m);
}

/* FNV-1a, 64 bits, eight bytes at a time where it can, with a final mix (the
 * finaliser of MurmurHash3). Keys are paths and names, not an attacker's. */
uint64_t map_hash(const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t h = 14695981039346656037u ^ size, w;

	for (; size >= 8; p += 8, size -= 8) {
		memcpy(&w, p, 8);
		h = (h ^ w) * 1099511628211u;
		h ^= h >> 29;
	}
	while (size--)
		h = (h ^ *p++) * 1099511628211u;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 33;
	return h;
}

static uint32_t find(const struct map *m, uint64_t hash, const void *key, size_t size)
{
	uint32_t i, mask = m->room - 1;

	for (i = (uint32_t)hash & mask; m->slots[i]; i = (i + 1) & mask) {
		const struct map_item *item = &m->at[m->slots[i] - 1];

		if (item->hash == hash && item->key.size == size &&
		    (size == 0 || memcmp(item->key.data, key, size) == 0))
			return i;
	}
	return i;
}

void *map_get(const struct map *m, const void *key, size_t size)
{
	uint32_t i;

	if (!m->room)
		return NULL;
	i = find(m, map_hash(key, size), key, size);
	return m->slots[i] ? m->at[m->slots[i] - 1].value : NULL;
}

void *map_gets(const struct map *m, const char *key)
{
	return map_get(m, key, strlen(key));
}

static void grow(struct map *m)
{
	uint32_t room = m->room ? m->room * 2 : 16, i, k;

	m->at = xrealloc(m->at, (size_t)room / 2, sizeof *m->at);
	free(m->slots);
	m->slots = xcalloc(room, sizeof *m->slots);
	m->room = room;
	for (k = 0; k < m->n; k++) {
		for (i = (uint32_t)m->at[k].hash & (room - 1); m->slots[i]; i = (i + 1) & (room - 1))
			;
		m->slots[i] = k + 1;
	}
}

void **map_put(struct map *m, const void *key, size_t size)
{
	uint64_t hash = map_hash(key, size);
	uint32_t i;

	if (m->n >= m->room / 2)
		grow(m);
	i = find(m, hash, key, size);
	if (!m->slots[i]) {
		struct map_item *item = &m->at[m->n++];

		m->slots[i] = m->n;
		item->key.data = key;
		item->key.size = size;
		item->hash = hash;
		item->value = NULL;
	}
	return &m->at[m->slots[i] - 1].value;
}

void **map_puts(struct map *m, const char *key)
{
	return map_put(m, key, strlen(key));
}
