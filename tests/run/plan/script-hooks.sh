# pre and post scripts run around a script, one level deep.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"prepretest":"echo prepretest","pretest":"echo pretest","test":"echo test","posttest":"echo posttest","build":"echo build","prebuild":"echo prebuild"}}'
shape "a script with both hooks" "test: pre-echo pretest; echo test; post-echo posttest" test
shape "a script with one hook" "build: pre-echo prebuild; echo build" build
shape "a hook that is asked for is a script" "pretest: pre-echo prepretest; echo pretest" pretest
shape "hooks get no arguments" "test: pre-echo pretest; echo test --coverage; post-echo posttest" test --coverage
finish
