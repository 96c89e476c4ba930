package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/osdmap"
	"zeph/pkg/scenario"
	"zeph/pkg/status"
)

// Plan says what is to be run.
type Plan struct {
	Target  string // lab, compose, netns
	Name    string // of the scenario's file, for errors
	Text    []byte // of the scenario
	Seed    uint64
	Folder  string // of the run; it is made
	Version string // of the program, for the report
	Keep    bool   // the cluster's data stay in the folder
	Talk    func(format string, args ...any)
}

// ErrInterrupted: the run was ended before there was a verdict. All was taken back.
var ErrInterrupted = errors.New("interrupted")

// limit is the longest that a run may take beyond what its scenario says.
const limit = 5 * time.Minute

// Run carries a scenario out and judges it. Whatever happens, the cluster is taken down in the end; should
// the program be killed, Clean does that.
func Run(ctx context.Context, p Plan) (*Report, error) {
	s, err := scenario.Parse(p.Name, p.Text)
	if err != nil {
		return nil, err
	}
	if s.Swarm {
		return nil, fmt.Errorf("scenario %s: swarm draws what only a simulator has", s.Name)
	}
	if s.Name == "" {
		s.Name = strings.TrimSuffix(filepath.Base(p.Name), ".yaml")
	}
	open, ok := openers[p.Target]
	if !ok {
		return nil, fmt.Errorf("target %q: expected one of: %s", p.Target, strings.Join(Targets(), ", "))
	}
	if p.Folder, err = filepath.Abs(p.Folder); err != nil {
		return nil, err
	}
	if p.Talk == nil {
		p.Talk = func(string, ...any) {}
	}
	t, err := open(Options{Folder: p.Folder, Talk: p.Talk})
	if err != nil {
		return nil, err
	}
	left, err := check(p.Target, t, s)
	if err != nil {
		return nil, err
	}
	own, err := begin(p)
	if err != nil {
		return nil, err
	}
	defer own.end()
	r := &run{plan: p, s: s, target: t}
	r.facts = Facts{Scenario: s.Name, Target: p.Target, Seed: p.Seed, Version: p.Version, Began: time.Now(), Left: left, Broken: []string{}, Unequal: []string{}}
	bound := time.Duration(s.Seconds+s.Heal)*time.Second + limit
	ctx, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("the run did not end within %v", bound))
	defer cancel()
	err = r.all(ctx)
	if down := r.down(); down != nil {
		own.keep = true // so that Clean finds it
		err = errors.Join(err, down)
	}
	if err != nil {
		return nil, err
	}
	return r.report()
}

// run is one run.
type run struct {
	plan    Plan
	s       *scenario.Scenario
	target  Target
	facts   Facts
	files   []*lines
	watch   *watcher
	clients *workload
	breaker *breaker
	lost    string // an OSD that is gone for good
}

func (r *run) path(name string) string { return filepath.Join(r.plan.Folder, name) }

func (r *run) file(name string) (*lines, error) {
	l, err := newLines(r.path(name))
	if err == nil {
		r.files = append(r.files, l)
	}
	return l, err
}

// all is a run from the first process to the last answer.
func (r *run) all(ctx context.Context) error {
	r.plan.Talk("%s: %d monitors, %d OSDs, target %s, seed %d", r.s.Name, r.s.Mons, r.s.OSDs, r.plan.Target, r.plan.Seed)
	if err := r.target.Up(ctx, r.s); err != nil {
		return r.why(ctx, err)
	}
	operator, err := r.prepare(ctx)
	if err != nil {
		return r.why(ctx, err)
	}
	defer operator.Close()
	watching, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	defer r.clients.close()
	if err := r.clients.start(ctx); err != nil {
		return r.why(ctx, err)
	}
	wg.Go(func() { r.watch.run(watching) })
	r.strike(ctx)
	if ctx.Err() != nil {
		return r.why(ctx, context.Cause(ctx))
	}
	if err := r.heal(ctx); err != nil {
		return r.why(ctx, err)
	}
	r.clients.stop()
	r.clients.readBack(ctx)
	r.facts.Quiet = r.clients.now()
	r.scrub(ctx)
	if ctx.Err() != nil {
		return r.why(ctx, context.Cause(ctx))
	}
	return r.keepMap(ctx, operator)
}

func (r *run) why(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ErrInterrupted
	}
	return err
}

