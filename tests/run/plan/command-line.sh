# Help, versions, and wrong words.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
workspace
capture vt --version
like "--version" "$rc $out" "0 vt [0-9]*"
capture vt --help
has "--help" "$rc $out" "Usage: vt <COMMAND>"
capture vt
is "nothing at all is help, and an error" "$rc ${err%%$'\n'*}" "2 A caching task runner for workspaces of packages"
capture vt nosuch
is "an unknown command" "$rc ${err%%$'\n'*}" "2 error: unrecognized subcommand 'nosuch'"
capture vt --nosuch
is "an unknown flag" "$rc ${err%%$'\n'*}" "2 error: unexpected argument '--nosuch' found"
capture vt run --help
is "run --help needs no workspace" "$rc ${out%%$'\n'*}" "0 Run tasks"
refuses "run needs one" "error: Package not found in workspace: \`$W\`" x
capture vt run --filter
is "a missing value" "$rc ${err%%$'\n'*}" "2 error: a value is required for '--filter <FILTERS>' but none was supplied"
capture vt run --log foo x
is "a wrong value" "$rc $(head -2 <<<"$err")" "2 error: invalid value 'foo' for '--log <LOG>'
  [possible values: interleaved, labeled, grouped]"
capture vt run --last-details x
is "--last-details stands alone" "$rc ${err%%$'\n'*}" "2 error: the argument '--last-details' cannot be used with one or more of the other specified arguments"
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"x":"echo x"}}'
capture vt run --last-details
is "there may be no last run" "$rc $err" "1 No previous run summary found. Run a task first to generate a summary."
capture vt run --json x
is "--json with a task wants --dry-run" "$rc ${err%%$'\n'*}" "2 error: the argument '--json' with a task needs '--dry-run'; without a task it prints packages and tasks"
refuses "flags that contradict each other" "error: Invalid vite task command: vt with args [] under cwd $W
* --recursive and --transitive cannot be used together" -r -t x
refuses "an empty filter" "error: Invalid vite task command: vt with args [] under cwd $W
* --filter value is empty" -r -t --filter "" x
refuses "a filter that is none" "error: Invalid vite task command: vt with args [] under cwd $W
* invalid --filter expression
* Empty filter selector" --filter ... x
capture vt run --dry-run x
is "a dry run runs nothing" "$rc $out" '0 $ echo x ⊘ cache disabled
vt run: 0/1 cache hit (0%), nothing was run.'
capture vt run --json
is "packages and tasks" "$(jq -c . <<<"$out")" "{\"version\":1,\"workspaceRoot\":\"$W\",\"packages\":{\".\":{\"name\":\"r\"}},\"tasks\":{\"x\":{\"package\":\".\",\"name\":\"x\",\"command\":\"echo x\"}}}"
gone "nothing was made on the way" .vt
finish
