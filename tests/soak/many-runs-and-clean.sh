# Twenty runs at once on one cache, which is removed again and again: each result follows from its input.
. "${0%/*}/soak.sh" || exit
campaign 60 2000 "no run fails, warns or tells another content"
