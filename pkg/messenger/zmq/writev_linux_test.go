package zmq

import (
	"slices"
	"testing"
)

// However much there is and however much room, one call takes no more than its share.
func TestWritevBounds(t *testing.T) {
	const enough = 4 << 20
	large := make([]byte, enough)
	for name, bufs := range map[string][][]byte{
		"one":   {large},
		"parts": {large[:1000], large},
		"many":  slices.Collect(slices.Chunk(large, 3000)),
	} {
		from, to := pair(t, Settings{SendBuffer: enough, ReceiveBuffer: enough}, "ipc://")
		drain(to, enough)
		for range 10 {
			if n, err := from.Writev(bufs, true); n > maxBytes || err != nil {
				t.Errorf("%s: %d bytes, %v", name, n, err)
			}
		}
	}
}

// The buffers are the caller's again: a connection that is quiet holds none of them.
func TestWritevKeepsNothing(t *testing.T) {
	from, to := pair(t, Settings{}, "tcp://127.0.0.1:0")
	talk(t, from, to)
	w := &from.(*conn).writer
	if w.bufs != nil {
		t.Error("the writer holds on to the slice")
	}
	for _, v := range w.batch.iov[:cap(w.batch.iov)] {
		if v.Base != nil {
			t.Error("the writer holds on to a buffer")
		}
	}
}
