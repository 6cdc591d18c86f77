# The recipes for GitHub Actions and GitLab CI: parsed by a YAML parser, and their shell lines run: main writes and signs, requests
# read, and results that a stranger signs count for no one.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
requires_npm yaml
PAGE=$abs_top_srcdir/core/package/ci.md
recipe() { NODE_PATH=$NPM node "$abs_top_srcdir/tests/lib/recipe.cjs" "$PAGE" "$@"; }
is "the page has four recipes" "$(grep -c '^```yaml' "$PAGE")" 4
for i in 0 1 2 3; do
	capture recipe $i main VT_TOKEN=tok VT_SIGN_KEY=x
	is "recipe $i: what the service takes" "$rc$err" 0
	has "recipe $i: runs vt" "$out" "vt run-many -r build test"
done
capture recipe 4 main
isnt "the page has no more recipes" "$rc" 0

# the shell lines, with a server that takes PUT with the token alone
if [ -e "$abs_top_builddir/plugins-1/vt-store-http.so" ]; then
	. "$abs_top_srcdir/tests/lib/http.sh"
	nginx_starts cache 'listen @PORT@; location / { set $who "$request_method:$http_authorization"; if ($who !~ "^(GET|HEAD):|:Bearer tok$") { return 403; }
		dav_methods PUT; create_full_put_path on; }' || skip_all "nginx or curl is not installed"
	at=http://127.0.0.1:$port
else
	skip_all "store-http is left out of this build"
fi
key=$(vt cache key new)
public=$(with VT_SIGN_KEY="$key" vt cache key show-public)
shown=$(sed -n 's/^ *VT_PUBLIC: "\(.*\)"/\1/p' "$PAGE" | sort -u)
is "the recipes show one public key" "$(grep -cE '^[0-9a-f]{64}$' <<<"$shown")" 1
stores=$(sed -n '/^The root.s/,/^```$/p' "$PAGE" | sed -n '/^{/p')
has "the page names the store" "$stores" '"use": "store-http"'
sources() {
	workspace "$1"
	file package.json '{"name":"root"}'
	file vite-task.json "${stores%\}}, \"tasks\": {\"build\": {\"command\": \"cp in.txt out.txt; date +%N >>out.txt\", \"input\": [\"in.txt\"], \"output\": [\"out.txt\"]}, \"test\": {\"command\": \"echo \$VT_SIGN_KEY tested\", \"cache\": false}}}"
	file in.txt text
}
mkdir -p "$T/bin"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$VT" >"$T/bin/vt"; printf '#!/bin/sh\nshift; exec "%s" "$@"\n' "$VT" >"$T/bin/npx"; chmod 755 "$T/bin/vt" "$T/bin/npx"
# job NUMBER EVENT [SECRET...]: that recipe's job, here
job() {
	rm -rf "$T/home/.config"
	recipe "$@" | sed "s|https://cache.example|$at|; s|$shown|$public|" >"$T/job"
	with PATH="$T/bin:$PATH" capture _limited 120 sh "$T/job"
}
for i in 0 1; do
	rm -rf "$T/cache/data"; mkdir "$T/cache/data"
	sources "main$i"; job $i main VT_TOKEN=tok VT_SIGN_KEY="$key"
	is "recipe $i: the main branch runs" "$rc$err$(hits)" 00
	is "recipe $i: ... and shows its key to no task" "$(grep -c "$key" <<<"$out")" 0
	ok "recipe $i: ... and sends its results" $(($(nginx_calls cache PUT) == 0))
	is "recipe $i: the configuration is readable by the user alone" "$(stat -c %a "$T/home/.config/vt/config.json")" 600
	made=$(<out.txt)
	sources "request$i"; : >"$T/cache/log"; job $i request
	is "recipe $i: a request hits" "$rc$err$(hits) $(<out.txt)" "01 $made"
	file in.txt changed; job $i request
	is "recipe $i: a task that a request changes runs" "$rc$err$(hits)" 00
	is "recipe $i: ... and is not sent" "$(nginx_calls cache PUT)" 0
	sources "bad$i"; file in.txt bad; job $i main VT_TOKEN=tok VT_SIGN_KEY="$(vt cache key new)"
	is "recipe $i: a stranger signs with another key" "$rc$err" 0
	sources "good$i"; file in.txt bad; job $i request
	is "recipe $i: ... which is a hit for no one" "$rc$(hits)" 00
done

# the alternative: .vt comes and goes as a tar
for i in 2 3; do
	sources "first$i"; echo '{"tasks": {"build": {"command": "cp in.txt out.txt; date +%N >>out.txt", "input": ["in.txt"], "output": ["out.txt"]}, "test": {"command": "echo tested", "cache": false}}}' >vite-task.json
	job $i main
	is "recipe $i: the first job runs" "$rc$err$(hits)" 00
	made=$(<out.txt)
	tar cf "$T/vt.tar" .vt && sources "second$i" && cp "$T/first$i/vite-task.json" . && tar xf "$T/vt.tar"
	job $i request
	is "recipe $i: the next one hits" "$rc$err$(hits) $(<out.txt)" "01 $made"
done
finish
