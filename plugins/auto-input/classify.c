/* classify: from what was seen, in order, to what the result depends on.
 *
 * Per path, order decides:
 *
 *   read, whatever came then      what it held
 *   looked at, not written        what it holds if it is a file, else its type
 *   looked at, then written       whether something was there, and of which type
 *   taken away                    the same: the removal told the task whether the path was there
 *   written first                 the task's own product: no input
 *   made, and taken away again    nothing; of a folder, that it was not there
 *   listed                        the names
 *
 * Of what was written the state before counts, and of a listing the names that the task
 * did not make: vt knows them, and decides what may be kept.
 *
 * The records do not say what a path is, nor whether a call failed. Where two readings are
 * possible, classify takes the one that makes an input. A directory that was opened like a
 * file is its names.
 *
 * Paths form a tree, so that a renamed directory takes along everything below it. */
#include "config.h"

#include "classify.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	READ_FIRST = 1,       /* content asked for before it was written */
	PROBED_FIRST = 2,
	LISTED_FIRST = 4,
	LISTED = 8,
	WRITTEN = 16,
	MADE = 32,            /* ... as the first thing the task did with it */
	GONE = 64,            /* ... and the last write removed it */
	FOLDER = 128,         /* made or removed as a directory */
	MOVED_HERE = 256,     /* a rename brought everything below it */
	MISSED = 512,         /* looked at after it was removed: perhaps the removal had failed */
};

struct place {
	const char *name;     /* one component, borrowed from the records */
	uint32_t length, hash;
	uint32_t parent, child, next;   /* indices; 0: none ([0] is the root) */
	const vt_bytes *path; /* the whole path, from its first record; NULL: a rename brought it */
	uint32_t is;          /* the bits above */
};

struct tree {
	struct place *at;
	uint32_t n, room;
	uint32_t *table;      /* open addressing over (parent, name): index, 0: free */
	uint32_t table_size;
	uint32_t moves;       /* places that are MOVED_HERE */
	bool no_memory;
};

/* ---- the tree ---------------------------------------------------------------- */

static uint32_t hash_of(uint32_t parent, const char *name, size_t n)
{
	uint32_t h = 2166136261u ^ parent * 0x9e3779b1u;

	while (n--)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h ^ h >> 15;
}

static bool grow(struct tree *t)
{
	uint32_t i;

	if (t->n == t->room) {
		uint32_t room = t->room ? t->room * 2 : 1024;
		struct place *at = realloc(t->at, room * sizeof *at);

		if (!at)
			return false;
		t->at = at;
		t->room = room;
	}
	if (t->n * 2 >= t->table_size) {
		uint32_t size = t->table_size ? t->table_size * 2 : 4096;
		uint32_t *table = calloc(size, sizeof *table);

		if (!table)
			return false;
		for (i = 1; i < t->n; i++) {
			uint32_t slot = t->at[i].hash & (size - 1);

			while (table[slot])
				slot = (slot + 1) & (size - 1);
			table[slot] = i;
		}
		free(t->table);
		t->table = table;
		t->table_size = size;
	}
	return true;
}

/* Finds or makes the place of this name below `parent`. 0: out of memory. */
static uint32_t place_below(struct tree *t, uint32_t parent, const char *name, size_t length)
{
	uint32_t hash = hash_of(parent, name, length), slot, i;

	if (!grow(t)) {
		t->no_memory = true;
		return 0;
	}
	for (slot = hash & (t->table_size - 1); (i = t->table[slot]) != 0; slot = (slot + 1) & (t->table_size - 1)) {
		const struct place *p = &t->at[i];

		if (p->parent == parent && p->hash == hash && p->length == length && memcmp(p->name, name, length) == 0)
			return i;
	}
	i = t->n++;
	t->at[i] = (struct place){
		.name = name, .length = (uint32_t)length, .hash = hash, .parent = parent, .next = t->at[parent].child,
	};
	t->at[parent].child = i;
	t->table[slot] = i;
	return i;
}

