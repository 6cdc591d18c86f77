# The example of the README: first run misses, second hits, an edit is one miss with
# its reason (and what depends on it), lost outputs are restored on the next hit.
. "${0%/*}/../lib/functions.sh" || exit
sh "$abs_top_srcdir/tests/example/setup.sh" "$T/w" "$NPM"
cd "$T/w" || exit 99
app=$(basename apps/*)
capture vt run -r build
is "the first run succeeds" "$rc" 0
hasnt "it replays nothing" "$out" "cache hit, replaying"
has "it counts no hit" "$out" "vt run: 0/3 cache hit (0%)."
order=$(steps | sed 's/\$.*//' | tr '\n' ' ')
is "in order of the dependencies" "$order" "~/packages/tokens ~/packages/shapes ~/apps/$app "
there "the app is built" "apps/$app/dist/index.html"
first=$(cd apps/$app/dist && find . -type f -exec cksum {} + | sort)
inode=$(stat -c '%i %Y' apps/$app/dist/index.html)

capture vt run -r build
is "the second run succeeds" "$rc" 0
like "it hits everywhere" "$out" "*vt run: 3/3 cache hit (100%)*"
is "what is in place is not touched" "$(stat -c '%i %Y' apps/$app/dist/index.html)" "$inode"

leaf=$(ls apps/$app/src/main.*)
echo '/* edited */' >>"$leaf"
capture vt run -r build
has "an edit is one miss" "$out" "2/3 cache hit (66%)"
has "with its reason" "$out" "○ cache miss: '$leaf' modified, executing"
sed -i '/edited/d' "$leaf"

echo '// a comment, so that only shapes is built anew' >>packages/shapes/src/shapes.js
capture vt run -r build
has "the edit is the reason" "$out" "○ cache miss: 'packages/shapes/src/shapes.js' modified, executing"
has "what it does not reach is a hit" "$out" '~/packages/tokens$ sh build.sh ◉ cache hit, replaying'
has "what depends on it follows" "$out" "○ cache miss: 'packages/shapes/dist/shapes.js' modified, executing"
sed -i '/a comment, so that/d' packages/shapes/src/shapes.js
capture vt run -r build
like "the edit taken back is a hit again" "$out" "*3/3 cache hit*"
rm -rf packages/*/dist apps/*/dist
capture vt run -r build
like "with all outputs gone it is still a hit" "$out" "*3/3 cache hit*"
is "and they are back, byte for byte" "$(cd apps/$app/dist && find . -type f -exec cksum {} + | sort)" "$first"
finish
