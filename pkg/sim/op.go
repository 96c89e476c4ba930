package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/core"
)

// Op is an operation that a client begins. Client and number say what it is, whatever others there are.
type Op struct {
	Client string        `json:"client"` // such as w0
	Number int           `json:"number"`
	At     time.Duration `json:"at"` // since clients and faults began

	kind, object string // what it was, when it was begun
}

// Words says what it was.
func (o Op) Words() string {
	return strings.TrimSpace(fmt.Sprintf("%-10v %s/%d %s %s", o.At, o.Client, o.Number, o.kind, o.object))
}

// String names it, such as w0/17@3.2s.
func (o Op) String() string { return eventName(o.Client, o.Number, o.At) }

// ParseOp reads what String writes.
func ParseOp(text string) (Op, error) {
	client, number, at, err := parseEvent(text)
	if err == nil && client == "" {
		err = fmt.Errorf("operation %q: no client is named", text)
	}
	return Op{Client: client, Number: number, At: at}, err
}

// chanceOf are the random numbers of one operation.
func (cl *client) chanceOf(number int) *core.Rand {
	return core.RandFor(cl.c.cfg.Seed, cl.n.name+"/"+strconv.Itoa(number))
}

// script begins the operations that were asked for, each at its time.
func (cl *client) script() {
	for _, op := range cl.c.opt.Ops {
		if "client."+op.Client != cl.n.name {
			continue
		}
		cl.ops++
		r := cl.chanceOf(op.Number)
		between(r, 0, cl.think) // it would have rested
		cl.c.w.After(op.At, func() { cl.work(op.Number, r, false) })
	}
}
