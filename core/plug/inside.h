/* What setup, call and stores share; for plug/ only. */
#ifndef PLUG_INSIDE_H
#define PLUG_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "plug/choice.h"
#include "plug/load.h"
#include "plug/setup.h"

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
};

/* Brings it to life, once. false: component->why. */
bool component_wake(struct component *c);
uint32_t plug_chosen_stores(struct plug *p, struct component ***ret);   /* asleep or not */
/* Takes in a plugin from anywhere, trusted or not: for the conformance kit alone. */
int plug_adopt(struct plug *p, const char *real, const char *name, struct refusal *why);
void plug_named_why(struct plug *p, const char *name, char *ret, size_t room);   /* after plug_named gave NULL */
void plug_warn(struct plug *p, const char *text);              /* once per text */
void plug_warn_about(struct component *c, const char *text);   /* "plugin 'NAME': TEXT" */
#endif
