package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/scenario"
	"zeph/pkg/status"
)

// watcher looks at the cluster all the time, as somebody with a client could, and writes down what changed.
type watcher struct {
	target Target
	client *client.Client
	now    func() time.Duration
	file   *lines
	pgs    []osdmap.PGID

	mu     sync.Mutex
	last   Sample
	asked  time.Duration // when the last full look began
	looked chan struct{} // closed by the next full look, and made anew
	maps   []*osdmap.Map // every epoch that was seen, for what had to move
}

// The watcher's rhythm. Maps come by themselves; monitors are asked.
const (
	mapEvery  = 10 * time.Millisecond
	askEvery  = 200 * time.Millisecond
	askAtMost = time.Second
)

func newWatcher(t Target, c *client.Client, s *scenario.Scenario, now func() time.Duration, file *lines) *watcher {
	w := &watcher{target: t, client: c, now: now, file: file, looked: make(chan struct{})}
	id := osdmap.PoolID(1)
	for _, p := range s.AllPools() {
		for seed := range p.PGs {
			w.pgs = append(w.pgs, osdmap.PGID{Pool: id, Seed: uint32(seed)})
		}
		id++
	}
	return w
}

// run looks until ctx ends.
func (w *watcher) run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() {
		for rest(ctx, mapEvery) == nil {
			w.lookAtMap(ctx)
		}
	})
	for {
		w.lookAtAll(ctx)
		if rest(ctx, askEvery) != nil {
			break
		}
	}
	wg.Wait()
}

// lookAtMap takes the newest map that the client has.
func (w *watcher) lookAtMap(ctx context.Context) {
	m, err := w.client.Map(ctx, client.MapOptions{})
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last.Epoch >= uint32(m.Epoch()) {
		return
	}
	w.maps = append(w.maps, m)
	s := w.last
	s.Epoch, s.Up, s.In = uint32(m.Epoch()), nil, nil
	for id := range m.OSDs() {
		if m.IsUp(id) {
			s.Up = append(s.Up, int(id))
		}
		if m.IsIn(id) {
			s.In = append(s.In, int(id))
		}
	}
	w.note(s)
}

// note keeps a sample, under the lock.
func (w *watcher) note(s Sample) {
	s.At = w.now()
	if !s.same(&w.last) {
		w.file.write(s)
	}
	w.last = s
}

// lookAtAll asks the monitors, or when they do not answer the OSDs, for the state of all PGs.
func (w *watcher) lookAtAll(ctx context.Context) {
	began := w.now()
	short, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	pgs := map[string]string{}
	leader, health := "", []string(nil)
	st, err := ask[status.Status](short, w.client, "status", nil)
	var list *status.PGList
	if err == nil {
		list, err = ask[status.PGList](short, w.client, "pg ls", nil)
	}
	if err == nil {
		leader = st.Mons.Leader
		for _, c := range st.Health.Checks {
			health = append(health, c.Code)
		}
		for i := range list.PGs {
			pgs[list.PGs[i].PG] = list.PGs[i].State
		}
	} else if ctx.Err() == nil {
		pgs = w.askPrimaries(ctx)
	}
	gone := w.gone(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	s := w.last
	for id, state := range pgs { // a monitor that has begun to lead has not heard yet
		if state == "unknown" && leader != "" && s.PGs[id] != "" {
			pgs[id] = s.PGs[id]
		}
	}
	if n := len(w.maps); n > 0 {
		overrule(pgs, w.maps[n-1], w.pgs, gone)
	}
	s.PGs, s.Health, s.Leader = pgs, health, leader
	w.note(s)
	w.asked = began
	close(w.looked)
	w.looked = make(chan struct{})
}

// askPrimaries asks the primary of each PG.
func (w *watcher) askPrimaries(ctx context.Context) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	var mu sync.Mutex
	states := map[string]string{}
	sideBySide(w.pgs, func(id osdmap.PGID) error {
		state := "unknown"
		var q status.Query
		if answer, err := w.client.PGCommand(ctx, id, "pg query", nil); err == nil && json.Unmarshal(answer.JSON, &q) == nil {
			state = q.State
		}
		mu.Lock()
		defer mu.Unlock()
		states[id.String()] = state
		return nil
	})
	return states
}

