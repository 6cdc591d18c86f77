# Hundreds of tasks: each one comes to its end; hits come in the same order every time.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file vite-task.json '{"cache":true}'
for i in {1..400}; do file packages/p$i/package.json "{\"name\":\"p$i\",\"scripts\":{\"build\":\"print-file in.txt\"}}"; echo "hello $i" >packages/p$i/in.txt; done
capture vt run -r build
is "all of them end" "$rc $(printf '%s\n' "$out" | grep -c '^hello')" "0 400"
has "the summary" "$out" 'vt run: 0/400 cache hit (0%). (Run'
capture vt run -r build
has "all of them hit" "$out" 'vt run: 400/400 cache hit (100%), '
printf '%s\n' "$out" | undated >"$T/first"
capture vt run -r build
printf '%s\n' "$out" | undated | cmp -s - "$T/first"
ok "the same again, to the byte" $?
is "each of them once" "$(grep -c '^hello' "$T/first") $(grep '^hello' "$T/first" | sort -u | wc -l)" "400 400"
echo changed >packages/p200/in.txt
capture vt run -r build
has "one of them changed" "$out" 'vt run: 399/400 cache hit (99%), '
is "only that one ran" "$(steps | grep -v 'cache hit')" "~/packages/p200\$ print-file in.txt ○ cache miss: 'packages/p200/in.txt' modified, executing"
finish
