#include "log-inside.h"

#include <string.h>
#include <stdlib.h>
#include <xxhash.h>

uint64_t record_padded(uint64_t size)
{
	return (size + 7) & ~(uint64_t)7;
}

uint64_t record_room(uint32_t size)
{
	return sizeof(struct record) + record_padded(size);
}

uint64_t record_check(const struct record *r, const void *data)
{
	struct record copy = *r;
	uint64_t h;

	copy.check = 0;
	h = XXH3_64bits(&copy, sizeof copy);
	return r->size ? XXH3_64bits_withSeed(data, r->size, h) : h;
}

bool record_is_one(const struct record *r)
{
	return r->magic == RECORD_MAGIC && r->size <= LOG_DATA_MAX && r->reserved == 0;
}

struct slot *table_slot(const struct log *l, const uint8_t *name)
{
	uint32_t i, mask = l->room - 1;
	uint32_t h;

	memcpy(&h, name + 1, sizeof h);        /* names are hashes */
	for (i = (h ^ name[0]) & mask; l->slots[i].kind; i = (i + 1) & mask)
		if (memcmp(l->slots[i].name, name, LOG_NAME) == 0)
			break;
	return &l->slots[i];
}

int table_grow(struct log *l, uint32_t want)
{
	struct slot *old = l->slots;
	uint32_t old_room = l->room, room = 256, i;

	while (room < want * 2 && room < UINT32_C(1) << 31)
		room *= 2;
	l->slots = calloc(room, sizeof *l->slots);
	if (!l->slots) {
		l->slots = old;
		return -1;
	}
	l->room = room;
	l->used = 0;
	for (i = 0; i < old_room; i++) {
		if (!old[i].kind || old[i].gone)
			continue;
		*table_slot(l, old[i].name) = old[i];
		l->used++;
	}
	free(old);
	return 0;
}

void table_name(uint8_t ret[LOG_NAME], uint32_t space, const void *id)
{
	ret[0] = (uint8_t)space;
	memcpy(ret + 1, id, sizeof(vt_id));
}

struct slot *table_find(const struct log *l, const uint8_t *name)
{
	struct slot *s;

	if (!l->room)
		return NULL;
	s = table_slot(l, name);
	return s->kind && !s->gone ? s : NULL;
}

void table_forget(struct log *l, struct slot *s)
{
	if (s->gone)
		return;
	if (s->kind == LOG_FILE)
		l->file_bytes -= s->size;
	l->dead += record_room(s->kind == LOG_FILE ? 8 : (uint32_t)s->size);
	l->touches -= s->touched;
	s->touched = 0;
	s->gone = 1;
	l->live--;
}

static int place(struct log *l, const struct record *r, const uint8_t *name, uint64_t at, uint64_t size)
{
	struct slot *s;

	if (l->used + 1 > l->room / 2 && table_grow(l, l->live + 128) < 0)
		return -1;
	s = table_slot(l, name);
	if (s->kind)
		table_forget(l, s);
	else
		l->used++;
	memcpy(s->name, name, LOG_NAME);
	s->kind = r->kind;
	s->gone = 0;
	s->day = r->day;
	s->at = at;
	s->size = size;
	if (r->kind == LOG_FILE)
		l->file_bytes += size;
	l->live++;
	return 0;
}

int table_take(struct log *l, const struct record *r, const uint8_t *data, uint64_t at)
{
	uint8_t name[LOG_NAME];
	struct slot *s;
	uint64_t size = r->size;
	uint32_t i;

	table_name(name, r->space, r->id);
	switch (r->kind) {
	case LOG_FILE:
		if (r->size != 8)
			return 0;
		memcpy(&size, data, 8);
		return place(l, r, name, at, size);
	case LOG_DATA:
		return place(l, r, name, at, size);
	case LOG_DROP:
		s = table_find(l, name);
		if (s)
			table_forget(l, s);
		l->dead += record_room(0);
		return 0;
	case LOG_TOUCH:
		for (i = 0; i + LOG_NAME <= r->size; i += LOG_NAME) {
			s = table_find(l, data + i);
			if (s && s->day < r->day)
				s->day = r->day;
		}
		l->dead += record_room(r->size);
		return 0;
	default:
		return 0;              /* a kind of a newer version: skip it */
	}
}
