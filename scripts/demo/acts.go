package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

// outAfter is how long an OSD may be down before its data are copied; by default it is a minute.
const outAfter = 8 * time.Second

// moving is how long data may take to move: a machine that is busy with other work gets a few MiB a second done.
func (s *story) moving() time.Duration { return time.Minute + time.Duration(s.big>>22)*time.Second }

func (s *story) start(ctx context.Context, dir string) error {
	if _, err := lab.Open(dir); err == nil {
		return fmt.Errorf("%s: there is a lab already: the story needs a new one", dir)
	}
	l, err := lab.Up(ctx, lab.Options{
		Dir: dir, Talk: s,
		Config: []lab.Setting{{Who: "mon", Name: "mon_osd_down_out_interval", Value: outAfter.String()}},
	})
	if err != nil {
		return err
	}
	s.lab = l
	if err := s.connect(ctx); err != nil {
		return err
	}
	s.line("data and logs are below %s", l.Dir())
	return nil
}

func (s *story) store(ctx context.Context) error {
	began := time.Now()
	files, bytes, err := s.putFolder(ctx)
	if err != nil {
		return err
	}
	s.line("%d files of %s, %s: %s", files, s.folder, size(bytes), pace(bytes, time.Since(began)))
	began = time.Now()
	n, err := s.put(ctx, "big.bin", io.LimitReader(noise(1<<40), s.big))
	if err != nil {
		return err
	}
	s.line("big.bin, %s: %s", size(n), pace(n, time.Since(began)))
	st, err := s.status(ctx)
	if err != nil {
		return err
	}
	s.line("%s", glance(st))
	return nil
}

func pace(bytes uint64, took time.Duration) string {
	return fmt.Sprintf("%.1f s, %s/s", took.Seconds(), size(uint64(float64(bytes)/took.Seconds())))
}

// victim is the OSD that is killed, spare the one that is drained.
const (
	victim osdmap.OSDID = 3
	other  osdmap.OSDID = 4
)

