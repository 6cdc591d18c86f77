# vt doctor tells on one page what works here, and ends with 1 if something is missing.
. "${0%/*}/../../lib/functions.sh" || exit
requires jq
workspace
file package.json '{"name":"app","scripts":{"x":"cat package.json"}}'
capture vt doctor
is "what is expected is there" "$rc $(grep -c MISSING <<<"$out")" "0 0"
for what in vt kernel limits supervisor channel workspace cache disk watching fingerprint store; do
	like "it tells of $what" "$out" "*ok       $what *"
done
like "it names the mechanism in use" "$out" "*watching * by means of *"
like "it says how fast a store answers" "$out" "*store-local (near) answers in *s*"
[ "$(grep -c '' <<<"$out")" -le 40 ]; ok "it is one page" $?
gone "it made nothing" .vt
capture vt doctor --json
is "in JSON" "$(jq -c '[.version,.missing,(.checks|map(.health)|unique|contains(["missing"]))]' <<<"$out")" "[1,0,false]"
with VT_CACHE_DIR="$T/cache" vt run --cache x >/dev/null 2>&1
capture with VT_CACHE_DIR="$T/cache" vt doctor
like "it tells the cache's place and modes" "$out" "*cache       $T/cache: mode 0700, owner $(id -u), *"
chmod 777 "$T/cache"
capture with VT_CACHE_DIR="$T/cache" vt doctor
like "a cache that cannot be used is missing, and it says why" "$rc $(grep MISSING <<<"$out")" "1 MISSING  cache *$T/cache*"
capture with VT_CACHE_DIR=relative vt doctor
like "so is a place that is wrong" "$rc $(grep MISSING <<<"$out")" "1 MISSING  cache *relative*"
capture with XDG_RUNTIME_DIR="$T/nowhere" vt doctor
like "so is the folder of the channel" "$rc $(grep MISSING <<<"$out")" "1 MISSING  channel *$T/nowhere*"
file vite-task.json '{"plugins":{"stores":["store-local","nosuch-store"]}}'
capture vt doctor
like "a store that the configuration names and that is not there" "$rc $(grep MISSING <<<"$out")" "1 MISSING  store       nosuch-store *"
is "the last line counts" "$(tail -n 1 <<<"$out")" "1 thing is missing"
is "in JSON" "$(vt doctor --json | jq .missing)" 1
file vite-task.json '{"plugins":'
capture vt doctor
has "a configuration that cannot be read is told" "$out$err" "cannot be read"
rm vite-task.json
file "$T/home/.config/vt/config.json" '{"plugins":'
capture vt doctor
like "a user's configuration that is wrong is one line of the page" "$rc $(grep MISSING <<<"$out")" "1 MISSING  settings    *config.json*"
has "... and the rest follows" "$out" "cache  "
is "... also in JSON" "$(vt doctor --json | jq -c '[.missing,(.checks|length > 5)]')" '[1,true]'
rm "$T/home/.config/vt/config.json"
(cd / && vt doctor >"$T/out") ; has "it works outside of a workspace" "$(<"$T/out")" "none here"
capture vt doctor x
is "it takes no words" "$rc ${err%%$'\n'*}" "2 error: unexpected argument 'x' found"
mkdir -m 555 "$T/closed"
if [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null; then
	as_somebody
	capture with VT_CACHE_DIR="$T/closed/a/b" vt doctor
	like "a place where no cache can be made is missing" "$rc $(grep MISSING <<<"$out")" "1 MISSING  cache       $T/closed/a/b: not made yet, and cannot be made: $T/closed: Permission denied"
else
	skip "a place where no cache can be made is missing" "setpriv is not installed"
fi
finish
