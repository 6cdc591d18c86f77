# The reason of a miss: one for each kind of change, without a tracer.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file package.json '{"name":"r"}'
file test.txt one; file extra.txt x; mkdir sub; file sub/test.txt sub
task() { file vite-task.json "{\"tasks\":{\"t\":{$1}}}"; }
run() { capture vt run t; out=$(steps); }

base='"command":"print-file test.txt"'
task "$base,\"input\":[\"*.txt\"]"
run; is "never seen" "$out" '$ print-file test.txt'
file test.txt two
run; is "modified" "$out" '$ print-file test.txt ○ cache miss: '"'test.txt' modified, executing"
file new.txt new
run; is "added" "$out" '$ print-file test.txt ○ cache miss: '"'new.txt' added in workspace root, executing"
rm extra.txt
run; is "removed" "$out" '$ print-file test.txt ○ cache miss: '"'extra.txt' removed from workspace root, executing"
task "$base,\"input\":[\"*.txt\"],\"untrackedEnv\":[\"MY_TOKEN\"]"
run; is "untracked names added" "$out" '$ print-file test.txt ○ cache miss: untracked env config changed, executing'
task "$base,\"input\":[\"*.txt\"]"
run; is "taken away again: a hit" "$out" '$ print-file test.txt ◉ cache hit, replaying'
task "$base,\"input\":[\"*.txt\",\"!x.txt\"]"
run; is "other inputs" "$out" '$ print-file test.txt ○ cache miss: input configuration changed, executing'
task "$base,\"input\":[\"!x.txt\",\"*.txt\",\"*.txt\"]"
run; is "inputs are a set" "$out" '$ print-file test.txt ◉ cache hit, replaying'
task "$base,\"input\":[\"!x.txt\",\"*.txt\"],\"output\":[\"o/**\"]"
run; is "other outputs" "$out" '$ print-file test.txt ○ cache miss: output configuration changed, executing'
task "$base,\"input\":[],\"cwd\":\"sub\""
run; is "another folder (the inputs, too: the first is told)" "$out" '~/sub$ print-file test.txt ○ cache miss: working directory changed, executing'
task '"command":"print x","input":[],"cwd":"sub"'
run; is "another program (and arguments)" "$out" '~/sub$ print x ○ cache miss: program changed, executing'
task '"command":"print y","input":[],"cwd":"sub"'
run; is "other arguments" "$out" '~/sub$ print y ○ cache miss: args changed, executing'

task '"command":"A=1 B=2 print y","input":[],"env":["C"]'
run
task '"command":"A=2 B=3 print z","input":[],"env":["C"]'
with C=new run
is "changed variables come before all other reasons" "$out" '$ A=2 B=3 print z ○ cache miss: envs '"'A', 'B', 'C' changed, executing"
with C=new capture vt run -v t
task '"command":"A=2 B=3 print zz","input":[],"env":["C"]'
with C=newer capture vt run -v t
has "-v tells all reasons" "$out" "→ Cache miss: env 'C' changed; args changed"
capture vt run -v t
has "-v: a removed file" "$out" "→ Cache miss: env 'C' removed"

rm -rf .vt
task '"command":"print env","input":[],"env":["MY_ENV"]'
with MY_ENV=1 run
with MY_ENV=2 run
is "a variable: changed" "$out" '$ print env ○ cache miss: env '"'MY_ENV' changed, executing"
run
is "... removed" "$out" '$ print env ○ cache miss: env '"'MY_ENV' changed, executing"
rm -rf .vt
run
with MY_ENV=1 run
is "... added" "$out" '$ print env ○ cache miss: env '"'MY_ENV' changed, executing"
rm -rf .vt
task '"command":"print env","input":[],"untrackedEnv":["MY_TOKEN"]'
run
task '"command":"print env","input":[]'
run
is "untracked names removed" "$out" '$ print env ○ cache miss: untracked env config changed, executing'
rm -rf .vt

# states of variables depend on a key: under another key their values cannot be compared
one=$(printf '%064d' 1) two=$(printf '%064d' 2)
task '"command":"print env","input":[],"env":["MY_ENV","OTHER"]'
with VT_TEAM_KEY=$one MY_ENV=1 OTHER=2 run
with VT_TEAM_KEY=$one MY_ENV=1 OTHER=2 run
is "the same team key" "$out" '$ print env ◉ cache hit, replaying'
capture with VT_TEAM_KEY=$two MY_ENV=1 OTHER=2 vt why t
has "another team key: vt why says so" "$out" "the team key changed"
hasnt "... and no word of the variables" "$out" "MY_ENV"
with VT_TEAM_KEY=$two MY_ENV=1 OTHER=2 run
is "... as does the run" "$out" '$ print env ○ cache miss: the team key changed, executing'
with VT_TEAM_KEY=$two MY_ENV=2 OTHER=2 run
is "a value under one key" "$out" '$ print env ○ cache miss: env '"'MY_ENV' changed, executing"
with VT_TEAM_KEY=$one MY_ENV=2 run
is "another team key, and a variable that is unset" "$out" '$ print env ○ cache miss: the team key changed, executing'
with MY_ENV=2 run
is "no team key any more" "$out" '$ print env ○ cache miss: the cache'"'s key changed, executing"
capture with VT_TEAM_KEY=$two MY_ENV=5 vt run -v t
has "the report says so" "$out" "→ Cache miss: the team key changed"
is "no key's name leads to a value or a key" "$(grep -rlaE "$one|$two" .vt | wc -l)" 0
rm -rf .vt
task '"command":"print env","input":[],"env":["MY_ENV"]'
with VT_TEAM_KEY=$one run
with VT_TEAM_KEY=$two run
is "without a variable that is set the key does not count" "$out" '$ print env ◉ cache hit, replaying'
rm -rf .vt

# a program that the task starts counts by its content, and is found by its name
mkdir "$T/bin"; printf '#!/bin/sh\ncat "$@"\n' >"$T/bin/kat"; chmod +x "$T/bin/kat"
PATH=$T/bin:$PATH
task '"command":"kat test.txt","input":[]'
run
echo '# another' >>"$T/bin/kat"
run; is "a program outside" "$out" '$ kat test.txt ○ cache miss: program '"'kat' changed, executing"
mv "$T/bin" "$T/moved"; PATH=$T/moved:${PATH#*:}
run; is "... the same one elsewhere" "$out" '$ kat test.txt ◉ cache hit, replaying'
rm -rf .vt

task '"command":"print last","input":[]'; run
task '"command":"fail 1","input":["test.txt"]'
run; is "a failed run is no history" "$rc:$out" '1:$ fail 1 ○ cache miss: program changed, executing'
run; is "... so its reason stays" "$rc:$out" '1:$ fail 1 ○ cache miss: program changed, executing'
finish
