# Stock Vite with nothing configured but `output`: built here, a hit in another clone, the same files; also when the build
# declares variables, asks for them, or reads .env.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/kinds.sh" || exit
requires_npm vite
sums() { (cd dist && find . -type f -print0 | sort -z | xargs -0 sha256sum); }
story() {
	workspace "$1"
	file package.json '{"name":"root","private":true,"type":"module"}'
	file vite-task.json "{\"plugins\": {\"stores\": [\"store-local\", {\"use\": \"$use\", \"as\": \"main\"}]},
		\"tasks\": {\"build\": {\"command\": \"vite build\", \"output\": [\"dist/**\"], \"env\": [\"VITE_DECLARED\"]}}}"
	file index.html '<!doctype html><script type="module" src="/src/main.js"></script>'
	file src/main.js 'import { b } from "./b.js"; import "./a.css"; document.title = b + import.meta.env.VITE_ASKED + import.meta.env.VITE_DECLARED'
	file src/b.js 'export const b = "b"'
	file src/a.css 'body { color: red }'
	file .env 'VITE_OF_FILE=x'
	own_modules
	team "$where"
	with VITE_ASKED=amsel VITE_DECLARED=drossel capture vt run build
	is "$1: vite builds" "$rc$err" 0
	made=$(sums)
	has "$1: ... with the variables in the bundle" "$(cat dist/assets/*.js)" amseldrossel
	clone B; with VITE_ASKED=amsel VITE_DECLARED=drossel capture vt run build
	is "$1: another clone hits" "$rc$err$(hits)" 01
	is "$1: ... with the same files" "$(sums)" "$made"
	with VITE_ASKED=fink VITE_DECLARED=drossel capture vt run build
	is "$1: another variable that Vite asked for is a miss" "$rc$(hits)" 00
	has "$1: ... and is in the bundle" "$(cat dist/assets/*.js)" finkdrossel
	with VITE_ASKED=amsel VITE_DECLARED=star capture vt run build
	has "$1: another declared variable: a miss" "$out" "env 'VITE_DECLARED' changed"
	clone C; with VITE_ASKED=fink VITE_DECLARED=drossel capture vt run build
	is "$1: the new result is shared" "$rc$err$(hits)" 01
	file src/b.js 'export const b = "c"'; with VITE_ASKED=fink VITE_DECLARED=drossel capture vt run build
	is "$1: a changed source is a miss" "$rc$(hits)" 00
	clone E; file .env 'VITE_OF_FILE=y'; with VITE_ASKED=fink VITE_DECLARED=drossel capture vt run build
	is "$1: a changed .env is a miss" "$rc$(hits)" 00
	is "$1: no value is on the server" "$(grep -rlaE 'VITE_ASKED=|VITE_DECLARED=' "$D" | wc -l)" 0
}
each_kind story
finish
