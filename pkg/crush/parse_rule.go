package crush

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Sizes of a rule that states none, and the largest that Ceph can store.
const (
	defaultMinSize = 1
	defaultMaxSize = 10
	maxRuleSize    = 255
)

// rules reads all rules. The first one brings the shadow trees into being, for rules may
// take from them; without a rule crushtool makes none.
func (p *textParser) rules() {
	at := p.tok.at
	if p.tok.text != "rule" {
		if len(p.classes) > 0 && p.err == nil {
			p.warn(at, "device classes have no shadow trees, because there is no rule")
		}
		return
	}
	p.m.sort()
	if err := addShadows(p.m, p.classes, p.shadowIDs); err != nil {
		p.warn(at, "the shadow trees of device classes are not complete: %v", err)
	}
	for p.accept("rule") {
		p.rule()
	}
	if p.tok.text != "" && p.tok.text != "choose_args" {
		p.fail("expected a rule, choose_args or the end (buckets come before rules), got %v", p.tok)
	}
}

func (p *textParser) rule() {
	r := Rule{MinSize: defaultMinSize, MaxSize: defaultMaxSize}
	at := p.tok.at
	if p.tok.text != "{" {
		r.Name = p.name("the name of a rule").text
	}
	p.expect("{")
	p.oneOf("id", "ruleset")
	r.ID = RuleID(p.number("a rule id", 0, MaxRuleID))
	p.expect("type")
	r.Type = p.ruleType()
	if p.accept("min_size") {
		r.MinSize = int(p.number("a pool size", 0, maxRuleSize))
	}
	if p.accept("max_size") {
		r.MaxSize = int(p.number("a pool size", 0, maxRuleSize))
	}
	for p.accept("step") {
		r.Steps = append(r.Steps, p.step())
	}
	if p.tok.text != "}" {
		p.fail("expected \"step\" or \"}\", got %v", p.tok)
	}
	p.next()
	switch {
	case slices.ContainsFunc(p.m.Rules, func(o Rule) bool { return o.ID == r.ID }):
		p.failAt(at, "rule %q: id %d is taken", r.Name, r.ID)
	case r.Name != "" && slices.ContainsFunc(p.m.Rules, func(o Rule) bool { return o.Name == r.Name }):
		p.failAt(at, "rule %q: the name is taken", r.Name)
	}
	p.m.Rules = append(p.m.Rules, r)
}

func (p *textParser) ruleType() RuleType {
	switch {
	case p.accept(Replicated.String()):
		return Replicated
	case p.accept(Erasure.String()):
		return Erasure
	}
	if n, err := strconv.ParseUint(p.tok.text, 10, 8); err == nil {
		p.next()
		return RuleType(n)
	}
	p.fail("expected the type of a rule (replicated, erasure or a number), got %v", p.tok)
	return 0
}

// step reads what follows the word "step".
func (p *textParser) step() Step {
	word := p.next()
	words := word.text
	if words == "choose" || words == "chooseleaf" {
		words += " " + p.oneOf("firstn", "indep")
	}
	op, ok := opNamed(words)
	switch {
	case !ok:
		p.failAt(word.at, "unknown step %v: expected one of %s", word, strings.Join(stepWords(), ", "))
		return Step{}
	case op == OpTake:
		return Step{Op: op, Arg1: int32(p.taken())}
	case op.IsChoose():
		return p.choose(op)
	case op == OpNoop || op == OpEmit:
		return Step{Op: op}
	}
	return Step{Op: op, Arg1: int32(p.number("a number", 0, math.MaxInt32))}
}

func (p *textParser) choose(op Op) Step {
	num := p.number("how many to choose", math.MinInt32, math.MaxInt32)
	p.expect("type")
	name := p.name("the type of what to choose")
	id, ok := p.types[name.text]
	if !ok {
		p.failAt(name.at, "type %v is not declared", name)
	}
	return Step{Op: op, Arg1: int32(num), Arg2: int32(id)}
}

// taken reads the item of a take step; a class means the item's shadow.
func (p *textParser) taken() ItemID {
	item := p.name("the item to take")
	at, name := item.at, item.text
	id, ok := p.items[name]
	if !ok {
		p.failAt(at, "step take %s: no such item", name)
	}
	if !p.accept("class") {
		return id
	}
	class := p.name("a device class").text
	shadow, ok := p.shadowIDs[shadowKey{id, class}]
	switch {
	case id.IsDevice():
		p.failAt(at, "step take %s class %s: a device has no shadow, only buckets do", name, class)
	case !slices.Contains(p.classes, class):
		p.failAt(at, "step take %s class %s: no device is of this class", name, class)
	case !ok:
		p.failAt(at, "step take %s class %s: the bucket has no shadow of this class", name, class)
	}
	return shadow
}

// opNamed finds an instruction by the words of the text form.
func opNamed(words string) (Op, bool) {
	for op, name := range opNames {
		if name == words {
			return op, true
		}
	}
	return 0, false
}

func stepWords() []string {
	var words []string
	for _, name := range opNames {
		words = append(words, name)
	}
	slices.Sort(words)
	return words
}
