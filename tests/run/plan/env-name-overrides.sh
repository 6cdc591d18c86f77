# The innermost assignment wins, and case counts.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"inner":"sh -c \"echo $V-$v\"","show":"sh -c '"'"'echo $V-$v'"'"'","outer":"V=outer v=small vt run mid","mid":"V=inner vt run show"}}'
with V=session capture vt run outer
has "a nested assignment: the innermost wins" "$out" "inner-small"
with V=session capture vt run show
has "no assignment: the surrounding variable" "$out" "session-"
finish
