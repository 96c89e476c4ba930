package scenario

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	good := Scenario{Mons: 3, OSDs: 5, Hosts: 5, PGs: 8, Size: 3, MinSize: 2, Lease: time.Second, Seconds: 10, End: Healed,
		Workload: Workload{Writers: 1, Objects: 1, Lanes: 1}, Faults: []Fault{{"crash", time.Second}}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	bad := Scenario{Mons: 2, Hosts: 1, Size: 4, End: "well", Faults: []Fault{{"flood", 0}}}
	err := bad.Validate()
	if err == nil {
		t.Fatal("it passed")
	}
	for _, want := range []string{"2 monitors", "0 osds", "1 hosts", "size 4", "min_size 0", "nobody", `end "well"`, `fault "flood"`, "every 0s"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
	if !slices.IsSorted(KindNames()) {
		t.Error("the kinds of faults are out of order")
	}
}
