# The steps of one task (a && b && c) are looked up and printed together.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm app lib solo
tools
file vite-task.json '{"cache":true}'
chain() { file packages/$1/package.json "{\"name\":\"$1\"$2,\"scripts\":{\"build\":\"print $1 one && echo $1 echo && print $1 ${3:-two} && print $1 three\"}}"; }
chain app ',"dependencies":{"lib":"workspace:*"}'
chain lib ''
chain solo ''
lines() { printf '%s\n' "$out" | grep -E '^[a-z]+ [a-z]+$' | tr '\n' ','; }
capture vt run --log=interleaved -r build
is "the first run" "$rc $(steps | wc -l)" "0 12"
capture vt run --log=interleaved -r build
is "hits are told chain by chain, in the order of their turns" "$(lines)" \
	"lib one,lib echo,lib two,lib three,solo one,solo echo,solo two,solo three,app one,app echo,app two,app three,"
has "nine of twelve: an echo is none" "$out" "vt run: 9/12 cache hit (75%)"
capture vt run --concurrency-limit 1 -r build
is "the same with one slot" "$(lines | tr ',' '\n' | grep -c '^lib')$(lines | grep -c 'lib one,lib echo,lib two,lib three,app one,app echo,app two,app three,')" 41
chain lib '' other
capture vt run --concurrency-limit 1 -r build
has "a step in the middle runs" "$(steps)" "cache miss: args changed"
is "... after the hits before it, and before the hits behind it" "$(lines | grep -c 'lib one,lib echo,lib other,lib three,')" 1
has "... the steps behind it are hits" "$out" "vt run: 8/12 cache hit (66%)"
finish
