# On a terminal one line tells how far the run is; it is never mixed with output, and nothing of it is left.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires python3
workspace
pnpm a b a-package-with-a-very-long-name-that-fits-on-no-narrow-terminal
tools
# prints lines, and lines in two halves, for longer than a drawing takes
tool slow 'i=0; while [ $i -lt 8 ]; do printf "half of $1 $i"; sleep 0.15; echo ", other half"; echo "error of $1 $i" >&2; sleep 0.15; i=$((i+1)); done; echo "end of $1"'
for p in a b a-package-with-a-very-long-name-that-fits-on-no-narrow-terminal; do
	file packages/$p/package.json "{\"name\":\"$p\",\"scripts\":{\"x\":\"slow $p\",\"once\":\"print once $p\",\"tty\":\"check-tty\"}}"
done
file vite-task.json '{"cache":{"scripts":true}}'
file package.json '{"name":"r"}'
vt run -r once >/dev/null
# show WIDTH ARGS...: runs on a terminal; $shown: what is left on it, $drawn: how often the line was drawn
show() {
	local width=$1 r
	shift
	terminal_options=(--size "24x$width")
	with TERM=xterm ${no_color-NO_COLOR=1} terminal vt run "$@"
	python3 "$abs_top_srcdir/tests/run/report/emulate.py" "$width" "$T/out" >"$T/shown" 2>"$T/wrong"; r=$?
	shown=$(<"$T/shown") drawn=$(sed -n 's/^drawn //p' "$T/wrong")
	is "$width columns, $*: never mixed with output, and gone at the end" "$r $(grep -v '^drawn' "$T/wrong")" "0 "
}
for width in 40 80 200; do
	rm -rf .vt
	show $width -r --log labeled x
	[ "$drawn" -ge 3 ]; ok "$width columns: drawn again and again ($drawn)" $?
	is "$width columns: all output is there" "$(grep -c 'half of .*, other half$\|error of .*[0-9]$\|end of' <<<"$shown")" $((3 * 17))
done
for log in interleaved grouped; do
	rm -rf .vt
	show 80 -r --log $log x
	[ "$drawn" -ge 3 ]; ok "$log: drawn ($drawn)" $?
	is "$log: all output is there" "$(grep -o 'half of \|, other half\|error of\|end of' <<<"$shown" | wc -l)" $((3 * 25))
done
rm -rf .vt
no_color=FORCE_COLOR=1 show 80 -r --log grouped x
has "with colours: grey" "$(<"$T/out")" $'\033[90m[0/3]'
tool steady 'until [ -e "$1" ]; do sleep 0.02; done; sleep 2'
tool long 'sleep 3'
file packages/a/package.json '{"name":"a","scripts":{"y":"print first && steady /"}}'
file packages/b/package.json '{"name":"b","scripts":{"y":"long"}}'
show 80 -r y
like "the line names how much is done, and what runs for how long" "$(<"$T/out")" "*[[]1/3]  b#y [1-9]s, a#y [1-9]s*"
show 80 -r y
hasnt "a run of hits: no line" "$(<"$T/out")" "[1/3]"
rm -rf .vt
show 40 -r y
has "a narrow terminal: as much as fits" "$(<"$T/out")" "[1/3]"
show 10 -r --no-cache --log labeled y
has "a very narrow terminal: the figures" "$(<"$T/out")" "[1/3]"
show 80 -r --no-cache --output-logs errors-only y
has "no output shown: a line all the same" "$(<"$T/out")" "[1/3]"
for how in "TERM=dumb NO_COLOR=1" "TERM=xterm CI=true"; do
	with $how terminal vt run -r --no-cache --log labeled y
	hasnt "$how: no line" "$out" "/3]"
done
with TERM=xterm terminal vt run -q -r --no-cache y
is "-q: no line" "$rc $out" "0 "
with TERM=xterm capture vt run -r --no-cache --log labeled y
hasnt "off a terminal: no line" "$out$err" "/3]"
with TERM=xterm NO_COLOR=1 base_env "$abs_top_builddir/tests/lib/terminal" -- sh -c "'$VT' run -r --no-cache --log labeled y >'$T/file'" >"$T/out" 2>"$T/err"
has "output in a file, errors on a terminal: the line is on the terminal" "$(<"$T/out")" "[1/3]"
hasnt "... not in the file" "$(<"$T/file")" "[1/3]"
# a command that has the terminal for itself
terminal_options=(--size 24x80)
tool ask 'sleep 1; printf "name? "; sleep 1; echo; sleep 0.5'
file packages/a/package.json '{"name":"a","scripts":{"z":"ask"}}'
with TERM=xterm NO_COLOR=1 terminal vt run --no-cache a#z
hasnt "a command that writes to the terminal itself: no line beside it" "$(<"$T/out")" "[0/1]"
# Ctrl-C while it is shown
file packages/a/package.json '{"name":"a","scripts":{"z":"stubborn"}}'
terminal_options=(--size 24x80 --when "[0/1]" '\x03' --after 0.5 '\x03')
with TERM=xterm NO_COLOR=1 terminal vt run --cache a#z
python3 "$abs_top_srcdir/tests/run/report/emulate.py" 80 "$T/out" >/dev/null 2>"$T/wrong"
hasnt "Ctrl-C: nothing of the line is left" "$(<"$T/wrong")" "at the end"
finish
