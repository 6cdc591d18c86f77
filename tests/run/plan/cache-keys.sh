# Extra arguments belong to the last command only.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"lint":"lint","hello":"pf","lint-and-echo":"lint && echo","echo-and-lint":"echo Linting && lint"}}'
file vite-task.json '{"cache":true}'
mkdir sub
tools pf lint
shape "no argument" "lint: lint" lint
shape "an argument" "lint: lint --fix" lint --fix
shape "an argument of a script" "hello: pf a.txt" hello a.txt
cd sub; shape "a script called from below its package: runs in the package" "hello: pf a.txt" hello a.txt; cd ..
shape "two commands: the last has it" "lint-and-echo: lint; echo Linting complete" lint-and-echo "Linting complete"
shape "echo before a command: the command has it" "echo-and-lint: echo Linting; lint --fix" echo-and-lint --fix
finish
