# The tree in which the lines run, and its programs. Sourced; makes ./fixture and ./home.
mkdir -p home/sub fixture/{src/nested,packages/one,packages/two,scripts,test,dist,'folder with blanks',node_modules/.bin}
(
	cd fixture || exit 1
	echo '# read me' >README.md
	printf 'let x = 1;\n' >src/a.js; printf 'let xx = 2;\n' >src/b.js; echo '{}' >src/a.js.map; echo 'a{}' >src/style.css
	echo 'deep' >src/nested/c.js; echo 'test()' >test/a.test.js; echo '//' >test/b.js; echo in >packages/one/in; echo in >packages/two/in
	echo '{"name":"one"}' >packages/one/package.json; echo '{"name":"two"}' >packages/two/package.json
	echo old >dist/old.js; touch dist/keep a.tsbuildinfo b.tsbuildinfo .rc .otherrc; echo A=1 >.env; echo a note >'folder with blanks/note.txt'
	printf 'b two\na one\nb two\n' >list.txt
	echo 'console.log("hello", process.argv.slice(2).join("|"))' >scripts/hello.js
	printf '#!/bin/sh\necho "run $# $*"\n' >scripts/run.sh; printf 'echo "plain $0"\n' >scripts/plain.sh; printf 'echo data\n' >scripts/plain-data
	printf '#!/bin/sh\necho no\n' >scripts/not-executable.sh; printf '#!/no/such/interpreter\n' >scripts/bad-interpreter.sh
	echo FROM_VARS=yes >scripts/vars.sh
	chmod +x scripts/run.sh scripts/plain.sh scripts/bad-interpreter.sh
	cd node_modules/.bin || exit 1
	printf '#!/bin/sh\nprintf "${0##*/}:"; for a; do printf " <%%s>" "$a"; done; echo\n' >show
	printf '#!/bin/sh\nfor n; do eval "echo $n=\\"\\${$n-unset}\\""; done\n' >show-env
	printf '#!/bin/sh\necho "$@" >&2; exit 1\n' >show-err
	printf '#!/bin/sh\nrm -rf "$@"\n' >rimraf; printf '#!/bin/sh\nmkdir -p "$@"\n' >mkdirp
	printf '#!/bin/sh\nwhile case $1 in *=*) true;; *) false;; esac; do export "$1"; shift; done; exec "$@"\n' >cross-env
	printf '#!/bin/sh\nexec sh -c "$*"\n' >cross-env-shell
	chmod +x *
	for p in tsc eslint prettier vitest vite rollup webpack next tsup jest mocha nyc tap c8 ava babel swc esbuild copyfiles cpx del-cli dotenv concurrently wait-on \
		nodemon patch-package husky is-ci sass tailwindcss postcss svgo imagemin json npm-check; do cp show $p; done
)
