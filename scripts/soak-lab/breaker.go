package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/status"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// breaker breaks daemons and mends them.
type breaker struct {
	lab  *lab.Lab
	rand *rand.Rand
	say  func(format string, args ...any)
}

func (b *breaker) run(ctx context.Context, long time.Duration) error {
	end := time.Now().Add(long)
	for time.Now().Before(end) {
		if err := b.once(ctx); err != nil {
			return err
		}
		if err := wait(ctx, b.between(200*time.Millisecond, 3*time.Second)); err != nil {
			return err
		}
	}
	return nil
}

func (b *breaker) between(least, most time.Duration) time.Duration {
	return least + time.Duration(b.rand.Int64N(int64(most-least)))
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// kinds of faults. What is put out is as well; of monitors it is killed.
var kinds = []string{"kill", "kill", "pause", "stop", "out"}

// out has an operator put an OSD out and in again.
func (b *breaker) out(ctx context.Context, osd string, long time.Duration) error {
	b.say("out %s for %.1f s", osd, long.Seconds())
	c, err := b.lab.Connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	args := client.Args{"id": strings.TrimPrefix(osd, "osd.")}
	if _, err := c.MonCommand(ctx, "osd out", args); err != nil {
		return err
	}
	if err := wait(ctx, long); err != nil {
		return err
	}
	_, err = c.MonCommand(ctx, "osd in", args)
	return err
}

// once breaks something, leaves it so for a while, and mends it.
func (b *breaker) once(ctx context.Context) error {
	var victims []string
	switch b.rand.IntN(10) {
	case 0:
		list, err := b.lab.List()
		if err != nil {
			return err
		}
		for _, d := range list {
			victims = append(victims, d.Name)
		}
	case 1, 2:
		victims = []string{[]string{"mon.a", "mon.b", "mon.c"}[b.rand.IntN(3)]}
	default:
		first := b.rand.IntN(6)
		victims = []string{fmt.Sprint("osd.", first)}
		if b.rand.IntN(2) == 0 {
			victims = append(victims, fmt.Sprint("osd.", (first+1+b.rand.IntN(5))%6))
		}
	}
	kind := b.rand.IntN(len(kinds))
	if len(victims) > 2 {
		kind = 0
	}
	long := b.between(50*time.Millisecond, 9*time.Second)
	if kinds[kind] == "out" && strings.HasPrefix(victims[0], "osd.") {
		return b.out(ctx, victims[0], long)
	}
	b.say("%s %v for %.1f s", kinds[kind], victims, long.Seconds())
	for _, v := range victims {
		if err := b.fault(ctx, kind, v); err != nil {
			return err
		}
	}
	if err := wait(ctx, long); err != nil {
		return err
	}
	return b.mend(ctx)
}

func (b *breaker) fault(ctx context.Context, kind int, name string) error {
	switch kinds[kind] {
	case "pause":
		return b.lab.Pause(ctx, name)
	case "stop":
		return b.lab.Stop(ctx, name)
	}
	return b.lab.Kill(ctx, name)
}

// mend starts and resumes whatever does not run. Starting waits for a daemon to be ready, and OSDs are
// not before the monitors agree; so all start side by side.
func (b *breaker) mend(ctx context.Context) error {
	list, err := b.lab.List()
	if err != nil {
		return err
	}
	results := make(chan error, len(list))
	for _, d := range list {
		go func() {
			switch d.State {
			case lab.Paused:
				results <- b.lab.Resume(ctx, d.Name)
			case lab.Dead, lab.Stopped:
				results <- b.lab.Start(ctx, d.Name)
			default:
				results <- nil
			}
		}()
	}
	for range list {
		err = errors.Join(err, <-results)
	}
	return err
}

// heal waits until the cluster is well.
func (b *breaker) heal(ctx context.Context) error {
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Minute, errors.New("not healthy two minutes after the last fault"))
	defer cancel()
	c, err := b.lab.Connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		answer, err := c.MonCommand(ctx, "status", nil)
		var st status.Status
		if err == nil {
			err = json.Unmarshal(answer.JSON, &st)
		}
		if err == nil && st.Health.Status == status.OK && st.OSDs.Up == 6 && st.OSDs.In == 6 {
			b.say("healthy %.1f s after the last fault", time.Since(began).Seconds())
			return nil
		}
		if wait(ctx, 200*time.Millisecond) != nil {
			text, _ := json.Marshal(st.Health)
			return fmt.Errorf("%w: %s", context.Cause(ctx), text)
		}
	}
}
