package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"zeph/pkg/lab"
	"zeph/pkg/scenario"
)

// TestNetns cuts primaries off, in silence and by refusal, while some clients are on their side: they may not be told
// what is true no more.
func TestNetns(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	if err := lab.CanNetns(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("in CI it must be there: %v", err)
		}
		t.Skip(err)
	}
	daemonsInPath(t)
	runScenario(t, scenario.Netns, `
cluster: {mons: 3, osds: 4, pg_num: 4}
workload: {writers: 3, readers: 2, objects: 12, think: 10ms}
steps:
  - {at: 1s, do: cut, osd: 0}
  - {when: osd.0 not up, within: 2m, do: wait}
  - {after: 3s, do: heal}
  - {when: osd.0 up, within: 2m, do: wait}
  - {after: 1s, do: refuse, osd: 1}
  - {when: osd.1 not up, within: 2m, do: wait}
  - {after: 2s, do: heal}
  - {when: osd.1 up, within: 2m, do: wait}
seconds: 10
`)
}

// daemonsInPath builds the daemons, for the lab to find them.
func daemonsInPath(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"mon", "osd"} {
		out, err := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "zeph-"+name), "zeph/cmd/"+name).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}
