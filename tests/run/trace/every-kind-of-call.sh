# Each way to name a file is seen, and works as the kernel promises.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"

workspace
mkdir -p folder/deep
touch by-openat2 by-statx folder/inside by-dots folder/deep/file
ln -s target folder/link
traced "$CASE" calls
well "calls"
was "openat2: read" READ by-openat2
was "statx, faccessat2, eaccess: looked for" PROBE by-statx missing-faccessat2 missing-eaccess folder folder/link
was "a listing: listed" LIST folder
was "names with dots and slashes: read" READ folder/inside by-dots folder/deep/file
like "mkstemp: a file made and removed" "$seen" "*WRITE	l	mkstemp-*WRITE	rl	mkstemp-*"
was "the working directory: looked for" PROBE .

workspace
touch by-openat2 by-statx by-dots
traced "$CASE" descriptors
well "descriptors"
was "names below /proc/self/fd: read" READ by-openat2 by-statx by-dots
was "an unnamed file that gets a name: written" WRITE linked

workspace
touch by-thread by-child by-task
traced "$CASE" others
well "descriptors of other processes"
was "a descriptor of a thread, a child or the task: leads to its file" READ by-thread by-child by-task

workspace
touch by-dots
traced "$CASE" own-root
has "a root of its own: the trace is incomplete" "$end" "opened a file below a root of its own"

workspace
touch edge across 'a
new\line' $'not-utf8-\xff\xfe' long by-dots
traced "$CASE" paths
well "hard paths"
was "a name at the end of a page, and across two: read" READ edge across
was "a name with newline and backslash: read" READ 'a\012new\134line'
was "a name that is no text: read" READ $'not-utf8-\xff\xfe'
was "a name of 4095 bytes: read" READ long

workspace
touch spawned before-exec vforked by-system by-clone3 interpreted
echo x >by-popen
printf '#!/bin/cat\nx\n' >script
chmod +x script
traced "$CASE" children
well "children"
was "children, however they are started: read" READ spawned before-exec vforked by-system by-popen by-clone3 script
was "programs: executed" EXEC /bin/cat script
like "the loader that the kernel opens: read" "$seen" "*EXEC	-	/lib*/ld-linux*"
like "a library: read" "$seen" "*EXEC	-	*/libc.so.6*"

workspace
touch there-rdonly there-rdwr there-append there-excl
traced "$CASE" making
well "making"
is "opened for both, absent before: made" "$(ops made-rdwr)" "PROBE WRITE READ RENAME RENAME"
is "opened for both, there before: read and written" "$(ops there-rdwr)" "READ WRITE"
is "opened for reading and made: absent before" "$(ops made-rdonly)" "PROBE WRITE READ"
is "opened for reading and made, there before: read" "$(ops there-rdonly)" "READ"
is "opened for appending, absent before: made" "$(ops made-append)" "PROBE WRITE READ RENAME RENAME"
is "opened for appending, there before: written" "$(ops there-append)" "READ WRITE"
is "opened exclusively, absent before: made" "$(ops made-excl)" "PROBE WRITE"
is "opened exclusively, there before: only looked at" "$(ops there-excl)" "PROBE"
is "truncated: not read" "$(ops trunc)" "WRITE"
is "made, removed and made again: all of it is in the trace" "$(ops again)" "PROBE WRITE WRITE- WRITE WRITE- WRITE WRITE- WRITE RENAME"
is "a link: made" "$(ops made-link)" "PROBE WRITE"
is "a directory: made" "$(ops made-dir)" "WRITE WRITE- WRITE WRITE-"

workspace
mkdir -p folder; touch file folder/inside; ln -s loop loop; ln -s file link
"$CASE" promises; is "untraced: the kernel answers the same" "$?" 0
rm -f made
traced "$CASE" promises
well "each error, mode and flag as without a tracer"

workspace
touch by-dots
traced "$CASE" closes-all
well "a program that closes all descriptors"
was "... and opens a file: read" READ by-dots
finish
