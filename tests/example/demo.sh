#!/bin/sh
# demo.sh SOURCE BUILD: runs the demo of ./bootstrap demo.
set -eu
top=$1 build=$2
vt=$build/core/vt
here=$build/example
sh "$top/tests/example/setup.sh" "$here" "$top/npm/node_modules"
cd "$here"
show() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show "1. the first run: three packages, in order of their dependencies"
echo "\$ vt run -r build"
"$vt" run -r build
show "2. the second run: nothing changed, everything is replayed"
echo "\$ vt run -r build"
"$vt" run -r build
show "3. one edit: one miss, with its reason"
leaf=$(ls apps/*/src/main.*)
echo "\$ echo '/* edited */' >>$leaf; vt run -r build"
echo '/* edited */' >>"$leaf"
"$vt" run -r build
show "4. lost outputs come back from the cache"
echo "\$ rm -rf packages/*/dist apps/*/dist; vt run -r build; ls apps/*/dist"
rm -rf packages/*/dist apps/*/dist
"$vt" run -r build
ls apps/*/dist
printf '\nThe workspace is %s; the program is %s\n' "$here" "$vt"
