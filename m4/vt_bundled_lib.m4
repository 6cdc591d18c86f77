# VT_BUNDLED_LIB(VARIABLE, MODULE, FUNCTION, [PLUGIN])
#
# With --enable-bundled: VARIABLE_LIBS names the archive of each library that pkg-config's
# MODULE needs, but those of libc. Stops where FUNCTION cannot be linked from them: into a
# program, or for PLUGIN into a shared object.
AC_DEFUN([VT_BUNDLED_LIB], [
AS_IF([test "$enable_bundled" = yes], [
  AC_MSG_CHECKING([for the archives of $2])
  vt_libs=
  for vt_l in `$PKG_CONFIG --static --libs $2`; do
    AS_CASE([$vt_l],
      [-lc|-lm|-ldl|-lpthread|-lrt|-pthread], [],
      [-luv], [vt_l=-l:libuv.a
        AS_IF([test -f "`$CC -print-file-name=libuv_a.a`"], [vt_l=-l:libuv_a.a])],
      [-l:*], [],
      [-l*], [vt_l=`AS_ECHO(["$vt_l"]) | sed 's/^-l\(.*\)/-l:lib\1.a/'`])
    vt_libs="$vt_libs $vt_l"
  done
  vt_save_LIBS=$LIBS vt_save_LDFLAGS=$LDFLAGS
  LIBS="$vt_libs $LIBS"
  m4_ifnblank([$4], [LDFLAGS="$LDFLAGS -shared -fPIC -Wl,-z,text,-z,defs,--version-script=$srcdir/plugin-api/vt-plugin.map"])
  AC_LINK_IFELSE([AC_LANG_CALL([], [$3])], [$1_LIBS=$vt_libs],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([--enable-bundled: there are no archives of $2 that can be linked in ($vt_libs)])])
  LIBS=$vt_save_LIBS LDFLAGS=$vt_save_LDFLAGS
  AC_MSG_RESULT([$vt_libs])
])])
