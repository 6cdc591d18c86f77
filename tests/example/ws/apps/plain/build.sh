# Where there is no Node: a page printed by a program.
mkdir -p dist
${CC:-cc} -I../../packages/tokens/dist -o dist/web src/main.c
./dist/web >dist/index.html
echo "web: $(wc -c <dist/index.html) bytes"
