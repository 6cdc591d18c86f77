# Which folders are packages: links, odd names, and folders that no pattern matches.
. "${0%/*}/../../lib/functions.sh" || exit
requires jq

# --- links ---
workspace
file "$T/ext/a/data" 'one'
file "$T/ext/a/package.json" '{"name":"a","scripts":{"b":"cat data"}}'
file inside/c/package.json '{"name":"c","scripts":{"b":"cat data"}}'
file inside/c/data 'see'
file packages/z/package.json '{"name":"z","dependencies":{"a":"*"},"scripts":{"b":"echo IN-z"}}'
file package.json '{"name":"r","workspaces":["packages/*"]}'
file vite-task.json '{"cache":true}'
ln -s "$T/ext/a" packages/a
ln -s ../inside/c packages/c
capture vt run --log=interleaved -r b
is "links as packages: all run" "$rc" 0
has "... the one that leads outside runs" "$out" one
has "... the one that leads inside runs" "$out" see
is "... a dependent runs after it" "$(grep -oE '^(one|IN-z)$' <<<"$out" | tr '\n' ' ')" "one IN-z "
has "... why the one outside is not cached is told where it runs" "$out" "cache disabled: its package lies outside of the workspace, in $T/ext/a"
echo two >"$T/ext/a/data"
capture vt run --log=interleaved -v -r b
has "a change outside: is seen" "$out" two
has "... the package inside hits" "$out" "~/inside/c\$ cat data ◉ cache hit"
has "... the full summary tells why the one outside is not cached" "$out" "Not cached: its package lies outside of the workspace, in $T/ext/a"
echo sea >inside/c/data
capture vt run --log=interleaved -r b
has "a change inside: is seen" "$out" sea
capture vt run --log=interleaved -F ./packages/c b
has "a linked package: found by the folder of the link" "$out" sea
capture vt run --log=interleaved -F ./inside/c b
has "... and by the folder to which the link leads" "$out" sea
cd inside/c || exit 99
capture vt run b
has "... and from inside that folder" "$out" sea
cd "$W/packages/c" || exit 99
capture vt run b
has "... and from the folder of the link" "$out" sea

capture vt run -r --dry-run --json b
is "the plan tells why a package outside is not cached" "$(jq -r '.plan["packages/a#b"].steps[0].cache | .status + ": " + .message' <<<"$out")" \
	"disabled: its package lies outside of the workspace, in $T/ext/a"
cd "$W" || exit 99
file packages/z/package.json '{"name":"z","scripts":{"out":"cat package.json && cd ../../../ext && cat a/data"}}'
capture vt run z#out
is "a command that leaves the workspace: runs" "$rc $(grep -c two <<<"$out")" "0 1"
has "... its part outside is not cached, and the reason is told" "$out" "cache disabled: it runs outside of the workspace, in $T/ext"
capture vt run z#out
has "... its part inside is cached" "$out" "cat package.json ◉ cache hit"

