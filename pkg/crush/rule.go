package crush

// Rule is a recipe: take a root, choose items downwards, emit what was chosen.
type Rule struct {
	ID    RuleID
	Name  string
	Type  RuleType
	Steps []Step

	// Sizes the rule was made for. Ceph used them to find a rule until its 17th release.
	MinSize, MaxSize int
}

// RuleType says what kind of pool the rule serves.
type RuleType uint8

const (
	Replicated RuleType = 1 // mappings are short when items are lacking
	Erasure    RuleType = 3 // mappings keep positions and have holes
)

func (t RuleType) String() string {
	switch t {
	case Replicated:
		return "replicated"
	case Erasure:
		return "erasure"
	}
	return defaultRuleTypeName(t)
}

// Step is one instruction of a rule. What its arguments mean depends on Op.
type Step struct {
	Op   Op
	Arg1 int32 // take: item; choose: how many; set: value
	Arg2 int32 // choose: TypeID
}

// Op is the instruction of a step. The values are Ceph's.
type Op uint8

const (
	OpNoop               Op = 0
	OpTake               Op = 1
	OpChooseFirstn       Op = 2
	OpChooseIndep        Op = 3
	OpEmit               Op = 4
	OpChooseleafFirstn   Op = 6
	OpChooseleafIndep    Op = 7
	OpSetChooseTries     Op = 8
	OpSetChooseleafTries Op = 9
	OpSetLocalTries      Op = 10
	OpSetLocalFallback   Op = 11
	OpSetVaryR           Op = 12
	OpSetStable          Op = 13
)

// opNames are the words of the text form after "step".
var opNames = map[Op]string{
	OpNoop:               "noop",
	OpTake:               "take",
	OpChooseFirstn:       "choose firstn",
	OpChooseIndep:        "choose indep",
	OpEmit:               "emit",
	OpChooseleafFirstn:   "chooseleaf firstn",
	OpChooseleafIndep:    "chooseleaf indep",
	OpSetChooseTries:     "set_choose_tries",
	OpSetChooseleafTries: "set_chooseleaf_tries",
	OpSetLocalTries:      "set_choose_local_tries",
	OpSetLocalFallback:   "set_choose_local_fallback_tries",
	OpSetVaryR:           "set_chooseleaf_vary_r",
	OpSetStable:          "set_chooseleaf_stable",
}

// String is the word of the text form.
func (op Op) String() string {
	if s, ok := opNames[op]; ok {
		return s
	}
	return defaultOpName(op)
}

// IsChoose reports whether the step draws items.
func (op Op) IsChoose() bool {
	return op == OpChooseFirstn || op == OpChooseIndep || op.IsLeaf()
}

// IsLeaf reports whether the step goes on from each chosen bucket down to one device.
func (op Op) IsLeaf() bool { return op == OpChooseleafFirstn || op == OpChooseleafIndep }

// IsFirstn reports whether a lacking item shortens the mapping; otherwise it leaves a hole.
func (op Op) IsFirstn() bool { return op == OpChooseFirstn || op == OpChooseleafFirstn }
