/* What the tests of store-local share: the plugin, loaded as vt does, and a host for it. */
#ifndef TEST_STORE_HOST_H
#define TEST_STORE_HOST_H

#include <sys/types.h>

#include "vt-plugin.h"

extern const vt_component *component;
extern const vt_store_ops *ops;
extern vt_call call;
extern char folder[];                  /* the cache: new for each story */
extern char reported[600];             /* level, code and text of the last report */
extern int day;                        /* 0: today, -1: yesterday, ...; for stores that are opened then */

int store_load(void);                  /* 0: the plugin cannot be loaded, which was reported */
int set_up(void **state);
int tear_down(void **state);

void *store_open(const char *size);
void store_close(void *self);          /* settles it first */

/* Contents tell their number and their size. */
vt_id id_of(unsigned n);
vt_status put_in(void *self, unsigned space, unsigned n, size_t size);
int there(void *self, unsigned space, unsigned n, size_t size);        /* 1: as it was put; 0: not there; -1: something else */

const char *file(const char *name);    /* its path, below the store's folder; until the next call */
off_t size_of(const char *name);
unsigned count_files(void);            /* number of large blobs */
int oldest_days(void);                 /* since the least recent use, as `vt cache stat` is told; -1: it is not told */
#endif