static uint32_t place_of(struct tree *t, const vt_bytes *path)
{
	const char *p = path->data, *end = p + path->size;
	uint32_t i = 0;

	while (p < end && !t->no_memory) {
		const char *slash = memchr(p, '/', (size_t)(end - p));

		if (!slash)
			slash = end;
		if (slash > p)
			i = place_below(t, i, p, (size_t)(slash - p));
		p = slash + 1;
	}
	if (!t->no_memory && !t->at[i].path)
		t->at[i].path = path;
	return i;
}

/* Did the task write it, or move a directory above it here? */
static bool is_written(const struct tree *t, uint32_t i)
{
	if (t->at[i].is & WRITTEN)
		return true;
	for (; t->moves && i; i = t->at[i].parent)
		if (t->at[i].is & MOVED_HERE)
			return true;
	return false;
}

/* ---- what happened, in order --------------------------------------------------- */

static void looked(struct tree *t, uint32_t i, uint32_t bit)
{
	if (!is_written(t, i))
		t->at[i].is |= bit;
	else if ((t->at[i].is & (GONE | MADE)) == GONE)
		t->at[i].is |= MISSED;
}

static void wrote(struct tree *t, uint32_t i, uint16_t flags)
{
	struct place *p = &t->at[i];

	if (!is_written(t, i) && !(p->is & (READ_FIRST | PROBED_FIRST | LISTED_FIRST)) && !(flags & VT_SEEN_REMOVED))
		p->is |= MADE;
	/* the removal tells the task whether the path was there */
	if (!is_written(t, i) && (flags & VT_SEEN_REMOVED))
		p->is |= PROBED_FIRST;
	p->is |= WRITTEN;
	if (flags & VT_SEEN_DIRECTORY)
		p->is |= FOLDER;
	if (flags & VT_SEEN_REMOVED) {
		p->is |= GONE;
		return;
	}
	p->is &= ~(uint32_t)GONE;
}

/* Moves everything below `from` to `to`. */
static void move_below(struct tree *t, uint32_t from, uint32_t to)
{
	uint32_t c;

	for (c = t->at[from].child; c && !t->no_memory; c = t->at[c].next) {
		uint32_t was = t->at[c].is, there = 0;

		if ((was & WRITTEN) && !(was & GONE)) {
			there = place_below(t, to, t->at[c].name, t->at[c].length);
			if (t->no_memory)
				return;
			wrote(t, there, was & FOLDER ? VT_SEEN_DIRECTORY : 0);
		}
		if (t->at[c].child) {
			if (!there)
				there = place_below(t, to, t->at[c].name, t->at[c].length);
			if (!t->no_memory)
				move_below(t, c, there);
		}
		t->at[c].is |= WRITTEN | GONE;
	}
}

static bool is_within(const struct tree *t, uint32_t i, uint32_t folder)
{
	while (i && i != folder)
		i = t->at[i].parent;
	return i == folder;
}

static void renamed(struct tree *t, uint32_t from, uint32_t to)
{
	uint32_t folder = t->at[from].is & FOLDER ? VT_SEEN_DIRECTORY : 0;
	bool known = (t->at[from].is & (FOLDER | MADE)) == (FOLDER | MADE);

	/* the kernel refuses such a rename */
	if (is_within(t, from, to) || is_within(t, to, from))
		return;
	wrote(t, to, (uint16_t)folder);
	/* a path from before the task that was moved along is no product */
	if (known && !(t->at[to].is & MOVED_HERE)) {
		t->at[to].is |= MOVED_HERE;
		t->moves++;
	}
	move_below(t, from, to);
	wrote(t, from, VT_SEEN_REMOVED);
}

