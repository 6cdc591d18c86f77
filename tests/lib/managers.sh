# Sourced after functions.sh by tests that compare vt with npm, pnpm and yarn 4 themselves:
#
#   manager npm install ...        # the real one, without network, in the clean environment
#   has_manager pnpm || skip ...
#
# npm is the machine's; pnpm and yarn come from npm, at the versions that bootstrap names.
PNPM=$NPM/pnpm/bin/pnpm.cjs
YARN=$NPM/@yarnpkg/cli-dist/bin/yarn.js

has_manager() {
	type -P node >/dev/null || return 1
	case $1 in npm) type -P npm >/dev/null ;; pnpm) [ -e "$PNPM" ] ;; yarn) [ -e "$YARN" ] ;; *) false ;; esac
}
manager() {
	local name=$1; shift
	case $name in
	npm) _limited 300 npm_config_offline=true npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm "$@" ;;
	pnpm) _limited 300 npm_config_offline=true npm_config_store_dir="$T/pnpm-store" npm_config_update_notifier=false npm_config_manage_package_manager_versions=false node "$PNPM" "$@" ;;
	yarn) _limited 300 YARN_ENABLE_NETWORK=false YARN_ENABLE_TELEMETRY=false YARN_ENABLE_GLOBAL_CACHE=false YARN_NODE_LINKER=node-modules \
		YARN_ENABLE_COLORS=false YARN_ENABLE_IMMUTABLE_INSTALLS=false node "$YARN" "$@" ;;
	esac
}
