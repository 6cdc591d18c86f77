# turbo.json files like those of five public repositories are read, and settings without a counterpart are named.
. "${0%/*}/../../lib/functions.sh" || exit
requires jq
top=$abs_top_srcdir/tests/run/import
. "$top/shapes.sh"
# wanted NAME: prints the part of shapes.txt about a shape
wanted() { awk -v name="$1" '/^#### / { on = $2 == name; next } on' "$top/shapes.txt"; }
turbo() { (PATH=$NPM/.bin:$PATH; base_env TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1 turbo "$@" 2>"$T/turbo.err"); }
real='[.tasks[] | {id: .taskId, there: (.command != "<NONEXISTENT>"), needs: .dependencies}] as $all |
	def there($id): $all[] | select(.id == $id) | .there;
	def below($id): [$all[] | select(.id == $id) | .needs[] | if there(.) then . else below(.)[] end] | unique;
	$all | map(select(.there)) | sort_by(.id)[] | .id + " < " + (below(.id) | join(" "))'
mine='. as $all | def id: split("#") as [$p, $t] | $names[$p] + "#" + $t;
	.plan | to_entries | map({id: (.key | id), needs: ((.value.dependsOn // []) | map(id) | sort)}) | sort_by(.id)[] | .id + " < " + (.needs | join(" "))'
for name in library app monolith version_1 design_system; do
	workspace $name
	shape_$name
	capture vt import turbo
	is "$name: the printed configuration" "$out
$err" "$(wanted $name)"
	printed=$(grep -v ^// <<<"$out")
	capture vt import turbo --write
	is "$name: written, and vt can use it" "$rc $(sed 's/^wrote //' <<<"$out" | sort | while read -r f; do cat "$f"; done | sort)" "0 $(sort <<<"$printed")"
	capture vt run -r --dry-run --json build
	plan=$out names=$(vt run --json | jq -c '.packages | map_values(.name)')
	if [ ! -x "$NPM/.bin/turbo" ]; then
		skip "$name: the plan is turbo's" "npm package turbo is not installed (./bootstrap check installs it)"
	elif [ $name = version_1 ]; then
		like "$name: turbo of today does not read it" "$(turbo run build --dry=json; cat "$T/turbo.err")" "*pipeline*"
	else
		jq '.packageManager = "pnpm@10.34.9"' package.json >p && mv p package.json
		turbo run build --dry=json >"$T/dry" || sed 's/^/# /' "$T/turbo.err"
		is "$name: the plan of build is turbo's" "$(jq -r --argjson names "$names" "$mine" <<<"$plan")" "$(jq -r "$real" "$T/dry")"
	fi
done

workspace none
file package.json '{"name":"x"}'
capture vt import turbo
is "no turbo.json" "$rc $err" "1 error: There is no turbo.json in $W, the root of the workspace"
file turbo.json '{}'
capture vt import turbo
is "a turbo.json without tasks" "$rc $err" "1 error: $W/turbo.json:1:1: found neither \`tasks\` nor \`pipeline\`, expected the tasks of turbo"
file turbo.json '{"tasks":[]}'
capture vt import turbo
is "tasks that are no map" "$rc $err" "1 error: $W/turbo.json:1:10: invalid type: sequence, expected a map of tasks"
file turbo.json '{"tasks":{'
capture vt import turbo
like "a turbo.json that is cut off" "$rc $err" "1 error: $W/turbo.json:*found the end of the file*"
workspace taken_out
file package.json '{"name":"x","workspaces":["p"]}'
file p/package.json '{"name":"p","scripts":{"lint":"x"}}'
file turbo.json '{"tasks":{"lint":{"outputs":["report"]}}}'
file p/turbo.json '{"extends":["//"],"tasks":{"lint":{"extends":false}}}'
capture vt import turbo
like "a package that takes a task out: told" "$err" '*p/turbo.json, lint: "extends": false alone takes the task from the package*'
like "... and the script keeps the settings of all" "$out" '*"taskDefaults": {*"lint": { "output": \["report"\] }*'
hasnt "... without an entry of its own" "$out" "p/vite-task.json"

file turbo.json '{"tasks":{}}'
file turbo.jsonc '{}'
capture vt import turbo
is "turbo.json and turbo.jsonc" "$rc $err" "1 error: Found both turbo.json and turbo.jsonc in $W; one of them has to go"
capture vt import
is "no name" "$rc $(head -n 1 <<<"$err")" "2 error: no runner was named: vt import turbo"
capture vt import turb
is "another name" "$rc $(sed -n '1p;3p' <<<"$err")" "2 error: unrecognized subcommand 'turb'
  tip: a similar subcommand exists: 'turbo'"
finish
