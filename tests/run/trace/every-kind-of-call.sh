# Each way to name a file is seen, and works as the kernel promises.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"

workspace
mkdir -p folder/deep
touch by-openat2 by-statx folder/inside by-dots folder/deep/file
ln -s target folder/link
traced "$CASE" calls
well "calls"
was "openat2 reads" READ by-openat2
was "probes" PROBE by-statx missing-faccessat2 missing-eaccess folder folder/link
was "a listing" LIST folder
was "names through a directory, dots and slashes" READ folder/inside by-dots folder/deep/file
like "mkstemp makes and removes" "$seen" "*WRITE	l	mkstemp-*WRITE	rl	mkstemp-*"
was "the working directory was looked at" PROBE .

workspace
touch by-openat2 by-statx by-dots
traced "$CASE" descriptors
well "descriptors"
was "a descriptor's name leads to its file" READ by-openat2 by-statx by-dots
was "an unnamed file gets a name" WRITE linked

workspace
touch by-thread by-child by-task
traced "$CASE" others
well "what others have open"
was "it leads to its file, too" READ by-thread by-child by-task

workspace
touch by-dots
traced "$CASE" own-root
has "below a root of its own: incomplete" "$end" "opened a file below a root of its own"

workspace
touch edge across 'a
new\line' $'not-utf8-\xff\xfe' long by-dots
traced "$CASE" paths
well "hard paths"
was "at the end of a page, and across two" READ edge across
was "newline and backslash" READ 'a\012new\134line'
was "bytes that are no text" READ $'not-utf8-\xff\xfe'
was "4095 bytes" READ long

workspace
touch spawned before-exec vforked by-system by-clone3 interpreted
echo x >by-popen
printf '#!/bin/cat\nx\n' >script
chmod +x script
traced "$CASE" children
well "children"
was "however they were started" READ spawned before-exec vforked by-system by-popen by-clone3 script
was "programs" EXEC /bin/cat script
like "the loader that the kernel opens" "$seen" "*EXEC	-	/lib*/ld-linux*"
like "a library" "$seen" "*EXEC	-	*/libc.so.6*"

workspace
touch there-rdonly there-rdwr there-append there-excl
traced "$CASE" making
well "making"
is "made by opening for both" "$(ops made-rdwr)" "PROBE WRITE READ RENAME RENAME"
is "there before: read and written" "$(ops there-rdwr)" "READ WRITE"
is "made by opening for reading" "$(ops made-rdonly)" "PROBE WRITE READ"
is "there before: read" "$(ops there-rdonly)" "READ"
is "made by appending" "$(ops made-append)" "PROBE WRITE READ RENAME RENAME"
is "appended to" "$(ops there-append)" "READ WRITE"
is "exclusive, made" "$(ops made-excl)" "PROBE WRITE"
is "exclusive, in the way: only looked at" "$(ops there-excl)" "PROBE"
is "truncated: not read" "$(ops trunc)" "WRITE"
is "made, removed, made again: all is told" "$(ops again)" "WRITE WRITE- WRITE WRITE- WRITE WRITE- WRITE RENAME"
is "a link" "$(ops made-link)" "PROBE WRITE"
is "a directory" "$(ops made-dir)" "WRITE WRITE- WRITE WRITE-"

workspace
mkdir -p folder; touch file folder/inside; ln -s loop loop; ln -s file link
"$CASE" promises; is "what the kernel answers, untraced" "$?" 0
rm -f made
traced "$CASE" promises
well "each error, mode and flag as without a tracer"

workspace
touch by-dots
traced "$CASE" closes-all
well "a program that closes all descriptors"
was "and opens another" READ by-dots
finish
