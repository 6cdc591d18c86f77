# Help, versions, and wrong words.
. "${0%/*}/plan.sh" || exit
workspace
capture vt --version
like "--version prints the version" "$rc $out" "0 vt [0-9]*"
capture vt --help
has "--help prints the commands" "$rc $out" "Usage: vt <COMMAND>"
capture vt
is "no word at all: the help, and exit 2" "$rc ${err%%$'\n'*}" "2 A caching task runner for workspaces of packages"
capture vt nosuch
is "an unknown command: an error" "$rc ${err%%$'\n'*}" "2 error: unrecognized subcommand 'nosuch'"
capture vt --nosuch
is "an unknown flag: an error" "$rc ${err%%$'\n'*}" "2 error: unexpected argument '--nosuch' found"
told() {                      # told TEXT USAGE ARGS...: misuse of a command is told in one shape
	local text=$1 usage=$2
	shift 2
	capture vt "$@"
	is "vt $*" "$rc $out$err" "2 error: $text

Usage: $usage

For more information, try '--help'."
}
tip() { printf "%s\n\n  tip: a similar %s exists: '%s'" "$1" "$2" "$3"; }
told "$(tip "unrecognized subcommand 'cahce'" subcommand cache)" "vt <COMMAND>" cahce
told "$(tip "unexpected argument '--versoin' found" argument --version)" "vt <COMMAND>" --versoin
told "$(tip "unrecognized subcommand 'cleam'" subcommand clean)" "vt cache <COMMAND>" cache cleam
told "unexpected argument 'x' found" "vt cache <COMMAND>" cache clean x
told "unexpected argument '--json' found" "vt cache <COMMAND>" cache clean --json
told "unexpected value 'x' for '--json' found; no more were expected" "vt cache <COMMAND>" cache stat --json=x
told "$(tip "unexpected argument '--jsn' found" argument --json)" "vt plugins [COMMAND]" plugins list --jsn
told "$(printf '%s\n  <NAME>' "the following required arguments were not provided:")" "vt plugins [COMMAND]" plugins info
told "unexpected argument 'x' found" "vt plugins [COMMAND]" plugins list x
told "$(printf '%s\n  <FILE>' "the following required arguments were not provided:")" "vt plugins [COMMAND]" plugins check
told "unexpected argument '--glob' found" "vt client <COMMAND>" client get-env --glob=x A
told "the argument '--untracked' cannot be used multiple times" "vt client <COMMAND>" client get-env --untracked --untracked A
capture base_env "$abs_top_builddir/core/vt-plugin-check"
is "vt-plugin-check: misuse is told in the same shape" "$rc $out$err" "2 error: the following required arguments were not provided:
  <FILE>

Usage: vt-plugin-check <FILE> [KEY=VALUE]...

For more information, try '--help'."
for c in cache client; do
	capture vt $c
	is "vt $c alone: prints its help, and exits with 2" "$rc $out$err" "2 $(vt $c --help)"
done
for c in run cache plugins client; do
	capture vt $c --help
	like "vt $c --help: prints its help" "$rc $out$err" "0 *Usage: vt $c *"
done
capture vt run --help
is "run --help: needs no workspace" "$rc ${out%%$'\n'*}" "0 Run tasks"
refuses "run needs one" "error: Package not found in workspace: \`$W\`" x
capture vt run --filter
is "a missing value: an error" "$rc ${err%%$'\n'*}" "2 error: a value is required for '--filter <FILTERS>' but none was supplied"
capture vt run --log foo x
is "a wrong value: an error" "$rc $(head -2 <<<"$err")" "2 error: invalid value 'foo' for '--log <LOG>'
  [possible values: interleaved, labeled, grouped]"
capture vt run --last-details x
is "--last-details with a task: an error" "$rc ${err%%$'\n'*}" "2 error: the argument '--last-details' cannot be used with one or more of the other specified arguments"
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"x":"echo x"}}'
capture vt run --last-details
is "--last-details without a last run: says so" "$rc $err" "1 No previous run summary found. Run a task first to generate a summary."
capture vt run --json x
is "--json with a task and without --dry-run: an error" "$rc ${err%%$'\n'*}" "2 error: the argument '--json' with a task needs '--dry-run'; without a task it prints packages and tasks"
refuses "flags that contradict each other" "error: --recursive and --transitive cannot be used together" -r -t x
refuses "an empty filter" "error: --filter value is empty" -r -t --filter "" x
refuses "a filter that is none" "error: invalid --filter expression
* Empty filter selector" --filter ... x
capture vt run --dry-run x
is "a dry run: no task runs" "$rc $out" '0 $ echo x ⊘ cache disabled
vt run: 0/1 cache hit (0%), nothing was run.'
capture vt run --json
is "--json without a task: packages and tasks" "$(jq -c . <<<"$out")" "{\"version\":1,\"workspaceRoot\":\"$W\",\"packages\":{\".\":{\"name\":\"r\"}},\"tasks\":{\"x\":{\"package\":\".\",\"name\":\"x\",\"command\":\"echo x\"}}}"
gone "... and no file was made" .vt
finish
