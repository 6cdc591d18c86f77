# A command that is not a list of plain commands goes to the shell as a whole.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"pipe":"echo hello | node -e \"x\"","or":"pf a || pf b && pf c","var":"pf $X"}}'
file vite-task.json '{"cache":true}'
tools pf
shape "a pipe" 'pipe: sh -c echo hello | node -e "x"' pipe
shape "an or" "or: sh -c pf a || pf b && pf c" or
shape "a variable" 'var: sh -c pf $X' var
shape "arguments are quoted into it" "var: sh -c pf \$X 'a b' c" var "a b" c
finish
