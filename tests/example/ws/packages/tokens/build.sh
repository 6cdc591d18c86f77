# Colours as a JavaScript module and as a C header.
mkdir -p dist
awk '{ printf "export const %s = \"%s\";\n", $1, $2 }' src/tokens.txt >dist/tokens.js
awk '{ printf "#define TOKEN_%s \"%s\"\n", toupper($1), $2 }' src/tokens.txt >dist/tokens.h
echo "tokens: $(wc -l <src/tokens.txt) colours"
