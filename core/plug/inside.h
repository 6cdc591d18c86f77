/* What the files of plug share. The kit includes it too, because it drives components by hand. */
#ifndef PLUG_INSIDE_H
#define PLUG_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "choose/choice.h"
#include "choose/find.h"
#include "plug/load.h"
#include "plug/setup.h"

enum { PLUG_EXTRAS_MAX = 64, PLUG_PLUGINS_MAX = 128, PLUG_CREATED_MAX = 256 };

enum component_state { COMPONENT_NEW, COMPONENT_READY, COMPONENT_UNUSABLE };

/* Calls of a near store on threads of its own; see store_call.c. */
struct errands {
	pthread_mutex_t lock;              /* over all below; inside it only those of warnings are taken */
	pthread_cond_t more;               /* a call was queued, `ending` was set, or a thread ended */
	struct errand *first;              /* waiting for a thread */
	uint32_t threads, idle;            /* idle: of the threads, waiting for a call */
	uint32_t lost;                     /* how many threads are in an abandoned call */
	bool ending;
};

/* A component that the configuration or a default chose, or that a caller asked for by name. */
struct component {
	struct plug *plug;
	struct choice choice;              /* owned: its name, its options, the configuration that named it */
	_Atomic int state;                 /* enum component_state; written once, under plug->lock */
	const struct load_component *made; /* READY: its description, in the loaded plugin */
	void *self;                        /* READY: the plugin's own; from create to destroy */
	vt_host host;                      /* given to create */
	char *folder;                      /* owned; host.folder */
	char *why;                         /* owned; UNUSABLE: the reason, without the component's name */
	bool why_has_place;                /* why begins with file:line:column */
	pthread_mutex_t call_lock;         /* held during a call if `serial` */
	bool serial;                       /* its thread promise allows one call at a time */
	pthread_mutex_t report_lock;       /* over the report members of calls under way */
	/* of stores only; see stores.c */
	struct errands errands;
	vt_wants wants;                    /* READY: how it is to be called; all 0 without wants() */
	_Atomic int abandoned;             /* calls that did not come back: it is never called again, nor destroyed */
	_Atomic int failures;              /* answers that failed */
	_Atomic int given_up;              /* the store is not used any more in this run */
	_Atomic int full;                  /* the store is read, but given nothing more in this run */
};

/* Ends the program when a call hangs; see watchdog.c. */
struct watchdog {
	pthread_mutex_t lock;              /* over all below; no other lock is taken inside it */
	pthread_cond_t wake;               /* `ends` was set */
	pthread_t thread;                  /* started with the first call */
	bool runs;                         /* thread must be joined */
	bool ends;                         /* thread shall return */
	uint32_t limit;                    /* seconds that a call may be quiet; 0: no call was made yet */
	uint32_t stopping;                 /* seconds since vt was told to end */
	struct plug_call *calls;           /* under way */
};

struct plug {
	struct plug_setup setup;           /* its pointers are borrowed */
	struct choice_config config;       /* the two configuration files of setup, for choice.c */
	struct find *find;                 /* owned; the files that may be loaded */
	/* lock order: lock, then a component's call_lock, then its report_lock */
	pthread_mutex_t lock;              /* held while a component is started and while lists are made */
	struct component *chosen;          /* owned: tracer, fingerprint, stores, parts */
	uint32_t chosen_n;
	struct component *extras[PLUG_EXTRAS_MAX];      /* owned: not chosen, but asked for by name */
	uint32_t extras_n;
	struct component *created[PLUG_CREATED_MAX];    /* READY ones, in the order of their creation */
	uint32_t created_n;
	struct plugin *plugins[PLUG_PLUGINS_MAX];       /* owned; loaded and accepted */
	uint32_t plugins_n;
	struct component **stores;         /* the chosen stores, in any state */
	uint32_t stores_n;
	bool has_local;                    /* store-local is among them; never changes after plug_check_named */
	struct component **ready_parts;    /* the chosen parts that are READY */
	uint32_t ready_parts_n;
	_Atomic int listed_parts;          /* ready_parts is complete */
	bool folder_asked, folder_private; /* <cache>/plugins was looked for; components may make their folders there; under lock */
	struct watchdog watchdog;
	volatile int stopping;             /* see plug_stopping */
};

void watchdog_init(struct plug *p);
void watchdog_begin(struct plug *p, struct plug_call *c);  /* from now on c must not be quiet for too long */
void watchdog_end(struct plug *p, struct plug_call *c);
void watchdog_free(struct plug *p);        /* after the last call */
uint32_t watchdog_limit(const struct plug *p);             /* seconds that a call may be quiet */
/* The option of a key; "headers.*" in the table matches every key below headers. NULL: there is none. */
const vt_option *component_option(const struct load_component *made, const char *key);
/* Loads, creates and starts the component, once. false: component->why. */
bool component_start(struct component *c);
uint32_t plug_chosen_stores(struct plug *p, struct component ***ret);   /* in any state */
const char *component_label(const struct component *c);                 /* what the user calls it: the store's `as`, or its name */
/* The plugin of a file, loaded at the first call; under plug->lock. NULL: *why. */
struct plugin *plugin_once(struct plug *p, const struct candidate *c, struct refusal *why);
/* Loads a plugin from any path, trusted or not. For the kit only. */
int plug_adopt(struct plug *p, const char *real, const char *name, struct refusal *why);
void plug_named_why(struct plug *p, const char *name, char *ret, size_t room);   /* why plug_named returned NULL */
void plug_warn(struct plug *p, const char *text);              /* setup.warn, if there is one */
void plug_warn_about(struct component *c, const char *text);   /* "plugin 'NAME': TEXT" */
void plug_inform_about(struct component *c, const char *text); /* the same to setup.inform, if there is one */
void plug_warn_unusable(struct component *c);                  /* "plugin 'NAME' cannot be used: WHY" */
#endif