// prepare connects whoever watches and breaks, and opens the files.
func (r *run) prepare(ctx context.Context) (*client.Client, error) {
	operator, err := r.target.Connect(ctx, Who{Name: "operator"})
	if err != nil {
		return nil, err
	}
	history, err := r.file(historyFile)
	samples, err2 := r.file(samplesFile)
	faults, err3 := r.file(faultsFile)
	if err := errors.Join(err, err2, err3); err != nil {
		operator.Close()
		return nil, err
	}
	r.clients = newWorkload(r.target, r.s, r.plan.Seed, history)
	now := func() time.Duration { return r.clients.now() }
	r.watch = newWatcher(r.target, operator, r.s, now, samples)
	r.breaker = &breaker{
		target: r.target, s: r.s, operator: operator, watch: r.watch, clients: r.clients, file: faults,
		rand: rand.New(rand.NewPCG(r.plan.Seed, 1)), now: map[string][]Mark{},
		talk: func(format string, args ...any) {
			r.plan.Talk("%6.1f s  %s", now().Seconds(), fmt.Sprintf(format, args...))
		},
	}
	return operator, nil
}

// strike lets steps and faults happen for as long as the scenario says, and all steps have been taken.
func (r *run) strike(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer r.breaker.undone.Wait()
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { r.breaker.steps(ctx) })
	wg.Go(func() { r.breaker.strikes(ctx, plan(r.s, r.plan.Seed)) })
	_ = rest(ctx, time.Duration(r.s.Seconds)*time.Second-r.clients.now())
	wg.Wait()
	r.facts.Struck = r.clients.now()
}

// heal takes everything back and waits until the cluster is well.
func (r *run) heal(ctx context.Context) error {
	r.breaker.mark(Mark{What: "say", Text: "everything is taken back", Ended: true})
	r.plan.Talk("%6.1f s  everything is taken back", r.clients.now().Seconds())
	mending, cancel := context.WithTimeout(ctx, time.Duration(r.s.Heal)*time.Second)
	defer cancel()
	if err := r.target.Mend(mending); err != nil {
		r.breaker.fail("mend: %v", err)
	}
	if err := r.breaker.settle(mending); err != nil {
		r.breaker.fail("%v", err)
	}
	for _, u := range r.clients.clients {
		if err := u.again(mending); err != nil {
			r.breaker.fail("%v", err)
		}
	}
	r.facts.Mended = r.clients.now()
	if ok := r.clean(ctx); !ok || r.s.End != scenario.Lost {
		return nil
	}
	return r.lose(ctx)
}

// clean waits until every PG is active+clean, and all OSDs are up.
func (r *run) clean(ctx context.Context) bool {
	heal := time.Duration(r.s.Heal) * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, heal, fmt.Errorf("not within %v", heal))
	defer cancel()
	for {
		s, err := r.watch.fresh(ctx)
		if err != nil {
			r.breaker.fail("every PG clean after all was taken back: %v: %s", err, s.brief())
			r.facts.Clean = 0
			return false
		}
		if r.well(&s) {
			r.facts.Clean = s.At
			if now := r.clients.now(); r.facts.Clean < r.facts.Mended {
				r.facts.Clean = now
			}
			r.breaker.say("every PG is active+clean")
			return true
		}
	}
}

func (r *run) well(s *Sample) bool {
	for _, state := range s.PGs {
		if !hasWord(state, "active") || !hasWord(state, "clean") {
			return false
		}
	}
	daemons := 0
	for _, name := range r.breaker.all() {
		if strings.HasPrefix(name, "osd.") && name != r.lost {
			daemons++
		}
	}
	return len(s.PGs) == len(r.watch.pgs) && s.Leader != "" && len(s.Up) == daemons
}

// lose has an OSD gone for good: all that it had is elsewhere, too.
func (r *run) lose(ctx context.Context) error {
	victims := r.breaker.well(rand.New(rand.NewPCG(r.plan.Seed, 2)), 1, true)
	if len(victims) == 0 {
		return nil
	}
	r.lost = victims[0]
	r.breaker.say("%s is gone for good", r.lost)
	r.breaker.do(ctx, []Fault{{Verb: "kill", Of: r.lost}})
	if err := r.breaker.command(ctx, "osd out", client.Args{"id": r.lost[len("osd."):], "force": "true", "yes": "true"}); err != nil {
		r.breaker.fail("%v", err)
	}
	was := r.facts.Clean
	if err := rest(ctx, time.Second); err != nil {
		return err
	}
	if r.clean(ctx) {
		r.facts.Clean = was
	}
	return nil
}

