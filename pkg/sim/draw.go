package sim

import (
	"fmt"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/pg"
	"zeph/pkg/scenario"
)

// draw makes the run of a seed: how large, which faults at which rates, how patient everybody is. Each
// seed has its own subset (Groce and others, Swarm Testing, 2012), so that one kind of fault does not drown
// another.
func draw(o Options) settings {
	r := core.RandFor(o.Seed, "draw")
	s := settings{Seed: o.Seed, Luck: o.Luck}
	s.Name = fmt.Sprintf("seed %d", o.Seed)
	s.Mons = or(o.Mons, pick(r, 1, 3, 3, 3, 5))
	s.OSDs = or(o.OSDs, pick(r, 3, 4, 5, 5, 5, 6, 7))
	s.PGs = or(o.PGs, pick(r, 1, 1, 2, 4, 8, 16))
	s.Hosts = s.OSDs
	if shared := r.IntN(4) == 0; shared && s.OSDs > 4 { // drawn in any case, or all that follows would be other
		s.Hosts = (s.OSDs + 1) / 2
	}
	s.Size = min(s.Hosts, pick(r, 2, 3, 3, 3, 3, 4))
	s.MinSize = min(s.Size, pick(r, 1, 2, 2, 2, 2, 2, 3))
	if p := core.RandFor(o.Seed, "draw/pools"); o.PGs == 0 && p.IntN(4) == 0 {
		size := min(s.Size, pick(p, 2, 3))
		s.Pools = []scenario.Pool{{Name: "sim", PGs: s.PGs, Size: s.Size, MinSize: s.MinSize, Domain: "host"},
			{Name: "sim2", PGs: pick(p, 1, 2, 4), Size: size, MinSize: min(size, pick(p, 1, 2, 2)), Domain: "host"}}
	}
	s.Seconds = or(o.Seconds, pick(r, 15, 20, 30, 40))
	s.Heal = 90
	s.Workload = scenario.Workload{
		Writers: pick(r, 1, 2, 3, 4),
		Readers: pick(r, 1, 2, 3),
		Lanes:   pick(r, 1, 1, 2),
		Think:   pick(r, 20*time.Millisecond, 100*time.Millisecond, 300*time.Millisecond),
	}
	s.Workload.Objects = or(o.Objects, (s.Workload.Writers*s.Workload.Lanes+2)*pick(r, 1, 2, 4))
	s.drawFaults(core.RandFor(o.Seed, "draw/faults"), o.Faults)
	s.End = pick(r, scenario.Healed, scenario.Healed, scenario.Lost, scenario.Lost, scenario.Few)
	if o.End != "" {
		s.End = o.End
	}
	if s.End == scenario.Lost && s.Hosts <= s.Size && s.OSDs < 2*s.Hosts {
		s.End = scenario.Healed // nobody could take its place
	}
	s.Grace = pick(r, 400*time.Millisecond, time.Second, 2*time.Second)
	s.Heartbeat = s.Grace / 4
	s.Lease = min(800*time.Millisecond, s.Grace*2/5)
	if r.IntN(4) == 0 { // long enough for others to begin anew while it runs
		s.Lease = pick(r, 2*time.Second, 5*time.Second)
	}
	s.DownOut = pick(r, 3*time.Second, 10*time.Second, 60*time.Second)
	s.MinLog = pick(r, 2, 2, 2, 10, 1000)
	s.PG = pg.Settings{MinLog: s.MinLog}
	if s.MinLog < 1000 {
		s.PG.DegradedLog = s.MinLog * pick(r, 1, 2, 10)
	}
	if r.IntN(3) == 0 { // results of requests are soon forgotten
		s.PG.MinDups, s.PG.MaxDups = 3, pick(r, 5, 30)
	}
	s.MinMaps = pick(r, 3, 20, 500)
	s.PG.Batch = pick(r, 1, 2, 32)
	s.PG.PushBytes = pick(r, 512, 4096, 4<<20)
	s.PG.Repeat = pick(r, 100*time.Millisecond, 500*time.Millisecond)
	if b := core.RandFor(o.Seed, "draw/buggify"); b.IntN(2) == 0 {
		s.PG.Buggify, s.PG.RetryFull = b.Uint64()|1, pick(b, 100*time.Millisecond, time.Second)
	}
	s.World = Config{
		Codec:     o.Seed%10 == 0,
		Latency:   pick(r, 20*time.Microsecond, 50*time.Microsecond, 500*time.Microsecond),
		Jitter:    pick(r, 50*time.Microsecond, 200*time.Microsecond, 2*time.Millisecond),
		Slow:      pick(r, 0, 1000, 20_000),
		QueueFull: pick(r, 0, 0, 1000, 10_000),
		HintLoss:  pick(r, 0, 50_000, 500_000),
		Commit:    pick(r, 100*time.Microsecond, 500*time.Microsecond, 5*time.Millisecond),
		DriftPPM:  10_000,
	}
	s.Log = LogConfig{
		Slow:    pick(r, 2*time.Millisecond, 20*time.Millisecond, 20*time.Millisecond, 500*time.Millisecond),
		Lag:     pick(r, time.Millisecond, 20*time.Millisecond, 200*time.Millisecond),
		Refuse:  pick(r, 0, 0, 10_000),
		Depose:  pick(r, 0, 0, 5_000),
		Skip:    pick(r, 0, 200_000),
		Install: pick(r, 0, 200_000),
	}
	return s
}

// drawFaults takes some of the kinds, or those that were asked for.
func (s *settings) drawFaults(r *core.Rand, want []string) {
	every := pick(r, 300*time.Millisecond, 700*time.Millisecond, 1500*time.Millisecond, 3*time.Second) // any of them
	if want == nil {
		share := pick(r, 100_000, 250_000, 500_000)
		for _, k := range scenario.Kinds {
			if r.Chance(share) && !k.Asked {
				want = append(want, k.Name)
			}
		}
		if len(want) == 0 {
			want = []string{pick(r, scenario.KindNames()...)}
		}
	}
	for _, kind := range want {
		e := every * time.Duration(len(want))
		s.Faults = append(s.Faults, scenario.Fault{Kind: kind, Every: between(r, e/2, 2*e)})
	}
}

func or(value, otherwise int) int {
	if value == 0 {
		return otherwise
	}
	return value
}
