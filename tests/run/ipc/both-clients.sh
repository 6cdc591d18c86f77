# The channel's conformance fixtures D, E, P and G, with the npm client and with `vt client`.
. "${0%/*}/asking-tools.sh" || exit

project() {                    # project TASKS-JSON: a fresh workspace
	workspace "$BY"
	tools
	file package.json '{"name":"fixture","private":true}'
	file vite-task.json "{\"tasks\":{$1}}"
}

disable_cache() {
	project "\"t\":{\"command\":\"$(tool disable_cache)\",\"cache\":true},\"explicit\":{\"command\":\"$(tool disable_cache)\",\"cache\":true,\"input\":[]}"
	for t in t explicit; do
		local n=D1; [ $t = t ] || n=D2
		step "$n first run" cold vt run $t
		step "$n an opted-out run is not stored, and the next one says so" "miss(the last run was not kept: the task opted out of caching)" vt run $t
		has "$BY: $n the details say so" "$(details)" '→ Not cached: the task opted out of caching'
		has "$BY: $n it counts as a miss" "$(details)" '1 task • 0 cache hits • 1 cache miss'
	done
}
by_all disable_cache

fetch_env() {
	project "\"declared\":{\"command\":\"$(tool fetch_env) PROBE_ENV\",\"cache\":true,\"env\":[\"PROBE_ENV\"]},
		\"fetch\":{\"command\":\"$(tool fetch_env) PROBE_ENV\",\"cache\":true},
		\"explicit\":{\"command\":\"$(tool fetch_env) PROBE_ENV\",\"cache\":true,\"input\":[]},
		\"untracked\":{\"command\":\"$(tool fetch_env) --untracked PROBE_ENV\",\"cache\":true}"
	step "E1 a declared variable" cold PROBE_ENV=served vt run declared
	is "$BY: E1 is served and in the environment" "$(printed)" $'served PROBE_ENV=served\nprocess.env PROBE_ENV=served'
	step "E2 an undeclared variable" cold PROBE_ENV=first vt run fetch
	is "$BY: E2 is served and not in the environment" "$(printed)" $'served PROBE_ENV=first\nprocess.env PROBE_ENV=(unset)'
	for t in fetch explicit; do
		local n=E3; [ $t = fetch ] || { n=E4; step "E4 first run" cold PROBE_ENV=first vt run $t; }
		step "$n the same value" hit PROBE_ENV=first vt run $t
		step "$n another value" "miss(env 'PROBE_ENV' changed)" PROBE_ENV=second vt run $t
		has "$BY: $n prints the new value" "$(printed)" 'served PROBE_ENV=second'
		step "$n the first value again is remembered" hit PROBE_ENV=first vt run $t
		has "$BY: $n prints the first value" "$(printed)" 'served PROBE_ENV=first'
	done
	step "E5 an untracked question" cold PROBE_ENV=first vt run untracked
	step "E5 does not invalidate" hit PROBE_ENV=second vt run untracked
	has "$BY: E5 replays the first value" "$(printed)" 'served PROBE_ENV=first'
	rm -rf .vt
	step "E6 unset" cold vt run fetch
	step "E6 then set" "miss(env 'PROBE_ENV' changed)" PROBE_ENV=1 vt run fetch
	has "$BY: E6 the details say it was added" "$(details)" "Cache miss: env 'PROBE_ENV' added"
	step "E6 then unset again: both are remembered" hit vt run fetch
	step "E6 set to nothing is another thing than unset" "miss(env 'PROBE_ENV' changed)" PROBE_ENV= vt run fetch
	step "E6 and known then" hit PROBE_ENV= vt run fetch
}
by_all fetch_env

prefixes() {
	project "\"p\":{\"command\":\"PREFIXED_ENV=from-command $(tool fetch_env) PREFIXED_ENV\",\"cache\":true},
		\"outer-prefixed\":{\"command\":\"PREFIXED_A=a vt run inner-prefixed\"},
		\"inner-prefixed\":{\"command\":\"PREFIXED_B=b $(tool fetch_env) PREFIXED_A PREFIXED_B\",\"cache\":true}"
	step "P1 a command's own prefix" cold vt run p
	is "$BY: P1 is served and in the environment" "$(printed)" $'served PREFIXED_ENV=from-command\nprocess.env PREFIXED_ENV=from-command'
	step "P1 the surrounding variable of that name does not matter" hit PREFIXED_ENV=ambient vt run p
	step "P2 nested prefixes" cold vt run outer-prefixed
	has "$BY: P2 the inner command is shown" "$(steps)" "PREFIXED_B=b $(tool fetch_env) PREFIXED_A PREFIXED_B"
	is "$BY: P2 nested prefixes are all in answers, and none in the environment" "$(printed)" $'served PREFIXED_A=a PREFIXED_B=b\nprocess.env PREFIXED_A=(unset) PREFIXED_B=b'
	step "P2 second run" hit vt run outer-prefixed
}
by_all prefixes

fetch_envs() {
	project "\"glob\":{\"command\":\"$(tool fetch_envs)\",\"cache\":true},
		\"prefix\":{\"command\":\"$(tool fetch_envs) --prefix\",\"cache\":true},
		\"untracked\":{\"command\":\"$(tool fetch_envs) --untracked\",\"cache\":true}"
	local t n
	for t in glob prefix; do
		n=G2; [ $t = glob ] || n=G4
		step "$n first run" cold PROBE_A=a PROBE_B=b PROBEX=x UNRELATED=u vt run $t
		is "$BY: $([ $t = glob ] && echo G1 || echo G3) the matches, sorted" "$(printed)" $'PROBE_A=a\nPROBE_B=b'
		step "$n the same set" hit PROBE_A=a PROBE_B=b vt run $t
		step "$n a changed variable" "miss(env 'PROBE_A' changed)" PROBE_A=changed PROBE_B=b vt run $t
		step "$n another variable" "miss(env 'PROBE_C' changed)" PROBE_A=changed PROBE_B=b PROBE_C=c vt run $t
		step "$n a missing variable" "miss(env 'PROBE_A' changed)" PROBE_B=b PROBE_C=c vt run $t
		step "$n an unrelated one" hit PROBE_B=b PROBE_C=c UNRELATED=u vt run $t
	done
	step "G5 an untracked query" cold PROBE_A=a vt run untracked
	step "G5 does not invalidate" hit PROBE_A=b PROBE_B=b vt run untracked
	is "$BY: G5 replays the old set" "$(printed)" PROBE_A=a
}
by_all fetch_envs
finish
