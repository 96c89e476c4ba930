package main

import (
	"bufio"
	"net"
)

// rawQueued is bare TCP with what a messenger needs that many callers share: whoever sends puts
// the message into a queue, and a goroutine of the connection writes. It flushes when nothing
// more is queued.
var rawQueued = &variant{
	name:  "rawq",
	about: "bare Go TCP, with a queue and a writing goroutine at each end",
	serve: serveRawQueued,
	dial:  dialRawQueued,
}

// queued is a message to be written: all have the same length.
type queued struct {
	flags flags
	slot  uint64
}

func serveRawQueued(l load, ready func(string)) error {
	return serveTCP(ready, func(conn net.Conn) error {
		defer conn.Close()
		answers := make(chan queued, max(l.window, 1))
		defer close(answers)
		go writeQueued(conn, answers, newMessage(0))
		r := bufio.NewReaderSize(conn, rawBuffer)
		head, payload := make([]byte, headSize), make([]byte, l.size)
		for {
			if err := readRaw(r, head, payload); err != nil {
				return err
			}
			if flagsOf(head) != tell {
				answers <- queued{0, slotOf(head)}
			}
		}
	})
}

// writeQueued writes until the queue is closed or the connection breaks, which its reader sees, too.
func writeQueued(conn net.Conn, queue <-chan queued, message []byte) {
	w := bufio.NewWriterSize(conn, rawBuffer)
	var err error
	for q := range queue {
		if err != nil {
			continue // the queue must not fill
		}
		stamp(message, q.flags, q.slot)
		if _, err = w.Write(message); err == nil && len(queue) == 0 {
			err = w.Flush()
		}
		if err != nil {
			conn.Close()
		}
	}
}

func dialRawQueued(addr string, l load, answered func(uint64), failed func(error)) (client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	queue := make(chan queued, max(l.window, 1024))
	go writeQueued(conn, queue, newMessage(l.size))
	go func() {
		r, head := bufio.NewReaderSize(conn, rawBuffer), make([]byte, headSize)
		for {
			if err := readRaw(r, head, nil); err != nil {
				failed(err)
				return
			}
			answered(slotOf(head))
		}
	}()
	return rawQueue(queue), nil
}

// rawQueue is the asking end.
type rawQueue chan<- queued

func (q rawQueue) send(f flags, slot uint64) error {
	q <- queued{f, slot}
	return nil
}

func (q rawQueue) flush() error { return nil }
