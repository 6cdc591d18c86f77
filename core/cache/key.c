#include "config.h"

#include "cache/key.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "base/checksum.h"
#include "effect/layer.h"
#include "cache/inside.h"
#include "fact/findings.h"
#include "plan/step.h"
#include "text/path.h"
#include "workspace/workspace.h"

/* Both strings are borrowed: they live as long as the plan or the program. */
static void add(struct facts *f, struct arena *a, enum fact_kind kind, const char *name, const char *state)
{
	facts_lend(f, a, kind, bytes_text(name), bytes_text(state));
}

/* Adds a fact whose state is the strings, each ended by NUL. */
static void add_texts(struct facts *f, struct arena *a, enum fact_kind kind, const struct texts *t, uint32_t from)
{
	size_t size = 0, n;
	char *all, *p;
	uint32_t i;

	for (i = from; i < t->n; i++)
		size += strlen(t->at[i]) + 1;
	p = all = arena_alloc(a, size + 1);
	for (i = from; i < t->n; i++, p += n) {
		n = strlen(t->at[i]) + 1;
		memcpy(p, t->at[i], n);
	}
	facts_lend(f, a, kind, bytes_text(""), (struct bytes){ all, size });
}

static void digest_texts(struct digest_state *s, const struct texts *t)
{
	uint32_t i;

	digest_add(s, &t->n, sizeof t->n);
	for (i = 0; i < t->n; i++)
		digest_add(s, t->at[i], strlen(t->at[i]) + 1);
}

static void digest_patterns(struct digest_state *s, const struct file_patterns *list)
{
	uint32_t i;

	digest_add(s, &list->n, sizeof list->n);
	for (i = 0; i < list->n; i++)
		digest_add(s, list->at[i].text, strlen(list->at[i].text) + 1);
}

/* `automatic`, not `given`: an omitted `input` and `{"auto": true}` mean the same. */
static void add_globs(struct facts *f, struct arena *a, enum fact_kind kind, const struct globs *g, bool automatic)
{
	const char how = automatic ? 'a' : '-';
	struct digest_state s;
	struct digest d;

	digest_begin(&s, NULL);
	digest_add(&s, &how, 1);
	digest_patterns(&s, &g->yes);
	digest_patterns(&s, &g->no);
	digest_end(&s, &d);
	facts_lend(f, a, kind, bytes_text(""), (struct bytes){ arena_copy(a, d.byte, sizeof d.byte), sizeof d.byte });
}

static struct utsname platform;        /* set once, then constant */

static void ask_platform(void)
{
	if (uname(&platform) < 0)
		memset(&platform, 0, sizeof platform);
}

static void add_platform(struct facts *f, struct arena *a)
{
#ifdef __GLIBC__
	static const char libc[] = "glibc";
#else
	static const char libc[] = "other";
#endif
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, ask_platform);
	add(f, a, FACT_PLATFORM, "os", platform.sysname);
	add(f, a, FACT_PLATFORM, "arch", platform.machine);
	add(f, a, FACT_PLATFORM, "libc", libc);
	add(f, a, FACT_PLATFORM, "format", RESULT_FORMAT);
}

static void add_component(struct facts *f, struct arena *a, const struct component *part)
{
	char format[16];

	snprintf(format, sizeof format, "%u", (unsigned)component_description(part)->format);
	add(f, a, FACT_COMPONENT, component_name(part), arena_str(a, format));
}

static void add_core(struct cache *c, const struct step *step, struct arena *a, struct facts *f)
{
	const char *program = step->argv.at[0];
	const char *dir = path_clean(a, step->dir), *cwd = path_below(c->world.root, dir);
	bool out_automatic = !step->rules->output.given && (c->roles & VT_ROLE_OUTPUT);
	uint32_t i;

	add_texts(f, a, FACT_UNTRACKED, &step->untracked, 0);
	add(f, a, FACT_PROGRAM_NAME, "", program);
	add_texts(f, a, FACT_ARGS, &step->argv, 1);
	if (!cwd)
		cwd = dir;
	add(f, a, FACT_CWD, "", cwd);
	for (i = 0; i < step->given.n; i++)
		add(f, a, FACT_ENV, step->given.at[i], "");         /* key_make fills in the state */
	add_platform(f, a);
	add_globs(f, a, FACT_INPUT_CONFIG, &step->rules->input, step->rules->input.automatic);
	add_globs(f, a, FACT_OUTPUT_CONFIG, &step->rules->output, out_automatic);
}

