/* terminal: the settings that vt found, which a killed child may have changed. */
#ifndef OS_TERMINAL_H
#define OS_TERMINAL_H

/* Notes the settings of the first of the descriptors 0 to 2 that is a terminal. Once per run, on the main thread. */
void terminal_keep(void);
/* Puts them back where they were changed, unless vt is in the background. [any], and in signal handlers. Nothing without
 * terminal_keep. */
void terminal_restore(void);
#endif
