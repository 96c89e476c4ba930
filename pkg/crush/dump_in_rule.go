package crush

import "math"

func readRule(n node, types map[string]TypeID) Rule {
	n.knows("rule_id", "rule_name", "ruleset", "type", "min_size", "max_size", "steps")
	r := Rule{
		ID:      RuleID(n.at("rule_id").int(0, MaxRuleID)),
		Type:    RuleType(n.at("type").int(0, math.MaxUint8)),
		MinSize: defaultMinSize,
		MaxSize: defaultMaxSize,
	}
	if n.has("rule_name") {
		r.Name = n.at("rule_name").name()
	}
	if n.has("min_size") { // both until Ceph 17
		r.MinSize = int(n.at("min_size").int(0, maxRuleSize))
	}
	if n.has("max_size") {
		r.MaxSize = int(n.at("max_size").int(0, maxRuleSize))
	}
	if n.has("ruleset") {
		if set := n.at("ruleset").int(0, math.MaxInt32); set != int64(r.ID) {
			n.r.warn("%s.ruleset: %d, but rules are found by their id, which is %d", n.path, set, r.ID)
		}
	}
	for _, s := range n.at("steps").list() {
		r.Steps = append(r.Steps, readStep(s, types))
	}
	return r
}

func readStep(n node, types map[string]TypeID) Step {
	n.knows("op", "item", "item_name", "num", "type", "opcode", "arg1", "arg2")
	arg := func(key string) int32 { return int32(n.at(key).int(math.MinInt32, math.MaxInt32)) }
	if !n.has("op") {
		return Step{Op: Op(n.at("opcode").int(0, math.MaxUint8)), Arg1: arg("arg1"), Arg2: arg("arg2")}
	}
	op, ok := dumpOpNamed(n.at("op").string())
	switch {
	case !ok:
		n.at("op").fail("unknown step %q", n.at("op").string())
		return Step{}
	case op == OpTake:
		return Step{Op: op, Arg1: arg("item")}
	case op == OpNoop || op == OpEmit:
		return Step{Op: op}
	case op.IsChoose():
		typ, ok := types[n.at("type").string()]
		if !ok {
			n.at("type").fail("type %q is not in the dump", n.at("type").string())
		}
		return Step{Op: op, Arg1: arg("num"), Arg2: int32(typ)}
	}
	return Step{Op: op, Arg1: arg("num")}
}

// dumpOpNamed finds an instruction by its name in a dump, or by the word of the text form,
// which is what the steps Ceph has no name for would have to be called.
func dumpOpNamed(name string) (Op, bool) {
	for op, n := range dumpOpNames {
		if n == name {
			return op, true
		}
	}
	return opNamed(name)
}
