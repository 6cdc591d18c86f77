# Small workspaces of pnpm, npm and yarn 4, installed by them: build, test and lint by their own
# runner and by vt come to the same. The short form of make check-real.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/managers.sh"
requires node sha256sum find
mkdir "$T/bin"
for m in pnpm yarn; do
	! has_manager $m || { [ $m = pnpm ] && js=$PNPM || js=$YARN; printf '#!/bin/sh\nexec node %s "$@"\n' "$js" >"$T/bin/$m"; chmod +x "$T/bin/$m"; }
done

for m in pnpm npm yarn; do
	has_manager $m || { skip "as $m" "$m is not installed (./bootstrap check installs pnpm and yarn)"; continue; }
	workspace $m
	member='workspace:*' patterns='"workspaces":["packages/*"],' all='npm run build -ws'
	case $m in
	npm) member='*' ;;
	pnpm) patterns='' all='pnpm -r build'; file pnpm-workspace.yaml 'packages: ["packages/*"]' ;;
	yarn) all='yarn workspaces foreach -A run build'; : >yarn.lock ;;
	esac
	file package.json '{"name":"root","version":"1.0.0","private":true,'"$patterns"'"scripts":{"all":"'"$all"'"}}'
	# listed in the order in which npm has to run them
	file packages/a-lib/package.json '{"name":"lib","version":"1.0.0","main":"dist/index.js","scripts":{"prebuild":"rm -rf dist","build":"node build.js && cp README.md dist/","test":"node test.js","lint":"node lint.js src/*.js"}}'
	file packages/a-lib/src/index.js 'module.exports = 20;'
	file packages/a-lib/README.md 'lib'
	file packages/a-lib/build.js 'const fs = require("fs"); fs.mkdirSync("dist"); fs.copyFileSync("src/index.js", "dist/index.js"); fs.writeFileSync("dist/version", process.env.npm_package_version);'
	file packages/a-lib/test.js 'require("assert").strictEqual(require("./dist/index.js"), 20); console.log("fine");'
	file packages/a-lib/lint.js 'process.argv.slice(2).forEach(f => { if (/var /.test(require("fs").readFileSync(f))) { console.log(f + ": var"); process.exitCode = 3; } });'
	file packages/b-app/package.json '{"name":"app","version":"2.0.0","dependencies":{"lib":"'"$member"'"},"scripts":{"build":"node build.js","test":"NODE_ENV=test node test.js && echo \"$npm_package_name done\" > tested","lint":"node ../a-lib/lint.js *.js"}}'
	file packages/b-app/build.js 'const fs = require("fs"); fs.rmSync("out", { recursive: true, force: true }); fs.mkdirSync("out"); fs.writeFileSync("out/app.js", "var x = " + (require("lib") + 1) + ";");'
	file packages/b-app/test.js 'if (process.env.NODE_ENV !== "test" || !/21/.test(require("fs").readFileSync("out/app.js"))) process.exit(1);'
	file packages/b-app/old.js 'var x = 1;'
	(manager $m install) >"$T/install" 2>&1
	ok "$m installs it" $? || { sed 's/^/# /' "$T/install"; continue; }
	capture base_env VT="$VT" PATH="$T/bin:$PATH" YARN_ENABLE_NETWORK=false YARN_ENABLE_TELEMETRY=false npm_config_offline=true \
		timeout 100 bash "$abs_top_srcdir/tests/real/check-real.sh" . build test lint
	is "$m: vt has the results of its own runner" "$rc" 0 || _show report "$out$err"
	is "$m: build and test succeed, lint fails" "$(sed -n "s/^\(build\|test\|lint\) *$m *exit \([0-9]*\).*/\1 \2/p" <<<"$out" | sed 's/ [1-9].*/ fails/' | tr '\n' ';')" "build 0;test 0;lint fails;"
	is "$m: no file differs" "$(grep -c ' 0 files differ' <<<"$out") $(grep -c 'files differ' <<<"$out")" "9 9"
	is "$m: a second build hits in all packages" "$(sed -n 's/^build *vt, again .*  \(.*\) cache hit$/\1/p' <<<"$out")" "4/4"
	is "$m: a second test hits in all packages" "$(sed -n 's/^test *vt, again .*  \(.*\) cache hit$/\1/p' <<<"$out")" "2/2"
done
finish
