package pg

import (
	"fmt"
	"testing"
)

// BenchmarkWrite is what one write costs the three machines of a PG, their stores in memory and this package's
// network of tests included.
func BenchmarkWrite(b *testing.B) {
	w := &world{t: &testing.T{}}
	w.begin([]string{"3"})
	w.settle()
	w.steps = -1 << 60
	b.ReportAllocs()
	for i := range b.N {
		w.out = nil
		w.clientCommand("write", []string{"c1", fmt.Sprint("o", i%100), "hello"})
		w.settle()
		if len(w.out) != 1 {
			b.Fatal(w.out)
		}
	}
}
