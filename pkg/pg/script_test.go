package pg

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what the scripts in testdata expect")

// TestScripts plays every script in testdata. A script is a lesson: commands, each followed by what must come of it,
// indented by a tab; lines that begin with # are for the reader.
//
// Several machines of one PG (1.0) run, one on each OSD, with stores in memory, a network and a monitor that
// the script moves. After each command all messages are delivered and all transactions made durable until nothing
// happens any more, except what is held, cut or stopped; no time passes but by "wait". What is printed: answers to
// clients, warnings, and at the end the state of every machine that has another one than after the last command.
//
//	cluster N [size=3] [min=2] [raw=0,1,2] [log=1000] [lease=800ms] [batch=32] [push=BYTES] [scrub=24h] [deep=168h]
//	                     begins (anew): N OSDs, all up; the PG is on those of raw. log is how many entries are kept
//
// The map (each line is one epoch; several changes in one line are separated by commas with a space):
//
//	map down 0           marks osd.0 down; "map goodbye 0": the same, it said that it had stopped
//	map up 0             osd.0 boots: its present run; starts it first if it is not running
//	map raw 1,2,3        where CRUSH would put the PG (its up is what of it is up)
//	map temp 1,2         pg_temp; "map temp none"
//	map upthru 0         the map shows that osd.0 was up at the newest epoch before this
//	map lost 0           its data is given up (it is down); "map purge 0": it is no more
//	map size 3, min 2    the pool's; "map lease 5s": how long its leases are
//	map remove           the pool is removed
//	map nothing          an epoch that changes nothing; "map flag norecover", "map unflag norecover"
//	auto upthru off      the monitor does not grant up_thru by itself; also "auto temp off"; and on
//	maps hold 0          osd.0 gets no maps until "maps go 0"
//
// Machines and disks:
//
//	crash 0 [keep=N]     the process dies; of what its disk had not made durable the first N transactions are there
//	start 0              a new run; what the map says of it is another matter
//	disk 0 hold          transactions are not made durable until "disk 0 go", or "disk 0 step [N]"
//	disk 0 wipe          an empty store, with a new uuid (it is not running)
//	scrubs 0 hold|go     osd.0 has no place for scrubs, until it has
//	disk 0 full|roomy    it says that it is full
//	disk 0 lost OBJ E'S TEXT  it has lost a write that it had acknowledged: the object is what it was at that version
//	rot 0 NAME [N|row KEY|record]  a block of the object's data does not check any more on osd.0 (the first, or number N),
//	                     or a row of its omap, or not even its record
//	rot 0 pg             the PG's own record does not check any more, as its next run finds
//	clock 0 +10000       osd.0's clock runs faster by so many parts in a million
//	pause 0              the machine takes no events; "resume 0"
//
// The network (0>1 is one direction, 0-1 both; * is anybody; a type narrows it: "hold 0>1 pg activated"):
//
//	hold 0>1 [TYPE]      messages wait; "release 0>1 [TYPE]" lets them go, in order
//	drop 0>1 [TYPE]      messages are lost; "heal" ends all that, drops and cuts, and calls under way end with an error;
//	                     after a release the calls still wait
//	cut 0-1              the same for all messages
//	refuse 0-1           the same, and calls end with an error at once; so do those under way
//	reset 0-1            their sessions end: what is under way is lost, and calls end with an error
//	send again           every message that was sent since "record" is delivered once more (those of pushes, leases
//	                     and peering; sub-writes come by calls)
//	verbose on|off       prints messages
//
// Clients (the osd defaults to the primary, and the epoch to the newest; ops are named c1.7: client and request):
//
//	write c1 OBJ TEXT [to=0] [epoch=E] [id=N] [resend] [timeout=T] [floor=E'S] [steps=…]
//	append, remove, create, cas c1 OBJ OLD NEW    (cas compares the xattr "v" and sets it, and writes NEW)
//	fill c1 OBJ BYTES    writes so many bytes
//	read c1 OBJ [to=0] [epoch=E]
//	stat c1 OBJ; list c1; xattr c1 OBJ; omap c1 OBJ KEY VALUE; omapget c1 OBJ
//
// Time, and looking:
//
//	wait 300ms           passes in steps of 50ms, each with a tick
//	until clean [10s]    waits until the PG is active+clean; also "until active", or any state of the primary
//	alike                compares all copies in acting, byte by byte
//	show 0 log|info|missing|objects|why|leases|past|dups|slots|scrub|scrubs
//	command "pg query" to the primary: "ask pg unfound delete"
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { playFile(t, file) })
	}
}

// playFile plays a script.
func playFile(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, diff := play(t, string(text))
	switch {
	case *update && got != string(text):
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	case diff != "":
		t.Errorf("%s: %s", file, diff)
	}
}

// play runs a script and returns it with what really came of each command; and the first difference.
func play(t *testing.T, text string) (out, diff string) {
	var b strings.Builder
	w := &world{t: t}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); {
		line := lines[i]
		at := i + 1
		i++
		fmt.Fprintln(&b, line)
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		var want []string
		for ; i < len(lines) && strings.HasPrefix(lines[i], "\t"); i++ {
			want = append(want, strings.TrimPrefix(lines[i], "\t"))
		}
		got := w.do(line)
		for _, g := range got {
			fmt.Fprintf(&b, "\t%s\n", g)
		}
		if diff == "" && strings.Join(got, "\n") != strings.Join(want, "\n") {
			diff = fmt.Sprintf("line %d: %s\ngot:\n\t%s\nwant:\n\t%s", at, line, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	return b.String(), diff
}