// scrubTime is how long all deep scrubs may take.
const scrubTime = 2 * time.Minute

// scrub has all copies of everything read and compared.
func (r *run) scrub(ctx context.Context) {
	ctx, cancel := context.WithTimeoutCause(ctx, scrubTime, fmt.Errorf("not within %v", scrubTime))
	defer cancel()
	operator := r.breaker.operator
	left := map[osdmap.PGID]bool{}
	for _, id := range r.watch.pgs {
		left[id] = true
	}
	before := map[string]osdmap.UnixMilli{}
	list, err := ask[status.PGList](ctx, operator, "pg ls", nil)
	if err != nil {
		r.breaker.fail("deep scrub: %v", err)
		return
	}
	for i := range list.PGs {
		before[list.PGs[i].PG] = list.PGs[i].DeepMS
	}
	var asked time.Time
	for len(left) > 0 {
		if time.Since(asked) > 10*time.Second {
			asked = time.Now()
			var ids []osdmap.PGID
			for id := range left {
				ids = append(ids, id)
			}
			_ = sideBySide(ids, func(id osdmap.PGID) error {
				_, err := operator.PGCommand(ctx, id, "pg deep-scrub", nil)
				return err
			})
		}
		if list, err := ask[status.PGList](ctx, operator, "pg ls", nil); err == nil {
			for i := range list.PGs {
				if pg := &list.PGs[i]; pg.DeepMS > before[pg.PG] && !hasWord(pg.State, "scrubbing") {
					id, _ := osdmap.ParsePGID(pg.PG)
					if left[id] {
						delete(left, id)
						r.facts.Scrubbed++
						r.compare(ctx, id, pg)
					}
				}
			}
		}
		if err := rest(ctx, 200*time.Millisecond); err != nil {
			r.breaker.fail("deep scrub: %v: %d PGs are left", err, len(left))
			return
		}
	}
	slices.Sort(r.facts.Unequal)
}

// compare notes what a scrub found.
func (r *run) compare(ctx context.Context, id osdmap.PGID, pg *status.PG) {
	if pg.Damaged == 0 && !hasWord(pg.State, "inconsistent") {
		return
	}
	answer, err := r.breaker.operator.PGCommand(ctx, id, "pg list-inconsistent", nil)
	var found status.Inconsistent
	if err == nil {
		err = json.Unmarshal(answer.JSON, &found)
	}
	if err != nil || len(found.Objects) == 0 {
		r.facts.Unequal = append(r.facts.Unequal, fmt.Sprintf("pg %v: %d objects", id, pg.Damaged))
	}
	for _, o := range found.Objects {
		text := fmt.Sprintf("pg %v: %s", id, o.Name)
		for _, c := range o.Copies {
			if len(c.Errors) > 0 {
				text += fmt.Sprintf(", %v: %s", c.OSD, strings.Join(c.Errors, " "))
			}
		}
		r.facts.Unequal = append(r.facts.Unequal, text)
	}
}

// keepMap writes the newest map, for people and jq.
func (r *run) keepMap(ctx context.Context, c *client.Client) error {
	answer, err := c.MonCommand(ctx, "osd dump", nil)
	if err != nil {
		return err
	}
	return os.WriteFile(r.path(mapFile), append(answer.JSON, '\n'), 0o644)
}

// downTime is how long it may take to end a cluster, whatever state it is in.
const downTime = time.Minute

// down keeps the logs and ends the cluster, also when the context has ended.
func (r *run) down() error {
	ctx, cancel := context.WithTimeout(context.Background(), downTime)
	defer cancel()
	var err error
	for _, l := range r.files {
		err = errors.Join(err, l.close())
	}
	if e := os.MkdirAll(r.path(logsFolder), 0o755); e == nil {
		_ = r.target.Logs(ctx, r.path(logsFolder)) // there are none before Up has come far
	}
	if e := r.target.Down(ctx); e != nil {
		return errors.Join(err, fmt.Errorf("%s: the cluster did not end: %w", r.plan.Folder, e))
	}
	if !r.plan.Keep {
		err = errors.Join(err, os.RemoveAll(r.path("cluster")))
	}
	return err
}

// report judges what is in the folder now, as Verify will.
func (r *run) report() (*Report, error) {
	r.facts.Broken = append(r.facts.Broken, r.breaker.broken...)
	if err := writeJSON(r.path(reportFile), Report{Facts: r.facts}); err != nil {
		return nil, err
	}
	return judge(r.plan.Folder, true)
}
