# A command's program: looked for when its turn comes, with a shell's exit status when it cannot be started.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires jq
workspace
pnpm a b
file package.json '{"name":"r","scripts":{"first":"make-it && made 1","path":"PATH=$PWD/x made","dot":"make-it && ./node_modules/.bin/made 2",
"none":"no-such a","none-here":"./no-such","mode":"./plain","folder":"./packages","data":"./data","gone":"cd nowhere && print no","gone-last":"print yes && cd nowhere",
"into-file":"cd package.json","made-first":"mkdir -p new/deep && cd new && cd deep && pwd"}}'
tools
tool make-it 'printf "#!/bin/sh\necho made \$1\n" >node_modules/.bin/made; chmod +x node_modules/.bin/made'
tool shadow-it 'mkdir -p node_modules/.bin; printf "#!/bin/sh\necho near \$1\n" >node_modules/.bin/made; chmod +x node_modules/.bin/made'
file plain 'echo plain'
printf 'A\0B\n' >data; chmod +x data

# a program that an earlier step makes
capture vt run first
has "a program that an earlier command made is found" "$rc $out" "made 1"
rm node_modules/.bin/made
capture vt run dot
has "... also by its path" "$rc $out" "made 2"
rm node_modules/.bin/made
capture vt run --dry-run --json first
is "the plan has its bare name" "$rc $(jq -c '.plan.first.steps[1] | [.program, .args]' <<<"$out")" '0 ["made",["1"]]'
is "... and says that it is not known yet" "$(jq -c '.plan.first.steps[1].cache' <<<"$out")" '{"status":"unknown","message":"not found yet"}'
capture vt run --dry-run first
has "... a dry run tells it in words" "$out" "\$ made 1 ○ program 'made' not found yet"
vt run first >/dev/null
file packages/a/package.json '{"name":"a","scripts":{"shadow":"made 3 && shadow-it && made 4"}}'
capture vt run -F a shadow
has "a program that appears nearer on PATH: taken" "$out" "near 4"
has "... and the farther one until then" "$out" "made 3"
rm -r packages/a/node_modules

# status
capture vt run none
is "no such program: 127" $rc 127
like "... with the line that says where it was looked for" "$out" "*\$ no-such a ⊘ cache disabled
✗ Failed to find executable no-such under cwd $W/ with PATH: $W/node_modules/.bin:*"
capture vt run none-here
is "no such file: 127" $rc 127
capture vt run mode
is "a file without the right to execute: 126" $rc 126
has "... the reason is told" "$out" "✗ Failed to spawn process: cannot execute '$W/./plain': Permission denied"
capture vt run folder
is "a folder: 126" $rc 126
capture vt run data
is "a file of data: 126" $rc 126
has "... the reason is told" "$out" "Exec format error"
file packages/a/package.json '{"name":"a","scripts":{"t":"no-such"}}'
file packages/b/package.json '{"name":"b","scripts":{"t":"print fine >\"$OLDPWD/x\"; print fine"}}'
capture vt run -F b t
is "a program that another package lacks: no error" "$rc" 0

# cd
capture vt run gone
is "cd into a folder that is not there: 1" "$rc" 1
is "... no command comes after it" "$(steps)" '$ cd nowhere ⊘ cache disabled'
has "... with the reason" "$out" "✗ cannot enter the folder 'nowhere': No such file or directory"
capture vt run gone-last
is "... also at the end of a command" "$rc $(grep -c ^yes <<<"$out")" "1 1"
capture vt run into-file
has "a file is no folder" "$rc $out" "✗ cannot enter the folder 'package.json': Not a directory"
capture vt run made-first
is "a folder that an earlier command makes is entered" "$rc $(grep ^/ <<<"$out")" "0 $W/new/deep"
has "... and is no step of the run" "$out" "0/2 cache hit"

