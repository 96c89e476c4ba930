package chaos

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/scenario"
)

// strike is a fault at random. When it comes and its own random numbers are drawn before the first one, so that
// they follow from the seed; whom it meets depends on who is well then.
type strike struct {
	kind string
	at   time.Duration
	rand *rand.Rand
}

// randoms are the kinds of random faults that real processes can be given, and the verb that must be possible.
var randoms = map[string]struct {
	needs string
	do    func(*breaker, context.Context, *rand.Rand)
}{
	"all":    {"kill", (*breaker).strikeAll},
	"client": {"kill", (*breaker).strikeClient},
	"crash": {"kill", func(b *breaker, ctx context.Context, r *rand.Rand) {
		b.strikeOSDs(ctx, r, 1, Fault{Verb: "kill"}, 50, 8000)
	}},
	"cut":  {"cut", (*breaker).strikeCut},
	"disk": {"stick", (*breaker).strikeDisk},
	"double": {"kill", func(b *breaker, ctx context.Context, r *rand.Rand) {
		b.strikeOSDs(ctx, r, 2, Fault{Verb: "kill"}, 50, 6000)
	}},
	"flap":    {"kill", (*breaker).strikeFlap},
	"isolate": {"cut", (*breaker).strikeIsolate},
	"mon":     {"kill", (*breaker).strikeMon},
	"out":     {"out", (*breaker).strikeOut},
	"pause": {"pause", func(b *breaker, ctx context.Context, r *rand.Rand) {
		b.strikeOSDs(ctx, r, 1, Fault{Verb: "pause"}, 200, 6000)
	}},
	"refuse": {"refuse", func(b *breaker, ctx context.Context, r *rand.Rand) { b.strikeBetween(ctx, r, "refuse", 500, 5000) }},
	"reset":  {"refuse", func(b *breaker, ctx context.Context, r *rand.Rand) { b.strikeBetween(ctx, r, "refuse", 20, 200) }},
	"scrub":  {"scrub", (*breaker).strikeScrub},
	"stop": {"stop", func(b *breaker, ctx context.Context, r *rand.Rand) {
		b.strikeOSDs(ctx, r, 1, Fault{Verb: "stop"}, 50, 4000)
	}},
}

// plan draws all strikes of a run, in order of their times.
func plan(s *scenario.Scenario, seed uint64) []strike {
	var all []strike
	for i, f := range s.Faults {
		r := rand.New(rand.NewPCG(seed, uint64(i)<<32|hashOf(f.Kind)))
		for at := time.Duration(0); ; {
			at += time.Duration(r.Int64N(int64(2*f.Every) + 1))
			if at >= time.Duration(s.Seconds)*time.Second {
				break
			}
			all = append(all, strike{f.Kind, at, rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))})
		}
	}
	slices.SortStableFunc(all, func(a, b strike) int { return cmp.Compare(a.at, b.at) })
	return all
}

// strikes carries a plan out.
func (b *breaker) strikes(ctx context.Context, all []strike) {
	for _, s := range all {
		kind, ok := randoms[s.kind]
		if !ok || b.target.Can(kind.needs) != nil {
			continue
		}
		if rest(ctx, s.at-b.clients.now()) != nil {
			return
		}
		b.undone.Go(func() { kind.do(b, ctx, s.rand) })
	}
}

// atOnce is how many OSDs random faults break at a time, at most: with three copies, min_size 2, some
// placement groups have to wait then, and none must lie.
const atOnce = 2

// well draws OSDs that nothing is done to, and monitors as long as most are well.
func (b *breaker) well(r *rand.Rand, n int, osds bool) []string {
	daemons, err := b.target.Daemons(context.Background())
	if err != nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	broken, total := 0, 0
	for i := range daemons {
		d := &daemons[i]
		switch {
		case d.IsOSD() != osds:
			continue
		case d.State == Running && len(b.now[d.Name]) == 0:
			names = append(names, d.Name)
		default:
			broken++
		}
		total++
	}
	most := atOnce
	if !osds {
		most = (total - 1) / 2
	}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:max(0, min(n, most-broken, len(names)))]
}

func between(r *rand.Rand, least, most int) time.Duration {
	return time.Duration(least+r.IntN(most-least+1)) * time.Millisecond
}

// strikeWith does a fault to daemons for a while.
func (b *breaker) strikeWith(ctx context.Context, f Fault, names []string, long time.Duration) {
	if len(names) == 0 {
		return
	}
	var faults []Fault
	for _, name := range names {
		f.Of = name
		faults = append(faults, f)
	}
	b.say("%s %v for %v", f.Verb, names, long)
	back := b.do(ctx, faults)
	if rest(ctx, long) != nil {
		return
	}
	if err := back(ctx); err != nil && ctx.Err() == nil {
		b.fail("back: %s %v: %v", f.Verb, names, err)
	}
}

