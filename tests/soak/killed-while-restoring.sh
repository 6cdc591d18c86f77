# The program is killed while it puts outputs back: the next run has all of them right.
. "${0%/*}/soak.sh" || exit
campaign 12 500 "after a kill the outputs are what the task would have made"
