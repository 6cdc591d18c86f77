/* listing: the types of names, by listings of their folders.
 *
 * A look at each of many names of one folder costs more than a listing of the folder. So names
 * are counted first; where there are many, the folder is listed, but never more of it than costs
 * about as much as the looks. An entry that was read answers; every other name wants a look. */
#ifndef TRACE_LISTING_H
#define TRACE_LISTING_H

#include <stddef.h>
#include <stdint.h>

enum listed { LISTED_NOT /* look */, LISTED_FILE /* a regular file */, LISTED_FOLDER };

/* Begins all zero. */
struct listings {
	struct listing *of;      /* of each folder, by the caller's index of its path; owned */
	uint32_t room;           /* of `of` */
	size_t size;             /* bytes of all entries that were read */
};

/* Counts a name of the folder that listings_find will be asked for. */
void listings_expect(struct listings *listings, uint32_t folder);

/* The type of what `path` names. `folder`: the index of the part before its last slash.
 * Lists the folder, once, if many of its names were counted. */
enum listed listings_find(struct listings *listings, uint32_t folder, const char *path, size_t length);

void listings_free(struct listings *listings);
#endif
