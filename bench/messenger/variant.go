package main

import (
	"context"
	"os/exec"
)

// variant is one way to carry messages between two processes.
type variant struct {
	name    string
	about   string
	missing func(ctx context.Context) error // why it cannot be measured here; nil func: it always can

	// serve listens, says where through ready, counts and answers until the process ends.
	serve func(l load, ready func(addr string)) error

	dial dialer

	// command starts an end that is a program of its own; nil: this program is both ends.
	command func(ctx context.Context, args ...string) *exec.Cmd
}

// dialer connects to a server for a load. From then on answered is called with the slot of each
// answer, by one goroutine or several, and failed when nothing more will come.
type dialer func(addr string, l load, answered func(slot uint64), failed func(error)) (client, error)

// client is the asking end. Send is called by one goroutine at first, then by those that call answered.
type client interface {
	// send queues a message. It may wait, but not for an answer.
	send(f flags, slot uint64) error

	// flush sends what was queued. It is called where nothing more is to come for now; not
	// within answered.
	flush() error
}

var variants = []*variant{raw, rawQueued, zeph, stock, overGRPC, libzmq}

func variantNamed(name string) *variant {
	for _, v := range variants {
		if v.name == name {
			return v
		}
	}
	return nil
}
