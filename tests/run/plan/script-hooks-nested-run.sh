# A hook may run a script that has a hook.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"pretest":"vt run scriptInHook","test":"echo test","prescriptInHook":"echo pre","scriptInHook":"echo in"}}'
shape "hooks of hooks: in order" "test: pre-{scriptInHook: pre-echo pre; echo in}; echo test" test
finish
