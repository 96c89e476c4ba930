package main

import (
	"context"
	"fmt"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// pingEvery is how often the heartbeat part asks for a sign of life.
const pingEvery = 20 * time.Millisecond

// measureHeartbeat pings a server by class heartbeat while calls of 4 MiB saturate class data.
func measureHeartbeat(ctx context.Context, pings int) (*heartbeat, error) {
	l := load{size: 4 << 20, window: 8, warm: 300 * time.Millisecond, cell: time.Duration(pings) * pingEvery}
	ctx, cancel := context.WithTimeout(ctx, l.cell+stuck)
	defer cancel()
	srv, err := start(ctx, zeph, append([]string{"server"}, l.args()...)...)
	if err != nil {
		return nil, err
	}
	defer srv.end()
	addr, err := srv.hear("listening")
	if err != nil {
		return nil, fmt.Errorf("server %w", err)
	}
	to, err := zephPeer(addr)
	if err != nil {
		return nil, err
	}
	m, err := newZeph("client.bench", messenger.Config{Transport: zmq.New(zmq.Settings{})})
	if err != nil {
		return nil, err
	}
	defer m.Close(ctx)
	return pingBeside(ctx, m, to, l, pings)
}

// pingBeside keeps the load on the class data meanwhile.
func pingBeside(ctx context.Context, m *messenger.Messenger, to messenger.Peer, l load, pings int) (*heartbeat, error) {
	begun, ended := make(chan struct{}), make(chan error, 1)
	var bulk sample
	go func() {
		var err error
		bulk, err = drive(linkDialer(m, to), "", l, func() { close(begun) })
		ended <- err
	}()
	select {
	case err := <-ended:
		return nil, err
	case <-begun:
	}
	var seen histogram
	err := ping(ctx, m.Link(to, wire.Heartbeat), pings, &seen)
	if err != nil {
		return nil, err
	}
	if err := <-ended; err != nil {
		return nil, err
	}
	ms := func(q float64) float64 { return float64(seen.quantile(q)) / 1e6 }
	return &heartbeat{Pings: pings, P50: ms(0.5), P99: ms(0.99),
		BulkBytes: float64(bulk.Ops) * float64(l.size) / float64(bulk.Time) * 1e3}, nil
}

// linkDialer drives a load over a messenger that there is already.
func linkDialer(m *messenger.Messenger, to messenger.Peer) dialer {
	return func(_ string, l load, answered func(uint64), failed func(error)) (client, error) {
		return newZephClient(m.Link(to, wire.Data), l, answered, failed), nil
	}
}

// ping asks so many times, on the beat, whether the answer before has come or not.
func ping(ctx context.Context, link *messenger.Link, n int, seen *histogram) error {
	beat := time.NewTicker(pingEvery)
	defer beat.Stop()
	results := make(chan error, n)
	for range n {
		sent := time.Now()
		m := &messenger.Message{Header: wire.Header{Type: wire.TypePing}, Body: wire.AppendBody(nil, &wire.Ping{Sent: 1})}
		link.Go(m, callTimeout, func(answer *messenger.Message, err error) {
			if err == nil {
				answer.Release()
				seen.add(time.Since(sent))
			}
			results <- err
		})
		<-beat.C
	}
	for range n {
		select {
		case err := <-results:
			if err != nil {
				return fmt.Errorf("ping: %w", err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
