package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/history"
	"zeph/pkg/scenario"
)

// LeastRate is how many operations a second a run must have to count: with fewer clients do not get to see
// what a fault does.
const LeastRate = 50

// workload are the clients of a run: each does one thing after the other on a few lanes, and everything that
// it is told is written down.
type workload struct {
	target  Target
	s       *scenario.Scenario
	pools   []string
	seed    uint64
	began   time.Time
	history *lines

	ended atomic.Int64 // operations
	calm  atomic.Bool  // nothing new is begun
	wg    sync.WaitGroup

	mu      sync.Mutex
	ops     []Op
	seen    map[string]string // newest value of an object that somebody knows of, for swaps
	clients []*user
}

// user is a client, in one of its lives.
type user struct {
	w     *workload
	who   Who
	reads int // of a hundred operations
	life  int

	begins sync.Mutex // held while a new life begins: whoever took it away, and whoever takes all back, want one

	mu    sync.Mutex
	conn  *client.Client
	pools map[string]client.Pool
	ended chan struct{} // closed when this life is over
}

// still are objects that are written once, before anything breaks: for damage to stay on the disks.
const still = 8

func newWorkload(t Target, s *scenario.Scenario, seed uint64, history *lines) *workload {
	w := &workload{target: t, s: s, seed: seed, history: history, seen: map[string]string{}, began: time.Now()}
	for _, p := range s.AllPools() {
		w.pools = append(w.pools, p.Name)
	}
	return w
}

func (w *workload) now() time.Duration { return time.Since(w.began) }

// objects are the names that are worked on: more than there are writers.
func (w *workload) objects() (registers, logs int) {
	n := max(w.s.Workload.Objects, 2*w.s.Workload.Writers)
	return n, max(1, n/4)
}

// names are all objects.
func (w *workload) names() []string {
	var all []string
	registers, logs := w.objects()
	for i := range registers {
		all = append(all, fmt.Sprint("reg.", i))
	}
	for i := range logs {
		all = append(all, fmt.Sprint("log.", i))
	}
	for i := range still {
		all = append(all, fmt.Sprint("still.", i))
	}
	return all
}

// start connects clients, writes what stays, and lets them work.
func (w *workload) start(ctx context.Context) error {
	var whos []Who
	for i := range w.s.Workload.Writers {
		whos = append(whos, Who{Name: fmt.Sprint("w", i)})
	}
	beside := w.sides()
	for i := range max(1, w.s.Workload.Readers) { // those stay with an old map; the first on the side of whoever is cut off
		whos = append(whos, Who{Name: fmt.Sprint("r", i), Deaf: true, Beside: beside[i%len(beside)]})
	}
	for _, who := range whos {
		u := &user{w: w, who: who, reads: 15}
		if who.Deaf {
			u.reads = 80
		}
		if err := u.connect(ctx); err != nil {
			return err
		}
		w.clients = append(w.clients, u)
	}
	w.began = time.Now()
	for i := range still {
		u := w.clients[i%len(w.clients)]
		u.do(ctx, u.who.Name, history.Write, fmt.Sprint("still.", i), fmt.Sprint("s.", i, ";"))
	}
	for _, u := range w.clients {
		u.work(ctx)
	}
	return nil
}

// sides are the daemons that readers stand beside, in turn: whoever a cut is to befall by name, else osd.0.
func (w *workload) sides() []string {
	var all []string
	for i := range w.s.Steps {
		if step := &w.s.Steps[i]; step.Do == "cut" || step.Do == "refuse" {
			for _, t := range step.Whom() {
				if t.Role == scenario.OneOSD {
					all = append(all, t.String())
				}
			}
		}
	}
	return append(all, "osd.0")
}

func (u *user) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, opTime)
	defer cancel()
	conn, err := u.w.target.Connect(ctx, u.who)
	if err != nil {
		return fmt.Errorf("client %s: %w", u.who.Name, err)
	}
	pools := map[string]client.Pool{}
	for _, name := range u.w.pools {
		if pools[name], err = conn.Pool(ctx, name); err != nil {
			conn.Close()
			return fmt.Errorf("client %s: %w", u.who.Name, err)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.conn, u.pools, u.ended = conn, pools, make(chan struct{})
	return nil
}

// work starts the lanes of a life.
func (u *user) work(ctx context.Context) {
	u.life++
	ended := u.ended
	for lane := range max(2, u.w.s.Workload.Lanes) {
		seed := u.w.seed
		r := rand.New(rand.NewPCG(seed, uint64(lane)<<32|uint64(u.life)<<16|hashOf(u.who.Name)))
		life := u.life
		u.w.wg.Go(func() { u.lane(ctx, r, fmt.Sprintf("%s.%d.%d", u.who.Name, life, lane), ended) })
	}
}

func hashOf(text string) uint64 {
	h := uint64(2166136261)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 16777619
	}
	return h & 0xffff
}

// lane does one thing after the other. It rests between them, unless all are too slow to count.
func (u *user) lane(ctx context.Context, r *rand.Rand, name string, ended chan struct{}) {
	think := u.w.s.Workload.Think
	for n := 1; ctx.Err() == nil && !u.w.calm.Load(); n++ {
		pause := time.Duration(r.Int64N(int64(think) + 1))
		if u.w.slow() {
			pause = time.Millisecond
		}
		select {
		case <-time.After(pause):
		case <-ended:
			return
		case <-ctx.Done():
			return
		}
		kind, object := u.draw(r)
		u.do(ctx, name, kind, object, fmt.Sprint(name, ".", n, ";"))
	}
}

// slow reports whether so few operations have ended that resting would make the run worthless.
func (w *workload) slow() bool {
	return float64(w.ended.Load()) < 2*LeastRate*w.now().Seconds()
}

