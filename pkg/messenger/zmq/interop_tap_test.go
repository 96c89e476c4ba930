package zmq_test

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// tap passes TCP connections on to an endpoint, and counts how often certain words are said on them.
type tap struct {
	listener   net.Listener
	to         string
	newer      bool // tells who dials that the endpoint speaks ZMTP 3.1, not 3.0
	words      map[string]*[2]atomic.Int64
	goroutines sync.WaitGroup
}

// Who says something.
const (
	dialler = iota
	endpoint
)

// tapped is a tap in front of an endpoint.
func tapped(t testing.TB, at string, newer bool, words ...string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{listener: l, to: strings.TrimPrefix(at, "tcp://"), newer: newer, words: make(map[string]*[2]atomic.Int64)}
	for _, w := range words {
		p.words[w] = new([2]atomic.Int64)
	}
	p.goroutines.Go(p.run)
	t.Cleanup(func() {
		_ = l.Close()
		p.goroutines.Wait() // both ends have closed by now
	})
	return p
}

func (p *tap) endpoint() string { return "tcp://" + p.listener.Addr().String() }

// said is how often a word has gone by.
func (p *tap) said(by int, word string) int { return int(p.words[word][by].Load()) }

func (p *tap) run() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		p.goroutines.Go(func() { p.pass(from, to, dialler) })
		p.goroutines.Go(func() { p.pass(to, from, endpoint) })
	}
}

// minorAt is where a greeting has the minor version.
const minorAt = 11

func (p *tap) pass(from, to net.Conn, by int) {
	defer from.Close()
	defer to.Close()
	tails := make(map[string][]byte) // by word, the last bytes, which may be its beginning
	buf := make([]byte, 64<<10)
	for at := 0; ; {
		n, err := from.Read(buf)
		b := buf[:n]
		if i := minorAt - at; p.newer && by == endpoint && i >= 0 && i < n {
			b[i] = 1
		}
		at += n
		for w, count := range p.words {
			seen := append(tails[w], b...)
			count[by].Add(int64(bytes.Count(seen, []byte(w))))
			tails[w] = bytes.Clone(seen[max(0, len(seen)-len(w)+1):])
		}
		if _, werr := to.Write(b); errors.Join(err, werr) != nil {
			return
		}
	}
}
