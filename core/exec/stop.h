/* Signals to the runner, grace, kill; the terminal as it was. */
#ifndef EXEC_STOP_H
#define EXEC_STOP_H

struct run;
struct stop;

struct stop *stop_begin(struct run *r);
void stop_end(struct stop *s);         /* signals as before, the terminal as before */
#endif