// gone are the OSDs whose processes do not run, or stand still.
func (w *watcher) gone(ctx context.Context) map[string]bool {
	daemons, err := w.target.Daemons(ctx)
	if err != nil {
		return nil
	}
	all := map[string]bool{}
	for i := range daemons {
		all[daemons[i].Name] = daemons[i].State != Running
	}
	return all
}

// overrule says of PGs whose primary does not run that nobody knows: the monitors may not have heard yet.
func overrule(pgs map[string]string, m *osdmap.Map, all []osdmap.PGID, gone map[string]bool) {
	for _, id := range all {
		if acting := actingOf(m, id); len(acting) == 0 || gone[acting[0].String()] {
			pgs[id.String()] = "unknown"
		}
	}
}

// actingOf is a PG's acting set, its primary first.
func actingOf(m *osdmap.Map, id osdmap.PGID) []osdmap.OSDID {
	pool, ok := m.Pool(id.Pool)
	mapper, err := placement.New(m)
	if !ok || err != nil {
		return nil
	}
	at := mapper.Map(new(placement.Scratch), &pool, id)
	if at.ActingPrimary < 0 {
		return nil
	}
	acting := []osdmap.OSDID{at.ActingPrimary}
	for _, id := range at.Acting {
		if id >= 0 && id != at.ActingPrimary {
			acting = append(acting, id)
		}
	}
	return acting
}

// fresh waits for a look that began after now.
func (w *watcher) fresh(ctx context.Context) (Sample, error) {
	from := w.now()
	for {
		w.mu.Lock()
		s, asked, looked := w.last, w.asked, w.looked
		w.mu.Unlock()
		if asked > from {
			return s, nil
		}
		select {
		case <-looked:
		case <-ctx.Done():
			return s, context.Cause(ctx)
		}
	}
}

// until waits for a condition. What was seen before it was asked does not count: the step before it may have changed it.
func (w *watcher) until(ctx context.Context, c *scenario.Condition) error {
	for {
		s, err := w.fresh(ctx)
		if err != nil {
			return fmt.Errorf("%w: %v is not so: %s", err, c, s.brief())
		}
		if holds(c, &s) {
			return nil
		}
	}
}

// newest is the newest map.
func (w *watcher) newest() *osdmap.Map {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.maps) == 0 {
		return nil
	}
	return w.maps[len(w.maps)-1]
}

// brief says how the cluster is, for people.
func (s *Sample) brief() string {
	count := map[string]int{}
	for _, state := range s.PGs {
		count[state]++
	}
	text := fmt.Sprintf("epoch %d, up %v, pgs", s.Epoch, s.Up)
	for _, state := range sortedKeys(count) {
		text += fmt.Sprintf(" %d %s,", count[state], state)
	}
	return text + fmt.Sprintf(" health %v", s.Health)
}

// holds reports whether a condition is so.
func holds(c *scenario.Condition, s *Sample) bool {
	is := false
	switch c.Of {
	case "pg":
		is = hasWord(s.PGs[c.PG], c.Is)
	case "pgs":
		is = len(s.PGs) > 0
		for _, state := range s.PGs {
			is = is && hasWord(state, c.Is)
		}
	case "osd":
		list := s.Up
		if c.Is == "in" {
			list = s.In
		}
		is = slices.Contains(list, c.OSD)
	case "health":
		is = slices.Contains(s.Health, c.Is)
		if c.Is == "ok" {
			is = len(s.Health) == 0 && s.Leader != ""
		}
	}
	return is != c.Not
}