# no #!
printf 'echo "$0 ran $1"; exit 3\n' >ns; chmod +x ns; cp ns node_modules/.bin/ns-too; : >empty; chmod +x empty
file package.json '{"name":"r","scripts":{"ns":"./ns x","path":"ns-too y","empty":"./empty"}}'
capture vt run ns
has "a script without #! is run by the shell" "$rc $out" "./ns ran x"
is "... and has its own exit status" $rc 3
capture vt run path
has "... also from PATH, by its whole name" "$rc $out" "$W/node_modules/.bin/ns-too ran y"
capture vt run empty
is "an empty script: does nothing" $rc 0
printf 'cat in; echo again >>runs\n' >ns
file in one
file vite-task.json '{"tasks":{"c":"./ns","e":{"command":"./ns","input":["in"]}}}'
for t in c e; do
	vt run $t >/dev/null
	capture vt run $t
	has "$t: a script without #!: cached" "$out" "◉ cache hit"
	printf 'cat in; echo more # %s\n' $t >ns
	capture vt run $t
	has "$t: ... an edit of the script is a miss" "$out" "more"
done

# a program on PATH whose place in the workspace changes is another program
tool which-one 'sed "s/^/root: /" "${0%/*}/data"'
echo old >node_modules/.bin/data
file packages/a/package.json '{"name":"a"}'
file packages/a/vite-task.json '{"tasks":{"auto":"which-one","named":{"command":"which-one","input":["package.json"]}}}'
for t in auto named; do
	rm -rf packages/a/node_modules
	vt run a#$t >/dev/null
	capture vt run a#$t
	has "$t: hit" "$out" "◉ cache hit"
	mkdir -p packages/a/node_modules/.bin; cp node_modules/.bin/which-one packages/a/node_modules/.bin/; echo new >packages/a/node_modules/.bin/data
	capture vt run a#$t
	has "$t: the same bytes nearer by are another program" "$out" "○ cache miss: program 'which-one' changed"
	has "$t: ... which runs" "$out" "root: new"
done

# a folder of PATH in each spelling: a program of the same name in front of it is another program
mkdir -p "$T/one/bin" "$T/two/bin" "$T/aside"
ln -s two "$T/now"
for n in one two; do printf '#!/bin/sh\necho from %s\n' $n >"$T/$n/bin/whose"; chmod +x "$T/$n/bin/whose"; done
file vite-task.json '{"tasks":{"whose":{"command":"whose"}}}'
for dir in "$T/two/bin" "$T/two/bin/" "$T/aside/../two/bin" "$T/./two//bin" "$T/now/bin"; do
	rm -rf .vt
	with PATH="$dir:$PATH" vt run whose >/dev/null
	capture with PATH="$dir:$PATH" vt run whose
	has "PATH has ${dir#"$T"}: hit" "$out" "◉ cache hit"
	capture with PATH="$T/one/bin:$PATH" vt run whose
	has "... another program of the name on PATH is run" "$out" "from one"
done

# a program outside the workspace that an earlier task of the run replaces, after vt has looked at all programs
printf '#!/bin/sh\necho by 1\n' >"$T/one/bin/printer"; chmod +x "$T/one/bin/printer"
tool replace-it 'sed "s/by [0-9]*/by $(cat number)/" "$1" >"$1.new"; chmod +x "$1.new"; mv "$1.new" "$1"'
echo '{"tasks":{"before":{"command":"printer before"},"replace":{"command":"replace-it '"$T/one/bin/printer"'","cache":false,"dependsOn":["before"]},
"after":{"command":"printer after","dependsOn":["replace"]}}}' >vite-task.json
echo 1 >number
with PATH="$T/one/bin:$PATH" vt run after >/dev/null
with PATH="$T/one/bin:$PATH" vt run after >/dev/null
capture with PATH="$T/one/bin:$PATH" vt run --log=interleaved after
is "an unchanged program: both tasks hit" "$(grep -c '◉ cache hit' <<<"$out") $(grep -o 'by [0-9]' <<<"$out" | tr '\n' ' ')" "2 by 1 by 1 "
echo 2 >number
capture with PATH="$T/one/bin:$PATH" vt run --log=interleaved after
is "a replaced program: the task after it runs the new one" "$(grep -c '◉ cache hit' <<<"$out") $(grep -o 'by [0-9]' <<<"$out" | tr '\n' ' ')" "1 by 1 by 2 "
capture with PATH="$T/one/bin:$PATH" vt run --log=interleaved after
is "the next run: both tasks print what the new one prints" "$(grep -o 'by [0-9]' <<<"$out" | tr '\n' ' ')" "by 2 by 2 "
finish
