# A configuration file of the repository is a link to a file of the user: errors quote nothing of it.
. "${0%/*}/../../lib/functions.sh" || exit
mkdir "$T/home/private"
secret() { file "$T/home/private/$1" "$2"; }
workspace
secret yaml 'packages: hunter2'
secret json '{"hunter2": 1, "name": 2, "scripts": {"a": ["hunter2"]}}'
secret text 'hunter2:x:0:0'
refused() { capture vt run x; isnt "$1: it is an error" $rc 0; hasnt "... that shows nothing of the file" "$out$err" hunter2; has "... and says why" "$err" "is not shown, because a symbolic link leads to it that leaves the workspace"; }
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
has "a link within the workspace: the error says what is wrong" "$err" 'unknown field `hunter2`'
finish
