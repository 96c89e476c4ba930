package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

type bench struct {
	lab    *lab.Lab
	client *client.Client
	pool   client.Pool
	names  []string // of objects, in all PGs
}

const (
	objects  = 256
	osds     = 6
	patience = time.Minute // for anything
	look     = 10 * time.Millisecond
)

func (b *bench) prepare(ctx context.Context) error {
	c, err := b.lab.Connect(ctx)
	if err != nil {
		return err
	}
	b.client = c
	// Each OSD is broken more often here than in a year: monitors are not to become patient with it (protocol 15.7).
	if _, err := c.MonCommand(ctx, "config set", client.Args{"who": "mon", "name": "mon_osd_adjust_heartbeat_grace", "value": "false"}); err != nil {
		return err
	}
	if b.pool, err = c.Pool(ctx, "demo"); err != nil {
		return err
	}
	for i := range objects {
		name := fmt.Sprintf("o%03d", i)
		if err := b.put(ctx, name); err != nil {
			return err
		}
		b.names = append(b.names, name)
	}
	return nil
}

func (b *bench) put(ctx context.Context, name string) error {
	_, err := b.pool.Put(ctx, name, bytes.NewReader(make([]byte, 4096)), client.PutOptions{})
	return err
}

func (b *bench) status(ctx context.Context) (*status.Status, error) {
	st := &status.Status{}
	return st, b.ask(ctx, "status", nil, st)
}

func (b *bench) ask(ctx context.Context, name string, args client.Args, value any) error {
	answer, err := b.client.MonCommand(ctx, name, args)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer.JSON, value)
}

// until waits for something, looking often.
func until(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %v: %s", patience, what))
	defer cancel()
	for {
		if ok, err := done(ctx); err == nil && ok {
			return nil
		}
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// settled waits until the cluster is as before the fault.
func (b *bench) settled(ctx context.Context) error {
	return until(ctx, "healthy", func(ctx context.Context) (bool, error) {
		st, err := b.status(ctx)
		return err == nil && st.Health.Status == status.OK && st.OSDs.Up == osds && len(st.Mons.Quorum) == st.Mons.Total, err
	})
}

// served finds two objects, in PGs whose primary is an OSD.
func (b *bench) served(ctx context.Context, by osdmap.OSDID) ([]string, error) {
	var found []string
	for _, name := range b.names {
		var at status.PGMap
		if err := b.ask(ctx, "pg map", client.Args{"pool": "demo", "object": name}, &at); err != nil {
			return nil, err
		}
		if at.Primary == by {
			if found = append(found, name); len(found) == 2 {
				return found, nil
			}
		}
	}
	return nil, fmt.Errorf("%v is primary of no two of %d objects", by, len(b.names))
}

func (b *bench) killOSD(ctx context.Context, i int) (sample, error) {
	return b.faultOSD(ctx, i, b.lab.Kill, b.lab.Start)
}

func (b *bench) pauseOSD(ctx context.Context, i int) (sample, error) {
	return b.faultOSD(ctx, i, b.lab.Pause, b.lab.Resume)
}

// cutOSD cuts an OSD off from everybody, in silence.
func (b *bench) cutOSD(ctx context.Context, i int) (sample, error) {
	return b.faultOSD(ctx, i, func(ctx context.Context, name string) error {
		return b.lab.Cut(ctx, lab.Cut{Of: name})
	}, b.lab.Rejoin)
}

func (b *bench) hangOSD(ctx context.Context, i int) (sample, error) {
	return b.faultOSD(ctx, i, b.lab.Hang, b.lab.Unhang)
}

func (b *bench) faultOSD(ctx context.Context, i int, fault, mend func(context.Context, string) error) (sample, error) {
	if err := b.settled(ctx); err != nil {
		return nil, err
	}
	id := osdmap.OSDID(i % osds)
	names, err := b.served(ctx, id)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := fault(ctx, id.String()); err != nil {
		return nil, err
	}
	s, err := measure(ctx, began, map[string]func(context.Context) error{
		"down in the map": func(ctx context.Context) error { return b.down(ctx, id) },
		"first write":     func(ctx context.Context) error { return b.put(ctx, names[0]) },
		"first read": func(ctx context.Context) error {
			_, _, err := b.pool.Get(ctx, names[1])
			return err
		},
	})
	return s, errors.Join(err, mend(ctx, id.String()))
}

// down waits for a map that says so.
func (b *bench) down(ctx context.Context, id osdmap.OSDID) error {
	return until(ctx, "down in the map", func(ctx context.Context) (bool, error) {
		m, err := b.client.Map(ctx, client.MapOptions{Fresh: true})
		if err != nil {
			return false, err
		}
		osd, ok := m.OSD(id)
		return ok && !osd.Up, nil
	})
}

// measure does several things side by side, and takes the time from a moment to the end of each.
func measure(ctx context.Context, began time.Time, todo map[string]func(context.Context) error) (sample, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	took, failed := make(sample), error(nil)
	for name, do := range todo {
		wg.Go(func() {
			err := do(ctx)
			mu.Lock()
			defer mu.Unlock()
			took[name] = time.Since(began)
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	wg.Wait()
	return took, failed
}

func (b *bench) killLeader(ctx context.Context, _ int) (sample, error) {
	if err := b.settled(ctx); err != nil {
		return nil, err
	}
	st, err := b.status(ctx)
	if err != nil {
		return nil, err
	}
	leader := "mon." + strings.TrimPrefix(st.Mons.Leader, "mon.")
	writing, stop := context.WithCancel(ctx)
	longest := make(chan time.Duration, 1)
	go func() { longest <- b.write(writing) }()
	began := time.Now()
	if err := b.lab.Kill(ctx, leader); err != nil {
		stop()
		return nil, err
	}
	s, err := measure(ctx, began, map[string]func(context.Context) error{
		"next command": func(ctx context.Context) error { return b.command(ctx) },
	})
	stop()
	if s != nil {
		s["longest wait of a writer"] = <-longest
	}
	return s, errors.Join(err, b.lab.Start(ctx, leader))
}

// command changes something at the monitors.
func (b *bench) command(ctx context.Context) error {
	return until(ctx, "a command is carried out", func(ctx context.Context) (bool, error) {
		_, err := b.client.MonCommand(ctx, "flag set", client.Args{"flag": "noscrub"})
		if err == nil {
			_, err = b.client.MonCommand(ctx, "flag unset", client.Args{"flag": "noscrub"})
		}
		return err == nil, err
	})
}

// write writes until ctx ends. It returns the longest wait for an acknowledgement.
func (b *bench) write(ctx context.Context) time.Duration {
	var longest time.Duration
	for i := 0; ctx.Err() == nil; i++ {
		began := time.Now()
		if err := b.put(ctx, b.names[i%len(b.names)]); err != nil {
			break
		}
		longest = max(longest, time.Since(began))
	}
	return longest
}
