# Globs may be relative to the workspace.
. "${0%/*}/plan.sh" || exit
workspace
pnpm app
file packages/app/vite-task.json '{"tasks":{"build":{"command":"echo b && pf","input":[{"pattern":"configs/tsconfig.json","base":"workspace"},{"pattern":"!dist/**","base":"workspace"}]}}}'
tools pf
shape "input relative to the workspace: accepted" "packages/app#build: echo b; pf" app#build
finish
