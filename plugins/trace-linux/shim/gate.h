/* gate: makes calls that only look or read without asking the tracer, and writes them
 * down for it (shim-log.h).
 *
 * Takes no lock and no memory; may be used in signal handlers and between vfork and exec. */
#ifndef TRACE_SHIM_GATE_H
#define TRACE_SHIM_GATE_H

/* The functions that the gate stands in for are the C library's own. Before main. */
void gate_allow(void);

/* This program may see other files under the same names from now on: the tracer is asked. */
void gate_leave(void);

/* A call that waited for the tracer was interrupted, and is made again now. */
void gate_tell_interruption(void);

/* Makes the call, which must only look or read, and writes it down. `ret`: what the kernel
 * said. 0: it was not made, and is to be made as ever. `at`: the first argument is a folder's descriptor,
 * the second the path; else the path comes first. `extra`: the call's flags. */
int gate_call(long *ret, long number, int at, unsigned extra, long a, long b, long c, long d, long e);
/* Did this program get the gate already? */
int gate_is_open(void);

/* Opening it waits for nobody: it is no pipe or device. Says so, too, where the gate is not open. */
int gate_opens_at_once(int dir, const char *path);
#endif
