# In a GitHub job each failure is annotated, and --ci-summary adds a table to the job's page.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
tool bad 'printf "\033[31m100%% wrong\033[0m\nsecond, line: 2\r\n" >&2; exit 4'
file packages/a/package.json '{"name":"a","scripts":{"x":"print a && print-file in"}}'
file packages/a/in '<b>|`x`'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"x":"bad"}}'
file page.md 'of an earlier step'
capture with GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$W/page.md" vt run --cache -r --ci-summary --log labeled x
is "a failure: one annotation in GitHub's form, with the last lines" "$(grep '^::' <<<"$out")" "::error title=b#x failed (exit code%3A 4)::100%25 wrong%0Asecond, line: 2%0D"
is "... as the last line" "$(tail -n 1 <<<"$out" | cut -c 1-7)" "::error"
is "the page: keeps what was there" "$(head -n 1 page.md)" "of an earlier step"
is "the table: failures first" "$(sed -n '2,$p' page.md | sed -E 's/[0-9]+ms/<time>/')" "### ❌ vt run: 3 tasks, 0 cache hits, 1 failed

| Task | Command | Result | Time | Why |
|---|---|---|---|---|
| b#x | &#126;/packages/b&#36; bad | ❌ failed (exit code 4) | <time> |  |
| a#x | &#126;/packages/a&#36; print a | ✅ done | <time> |  |
| a#x | &#126;/packages/a&#36; print-file in | ✅ done | <time> |  |"
file packages/b/package.json '{"name":"b","scripts":{"x":"print \"<i>|a\""}}'
: >page.md
capture with GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$W/page.md" vt run --cache -r --ci-summary x
hasnt "a run that succeeds: no annotation" "$out" "::error"
like "text of others: does not break the table" "$(grep '^| b#x' page.md)" '| b#x | &#126;/packages/b&#36; print &#34;&#60;i&#62;&#124;a&#34; | ✅ done | *'
like "a hit: has a row" "$(grep '^| a#x' page.md | head -n 1)" '| a#x | * | ✅ cache hit | *s saved | *'
capture vt run --ci-summary a#x
is "no page in the environment: told" "$rc $err" "0 warning: --ci-summary has nowhere to write to: GITHUB_STEP_SUMMARY is not set"
capture with GITHUB_STEP_SUMMARY="$W/no/page.md" vt run --ci-summary a#x
is "a page that cannot be written: vt ends before the first task" "$rc $err$out" "1 error: Cannot write the file '$W/no/page.md': No such file or directory"
file packages/b/package.json '{"name":"b","scripts":{"x":"no-such-program"}}'
capture with GITHUB_ACTIONS=true vt run -F b x
like "a missing program: annotated" "$(grep '^::' <<<"$out")" "::error title=b#x failed (exit code%3A 127)::Failed to find executable no-such-program *"
capture vt run -F b x
hasnt "outside of GitHub: no annotation" "$out" "::error"
finish
