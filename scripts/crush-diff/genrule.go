package main

import (
	"fmt"

	"zeph/pkg/crush"
)

// rules makes two rules of each shape. All end in devices: crushtool counts what it maps
// by device, and a bucket's id would be outside of its counters.
func (c *testCase) rules() {
	clear(c.shapes)
	id := crush.RuleID(0)
	for shape := range numShapes {
		for range 2 {
			if c.count = c.between(2, 5); c.chance(30) {
				c.count = c.between(1, 12)
			}
			c.m.Rules = append(c.m.Rules, crush.Rule{
				ID:   id,
				Name: fmt.Sprintf("rule%d", id),
				Type: []crush.RuleType{crush.Replicated, crush.Erasure}[c.rand.IntN(2)],

				// Asked for no number in particular, crushtool maps with these.
				MinSize: c.count,
				MaxSize: c.count,
				Steps:   c.steps(shape),
			})
			c.shapes[id] = shape
			id += crush.RuleID(c.between(1, 3))
		}
	}
}

func (c *testCase) steps(shape int) []crush.Step {
	steps := c.settings(nil)
	switch {
	case shape != multiStep:
		return c.block(steps, c.single(shape))
	case c.chance(30):
		steps = c.block(steps, c.single(c.rand.IntN(multiStep)))
		return c.block(steps, c.single(c.rand.IntN(multiStep)))
	case c.chance(10):
		steps = append(steps, c.takeDevice(), crush.Step{Op: crush.OpEmit})
		return c.block(steps, c.single(c.rand.IntN(multiStep)))
	}
	return c.block(steps, c.several())
}

// block takes, chooses and emits.
func (c *testCase) block(steps, choose []crush.Step) []crush.Step {
	steps = append(steps, c.take())
	steps = append(c.settings(steps), choose...)
	return append(steps, crush.Step{Op: crush.OpEmit})
}

// single is one step of a shape: choose ends in devices, chooseleaf may ask for any level.
func (c *testCase) single(shape int) []crush.Step {
	switch shape {
	case chooseFirstn:
		return []crush.Step{c.choose(crush.OpChooseFirstn, 0)}
	case chooseIndep:
		return []crush.Step{c.choose(crush.OpChooseIndep, 0)}
	case chooseleafFirstn:
		return []crush.Step{c.choose(crush.OpChooseleafFirstn, c.levelBelow(len(c.types)-1))}
	}
	return []crush.Step{c.choose(crush.OpChooseleafIndep, c.levelBelow(len(c.types)-1))}
}

// several are two or three steps, each choosing below the one before.
func (c *testCase) several() []crush.Step {
	var steps []crush.Step
	level := len(c.types) - 1
	for range c.between(1, 2) {
		if level == 0 {
			break
		}
		level = c.rand.IntN(level)
		op := []crush.Op{crush.OpChooseFirstn, crush.OpChooseIndep}[c.rand.IntN(2)]
		steps = append(steps, c.choose(op, c.types[level]))
	}
	return append(steps, c.single(c.rand.IntN(multiStep))...)
}

// levelBelow is a type below a level, most often not that of the devices.
func (c *testCase) levelBelow(level int) crush.TypeID {
	if level == 0 || c.chance(10) {
		return 0
	}
	return c.types[c.rand.IntN(level)]
}

func (c *testCase) choose(op crush.Op, t crush.TypeID) crush.Step {
	n := 0 // as many as the rule is to give
	switch {
	case c.chance(30):
		n = c.between(1, 6)
	case c.chance(20):
		n = -c.between(1, min(3, c.count)) // so many less
	}
	return crush.Step{Op: op, Arg1: int32(n), Arg2: int32(t)}
}

// take takes a root, or now and then what is below one, by class where there are classes.
func (c *testCase) take() crush.Step {
	level := len(c.types) - 1
	if c.chance(10) {
		level = c.rand.IntN(level + 1)
	}
	from := c.byLevel[level]
	if len(from) == 0 {
		from = c.byLevel[len(c.types)-1]
	}
	id := from[c.rand.IntN(len(from))]
	if c.feature == "classes" || c.classes && c.chance(50) {
		id = c.shadow(id)
	}
	return crush.Step{Op: crush.OpTake, Arg1: int32(id)}
}

// shadow is a shadow of the bucket, of any class.
func (c *testCase) shadow(of crush.ItemID) crush.ItemID {
	var shadows []crush.ItemID
	for i := range c.m.Buckets {
		if b := &c.m.Buckets[i]; b.ShadowOf == of {
			shadows = append(shadows, b.ID)
		}
	}
	if len(shadows) == 0 {
		return of
	}
	return shadows[c.rand.IntN(len(shadows))]
}

func (c *testCase) takeDevice() crush.Step {
	held := c.heldDevices()
	if len(held) == 0 {
		return c.take()
	}
	return crush.Step{Op: crush.OpTake, Arg1: int32(held[c.rand.IntN(len(held))])}
}

// settings adds steps that change tunables.
func (c *testCase) settings(steps []crush.Step) []crush.Step {
	for _, s := range []struct {
		op          crush.Op
		least, most int
	}{
		{crush.OpSetChooseTries, 0, 100},
		{crush.OpSetChooseleafTries, 0, 10},
		{crush.OpSetLocalTries, 0, 3},
		{crush.OpSetLocalFallback, 0, 4},
		{crush.OpSetVaryR, 0, 4},
		{crush.OpSetStable, 0, 1},
	} {
		if c.chance(4) {
			steps = append(steps, crush.Step{Op: s.op, Arg1: int32(c.between(s.least, s.most))})
		}
	}
	return steps
}
