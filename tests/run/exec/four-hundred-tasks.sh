# Hundreds of tasks: each task ends, and hits come in the same order every time.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file vite-task.json '{"cache":true}'
for i in {1..400}; do file packages/p$i/package.json "{\"name\":\"p$i\",\"scripts\":{\"build\":\"print-file in.txt\"}}"; echo "hello $i" >packages/p$i/in.txt; done
capture vt run --log=interleaved -r build
is "every task ends" "$rc $(printf '%s\n' "$out" | grep -c '^hello')" "0 400"
has "the summary" "$out" 'vt run: 0/400 cache hit (0%). (Run'
capture vt run --log=interleaved -r build
has "every task hits" "$out" 'vt run: 400/400 cache hit (100%), '
printf '%s\n' "$out" | undated >"$T/first"
capture vt run --log=interleaved -r build
printf '%s\n' "$out" | undated | cmp -s - "$T/first"
ok "a third run prints the same bytes" $?
is "each task is shown once" "$(grep -c '^hello' "$T/first") $(grep '^hello' "$T/first" | sort -u | wc -l)" "400 400"
echo changed >packages/p200/in.txt
capture vt run --log=interleaved -r build
has "with one input changed all others hit" "$out" 'vt run: 399/400 cache hit (99%), '
is "only the changed task runs" "$(steps | grep -v 'cache hit')" "~/packages/p200\$ print-file in.txt ○ cache miss: 'packages/p200/in.txt' modified, executing"
finish
