package mon

import (
	"fmt"
	"strings"
	"time"

	"zeph/pkg/osdmap"
)

const (
	graceSetting = "osd_heartbeat_grace"
	leaseKey     = "read_lease_interval" // of a pool, as in Ceph
)

// leaseOf is how long a pool's leases are.
func leaseOf(p *osdmap.Pool) time.Duration { return time.Duration(p.LeaseMS()) * time.Millisecond }

// longestLease is what leases should not exceed where OSDs report those that were silent for a grace: what a primary
// was granted has run out when the map says that it is down, and the next one need not wait (protocol 6.7). Nothing
// goes wrong with a longer one, but it takes longer to serve again.
func longestLease(grace time.Duration) time.Duration {
	return max(osdmap.MinReadLeaseMS*time.Millisecond, grace*2/5)
}

// leastGrace is the shortest grace of all OSDs, with what the draft changes.
func (d *draft) leastGrace() time.Duration {
	st := *d.st
	st.config = st.editConfig(d.config)
	least := st.length(graceSetting, "osd")
	for _, e := range st.config {
		if e.Name == graceSetting && strings.HasPrefix(e.Who, "osd.") {
			least = min(least, st.length(graceSetting, e.Who))
		}
	}
	return least
}

// newLease is how long the leases of a new pool are for whom nothing else is said: the default, where that is not too
// long.
func (d *draft) newLease() uint32 {
	if most := uint32(longestLease(d.leastGrace()) / time.Millisecond); most < osdmap.DefaultReadLeaseMS {
		return most
	}
	return 0
}

// setLease takes a length of leases from an operator; 0 is the default.
func (d *draft) setLease(p *osdmap.Pool, value string, meant bool) error {
	long, err := parseLength(value)
	if err != nil {
		return fmt.Errorf("%s %w", leaseKey, err)
	}
	const least, most = osdmap.MinReadLeaseMS * time.Millisecond, osdmap.MaxReadLeaseMS * time.Millisecond
	if long != 0 && (long < least || long > most) {
		return fmt.Errorf("%s %s: must be %s to %s, or 0 for the default of %dms", leaseKey, value, formatLength(least), formatLength(most), osdmap.DefaultReadLeaseMS)
	}
	next := *p
	next.ReadLeaseMS = uint32(long / time.Millisecond)
	grace := d.leastGrace()
	if limit := longestLease(grace); leaseOf(&next) > limit && !meant {
		return fmt.Errorf("%s %s: with an %s of %s it should be at most %s, or else what a dead primary was granted is still waited for when others have taken its place; if that is meant, add --yes",
			leaseKey, formatLength(leaseOf(&next)), graceSetting, formatLength(grace), formatLength(limit))
	}
	*p = next
	return nil
}

// checkGrace refuses an edit of a setting that would leave a pool with leases that are too long for the grace, and were
// not before.
func (d *draft) checkGrace(edit configEdit) error {
	if edit.Name != graceSetting || d.m == nil {
		return nil
	}
	after := *d
	after.config = append(d.config[:len(d.config):len(d.config)], edit)
	was, will := longestLease(d.leastGrace()), longestLease(after.leastGrace())
	for p := range d.m.Pools() {
		if long := leaseOf(&p); long > will && long <= was {
			return fmt.Errorf("%s would be %s: pool %s has a %s of %s, which should be at most 0.4 of that; zeph pool set %s %s %s first",
				graceSetting, formatLength(after.leastGrace()), p.Name, leaseKey, formatLength(long), p.Name, leaseKey, formatLength(will))
		}
	}
	return nil
}