func (s *story) kill(ctx context.Context) error {
	s.showLogLater(ctx)
	s.startWriter(ctx)
	select { // so that it is under way
	case <-time.After(time.Second):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if _, err := s.writer.phase(); err != nil {
		return err
	}
	killed := time.Now()
	s.line("SIGKILL for %v", victim)
	if err := s.lab.Kill(ctx, victim.String()); err != nil {
		return err
	}
	down := func(st *status.Status) bool { return goingOut(st, victim) != nil }
	if _, err := s.until(ctx, "the cluster notices", 15*time.Second, down); err != nil {
		return err
	}
	s.line("noticed %.1f s after", time.Since(killed).Seconds())
	s.showLog(ctx)
	st, err := s.until(ctx, "PGs are degraded", 15*time.Second, func(st *status.Status) bool { return st.PGs.Degraded > 0 && serving(st) })
	if err != nil {
		return err
	}
	s.line("degraded: %s", glance(st))
	if err := s.writerWent(); err != nil {
		return err
	}
	s.line("the OSD may come back for %v; then it is out, and its data are copied", outAfter)
	out := func(st *status.Status) bool {
		g := goingOut(st, victim)
		return g != nil && !g.In
	}
	if _, err := s.until(ctx, "it is marked out", outAfter+20*time.Second, out); err != nil {
		return err
	}
	s.line("marked out %.1f s after", time.Since(killed).Seconds())
	s.showLog(ctx)
	if _, err := s.until(ctx, "all copies are there again", s.moving(), clean); err != nil {
		return err
	}
	s.line("healed %.1f s after: every object has three copies again", time.Since(killed).Seconds())
	s.showLog(ctx)
	return s.writerWent()
}

// serving reports whether every PG has come to terms with the map.
func serving(st *status.Status) bool {
	return !slices.ContainsFunc(st.PGs.States, func(p status.StateCount) bool { return !strings.HasPrefix(p.State, "active+") })
}

// goingOut is what the status says of an OSD that is down.
func goingOut(st *status.Status, id osdmap.OSDID) *status.Going {
	for i := range st.OSDs.Down {
		if st.OSDs.Down[i].OSD == id {
			return &st.OSDs.Down[i]
		}
	}
	return nil
}

// showLogLater passes over what the log has had to say so far.
func (s *story) showLogLater(ctx context.Context) {
	lines, err := ask[status.LogLines](ctx, s.client, "log", client.Args{"last": "1"})
	if err == nil && len(lines.Lines) > 0 {
		s.seen = lines.Lines[len(lines.Lines)-1].Seq
	}
}

func (s *story) writerWent() error {
	longest, err := s.writer.phase()
	s.writer.mu.Lock()
	acked, unsure := s.writer.acked, s.writer.unsure
	s.writer.mu.Unlock()
	s.line("the writer: %d writes acknowledged, %d unknown; longest wait in this while %.2f s", acked, unsure, longest.Seconds())
	return err
}

func (s *story) grow(ctx context.Context) error {
	name, err := s.lab.AddOSD(ctx, 6, "host=h2 rack=r1")
	if err != nil {
		return err
	}
	s.line("%s is up in host h2", name)
	if _, err := s.until(ctx, "the data have moved", s.moving(), func(st *status.Status) bool { return st.OSDs.Up == 6 && clean(st) }); err != nil {
		return err
	}
	use, err := s.use(ctx, 6)
	if err != nil {
		return err
	}
	s.line("it holds %d of 96 copies of PGs, %s", use.PGs, size(use.UsedBytes))
	s.showLog(ctx)
	return s.writerWent()
}

func (s *story) use(ctx context.Context, id osdmap.OSDID) (*status.OSDUse, error) {
	df, err := ask[status.OSDDF](ctx, s.client, "osd df", nil)
	if err != nil {
		return nil, err
	}
	for i := range df.OSDs {
		if df.OSDs[i].ID == id {
			return &df.OSDs[i], nil
		}
	}
	return nil, fmt.Errorf("osd df does not know %v", id)
}

func (s *story) drain(ctx context.Context) error {
	before, err := s.use(ctx, other)
	if err != nil {
		return err
	}
	s.line("%v holds %d copies of PGs, %s", other, before.PGs, size(before.UsedBytes))
	if _, err := s.client.MonCommand(ctx, "osd drain", client.Args{"id": fmt.Sprint(int32(other))}); err != nil {
		return err
	}
	began := time.Now()
	var moved time.Time // everything, so that only what is left over has to be removed
	for {
		if _, err := s.until(ctx, "it is empty", s.moving(), clean); err != nil {
			return err
		}
		if moved.IsZero() {
			moved = time.Now()
		}
		safe, err := ask[status.SafeToDestroy](ctx, s.client, "osd safe-to-destroy", client.Args{"ids": fmt.Sprint(int32(other))})
		if err != nil {
			return err
		}
		if safe.Safe {
			break
		}
		if time.Since(moved) > 20*time.Second {
			return fmt.Errorf("%v is not safe to destroy: %s %v", other, safe.Unknown, safe.Bad)
		}
		time.Sleep(look)
	}
	s.line("%.1f s after nothing depends on its data: zeph osd safe-to-destroy %d says yes", time.Since(began).Seconds(), other)
	s.showLog(ctx)
	return s.writerWent()
}

func (s *story) behead(ctx context.Context) error {
	st, err := s.status(ctx)
	if err != nil {
		return err
	}
	leader := strings.TrimPrefix(st.Mons.Leader, "mon.")
	s.line("mon.%s leads, in term %d: SIGKILL", leader, st.Mons.Term)
	killed := time.Now()
	if err := s.lab.Kill(ctx, "mon."+leader); err != nil {
		return err
	}
	next, err := s.until(ctx, "another one leads", 20*time.Second, func(now *status.Status) bool {
		return now.Mons.Leader != "" && now.Mons.Term > st.Mons.Term
	})
	if err != nil {
		return err
	}
	s.line("mon.%s leads %.1f s after, in term %d", strings.TrimPrefix(next.Mons.Leader, "mon."), time.Since(killed).Seconds(), next.Mons.Term)
	return s.writerWent()
}

func (s *story) restart(ctx context.Context) error {
	s.stopWriter()
	if err := s.writerWent(); err != nil {
		return err
	}
	s.disconnect()
	began := time.Now()
	if err := s.lab.Down(ctx); err != nil {
		return err
	}
	s.line("everything said goodbye in %.1f s", time.Since(began).Seconds())
	if _, err := lab.Up(ctx, lab.Options{Dir: s.lab.Dir(), Talk: s, Timeout: s.moving()}); err != nil {
		return err
	}
	return s.connect(ctx)
}

func (s *story) verify(ctx context.Context) error {
	s.stored.mu.Lock()
	var names []string
	for name := range s.stored.objects {
		names = append(names, name)
	}
	s.stored.mu.Unlock()
	slices.Sort(names)
	began := time.Now()
	if err := parallel(ctx, names, s.check); err != nil {
		return err
	}
	s.line("%d objects read back and compared: %s", s.stored.read, pace(s.stored.bytes, time.Since(began)))
	return nil
}
