# A configuration file of the repository is a link to a file of the user: errors quote nothing of it.
. "${0%/*}/../../lib/functions.sh" || exit
mkdir "$T/home/private"
secret() { file "$T/home/private/$1" "$2"; }
workspace
secret yaml 'packages: hunter2'
secret json '{"hunter2": 1, "name": 2, "scripts": {"a": ["hunter2"]}}'
secret text 'hunter2:x:0:0'
refused() { capture vt run x; isnt "$1: an error" $rc 0; hasnt "... shows nothing of the file" "$out$err" hunter2; has "... says why" "$err" "is not shown, because a symbolic link leads to it that leaves the workspace"; }
file package.json '{"name":"r"}'
for f in yaml text; do
	ln -s "$T/home/private/$f" pnpm-workspace.yaml
	refused "pnpm-workspace.yaml, $f"
	rm pnpm-workspace.yaml
done
for f in json text; do
	ln -s "../home/private/$f" vite-task.json
	refused "vite-task.json, $f"
	rm vite-task.json
	ln -sf "$T/home/private/$f" package.json
	refused "package.json, $f"
	rm package.json; file package.json '{"name":"r"}'
done
# a member behind a link
pnpm a
mkdir "$T/home/project"
ln -s "$T/home/project" packages/b
for f in json text; do
	cp "$T/home/private/$f" "$T/home/project/package.json"
	refused "a member's package.json, $f"
done
rm packages/b
# a link that stays inside hides nothing
file packages/shared.json '{"hunter2": 1}'
ln -s ../shared.json packages/a/vite-task.json
capture vt run x
has "a link within the workspace: the error quotes what is wrong" "$err" 'unknown field `hunter2`'
rm packages/a/vite-task.json

# vt import reads files of the repository, too
for f in json text; do
	ln -sf "$T/home/private/$f" turbo.json
	capture vt import turbo
	is "turbo.json, $f: it is an error, and nothing is printed" "$rc $out" "1 "
	hasnt "... shows nothing of the file" "$err" hunter2
done
rm turbo.json
file turbo.json '{"tasks": {"build": {"outputs": ["dist/**"]}}}'
file "$T/home/project/package.json" '{"name":"outside","scripts":{"build":"echo"}}'
file "$T/home/project/turbo.json" '{"extends": ["//"], "tasks": {"build": {"cache": false}}}'
ln -s "$T/home/project" packages/b
ln -s "$T/home/project/made" vite-task.json
capture vt import turbo --write
is "a link in the place of a file to be made is there already" "$rc $(grep -c 'is there already' <<<"$err")" "1 1"
rm vite-task.json
capture vt import turbo --write
is "... no file is written outside of the workspace" "$rc $(ls "$T/home/project" | xargs)" "0 package.json turbo.json"
has "... and the reader is told" "$out$err" "packages/b: the package lies outside of the workspace: left out"
rm -f packages/b turbo.json vite-task.json

# reports are not written through a link of the repository to a file of the user
file vite-task.json '{"tasks": {"t": {"command": "echo ran", "cache": false}}}'
file "$T/home/private/precious" precious
ln -s "$T/home/private/precious" report; ln -s "$T/home/private/not-there" nowhere; ln -s "$T/home/private" out
for option in --summary-file --profile --events; do
	for path in report nowhere out/precious "$W/report" packages/../report; do
		capture vt run "$option" "$path" t
		is "$option $path: no task runs, the file stays" "$rc $(grep -c ran <<<"$out") $(<"$T/home/private/precious") $(ls "$T/home/private" | xargs)" \
			"1 0 precious json precious text yaml"
		has "... and one sentence says why" "$err" "Cannot write the file '$path': a symbolic link in the workspace leads out of it"
	done
done
mkdir reports; ln -sfn reports/now latest.json; : >reports/now
capture vt run --summary-file latest.json t
is "a report by a link within the workspace: written" "$rc$err $(grep -c '"version"' reports/now)" "0 1"
capture vt run --summary-file "$T/home/private/own.json" t
is "a report elsewhere that the user names: written" "$rc$err $(grep -c '"version"' "$T/home/private/own.json")" "0 1"
finish
