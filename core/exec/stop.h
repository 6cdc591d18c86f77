/* stop: passes INT, TERM and HUP on to the tasks, waits 5 s and kills what is left. Keeps the
 * terminal's settings. On the loop, but for the signal handler. */
#ifndef EXEC_STOP_H
#define EXEC_STOP_H

struct run;
struct stop;

struct stop *stop_begin(struct run *r);
void stop_look(struct stop *s);        /* hears a signal that came before what is handled now */
void stop_end(struct stop *s);         /* restores handlers and terminal; frees */
#endif
