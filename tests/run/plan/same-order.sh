# The order of packages is the one that npm, pnpm and yarn 4 themselves have, in random workspaces.
# ORDERS: how many for each (make check-order: 30); ORDER_SEED: those of an earlier run again.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/managers.sh"
requires node
n=${ORDERS:-4} seed=${ORDER_SEED:-$(date +%s)}
script=$abs_top_srcdir/tests/run/plan/same-order.cjs
echo "# seed $seed, $n workspaces for each manager"

# one MANAGER: what it and vt do in the current folder
one() {
	case $1 in
	npm) manager npm install --ignore-scripts >install.log 2>&1 && manager npm query .workspace >edges.json ;;
	pnpm) manager pnpm -r --workspace-concurrency=1 run order >order ;;
	yarn) manager yarn install >install.log 2>&1 && manager yarn workspaces foreach -A --topological-dev run order >order ;;
	esac || { cat install.log order 2>/dev/null; return 1; }
	vt run --json >vt.json && vt run -r --concurrency-limit 1 order >vt.order
}
for m in pnpm npm yarn; do
	has_manager $m || { skip "as $m" "$m is not installed (./bootstrap check installs pnpm and yarn)"; continue; }
	mkdir "$T/$m" && cd "$T/$m" || exit 99
	node "$script" make $m "$n" "$seed" || exit 99
	for ((k = 1; k <= n; k++)); do
		(cd $k && one $m >"$T/$m/$k.log" 2>&1) || { ok "$m and vt run in workspace $k" 1; sed 's/^/# /' $k.log; }
	done
	is "$n workspaces of $m $(manager $m --version 2>/dev/null | tail -1): the same order" "$(node "$script" compare $m "$n" 2>"$T/edges")" ""
	echo "# $(tail -1 "$T/edges") edges compared"
done
finish
