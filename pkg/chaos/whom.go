package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/scenario"
)

// all are the names of all daemons.
func (b *breaker) all() []string {
	daemons, err := b.target.Daemons(context.Background())
	if err != nil {
		return nil
	}
	var names []string
	for i := range daemons {
		names = append(names, daemons[i].Name)
	}
	return names
}

// names are the daemons that targets mean at this moment, each once.
func (b *breaker) names(targets scenario.Targets) []string {
	var all []string
	for _, t := range targets {
		for _, name := range b.whom(t) {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

func (b *breaker) whom(t scenario.Target) []string {
	daemons, err := b.target.Daemons(context.Background())
	if err != nil {
		return nil
	}
	fit := func(ok func(*Daemon) bool) []string {
		var names []string
		for i := range daemons {
			if ok(&daemons[i]) {
				names = append(names, daemons[i].Name)
			}
		}
		return names
	}
	at := func(place string) []string {
		return fit(func(d *Daemon) bool { return slices.Contains(strings.Fields(d.Location), place) })
	}
	switch t.Role {
	case scenario.OneOSD, scenario.OneMon:
		return []string{t.String()}
	case scenario.Host:
		return at(fmt.Sprint("host=h", t.N))
	case scenario.Rack:
		return at(fmt.Sprint("rack=r", t.N))
	case scenario.AllOSDs:
		return fit((*Daemon).IsOSD)
	case scenario.AllMons:
		return fit(func(d *Daemon) bool { return !d.IsOSD() })
	case scenario.AnyOSD:
		osds := fit((*Daemon).IsOSD)
		return osds[b.rand.IntN(len(osds)):][:1]
	case scenario.Leader:
		b.watch.mu.Lock()
		defer b.watch.mu.Unlock()
		if leader := strings.TrimPrefix(b.watch.last.Leader, "mon."); leader != "" {
			return []string{"mon." + leader}
		}
	case scenario.Primary, scenario.Replicas, scenario.Members:
		return b.members(t)
	}
	return nil
}

// members are OSDs of a PG's acting set.
func (b *breaker) members(t scenario.Target) []string {
	id, err := osdmap.ParsePGID(t.Name)
	m := b.watch.newest()
	if err != nil || m == nil {
		return nil
	}
	acting := actingOf(m, id)
	switch {
	case len(acting) == 0:
		return nil
	case t.Role == scenario.Primary:
		acting = acting[:1]
	case t.Role == scenario.Replicas:
		acting = acting[1:]
	default:
		acting = acting[:min(t.N, len(acting))]
	}
	var names []string
	for _, id := range acting {
		names = append(names, id.String())
	}
	return names
}

// placementGroups are those that targets mean.
func (b *breaker) placementGroups(targets scenario.Targets) []osdmap.PGID {
	var all []osdmap.PGID
	for _, t := range targets {
		if t.Role == scenario.AllPGs {
			return b.watch.pgs
		}
		if id, err := osdmap.ParsePGID(t.Name); err == nil {
			all = append(all, id)
		}
	}
	return all
}

// textOn is something that stands on an OSD's disk, in an object that nobody writes to any more.
func (b *breaker) textOn(osd string) string {
	m := b.watch.newest()
	if m == nil {
		return ""
	}
	first := b.rand.IntN(still)
	for i := range still {
		i = (first + i) % still
		object := fmt.Sprint("still.", i)
		pool, ok := m.PoolNamed(b.clients.poolOf(object))
		if !ok {
			continue
		}
		for _, id := range actingOf(m, placement.Object{Name: object}.PG(&pool)) {
			if id.String() == osd {
				return recordOf(fmt.Sprint("s.", i, ";"), b.rand.IntN(3000))
			}
		}
	}
	return ""
}
