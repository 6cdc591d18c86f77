# Other programs change files while a task runs: the files that it saw are not the present
# ones, so its result is not kept, or at least never found for the present files.
. "${0%/*}/../../lib/functions.sh" || exit

# tick: waits until the clock of the file system has moved
tick() { touch "$T/tick"; until touch "$T/tock" && [ "$T/tock" -nt "$T/tick" ]; do :; done; }
# during STORY SETUP COMMAND CHANGE: runs COMMAND as a task, CHANGE while it runs, and
# the task again: its output must be what a fresh run says now.
during() {
	local story=$1 started=$T/started go=$T/go fresh
	workspace
	file package.json '{"name":"root"}'
	file vite-task.json '{"tasks":{"t":"sh t.sh"}}'
	rm -f "$started" "$go"
	eval "$2"
	tick
	file t.sh "$3
: >$started
i=0; while [ ! -e $go ] && [ \$i -lt 3000 ]; do sleep .02; i=\$((i + 1)); done
${5-}"
	capture vt run t &
	until_true [ -e "$started" ]
	eval "$4"
	: >"$go"
	wait
	capture vt run t
	fresh=$(sh t.sh 2>&1)
	has "$story" "$out
" "
$fresh
"
}
during "a file that was read is changed" 'echo 1 >f' 'cat f' 'echo 2 >f'
during "... and its time put back" 'echo 1 >f' 'cat f' 'cp -p f g; echo 2 >f; touch -r g f'
during "... is replaced by an older one" 'echo 1 >f; echo 2 >g; touch -d @1 g' 'cat f' 'mv g f'
during "... is removed" 'echo 1 >f' 'cat f 2>/dev/null || echo none' 'rm f'
during "... is removed with its directory" 'mkdir d; echo 1 >d/f' 'cat d/f 2>/dev/null || echo none' 'rm -r d'
during "... is another one, for its directory was moved" 'mkdir d e; echo 1 >d/f; echo 2 >e/f' 'cat d/f' 'mv d x; mv e d'
during "a file that was only looked for is removed" 'mkdir d; : >d/f' 'test -e d/f && echo yes || echo no' 'rm d/f'
during "... appears" : 'test -e f && echo yes || echo no' ': >f'
during "... appears with its directory" 'mkdir e; : >e/f' 'test -e d/f && echo yes || echo no' 'mv e d'
during "a directory that was looked for appears" : 'test -d d && echo yes || echo no' 'mkdir d'
during "... is moved there" 'mkdir e' 'test -d d && echo yes || echo no' 'mv e d'
during "a name comes into a directory that was listed" 'mkdir d; : >d/f' 'ls d' ': >d/g'
during "... goes" 'mkdir d; : >d/f' 'ls d; echo end' 'rm d/f'
during "... comes where the task makes names too" 'mkdir d; : >d/f' 'ls d | grep -v own' ': >d/g' ': >d/own'
during "a link is pointed elsewhere" 'echo 1 >a; echo 2 >b; ln -s a l' 'cat l' 'ln -sfn b l'
during "a link to a directory is pointed elsewhere" 'mkdir a b; echo 1 >a/f; echo 2 >b/f; ln -s a l' 'cat l/f' 'ln -sfn b l'

# ... and a change by the task itself does not count as one by others
own() {
	workspace
	file package.json '{"name":"root"}'
	file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"sh t.sh\",\"input\":[{\"auto\":true}${3-}]}}}"
	file src/a a
	file t.sh "$2"
	capture vt run t
	capture vt run t
	[[ $out == *"cache hit"* ]] || capture vt run t      # a second run may see what the first left
	has "$1" "$out" "cache hit"
}
own "a task lists its folder and makes names in it" 'ls; cat src/a; mkdir -p dist; cp src/a dist/a; ls dist'
own "a task makes a folder anew" 'ls; rm -rf dist; mkdir dist; cp src/a dist/a'
own "a task makes a folder anew that is no input" 'ls src; rm -rf dist; mkdir dist; cp src/a dist/a' ',"!dist/**"'
own "a task moves a folder into place" 'rm -rf dist; mkdir new; cp src/a new/a; test -e dist/a || mv new dist; cat dist/a'
own "a task leaves no temporary names" 'ls; cat src/a >tmp.$$; mv tmp.$$ out; : >lock; rm lock'
workspace
file package.json '{"name":"root"}'
file vite-task.json '{"tasks":{"t":"cat d/f","u":{"command":"cat d/f","input":["d/**"]}}}'
file d/f 1
touch -d 'next year' d/f d
for t in t u; do
	capture vt run $t
	capture vt run $t
	has "$t, inputs with times in the future: are kept" "$out" "cache hit"
	cp -p d/f g; echo 2 >d/f; touch -r g d/f
	capture vt run $t
	has "... a change of them is seen" "$out" "
2"
	echo 1 >d/f; touch -r g d/f
done

# a change right after the start is noticed
workspace
file package.json '{"name":"root"}'
file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","input":["f"]},"after":{"command":"cat f","dependsOn":["write"]},"write":{"command":"sh w.sh","cache":false}}}'
file t.sh 'echo 2 >f'
file w.sh 'echo $$ >f'
unnoticed=0 blamed=0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	echo "$i" >f
	capture vt run t
	[[ $out == *"'f' changed while the task ran"* ]] || unnoticed=$((unnoticed + 1))
	capture vt run after
	[[ $out == *"not cached"* ]] && blamed=$((blamed + 1))
done
if [ "$(printf '%s\n' 6.13 "$(uname -r)" | sort -V | head -1)" = 6.13 ]; then
	is "a change is noticed as soon as the task starts" "$unnoticed" 0
else
	skip "a change is noticed as soon as the task starts" "this kernel's times are too coarse for that"
fi
is "a file written just before the start: counts as no change" "$blamed" 0
# files of the cache tell nothing of another file system's clock
mkdir -m 700 "/dev/shm/vt-test-$$" 2>/dev/null && cleanup "rm -rf /dev/shm/vt-test-$$"
if [ -d "/dev/shm/vt-test-$$" ] && [ "$(stat -c %d /dev/shm)" != "$(stat -c %d .)" ]; then
	blamed=0
	for i in $(seq 32); do
		with VT_CACHE_DIR="/dev/shm/vt-test-$$" capture vt run after
		[[ $out == *"not cached"* ]] && blamed=$((blamed + 1))
	done
	is "... also with the cache on another file system" "$blamed" 0
else
	skip "... also with the cache on another file system" "/dev/shm is no other one here"
fi
finish
