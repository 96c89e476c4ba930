package zmq

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// What the tests of this package know about bad handshakes, for those that attack a whole
// messenger from outside.

// BadHandshakes are refused by a ROUTER as they stand: greetings, and good greetings with a bad
// READY behind.
func BadHandshakes() map[string][]byte {
	all := make(map[string][]byte)
	for name, bad := range badGreetings {
		all["greeting, "+name] = bad.said
	}
	for name, bad := range badReadys {
		all["READY, "+name] = slices.Concat(greeting(), bad.said)
	}
	return all
}

// MutatedHandshakes are good ones of a DEALER, each with up to three things changed in its READY.
func MutatedHandshakes(rng *rand.Rand, n int) [][]byte {
	names := slices.Sorted(maps.Keys(goodReadys))
	all := make([][]byte, n)
	for i := range all {
		said := slices.Clone(goodReadys[names[rng.IntN(len(names))]])
		for range 1 + rng.IntN(3) {
			said = mutate(rng, said)
		}
		all[i] = slices.Concat(greeting(), said)
	}
	return all
}
