# Many packages are read by two threads: the plan, and the error that is told, are those of one thread.
. "${0%/*}/../../lib/functions.sh" || exit
requires jq taskset

workspace
file package.json '{"name":"r","workspaces":["packages/*"]}'
file vite-task.json '{"cache":true,"tasks":{"b":{"command":"echo root"}}}'
for i in $(seq 100 299); do
	mkdir -p packages/p$i
	echo '{"name":"p'$i'","dependencies":{"p'$((i - 1))'":"*"},"scripts":{"s":"echo script"}}' >packages/p$i/package.json
	[ $((i % 3)) = 0 ] || echo '{"tasks":{"b":{"command":"echo '$i'","dependsOn":["^b"],"input":["src/**"]}}}' >packages/p$i/vite-task.json
	[ $((i % 50)) != 7 ] || rm packages/p$i/package.json
done
first=$(taskset -pc $$ | sed 's/.*: *//; s/[,-].*//')

# [WORD...]: the same words with all processors and with one
both()
{
	capture vt run -r --dry-run --json "$@"
	all=$rc:$out:$err
	capture _limited 300 taskset -c "$first" "$VT" run -r --dry-run --json "$@"
	one=$rc:$out:$err
}

both b
is "with one processor: the same plan" "$one" "$all"
is "folders without package.json: no packages" "$(jq '.plan | length' <<<"$out")" "$((1 + 200 - 66 - 3))"
both s
is "scripts: the same plan" "$one" "$all"

echo '{"tasks":{"b":{"command":3}}}' >packages/p280/vite-task.json
echo '{"tasks":[]}' >packages/p130/vite-task.json
both b
is "of two wrong vite-task.json: the same error" "$one" "$all"
has "... that of the first package" "$err" packages/p130
hasnt "... not that of the second one" "$err" packages/p280
echo '{"name":' >packages/p290/package.json
echo '{"name":3}' >packages/p270/package.json
both b
is "of two wrong package.json: the same error" "$one" "$all"
has "... that of the first package, before any vite-task.json" "$err" packages/p270/package.json
hasnt "... not that of the second one" "$err" packages/p290
finish
