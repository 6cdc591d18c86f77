#include "config.h"

#include "report/last.h"

#include <math.h>
#include <string.h>

#include "base/texts.h"
#include "os/file.h"
#include "text/json.h"

enum { LAST_VERSION = 1, LAST_MOST = 256 << 20 };

static const char name[] = "last-summary";
static const char *const results[] = { "done", "hit", "builtin", "notStarted" };
static const char *const statuses[] = { "disabled", "hit", "miss", "first" };

/* ---- writing ---- */

static void add_key(struct buf *b, const char *key)
{
	buf_text(b, ",\"");
	buf_text(b, key);
	buf_text(b, "\":");
}

static void add_text(struct buf *b, const char *key, const char *text)
{
	if (!text)
		return;
	add_key(b, key);
	json_quote(b, text, strlen(text));
}

static void add_flag(struct buf *b, const char *key, bool on)
{
	if (!on)
		return;
	add_key(b, key);
	buf_text(b, "true");
}

static void add_texts(struct buf *b, const char *key, struct texts t)
{
	uint32_t i;

	if (t.n == 0)
		return;
	add_key(b, key);
	buf_byte(b, '[');
	for (i = 0; i < t.n; i++) {
		if (i > 0)
			buf_byte(b, ',');
		json_quote(b, t.at[i], strlen(t.at[i]));
	}
	buf_byte(b, ']');
}

static void add_step(struct buf *b, const struct summary_step *t)
{
	buf_printf(b, "{\"result\":\"%s\",\"status\":\"%s\",\"exitCode\":%d,\"ms\":%lld,\"savedMs\":%lld,\"missing\":%u",
		   results[t->result], statuses[t->status], t->exit_code, (long long)t->ms, (long long)t->saved_ms, t->missing);
	add_text(b, "task", t->label);
	add_text(b, "command", t->command);
	add_text(b, "reason", t->reason);
	add_text(b, "notCached", t->not_cached);
	add_text(b, "notShared", t->not_shared);
	add_text(b, "trouble", t->trouble);
	add_flag(b, "notice", t->notice);
	add_flag(b, "readAndWrote", t->read_and_wrote);
	add_flag(b, "failed", t->failed);
	add_flag(b, "cancelled", t->cancelled);
	add_texts(b, "inputs", t->inputs);
	add_texts(b, "outputs", t->outputs);
	add_texts(b, "effects", t->effects);
	buf_byte(b, '}');
}

void last_save(const struct summary *s, int dir)
{
	struct buf b;
	uint32_t i;

	buf_init(&b, LAST_MOST);
	buf_printf(&b, "{\"version\":%d,\"exitCode\":%d,\"notRun\":%u", LAST_VERSION, s->exit_code, s->not_run);
	add_texts(&b, "stillFailing", s->still_failing);
	buf_text(&b, ",\"steps\":[");
	for (i = 0; i < s->n; i++) {
		buf_text(&b, i > 0 ? ",\n" : "\n");
		add_step(&b, &s->at[i]);
	}
	buf_text(&b, "\n]}\n");
	if (!b.full)
		file_write_at(dir, name, b.data, b.size, 0600, NULL);
	buf_free(&b);
}

/* ---- reading ---- */

static int64_t read_number(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	return cJSON_IsNumber(v) && fabs(v->valuedouble) < 9e15 ? (int64_t)v->valuedouble : 0;
}

static const char *read_text(struct arena *a, const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	return cJSON_IsString(v) ? arena_str(a, v->valuestring) : NULL;
}

static bool read_flag(const cJSON *o, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, key));
}

static struct texts read_texts(struct arena *a, const cJSON *o, const char *key)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, key), *v;
	struct texts t = { NULL, 0 };

	cJSON_ArrayForEach(v, list) {
		if (!cJSON_IsString(v))
			continue;
		texts_add(a, &t, arena_str(a, v->valuestring));
	}
	return t;
}

static int index_of(const char *const *words, size_t n, const char *word)
{
	size_t i;

	for (i = 0; word && i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

static int read_step(struct arena *a, const cJSON *o, struct summary_step *t)
{
	int result = index_of(results, COUNT(results), read_text(a, o, "result"));
	int status = index_of(statuses, COUNT(statuses), read_text(a, o, "status"));

	*t = (struct summary_step){
		.label = read_text(a, o, "task"),
		.command = read_text(a, o, "command"),
		.result = result < 0 ? END_DONE : (enum end_result)result,
		.status = status < 0 ? START_FIRST : (enum start_status)status,
		.exit_code = (int)read_number(o, "exitCode"),
		.ms = read_number(o, "ms"),
		.saved_ms = read_number(o, "savedMs"),
		.missing = (uint32_t)read_number(o, "missing"),
		.reason = read_text(a, o, "reason"),
		.not_cached = read_text(a, o, "notCached"),
		.not_shared = read_text(a, o, "notShared"),
		.trouble = read_text(a, o, "trouble"),
		.notice = read_flag(o, "notice"),
		.read_and_wrote = read_flag(o, "readAndWrote"),
		.failed = read_flag(o, "failed"),
		.cancelled = read_flag(o, "cancelled"),
		.inputs = read_texts(a, o, "inputs"),
		.outputs = read_texts(a, o, "outputs"),
		.effects = read_texts(a, o, "effects"),
	};
	return result < 0 || status < 0 || !t->label || !t->command ? -1 : 0;
}

static int read_summary(const cJSON *root, struct summary *s)
{
	const cJSON *steps = cJSON_GetObjectItemCaseSensitive(root, "steps"), *o;
	uint32_t n = 0;

	if (read_number(root, "version") != LAST_VERSION || !cJSON_IsArray(steps))
		return -1;
	s->exit_code = (int)read_number(root, "exitCode");
	s->not_run = (uint32_t)read_number(root, "notRun");
	s->still_failing = read_texts(s->arena, root, "stillFailing");
	s->at = arena_array(s->arena, (size_t)cJSON_GetArraySize(steps) + 1, sizeof *s->at);
	cJSON_ArrayForEach(o, steps)
		if (read_step(s->arena, o, &s->at[n++]) < 0)
			return -1;
	s->n = n;
	return 0;
}

enum last_state last_read(int dir, struct summary **ret)
{
	struct summary *s = summary_new(true);
	struct json_doc *doc = NULL;
	enum last_state state = LAST_OTHER;
	struct bytes text;
	int r = file_read_at(dir, name, LAST_MOST, s->arena, &text, NULL);

	if (r > 0)
		state = LAST_NONE;
	else if (r == 0 && json_read(name, text.data, text.size, JSON_STRICT, &doc, NULL) == 0 &&
		 read_summary(json_root(doc), s) == 0)
		state = LAST_READ;
	if (doc)
		json_free(doc);
	if (state == LAST_READ)
		*ret = s;
	else
		summary_free(s);
	return state;
}
