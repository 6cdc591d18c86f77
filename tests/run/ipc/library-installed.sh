# libvt-client as an installed library: header, library, pkg-config file.
. "${0%/*}/../../lib/functions.sh" || exit
H=$abs_top_srcdir/plugin-api/client L=$abs_top_builddir/plugin-api/client/.libs
[ -f "$L/libvt-client.so" ] || skip_all "the library is not built"
cd "$T" || exit 99
CC=${CC:-cc}
cat >tool.c <<'C'
#include <stdio.h>
#include <vt-client.h>

static int print(void *ctx, const char *name, const char *value, size_t size)
{
	(void)ctx;
	printf("%s=%.*s\n", name, (int)size, value);
	return 0;
}

int main(void)
{
	vt_client *c = NULL;
	char *value = NULL;
	int r = vt_client_open(NULL, 0, &c);

	if (r != VT_CLIENT_OK)
		return r == VT_CLIENT_NONE ? 10 : 11;
	if (vt_client_get_env(c, "MODE", 1, &value, NULL) == VT_CLIENT_OK)
		puts(value);
	vt_client_free(value);
	r = vt_client_get_envs(c, VT_CLIENT_PREFIX, "V_", 1, print, NULL);
	if (r == 0)
		r = vt_client_ignore_input(c, "x");
	if (r == 0)
		r = vt_client_ignore_output(c, "y");
	if (r == 0)
		r = vt_client_disable_cache(c);
	if (r == 0)
		r = vt_client_sync(c);
	puts(vt_client_words(r));
	vt_client_close(c);
	return -r;
}
C
$CC -std=c99 -Wall -Wextra -pedantic -Werror -I"$H" tool.c -o tool -L"$L" -lvt-client 2>cc.log; ok "the header is C99, and pedantic compilers accept it" $? || sed 's/^/# /' cc.log
if command -v c++ >/dev/null; then
	c++ -x c++ -std=c++11 -Wall -Wextra -pedantic -Werror -I"$H" tool.c -o tool++ -L"$L" -lvt-client 2>cc.log; ok "the header is C++11, too" $? || sed 's/^/# /' cc.log
else
	skip "C++11 too" "no c++"
fi
ldd_tool() { base_env LD_LIBRARY_PATH="$L" "$@"; }
ldd_tool ./tool
is "outside of a task: the library says so" $? 10
capture ldd_tool env MODE=fast V_B=2 V_A=1 "$abs_top_builddir/tests/run/ipc/serve" -r report env LD_LIBRARY_PATH="$L" ./tool
is "inside a task: the library asks" "$out $rc" $'fast\nV_A=1\nV_B=2\ndone 0'
is "... and the runner hears it" "$(grep -v ^MS report)" "ENV MODE
PREFIX V_
INPUT $T/x
OUTPUT $T/y
OPTED-OUT
EXIT 0"
is "the library needs libc alone" "$(readelf -d "$L/libvt-client.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc\.|lib[atu]san|libubsan)')" ""
if command -v pkg-config >/dev/null; then
	is "pkg-config finds it" "$(PKG_CONFIG_PATH=$abs_top_builddir/plugin-api/client pkg-config --libs-only-l vt-client | tr -d ' ')" -lvt-client
fi
finish
