/* semver: versions and ranges as npm understands them (semver 2.0, node-semver's ranges). */
#ifndef TEXT_SEMVER_H
#define TEXT_SEMVER_H

#include <stdbool.h>

/* Does the version satisfy the range (caret, tilde, x-ranges, hyphens, comparators, `||`)? A
 * prerelease satisfies only a range that names a prerelease of the same three numbers. false
 * also if either text is invalid; "" and "*" are ranges. Skips a leading `v` or `=`. */
bool semver_satisfies(const char *version, const char *range);
bool semver_is_range(const char *text);        /* false: a tag ("latest"), a path, a URL */
#endif