func (b *breaker) strikeOSDs(ctx context.Context, r *rand.Rand, n int, f Fault, least, most int) {
	b.strikeWith(ctx, f, b.well(r, n, true), between(r, least, most))
}

func (b *breaker) strikeAll(ctx context.Context, r *rand.Rand) {
	long := between(r, 100, 2000)
	var names []string
	for _, name := range b.all() {
		b.mu.Lock()
		well := len(b.now[name]) == 0
		b.mu.Unlock()
		if well && name[:4] == "osd." {
			names = append(names, name)
		}
	}
	b.strikeWith(ctx, Fault{Verb: "kill"}, names, long)
}

func (b *breaker) strikeFlap(ctx context.Context, r *rand.Rand) {
	names := b.well(r, 1, true)
	for range 2 {
		b.strikeWith(ctx, Fault{Verb: "kill"}, names, between(r, 20, 300))
	}
}

func (b *breaker) strikeCut(ctx context.Context, r *rand.Rand) {
	names := b.well(r, 1, true)
	f := Fault{Verb: "cut", Way: []string{"", "", "out", "in"}[r.IntN(4)]}
	for _, name := range b.all() {
		if len(names) > 0 && name != names[0] && (r.IntN(3) > 0 || f.From == nil) {
			f.From = append(f.From, name)
		}
	}
	b.strikeWith(ctx, f, names, between(r, 300, 6000))
}

// strikeBetween does a fault between two OSDs.
func (b *breaker) strikeBetween(ctx context.Context, r *rand.Rand, verb string, least, most int) {
	names := b.well(r, 2, true)
	if len(names) == 2 {
		b.strikeWith(ctx, Fault{Verb: verb, From: names[1:]}, names[:1], between(r, least, most))
	}
}

// strikeIsolate cuts an OSD off from everybody but the clients, and has it marked down: what it still answers by an
// old map must not be old.
func (b *breaker) strikeIsolate(ctx context.Context, r *rand.Rand) {
	names := b.well(r, 1, true)
	if len(names) == 0 {
		return
	}
	f := Fault{Verb: "cut"}
	for _, name := range b.all() {
		if name != names[0] {
			f.From = append(f.From, name)
		}
	}
	b.undone.Go(func() {
		if rest(ctx, 100*time.Millisecond) == nil {
			_ = b.command(ctx, "osd down", client.Args{"id": names[0][len("osd."):]})
		}
	})
	b.strikeWith(ctx, f, names, between(r, 1500, 5000))
}

func (b *breaker) strikeDisk(ctx context.Context, r *rand.Rand) {
	f := Fault{Verb: "stick"}
	if r.IntN(2) == 0 {
		f = Fault{Verb: "slow", By: between(r, 20, 400)}
	}
	b.strikeWith(ctx, f, b.well(r, 1, true), between(r, 500, 5000))
}

func (b *breaker) strikeMon(ctx context.Context, r *rand.Rand) {
	f := Fault{Verb: []string{"kill", "pause", "cut"}[r.IntN(3)]}
	names := b.well(r, 1, false)
	if f.Verb == "cut" && b.target.Can("cut") != nil {
		f.Verb = "pause"
	}
	b.strikeWith(ctx, f, names, between(r, 300, 6000))
}

func (b *breaker) strikeOut(ctx context.Context, r *rand.Rand) {
	names := b.well(r, 1, true)
	if len(names) == 0 {
		return
	}
	id := client.Args{"id": names[0][len("osd."):]}
	long := between(r, 500, 6000)
	b.say("out %v for %v", names, long)
	b.owe("in", names)
	if err := b.command(ctx, "osd out", id); err == nil && rest(ctx, long) == nil {
		_ = b.command(ctx, "osd in", id)
	}
}

func (b *breaker) strikeClient(ctx context.Context, r *rand.Rand) {
	u := b.clients.clients[r.IntN(len(b.clients.clients))]
	b.say("client %s dies", u.who.Name)
	u.die()
	if rest(ctx, between(r, 10, 1000)) == nil {
		if err := u.again(ctx); err != nil && ctx.Err() == nil {
			b.say("client %s: %v", u.who.Name, err)
		}
	}
}

func (b *breaker) strikeScrub(ctx context.Context, r *rand.Rand) {
	short, cancel := context.WithTimeout(ctx, opTime)
	defer cancel()
	_, _ = b.operator.PGCommand(short, b.watch.pgs[r.IntN(len(b.watch.pgs))], []string{"pg scrub", "pg deep-scrub"}[r.IntN(2)], nil)
}
