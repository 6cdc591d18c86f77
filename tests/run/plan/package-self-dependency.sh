# A package that depends on itself does not wait for itself.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file packages/self-dep/package.json '{"name":"self-dep","dependencies":{"self-dep":"workspace:*"},"scripts":{"build":"echo b"}}'
order "-r" "packages/self-dep#build" -r build
cd packages/self-dep
order "alone" "packages/self-dep#build" build
finish
