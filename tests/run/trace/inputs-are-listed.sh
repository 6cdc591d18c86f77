# vt run -vv lists the files that a task's result depends on and those that a hit restores: each name
# once, in order, whether the task ran or was replayed.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"app","private":true}'
mkdir d; echo b >b; echo a >a; echo c >d/c; touch unused
file t.sh 'cat d/c b; [ -e missing ] || cat a; test -f b; ls d; mkdir -p out; cat a b >out/made'
file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","output":["out/**"]},"g":{"command":"cat a","input":["[ab]"]}}}'
list() { printf '%s\n' "$out" | sed -n "/ $1:\$/,/^[^ ]\\|:\$/p" | sed -n "s/^ *'\\(.*\\)'\$/\\1/p" | paste -sd ' '; }
for when in "when it ran" "when it is replayed"; do
	capture vt run -vv t
	is "inputs are listed, $when" "$(list Inputs)" "a b d/c t.sh"
	is "outputs are listed, $when" "$(list Outputs)" "out/made"
done
capture vt run -v t; hasnt "one -v: no inputs are listed" "$out" "Inputs:"
capture vt run -vv g; is "declared inputs are listed, too" "$(list Inputs)" "a b"
finish
