# Under --watch a task that failed runs again when something changes that it depends on, and for nothing else; until then each
# round's summary names it, and it counts for the exit status.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
pnpm a b c
for p in a b c; do
	echo good >packages/$p/in
	echo 1 >packages/$p/other
	file packages/$p/vite-task.json '{"tasks":{
		"test":{"command":"sh -c \"grep -q good in\""},
		"glob":{"command":"sh -c \"grep -q good in\"","input":["in"]},
		"raw":{"command":"sh -c \"grep -q good in\"","cache":false},
		"chain":{"command":"sh -c \"cat other\" && sh -c \"grep -q good in\" && sh -c \"echo end of chain\""}}}'
done
file packages/c/package.json '{"name":"c","dependencies":{"b":"workspace:*"}}'
said() { grep -c 'still failing' <<<"$seen"; }
for t in test glob raw; do
	echo bad >packages/b/in
	watching run -r --summary-file "$T/summary.json" $t
	has "$t: the first run fails" "$seen" "✗ b#$t failed first (exit code: 1)"
	hasnt "... and is not named a second time" "$seen" "still failing"
	edit packages/a/in "good again"
	again
	is "$t: a failed task does not run for a file of another task" "$(ran)" '~/packages/a$ sh -c "grep -q good in",'
	has "... the round names it as still failing" "$seen" "✗ still failing: b#$t"
	has "... so does its report" "$(cat "$T/summary.json")" "\"stillFailing\":[\"b#$t\"]"
	settled
	edit packages/b/in worse
	again
	is "$t: a change of its own file: the task runs" "$(ran)" '~/packages/b$ sh -c "grep -q good in",'
	hasnt "... and is not named twice" "$seen" "still failing"
	edit packages/a/in "good as well"
	again
	is "... and is still failing" "$(said)" 1
	watched INT
	is "$t: a task that still fails: the exit status is 1" "$rc" 1
	capture vt run --last-details
	has "... and --last-details names it" "$rc $out" "✗ still failing: b#$t"
	watching run -r $t
	edit packages/b/in "good at last"
	again
	has "$t: a mended task: its dependents run" "$(ran)" '~/packages/c$ sh -c "grep -q good in",'
	edit packages/a/in "good for ever"
	again
	hasnt "... and the mended task is not named" "$seen" "still failing"
	watched INT
	is "... the status is that of a good run" "$rc" 0
done

# a task before it
for p in a b c; do echo good >packages/$p/in; done
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"}}'
echo bad >packages/b/in
watching run -r raw
edit packages/a/in "good, newly"
again
is "a failed task: runs again after its dependency" "$(ran)" '~/packages/a$ sh -c "grep -q good in",~/packages/b$ sh -c "grep -q good in",'
watched INT

# in a chain, and with --continue=always
file packages/b/package.json '{"name":"b"}'
watching run -r --continue=always chain
has "--continue=always: the dependents of a failed task run" "$(ran)" '~/packages/c$ sh -c "echo end of chain",'
edit packages/a/other 2
again
is "a chain that failed in the middle: does not run for a file of another task" "$(ran)" '~/packages/a$ sh -c "cat other",~/packages/a$ sh -c "grep -q good in",~/packages/a$ sh -c "echo end of chain",'
is "... and is named once" "$(said)" 1
edit packages/b/in "good in the chain"
again
is "... its own file: goes on where it failed" "$(ran)" '~/packages/b$ sh -c "grep -q good in",~/packages/b$ sh -c "echo end of chain",'
watched INT
is "... the status is that of a good run" "$rc" 0

# a program that is not there may come at any time
workspace missing
file package.json '{"name":"r"}'
mkdir bin
file vite-task.json '{"tasks":{"t":{"command":"no-such-program","cache":false},"u":{"command":"cat in","cache":false}}}'
echo 1 >in
with PATH="$PWD/bin:$PATH" watching run-many t u
printf '#!/bin/sh\necho it is here\n' >"$T/prog"; chmod +x "$T/prog"; mv "$T/prog" bin/no-such-program
upto "it is here"
has "a program that was not found: looked for again" "$seen" "it is here"
watched INT
finish
