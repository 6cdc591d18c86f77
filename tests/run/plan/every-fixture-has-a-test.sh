# Each fixture of planning has a test of its name in this folder, each test is listed, and none is empty.
. "${0%/*}/../../lib/functions.sh" || exit
fixtures='
additional-env affected cache-cli-override cache-config-forms cache-fields-mixed-error cache-keys
cache-scripts-default cache-scripts-enabled cache-scripts-error-non-root cache-scripts-task-override
cache-sharing cache-subcommand cache-tasks-disabled cache-true-no-force-enable cd-in-scripts command-line
comprehensive-task-graph conflict-test cycle-dependency dependency-both-topo-and-explicit
depends-on-package-dependencies dry-run-status duplicate-package-names empty-package-test env-name-overrides
explicit-deps-workspace extra-args-not-forwarded-to-depends-on filter-reference filter-unmatched
filter-workspace input-trailing-slash input-workspace-base invalid-package-json nested-cache-override
nested-tasks package-self-dependency parallel-and-concurrency pnpm-workspace-packages-optional prefix-path
recursive-topological-workspace script-conflict script-hooks script-hooks-disabled script-hooks-nested-run
script-hooks-task-no-hook selector shell-fallback synthetic-cache-disabled synthetic-in-subpackage
task-command-shorthands task-command-shorthands-cache-disabled transitive-skip-intermediate typo-and-list
vpr-shorthand workspace-root-cd-no-skip workspace-root-depends-on-passthrough workspace-root-multi-command
workspace-root-mutual-recursion workspace-root-no-package-json workspace-root-self-reference
'
here=$abs_top_srcdir/tests/run/plan
listed() { grep -q "tests/run/plan/$1\.sh" "$abs_top_srcdir/tests/run/plan.inc"; }
missing=
for f in $fixtures; do [ -f "$here/$f.sh" ] || missing+="$f "; done
is "each fixture has a test of its name" "$missing" ""
unlisted= silent=
for s in "$here"/*.sh; do
	name=${s##*/} name=${name%.sh}
	[ "$name" != plan ] || continue
	listed "$name" || unlisted+="$name "
	[[ $(grep -cE '^[^#]*\b(is|like|has|hasnt|isnt|ok|shape|order|refuses|there|gone|chosen|check) ' "$s") -gt 0 ]] || silent+="$name "
done
is "each test is listed" "$unlisted" ""
is "each test has a check" "$silent" ""
finish
