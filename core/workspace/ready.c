#include "config.h"

#include <string.h>

#include "workspace/load.h"

enum { READY_TIMEOUT_MS = 60000 };

/* The milliseconds of the unit at *text, which is passed; 0: there is none. */
static uint32_t take_unit(const char **text)
{
	static const struct { const char *name; uint32_t ms; } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	size_t i;

	for (i = 0; i < COUNT(units); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(*text, units[i].name, n) == 0) {
			*text += n;
			return units[i].ms;
		}
	}
	return 0;
}

bool duration_read(const char *text, uint32_t *ret_ms)
{
	uint64_t sum = 0, n;
	uint32_t unit;

	do {
		if (*text < '0' || *text > '9')
			return false;
		for (n = 0; *text >= '0' && *text <= '9' && n <= UINT32_MAX; text++)
			n = n * 10 + (uint64_t)(*text - '0');
		unit = take_unit(&text);
		if (!unit || (sum += n * unit) > UINT32_MAX)
			return false;
	} while (*text);
	*ret_ms = (uint32_t)sum;
	return sum > 0;
}

static int read_timeout(const struct json_doc *doc, const cJSON *node, uint32_t *ret_ms, struct err *err)
{
	if (!cJSON_IsString(node))
		return json_fail_type(doc, node, err, "a duration such as `60s`");
	if (!duration_read(node->valuestring, ret_ms))
		return json_fail(doc, node, err, "found \"%s\", expected a duration such as `500ms`, `60s` or `2m`", node->valuestring);
	return 0;
}

/* "http://HOST[:PORT][/PATH]" without a user. */
static bool is_url(const char *url)
{
	const char *host = url + strlen("http://");
	size_t n;

	if (strncmp(url, "http://", strlen("http://")) != 0 || strpbrk(url, " \t\r\n@"))
		return false;
	n = *host == '[' ? strcspn(host, "]") + (strchr(host, ']') != NULL) : strcspn(host, ":/?#");
	if (n == 0 || (*host == '[' && host[n - 1] != ']'))
		return false;
	host += n;
	if (*host == ':') {
		n = strspn(host + 1, "0123456789");
		if (n == 0 || n > 5)
			return false;
		host += n + 1;
	}
	return !*host || strchr("/?#", *host);
}

static int read_condition(const struct json_doc *doc, const cJSON *node, struct arena *a, struct ready *ret, struct err *err)
{
	if (ret->kind == READY_PORT) {
		if (!cJSON_IsNumber(node) || node->valuedouble < 1 || node->valuedouble > 65535 || node->valuedouble != (double)node->valueint)
			return json_fail_type(doc, node, err, "a port from 1 to 65535");
		ret->port = (uint16_t)node->valueint;
		return 0;
	}
	if (!cJSON_IsString(node) || !*node->valuestring)
		return json_fail_type(doc, node, err, ret->kind == READY_OUTPUT ? "a text that it prints" : ret->kind == READY_HTTP ? "a URL" : "a path");
	if (ret->kind == READY_HTTP && !is_url(node->valuestring))
		return json_fail(doc, node, err, "found \"%s\", expected a URL such as `http://localhost:3000/`", node->valuestring);
	ret->text = arena_str(a, node->valuestring);
	return 0;
}

int ready_read(const struct json_doc *doc, const cJSON *node, struct arena *a, struct ready **ret, struct err *err)
{
	static const char *const names[] = { [READY_OUTPUT] = "output", [READY_PORT] = "port", [READY_HTTP] = "http", [READY_FILE] = "file", "timeout" };
	static const char expected[] = "one of `output`, `port`, `http` and `file`";
	struct ready *ready = arena_alloc(a, sizeof *ready);
	const cJSON *item, *condition = NULL;
	size_t i;

	if (!cJSON_IsObject(node))
		return json_fail_type(doc, node, err, "a map with one of `output`, `port`, `http` and `file`");
	ready->timeout_ms = READY_TIMEOUT_MS;
	for (item = node->child; item; item = item->next) {
		for (i = 0; i < COUNT(names) && strcmp(item->string, names[i]) != 0; i++)
			;
		if (i == COUNT(names))
			return json_fail_key(doc, item, err, "unknown field `%s`, expected %s, and `timeout`", item->string, expected);
		if (i > READY_FILE) {
			if (read_timeout(doc, item, &ready->timeout_ms, err) < 0)
				return -1;
			continue;
		}
		if (condition)
			return json_fail_key(doc, item, err, "found `%s` beside `%s`, expected %s", item->string, condition->string, expected);
		condition = item;
		ready->kind = (enum ready_kind)i;
		if (read_condition(doc, item, a, ready, err) < 0)
			return -1;
	}
	if (!condition)
		return json_fail(doc, node, err, "found none of them, expected %s", expected);
	*ret = ready;
	return 0;
}
