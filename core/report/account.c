#include "config.h"

#include "report/account.h"

#include <string.h>
#include <time.h>

#include "base/texts.h"
#include "text/json.h"

void account_text(struct buf *b, const char *key, const char *text)
{
	if (!text)
		return;
	buf_printf(b, ",\"%s\":", key);
	json_quote(b, text, strlen(text));
}

static const char *path(const char *rel)
{
	return *rel ? rel : ".";
}

static const char *status_word(const struct summary_step *t)
{
	if (t->cancelled)
		return "cancelled";
	if (t->failed)
		return "failed";
	return t->result == END_HIT ? "hit" : "done";
}

static void add_cache(struct buf *b, const struct summary_step *t)
{
	static const char *const words[] = { "disabled", "hit", "miss", "new" };

	buf_printf(b, ",\"cache\":{\"status\":\"%s\"", words[t->status]);
	account_text(b, "reason", t->reason);
	account_text(b, "store", t->origin);
	account_text(b, "notCached", t->not_cached);
	account_text(b, "notShared", t->not_shared);
	buf_byte(b, '}');
}

static void add_list(struct buf *b, const char *key, struct texts t)
{
	uint32_t i;

	if (t.n == 0)
		return;
	buf_printf(b, ",\"%s\":[", key);
	for (i = 0; i < t.n; i++) {
		if (i > 0)
			buf_byte(b, ',');
		json_quote(b, t.at[i], strlen(t.at[i]));
	}
	buf_byte(b, ']');
}

/* Adds each attempt of a step that was run more than once. */
static void add_attempts(struct buf *b, const struct summary_step *t)
{
	uint32_t i;

	for (i = 0; i < t->attempts_n; i++)
		buf_printf(b, "%s{\"exitCode\":%d,\"durationMs\":%lld%s}", i ? "," : ",\"attempts\":[", t->attempts[i].exit_code,
			   (long long)t->attempts[i].ms, t->attempts[i].timed_out ? ",\"timedOut\":true" : "");
	if (t->attempts_n)
		buf_byte(b, ']');
}

void account_step(const struct summary_step *t, int64_t zero_ns, struct buf *b)
{
	buf_text(b, "\"task\":");
	json_quote(b, t->label, strlen(t->label));
	account_text(b, "package", path(t->package));
	account_text(b, "command", t->line);
	account_text(b, "cwd", path(t->cwd));
	buf_printf(b, ",\"status\":\"%s\",\"exitCode\":%d,\"startMs\":%lld,\"durationMs\":%lld", status_word(t), t->exit_code,
		   (long long)((t->began_ns - zero_ns) / 1000000), (long long)((t->ended_ns - t->began_ns) / 1000000));
	if (t->result == END_HIT)
		buf_printf(b, ",\"savedMs\":%lld", (long long)t->saved_ms);
	if (t->missing)
		buf_printf(b, ",\"missingFiles\":%u", t->missing);
	add_attempts(b, t);
	add_cache(b, t);
	account_text(b, "error", t->trouble);
	add_list(b, "inputs", t->inputs);
	add_list(b, "outputs", t->outputs);
}

void account_counts(const struct summary *s, struct buf *b)
{
	struct summary_counts c = summary_count(s);

	buf_printf(b, "\"counts\":{\"tasks\":%u,\"hits\":%u,\"misses\":%u,\"disabled\":%u,\"failed\":%u,\"cancelled\":%u,\"notRun\":%u},\"savedMs\":%lld",
		   c.tasks, c.hits, c.misses, c.disabled, c.failed, c.cancelled, c.not_run, (long long)c.saved_ms);
}

/* Adds "2026-11-28T15:11:25.123Z", quoted. */
static void add_time(struct buf *b, int64_t real_ns)
{
	time_t seconds = (time_t)(real_ns / 1000000000);
	struct tm tm = { 0 };
	char text[64] = "";

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(b, "\"%s.%03dZ\"", text, (int)(real_ns / 1000000 % 1000));
}

void account_run(const struct summary *s, const struct account_start *start, int64_t now_ns, struct buf *b)
{
	uint32_t i;

	buf_text(b, "{\"version\":1,\"vt\":\"" PACKAGE_VERSION "\",\"workspaceRoot\":");
	json_quote(b, start->root, strlen(start->root));
	buf_text(b, ",\"startedAt\":");
	add_time(b, start->real_ns);
	buf_printf(b, ",\"durationMs\":%lld,\"exitCode\":%d,", (long long)((now_ns - start->zero_ns) / 1000000), s->exit_code);
	account_counts(s, b);
	if (s->is_shared)
		buf_printf(b, ",\"together\":{\"tasks\":%u,\"here\":%u,\"elsewhere\":%u}", s->shared.tasks, s->shared.here, s->shared.elsewhere);
	for (i = 0; i < s->still_failing.n; i++) {
		buf_text(b, i ? "," : ",\"stillFailing\":[");
		json_quote(b, s->still_failing.at[i], strlen(s->still_failing.at[i]));
	}
	buf_text(b, i ? "],\"steps\":[" : ",\"steps\":[");
	for (i = 0; i < s->n; i++) {
		buf_text(b, i > 0 ? ",\n{" : "\n{");
		account_step(&s->at[i], start->zero_ns, b);
		buf_byte(b, '}');
	}
	buf_text(b, "\n]}\n");
}
