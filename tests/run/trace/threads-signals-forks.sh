# Threads, signals and forks while everything is traced: no deadlock, nothing lost.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"

workspace
touch in-a-handler forked
traced "$CASE" stress
well "4 threads, an alarm each 200 us, 100 forks"
is "threads and forks: all 1200 files are in the trace" "$(printf '%s\n' "$seen" | cut -f 3 | grep '^many-' | sort -u | wc -l)" 1200
was "opened in a signal handler, in forks" READ in-a-handler forked

workspace
for i in 0 1 2 3; do mkdir dir$i; touch dir$i/only-here; done
traced "$CASE" folders
well "threads that each have their own working directory"
was "each file is told by its own directory" READ dir0/only-here dir1/only-here dir2/only-here dir3/only-here
wasnt "... and no name is made up" READ only-here

for i in 0 1 2 3; do touch dir$i/mine-$i; done
traced "$CASE" tables
well "threads that each have their own descriptors"
was "one number is another directory for each thread" READ dir0/mine-0 dir1/mine-1 dir2/mine-2 dir3/mine-3
is "threads with descriptors of their own: no read is told twice" "$(printf '%s\n' "$seen" | grep -c mine-)" 4

workspace
touch here
for i in $(seq 0 11); do mkdir -p dir$((i % 4)); touch dir$((i % 4))/file-$i dir$((i % 4))/only-here; done
traced "$CASE" one-number
well "one number that is many directories after each other"
is "one number for many directories: each file is told in its own" "$(printf '%s\n' "$seen" | grep -o '^READ.*file-.*' | sed 's/.*dir\(.\).file-\(.*\)/\1 \2/' | awk '$1 == $2 % 4' | wc -l)" 12
is "... and in no other" "$(printf '%s\n' "$seen" | grep -c file-)" 12
was "fchdir is followed" READ dir0/only-here dir1/only-here dir2/only-here dir3/only-here
traced "$CASE" thread-execs
well "a thread that starts a program takes the first one's number"
was "... and keeps its own working directory" READ dir1/only-here dir1/file-1
wasnt "... and does not get the first one's" READ only-here file-1

workspace
for d in 0 1 2 3 4 5 6 7; do mkdir -p tree/d$d; for i in $(seq 60); do echo x >tree/d$d/f$i; done; done
traced "$CASE" storm
well "16 threads walk a tree while SIGURG rains"
is "signals and forks: all 480 files are in the trace" "$(printf '%s\n' "$seen" | grep -c '^READ	[^	]*	tree/d./f')" 480
finish
