package crush

import "fmt"

// Alg is the way a bucket draws one of its items. The values are Ceph's.
type Alg uint8

const (
	Uniform Alg = 1 // a permutation; all items weigh the same
	List    Alg = 2 // newest first; cheap to append to
	Tree    Alg = 3 // a walk down a binary tree of weights
	Straw   Alg = 4 // longest straw, with lengths that depend on all weights; superseded
	Straw2  Alg = 5 // longest straw, with lengths that depend on the own weight alone
)

var algNames = [...]string{Uniform: "uniform", List: "list", Tree: "tree", Straw: "straw", Straw2: "straw2"}

func (a Alg) String() string {
	if a.valid() {
		return algNames[a]
	}
	return fmt.Sprintf("alg%d", uint8(a))
}

func (a Alg) valid() bool { return a >= Uniform && a <= Straw2 }

// AlgNamed finds an algorithm by its word in the text form.
func AlgNamed(name string) (Alg, bool) {
	for a := Uniform; a <= Straw2; a++ {
		if algNames[a] == name {
			return a, true
		}
	}
	return 0, false
}

func defaultItemName(id ItemID) string {
	if id >= 0 {
		return fmt.Sprintf("device%d", id)
	}
	return fmt.Sprintf("bucket%d", -1-id)
}

func defaultTypeName(id TypeID) string {
	if id == 0 {
		return "device"
	}
	return fmt.Sprintf("type%d", id)
}

func defaultRuleTypeName(t RuleType) string { return fmt.Sprintf("type%d", uint8(t)) }

func defaultOpName(op Op) string { return fmt.Sprintf("op%d", uint8(op)) }
