package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Up starts a cluster in a folder and waits until it is healthy. In a folder that holds the data
// of a lab that is down it starts that one again, and of the options only Dir, Talk and Timeout
// count. When it fails, or ctx ends, it leaves no process behind, and no data that it made.
func Up(ctx context.Context, opts Options) (*Lab, error) {
	if err := opts.fill(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	l := &Lab{dir: dir}
	unlock, err := l.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	u := &upper{l: l, opts: opts, began: time.Now()}
	if err := u.run(ctx); err != nil {
		return nil, errors.Join(err, u.undo())
	}
	return l, nil
}

// upper is one run of Up.
type upper struct {
	l     *Lab
	opts  Options
	began time.Time

	mu    sync.Mutex // daemons start side by side
	s     *state
	fresh bool // the data are ours

	removed map[string]string // monitors that must not start
	mine    []*Daemon
}

func (u *upper) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, u.opts.Timeout, fmt.Errorf("not healthy within %v: %w", u.opts.Timeout, context.DeadlineExceeded))
	defer cancel()
	if err := u.prepare(); err != nil {
		return err
	}
	if err := register(u.l.dir); err != nil {
		return err
	}
	if err := u.startAll(ctx); err != nil {
		return err
	}
	if err := u.settle(ctx); err != nil {
		return err
	}
	u.s.Complete = true
	return u.l.save(u.s)
}

// prepare reads what there is, or makes up a new cluster and its data folders.
func (u *upper) prepare() error {
	s, err := u.l.load()
	switch {
	case err == nil:
		if alive := s.alive(); len(alive) > 0 {
			return fmt.Errorf("%s: a lab runs here already: %s has pid %d", u.l.dir, alive[0].Name, alive[0].Pid)
		}
		u.s = s
		if !s.Complete {
			if err := u.unmake(); err != nil {
				return err
			}
			return u.create()
		}
		return u.binaries()
	case !errors.Is(err, ErrNoLab):
		return err
	}
	if err := u.l.empty(); err != nil {
		return err
	}
	return u.create()
}

// empty refuses a folder with something in it that is not ours.
func (l *Lab) empty() error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != "lab.lock" {
			return fmt.Errorf("%s: is not empty and has no lab in it: %s", l.dir, e.Name())
		}
	}
	return nil
}

// create makes up a new cluster.
func (u *upper) create() error {
	o := &u.opts
	if o.Bin == (Binaries{}) {
		bin, err := FindBinaries()
		if err != nil {
			return err
		}
		o.Bin = bin
	}
	if o.Capacity == 0 {
		free, err := freeSpace(u.l.dir)
		if err != nil {
			return err
		}
		o.Capacity = free / uint64(o.OSDs+spare)
	}
	if o.Cuts {
		if err := CanCut(o.Addr); err != nil {
			return err
		}
	}
	if o.Netns {
		if err := CanNetns(); err != nil {
			return err
		}
	}
	u.fresh = true
	u.s = &state{Netns: o.Netns, FSID: newUUID(), Host: o.Addr, MonArgs: o.MonArgs, OSDArgs: o.OSDArgs, Bin: o.Bin, Capacity: o.Capacity}
	if o.Cuts {
		u.s.Groups = newGroups()
	}
	for i := range o.Mons {
		u.s.add(u.l.newDaemon(Mon, monName(i), ""))
	}
	for i := range o.OSDs {
		u.s.add(u.l.newDaemon(OSD, fmt.Sprint(i), o.location(i)))
	}
	return nil
}

// binaries are those of today, where there are any; else those that made the lab.
func (u *upper) binaries() error {
	bin := u.opts.Bin
	if bin == (Binaries{}) {
		var err error
		if bin, err = FindBinaries(); err != nil {
			return nil
		}
	}
	u.s.Bin = bin
	return nil
}

func (l *Lab) newDaemon(k Kind, id, at string) *Daemon {
	name := string(k) + "." + id
	d := &Daemon{Name: name, Kind: k, State: Stopped, Folder: filepath.Join(l.dir, name), Location: at, Addresses: unbound(k)}
	if k == Mon {
		d.Store = newUUID()
	}
	return d
}

// startAll starts everything side by side. The monitors' sockets come first: all of them stand in
// the cluster file, which every daemon reads.
func (u *upper) startAll(ctx context.Context) error {
	socks := make(map[*Daemon]*sockets)
	defer func() {
		for _, s := range socks {
			s.close()
		}
	}()
	if err := u.leaveRemoved(); err != nil {
		return err
	}
	u.s.Cuts = nil
	if err := u.l.watchNetwork(u.s); err != nil {
		return err
	}
	for _, d := range u.members() {
		s, err := u.l.bind(u.s, d, d.Addresses)
		if err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
		socks[d], d.Addresses = s, s.addrs
	}
	if u.fresh {
		text, err := u.s.clusterFile()
		if err != nil {
			return err
		}
		if err := replaceFile(u.l.ClusterFile(), text); err != nil {
			return err
		}
	}
	return each(append(u.members(), u.s.of(OSD)...), func(d *Daemon) error { return u.startOne(ctx, d, socks[d]) })
}

// startOne makes a daemon's data and starts it. lab.json is written after each start, so that no
// process is forgotten should we be killed.
func (u *upper) startOne(ctx context.Context, d *Daemon, socks *sockets) error {
	if u.fresh {
		if err := u.l.mkfs(ctx, u.s, d); err != nil {
			return err
		}
	}
	if socks == nil {
		s, err := u.l.bind(u.s, d, unbound(d.Kind))
		if err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
		defer s.close()
		socks = s
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := u.l.start(u.s, d, socks); err != nil {
		return err
	}
	u.mine = append(u.mine, d)
	return u.l.save(u.s)
}

// each does something to all of a list side by side, and returns the first error.
func each(daemons []*Daemon, do func(*Daemon) error) error {
	errs := make([]error, len(daemons))
	var wg sync.WaitGroup
	for i, d := range daemons {
		wg.Go(func() { errs[i] = do(d) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// undo ends what a run that failed has started, and removes what it made.
func (u *upper) undo() error {
	ctx := context.Background()
	err := end(ctx, u.mine, time.Second)
	if u.s != nil {
		err = errors.Join(err, u.l.mendNetwork(u.s), u.l.removeNetwork())
	}
	if !u.fresh {
		if u.s != nil && len(u.mine) > 0 {
			err = errors.Join(err, u.l.save(u.s), unregister(u.l.dir))
		}
		return err
	}
	err = errors.Join(err, u.unmake(), unregister(u.l.dir), os.Remove(filepath.Join(u.l.dir, "lab.lock")))
	os.Remove(u.l.dir) // if nothing else is in it
	return err
}

// unmake removes the data of a cluster that never came to life.
func (u *upper) unmake() error {
	var err error
	for _, d := range u.s.Daemons {
		err = errors.Join(err, os.RemoveAll(d.Folder))
	}
	for _, name := range []string{"zeph.yaml", "lab.json"} {
		if e := os.Remove(filepath.Join(u.l.dir, name)); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