# --- odd names ---
latin=$(printf 'latin\351')
for name in '[res]' 'back\slash' "$latin" 'a b' '{x,y}' 'st*r' 'quo"te' $'new\nline' '(group)' '@(a)' '!no' '$dollar' "é"; do
	workspace
	shown=$(printf %q "$name")
	file package.json '{"name":"r","workspaces":["packages/*"]}'
	file packages/r/package.json '{"name":"r2","scripts":{"t":"echo WRONG"}}'
	file packages/other/package.json '{"name":"other","scripts":{"t":"echo OTHER"}}'
	file "packages/$name/package.json" '{"name":"odd"}'
	file "packages/$name/data" 'first'
	file "packages/$name/vite-task.json" '{"tasks":{"t":"cat data","g":{"command":"cat data","input":["dat*"]},"w":{"command":"cp data made","output":["made"]}}}'
	capture vt run --log=interleaved -r t
	is "$shown: runs with the others" "$rc $(grep -cE '^(first|OTHER)$' <<<"$out")" "0 2"
	capture vt run --log=interleaved -F odd t
	has "$shown: is cached" "$out" "cache hit"
	echo second >"packages/$name/data"
	capture vt run --log=interleaved -F odd t
	has "$shown: an edit is seen" "$out" second
	vt run --log=interleaved -F odd g >/dev/null 2>&1; capture vt run --log=interleaved -F odd g
	has "$shown: declared inputs are cached" "$out" "cache hit"
	echo third >"packages/$name/data"
	capture vt run --log=interleaved -F odd g
	has "$shown: an edit of a declared input is seen" "$out" third
	vt run --log=interleaved -F odd w >/dev/null 2>&1; rm "packages/$name/made"; capture vt run --log=interleaved -F odd w
	is "$shown: an output comes back" "$(cat "packages/$name/made")" third
	case $name in *[\ $'\n']*) ;; *)           # blanks part the selectors of one value
		capture vt run --log=interleaved -F "./packages/$name" t
		is "$shown: is found by its folder" "$rc $(grep -cE '^(third|WRONG|OTHER)$' <<<"$out") $(grep -c '^third$' <<<"$out")" "0 1 1"
		capture vt run --log=interleaved -F "{./packages/$name}" t
		is "$shown: is found by its folder in braces" "$rc $(grep -c '^third$' <<<"$out") $(grep -cE '^(WRONG|OTHER)$' <<<"$out")" "0 1 0"
	esac
	vt run --json 2>/dev/null | jq -e '.packages | length == 4' >/dev/null
	ok "$shown: the graph is JSON" $?
	vt run --log=interleaved -r --dry-run --json t 2>/dev/null | jq -e '.plan | length == 3' >/dev/null
	ok "$shown: the plan is JSON" $?
done
workspace
file package.json '{"name":"r","workspaces":["packages/*"]}'
file 'packages/[res]/package.json' '{"name":"odd","scripts":{"t":"echo RES"}}'
file packages/r/package.json '{"name":"r2","scripts":{"t":"echo WRONG"}}'
for s in './packages/\[res\]' '{./packages/\[res\]}'; do
	capture vt run --log=interleaved -F "$s" t
	is "$s: means the folder with brackets" "$rc $(grep -cE '^RES$' <<<"$out") $(grep -c WRONG <<<"$out")" "0 1 0"
done

# --- a package that no pattern matches ---
workspace
file package.json '{"name":"r","workspaces":["packages/*"],"scripts":{"b":"echo ROOT"}}'
file packages/a/package.json '{"name":"a"}'
file tools/x/package.json '{"name":"x","scripts":{"only":"echo ONLY","b":"echo X"}}'
said="warning: $W/tools/x/package.json is not a package of the workspace $W: no pattern of its packages matches the folder; tasks are looked for in the package around it, r"
cd tools/x || exit 99
capture vt run only
is "a task of a folder that is no package: not found" "$rc" 1
has "... and a warning tells why" "$err" "$said"
capture vt run b
has "a task of the package around it: runs there" "$out" ROOT
has "... and a warning tells it" "$err" "$said"
capture vt run r#b
hasnt "a task named with its package: no warning" "$err" "$said"

# --- -r beside --filter ---
workspace
pnpm a b
file packages/a/package.json '{"name":"a","scripts":{"t":"echo A"}}'
file packages/b/package.json '{"name":"b","scripts":{"t":"echo B"}}'
capture vt run --log=interleaved -r -F a t
is "-r with --filter: the filter decides" "$rc $(grep -xE '[AB]' <<<"$out")" "0 A"

# --- patterns that are not understood ---
workspace
file package.json '{"name":"r","workspaces":["packages/{1..2}"]}'
file packages/1/package.json '{"name":"one","scripts":{"b":"echo ONE"}}'
capture vt run --log=interleaved -r b
has "a construct that vt does not know: a warning tells it" "$err" "warning: the pattern 'packages/{1..2}' of the workspace's packages has '{1..2}', which vt does not know"
finish
