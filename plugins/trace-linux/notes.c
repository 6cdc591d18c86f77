/* notes: an exact set of (op, flags, path) and a list in order. A path is kept
 * once; a repeated event costs one look-up and no memory. */
#include "config.h"

#include "notes.h"

#include <stdlib.h>
#include <string.h>

#include "vt-plugin.h"

enum {
	PAGE_SIZE_MIN = 64 * 1024,
	NOTES_MAX = 4 * 1000 * 1000,
	NAMES_MAX = 2 * 1000 * 1000,
};

struct page {
	struct page *older;
	size_t used, size;
	char text[];
};

void notes_init(struct notes *notes)
{
	memset(notes, 0, sizeof *notes);
	notes->names_n = 1;
}

void notes_free(struct notes *notes)
{
	struct page *p, *older;

	for (p = notes->pages; p; p = older) {
		older = p->older;
		free(p);
	}
	free(notes->at);
	free(notes->names);
	free(notes->table);
	notes_init(notes);
}

static uint32_t hash_of(const char *text, size_t n)
{
	uint64_t h = n * 0x9e3779b97f4a7c15u, w;

	for (; n >= 8; text += 8, n -= 8) {
		memcpy(&w, text, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	w = 0;
	memcpy(&w, text, n);
	h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h ^ h >> 32);
}

static void *grow(void *at, uint32_t *room, uint32_t most, size_t each)
{
	uint32_t next = *room ? *room * 2 : 1024;
	void *p;

	if (next > most)
		next = most;
	if (next <= *room)
		return NULL;
	p = realloc(at, next * each);
	if (p)
		*room = next;
	return p;
}

static bool grow_table(struct notes *notes)
{
	uint32_t size = notes->table_size ? notes->table_size * 2 : 4096;
	uint32_t *table = calloc(size, sizeof *table);
	uint32_t i;

	if (!table)
		return false;
	for (i = 1; i < notes->names_n; i++) {
		uint32_t slot = notes->names[i].hash & (size - 1);

		while (table[slot])
			slot = (slot + 1) & (size - 1);
		table[slot] = i;
	}
	free(notes->table);
	notes->table = table;
	notes->table_size = size;
	return true;
}

static struct page *new_page(struct notes *notes, size_t least)
{
	size_t size = least > PAGE_SIZE_MIN ? least : PAGE_SIZE_MIN;
	struct page *p = malloc(sizeof *p + size);

	if (!p)
		return NULL;
	p->older = notes->pages;
	p->used = 0;
	p->size = size;
	notes->pages = p;
	return p;
}

static const char *keep(struct notes *notes, const char *text, size_t length)
{
	struct page *p = notes->pages;
	char *to;

	if (!p || p->size - p->used < length + 1)
		p = new_page(notes, length + 1);
	if (!p)
		return NULL;
	to = p->text + p->used;
	memcpy(to, text, length);
	to[length] = '\0';
	p->used += length + 1;
	return to;
}

bool notes_prepare(struct notes *notes)
{
	notes->at = grow(NULL, &notes->room, NOTES_MAX, sizeof *notes->at);
	notes->names = grow(NULL, &notes->names_room, NAMES_MAX, sizeof *notes->names);
	return notes->at && notes->names && grow_table(notes) && new_page(notes, 0);
}

static uint32_t find(const struct notes *notes, const char *text, size_t length, uint32_t hash, uint32_t *ret_slot)
{
	uint32_t slot, i;

	for (slot = hash & (notes->table_size - 1); (i = notes->table[slot]) != 0;
	     slot = (slot + 1) & (notes->table_size - 1)) {
		const struct name *n = &notes->names[i];

		if (n->hash == hash && n->length == length && memcmp(n->text, text, length) == 0)
			break;
	}
	*ret_slot = slot;
	return i;
}

uint32_t notes_find(const struct notes *notes, const char *text, size_t length)
{
	uint32_t slot;

	return notes->table_size ? find(notes, text, length, hash_of(text, length), &slot) : 0;
}

uint32_t notes_name(struct notes *notes, const char *text, size_t length)
{
	uint32_t hash = hash_of(text, length), slot, i;
	struct name *names;

	if (notes->names_n * 2 >= notes->table_size && !grow_table(notes))
		return 0;
	i = find(notes, text, length, hash, &slot);
	if (i)
		return i;
	if (notes->names_n >= notes->names_room) {
		names = grow(notes->names, &notes->names_room, NAMES_MAX, sizeof *names);
		if (!names)
			return 0;
		notes->names = names;
	}
	text = keep(notes, text, length);
	if (!text)
		return 0;
	i = notes->names_n++;
	notes->names[i] = (struct name){ .text = text, .length = (uint32_t)length, .hash = hash };
	notes->table[slot] = i;
	return i;
}

/* Bits of name.seen: one for each (op, flags) that a part can tell apart. */
enum { BITS_READ = 0, BITS_PROBE = 4, BITS_LIST = 8, BITS_EXEC = 12, BITS_WRITE = 16, BITS_ATTRIBUTE = 24 };

static uint32_t bit_of(uint16_t op, uint16_t flags)
{
	uint32_t low = (flags & VT_SEEN_DIRECTORY ? 1u : 0) | (flags & VT_SEEN_NOFOLLOW ? 2u : 0);

	if (flags & VT_SEEN_ATTRIBUTE)
		return 1u << (BITS_ATTRIBUTE + low);
	switch (op) {
	case VT_SEEN_READ: return 1u << (BITS_READ + low);
	case VT_SEEN_PROBE: return 1u << (BITS_PROBE + low);
	case VT_SEEN_LIST: return 1u << (BITS_LIST + low);
	case VT_SEEN_EXEC: return 1u << (BITS_EXEC + (flags & VT_SEEN_SETUID ? 1 : 0));
	default: return 1u << (BITS_WRITE + low + (flags & VT_SEEN_REMOVED ? 4 : 0));
	}
}

#define WRITTEN (0x0fu << BITS_WRITE)
#define REMOVED (0xf0u << BITS_WRITE)

static bool is_known(struct notes *notes, struct name *n, uint16_t op, uint16_t flags)
{
	uint32_t bit = bit_of(op, flags);

	if (op == VT_SEEN_WRITE && !(flags & VT_SEEN_ATTRIBUTE)) {
		if (n->turn != notes->turn)
			n->seen &= ~(WRITTEN | REMOVED);
		n->turn = notes->turn;
		if (n->seen & bit)
			return true;
		n->seen &= ~(flags & VT_SEEN_REMOVED ? WRITTEN : REMOVED);
	} else if (n->seen & bit) {
		return true;
	}
	n->seen |= bit;
	return false;
}

static bool append(struct notes *notes, struct note note)
{
	struct note *at;

	if (notes->n >= notes->room) {
		at = grow(notes->at, &notes->room, NOTES_MAX, sizeof *at);
		if (!at) {
			notes->full = true;
			return false;
		}
		notes->at = at;
	}
	notes->at[notes->n++] = note;
	return true;
}

bool notes_add(struct notes *notes, uint16_t op, uint16_t flags, uint32_t process,
	       const char *path, size_t length, const char *other, size_t other_length)
{
	uint32_t name = notes_name(notes, path, length), second = 0;

	if (name && op == VT_SEEN_RENAME) {
		second = notes_name(notes, other, other_length);
		notes->turn++;
	}
	if (!name || (op == VT_SEEN_RENAME && !second)) {
		notes->full = true;
		return false;
	}
	if (op != VT_SEEN_RENAME && is_known(notes, &notes->names[name], op, flags))
		return false;
	return append(notes, (struct note){ .name = name, .other = second, .op = op, .flags = flags, .process = process });
}

void notes_before(struct notes *notes, uint16_t flags, uint32_t process, const char *path, size_t length,
		  uint32_t state, enum before before)
{
	uint32_t name = notes_name(notes, path, length);

	if (!name) {
		notes->full = true;
		return;
	}
	notes->names[name].before = (uint8_t)before;
	append(notes, (struct note){ .name = name, .other = state, .op = VT_SEEN_BEFORE, .flags = flags, .process = process });
}
