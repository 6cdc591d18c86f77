# The module with the default colour of tokens built in.
mkdir -p dist
accent=$(sed -n 's/.*accent = "\(.*\)";/\1/p' ../tokens/dist/tokens.js)
{ cat src/shapes.js; echo "export const dot = circle(\"$accent\", 8);"; } >dist/shapes.js
echo "shapes: dot in $accent"
