# The list of tasks: chosen from by a task of the run, and with --cache.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file package.json '{"name":"r","scripts":{"hello":"print hello","list-tasks":"vt run","zz":"print zz"}}'
ln -s "$VT" node_modules/.bin/vt
terminal_options=(--when 'to run, type to search' '\r')
with TERM=xterm NO_COLOR=1 terminal vt run list-tasks
has "vt run inside a task is a task of its own" "$out" '$ vt run ⊘ cache disabled'
like "... with the list, from which one is run" "$out" '*Selected task: hello
*$ print hello ⊘ cache disabled
hello*'
is "... and the exit code is that task's" $rc 0
with TERM=xterm NO_COLOR=1 terminal vt run --cache
like "--cache without a task: the chosen one is cached" "$out" '*Selected task: hello
*$ print hello
hello*'
with TERM=xterm NO_COLOR=1 terminal vt run --cache
like "... the second time it hits" "$(printf '%s\n' "$out" | undated)" '*Selected task: hello
*$ print hello ◉ cache hit, replaying
hello

---
vt run: cache hit, <dur> saved.*'
finish
