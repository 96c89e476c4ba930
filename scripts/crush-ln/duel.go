package main

import (
	"fmt"

	"zeph/pkg/crush"
)

// maxWeight is the most that crushtool lets a device weigh in a text map.
const maxWeight = 100 * uint64(crush.One)

// duel is a bucket of two items that tells whether −ln u has reached a threshold that is a
// multiple of u's weight: threshold/uWeight is also what v draws (and v, being first, wins
// if u reaches it), or one more than v draws (and u, being first, wins if it does not).
type duel struct {
	u, v             uint16
	uWeight, vWeight uint64
	uFirst           bool
	slack            int64 // turns when −ln u changes by so much; negative: shrinks
}

// uWins decides a duel by the logarithm as we have it.
func (l *logs) uWins(d duel) bool {
	qu, qv := l.negLog[d.u]/d.uWeight, l.negLog[d.v]/d.vWeight
	return qu < qv || qu == qv && d.uFirst
}

// findDuels looks for the two sharpest duels of every step-th u, from the last one down.
func (l *logs) findDuels(step int) ([]duel, error) {
	var duels []duel
	for u := values - 1; u >= 0; u -= step {
		for _, sign := range []int64{+1, -1} {
			d, ok := l.findDuel(uint16(u), sign)
			if !ok {
				return nil, fmt.Errorf("no duel found for %d", u)
			}
			duels = append(duels, d)
		}
	}
	return duels, nil
}

// findDuel tries thresholds further and further from −ln u.
func (l *logs) findDuel(u uint16, sign int64) (duel, bool) {
	const mostSlack = 10_000
	for slack := sign; slack*sign < mostSlack; slack += sign {
		threshold := uint64(int64(l.negLog[u]) + slack)
		if sign < 0 {
			threshold++ // it is reached now, and no longer when −ln u shrinks by slack
		}
		if d, ok := l.duelAt(u, threshold); ok {
			d.slack = slack
			return d, true
		}
	}
	return duel{}, false
}

// duelAt looks for a weight of u that divides the threshold, and an opponent for it. With
// quotients of about 2^18 to 2^26 many v have a weight that gives just the quotient needed.
func (l *logs) duelAt(u uint16, threshold uint64) (duel, bool) {
	least, most := threshold>>26, min(threshold>>18, maxWeight)
	for _, weight := range divisors(threshold, max(1, least), most) {
		d := duel{u: u, uWeight: weight}
		if l.findOpponent(&d, threshold/weight) {
			return d, true
		}
	}
	return duel{}, false
}

// findOpponent looks for a v whose draw is the quotient that u has at its threshold, or one
// less. It begins anywhere, so that all values take part.
func (l *logs) findOpponent(d *duel, quotient uint64) bool {
	const attempts = 4096
	for i := range uint64(attempts) {
		d.v = uint16((uint64(d.u)+quotient)*40503 + i*7919)
		if d.v == d.u {
			continue
		}
		n := l.negLog[d.v]
		for _, q := range []uint64{quotient, quotient - 1} {
			if w := n / q; w > 0 && w <= maxWeight && n/w == q {
				d.vWeight, d.uFirst = w, q < quotient
				return true
			}
		}
	}
	return false
}

// divisors lists divisors of n between least and most that have small prime factors only.
func divisors(n, least, most uint64) []uint64 {
	const enough = 32
	list := []uint64{1}
	for _, p := range smallPrimes {
		known := list
		for power := p; n%p == 0; n, power = n/p, power*p {
			for _, d := range known {
				if d*power <= most {
					list = append(list, d*power)
				}
			}
		}
	}
	var found []uint64
	for i := len(list) - 1; i >= 0 && len(found) < enough; i-- {
		if list[i] >= least && list[i] <= most {
			found = append(found, list[i])
		}
	}
	return found
}

var smallPrimes = primesBelow(2000)

func primesBelow(n uint64) []uint64 {
	var primes []uint64
next:
	for p := uint64(2); p < n; p++ {
		for _, q := range primes {
			if p%q == 0 {
				continue next
			}
		}
		primes = append(primes, p)
	}
	return primes
}
