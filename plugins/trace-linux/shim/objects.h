/* objects: the program and its libraries, as dl_iterate_phdr tells them. */
#ifndef TRACE_SHIM_OBJECTS_H
#define TRACE_SHIM_OBJECTS_H

struct range {
	unsigned long from, to;          /* addresses; `to` is behind it; both 0: nothing */
};

/* The addresses of the program or library that `inside` lies in; nothing: not known. */
struct range objects_around(unsigned long inside);
#endif
