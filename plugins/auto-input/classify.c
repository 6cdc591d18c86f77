/* classify: from what was seen, in order, to what the result depends on.
 *
 * Per path, order decides:
 *
 *   read, not written             its content is an input
 *   looked at, not written        its content if it is a file, else its type
 *   read, then written            the result cannot be kept: READ_AND_WROTE
 *   looked at, then written       whether the task left something there
 *   written first                 the task's own product: no input
 *   absent at the end             nothing if the task made it; else "absent": the task learned
 *                                 that it was there to be removed
 *   a directory, or a link to     what was read below it was read and written
 *   one, replaced by another
 *   listed                        the names, without those the task made
 *
 * The records do not say what a path is, nor whether a call failed. Where two readings are
 * possible, classify takes the one that makes an input. The core asks for the state after the
 * run: a removed file is "missing", a directory that was opened like a file is its names.
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
	OUTPUT = 512,         /* under the task's `output` globs */
	REFUSED = 1024,       /* written after its content was read */
	MISSED = 2048,        /* looked at after it was removed: perhaps the removal had failed */
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

/* Marks everything read below `i` as written: another directory, or another link, has taken its place. */
static void replaced_below(struct tree *t, uint32_t i)
{
	uint32_t c;

	for (c = t->at[i].child; c; c = t->at[c].next) {
		struct place *p = &t->at[c];

		if (p->is & READ_FIRST)
			p->is = (p->is | WRITTEN | REFUSED) & ~(uint32_t)GONE;
		replaced_below(t, c);
	}
}

static void wrote(struct tree *t, uint32_t i, uint16_t flags)
{
	struct place *p = &t->at[i];

	if (!is_written(t, i) && !(p->is & (READ_FIRST | PROBED_FIRST | LISTED_FIRST)) && !(flags & VT_SEEN_REMOVED))
		p->is |= MADE;
	p->is |= WRITTEN;
	if (flags & VT_SEEN_DIRECTORY)
		p->is |= FOLDER;
	if (flags & VT_SEEN_REMOVED) {
		p->is |= GONE;
		return;
	}
	if ((p->is & GONE) && !(flags & VT_SEEN_DIRECTORY))
		replaced_below(t, i);
	p->is &= ~(uint32_t)GONE;
	if (!(flags & VT_SEEN_DIRECTORY) && (p->is & READ_FIRST))
		p->is |= REFUSED;
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
	if (!(t->at[to].is & MOVED_HERE)) {
		t->at[to].is |= MOVED_HERE;
		t->moves++;
	}
	if (!known)
		replaced_below(t, to);
	move_below(t, from, to);
	wrote(t, from, VT_SEEN_REMOVED);
}

static void happened(struct tree *t, const vt_seen *s)
{
	uint32_t i, other;

	i = place_of(t, &s->name);
	if (t->no_memory)
		return;
	if (s->flags & VT_SEEN_OUTPUT)
		t->at[i].is |= OUTPUT;
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

static int by_name(const void *a, const void *b)
{
	const struct place *x = *(const struct place *const *)a, *y = *(const struct place *const *)b;
	int order = memcmp(x->name, y->name, x->length < y->length ? x->length : y->length);

	return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* Lists the names directly below that the task made: sorted, each ended by NUL; malloc'ed. */
static bool own_names(const struct tree *t, uint32_t i, vt_bytes *ret)
{
	const struct place **own;
	uint32_t n = 0;
	size_t size = 0;
	char *text;
	uint32_t c, k;

	*ret = (vt_bytes){ NULL, 0 };
	for (c = t->at[i].child; c; c = t->at[c].next)
		if (t->at[c].is & WRITTEN) {
			n++;
			size += t->at[c].length + 1;
		}
	if (!n)
		return true;
	own = malloc(n * sizeof *own);
	text = malloc(size);
	if (!own || !text) {
		free(own);
		free(text);
		return false;
	}
	n = 0;
	for (c = t->at[i].child; c; c = t->at[c].next)
		if (t->at[c].is & WRITTEN)
			own[n++] = &t->at[c];
	qsort(own, n, sizeof *own, by_name);
	ret->data = text;
	ret->size = size;
	for (k = 0; k < n; k++) {
		memcpy(text, own[k]->name, own[k]->length);
		text += own[k]->length;
		*text++ = '\0';
	}
	free(own);
	return true;
}

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

/* Returns the kind of fact that this path is; 0: none. */
static uint32_t fact_of(const struct tree *t, const struct place *p)
{
	if (!(p->is & WRITTEN))
		return p->is & READ_FIRST ? VT_FACT_FILE : p->is & LISTED ? VT_FACT_LIST :
		       p->is & PROBED_FIRST ? VT_FACT_PROBE : 0;
	if (p->is & OUTPUT)
		return 0;
	if ((p->is & GONE) && (p->is & MADE))
		return 0;
	/* The names in a directory stay an input even if the task made it: other programs may add names. */
	if ((p->is & LISTED) || ((p->is & READ_FIRST) && is_folder(t, p)))
		return VT_FACT_LIST;
	if ((p->is & GONE) && (p->is & MISSED))
		return VT_FACT_FILE;
	return p->is & (READ_FIRST | PROBED_FIRST | GONE) ? VT_FACT_TYPE : 0;
}

static vt_status find_facts(const struct tree *t, vt_call *call, vt_findings *into)
{
	vt_status status = VT_OK;
	uint32_t i;

	for (i = 0; i < t->n && status == VT_OK; i++) {
		const struct place *p = &t->at[i];
		uint32_t fact = p->path ? fact_of(t, p) : 0;
		vt_bytes names = { NULL, 0 };

		if (!fact)
			continue;
		if ((fact == VT_FACT_FILE || fact == VT_FACT_LIST) && !own_names(t, i, &names))
			return VT_FAILED;
		status = into->add(into, call, fact, *p->path, names);
		free((void *)names.data);
	}
	return status;
}

/* Finds the first path that was read and then written, or NULL. Directories do not count: opening
 * one and setting its attributes looks the same. */
static const vt_bytes *first_refused(const struct tree *t)
{
	const vt_bytes *ret = NULL;
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		const struct place *p = &t->at[i];

		if (!(p->is & REFUSED) || (p->is & (GONE | OUTPUT)) || is_folder(t, p))
			continue;
		if (p->path && (!ret || p->path < ret))
			ret = p->path;
	}
	return ret;
}

vt_status classify(const vt_seen *seen, uint32_t n, vt_call *call, vt_findings *into)
{
	struct tree t = { 0 };
	vt_status status = VT_OK;
	const vt_bytes *refused;
	uint32_t i;

	if (!grow(&t))
		return VT_FAILED;
	t.at[t.n++] = (struct place){ .name = "" };
	for (i = 0; i < n && status == VT_OK && !t.no_memory; i++) {
		const char *name = seen[i].name.data;

		if (seen[i].op < VT_SEEN_READ || seen[i].op > VT_SEEN_EXEC)
			continue;
		if (seen[i].op == VT_SEEN_EXEC && seen[i].name.size && name[0] == '/')
			status = into->add(into, call, VT_FACT_PROGRAM, seen[i].name, (vt_bytes){ NULL, 0 });
		else
			happened(&t, &seen[i]);
	}
	if (t.no_memory)
		status = VT_FAILED;
	refused = status == VT_OK ? first_refused(&t) : NULL;
	if (refused)
		status = into->refuse(into, call, VT_REFUSE_READ_AND_WROTE, *refused);
	else if (status == VT_OK)
		status = find_facts(&t, call, into);
	free(t.at);
	free(t.table);
	return status;
}
