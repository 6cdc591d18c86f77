# Settings of a repository for tools' own caches, for frameworks' variables, and for tools that ask not to be cached.
. "${0%/*}/../../lib/functions.sh" || exit
status() { case $out in *'cache hit, replaying'*) echo hit ;; *) echo ran ;; esac; }

# ---- toolCaches
cat >"$T/tool" <<'SH'
#!/bin/sh
mkdir -p .mytool; cat .mytool/memory 2>/dev/null >/dev/null; cat src; date +%N >.mytool/memory; cat .eslintcache 2>/dev/null >/dev/null; echo >.eslintcache
SH
chmod +x "$T/tool"
project() { workspace; file package.json '{"name":"w"}'; file vite-task.json "{$1\"tasks\":{\"t\":\"$T/tool\",\"look\":\"cat .mytool/memory\"},\"cache\":true}"; echo 1 >src; vt run t >/dev/null; vt run t >/dev/null; }
project ''
rm -rf .mytool
capture vt run t
has "a missing file of a tool whose cache is not known: told" "$out" "it made is missing"
mkdir .mytool; echo edited >.mytool/memory
capture vt run t
is "... a miss once somebody edited it" "$(status)" ran
project '"toolCaches":["**/.mytool/**"],'
capture vt run t
is "a cache named by toolCaches: the task hits" "$(status)" hit
echo edited >.mytool/memory
capture vt run t
is "... after somebody wrote in the cache" "$(status)" hit
rm -rf .mytool
capture vt run t
is "... after somebody removed the cache" "$(status)" hit
hasnt "... without a word" "$out" "missing"
mkdir .mytool; echo 1 >.mytool/memory
vt run look >/dev/null
capture vt run look
is "another task that reads it: an input like any other" "$(status)" hit
echo 2 >.mytool/memory
capture vt run look
is "... an edit of it is a miss" "$(status)" ran
echo edited >.eslintcache
capture vt run t
is "a built-in cache: an edit is a hit" "$(status)" hit
project '"toolCaches":["**/.mytool/**","!**/.eslintcache"],'
echo edited >.eslintcache
capture vt run t
is "... a miss when a pattern takes it from the list" "$(status)" ran

# ---- frameworkEnv
framework() {                  # framework PACKAGE.JSON-PART ROOT-PART TASK-PART
	workspace
	file package.json "{\"name\":\"w\"${1:+,$1}}"
	file vite-task.json "{${2:+$2,}\"tasks\":{\"t\":{\"command\":\"sh t.sh\"${3:+,$3}}}}"
	printf 'echo "${%s_X+1}"\n' "${4:-NONE}" >t.sh
}
seen() { with "$1_X=1" vt run t >/dev/null; with "$1_X=1" capture vt run t; local a; a=$(status); with "$1_X=2" capture vt run t; echo "$a $(status) $(printf '%s\n' "$out" | grep -c '^1$')"; }
for pair in next:NEXT_PUBLIC nuxt:NUXT_PUBLIC astro:PUBLIC @sveltejs/kit:PUBLIC gatsby:GATSBY react-scripts:REACT_APP @vue/cli-service:VUE_APP expo:EXPO_PUBLIC; do
	name=${pair%:*} prefix=${pair##*:}
	framework "\"devDependencies\":{\"$name\":\"*\"}" '' '' "$prefix"
	is "$prefix variables: reach a package with $name, and another value is a miss" "$(seen "$prefix")" "hit ran 1"
done
framework '' '' '' NEXT_PUBLIC
is "... another value is a hit in a package without it" "$(seen NEXT_PUBLIC)" "hit hit 1"
framework '"dependencies":{"next":"*"}' '"frameworkEnv":false' '' NEXT_PUBLIC
is "... also where frameworkEnv is false" "$(seen NEXT_PUBLIC)" "hit hit 1"
framework '"dependencies":{"next":"*"}' '' '"untrackedEnv":["NEXT_PUBLIC_*"]' NEXT_PUBLIC
is "untrackedEnv: the variable reaches the task, and another value is a hit" "$(seen NEXT_PUBLIC)" "hit hit 1"
for name in NODE_ENV VERCEL_ENV VERCEL_TARGET_ENV; do
	framework
	with "$name=a" vt run t >/dev/null; with "$name=a" capture vt run t; a=$(status); with "$name=b" capture vt run t
	is "$name: another value is a miss everywhere" "$a $(status)" "hit ran"
done

# ---- heedOptOut
for heed in true false; do
	workspace
	mkdir -p node_modules/.bin; ln -sfn "$VT" node_modules/.bin/vt
	file package.json '{"name":"w"}'
	file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"vt client disable-cache\",\"cache\":{\"heedOptOut\":$heed}}}}"
	vt run t >/dev/null
	capture vt run t
	is "a tool that asks not to be cached, heedOptOut $heed" "$(status)" "$([ $heed = true ] && echo ran || echo hit)"
done
finish
