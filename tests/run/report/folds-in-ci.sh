# In GitHub, GitLab and Azure grouped output is folded for each task that does not fail.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires python3
workspace
pnpm a b
tools
tool no-newline 'printf "no newline at its end"'
tool bad 'echo one; echo two >&2; exit 4'
file packages/a/package.json '{"name":"@s/a b","scripts":{"x":"print hello && no-newline","y":"print hello"}}'
file packages/b/package.json '{"name":"b","dependencies":{"@s/a b":"workspace:*"},"scripts":{"x":"bad","y":"print silence > /dev/null"}}'
outline() { python3 "$abs_top_srcdir/tests/run/report/folds.py" "$1" "$T/out" 2>&1; }
for ci in github:GITHUB_ACTIONS=true gitlab:GITLAB_CI=true azure:TF_BUILD=True; do
	system=${ci%%:*}
	rm -rf .vt
	for again in "" " from the cache"; do
		capture with "${ci#*:}" vt run --cache -r --log grouped y
		like "$system: a task's output$again is a fold; a task without output has none" "$(outline $system)" "*
+ @s/a b#y
  hello
-
*packages/b\$ print silence > /dev/null*"
		is "$system: one fold$again" "$(outline $system | grep -c '^[+]')" 1
	done
	capture with "${ci#*:}" vt run --cache -r --log grouped x
	log=$(outline $system)
	has "$system: a fold ends on a line of its own" "$log" "+ @s/a b#x
  no newline at its end
-"
	has "$system: a failed task is not folded" "$log" "
── [b#x] ──
one
two
"
	is "$system: the exit status is the run's" $rc 4
	capture with "${ci#*:}" vt run --cache -r --log labeled y
	hasnt "$system: no fold in other modes" "$(outline $system)" "
+ "
done
capture vt run -r --log grouped y
has "outside of CI: vt's own headings" "$out" "── [@s/a b#y] ──"
finish
