package main

import (
	"bufio"
	"io"
	"net"
	"sync"
)

// raw is bare TCP, as well as plain Go does it: buffers of 64 KiB, reused memory, no goroutine
// that is not needed. What is queued goes out when nothing more has come in.
var raw = &variant{
	name:  "raw",
	about: "bare Go TCP, bufio of 64 KiB, buffers reused",
	serve: serveRaw,
	dial:  dialRaw,
}

const rawBuffer = 64 << 10

func serveRaw(l load, ready func(string)) error {
	return serveTCP(ready, func(conn net.Conn) error { return answerRaw(conn, l.size) })
}

// serveTCP answers each connection in a goroutine, until the client hangs up.
func serveTCP(ready func(string), answer func(net.Conn) error) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ready(ln.Addr().String())
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go answer(conn)
	}
}

// answerRaw answers in the goroutine that reads.
func answerRaw(conn net.Conn, size int) error {
	defer conn.Close()
	r, w := bufio.NewReaderSize(conn, rawBuffer), bufio.NewWriterSize(conn, rawBuffer)
	head, payload, answer := make([]byte, headSize), make([]byte, size), newMessage(0)
	for {
		if err := readRaw(r, head, payload); err != nil {
			return err
		}
		if flagsOf(head) != tell {
			stamp(answer, 0, slotOf(head))
			w.Write(answer) // the error stays for Flush
		}
		if r.Buffered() < headSize {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
}

func readRaw(r *bufio.Reader, head, payload []byte) error {
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	n := payloadOf(head)
	if n < 0 || n > len(payload) {
		return io.ErrUnexpectedEOF
	}
	_, err := io.ReadFull(r, payload[:n])
	return err
}

func dialRaw(addr string, l load, answered func(uint64), failed func(error)) (client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &rawClient{w: bufio.NewWriterSize(conn, rawBuffer), message: newMessage(l.size)}
	go func() { failed(c.read(conn, answered)) }()
	return c, nil
}

type rawClient struct {
	mu      sync.Mutex // of what follows
	w       *bufio.Writer
	message []byte
}

func (c *rawClient) send(f flags, slot uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp(c.message, f, slot)
	_, err := c.w.Write(c.message)
	return err
}

func (c *rawClient) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.w.Flush()
}

func (c *rawClient) read(conn net.Conn, answered func(uint64)) error {
	r, head := bufio.NewReaderSize(conn, rawBuffer), make([]byte, headSize)
	for {
		if err := readRaw(r, head, nil); err != nil {
			return err
		}
		answered(slotOf(head))
		if r.Buffered() < headSize {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
}
