# A nested run has its own word about the cache, or its caller's.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"inner":"pf","outer-no-cache":"vt run --no-cache inner","outer-cache":"vt run --cache inner","outer-inherit":"vt run inner"}}'
tools pf
shape "--no-cache" "outer-no-cache: {inner: pf !}" outer-no-cache
shape "--cache" "outer-cache: {inner: pf}" outer-cache
shape "no option" "outer-inherit: {inner: pf !}" outer-inherit
shape "no option inside --cache" "outer-inherit: {inner: pf}" --cache outer-inherit
shape "--cache inside --no-cache" "outer-cache: {inner: pf}" --no-cache outer-cache
shape "no option inside --no-cache" "outer-inherit: {inner: pf !}" --no-cache outer-inherit
shape "--no-cache inside --cache" "outer-no-cache: {inner: pf !}" --cache outer-no-cache
finish
