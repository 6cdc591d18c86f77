/* leads: where the names of the notes lead. The task has ended, so links can be followed; those
 * that it made and removed are remembered in the notes. */
#ifndef TRACE_LEADS_H
#define TRACE_LEADS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "listing.h"
#include "outside.h"
#include "repository.h"
#include "trace.h"
#include "vt-plugin.h"

/* A text owned by one of the tables below, or by the watch. */
struct text {
	const char *at;
	uint32_t length;
	bool made;               /* found through a link that the task made and removed */
};

/* What a name of the notes means. */
struct settled {
	struct text used;        /* the task's name for it, without ".."; at NULL: not settled yet */
	struct text real;        /* below the workspace's root, without links except the last part; at NULL: outside */
	struct text end;         /* the target of its last part if that is a link, else the name; at NULL: not asked yet */
	bool file;               /* `end` was asked for, and is the name of a regular file */
	uint32_t folder;         /* the folder that may be listed for `end`, an index of folders; 0: none */
};

struct settling {
	struct watch *w;
	char root[PATH_MAX];     /* the workspace's root without links in it */
	size_t root_length;
	struct settled *names;   /* parallel to w->notes.names */
	vt_seen *records;        /* what the notes mean; room for all of them */
	uint32_t records_n;
	struct notes folders;    /* the directories that were asked for, and those of names that will be ... */
	struct text *folders_real;   /* ... their real paths, by index; at NULL: not asked yet */
	uint32_t folders_room;
	struct listings listings;    /* ... and their entries, by index */
	struct notes texts;      /* owns texts made here */
	struct notes written;    /* real names that the task wrote, and their directories */
	struct notes moved;      /* real names that something was renamed to */
	struct notes links;      /* names that tell_links has asked for */
	struct notes made;       /* names outside that the task wrote */
	struct notes loaded;     /* names of libraries outside that were loaded, without their folders */
	struct notes started;    /* real names of the programs that were started */
	struct outside outside;
	struct repository repository;
	bool asks_git;           /* the task read names or objects of the repository, not its HEAD alone */
	bool full;
};

/* A text of two parts. */
struct text text_kept(struct settling *s, const char *a, size_t a_length, const char *b, size_t b_length);

/* Removes "..": the part before it is replaced by its real path. False: no room. */
bool text_without_dots(const char *path, char *ret, size_t size);

/* Where the link led that the task made at `path`, which ends with NUL; the path: it made none. */
struct text link_made(struct settling *s, struct text path);

/* The real path of a folder. */
struct text folder_real(struct settling *s, const char *path, size_t n);

/* A real path as a name below the workspace's root as vt was given it; at NULL: outside. */
struct text text_by_root(struct settling *s, struct text real);

/* Counts a name for which name_end will be asked: the names of one folder are answered together. */
void name_expect(struct settling *s, struct settled *name);

/* Where the name's last part leads, if it is a link. Asked once for each name. */
struct text name_end(struct settling *s, struct settled *name);

/* What the name with this index in the notes means. */
struct settled *name_lead(struct settling *s, uint32_t index);
#endif
