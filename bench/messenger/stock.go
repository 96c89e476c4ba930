package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// stock is zmq4 as it comes: DEALER to ROUTER for calls, PUSH to PULL one way. A message is
// one frame, and each end sends in a goroutine of its own, which is faster than to send between
// two receives.
var stock = &variant{
	name:  "stock",
	about: "zmq4 v0.17.0, its own sockets",
	serve: serveStock,
	dial:  dialStock,
}

// tally counts what was told, for those that wait until all is.
type tally struct {
	mu   sync.Mutex
	cond *sync.Cond
	n    uint64
}

func newTally() *tally {
	t := new(tally)
	t.cond = sync.NewCond(&t.mu)
	return t
}

func (t *tally) add() {
	t.mu.Lock()
	t.n++
	t.mu.Unlock()
	t.cond.Signal()
}

func (t *tally) await(n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.n < n {
		t.cond.Wait()
	}
}

func serveStock(l load, ready func(string)) error {
	router, pull := zmq4.NewRouter(context.Background()), zmq4.NewPull(context.Background())
	var addrs []string
	for _, s := range []zmq4.Socket{router, pull} {
		if err := s.Listen("tcp://127.0.0.1:0"); err != nil {
			return err
		}
		addrs = append(addrs, "tcp://"+s.Addr().String())
	}
	ready(strings.Join(addrs, ","))
	told := newTally()
	ended := make(chan error, 3)
	answers := make(chan zmq4.Msg, l.window)
	go func() { ended <- countStock(pull, told) }()
	go func() { ended <- sendStock(router, answers) }()
	go func() { ended <- answerStock(router, told, answers) }()
	return <-ended
}

func countStock(pull zmq4.Socket, told *tally) error {
	for {
		if _, err := pull.Recv(); err != nil {
			return err
		}
		told.add()
	}
}

func answerStock(router zmq4.Socket, told *tally, answers chan<- zmq4.Msg) error {
	for {
		m, err := router.Recv()
		if err != nil {
			return err
		}
		if len(m.Frames) != 2 || len(m.Frames[1]) < headSize {
			return errors.New("stock: a request of another shape")
		}
		head := m.Frames[1]
		if flagsOf(head) == settle {
			told.await(slotOf(head))
		}
		answer := newMessage(0)
		stamp(answer, 0, slotOf(head))
		answers <- zmq4.NewMsgFrom(m.Frames[0], answer)
	}
}

func sendStock(s zmq4.Socket, messages <-chan zmq4.Msg) error {
	for m := range messages {
		if err := s.Send(m); err != nil {
			return err
		}
	}
	return nil
}

func dialStock(addr string, l load, answered func(uint64), failed func(error)) (client, error) {
	router, pull, _ := strings.Cut(addr, ",")
	c := &stockClient{
		dealer: zmq4.NewDealer(context.Background()), push: zmq4.NewPush(context.Background()),
		message: newMessage(l.size), slots: make(chan uint64, l.window),
	}
	if err := errors.Join(c.dealer.Dial(router), c.push.Dial(pull)); err != nil {
		return nil, err
	}
	if !l.oneWay {
		go func() { c.broken(c.ask(), failed) }()
	}
	go func() { c.broken(c.receive(answered), failed) }()
	return c, nil
}

type stockClient struct {
	dealer, push zmq4.Socket
	message      []byte      // of whoever sends: Send is done with it when it returns
	slots        chan uint64 // to ask for
	once         sync.Once
}

func (c *stockClient) broken(err error, failed func(error)) { c.once.Do(func() { failed(err) }) }

func (c *stockClient) send(f flags, slot uint64) error {
	switch f {
	case ask:
		c.slots <- slot // there is room for all that are in flight
		return nil
	case tell:
		return c.push.Send(zmq4.NewMsg(c.message))
	}
	head := newMessage(0)
	stamp(head, f, slot)
	return c.dealer.Send(zmq4.NewMsg(head))
}

func (c *stockClient) flush() error { return nil }

func (c *stockClient) ask() error {
	for slot := range c.slots {
		stamp(c.message, ask, slot)
		if err := c.dealer.Send(zmq4.NewMsg(c.message)); err != nil {
			return err
		}
	}
	return nil
}

func (c *stockClient) receive(answered func(uint64)) error {
	for {
		m, err := c.dealer.Recv()
		if err != nil {
			return err
		}
		answered(slotOf(m.Bytes()))
	}
}
