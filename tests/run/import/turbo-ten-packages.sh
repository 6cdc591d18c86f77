# A turbo workspace of ten packages moves by `vt import turbo --write`: then vt runs what turbo runs, in its order, with its results.
. "${0%/*}/../../lib/functions.sh" || exit
requires jq git
top=$abs_top_srcdir/tests/run/import
# The edges between tasks that run, and the order of runs: of turbo itself where it is installed, else of a recorded run of it.
turbo() { (PATH=$NPM/.bin:$PATH; base_env TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1 TURBO_CACHE_DIR="$T/turbo-cache" turbo "$@" 2>"$T/turbo.err"); }
# real: the tasks of turbo's dry run that have a script, each with the ones that it waits for, also through tasks without a script
real='[.tasks[] | {id: .taskId, there: (.command != "<NONEXISTENT>"), needs: .dependencies}] as $all |
	def there($id): $all[] | select(.id == $id) | .there;
	def below($id): [$all[] | select(.id == $id) | .needs[] | if there(.) then . else below(.)[] end] | unique;
	$all | map(select(.there)) | sort_by(.id)[] | .id + " < " + (below(.id) | join(" "))'
cat >"$T/once" <<'O'
@ten/api#build < @ten/db#build @ten/validators#build
@ten/cli#build < @ten/validators#build
@ten/db#build < @ten/db#generate @ten/validators#build
@ten/db#generate < 
@ten/docs#build < @ten/ui#build
@ten/ui#build < 
@ten/validators#build < 
@ten/web#build < @ten/api#build @ten/ui#build
O
results() { (cd "$1" && find . -path ./node_modules -prune -o -path ./.vt -prune -o -path ./.git -prune -o -type f \( -path '*/dist/*' -o -path '*/.next/*' -o -path '*/generated/*' \) -print | sort | xargs sha256sum); }
ran() { grep -o 'RAN [^ ]*' "$1" | sort; }
# in_order FILE: checks that every task that ran comes behind the tasks that it waits for
in_order() {
	awk 'NR == FNR { id = $1; for (i = 3; i <= NF; i++) needs[id] = needs[id] " " $i; next }
		match($0, /RAN [^ ]*/) { id = substr($0, RSTART + 4, RLENGTH - 4); at[id] = ++n; list[n] = id }
		END { for (i = 1; i <= n; i++) { m = split(needs[list[i]], w, " "); for (k = 1; k <= m; k++) if (!(at[w[k]] < i && at[w[k]])) { print list[i] " before " w[k]; exit } } print "in order" }' "$T/once" "$1"
}
make_workspace() { workspace "$1"; . "$top/ten-packages.sh"; git init -q . && git add -A && git -c user.name=x -c user.email=x@x commit -qm all; }

if [ -x "$NPM/.bin/turbo" ] && [ -x "$NPM/.bin/pnpm" ]; then
	make_workspace turbo
	turbo run build --dry=json >"$T/dry" || sed 's/^/# /' "$T/turbo.err"
	is "turbo says today what it said once" "$(jq -r "$real" "$T/dry")" "$(cat "$T/once")"
	turbo run build >"$T/turbo.out" || sed 's/^/# /' "$T/turbo.err"
	is "turbo runs in its order" "$(in_order "$T/turbo.out")" "in order"
	results "$W" >"$T/turbo.results"
	there "... and makes files" "$W/apps/web/.next/index.txt"
else
	skip "turbo runs in its order" "npm packages turbo and pnpm are not installed (./bootstrap check installs them)"
fi