// draw chooses what to do to which object.
func (u *user) draw(r *rand.Rand) (history.Kind, string) {
	registers, logs := u.w.objects()
	mix := &u.w.s.Workload
	appends := r.IntN(100_00) < 25_00
	if mix.Append > 0 {
		appends = r.IntN(100_00) < int(mix.Append)
	}
	object := fmt.Sprint("reg.", r.IntN(registers))
	if appends {
		object = fmt.Sprint("log.", r.IntN(logs))
	}
	if r.IntN(100) < u.reads {
		if r.IntN(20) == 0 {
			object = fmt.Sprint("still.", r.IntN(still))
		}
		return history.Read, object
	}
	swap, remove := 30_00, 10_00
	if mix.Swap+mix.Remove > 0 {
		swap, remove = int(mix.Swap), int(mix.Remove)
	}
	switch n := r.IntN(100_00); {
	case appends:
		return history.Append, object
	case n < 100_00-swap-remove:
		return history.Write, object
	case n < 100_00-remove:
		return history.Swap, object
	}
	return history.Remove, object
}

// die ends a client with what it has under way, as when its process is killed.
func (u *user) die() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conn != nil {
		close(u.ended)
		u.conn.Close()
		u.conn = nil
	}
}

// again is a new life of a client that has died.
func (u *user) again(ctx context.Context) error {
	u.begins.Lock()
	defer u.begins.Unlock()
	u.mu.Lock()
	lives := u.conn != nil
	u.mu.Unlock()
	if lives || u.w.calm.Load() {
		return nil
	}
	if err := u.connect(ctx); err != nil {
		return err
	}
	u.work(ctx)
	return nil
}

// valueAttr holds an object's value, for swaps to compare; its data hold it too, and more.
const valueAttr = "v"

// do carries out an operation and writes down what came of it. Names of values are never used twice.
func (u *user) do(ctx context.Context, lane string, kind history.Kind, object, value string) {
	pool, ok := u.pool(object)
	if !ok {
		return
	}
	op := Op{Client: lane, Object: object, Kind: kind.String(), Begin: u.w.now()}
	var err error
	switch kind {
	case history.Read:
		var data []byte
		if data, _, err = pool.Get(ctx, object); err == nil {
			op.Value = valueIn(object, data)
		}
	case history.Append:
		op.Value = value
		_, err = pool.Append(ctx, object, []byte(value))
	case history.Remove:
		err = pool.Remove(ctx, object)
	case history.Write:
		op.Value = value
		_, err = pool.Put(ctx, object, bytes.NewReader(body(value)), client.PutOptions{Xattrs: map[string][]byte{valueAttr: []byte(value)}})
	case history.Swap:
		op.Value, op.Expected = value, u.w.lastSeen(object)
		w := new(client.Write).Exists().IsXattr(valueAttr, []byte(op.Expected)).Truncate(0).WriteAt(0, body(value)).SetXattr(valueAttr, []byte(value))
		_, err = pool.Apply(ctx, object, w)
	}
	op.End = u.w.now()
	op.Outcome = outcomeOf(kind, err)
	if err != nil && (op.Outcome == "unknown" || op.Outcome == outcomeNothing) {
		op.Error = err.Error()
	}
	u.w.add(op)
}

// outcomeOf is what an error says of an operation.
func outcomeOf(kind history.Kind, err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, client.ErrUnknown):
		if kind == history.Read {
			return outcomeNothing
		}
		return "unknown"
	case errors.Is(err, client.ErrNotFound):
		return "missing"
	case errors.Is(err, client.ErrMismatch) && kind == history.Swap:
		return "differs"
	}
	return outcomeNothing
}

func (u *user) pool(object string) (client.Pool, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conn == nil {
		return client.Pool{}, false
	}
	return u.pools[u.w.poolOf(object)], true
}

// poolOf spreads objects over pools.
func (w *workload) poolOf(object string) string {
	return w.pools[hashOf(object)%uint64(len(w.pools))]
}

func (w *workload) lastSeen(object string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v := w.seen[object]; v != "" {
		return v
	}
	return "nothing;"
}

// add writes an operation down.
func (w *workload) add(op Op) {
	w.mu.Lock()
	w.ops = append(w.ops, op)
	if op.Outcome == "done" && op.Kind != "remove" && op.Kind != "append" {
		w.seen[op.Object] = op.Value
	}
	w.mu.Unlock()
	w.history.write(op)
	w.ended.Add(1)
}

// stop ends the work, once what is under way has been answered.
func (w *workload) stop() {
	w.calm.Store(true)
	w.wg.Wait()
}

func (w *workload) close() {
	w.calm.Store(true)
	for _, u := range w.clients {
		u.die()
	}
	w.wg.Wait()
}

// readBack writes and reads every object once more, the reads by two clients.
func (w *workload) readBack(ctx context.Context) {
	registers, _ := w.objects()
	var wg sync.WaitGroup
	for i, object := range w.names() {
		readers := []*user{w.clients[i%len(w.clients)], w.clients[(i+1)%len(w.clients)]}
		wg.Go(func() {
			for _, u := range readers {
				u.do(ctx, "back."+u.who.Name, history.Read, object, "")
			}
			switch {
			case i < registers && i%2 == 0:
				readers[0].do(ctx, "back.0", history.Write, object, fmt.Sprint("end.", i, ";"))
			case strings.HasPrefix(object, "log."):
				readers[0].do(ctx, "back.0", history.Append, object, fmt.Sprint("end.", i, ";"))
			}
			readers[1].do(ctx, "back.1", history.Read, object, "")
		})
		if i%8 == 7 {
			wg.Wait()
		}
	}
	wg.Wait()
}
