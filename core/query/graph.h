/* Which tasks a query asks for, and which waits for which. */
#ifndef QUERY_GRAPH_H
#define QUERY_GRAPH_H

#include "query/select.h"

struct task;

struct graph_node {
	const struct task *task;
	bool requested;                    /* false: pulled in by dependsOn */
	uint32_t *waits_for;               /* indices, sorted, unique */
	bool *order;                       /* of each: it is package order alone, and no `dependsOn` */
	uint32_t waits_n;
};

struct task_graph {
	struct graph_node *nodes;          /* in package order, then task order */
	uint32_t n;
	const char *same;                  /* struct selection's */
};

/* -1: err; 1: err, and it is about the words themselves (select_packages). */
int graph_make(const struct query_world *world, const struct query_options *options, struct arena *a,
	       struct task_graph *ret, struct err *err);
/* Removes a node: nodes that waited for it wait for those it waited for. */
void graph_remove(struct task_graph *g, uint32_t node, struct arena *a);
/* Without cycles? -1: err names one. */
int graph_check(const struct task_graph *g, struct arena *a, struct err *err);
#endif
