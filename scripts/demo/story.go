package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/status"
)

// story is one run of the demo.
type story struct {
	folder string
	big    int64 // bytes of the large file
	began  time.Time

	lab    *lab.Lab
	client *client.Client
	pool   client.Pool
	seen   uint64 // newest line of the cluster log that was shown
	stored contents
	writer *writer
}

func newStory(folder string, big int64) *story {
	return &story{folder: folder, big: big, began: time.Now()}
}

// Write is for the lab's talk: each line is a line of the story.
func (s *story) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		s.line("%s", strings.TrimRight(line, "\n"))
	}
	return len(p), nil
}

// chapter begins one, which a failure names.
func (s *story) chapter(title string) { fmt.Printf("\n%s\n", title) }

func (s *story) line(format string, args ...any) {
	fmt.Printf("  %6.1f s  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

func (s *story) tell(ctx context.Context, dir string) error {
	for _, c := range []struct {
		title string
		act   func(context.Context) error
	}{
		{"1. Three monitors and six OSDs start, as processes of their own that know each other by ZeroMQ alone.",
			func(ctx context.Context) error { return s.start(ctx, dir) }},
		{"2. A folder becomes objects, and a large file one in pieces; each write is on three disks before it counts.", s.store},
		{"3. An OSD is killed while a writer goes on. Nobody tells the cluster.", s.kill},
		{"4. A seventh OSD comes, and takes its share.", s.grow},
		{"5. Another OSD is drained.", s.drain},
		{"6. The monitor that leads is killed.", s.behead},
		{"7. Everything stops and starts again, also what was killed.", s.restart},
		{"8. Every object is read back.", s.verify},
	} {
		s.chapter(c.title)
		if err := c.act(ctx); err != nil {
			s.showLog(ctx)
			return fmt.Errorf("%s\n%w", c.title, err)
		}
	}
	fmt.Printf("\nPASS  %s in %.0f s\n", s.stored.verdict(), time.Since(s.began).Seconds())
	return nil
}

// connect gives the story a client.
func (s *story) connect(ctx context.Context) error {
	s.disconnect()
	c, err := s.lab.Connect(ctx)
	if err != nil {
		return err
	}
	s.client = c
	s.pool, err = c.Pool(ctx, "demo")
	return err
}

func (s *story) disconnect() {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
}

// ask gives a command to the monitors and reads the answer.
func ask[T any](ctx context.Context, c *client.Client, name string, args client.Args) (*T, error) {
	answer, err := c.MonCommand(ctx, name, args)
	if err != nil {
		return nil, err
	}
	value := new(T)
	if err := json.Unmarshal(answer.JSON, value); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return value, nil
}

func (s *story) status(ctx context.Context) (*status.Status, error) {
	return ask[status.Status](ctx, s.client, "status", nil)
}

const look = 100 * time.Millisecond

// until looks at the cluster until it is as wanted, and tells every few seconds how it is.
func (s *story) until(ctx context.Context, what string, patience time.Duration, wanted func(*status.Status) bool) (*status.Status, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %v: %s", patience, what))
	defer cancel()
	told := time.Now()
	for {
		st, err := s.status(ctx)
		if err == nil && wanted(st) {
			return st, nil
		}
		if st != nil && time.Since(told) > 3*time.Second {
			s.line("… %s", glance(st))
			told = time.Now()
		}
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// glance is the state of the PGs, and what moves.
func glance(st *status.Status) string {
	var words []string
	for _, p := range st.PGs.States {
		words = append(words, fmt.Sprintf("%d %s", p.Count, p.State))
	}
	var left, rate uint64
	for _, m := range st.Moving {
		left, rate = left+m.LeftBytes, rate+m.Rate
	}
	if left > 0 {
		words = append(words, fmt.Sprintf("%s to go at %s/s", size(left), size(rate)))
	}
	return strings.Join(words, ", ")
}

func clean(st *status.Status) bool {
	whole := 0
	for _, p := range st.PGs.States {
		if strings.HasPrefix(p.State, "active+clean") {
			whole += p.Count
		}
	}
	return st.Known && st.PGs.Total > 0 && whole == st.PGs.Total && st.PGs.Degraded == 0 && st.PGs.Misplaced == 0
}

// showLog prints what the cluster log has had to say since the last time.
func (s *story) showLog(ctx context.Context) {
	if s.client == nil || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	lines, err := ask[status.LogLines](ctx, s.client, "log", client.Args{"after": fmt.Sprint(s.seen)})
	if err != nil {
		return
	}
	for _, l := range lines.Lines {
		s.seen = l.Seq
		fmt.Printf("      log | %s %-6s %s\n", time.UnixMilli(int64(l.TimeMS)).Format("15:04:05.000"), l.Who, l.Text)
	}
}

func size(n uint64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
}
