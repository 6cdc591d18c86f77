# Extra arguments belong to the last command only.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"lint":"lint","hello":"pf","lint-and-echo":"lint && echo","echo-and-lint":"echo Linting && lint"}}'
file vite-task.json '{"cache":true}'
mkdir sub
tools pf lint
shape "none" "lint: lint" lint
shape "one" "lint: lint --fix" lint --fix
shape "for the program" "hello: pf a.txt" hello a.txt
cd sub; shape "the task runs in its package from below too" "hello: pf a.txt" hello a.txt; cd ..
shape "the first command has none" "lint-and-echo: lint; echo Linting complete" lint-and-echo "Linting complete"
shape "echo has none" "echo-and-lint: echo Linting; lint --fix" echo-and-lint --fix
finish
