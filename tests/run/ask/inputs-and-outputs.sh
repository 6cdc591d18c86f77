# vt inputs and vt outputs list the paths of the last run, by folder, by name with --all, and mark undeclared ones.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires jq
workspace
pnpm lib app other
tools
tool build 'cat src/a src/b ../lib/x ../other/y ../../root.cfg plain 2>/dev/null; ls src >/dev/null; mkdir -p dist; echo 1 >dist/one; echo 2 >dist/two; echo 3 >../../stray; echo t >tmp; rm tmp; cat dist/one'
file packages/app/package.json '{"name":"app","dependencies":{"lib":"workspace:*"}}'
file packages/app/vite-task.json '{"tasks":{"build":{"command":"build"},"declared":{"command":"print-file src/a","input":["src/**"]},"other":{"command":"build","input":[{"pattern":"**","base":"workspace"}]}}}'
for f in packages/app/src/a packages/app/src/b packages/app/plain packages/lib/x packages/other/y root.cfg; do file "$f" "$f"; done
capture vt inputs app#build
is "before the first run: told so" "$rc $out" "0 app#build  ~/packages/app\$ build
  its last run here is not known"
vt run app#build >/dev/null
capture vt inputs app#build
is "inputs: by folder, with a mark where nobody declared them" "$(grep -v '  last ran\|  programs\|  only asked\|node_modules' <<<"$out")" "app#build  ~/packages/app\$ build
!      1  ./
       2  packages/app/
       2  packages/app/src/
       1  packages/lib/
!      1  packages/other/

! outside the package and undeclared: neither \`input\` nor a package that it depends on has it"
like "inputs: programs are named" "$out" "*  programs: *cat*"
hasnt "inputs: a product of the task itself is none" "$out" dist
capture vt inputs app#build --all
has "inputs --all: names" "$out" "       1  packages/lib/
           packages/lib/x"
has "... with the mark" "$out" "!          packages/other/y"
is "inputs --json" "$(vt inputs --json app#build | jq -c '.steps[0]|[.watched,(.inputs|map(select(.undeclared))|map(.path))]')" '[true,["packages/other/y","root.cfg"]]'
capture vt outputs app#build
is "outputs: files that it left, and that it removed again" "$(grep -v '  last ran' <<<"$out")" "app#build  ~/packages/app\$ build
!      1  ./
       2  packages/app/
       2  packages/app/dist/
  removed again, or taken away: 1 of them

! outside the package and not in \`output\`"
is "outputs --json" "$(vt outputs --json app#build | jq -c '.steps[0].outputs|map([.path,.removed,.undeclared])')" '[["packages/app/dist",null,null],["packages/app/dist/one",null,null],["packages/app/dist/two",null,null],["packages/app/tmp",true,null],["stray",null,true]]'
tool in-vain 'cat src/a none ../none none 2>/dev/null; [ -e made ] || echo made >made; cat made; rm made'
file packages/lib/vite-task.json '{"tasks":{"in-vain":{"command":"in-vain"}}}'
file packages/lib/src/a a
vt run lib#in-vain >/dev/null
is "a file that was opened in vain: not read" "$(vt inputs --json lib#in-vain | jq -r '.steps[0].inputs[].path' | grep -c 'none$\|made')" 0
like "... but looked for" "$(vt inputs lib#in-vain)" "*  only asked about: *, [1-9]* that * not*"
has "... by its name with --all" "$(vt inputs --all lib#in-vain)" "packages/lib/none"
is "... also in --json" "$(vt inputs --json lib#in-vain | jq -c '.steps[0].lookedFor|map(select(endswith("none")))')" '["packages/lib/none","packages/none"]'
vt run app#declared >/dev/null
capture vt inputs app#declared
has "a task that is not traced: told so" "$out" "; its files were not watched: only what \`input\` names is known
       2  packages/app/src/"
vt run app#declared >/dev/null
capture vt inputs app#declared
has "a hit: changes nothing of it" "$out" "       2  packages/app/src/"
capture vt inputs
is "no task: an error" "$rc ${err%%$'\n'*}" "2 error: the following required arguments were not provided:"
finish
