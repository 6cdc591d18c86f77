/* gates: keeps for each process whether it has loaded the shim. A forked process has what
 * its parent has, so an unknown process is looked up by its parents. */
#include "config.h"

#include "gates.h"

#include <stdlib.h>
#include <string.h>

#include "procs.h"

enum {
	GATES_FIRST = 64,
	GATES_MAX = 1 << 20,
	ABOVE_MAX = 64,            /* how many parents are looked up */
};

struct gate {
	uint32_t process;          /* 0: free */
	bool has;
};

void gates_free(struct gates *g)
{
	free(g->at);
	g->at = NULL;
	g->n = g->size = 0;
}

static struct gate *gate_at(const struct gates *g, uint32_t process)
{
	uint32_t slot = process * 0x9e3779b1u & (g->size - 1);

	while (g->at[slot].process && g->at[slot].process != process)
		slot = (slot + 1) & (g->size - 1);
	return &g->at[slot];
}

static bool grow(struct gates *g)
{
	struct gates bigger = { .size = g->size ? g->size * 2 : GATES_FIRST };
	uint32_t i;

	if (bigger.size > GATES_MAX)
		return false;
	bigger.at = calloc(bigger.size, sizeof *bigger.at);
	if (!bigger.at)
		return false;
	for (i = 0; i < g->size; i++)
		if (g->at[i].process)
			*gate_at(&bigger, g->at[i].process) = g->at[i];
	free(g->at);
	g->at = bigger.at;
	g->size = bigger.size;
	return true;
}

static void set(struct gates *g, uint32_t process, bool has)
{
	struct gate *gate;

	if (g->n * 2 >= g->size && !grow(g)) {
		g->full = true;
		return;
	}
	gate = gate_at(g, process);
	g->n += !gate->process;
	*gate = (struct gate){ process, has };
}

bool gates_is_shim(const struct gates *g, const char *path, size_t length)
{
	size_t n = g->shim_length;

	return n && length > n && path[length - n - 1] == '/' && memcmp(path + length - n, g->shim, n) == 0;
}

void gates_start(struct gates *g, uint32_t tid)
{
	if (g->shim_length)
		set(g, procs_process_of(tid), false);
}

void gates_load(struct gates *g, uint32_t tid)
{
	set(g, procs_process_of(tid), true);
}

static bool has_shim(const struct gates *g, uint32_t process)
{
	const struct gate *gate;
	int i;

	if (!g->size || g->full)
		return false;
	for (i = 0; process > 1 && i < ABOVE_MAX; i++) {
		gate = gate_at(g, process);
		if (gate->process)
			return gate->has;
		process = procs_status(process, "\nPPid:");
	}
	return false;
}

static void begin(struct gates *g, const struct handlers *more, uint32_t told)
{
	if (!more->brittle || g->now.fragile || (g->now.brittle && !more->fragile))
		return;
	if (!g->now.brittle)
		g->told_before = told;
	g->now = *more;
}

void gates_handler(struct gates *g, uint32_t tid, bool request, uint32_t told)
{
	const bool later = request && !g->requests;
	struct handlers one = { .brittle = true, .process = tid };

	if (g->now.fragile)
		return;
	one.fragile = !has_shim(g, procs_process_of(tid));
	procs_name(tid, one.name, sizeof one.name);
	if (!later)
		begin(g, &one, told);
	else if (!g->requested.brittle || (one.fragile && !g->requested.fragile))
		g->requested = one;
}

void gates_requested(struct gates *g, uint32_t told)
{
	g->requests = true;
	begin(g, &g->requested, told);
}

bool gates_interrupted(struct gates *g)
{
	g->interruptions += g->now.brittle;
	return g->now.fragile;
}

bool gates_hurt(const struct gates *g, uint32_t told)
{
	return g->now.brittle && g->interruptions > told - g->told_before;
}