static void happened(struct tree *t, const vt_seen *s)
{
	uint32_t i, other;

	i = place_of(t, &s->name);
	if (t->no_memory)
		return;
	switch (s->op) {
	case VT_SEEN_READ:
	case VT_SEEN_EXEC:
		looked(t, i, READ_FIRST);
		break;
	case VT_SEEN_PROBE:
		looked(t, i, PROBED_FIRST);
		break;
	case VT_SEEN_LIST:
		looked(t, i, LISTED_FIRST);
		t->at[i].is |= LISTED;
		break;
	case VT_SEEN_WRITE:
		/* attributes change nothing of what it holds */
		if (s->flags & VT_SEEN_ATTRIBUTE)
			looked(t, i, PROBED_FIRST);
		else
			wrote(t, i, s->flags);
		break;
	default:
		other = place_of(t, &s->other);
		if (!t->no_memory)
			renamed(t, i, other);
		break;
	}
}

/* ---- what counts --------------------------------------------------------------- */

/* Is it a directory? It was made as one, or the task made something in it. */
static bool is_folder(const struct tree *t, const struct place *p)
{
	uint32_t c;

	if (p->is & FOLDER)
		return true;
	for (c = p->child; c; c = t->at[c].next)
		if ((t->at[c].is & WRITTEN) && !(t->at[c].is & GONE))
			return true;
	return false;
}

/* Was it made by the task, and taken away again, or moved? */
static bool is_passing(const struct place *p)
{
	return (p->is & GONE) && (p->is & MADE);
}

/* Returns the kind of fact that this path is; 0: none. Of what was written the first look counts: vt
 * knows what stood there before. */
static uint32_t fact_of(const struct tree *t, const struct place *p)
{
	if (!(p->is & WRITTEN))
		return p->is & READ_FIRST ? VT_FACT_FILE : p->is & LISTED ? VT_FACT_LIST :
		       p->is & PROBED_FIRST ? VT_FACT_PROBE : 0;
	/* what it had held before would have been listed, removed or moved, too; of the folders in it the same is told by the outermost */
	if (is_passing(p))
		return (p->is & FOLDER) && !is_passing(&t->at[p->parent]) ? VT_FACT_LIST : 0;
	/* The names in a directory stay an input even if the task made it: other programs may add names. */
	if ((p->is & LISTED) || ((p->is & READ_FIRST) && is_folder(t, p)))
		return VT_FACT_LIST;
	if ((p->is & READ_FIRST) || ((p->is & GONE) && (p->is & MISSED)))
		return VT_FACT_FILE;
	return p->is & (PROBED_FIRST | GONE) ? VT_FACT_TYPE : 0;
}

static vt_status find_facts(const struct tree *t, vt_call *call, vt_findings *into)
{
	static const vt_bytes none = { NULL, 0 };
	vt_status status = VT_OK;
	uint32_t i;

	for (i = 0; i < t->n && status == VT_OK; i++) {
		const struct place *p = &t->at[i];
		uint32_t fact = p->path ? fact_of(t, p) : 0;

		if (fact)
			status = into->add(into, call, fact, *p->path, none);
	}
	return status;
}

vt_status classify(const vt_seen *seen, uint32_t n, vt_call *call, vt_findings *into)
{
	struct tree t = { 0 };
	vt_status status = VT_OK;
	uint32_t i;

	if (!grow(&t))
		return VT_FAILED;
	t.at[t.n++] = (struct place){ .name = "" };
	for (i = 0; i < n && status == VT_OK && !t.no_memory; i++) {
		const char *name = seen[i].name.data;

		if (seen[i].op < VT_SEEN_READ || seen[i].op > VT_SEEN_EXEC)
			continue;
		if (seen[i].op == VT_SEEN_READ && seen[i].name.size && name[0] == '/')
			status = into->add(into, call, VT_FACT_OUTSIDE, seen[i].name, (vt_bytes){ NULL, 0 });
		else if (seen[i].op == VT_SEEN_EXEC && seen[i].name.size && name[0] == '/')
			status = into->add(into, call, VT_FACT_PROGRAM, seen[i].name, (vt_bytes){ NULL, 0 });
		else
			happened(&t, &seen[i]);
	}
	if (t.no_memory)
		status = VT_FAILED;
	if (status == VT_OK)
		status = find_facts(&t, call, into);
	free(t.at);
	free(t.table);
	return status;
}
