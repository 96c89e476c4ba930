package zmq

import (
	"bytes"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"zeph/pkg/messenger"
)

// script is a peer that says what it was given and then closes. It counts what was read.
type script struct {
	net.Conn // no method of it is called
	said     []byte
	read     int
}

func (s *script) Read(p []byte) (int, error) {
	if s.read == len(s.said) {
		return 0, io.EOF
	}
	n := copy(p, s.said[s.read:])
	s.read += n
	return n, nil
}

func (s *script) Write(p []byte) (int, error) { return len(p), nil }
func (s *script) SetDeadline(time.Time) error { return nil }
func (s *script) RemoteAddr() net.Addr        { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// outcome is how a handshake ended.
type outcome struct {
	err  error
	read int // bytes taken from the peer
}

// shake holds a handshake with a peer that says just this.
func shake(ours messenger.Pattern, said []byte) outcome {
	peer := &script{said: said}
	c := &conn{net: peer, pattern: ours}
	err := c.Handshake(soon())
	return outcome{err, peer.read}
}

// most is all that a handshake may take from a peer: greeting, head, body.
const most = greetingSize + 9 + maxReady

// verify checks what holds for any handshake of a ROUTER, whatever the peer says.
func verify(t testing.TB, said []byte) {
	t.Helper()
	got := shake(messenger.Router, said)
	if got.read > most {
		t.Errorf("%d bytes were read, at most %d may be", got.read, most)
	}
	if got.err != nil {
		if len(got.err.Error()) > 2000 {
			t.Errorf("an error of %d bytes", len(got.err.Error()))
		}
		return
	}
	body := said[greetingSize+2 : got.read]
	if said[greetingSize]&2 != 0 {
		body = body[7:]
	}
	if kind := socketType(t, body); kind != "DEALER" {
		t.Errorf("a peer of type %q is welcome: %q", kind, body)
	}
}

// socketType asks the library how it reads a READY that the guard let pass.
func socketType(t testing.TB, body []byte) string {
	t.Helper()
	rest, ok := bytes.CutPrefix(body, []byte("\x05READY"))
	if !ok {
		t.Fatalf("not a READY is welcome: %q", body)
	}
	properties := make(zmq4.Metadata)
	if err := properties.UnmarshalZMTP(rest); err != nil {
		t.Fatalf("the library does not take what the guard does: %v: %q", err, body)
	}
	for key, value := range properties {
		if strings.EqualFold(key, "Socket-Type") {
			return value
		}
	}
	return ""
}

// TestPrefixes cuts good handshakes off at every byte.
func TestPrefixes(t *testing.T) {
	for name, r := range goodReadys {
		whole := slices.Concat(greeting(), r)
		step := max(1, len(r)/200)
		for n := 0; n < len(whole); n += step {
			if got := shake(messenger.Router, whole[:n]); got.err == nil {
				t.Errorf("%s: welcome after %d of %d bytes", name, n, len(whole))
			}
		}
		if got := shake(messenger.Router, append(whole, "more"...)); got.err != nil || got.read != len(whole) {
			t.Errorf("%s: %v after %d of %d bytes", name, got.err, got.read, len(whole))
		}
	}
}

// TestMutations spoils READYs, good ones and bad ones, in 10,000 ways.
func TestMutations(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2026))
	var readys [][]byte
	for _, name := range slices.Sorted(maps.Keys(goodReadys)) {
		readys = append(readys, goodReadys[name])
	}
	for _, name := range slices.Sorted(maps.Keys(badReadys)) {
		readys = append(readys, badReadys[name].said)
	}
	for range 10_000 {
		said := slices.Clone(readys[rng.IntN(len(readys))])
		for range 1 + rng.IntN(3) {
			said = mutate(rng, said)
		}
		verify(t, slices.Concat(greeting(), said))
	}
}

// extremes are the bytes that lengths and flags go wrong with.
var extremes = []byte{0, 1, 2, 4, 5, 6, 0x7F, 0x80, 0xFE, 0xFF}

func mutate(rng *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return []byte{byte(rng.Uint32())}
	}
	i := rng.IntN(len(b))
	j := i + rng.IntN(min(len(b)-i, 40)+1)
	switch rng.IntN(8) {
	case 0:
		b[i] ^= 1 << rng.IntN(8)
	case 1:
		b[i] = byte(rng.Uint32())
	case 2:
		b[i] = extremes[rng.IntN(len(extremes))]
	case 3:
		b = b[:i]
	case 4:
		b = slices.Delete(b, i, j)
	case 5:
		b = slices.Insert(b, i, slices.Clone(b[i:j])...)
	case 6:
		b = slices.Insert(b, i, extremes[rng.IntN(len(extremes))])
	case 7: // the length that the head claims
		b = slices.Concat([]byte{6, 0, 0, 0, 0, 0, 0, byte(rng.IntN(20)), byte(rng.Uint32())}, b[min(2, len(b)):])
	}
	return b
}

// Nothing that a peer says in its greeting or READY ends in more than an error.
func FuzzGreeting(f *testing.F) {
	f.Fuzz(func(t *testing.T, said []byte) {
		verify(t, slices.Concat(said, ready(dealer)))
	})
}

func FuzzReady(f *testing.F) {
	f.Fuzz(func(t *testing.T, said []byte) {
		verify(t, slices.Concat(greeting(), said))
	})
}
