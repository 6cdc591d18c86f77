/* What setup, call and stores share; for plug/ and the kit, which drives components by hand. */
#ifndef PLUG_INSIDE_H
#define PLUG_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "choose/choice.h"
#include "choose/find.h"
#include "plug/load.h"
#include "plug/setup.h"

enum { PLUG_EXTRAS_MAX = 64, PLUG_PLUGINS_MAX = 128, PLUG_BORN_MAX = 256 };

enum component_state { COMPONENT_SLEEPS, COMPONENT_READY, COMPONENT_UNUSABLE };

/* A component that the configuration or the defaults chose, or that was asked for by name. */
struct component {
	struct plug *plug;
	struct choice choice;              /* owned: its name, its options, who named it */
	_Atomic int state;                 /* enum component_state; written under plug->lock, then final */
	const struct load_component *made; /* READY: what it is */
	void *self;                        /* READY */
	vt_host host;
	char *folder;                      /* host.folder */
	char *why;                         /* UNUSABLE: the sentence, without the name */
	bool why_has_place;                /* ... it begins with file:line:column */
	pthread_mutex_t one;               /* held during a call where the promise asks for it */
	bool serial;
	pthread_mutex_t reports;           /* guards the report fields of calls under way */
	_Atomic int failures;              /* stores: calls that failed; see stores.c */
	_Atomic int resting;               /* stores: not used any more in this run */
	_Atomic int full;                  /* stores: given nothing more in this run, but asked */
};

/* See patience.c. */
struct patience {
	pthread_mutex_t lock;              /* over all below; a leaf */
	pthread_cond_t wake;
	pthread_t thread;
	bool runs, ends;
	uint32_t limit;                    /* seconds; 0: nothing was called yet */
	struct plug_call *calls;           /* under way */
};

struct plug {
	struct plug_setup setup;           /* borrowed from whoever made it */
	struct choice_config config;       /* the same two files, for choice.c */
	struct find *find;                 /* what is there and may be loaded */
	/* lock order: lock, then a component's `one`, then its `reports` */
	pthread_mutex_t lock;              /* held while a component comes to life and while lists are made */
	struct component *chosen;          /* tracer, fingerprint, stores, parts */
	uint32_t chosen_n;
	struct component *extras[PLUG_EXTRAS_MAX];      /* asked for by name, beside the chosen */
	uint32_t extras_n;
	struct component *born[PLUG_BORN_MAX];  /* in the order of their coming to life */
	uint32_t born_n;
	struct plugin *plugins[PLUG_PLUGINS_MAX];       /* loaded and good */
	uint32_t plugins_n;
	struct component **stores;         /* the chosen stores, whatever their state */
	uint32_t stores_n;
	struct component **ready_parts;    /* the chosen parts that came to life */
	uint32_t ready_parts_n;
	_Atomic int listed_parts;          /* the list above is made */
	bool folder_made;                  /* the cache's folder in which components make theirs; under lock */
	struct patience patience;          /* counts how long calls are silent */
};

void patience_init(struct plug *p);
void patience_begin(struct plug_call *c);  /* c is under way: somebody counts how long it is silent */
void patience_end(struct plug_call *c);
void patience_free(struct plug *p);        /* after the last call */
/* Brings it to life, once. false: component->why. */
bool component_wake(struct component *c);
uint32_t plug_chosen_stores(struct plug *p, struct component ***ret);   /* asleep or not */
/* Loads one file, unless it is loaded; under plug->lock. NULL: *why. */
struct plugin *plugin_once(struct plug *p, const struct candidate *c, struct refusal *why);
/* Takes in a plugin from anywhere, trusted or not: for the conformance kit alone. */
int plug_adopt(struct plug *p, const char *real, const char *name, struct refusal *why);
void plug_named_why(struct plug *p, const char *name, char *ret, size_t room);   /* after plug_named gave NULL */
void plug_warn(struct plug *p, const char *text);              /* setup.warn, if there is one */
void plug_warn_about(struct component *c, const char *text);   /* "plugin 'NAME': TEXT" */
#endif
