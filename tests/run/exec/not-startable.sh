# A program that exists and cannot be started.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r","scripts":{"x":"bad one","y":"bad one && echo two"}}'
mkdir -p node_modules/.bin
printf '#!/no/such/interpreter\n' >node_modules/.bin/bad
chmod +x node_modules/.bin/bad
capture vt run x
is "the exit code of a command that cannot be started" $rc 127
is "an error line below the command" "$out" "\$ bad one ⊘ cache disabled
✗ Failed to spawn process: the interpreter of '$W/node_modules/.bin/bad' was not found"
capture vt run -v y
is "no command comes after it" "$(steps)" '$ bad one ⊘ cache disabled'
has "the summary has no mark" "$out" "  [1] r#y: \$ bad one
      → Cache disabled in task configuration
      ✗ Error: Failed to spawn process: the interpreter of"
has "the summary counts it" "$out" "1 task • 0 cache hits • 0 cache misses • 1 cache disabled • 1 failed"
finish
