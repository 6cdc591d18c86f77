# vt doctor tells on one page which parts work on this machine, and ends with 1 if one is missing.
. "${0%/*}/../../lib/functions.sh" || exit
requires jq
workspace
file package.json '{"name":"app","scripts":{"x":"cat package.json"}}'
capture vt doctor
is "all that is expected is there: exit 0" "$rc $(grep -c MISSING <<<"$out")" "0 0"
for what in vt kernel limits supervisor channel workspace cache disk watching fingerprint store; do
	like "a line for $what" "$out" "*ok       $what *"
done
like "the mechanism in use is named" "$out" "*watching * by means of *"
like "a store has the time of its answer" "$out" "*store-local (near) answers in *s*"
[ "$(grep -c '' <<<"$out")" -le 40 ]; ok "the page has at most one screen" $?
gone "no file is made" .vt
capture vt doctor --json
is "--json" "$(jq -c '[.version,.missing,(.checks|map(.health)|unique|contains(["missing"]))]' <<<"$out")" "[1,0,false]"
with VT_CACHE_DIR="$T/cache" vt run --cache x >/dev/null 2>&1
capture with VT_CACHE_DIR="$T/cache" vt doctor
like "the cache's place and modes are told" "$out" "*cache       $T/cache: mode 0700, owner $(id -u), *"
chmod 777 "$T/cache"
capture with VT_CACHE_DIR="$T/cache" vt doctor
like "a cache that cannot be used: missing, with the reason" "$rc $(grep MISSING <<<"$out")" "1 MISSING  cache *$T/cache*"
capture with VT_CACHE_DIR=relative vt doctor
like "a wrong place of the cache: missing" "$rc $(grep MISSING <<<"$out")" "1 MISSING  cache *relative*"
capture with XDG_RUNTIME_DIR="$T/nowhere" vt doctor
like "a folder of the channel that cannot be used: missing" "$rc $(grep MISSING <<<"$out")" "1 MISSING  channel *$T/nowhere*"
file vite-task.json '{"plugins":{"stores":["store-local","nosuch-store"]}}'
capture vt doctor
like "a configured store that is not there: missing" "$rc $(grep MISSING <<<"$out")" "1 MISSING  store       nosuch-store *"
is "... the last line counts it" "$(tail -n 1 <<<"$out")" "1 thing is missing"
is "... --json counts it, too" "$(vt doctor --json | jq .missing)" 1
file vite-task.json '{"plugins":'
capture vt doctor
has "a configuration that cannot be read: told" "$out$err" "cannot be read"
rm vite-task.json
file "$T/home/.config/vt/config.json" '{"plugins":'
capture vt doctor
like "a user's configuration that is wrong: one line of the page" "$rc $(grep MISSING <<<"$out")" "1 MISSING  settings    *config.json*"
has "... and the other lines follow" "$out" "cache  "
is "... --json, too" "$(vt doctor --json | jq -c '[.missing,(.checks|length > 5)]')" '[1,true]'
rm "$T/home/.config/vt/config.json"
(cd / && vt doctor >"$T/out") ; has "outside of a workspace: works" "$(<"$T/out")" "none here"
capture vt doctor x
is "a word: an error" "$rc ${err%%$'\n'*}" "2 error: unexpected argument 'x' found"
mkdir -m 555 "$T/closed"
if [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null; then
	as_somebody
	capture with VT_CACHE_DIR="$T/closed/a/b" vt doctor
	like "a place where no cache can be made: missing" "$rc $(grep MISSING <<<"$out")" "1 MISSING  cache       $T/closed/a/b: not made yet, and cannot be made: $T/closed: Permission denied"
else
	skip "a place where no cache can be made is missing" "setpriv is not installed"
fi
finish
