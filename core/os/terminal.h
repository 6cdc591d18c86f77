/* terminal: the settings that vt found, which a killed child may have changed; and a program that gets the terminal. */
#ifndef OS_TERMINAL_H
#define OS_TERMINAL_H

#include <stdbool.h>

/* Notes the settings of the first of the descriptors 0 to 2 that is a terminal. Once per run, on the main thread. */
void terminal_keep(void);
/* Puts them back where they were changed, unless vt is in the background. [any], and in signal handlers. Nothing without
 * terminal_keep. */
void terminal_restore(void);
/* Runs a program with this process's descriptors, and waits until it ends. Ctrl-C and Ctrl-\ are for the program alone.
 * false: it cannot be started, or ends with another status than 0. Before the loop and threads. */
bool terminal_lend(char *const argv[], char *const env[]);
#endif
