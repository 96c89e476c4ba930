package zmq

import (
	"context"
	"errors"
	"fmt"
	"net"

	"zeph/pkg/messenger"
)

// transport makes connections with the same settings.
type transport struct {
	settings Settings
	invalid  error // what is wrong with the settings: every Listen and Dial says so
}

// New is the transport with these settings. If Validate finds fault with them, nothing can be
// listened on or dialled.
func New(s Settings) messenger.Transport {
	return &transport{settings: s.withDefaults(), invalid: s.Validate()}
}

func (t *transport) Name() string { return "zmq" }

func (t *transport) Listen(endpoint string, p messenger.Pattern) (messenger.Listener, error) {
	l, err := t.listen(endpoint, p)
	if err != nil {
		return nil, fmt.Errorf("zmq: listen on %.200q: %w", endpoint, withoutAddress(err))
	}
	return l, nil
}

func (t *transport) listen(endpoint string, p messenger.Pattern) (*listener, error) {
	if t.invalid != nil {
		return nil, t.invalid
	}
	a, err := parse(endpoint)
	if err != nil {
		return nil, err
	}
	l := &listener{settings: t.settings, pattern: p}
	switch a.scheme {
	case "tcp":
		l.sock, err = listenTCP(a)
	case "ipc":
		l.sock, l.file, err = listenIPC(a.addr)
	case "fd":
		l.sock, err = adopt(a.number)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// listenTCP leaves keepalive to tune, and multipath TCP out: nothing here dials it.
func listenTCP(a address) (net.Listener, error) {
	lc := net.ListenConfig{KeepAlive: -1}
	lc.SetMultipathTCP(false)
	return lc.Listen(context.Background(), a.network, a.addr)
}

func (t *transport) Dial(ctx context.Context, endpoint string, p messenger.Pattern) (messenger.Conn, error) {
	c, err := t.dial(ctx, endpoint, p)
	if err != nil {
		return nil, fmt.Errorf("zmq: dial %.200q: %w", endpoint, withoutAddress(err))
	}
	return c, nil
}

func (t *transport) dial(ctx context.Context, endpoint string, p messenger.Pattern) (*conn, error) {
	if t.invalid != nil {
		return nil, t.invalid
	}
	a, err := parse(endpoint)
	if err != nil {
		return nil, err
	}
	if err := a.dialable(); err != nil {
		return nil, err
	}
	nc, err := t.settings.connect(ctx, a)
	if err != nil {
		return nil, err
	}
	return newConn(nc, p, t.settings)
}

func (s Settings) connect(ctx context.Context, a address) (net.Conn, error) {
	if s.Dial == nil || a.scheme != "tcp" {
		d := net.Dialer{Timeout: s.DialTimeout, KeepAlive: -1}
		return d.DialContext(ctx, a.network, a.addr)
	}
	ctx, cancel := context.WithTimeout(ctx, s.DialTimeout)
	defer cancel()
	return s.Dial(ctx, a.network, a.addr)
}

// withoutAddress takes the operation and addresses off an error of package net. The endpoint,
// which the caller is about to name, says the same.
func withoutAddress(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err
	}
	return err
}
