package objecter

// budget bounds what is sent and not answered. What finds no room waits in line.
type budget struct {
	ops, bytes int
	line       []*op // those that have ended meanwhile are passed over
	queued     int   // of the line, those that have not
}

// admit gives an operation its place in the budget, or one in the line. One that has a place keeps
// it for as long as a call of its is under way: to send it elsewhere must not wait for others.
func (o *Objecter) admit(op *op) bool {
	b := &o.budget
	switch {
	case op.charged:
		return true
	case op.queued:
		return false
	case b.queued > 0 || !o.room(op):
		op.queued = true
		b.line = append(b.line, op)
		b.queued++
		return false
	}
	o.charge(op)
	return true
}

// room reports whether an operation fits in. One alone always does.
func (o *Objecter) room(op *op) bool {
	b := &o.budget
	return b.ops == 0 || b.ops < o.cfg.MaxOps && b.bytes+op.cost() <= o.cfg.MaxBytes
}

func (o *Objecter) charge(op *op) {
	op.charged = true
	o.budget.ops++
	o.budget.bytes += op.cost()
}

// release gives an operation's place back.
func (o *Objecter) release(op *op) {
	if op.charged {
		op.charged = false
		o.budget.ops--
		o.budget.bytes -= op.cost()
	}
}

// pump sends what waits in line, as far as there is room.
func (o *Objecter) pump() {
	b := &o.budget
	for len(b.line) > 0 {
		op := b.line[0]
		if op.queued && !o.room(op) {
			return
		}
		b.line[0] = nil
		b.line = b.line[1:]
		if !op.queued {
			continue
		}
		op.queued = false
		b.queued--
		o.charge(op)
		o.attempt(op)
		if len(op.under) == 0 {
			o.release(op) // it has something else to wait for now
		}
	}
	b.line = nil
}
