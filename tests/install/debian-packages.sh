# Debian's packages pass lintian, and vt from them works in a fresh Debian for an ordinary user.
. "${0%/*}/../lib/functions.sh" || exit
. "${0%/*}/../lib/installed.sh"
packed deb
DEBS=$abs_top_builddir/package/deb
want="libvt-client0 vt vt-dev vt-plugin-git"
for p in http redis; do [ ! -d "$abs_top_srcdir/plugins/store-$p" ] || want="$want vt-plugin-$p"; done
is "the packages" "$(cd "$DEBS" && ls ./*.deb | sed 's,^\./,,; s/_.*//' | grep -v dbgsym | sort | paste -sd' ')" "$(printf '%s\n' $want | sort | paste -sd' ')"
printf '# %s\n' "$(cd "$DEBS" && ls -l ./*.deb | grep -v dbgsym | awk '{ print $9, int($5 / 1024) " KiB" }' | paste -sd,)"
if [ -e "$DEBS/lintian.log" ]; then is "lintian finds no error" "$(grep '^E:' "$DEBS/lintian.log")" ""; else skip "lintian finds no error" "lintian is not installed"; fi

fresh() {
	[ "$(id -u)" = 0 ] || { echo "a fresh Debian is made by root alone"; return 1; }
	command -v debootstrap >/dev/null || { echo "debootstrap is not installed"; return 1; }
	code=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	mirror=$(apt-get indextargets --format '$(CREATED_BY) $(CODENAME) $(REPO_URI)' 2>/dev/null | awk -v c="$code" '$1 == "Packages" && $2 == c { print $3; exit }')
	[ -n "$mirror" ] || { echo "apt knows no mirror of $code (apt-get update?)"; return 1; }
	debootstrap --variant=minbase "$code" "$T/debian" "$mirror" >"$T/debootstrap.log" 2>&1 || { echo "debootstrap cannot make one here"; return 1; }
	for f in resolv.conf hosts; do [ ! -f /etc/$f ] || cp /etc/$f "$T/debian/etc/$f"; done
	mkdir "$T/debian/debs"
	cp "$DEBS"/*.deb "$T/debian/debs"
	rm -f "$T/debian/debs/"*dbgsym*
	inside sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends /debs/*.deb' >"$T/apt.log" 2>&1 || { tail -n 5 "$T/apt.log" >&2; echo "apt-get cannot install them"; return 2; }
}
inside() { unshare -m sh -c 'mount --bind /proc "$1/proc" || exit; shift; exec chroot "$@"' sh "$T/debian" ${user:+--userspec=$user} "$T/debian" \
	/usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive HOME=/home/somebody TMPDIR=/tmp "$@"; }
why=$(fresh); rc=$?
if [ $rc = 0 ]; then
	cd "$T/debian/home" || exit 99
	mkdir somebody
	file somebody/w/package.json '{"name":"app"}'
	file somebody/w/vite-task.json '{"tasks":{"show":{"command":"cp in out","output":["out"]}}}'
	file somebody/w/in one
	chown -R 1234:1234 somebody
	user=1234:1234
	capture inside sh -c 'cd /home/somebody/w && vt run show && rm out && vt run show && cat out'
	is "a task runs" "$rc$err" 0
	has "its result is found again" "$out" "cache hit"
	is "what it made is put back" "${out##*$'\n'}" one
	capture inside sh -c 'cd /home/somebody/w && vt plugins list'
	is "all plugins are found" "$(printf '%s\n' "$out" | grep -c ' system *\(ready\|disabled\)')" "$(ls -d "$abs_top_srcdir"/plugins/*/ | wc -l)"
	user=
	there "the manual is there" "$T/debian/usr/share/man/man1/vt.1.gz"
	capture inside apt-get remove -y -qq vt
	is "without vt the plugins go" "$(ls -d "$T"/debian/usr/lib/*/vt "$T/debian/usr/libexec/vt" 2>/dev/null)" ""
elif [ $rc = 1 ]; then
	skip "vt works in a fresh Debian" "$why"
else
	ok "$why" 1
fi
finish
