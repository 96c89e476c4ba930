package messenger

// callTable finds calls by their request ids. Those that the messenger chose follow each other,
// and calls end nearly in the order in which they began, so they lie in a ring, by id. A call that
// another finds in its place moves to a map, where those with ids of a caller's choosing are, too.
type callTable struct {
	ring   []call // of a power of two; one without a done is free
	inRing int
	others map[uint64]*call
}

const minRing = 16

func (t *callTable) len() int { return t.inRing + len(t.others) }

// get is the call of an id; nil if there is none.
func (t *callTable) get(id uint64) *call {
	if c := t.place(id); c != nil && c.id == id && c.done != nil {
		return c
	}
	return t.others[id]
}

// place is where in the ring an id belongs.
func (t *callTable) place(id uint64) *call {
	if len(t.ring) == 0 {
		return nil
	}
	return &t.ring[id&uint64(len(t.ring)-1)]
}

func (t *callTable) put(c *call) {
	if c.id&ownIDs == 0 {
		t.putAside(c)
		return
	}
	if 2*t.inRing >= len(t.ring) {
		t.grow()
	}
	at := t.place(c.id)
	if at.done != nil {
		t.putAside(at)
		t.inRing--
	}
	*at = *c
	t.inRing++
}

func (t *callTable) putAside(c *call) {
	if t.others == nil {
		t.others = make(map[uint64]*call)
	}
	own := *c
	t.others[c.id] = &own
}

func (t *callTable) grow() {
	old := t.ring
	t.ring, t.inRing = make([]call, max(minRing, 2*len(old))), 0
	for i := range old {
		if c := &old[i]; c.done != nil { // two of them have different places here, too
			*t.place(c.id) = *c
			t.inRing++
		}
	}
}

// take takes a call out.
func (t *callTable) take(id uint64) (call, bool) {
	c := t.get(id)
	if c == nil {
		return call{}, false
	}
	taken := *c
	if at := t.place(id); c == at {
		*at = call{}
		t.inRing--
	} else {
		delete(t.others, id)
	}
	return taken, true
}

// ids lists all, in no order.
func (t *callTable) ids() []uint64 {
	ids := make([]uint64, 0, t.len())
	for i := range t.ring {
		if t.ring[i].done != nil {
			ids = append(ids, t.ring[i].id)
		}
	}
	for id := range t.others {
		ids = append(ids, id)
	}
	return ids
}
