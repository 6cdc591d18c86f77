# A process that has called exit is there until the kernel has taken down its memory. vt looks then at what it touched: what
# others write meanwhile is not taken for the task's, and how the task ended counts.
. "${0%/*}/../../lib/functions.sh" || exit
requires "$CC"
[ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 2000000 ] || skip_all "it needs 2 GiB of free memory"
mkdir "$T/bin" && export PATH=$T/bin:$PATH
# large FILE CODE: writes what is in `in` to `out`, looks at many files, fills memory, and exits; its number goes to FILE
cat >"$T/large.c" <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	size_t size = (size_t)768 << 20;
	char text[4096], *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int in = open("in", O_RDONLY), out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0644), i;
	ssize_t n = read(in, text, sizeof text);
	struct stat st;
	FILE *f;

	if (argc < 3 || memory == MAP_FAILED || n < 0 || write(out, text, n) != n || write(1, text, n) != n)
		return 99;
	for (i = 0; i < 700; i++) {
		snprintf(text, sizeof text, "many/f%d", i);
		stat(text, &st);
	}
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);
	f = fopen(argv[1], "w");
	fprintf(f, "%d\n", getpid());
	fclose(f);
	_exit(atoi(argv[2]));
}
C
# between FILE COMMAND: waits until the process whose number is in FILE has no memory and is no zombie yet; then it runs COMMAND,
# a moment later than vt hears of it. 3: it was a zombie before that was seen
cat >"$T/between.c" <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int first_of(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	return n;
}
int main(int argc, char **argv)
{
	char text[512], maps[64], stat[64], *end;
	int pid = 0, i;

	for (i = 0; i < 60000 && !pid; i++) {
		pid = first_of(argv[1], text, sizeof text) > 0 && strchr(text, '\n') ? atoi(text) : 0;
		if (!pid)
			usleep(1000);
	}
	snprintf(maps, sizeof maps, "/proc/%d/maps", pid);
	snprintf(stat, sizeof stat, "/proc/%d/stat", pid);
	while (argc == 3 && pid && first_of(maps, text, sizeof text) > 0)
		usleep(300);
	if (first_of(stat, text, sizeof text) <= 0 || !(end = strrchr(text, ')')) || end[2] == 'Z' || end[2] == 'X')
		return 3;
	usleep(2000);
	return system(argv[2]) == 0 ? 0 : 4;
}
C
"$CC" -O1 -w -o "$T/bin/large" "$T/large.c" && "$CC" -O1 -w -o "$T/between" "$T/between.c" || skip_all "$CC makes no programs here"
workspace
file package.json '{"name":"r"}'
mkdir many; for i in {0..499}; do echo $i >many/f$i; done
echo first >in
file vite-task.json '{"tasks":{"t":{"command":"large '"$T"'/number 0"},"fails":{"command":"large '"$T"'/number 3"}}}'
# while_it_ends COMMAND TASK: runs the task; COMMAND runs when it has called exit and its memory is being taken down. 1: that was
# missed, and it ran behind the run
while_it_ends() {
	local watcher
	rm -f "$T/number"
	"$T/between" "$T/number" "$1" & watcher=$!
	capture vt run "$2"
	wait $watcher || { eval "$1"; return 1; }
}
status() { case $(steps) in *" cache hit"*) echo hit ;; *" cache miss"*) echo miss ;; *) echo none ;; esac; }

while_it_ends true t
is "it ends: kept" "$rc $(<out)" "0 first"
capture vt run t
is "... and a hit" "$rc $(status)" "0 hit"
seen=0
for i in {1..4}; do
	echo "before $i" >in
	while_it_ends "echo 'after $i' >in" t && seen=$((seen + 1))
	is "an input is changed while it ends ($i): what it had read is what it wrote" "$rc $(<out)" "0 before $i"
	capture vt run t
	is "... the change counts" "$rc $(status) $(<out)" "0 miss after $i"
	echo "before $i" >in
	capture vt run t
	is "... the first content again: as a fresh run" "$rc $(<out)" "0 before $i"
done
# vt hears of it when it gets a processor: on a busy machine the other program may come first, and cannot be told from the task
noticed=0 story="a product is overwritten while it ends: that is no hit"
for i in {1..6}; do
	echo "new $i" >in
	while_it_ends "echo 'of somebody else' >out" t && seen=$((seen + 1))
	capture vt run t
	[ "$rc $(status) $(<out)" = "0 miss new $i" ] && noticed=$((noticed + 1))
done
if printf '6.11\n%s\n' "$(uname -r)" | sort -VC; then ok "$story ($noticed of 6)" $((noticed == 0))
else skip "$story" "before Linux 6.11 the kernel tells of it too late"; fi
for i in {1..3}; do
	echo "third $i" >in
	while_it_ends "echo x >many/f600" t && seen=$((seen + 1))
	capture vt run t
	is "a file that it had looked for in vain comes while it ends ($i): that counts" "$rc $(status)" "0 miss"
	rm many/f600
done
if [ $seen -gt 0 ]; then ok "the moment was met ($seen of 13)" 0; else skip "the moment was met" "its memory was gone before anybody saw it"; fi
echo failing >in
while_it_ends true fails
is "it fails" "$rc $(<out)" "3 failing"
capture vt run fails
is "... it is run again" "$rc $(status)" "3 none"
for i in {1..3}; do
	echo "last $i" >in
	rm -f "$T/number"
	base_env "$VT" run t </dev/null >"$T/out" 2>"$T/err" & runner=$!      # limit(1) becomes vt: this is its number
	"$T/between" "$T/number" "kill -TERM $runner"
	wait $runner
	like "SIGTERM while it ends ($i): vt ends" $? "@(0|143)"
	capture vt run t
	is "... and the next run is right" "$rc $(<out)" "0 last $i"
done
finish
