#include "config.h"

#include "together/notice.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cursor.h"
#include "far/key.h"
#include "plan/step.h"
#include "workspace/workspace.h"

#define DOMAIN "vt together notice 1"

/* ---- bytes ---------------------------------------------------------------------- */

static struct bytes bytes_of(const char *text)
{
	size_t n = strlen(text);

	return (struct bytes){ text, n > NOTICE_TEXT_MAX ? NOTICE_TEXT_MAX : n };
}

/* The proof covers the name, and all bytes of the notice before the proof. */
static void prove(const struct far_keys *k, const vt_id *name, const struct buf *b, struct proof *ret)
{
	const struct bytes fields[] = { { name->byte, sizeof name->byte }, { b->data, b->size } };

	proof_make(k, DOMAIN, fields, COUNT(fields), ret);
}

void notice_encode(const struct far_keys *k, const vt_id *name, const struct notice *r, struct buf *ret)
{
	struct proof proof;
	struct buf b;

	buf_init(&b, NOTICE_MAX);
	buf_num(&b, 1);
	buf_num(&b, (uint64_t)r->state);
	buf_num(&b, (uint64_t)(r->code & 0xff));
	buf_num(&b, r->kept);
	buf_add(&b, r->owner.byte, sizeof r->owner.byte);
	buf_sized(&b, bytes_of(r->runner));
	buf_sized(&b, bytes_of(r->label));
	buf_sized(&b, r->key.size <= NOTICE_KEY_MAX ? r->key : (struct bytes){ "", 0 });
	prove(k, name, &b, &proof);
	buf_sized(ret, (struct bytes){ b.data, b.size });
	buf_num(ret, proof.kind);
	buf_sized(ret, (struct bytes){ proof.bytes, proof.size });
	buf_free(&b);
}

static int read_fields(struct bytes b, struct arena *a, struct notice *ret)
{
	struct cursor c = cursor_of(b);
	uint64_t version = cursor_num(&c), state = cursor_num(&c), code = cursor_num(&c), kept = cursor_num(&c);
	const void *owner = cursor_take(&c, sizeof ret->owner.byte);
	struct bytes runner = cursor_sized(&c), label = cursor_sized(&c), key = cursor_sized(&c);

	if (c.bad || version != 1 || state < NOTICE_STARTED || state > NOTICE_FAILED || code > 255 || (state == NOTICE_FAILED && code == 0) ||
	    runner.size > NOTICE_TEXT_MAX || label.size > NOTICE_TEXT_MAX)
		return -1;
	*ret = (struct notice){ .state = (enum notice_state)state, .code = (int)code, .kept = kept == 1, .key = key };
	memcpy(ret->owner.byte, owner, sizeof ret->owner.byte);
	ret->runner = arena_strn(a, runner.data, runner.size);
	ret->label = arena_strn(a, label.data, label.size);
	return 0;
}

int notice_decode(const struct far_keys *k, bool unsealed, const vt_id *name, struct bytes b, struct arena *a, struct notice *ret)
{
	struct cursor c = cursor_of(b);
	struct bytes body = cursor_sized(&c);
	uint64_t kind = cursor_num(&c);
	struct bytes bytes = cursor_sized(&c);
	const struct bytes fields[] = { { name->byte, sizeof name->byte }, body };
	struct proof proof = { .kind = (uint8_t)kind, .size = (uint8_t)bytes.size };

	if (c.bad || kind > PROOF_SIGNATURE || bytes.size > sizeof proof.bytes)
		return -1;
	memcpy(proof.bytes, bytes.data, bytes.size);
	if (!proof_is_good(k, unsealed, DOMAIN, fields, COUNT(fields), &proof))
		return -1;
	return read_fields(body, a, ret);
}

/* ---- the plan ----------------------------------------------------------------------- */

static void add_text(struct digest_state *d, const char *text)
{
	digest_add(d, text, strlen(text) + 1);
}

static void add_number(struct digest_state *d, uint32_t n)
{
	char text[16];

	snprintf(text, sizeof text, "%u", n);
	add_text(d, text);
}

static void add_plan(struct digest_state *d, const struct plan *plan);

static void add_item(struct digest_state *d, const struct item *item)
{
	add_number(d, (uint32_t)item->kind);
	if (item->kind == ITEM_PLAN) {
		add_text(d, item->expanded_from);
		add_plan(d, item->plan);
		return;
	}
	add_text(d, item->step->task->label);
	add_text(d, item->step->shown);
	add_text(d, item->step->cwd);
	add_number(d, item->step->rules != NULL);
	add_number(d, item->step->forced);
}

static void add_plan(struct digest_state *d, const struct plan *plan)
{
	uint32_t i, k;

	add_number(d, plan->n);
	add_number(d, (uint32_t)plan->on_failure);
	for (i = 0; i < plan->n; i++) {
		const struct plan_node *node = &plan->nodes[i];

		add_text(d, node->task->label);
		add_text(d, node->task->package->path);
		add_number(d, node->requested);
		add_number(d, node->waits_n);
		for (k = 0; k < node->waits_n; k++)
			add_number(d, node->waits_for[k]);
		add_number(d, node->items_n);
		for (k = 0; k < node->items_n; k++)
			add_item(d, &node->items[k]);
	}
}

void notice_plan(const struct plan *plan, struct digest *ret)
{
	struct digest_state d;
	struct utsname u;

	digest_begin(&d, NULL);
	if (uname(&u) == 0) {
		add_text(&d, u.sysname);
		add_text(&d, u.machine);
	}
	add_plan(&d, plan);
	digest_end(&d, ret);
}

/* ---- names ------------------------------------------------------------------------------ */

static void name(const struct far_keys *k, const char *domain, const struct bytes *fields, uint32_t n, vt_id *ret)
{
	struct digest d;

	far_name(k, domain, fields, n, &d);
	memcpy(ret->byte, d.byte, sizeof ret->byte);
}

void notice_run(const struct far_keys *k, const char *id, const char *repository, const struct digest *plan, vt_id *ret)
{
	const struct bytes fields[] = { { id, strlen(id) }, { repository, strlen(repository) }, { plan->byte, sizeof plan->byte } };

	name(k, "vt together run 1", fields, COUNT(fields), ret);
}

void notice_task(const struct far_keys *k, const vt_id *run, const char *label, vt_id *ret)
{
	const struct bytes fields[] = { { run->byte, sizeof run->byte }, { label, strlen(label) } };

	name(k, "vt together task 1", fields, COUNT(fields), ret);
}

void notice_failure(const struct far_keys *k, const vt_id *run, vt_id *ret)
{
	const struct bytes fields[] = { { run->byte, sizeof run->byte } };

	name(k, "vt together failure 1", fields, COUNT(fields), ret);
}

void notice_runner(const struct far_keys *k, const vt_id *run, const vt_id *owner, vt_id *ret)
{
	const struct bytes fields[] = { { run->byte, sizeof run->byte }, { owner->byte, sizeof owner->byte } };

	name(k, "vt together runner 1", fields, COUNT(fields), ret);
}
