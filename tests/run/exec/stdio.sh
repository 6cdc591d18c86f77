# Tasks that have the terminal: the table of log modes, for tasks that are not cached.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
for p in a b; do file packages/$p/package.json "{\"name\":\"$p\",\"scripts\":{\"tty\":\"check-tty\",\"read\":\"read-stdin\",\"quiet\":\"true\",\"half\":\"printf foo && echo bar\",\"none\":\"echo -n foo && echo bar\"}}"; done
cd packages/a

terminal vt run tty
is "interleaved: the terminal itself" "$out" '~/packages/a$ check-tty ⊘ cache disabled
stdin:tty
stdout:tty
stderr:tty'
terminal vt run --log=labeled tty
is "labeled: pipes, and nothing to read" "$out" '[a#tty] ~/packages/a$ check-tty ⊘ cache disabled
[a#tty] stdin:not-tty
[a#tty] stdout:not-tty
[a#tty] stderr:not-tty'
terminal vt run --log=grouped tty
is "grouped: pipes, and nothing to read" "$out" '[a#tty] ~/packages/a$ check-tty ⊘ cache disabled
── [a#tty] ──
stdin:not-tty
stdout:not-tty
stderr:not-tty'
cd ../..
terminal vt run --concurrency-limit 1 -r tty
is "interleaved: several tasks have it as well" "$(printf '%s\n' "$out" | grep -c ':tty')" 6

cd packages/a
out=$(echo from-stdin | vt run read)
is "interleaved: standard input is passed on" "$out" '~/packages/a$ read-stdin ⊘ cache disabled
from-stdin'
for log in labeled grouped; do
	out=$(echo from-stdin | vt run --log=$log read)
	is "$log: standard input is not passed on, and without output there is no block" "$out" '[a#read] ~/packages/a$ read-stdin ⊘ cache disabled'
done
capture vt run half
is "no newline at the end: none is added but the blank line's own" "$out" '~/packages/a$ printf foo ⊘ cache disabled
foo
~/packages/a$ echo bar ⊘ cache disabled
bar

---
vt run: 0/2 cache hit (0%). (Run `vt run --last-details` for full details)'
capture vt run none
is "... also after echo -n" "$out" '~/packages/a$ echo -n foo ⊘ cache disabled
foo
~/packages/a$ echo bar ⊘ cache disabled
bar

---
vt run: 0/2 cache hit (0%). (Run `vt run --last-details` for full details)'
capture vt run --log=labeled half
is "labeled: the same" "$out" '[a#half] ~/packages/a$ printf foo ⊘ cache disabled
[a#half] foo
[a#half] ~/packages/a$ echo bar ⊘ cache disabled
[a#half] bar

---
vt run: 0/2 cache hit (0%). (Run `vt run --last-details` for full details)'
finish
