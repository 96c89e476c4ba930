package consensus

import (
	"slices"
	"testing"
	"time"

	"zeph/pkg/consensus/logtest"
	"zeph/pkg/core"
)

// TestLeaderKilled: how long commands wait for a new leader, by the default settings, in virtual time.
func TestLeaderKilled(t *testing.T) {
	for _, fault := range []struct {
		name string
		of   func(*cluster, int)
	}{{"killed", (*cluster).Crash}, {"paused", (*cluster).Pause}, {"disk hangs", (*cluster).Hang}} {
		t.Run(fault.name, func(t *testing.T) {
			bubble(t, 3, nil, func(t *testing.T, a *audience) {
				var took []time.Duration
				for range 30 {
					l := a.leader()
					a.commit(l)
					time.Sleep(2 * time.Second)
					began := time.Now()
					fault.of(a.c, l)
					delete(a.leading, l)
					others := []int{(l + 1) % 3, (l + 2) % 3}
					if a.c.members[l].node != nil { // a disk that is not written to does not hang
						a.c.Do(l, core.Propose{Token: core.Token{N: 1 << 40}, Command: logtest.Command(1<<40+uint64(len(took)), 0)})
					}
					for done := false; !done && time.Since(began) < time.Minute; {
						for _, m := range others {
							a.hear()
							if a.leading[m].Me && !done {
								p := a.ask(m, core.Propose{Command: logtest.Command(a.next+1, 0)})
								done = p.Outcome == core.Committed
							}
						}
						time.Sleep(10 * time.Millisecond)
					}
					took = append(took, time.Since(began))
					a.c.Heal(l)
					if a.c.members[l].node == nil {
						a.c.Restart(l)
					}
					time.Sleep(3 * time.Second)
				}
				slices.Sort(took)
				median, worst := took[len(took)/2], took[len(took)-1]
				t.Logf("commands again after %v (median), %v (worst)", median, worst)
				if median > 2*time.Second || worst > 5*time.Second {
					t.Errorf("all: %v", took)
				}
			})
		})
	}
}