static int add_from_part(const struct step *step, struct component *part, struct arena *a, struct facts *f,
			 struct err *err)
{
	const vt_part_ops *ops = component_ops(part);
	struct findings findings;
	struct plug_call call;
	uint32_t i;

	add_component(f, a, part);
	if (!ops->key)
		return 0;
	findings_init(&findings, a, component_name(part), true);
	call_begin(&call, part, "key");
	if (call_end(&call, ops->key(component_self(part), &call.call, step->described, &findings.service)) < 0)
		return err_set(err, ERR_SYSTEM, "%s: %s", component_name(part), call.text);
	for (i = 0; i < findings.facts.n; i++)
		facts_add(f, a, &findings.facts.at[i]);
	return 0;
}

int key_make(struct cache *c, const struct step *step, struct arena *a, struct facts *ret, struct err *err)
{
	struct component *fingerprint = plug_fingerprint(c->setup.plug);
	uint32_t i;

	*ret = (struct facts){ 0 };
	add_core(c, step, a, ret);
	if (fingerprint)
		add_component(ret, a, fingerprint);
	for (i = 0; i < c->parts_n; i++)
		if (part_is_asked(c, c->parts[i], step) && add_from_part(step, c->parts[i], a, ret, err) < 0)
			return -1;
	facts_sort(ret);
	return state_fill(&c->world, step->full_env, ret, a, err);
}

static void digest_text(struct digest_state *s, const char *text)
{
	digest_add(s, text, strlen(text) + 1);
}

void key_step(const struct step *step, struct digest *ret)
{
	const uint32_t place[2] = { step->element, step->piece };
	struct digest_state s;

	digest_begin(&s, NULL);
	digest_text(&s, step->task->package->path);
	digest_text(&s, step->task->name);
	digest_text(&s, step->hook ? step->hook : "");
	digest_add(&s, place, sizeof place);
	digest_texts(&s, &step->extra);
	digest_end(&s, ret);
}

/* Steps that say the same in one chain are told apart by how many of them follow. */
static uint32_t same_later(const struct step *step)
{
	const struct step_list *l;
	uint32_t n = 0, i;

	for (l = step->later; l; l = l->next) {
		const struct step *s = l->step;

		if (s->task != step->task || s->argv.n != step->argv.n || strcmp(s->dir, step->dir) != 0)
			continue;
		for (i = 0; i < s->argv.n && strcmp(s->argv.at[i], step->argv.at[i]) == 0; i++)
			;
		n += i == s->argv.n;
	}
	return n;
}

/* A name from two checksums: it tells steps of one workspace apart, and never leaves it. */
static void name_of(const struct buf *b, struct digest *ret)
{
	const uint64_t sums[2] = { checksum(b->data, b->size, 0), checksum(b->data, b->size, 1) };

	*ret = (struct digest){ { 0 } };
	memcpy(ret->byte, sums, sizeof sums);
}

static void add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text) + 1);
}

static ledger_who make_who(struct cache *c, const struct step *step)
{
	const uint32_t later = same_later(step);
	struct ledger_step name;
	struct buf b;
	uint32_t i;

	buf_init(&b, SIZE_MAX / 2);
	add_text(&b, step->task->package->path);
	add_text(&b, step->task->name);
	name_of(&b, &name.task);
	add_text(&b, step->hook ? step->hook : "");
	add_text(&b, step->cwd);
	for (i = 0; i < step->argv.n; i++)
		add_text(&b, step->argv.at[i]);
	buf_add(&b, &later, sizeof later);
	name_of(&b, &name.step);
	buf_free(&b);
	return ledger_step(c->ledger, &name);
}

ledger_who key_who(struct cache *c, const struct step *step)
{
	void **at;
	ledger_who ret;

	pthread_mutex_lock(&c->lock);
	at = map_put(&c->whos, &step->ordinal, sizeof step->ordinal);
	if (!*at)
		*at = (void *)(uintptr_t)make_who(c, step);
	ret = (ledger_who)(uintptr_t)*at;
	pthread_mutex_unlock(&c->lock);
	return ret;
}

void key_eyes(struct cache *c, const struct step *step, struct arena *a, struct eyes *ret)
{
	const struct step_list *l;
	ledger_who *later;
	uint32_t n = 0;

	*ret = (struct eyes){ .own = key_who(c, step) };
	for (l = step->later; l; l = l->next)
		n++;
	if (!n)
		return;
	later = arena_array(a, n, sizeof *later);
	for (l = step->later; l; l = l->next)
		later[ret->later_n++] = key_who(c, l->step);
	ret->later = later;
}
