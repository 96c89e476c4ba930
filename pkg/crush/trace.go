package crush

// Tracer hears what a Mapper does, so that a mapping can be explained.
type Tracer interface {
	Step(Step)
	Draw(Draw)
	Judge(Judgement)
}

// Draw is one draw in one bucket.
type Draw struct {
	Bucket  ItemID
	Attempt uint32 // Ceph's r
	Leaf    bool   // in the search for a device below a bucket that chooseleaf found
	Winner  ItemID
	Straws  []Straw2Draw // what each item drew, where straws of a straw2 bucket decided
}

// Judgement is what becomes of an item that a descent found for a position.
type Judgement struct {
	Position int
	Leaf     bool
	Item     ItemID // None where the descent ended without one
	Verdict  Verdict
}

// Straw2Draw is what one item of a straw2 bucket drew: Quotient is −ln(u)/weight in Ceph's
// fixed point, and the least wins. Items without weight cannot win.
type Straw2Draw struct {
	Item     ItemID
	Weight   Weight
	U        uint16
	Quotient uint64
}

// Verdict is what becomes of an item that a descent found.
type Verdict uint8

const (
	Accepted  Verdict = iota
	Collision         // chosen before
	Out               // a device that its reweight rejects for this input
	NoLeaf            // a bucket without an acceptable device below it
	Empty             // the descent met a bucket without items
	DeadEnd           // the descent met a device where a bucket was wanted
)

func (v Verdict) String() string {
	return [...]string{"accepted", "collision", "out", "no leaf", "empty bucket", "dead end"}[v]
}

func (c *chooser) traceDraw(b *bucket, r uint32, position, winner int, straws bool) {
	d := Draw{Bucket: b.id, Attempt: r, Leaf: c.inner, Winner: b.items[winner]}
	if straws {
		weights, ids := b.weights, b.items
		if c.set != nil {
			weights, ids = c.set.override(b, position)
		}
		for i, id := range ids {
			s := Straw2Draw{Item: b.items[i], Weight: weights[i], U: uint16(b.hash.hash3(c.x, uint32(id), r))}
			if s.Weight > 0 {
				s.Quotient = negLog(s.U) / uint64(s.Weight)
			}
			d.Straws = append(d.Straws, s)
		}
	}
	c.trace.Draw(d)
}
