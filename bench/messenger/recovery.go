package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// serveRestarted is a server at an endpoint of somebody's choice, which says when it listens, in
// nanoseconds since 1970: listening TIME ADDRS.
func serveRestarted(endpoint string, in io.Reader, out io.Writer) error {
	m, err := listenZeph(zmq.New(zmq.Settings{}), endpoint)
	if err != nil {
		return err
	}
	say(out, "listening", strconv.FormatInt(time.Now().UnixNano(), 10)+" "+toJSON(m.Addrs()))
	_, err = io.Copy(io.Discard, in)
	return err
}

// restarted is the arguments of an end that is serveRestarted.
const restarted = "restarted"

// patient is a client whose server comes and goes.
type patient struct {
	m    *messenger.Messenger
	link *messenger.Link
	srv  *process
	addr string // of its class data
}

// measureRecovery kills and restarts a server, then stops and continues it.
func measureRecovery(ctx context.Context, restarts, stops int) (*recovery, error) {
	p, err := newPatient(ctx)
	if err != nil {
		return nil, err
	}
	defer p.close(ctx)
	var killed, stopped []float64
	for i := range restarts {
		ms, err := p.restart(ctx, time.Duration(i%10)*10*time.Millisecond)
		if err != nil {
			return nil, fmt.Errorf("restart %d: %w", i+1, err)
		}
		killed = append(killed, ms)
	}
	for i := range stops {
		ms, err := p.pause(ctx)
		if err != nil {
			return nil, fmt.Errorf("stop %d: %w", i+1, err)
		}
		stopped = append(stopped, ms)
	}
	return &recovery{
		Restarts: restarts, RestartP50: median(killed), RestartWorst: slices.Max(killed),
		Stops: stops, ContP50: median(stopped), ContWorst: slices.Max(stopped),
	}, nil
}

func newPatient(ctx context.Context) (*patient, error) {
	p := &patient{addr: "tcp://127.0.0.1:0"}
	if _, err := p.start(ctx); err != nil {
		return nil, err
	}
	var err error
	if p.m, err = newZeph("client.bench", messenger.Config{Transport: zmq.New(zmq.Settings{})}); err != nil {
		p.srv.end()
		return nil, err
	}
	p.link = p.m.Link(messenger.Peer{Addrs: map[string]string{"data": p.addr}}, wire.Data)
	if _, err := p.answered(ctx); err != nil {
		p.close(ctx)
		return nil, err
	}
	return p, nil
}

func (p *patient) close(ctx context.Context) {
	p.m.Close(ctx)
	p.srv.end()
}

// start starts the server, where it was before if it was, and says when it listened.
func (p *patient) start(ctx context.Context) (time.Time, error) {
	srv, err := start(ctx, zeph, restarted, p.addr)
	if err != nil {
		return time.Time{}, err
	}
	p.srv = srv
	line, err := srv.hear("listening")
	if err != nil {
		srv.end()
		return time.Time{}, fmt.Errorf("server %w", err)
	}
	when, addrs, _ := strings.Cut(line, " ")
	ns, err := strconv.ParseInt(when, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	to, err := zephPeer(addrs)
	p.addr = to.Addrs["data"]
	return time.Unix(0, ns), err
}

// restart kills the server, leaves it dead for a while, and starts it. It says how many
// milliseconds passed from when it listened until a call was answered.
func (p *patient) restart(ctx context.Context, dead time.Duration) (float64, error) {
	p.srv.cmd.Process.Kill()
	p.srv.cmd.Wait()
	first := p.first(ctx)
	time.Sleep(dead)
	listened, err := p.start(ctx)
	if err != nil {
		return 0, err
	}
	return first.since(listened)
}

// pause stops the server until a call ends at its deadline, and lets it go on. It says how many
// milliseconds passed from then until a call was answered.
func (p *patient) pause(ctx context.Context) (float64, error) {
	if err := p.srv.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return 0, err
	}
	for {
		err := p.call(ctx, 100*time.Millisecond)
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	first := p.first(ctx)
	time.Sleep(50 * time.Millisecond)
	continued := time.Now()
	if err := p.srv.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		return 0, err
	}
	return first.since(continued)
}

// firstAnswer is an answer that is still to come.
type firstAnswer struct {
	at  chan time.Time
	err chan error
}

// first begins to call until an answer comes.
func (p *patient) first(ctx context.Context) firstAnswer {
	f := firstAnswer{make(chan time.Time, 1), make(chan error, 1)}
	go func() {
		at, err := p.answered(ctx)
		f.at <- at
		f.err <- err
	}()
	return f
}

func (f firstAnswer) since(t time.Time) (ms float64, err error) {
	return float64((<-f.at).Sub(t)) / 1e6, <-f.err
}

// answered calls again and again until there is an answer, and says when it came.
func (p *patient) answered(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, stuck)
	defer cancel()
	for {
		err := p.call(ctx, 100*time.Millisecond)
		if err == nil {
			return time.Now(), nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("no answer: the last call ended with %w", err)
		case <-time.After(time.Millisecond):
		}
	}
}

func (p *patient) call(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var s zephSlot
	s.fill(nil)
	m, err := p.link.Call(ctx, s.ready())
	if err != nil {
		return err
	}
	m.Release()
	return nil
}
