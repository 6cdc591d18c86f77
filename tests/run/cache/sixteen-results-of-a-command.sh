# Up to sixteen results of one command: flipping back is a hit; a miss is explained by the nearest result.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"t":{"command":"cat a b","input":["a","b","c"]}}}'
file b 0; file c 0
for i in $(seq 1 16); do file a "$i"; vt run t >/dev/null; done
hits=0
for i in $(seq 1 16); do file a "$i"; capture vt run t; case $out in *"◉ cache hit"*"
$i
0"*) hits=$((hits + 1));; esac; done
is "sixteen variants all hit with their own output" "$hits" 16
file a 17; vt run t >/dev/null
file a 1; capture vt run t
hasnt "the seventeenth replaces the least recently used" "$out" '◉'
file a 16; capture vt run t
has "the others are still hits" "$out" '◉ cache hit'

rm -rf .vt
file a 1; file b 1; file c 1; vt run t >/dev/null
file a 2; file b 2; file c 2; vt run t >/dev/null
file a 1; file b 1; file c 3
capture vt run t
has "the reason compares with the nearest result, not the newest" "$out" "○ cache miss: 'c' modified, executing"

# what a run found out: results of the same names, and of others
rm -rf .vt
file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","cache":true}}}'
file t.sh 'cat a; [ ! -e more ] || cat more'
for i in $(seq 1 7); do file a "$i"; rm -f more; vt run t >/dev/null; file more "more $i"; vt run t >/dev/null; done
hits=0
for i in $(seq 1 7); do
	file a "$i"; rm more; capture vt run t
	[[ $out == *"◉ cache hit"*"
$i
"* ]] && hits=$((hits + 1))
	file more "more $i"; capture vt run t
	[[ $out == *"◉ cache hit"*"
$i
more $i
"* ]] && hits=$((hits + 1))
done
is "fourteen results of two sets of names all hit" "$hits" 14
file a 3; file more "more 5"; capture vt run t
has "of a mix of two of them there is no hit" "$out" "○ cache miss: 'a' modified, executing"
file t.sh 'cat a; [ ! -e more ] || cat more; echo end'; file a 9; file more 9
vt run t >/dev/null; rm more; vt run t >/dev/null; file t.sh 'cat a; [ ! -e more ] || cat more'; file a 2
capture vt run t
has "results of an older program hit when it is back" "$out" "◉ cache hit"

# a result of 400 files has between 20000 and 99999 bytes
if ! command -v strace >/dev/null; then
	skip "of fifteen results a miss reads one where one name differs" "strace is not installed"
else
	results_read() {
		rm -rf .vt more
		for i in $(seq 1 15); do file a "$i"; vt run t >/dev/null; done
		file a other; file many/the-file-with-number-7 "$1"
		strace -f -qq -e trace=pread64 -o "$T/calls" env HOME="$T/home" "$VT" run t >"$T/out" 2>&1
		grep -cE ', [2-9][0-9]{4}, [0-9]+\) += [2-9][0-9]{4}' "$T/calls"
	}
	mkdir many; for i in $(seq 400); do echo "$i" >many/the-file-with-number-"$i"; done
	file t.sh 'cat a many/* | tail -n 1'
	is "of fifteen results a miss reads one where one name differs" "$(results_read 7)" 1
	is "... and four, to name the nearest, where more differ" "$(results_read 8)" 4
	file many/the-file-with-number-7 7
	file vite-task.json '{"tasks":{"t":{"command":"cat a many/* | tail -n 1","input":["a","many/*"]}}}'
	is "... with declared inputs, too" "$(results_read 7)" 1
fi
finish
