package messenger

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestBatchKeepsOrder writes a batch of copied and referred pieces bit by bit.
func TestBatchKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b batch
		var want []byte
		freed, referred := 0, 0
		for range rapid.IntRange(0, 40).Draw(t, "pieces") {
			p := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, rapid.SampledFrom([]int{1, 5, 128, 4000, 70000}).Draw(t, "size"))
			want = append(want, p...)
			if rapid.Bool().Draw(t, "refer") {
				referred++
				b.refer(p, func() { freed++ })
			} else {
				b.extend(append(b.room(len(p)), p...))
			}
		}
		var got []byte
		for !b.empty() {
			all := bytes.Join(b.rest(), nil)
			n := rapid.IntRange(1, len(all)).Draw(t, "written")
			got = append(got, all[:n]...)
			b.advance(n)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("wrote %d bytes, not the %d that were put in", len(got), len(want))
		}
		if b.release(true); freed != referred {
			t.Fatalf("%d of %d pieces freed", freed, referred)
		}
		if !b.empty() || b.bytes != 0 || len(b.chunks) != 0 {
			t.Fatalf("not empty after release: %+v", b)
		}
	})
}

func TestQueueKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		next, first := uint64(0), uint64(0)
		for range rapid.IntRange(0, 400).Draw(t, "steps") {
			if next > first && rapid.Bool().Draw(t, "pop") {
				if f := q.front().header.Request; f != first {
					t.Fatalf("front is %d, want %d", f, first)
				}
				if w := q.pop(); w.header.Request != first {
					t.Fatalf("popped %d, want %d", w.header.Request, first)
				}
				first++
				continue
			}
			var w waiting
			w.header.Request = next
			q.push(w)
			next++
		}
		if q.empty() != (first == next) {
			t.Fatalf("empty: %v with %d in it", q.empty(), next-first)
		}
	})
}

// TestSlabs: what one holds is at least what was asked for, begins a page unless small, and is
// overwritten when poisoned.
func TestSlabs(t *testing.T) {
	for _, n := range []int{1, smallSlab, smallSlab + 1, 4096, 8192, 8193, 12288, 64 * kib, 64*kib + slabRoom, 64*kib + slabRoom + 1, 16*mib + 64*kib + pageSize} {
		s := getSlab(n)
		if len(s.b) < n {
			t.Errorf("%d bytes for %d", len(s.b), n)
		}
		if n > smallSlab && offPage(s.b) != 0 {
			t.Errorf("slab for %d bytes begins %d into a page", n, offPage(s.b))
		}
		if n > 4*slabRoom && len(s.b) > 2*n+slabRoom {
			t.Errorf("%d bytes for %d", len(s.b), n)
		}
		s.put(true)
	}
	s := getSlab(100)
	s.put(true)
	for _, c := range s.b {
		if c != 0xDB {
			t.Fatalf("byte %#x left in a poisoned slab", c)
		}
	}
}
