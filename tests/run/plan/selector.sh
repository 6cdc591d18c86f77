# On a terminal, a missing or misspelt task is chosen from a list.
. "${0%/*}/plan.sh" || exit
requires python3
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file package.json '{"name":"root"}'
file vite-task.json '{"tasks":{"build":"echo hello","list-tasks":"vt run"}}'
file packages/app/package.json '{"name":"app","scripts":{"build":"echo build app","lint":"echo lint app"}}'
file packages/lib/package.json '{"name":"lib","scripts":{"test":"echo t","typecheck":"echo tc","lint":"echo l"}}'
# on KEYS ARGUMENTS...: $screen before the last key, $after it
on() {
	local keys=$1; shift
	out=$(with TERM=xterm NO_COLOR=1 base_env timeout 300 python3 "$abs_top_srcdir/tests/run/plan/terminal.py" ${size+--size "$size"} "$keys" "$VT" run "$@")
	screen=${out%%$'\n==='*} after=${out#*$'===\n'}
}

on "enter"
is "the list is shown" "$screen" "Select a task (↑/↓, Enter to run, type to search):

  › build        echo hello
    list-tasks   vt run
    app (packages/app)
      build      echo build app
      lint       echo lint app
    lib (packages/lib)
      lint       echo l
      test       echo t
      typecheck  echo tc"
like "Enter: runs what is selected" "$after" 'Selected task: build
$ echo hello*hello*exit 0'

for half in "echo | '$VT' run" "'$VT' run | cat"; do
	out=$(with TERM=xterm base_env "$abs_top_builddir/tests/lib/terminal" -- sh -c "$half" | tr -d '\r')
	is "half a terminal is no terminal: ${half/"$VT"/vt}" "$out" "  build: echo hello
  list-tasks: vt run
  app#build: echo build app
  app#lint: echo lint app
  lib#lint: echo l
  lib#test: echo t
  lib#typecheck: echo tc"
done

on "down down enter"
like "arrows: go over headers" "$screen" '*app (packages/app)
  ›   build      echo build app*'
like "... and a task of another package runs there" "$after" 'Selected task: app#build
~/packages/app$ echo build app*exit 0'

on "up enter"
like "arrow up at the first line: stays" "$after" 'Selected task: build
*'

on "enter" buid
is "a typo: is searched for" "$screen" 'Task "buid" not found.
Select a task (↑/↓, Enter to run, type to search): buid

  › build   echo hello
    app (packages/app)
      build echo build app'
like "... and its best match runs" "$after" "Selected task: build
*exit 0"

on "enter" buid x
has "... with the arguments" "$after" "\$ echo hello x"

on "type:lin enter"
is "typing: searches" "$screen" 'Select a task (↑/↓, Enter to run, type to search): lin

    app (packages/app)
  ›   lint echo lint app
    lib (packages/lib)
      lint echo l'

on "enter" -v buid
like "... and with -v" "$after" "Selected task: build
\$ echo hello*vt Task Runner • Execution Summary*1 task • 0 cache hits • 0 cache misses • 1 cache disabled*"

on "type:typec enter"
is "typing: searches other packages, too" "$screen" 'Select a task (↑/↓, Enter to run, type to search): typec

    lib (packages/lib)
  ›   typecheck echo tc'
like "... and they run there" "$after" 'Selected task: lib#typecheck
~/packages/lib$ echo tc*exit 0'

on "type:lib# type:typ enter"
like "labels: are searched" "$after" "Selected task: lib#typecheck
*"

on "type:lix backspace enter"
like "Backspace: takes a letter back" "$screen" "*search): li
*"

on "type:zzz enter esc enter"
like "no match: Enter has no effect, Esc starts again" "$after" "Selected task: build
*exit 0"

on "type:zzz ctrl-c"
is "no match: the screen says so" "$screen" "Select a task (↑/↓, Enter to run, type to search): zzz

  No matching tasks. Press Escape to clear search."
is "Ctrl-C: leaves nothing on the screen" "$after" "
exit 130"

on "term"
is "a signal: leaves nothing on the screen" "$after" "
exit 143"

on "page down enter"
like "other keys: have no effect" "$after" "Selected task: list-tasks
*"

cd packages/lib
on "enter"
is "the list from another package is shown" "$screen" "Select a task (↑/↓, Enter to run, type to search):

  › lint         echo l
    test         echo t
    typecheck    echo tc
    app (packages/app)
      build      echo build app
      lint       echo lint app
    root (workspace root)
      build      echo hello
      list-tasks vt run"
on "type:t enter"
like "... its tasks come first, best matches first" "$screen" "*search): t

  › test         echo t
    typecheck    echo tc
    lint         echo l
*"
has "the root has a header, as other packages have" "$screen" "
    root (workspace root)
      list-tasks vt run"
cd ../..

size=40x30 on "enter"
is "long lines: are cut at the edge" "$(sed -n '1,4p' <<<"$screen")" "Select a task (↑/↓, Enter to run, type to search):

  › build        echo hello
    list-tasks   vt run"
file vite-task.json '{"tasks":{"build":"echo a very long command that goes on"}}'
size=40x30 on "enter"
has "... with an ellipsis" "$screen" "  › build       echo a very l…"
size=40x30 on "down enter"
has "... also when they are drawn again" "$screen" "    build       echo a very l…"

file vite-task.json '{"tasks":{"日本":"echo 日本語日本語日本語日本語","né":"echo cafe\u0301","zz":"echo z"}}'
size=40x30 on "enter"
has "wide characters: take two columns; combining ones: none" "$screen" "  › né          echo café
    zz          echo z
    日本        echo 日本語日…"
t=; for i in $(seq 10 30); do t="$t,\"t$i\":\"echo $i\""; done
file vite-task.json "{\"tasks\":{${t#,}}}"
rm -rf packages
on "enter"
is "a long list: twelve rows are shown" "$(tail -2 <<<"$screen")" "    t21 echo 21
  (…9 more)"
on "down down down down down down down down down down down down enter"
is "... and scrolled" "$(sed -n '3p;$p' <<<"$screen")" "    t11 echo 11
  (…8 more)"
like "... to what is selected" "$after" "Selected task: t22
*"

file vite-task.json '{}'
t=; for i in 1 2 3 4 5 6 7 8; do t="$t,\"a$i\":\"echo $i\""; done
for p in one two; do file packages/$p/package.json "{\"name\":\"$p\",\"scripts\":{${t#,}}}"; done
ten() { printf "$1 %.0s" 1 2 3 4 5 6 7 8 9 10; }
on "$(ten down) enter"
is "... into another group" "$(sed -n '3p;$p' <<<"$screen")" "      a1 echo 1
  (…5 more)"
on "$(ten down) $(ten up) enter"
is "... and back at a group's first task its header is shown" "$(sed -n '3,4p' <<<"$screen")" "    one (packages/one)
  ›   a1 echo 1"
rm -rf packages
on ""
has "an empty list: an error" "$after" "error: No tasks available"
finish
