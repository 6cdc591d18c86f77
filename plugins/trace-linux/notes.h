/* notes: the calls that were seen, in order. The listening thread writes them; others read
 * them after listen_stop. Without memory notes are full, and vt goes on. */
#ifndef TRACE_NOTES_H
#define TRACE_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct note {
	uint32_t name, other;      /* indices of names; other: of RENAME; of BEFORE an index of states; else 0 */
	uint16_t op, flags;        /* VT_SEEN_* */
	uint32_t process;
};

struct name {
	const char *text;          /* ended by NUL, in a page of notes */
	uint32_t length;
	uint32_t hash;
	uint32_t seen;             /* which (op, flags) were noted: notes.c */
	bool sighted;              /* the tracer has looked whether the path exists */
	uint8_t before;            /* enum before: was the state before the first write told? */
	uint32_t link;             /* target of a link that the task made here: an index of the caller's; 0: it made none */
	uint32_t turn;             /* notes.turn at the last noted write */
	uint32_t wrote;            /* stamps.turn at the last call that may have changed the file; 0: none */
	uint32_t stamp;            /* the file's place in stamps.at, plus 1; 0: it has none */
};

enum before { BEFORE_NOT, BEFORE_OUTSIDE, BEFORE_ALL };   /* OUTSIDE: a file, without its content */

struct notes {
	struct note *at;           /* in order of happening */
	struct name *names;        /* names[0] is unused */
	uint32_t *table;           /* open addressing: indices of names, 0: free */
	struct page *pages;        /* the newest first */
	uint32_t n, room;
	uint32_t names_n, names_room;
	uint32_t table_size;       /* a power of two, at least twice names_n */
	uint32_t turn;             /* count of renames: after each a write of a known path is noted again */
	bool full;                 /* a note was lost */
};

void notes_init(struct notes *notes);

/* Allocates the first room, before the listening thread starts. A thread's first malloc
 * makes a heap arena of its own, which costs as much as ten traced calls; a realloc of
 * another thread's memory does not. False: no memory. */
bool notes_prepare(struct notes *notes);
void notes_free(struct notes *notes);

/* The index of this path; 0: it has none. */
uint32_t notes_find(const struct notes *notes, const char *text, size_t length);

/* The index of this path, which is added if it is new; 0: no room. */
uint32_t notes_name(struct notes *notes, const char *text, size_t length);

/* Adds a note, unless an earlier one says the same. Added are: the first
 * READ, PROBE, LIST or EXEC of a path with these flags; a WRITE or removal that
 * changes whether the path is there, or follows a rename; every RENAME.
 * True: the note was added. */
bool notes_add(struct notes *notes, uint16_t op, uint16_t flags, uint32_t process,
	       const char *path, size_t length, const char *other, size_t other_length);

/* Notes the state of `path` before it is written; `state`: an index of the caller's. */
void notes_before(struct notes *notes, uint16_t flags, uint32_t process, const char *path, size_t length,
		  uint32_t state, enum before before);
#endif
