/* share: vt cache push, pull and key. Each returns the exit code. */
#ifndef ASK_SHARE_H
#define ASK_SHARE_H

struct command;
struct command_line;
struct session;

int share_push(const struct session *s, const struct command_line *line, const char *days);    /* days NULL: all results */
int share_pull(const struct session *s, const struct command *c, int argc, char **argv);   /* argv[0] is "pull"; c: for its help */
int share_key(const struct session *s, const struct command_line *line);
#endif
