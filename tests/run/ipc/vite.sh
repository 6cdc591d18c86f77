# V1-V4: stock Vite, which carries the client inside.
. "${0%/*}/asking-tools.sh" || exit
requires_npm vite
[ -f "$abs_top_builddir/plugin-api/client/vt-node.node" ] || skip_all "built without the addon"
BY=vite

app() {                        # app TASKS-JSON
	workspace app
	cp -r "$NPM" node_modules 2>/dev/null || exit 99
	file package.json '{"name":"app","private":true,"type":"module"}'
	file vite-task.json "{\"tasks\":{$1}}"
	file index.html '<!doctype html><script type="module" src="/main.js"></script>'
	file main.js 'document.title = "mode " + import.meta.env.MODE + " label " + import.meta.env.VITE_CACHE_LABEL;'
	file vite.config.js 'export default { logLevel: "silent", build: { rollupOptions: { output: { entryFileNames: "assets/main.js" } } } };'
}
bundle() { cat dist/assets/main.js 2>/dev/null; }

# explicit inputs: no tracer is needed
app '"build":{"command":"vite build","cache":true,"input":["index.html","main.js","vite.config.js"]}'
step "V1 first build" cold NODE_ENV=production vt run --cache build
step "V1 the same" hit NODE_ENV=production vt run --cache build
step "V1 another NODE_ENV" "miss(env 'NODE_ENV' changed)" NODE_ENV=development vt run --cache build

rm -rf .vt dist
step "V2 first build" cold VITE_CACHE_LABEL=alpha vt run --cache build
has "V2 the bundle has the new value" "$(bundle)" alpha
step "V2 the same" hit VITE_CACHE_LABEL=alpha vt run --cache build
step "V2 another label" "miss(env 'VITE_CACHE_LABEL' changed)" VITE_CACHE_LABEL=bravo vt run --cache build
has "V2 the bundle has the other value" "$(bundle)" bravo
hasnt "V2 ... and not the first one" "$(bundle)" alpha
step "V2 a label more" "miss(env 'VITE_OTHER' changed)" VITE_CACHE_LABEL=bravo VITE_OTHER=1 vt run --cache build
step "V2 one that Vite does not ask for" hit VITE_CACHE_LABEL=bravo VITE_OTHER=1 LABEL=x vt run --cache build

step "V3 built" hit VITE_CACHE_LABEL=bravo VITE_OTHER=1 vt run --cache build
rm -f dist/assets/main.js
step "V3 a hit replays the terminal" hit VITE_CACHE_LABEL=bravo VITE_OTHER=1 vt run --cache build
gone "V3 ... restores no file, for no output is declared" dist/assets/main.js

cat >serve.mjs <<'JS'
import { createServer } from 'vite';
await (await createServer({ server: { middlewareMode: true } })).close();
JS
file vite-task.json '{"tasks":{"dev":{"command":"node serve.mjs","cache":true,"input":["serve.mjs"]},
	"auto":{"command":"vite build","cache":true}}}'
step "V4 a dev server opts out" cold vt run --cache dev
step "V4 so it runs again" "miss(the last run was not kept: the task opted out of caching)" vt run --cache dev
has "V4 the details name the variable" "$(details)" '→ Not cached: the task opted out of caching'

# automatic inputs, nothing configured
rm -rf dist
step "stock vite build with automatic inputs" cold VITE_CACHE_LABEL=alpha vt run auto
step "... hits on the second run" hit VITE_CACHE_LABEL=alpha vt run auto
step "... misses when a variable changes" "miss(env 'VITE_CACHE_LABEL' changed)" VITE_CACHE_LABEL=bravo vt run auto
step "... hits again" hit VITE_CACHE_LABEL=bravo vt run auto
echo '// more' >>main.js
capture with VITE_CACHE_LABEL=bravo vt run auto
like "... misses when a source changes" "$(status) $rc" "miss('main.js' *) 0"
finish