make_workspace vt
capture vt import turbo
is "without --write: no file is written" "$rc $(git status --porcelain)" "0 "
printed=$(grep -v '^//' <<<"$out")
capture vt import turbo --write
is "with --write: three files are written" "$rc $out" "0 wrote apps/docs/vite-task.json
wrote apps/web/vite-task.json
wrote vite-task.json"
is "... as they were printed" "$(cat vite-task.json apps/docs/vite-task.json apps/web/vite-task.json)" "$printed"
has "a setting without a counterpart: listed" "$err" '- turbo.json: "globalDependencies" has no counterpart: a file that a task reads counts for this task by itself'
has "... a task without a script" "$err" '- turbo.json, topo: no package has a script of that name'
has "... the scripts that call turbo" "$err" '- package.json: scripts call turbo (build, db:push, lint, test)'
capture vt import turbo --write
is "a file that is there: not replaced" "$rc $err" "1 error: apps/docs/vite-task.json is there already; without --write all is printed, to be joined by hand"

capture vt run -r --dry-run --json build
names=$(for f in apps/* packages/* tooling/*; do printf '"%s":"%s",' "$f" "$(jq -r .name "$f/package.json")"; done)
is "the plan is turbo's" "$(jq -r --argjson n "{${names%,}}" 'def id: split("#") as [$p, $t] | $n[$p] + "#" + $t;
	.plan | to_entries | map({id: (.key | id), needs: ((.value.dependsOn // []) | map(id) | sort)}) | sort_by(.id)[] | .id + " < " + (.needs | join(" "))' <<<"$out")" "$(cat "$T/once")"
capture vt run -r build
cp "$T/out" "$T/vt.out"
is "vt run -r build runs them, without further edits" "$rc $(in_order "$T/vt.out")" "0 in order"
is "... each once" "$(ran "$T/vt.out")" "$(sed 's/^\([^ ]*\).*/RAN \1/' "$T/once" | sort)"
results "$W" >"$T/vt.results"
if [ -s "$T/turbo.results" ]; then
	is "the files are turbo's" "$(cat "$T/vt.results")" "$(cat "$T/turbo.results")"
else
	is "the files are there" "$(grep -c . "$T/vt.results")" 8
fi
capture vt run -r build
has "the second time all hit" "$out" "vt run: 8/8 cache hit (100%)"
rm -rf apps/*/dist apps/*/.next packages/*/dist packages/*/generated
capture vt run -r build
has "... also when the files are gone" "$out" "vt run: 8/8 cache hit (100%)"
is "... the files are restored" "$(results "$W")" "$(cat "$T/vt.results")"
echo more >>packages/db/src/index.txt
capture vt run -r build
is "a change runs what reads it" "$rc $(ran "$T/out" | tr '\n' ' ')" "0 RAN @ten/api#build RAN @ten/cli#build RAN @ten/db#build RAN @ten/db#generate RAN @ten/docs#build RAN @ten/ui#build RAN @ten/validators#build RAN @ten/web#build "
is "... and hits the rest" "$(steps | grep -c 'cache miss')" 3
with BUILD_MODE=x capture vt run -r build
is "a declared variable counts for all builds but the one with settings of its own" "$(steps | grep -c "env 'BUILD_MODE' changed")" 6
with NEXT_PUBLIC_URL=x BUILD_MODE=x capture vt run -r build
is "... the one of one package for this one" "$(steps | grep -c 'cache miss')" 1
with DATABASE_URL=x NEXT_PUBLIC_URL=x BUILD_MODE=x capture vt run -r build
is "... a global one for all" "$(steps | grep -c "env 'DATABASE_URL' changed")" 8
needs() { capture vt run --dry-run --json "$1"; jq -r --arg id "$2" '.plan[$id].dependsOn // [] | join(" ")' <<<"$out"; }
is "a test waits for its own package's build" "$(needs @ten/ui#test packages/ui#test)" "packages/ui#build"
is "... without one, for what that would wait for" "$(needs @ten/auth#test packages/auth#test)" "packages/db#build"
is "lint waits for the builds below" "$(needs @ten/db#lint packages/db#lint)" "packages/validators#build"
capture vt run ship
is "the root's task has its own" "$rc $(ran "$T/out" | tail -n 1)" "0 RAN ten#ship"
finish
