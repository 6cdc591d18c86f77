# Tasks that have the terminal, in all three log modes: not cached, a miss, a hit; one task and several.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
for p in a b; do file packages/$p/package.json "{\"name\":\"$p\",\"scripts\":{\"tty\":\"check-tty\",\"read\":\"read-stdin\"}}"; done
hint='(Run `vt run --last-details` for full details)'
# block MODE PACKAGE STATUS tty|not-tty: prints the lines that one task shows
block() {
	local l= n
	[ "$1" = interleaved ] || l="[$2#tty] "
	printf '%s~/packages/%s$ check-tty%s\n' "$l" "$2" "${3:+ $3}"
	[ "$1" = grouped ] && { printf '── [%s#tty] ──\n' "$2"; l=; }
	for n in stdin stdout stderr; do printf '%s%s:%s\n' "$l" $n "$4"; done
}
on() { terminal vt run --concurrency-limit 1 "$@"; out=$(printf '%s\n' "$out" | undated); }
for mode in interleaved labeled grouped; do
	rm -rf .vt
	own=not-tty
	[ $mode = interleaved ] && own=tty
	cd packages/a
	on --log=$mode tty
	is "$mode, not cached, one task" "$out" "$(block $mode a '⊘ cache disabled' $own)"
	cd ../..
	on --log=$mode -r tty
	is "$mode, not cached, several" "$out" "$(block $mode a '⊘ cache disabled' $own)

$(block $mode b '⊘ cache disabled' $own)

---
vt run: 0/2 cache hit (0%). $hint"
	on --log=$mode --cache -r tty
	is "$mode, a miss, several" "$out" "$(block $mode a '' not-tty)

$(block $mode b '' not-tty)

---
vt run: 0/2 cache hit (0%). $hint"
	on --log=$mode --cache -r tty
	is "$mode, a hit, several" "$out" "$(block $mode a '◉ cache hit, replaying' not-tty)

$(block $mode b '◉ cache hit, replaying' not-tty)

---
vt run: 2/2 cache hit (100%), <dur> saved. $hint"
	cd packages/a
	vt cache clean
	on --log=$mode --cache tty
	is "$mode, a miss, one task" "$out" "$(block $mode a '' not-tty)"
	on --log=$mode --cache tty
	is "$mode, a hit, one task" "$out" "$(block $mode a '◉ cache hit, replaying' not-tty)

---
vt run: cache hit, <dur> saved."
	l= text=
	[ $mode = interleaved ] && text='
from-stdin' || l='[a#read] '
	out=$(echo from-stdin | vt run --log=$mode read)
	is "$mode, not cached: standard input" "$out" "$l~/packages/a\$ read-stdin ⊘ cache disabled$text"
	out=$(echo from-stdin | vt run --log=$mode --cache read)
	is "$mode, cached: nothing to read, no block" "$out" "$l~/packages/a\$ read-stdin"
	out=$(echo from-stdin | vt run --log=$mode --cache read | undated)
	is "$mode, a hit without output" "$out" "$l~/packages/a\$ read-stdin ◉ cache hit, replaying

---
vt run: cache hit, <dur> saved."
	cd ../..
done
finish
