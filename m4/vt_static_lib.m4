# VT_STATIC_LIB(VARIABLE, NAME, ARCHIVES, FUNCTION, [HOW])
#
# With --enable-static-libs: replaces -lNAME in VARIABLE_LIBS by the first of ARCHIVES (file
# names) from which FUNCTION can be linked into a program, or with the flags HOW into what
# they make. Else, and where there is no such archive, VARIABLE_LIBS stays as it is.
AC_DEFUN([VT_STATIC_LIB], [
AS_IF([test "$enable_static_libs" = yes], [
  AC_MSG_CHECKING([for a static lib$2])
  vt_save_LIBS=$LIBS vt_save_LDFLAGS=$LDFLAGS vt_archive=no
  for vt_a in $3; do
    vt_libs=`AS_ECHO([" $$1_LIBS "]) | sed "s/ -l$2 / -l:$vt_a /"`
    LIBS="$vt_libs $vt_save_LIBS" LDFLAGS="$vt_save_LDFLAGS $5"
    AC_LINK_IFELSE([AC_LANG_CALL([], [$4])], [vt_archive=$vt_a; $1_LIBS=$vt_libs; break])
  done
  LIBS=$vt_save_LIBS LDFLAGS=$vt_save_LDFLAGS
  AC_MSG_RESULT([$vt_archive])
])])
