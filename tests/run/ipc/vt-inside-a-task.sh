# A vt inside a task of vt: no wrong hit through nesting.
. "${0%/*}/asking-tools.sh" || exit

# The outer task is a script, so that its vt is a process of its own.
project() {
	workspace "$BY"
	tools
	file package.json '{"name":"nested","private":true}'
	file inner.sh 'vt run "$1"'
	file vite-task.json "{\"tasks\":{
		\"outer\":{\"command\":\"sh inner.sh inner\",\"cache\":true,\"input\":[],\"untrackedEnv\":[\"DECLARED\",\"DECLARED_*\",\"PROBE_*\",\"XDG_RUNTIME_DIR\"]},
		\"outer-opt\":{\"command\":\"sh inner.sh opt\",\"cache\":true,\"input\":[]},
		\"outer-uncached\":{\"command\":\"sh inner.sh uncached\",\"cache\":true,\"input\":[]},
		\"outer-envs\":{\"command\":\"sh inner.sh many\",\"cache\":true,\"input\":[],\"untrackedEnv\":[\"PROBE_*\"]},
		\"many\":{\"command\":\"$(tool fetch_envs)\",\"cache\":true,\"input\":[]},
		\"inner\":{\"command\":\"$(tool fetch_env) PROBE_ENV\",\"cache\":true,\"input\":[],\"env\":[\"DECLARED\",\"DECLARED_*\"]},
		\"uncached\":{\"command\":\"$(tool fetch_env) PROBE_ENV\",\"cache\":false},
		\"opt\":{\"command\":\"$(tool disable_cache)\",\"cache\":true,\"input\":[]}}}"
}

nested() {
	project
	step "an outer step, an inner step" cold PROBE_ENV=1 vt run outer
	has "$BY: the inner vt runs" "$out" "served PROBE_ENV=1"
	step "both as they were" hit PROBE_ENV=1 vt run outer
	step "a variable that the inner tool asked for: decides about the outer step" "miss(env 'PROBE_ENV' changed)" PROBE_ENV=2 vt run outer
	has "$BY: ... the inner vt sees the new value" "$out" "served PROBE_ENV=2"
	# now the inner step is in the cache: an outer step that runs it hits below
	step "flipping back hits" hit PROBE_ENV=1 vt run outer
	sed -i 's/sh inner.sh inner/sh inner.sh inner 2/' vite-task.json
	step "a new outer step around a known inner one" "miss(args changed)" PROBE_ENV=1 vt run outer
	has "$BY: ... the inner step hits" "$out" "◉ cache hit, replaying"
	step "... and hits itself" hit PROBE_ENV=1 vt run outer
	step "a variable that the inner hit had asked for: decides about the outer step" "miss(env 'PROBE_ENV' changed)" PROBE_ENV=3 vt run outer
	step "a variable that the inner step declares: decides about the outer step" "miss(env 'DECLARED' changed)" PROBE_ENV=3 DECLARED=1 vt run outer
	step "... and what its pattern matches" "miss(env 'DECLARED_X' changed)" PROBE_ENV=3 DECLARED=1 DECLARED_X=1 vt run outer
	step "... until it is the same" hit PROBE_ENV=3 DECLARED=1 DECLARED_X=1 vt run outer
	step "an inner question for many" cold PROBE_A=1 vt run outer-envs
	has "$BY: ... the tool is answered" "$out" PROBE_A=1
	step "... the same: the outer step hits" hit PROBE_A=1 vt run outer-envs
	step "... another variable decides about the outer step" "miss(env 'PROBE_B' changed)" PROBE_A=1 PROBE_B=1 vt run outer-envs
	sed -i 's/sh inner.sh many/sh inner.sh many 2/' vite-task.json
	step "... a new outer step around the known one" "miss(args changed)" PROBE_A=1 vt run outer-envs
	has "$BY: ... the inner step hits" "$out" "◉ cache hit, replaying"
	step "... hits itself" hit PROBE_A=1 vt run outer-envs
	step "... and misses by what the inner hit had asked for" "miss(env 'PROBE_A' changed)" PROBE_A=2 vt run outer-envs
	step "an inner opt-out" cold vt run outer-opt
	step "... keeps the outer step out of the cache" "miss(the last run was not kept: the task opted out of caching)" vt run outer-opt
	has "$BY: ... the reason is told" "$(details)" '→ Not cached: the task opted out of caching'
	step "an uncached inner task" cold PROBE_ENV=1 vt run outer-uncached
	has "$BY: ... the outer runner is asked" "$out" "served PROBE_ENV=1"
	step "... and the outer step hits" hit PROBE_ENV=1 vt run outer-uncached
	step "... and misses by it" "miss(env 'PROBE_ENV' changed)" PROBE_ENV=2 vt run outer-uncached
}
by_all nested
finish
