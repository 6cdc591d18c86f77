/* write_calls: the system calls that may change a path, and the filter that asks about them. */
#ifndef SERVICE_WRITE_CALLS_H
#define SERVICE_WRITE_CALLS_H

#include <linux/filter.h>
#include <stdint.h>

enum write_kind {
	WRITE_PATH,                    /* changes the path */
	WRITE_TREE,                    /* renames: all below it changes, too */
	WRITE_OPEN,                    /* the same as PATH if its flags say so */
	WRITE_OPEN_HOW,                /* the same; the flags are in the memory of the process */
	WRITE_FD,                      /* changes what a descriptor names */
	WRITE_BIND,                    /* makes the socket that an address names */
	WRITE_EXEC,                    /* starts a program */
	WRITE_RING                     /* io_uring: later calls are not seen */
};

/* One path of one call. A call with two has two rows, one after the other. */
struct write_call {
	int32_t number;
	uint8_t kind;                  /* enum write_kind */
	int8_t folder;                 /* the argument with the folder's descriptor; -1: the working directory */
	int8_t path;                   /* the argument with the path, the descriptor or the address */
	int8_t extra;                  /* the argument with the flags or their place; -1: none */
};

enum { WRITE_FILTER_MOST = 160 };

/* The rows of a call; NULL: it is none of these. */
const struct write_call *write_call_find(int32_t number);
/* Is the next row of the same call? */
const struct write_call *write_call_next(const struct write_call *row);
/* Do these flags of open(2) change a file? */
int write_flags_change(uint64_t flags);
/* Fills `ret` and returns how many instructions it has. */
uint32_t write_filter_make(struct sock_filter ret[WRITE_FILTER_MOST]);
#endif
