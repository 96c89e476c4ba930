package crush

import "math/bits"

// straw2 draws one item of a bucket: every item pulls a straw, the longest wins.
//
// An item's straw is ln(u)/weight, where u, uniform in (0, 1], comes from a hash of the
// input x, the item and the attempt r. That is an exponentially distributed random number
// (negated) whose rate is the weight, and the largest of such numbers belongs to each item
// with a probability of exactly weight/(sum of weights).
//
// A straw depends on nothing but its own item: when one weight changes, items win or lose
// against that item alone, and nothing moves between two others. This is what makes CRUSH
// move the least data possible. (Weil et al., "CRUSH: Controlled, Scalable, Decentralized
// Placement of Replicated Data", SC 2006, section 3.4 on straw; Ceph's release notes of
// hammer on straw2.)
//
// In integers: u has 16 bits, −ln(u) is negLog(u) up to a factor that all straws share, and
// since the logarithm is negative the longest straw is the least quotient negLog(u)/weight,
// rounded down. Of equals the first wins. Items without weight never win, unless all are.
func (b *bucket) straw2(x, r uint32, weights []Weight, ids []ItemID) int {
	winner, best := 0, ^uint64(0)
	var hashes block
	for start := 0; start < len(ids); start += len(hashes) {
		end := min(start+len(hashes), len(ids))
		b.hash.hash3s(&hashes, x, ids[start:end], r)
		for i, w := range weights[start:end] {
			if w == 0 {
				continue
			}
			n := negLog(uint16(hashes[i]))

			// n/w < best, without dividing: n < best·w. Few draws pass, so divisions are rare.
			if hi, lo := bits.Mul64(best, uint64(w)); hi != 0 || n < lo {
				if q := n / uint64(w); q < best {
					winner, best = start+i, q
				}
			}
		}
	}
	return winner
}
